"""Pages: what stands on them as data, and the HTML and PDF that templates make of it.

Nothing is measured here: numbers and verdicts come in the material of a chapter.
"""
