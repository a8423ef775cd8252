"""`meshcast train pose2mesh`: both stages, then the files of a model that runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engines.body.body import ZOO, load_surface_body
from engines.errors import ModelError
from engines.importing.import_packed import checked_name
from engines.pose2mesh.coarse_mesh import coarse_mesh
from engines.training.export_model import NO_LICENSE, About, MeshFiles, export_model, notes_on
from engines.training.lifter import train_lifter
from engines.training.loop import Metrics, Reports, TrainingStopped, can_draw
from engines.training.mesh import body_upsampling, train_mesh
from engines.training.poses import load_poses
from engines.training.restore import checkpoint_extra, whole_model
from engines.training.synthetic_poses import SyntheticPeople

OPEN_BODY = ZOO / "open_smpl_body.npz"
CHECKPOINTS = ("lifter.pt", "mesh.pt")
JOINTS = 24


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What to train on, for how long, and how large. Times are wall-clock minutes of each stage.

    poses: files, folders, or "sample". The last three are sample sizes: of each evaluation, of the regression that
    stage two starts from, and of the fit of the upsampling.
    """

    poses: tuple[str | Path, ...]
    out: Path
    body: Path | None = None
    lifter_minutes: float = 60.0
    mesh_minutes: float = 20.0
    width: int = 1024
    stages: int = 2
    batch: int = 512
    threads: int = 1
    seed: int = 0
    name: str = "pose2mesh_trained"
    license: str = NO_LICENSE
    resume: bool = False
    evaluation_samples: int = 1024
    ridge_samples: int = 4000
    upsampling_samples: int = 240


def train_pose2mesh(recipe: TrainConfig, reports: Reports) -> tuple[Path, dict[str, Metrics]]:
    """Train by `recipe`; returns the card of the new model and the last metrics of each stage.

    Raises MeshcastError before anything is trained where poses, body or folder cannot be used.
    """
    _prepare(recipe)
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    body_file = recipe.body or OPEN_BODY
    body = load_surface_body(body_file)
    if len(body.parents) != JOINTS:
        raise ModelError(f"{body_file}: a body of {len(body.parents)} joints; poses have {JOINTS}")

    def say(line: str) -> None:
        if reports.stopped():
            raise TrainingStopped("stopped while the poses were read")
        reports.say(f"poses: {line}")

    poses = load_poses(recipe.poses, say)
    held_out = int(poses.test.sum())
    reports.say(
        f"poses: {len(poses) - held_out} to train on, {held_out} held out; "
        + ", ".join(f"{name} {count}" for name, count in list(poses.counts().items())[:8])
    )
    if not can_draw():
        reports.say("matplotlib is not installed: no curves are drawn, the figures are in the .csv files")
    weights = poses.weights()

    def people(held_out: bool, extra: np.ndarray, seed: int) -> SyntheticPeople:
        keep = poses.test if held_out else ~poses.test
        return SyntheticPeople(body, poses.pose[keep], weights[keep], extra, recipe.seed + seed)

    feet = body.feet_regressor
    lifter, lifted = train_lifter(
        people(False, feet, 1),
        people(True, feet, 2),
        recipe.out,
        reports,
        minutes=recipe.lifter_minutes,
        width=recipe.width,
        stages=recipe.stages,
        batch=recipe.batch,
        evaluation_samples=recipe.evaluation_samples,
        resume=recipe.resume,
    )
    reports.say("mesh: fitting the upsampling from coarse vertices to all")
    coarse = coarse_mesh(body)
    with_mesh = np.concatenate([feet, coarse.regressor])
    train_people = people(False, with_mesh, 3)
    indices, values = body_upsampling(body, coarse, train_people, recipe.upsampling_samples)
    files = MeshFiles(indices, values, len(coarse.real), f"{body.name}.npz", body_file.read_bytes())
    errors = {key: value for key, value in lifted.items() if key.endswith("_mm")}
    about = About(recipe.name, recipe.license, notes_on(poses.counts(), errors))
    mesh, meshed = train_mesh(
        lifter,
        coarse,
        train_people,
        people(True, with_mesh, 4),
        recipe.out,
        reports,
        minutes=recipe.mesh_minutes,
        batch=max(recipe.batch // 2, 2),
        evaluation_samples=recipe.evaluation_samples,
        ridge_samples=recipe.ridge_samples,
        resume=recipe.resume,
        extra=checkpoint_extra(files, about),
    )
    errors |= {key: value for key, value in meshed.items() if key.endswith("_mm")}
    about = About(recipe.name, recipe.license, notes_on(poses.counts(), errors))
    return export_model(whole_model(lifter, mesh), files, about, recipe.out), {"lifter": lifted, "mesh": meshed}


def _prepare(recipe: TrainConfig) -> None:
    """Everything that would fail after an hour of training fails here."""
    checked_name(recipe.name)
    out = recipe.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".meshcast-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ModelError(f"{out}: cannot be written ({error.strerror}); choose another --out") from None
    earlier = [name for name in CHECKPOINTS if (out / name).exists()]
    if earlier and not recipe.resume:
        raise ModelError(f"{out}: holds {earlier[0]} of an earlier run: add --resume to go on, or choose another --out")
