"""Recordings as animations for 3D programs: glTF and BVH."""
