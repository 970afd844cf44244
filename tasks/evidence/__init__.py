"""What proves a report: the evidence, its schemas, the tables attached to it, and the sealed folder of a run.

How a page looks does not belong here (`document`), nor does checking a finished report (`flows`).
"""
