"""`meshcast train pose2mesh`: both stages, then the files that ship."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engines.body import load_surface_body, open_body
from engines.coarse_mesh import coarse_mesh
from engines.networks.pose2mesh_open import OpenPose2Mesh
from engines.training.lifter import train_lifter
from engines.training.loop import Metrics
from engines.training.mesh import body_upsampling, train_mesh
from engines.training.ship import ship
from engines.training.synthetic import COCO_PARTNER, MIRROR_JOINTS, SyntheticPeople, load_poses

FEET_PARTNER = np.array([3, 4, 5, 0, 1, 2])


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to train on, for how long, and how large. Times are wall-clock minutes of each stage."""

    poses: Path
    out: Path
    body: Path | None = None
    lifter_minutes: float = 60.0
    mesh_minutes: float = 20.0
    width: int = 1024
    stages: int = 2
    batch: int = 512
    threads: int = 1
    seed: int = 0
    name: str = "pose2mesh_open"
    resume: bool = False


def train_pose2mesh(recipe: Recipe, progress: Callable[[str], None]) -> tuple[Path, dict[str, Metrics]]:
    """Train by `recipe`; returns the card of the new model and the last metrics of each stage."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    body = load_surface_body(recipe.body) if recipe.body else open_body()
    poses, weights, test = load_poses(recipe.poses)
    coarse = coarse_mesh(body)

    def people(held_out: bool, extra: np.ndarray, seed: int) -> SyntheticPeople:
        keep = test if held_out else ~test
        return SyntheticPeople(body, poses[keep], weights[keep], extra, seed)

    feet = body.feet_regressor
    lifter, lifted = train_lifter(
        people(False, feet, recipe.seed + 1),
        people(True, feet, recipe.seed + 2),
        recipe.out,
        minutes=recipe.lifter_minutes,
        width=recipe.width,
        stages=recipe.stages,
        batch=recipe.batch,
        resume=recipe.resume,
        progress=progress,
    )
    with_mesh = np.concatenate([feet, coarse.regressor])
    train_people = people(False, with_mesh, recipe.seed + 3)
    mesh, meshed = train_mesh(
        lifter,
        coarse,
        train_people,
        people(True, with_mesh, recipe.seed + 4),
        recipe.out,
        minutes=recipe.mesh_minutes,
        batch=recipe.batch // 2,
        resume=recipe.resume,
        progress=progress,
    )
    joints = len(MIRROR_JOINTS)
    partner = np.concatenate([MIRROR_JOINTS, joints + COCO_PARTNER, joints + len(COCO_PARTNER) + FEET_PARTNER])
    net = OpenPose2Mesh(lifter, mesh, torch.from_numpy(COCO_PARTNER), torch.from_numpy(partner))
    upsampling = body_upsampling(body, coarse, train_people)
    card = ship(net, lifter.w1.in_features, upsampling, len(coarse.real), recipe.name, recipe.out)
    return card, {"lifter": lifted, "mesh": meshed}
