"""Poses to train on, from files: our own .npz, AMASS and BVH, and the bundled sample."""

from engines.training.poses.files import SAMPLE, load_poses
from engines.training.poses.pose_set import PoseError, PoseSet

__all__ = ["SAMPLE", "PoseError", "PoseSet", "load_poses"]
