"""Drawing of meshes and attention maps over images."""
