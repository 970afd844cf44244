"""Prefect flows and the command line: the only room that knows Prefect and Hydra.

Nothing that computes belongs here: flows call stages and hand digests on.
"""

if __name__ != "exhibit.flows":
    raise ImportError("this folder is imported as exhibit.flows, so that no module exists twice under two names")
