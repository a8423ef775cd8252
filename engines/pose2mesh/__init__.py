"""Pose2Mesh on the native kernels."""
