"""Readers of annotation files that researchers have."""
