"""How much memory there is."""

import math
import os
import resource
from pathlib import Path


def memory() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def left() -> float:
    """Bytes that this process may still ask for under the limits that it was given, infinite where there is none."""
    limits = {resource.RLIMIT_DATA: "VmData", resource.RLIMIT_AS: "VmSize"}
    most = {name: limit for of, name in limits.items() if (limit := resource.getrlimit(of)[0]) >= 0}
    if not most or not _STATUS.exists():
        return math.inf
    used = {line.split(":")[0]: line.split()[1] for line in _STATUS.read_text().splitlines() if line.startswith("Vm")}
    return min(limit - 1024 * int(used[name]) for name, limit in most.items())


_STATUS = Path("/proc/self/status")  # of Linux alone
