"""Figures become pictures."""
