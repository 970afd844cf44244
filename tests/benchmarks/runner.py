"""What Prefect costs when nothing is left to compute: `runner=threads` against `runner=inline` on a warm store, as
whole commands, without a server (Prefect starts one for the run) and with one that is running on the loopback."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.benchmarks.side_by_side import fastest, report

WORDS = ("study=iris", "check=[completeness]", "document.issued=2026-01-01")


def command(folder: Path, environment: Mapping[str, str], runner: str) -> None:
    """One report, of which everything but the run directory is in the store."""
    paths = (f"paths.runs={folder}/runs", f"paths.store={folder}/store")
    subprocess.run(
        [sys.executable, "-m", "exhibit", "report", *WORDS, *paths, f"runner={runner}"],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip


@contextmanager
def server(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a Prefect server that runs meanwhile."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    words = [sys.executable, "-m", "prefect", "server", "start", "--port", port]
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}/api"
            while not answers(f"{address}/health"):
                time.sleep(0.5)
            yield address
        finally:
            process.terminate()


def answers(address: str) -> bool:
    """Whether something answers there."""
    try:
        with urlopen(address, timeout=5):
            return True
    except (URLError, OSError):
        return False


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        alone = os.environ | {"PREFECT_HOME": f"{root}/prefect", "PREFECT_API_URL": "", "DO_NOT_TRACK": "1"}
        with server(alone) as address:
            watched = alone | {"PREFECT_API_URL": address}
            found = fastest(
                {
                    "inline: seconds": partial(command, root, alone, "inline"),
                    "threads, no server: seconds": partial(command, root, alone, "threads"),
                    "threads, with a server: seconds": partial(command, root, watched, "threads"),
                }
            )
        inline, without, with_one = found.values()
        report(
            "runner=threads against runner=inline on a warm store, study=iris",
            found,
            {
                "cost: seconds more, Prefect starting its server": (without - inline, 3.0),
                "cost: seconds more, with a server that is running": (with_one - inline, 3.0),
            },
        )


if __name__ == "__main__":
    main()
