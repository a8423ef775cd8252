"""Mesh heads: convert network outputs to meshes at run time, without torch."""
