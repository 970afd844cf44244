"""Measured properties of explanations, with verdicts."""
