"""What a report is computed by: data, models, methods, checks, drawings, the document and its evidence.

Nothing of Prefect, Hydra or the command line belongs here.
"""

if __name__ != "exhibit.tasks":
    raise ImportError("this folder is imported as exhibit.tasks, so that no module exists twice under two names")
