"""`meshcast train pose2mesh`: both stages, then the export of the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from engines.body.body import ZOO, load_surface_body
from engines.cards.names import checked_name
from engines.errors import ModelError
from engines.pose2mesh.coarse_mesh import coarse_mesh
from engines.training.config import TrainConfig
from engines.training.export_model import About, MeshFiles, export_model, notes_on
from engines.training.lifter import train_lifter
from engines.training.loop import Metrics, Reports, TrainingStopped, can_draw
from engines.training.mesh import body_upsampling, train_mesh
from engines.training.poses import load_poses
from engines.training.restore import checkpoint_extra, complete_model
from engines.training.synthetic_people import SyntheticPeople

__all__ = ["TrainConfig", "train_pose2mesh"]

OPEN_BODY = ZOO / "open_smpl_body.npz"
CHECKPOINTS = ("lifter.pt", "mesh.pt")
JOINTS = 24


def train_pose2mesh(config: TrainConfig, reports: Reports) -> tuple[Path, dict[str, Metrics]]:
    """Trains by `config`; returns the path of the new model's card and the last metrics of each stage.

    Raises MeshcastError before the training where poses, body or folder cannot be used.
    """
    _prepare(config)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    body_file = config.body or OPEN_BODY
    body = load_surface_body(body_file)
    if len(body.parents) != JOINTS:
        raise ModelError(f"{body_file}: the body has {len(body.parents)} joints; use one with {JOINTS}, like the poses")

    def on_progress(line: str) -> None:
        if reports.stopped():
            raise TrainingStopped("training: stopped while reading the poses; nothing was trained")
        reports.on_progress(f"poses: {line}")

    poses = load_poses(config.poses, on_progress)
    held_out = int(poses.test.sum())
    reports.on_progress(
        f"poses: {len(poses) - held_out} to train on, {held_out} held out; "
        + ", ".join(f"{name} {count}" for name, count in list(poses.counts().items())[:8])
    )
    if not can_draw():
        reports.on_progress("matplotlib is not installed: no curves are drawn, the metrics are in the .csv files")

    def people(held_out: bool, extra: np.ndarray, seed: int) -> SyntheticPeople:
        keep = poses.test if held_out else ~poses.test
        return SyntheticPeople(body, poses, keep, extra, config.mix, config.seed + seed)

    nothing = np.zeros((0, len(body.v_template)), np.float32)
    lifter, lifted = train_lifter(people(False, nothing, 1), people(True, nothing, 2), config, reports)
    reports.on_progress("mesh: fitting the upsampling from coarse vertices to all")
    coarse = coarse_mesh(body)
    train_people = people(False, coarse.regressor, 3)
    indices, values = body_upsampling(body, coarse, train_people, config.upsampling_samples)
    files = MeshFiles(indices, values, len(coarse.real), f"{body.name}.npz", body_file.read_bytes())
    errors = {key: value for key, value in lifted.items() if key.endswith("_mm")}
    about = About(config.name, config.license, notes_on(poses.counts(), errors))
    mesh, meshed = train_mesh(
        lifter,
        coarse,
        train_people,
        people(True, coarse.regressor, 4),
        config,
        reports,
        checkpoint_extra(files, about),
    )
    errors |= {key: value for key, value in meshed.items() if key.endswith("_mm")}
    about = About(config.name, config.license, notes_on(poses.counts(), errors))
    return export_model(complete_model(lifter, mesh), files, about, config.out), {"lifter": lifted, "mesh": meshed}


def _prepare(config: TrainConfig) -> None:
    """Checks before the training what would fail after it."""
    checked_name(config.name)
    out = config.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".meshcast-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ModelError(f"{out}: cannot be written ({error.strerror}); choose another --out") from None
    earlier = [name for name in CHECKPOINTS if (out / name).exists()]
    if earlier and not config.resume:
        raise ModelError(
            f"{out}: holds {earlier[0]} of an earlier run; add --resume to continue it, or choose another --out"
        )
