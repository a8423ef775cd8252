"""Poses of several cameras from views of one board, or of people."""
