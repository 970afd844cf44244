"""The frozen records that travel between stages, by what they are about. Nothing is re-exported.

Only data and how it becomes bytes: what computes, draws or writes sentences does not belong here.
"""
