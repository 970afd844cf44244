"""The steps of a report: data, models, methods, checks, drawings and the document."""

if __name__ != "exhibit.tasks":
    raise ImportError("this folder is imported as exhibit.tasks, so that no module exists twice under two names")
