"""What differs between points of a report, and between a report and an earlier one.

Sentences and pages about the differences do not belong here; they are in `document`.
"""
