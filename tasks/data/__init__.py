"""Datasets in raw units, the selection of samples, and baselines."""
