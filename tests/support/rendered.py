"""Rendered people for tests: the bundled body and poses, small crops."""

from __future__ import annotations

from functools import cache

from engines.body.body import open_body
from engines.training.poses import load_poses
from engines.training.poses.pose_set import PoseSet
from engines.training.rendered.config import RenderConfig
from engines.training.rendered.people import RenderedPeople


@cache
def sample_pose_set() -> PoseSet:
    """The bundled poses."""
    return load_poses(("sample",))


@cache
def rendered_people(size: int = 64, seed: int = 0, *, held_out: bool = False, occluded: float = 0.5) -> RenderedPeople:
    """People in crops of this size."""
    config = RenderConfig(size=size, seed=seed, occluded=occluded)
    return RenderedPeople(open_body(), sample_pose_set(), config, held_out=held_out)
