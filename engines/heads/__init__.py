"""Mesh heads: what runs live between an engine and the pipeline's Mesh stage; no torch."""
