"""Figures become pictures: what is drawn is data, scale, caption and alternative text; this room only draws it.

Which figures a chapter has, and their words, belong to the document.
"""
