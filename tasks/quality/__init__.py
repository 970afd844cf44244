"""How good a model is, from its outputs and the labels alone: measures with intervals, curves, calibration."""
