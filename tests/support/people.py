"""People in motion for exports, without a recording."""

from __future__ import annotations

import math

import numpy as np

from edge.recording.export.animation import Animation
from edge.types import BodyModel
from engines.body.body import open_body
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from meshcast.protocol.rotations import quaternion, rotmat


def open_body_model() -> BodyModel:
    """The bundled body with its rig."""
    body = open_body()
    rig = rig_of(body)
    return BodyModel(body.name, body.faces, body.v_template, body.parents, body.joint_names, (), rig, lod=lod_of(body))


def walker(body: BodyModel, *, frames: int = 40, fps: float = 30.0, track_id: int = 3, seed: int = 5) -> Animation:
    """A person of this body who stands upright in glTF axes, turns about y and moves all joints."""
    rng = np.random.default_rng(seed)
    rig = body.rig
    assert rig is not None
    joints = len(body.parents)
    times = np.arange(frames) / fps
    rotvecs = 0.4 * np.sin(3 * times[:, None, None] * rng.normal(1, 0.3, (joints, 3)) + rng.normal(0, 2, (joints, 3)))
    rotvecs[:, 0] = np.stack([0.1 * np.sin(times), 2.5 * np.sin(2 * times), 0 * times], 1)
    translation = np.stack([0.2 * times, 0.05 * np.sin(5 * times), -3 - 0.1 * times], 1)
    return Animation(
        track_id=track_id,
        name=str(track_id),
        body=body,
        times=times,
        quaternions=quaternion(rotmat(rotvecs)),
        translation=translation.astype(np.float32),
        shape=rng.normal(0, 0.5, rig.shape_dirs.shape[2]).astype(np.float32),
        seen=((0.0, math.inf),),
    )
