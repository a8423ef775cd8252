"""The body model: mesh, rig, skinning and levels of detail."""
