"""Turns a model, a dataset and a config into a reproducible explanation report (PDF and HTML).

The folders `flows`, `conf`, `tasks` and `templates` lie at the top of the repository; the links beside this file give
them one import name that no user's own folder can take.
"""

from importlib.metadata import version

__version__ = version("exhibit")
