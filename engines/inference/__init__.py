"""Inference sessions on all backends."""
