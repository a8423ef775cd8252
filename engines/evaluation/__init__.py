"""Metrics of poses and meshes, and tables of them."""
