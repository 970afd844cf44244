"""Starts the program so that no file of the user's is taken for one of its libraries.

Python searches the folders of PYTHONPATH before the installed libraries, so a user's own `numpy.py` or `exhibit.py`
would be run in their place. Here those folders come last. This module lies beside the package `exhibit`, not in it: it
has to run before that name is looked up.
"""

# Only what Python itself has loaded by now: all else would be searched for in those folders.
import os
import sys


def users_folders() -> list[str]:
    """The folders that the user gave in PYTHONPATH and the current one, as they stand in `sys.path`; not our own.

    The current folder is there where Python puts it by itself, and where a part of PYTHONPATH is empty.
    """
    given = {os.path.abspath(folder) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder}  # noqa: PTH100
    try:  # noqa: SIM105 - contextlib is one of those
        given.add(os.getcwd())  # noqa: PTH109
    except FileNotFoundError:  # of a folder that was deleted meanwhile
        pass
    ours = os.path.dirname(__file__)  # noqa: PTH120
    return [folder for folder in sys.path if folder != ours and (not folder or folder in given)]


def search_users_folders_last() -> None:
    """Puts the user's folders behind those of the installed libraries."""
    folders = users_folders()
    sys.path[:] = [*(folder for folder in sys.path if folder not in folders), *folders]


def main() -> None:
    """The console script `exhibit`."""
    search_users_folders_last()
    from exhibit.flows.cli import main as run

    run()


if __name__ == "__main__":  # python -m exhibit_start MODULE: another part of the program, in a process of its own
    search_users_folders_last()
    import runpy

    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
