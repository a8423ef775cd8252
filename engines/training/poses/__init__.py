"""Poses to train on, from files: our own .npz, AMASS and BVH, and the sample that ships."""

from engines.training.poses.files import SAMPLE, load_poses
from engines.training.poses.pose_set import PoseError, PoseSet

__all__ = ["SAMPLE", "PoseError", "PoseSet", "load_poses"]
