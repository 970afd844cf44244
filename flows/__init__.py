"""Prefect flows and the command line."""

if __name__ != "exhibit.flows":
    raise ImportError("this folder is imported as exhibit.flows, so that no module exists twice under two names")
