"""Reads what a Meshcast publisher sends."""
