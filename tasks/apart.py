"""Another part of the program in a process of its own: how such a process is started."""

import os
import sys
from pathlib import Path

_SOURCE = Path(__file__).parents[2]  # the folder that holds the package `exhibit`, reached through its links


def child_process(module: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs a module of this program in a process of its own, and the variables by which it is found.

    Not in the current folder, where a file of the user's may be called as a library: that is what -P is for. An empty
    part of PYTHONPATH means that folder, so it is named. The user's folders are searched after the libraries.
    """
    pythonpath = os.environ.get("PYTHONPATH")
    folders = [folder or str(Path.cwd()) for folder in pythonpath.split(os.pathsep)] if pythonpath else []
    path = os.pathsep.join([str(_SOURCE), *folders])
    return [sys.executable, "-P", "-m", "exhibit_start", module], {"PYTHONPATH": path}
