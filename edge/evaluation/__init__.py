"""Comparison of a run with ground truth."""
