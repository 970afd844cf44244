"""The models of the studies.

Models of the user's own do not belong here; they come from a factory.
"""
