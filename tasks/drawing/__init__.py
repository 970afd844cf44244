"""Figures become pictures: what is drawn is data, scale, caption and alternative text; this package only draws it."""
