"""Packets for tests of bridges: people of the bundled body in any pose, and the golden ones."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache

import numpy as np

from edge.types import F32, Bodies, BodyModel, Frame, RigPose
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from engines.body.body import open_body
from meshcast.protocol.body import Rig
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from meshcast.protocol.rotations import rotmat
from tests.support.paths import WIRE

SHAPES = 10
FACING = np.diag(np.float32([1, -1, -1]))  # opencv: an upright person who faces the camera


@cache
def open_model() -> BodyModel:
    """The open body with a rig."""
    body = open_body()
    weights = np.take_along_axis(body.weights, np.argsort(-body.weights, 1)[:, :4], 1)
    joints = np.argsort(-body.weights, 1)[:, :4].astype(np.uint8)
    _, rest = body.rest(np.zeros((1, SHAPES), np.float32))
    dirs = np.einsum("jv,vcb->jcb", body.joint_regressor, body.shape_dirs, optimize=True).astype(np.float32)
    rig = Rig(rest[0], joints, weights / weights.sum(1, keepdims=True), body.shape_dirs, dirs)
    return BodyModel("open", body.faces, body.v_template, body.parents, body.joint_names, ("nose",), rig)


def model_packet(body: BodyModel, axes: str = "opencv", stream: str = "cam", session: int = 1) -> ModelPacket:
    """What a subscriber gets of a body model."""
    packet = decode(ModelEncoder(body, axes).encode(stream=stream, seq=0, session=session))
    assert isinstance(packet, ModelPacket)
    return packet


@cache
def _open_packet(axes: str) -> ModelPacket:
    return model_packet(open_model(), axes)


def people_packet(
    rotations: F32,
    translation: F32,
    *,
    ids: list[int] | None = None,
    shape: F32 | None = None,
    axes: str = "opencv",
    stream: str = "cam",
    session: int = 1,
    t_s: float = 0.0,
) -> FramePacket:
    """People of the open body: local rotations (N, 24, 3, 3) and places (N, 3) m in opencv axes, as a "params" packet
    with its model."""
    people = len(rotations)
    nothing = np.zeros((people, 0, 3), np.float32)
    numbers = np.arange(people, dtype=np.int32) if ids is None else np.array(ids, np.int32)
    bodies = Bodies(numbers, np.ones(people, np.float32), nothing, nothing, nothing, translation.astype(np.float32))
    shape = np.zeros((people, SHAPES), np.float32) if shape is None else shape
    posed = RigPose(rotations.astype(np.float32), shape, np.zeros(people, np.float32))
    frame = Frame(stream, 0, int(t_s * 1e9), t_s, np.zeros((2, 2, 3), np.uint8))
    model = _open_packet(axes)
    stamp = Stamp(stream, 0, session, model.model_id, "open", time.time_ns(), int(t_s * 1e9))
    packet = decode(FrameEncoder(axes).params(frame, bodies, posed, stamp))
    assert isinstance(packet, FramePacket)
    return replace(packet, model=model)


def still(people: int = 1, **options: object) -> FramePacket:
    """People in the T-pose, upright, 3 m in front of the camera and looking into it."""
    rotations = np.tile(np.eye(3, dtype=np.float32), (people, 24, 1, 1))
    rotations[:, 0] = FACING
    return people_packet(rotations, np.tile(np.float32([0, 0, 3]), (people, 1)), **options)


def dancing(seed: int = 0, people: int = 2, axes: str = "opencv") -> tuple[FramePacket, F32]:
    """People in random poses and shapes, and where their joints are by the body model itself, in opencv axes."""
    rng = np.random.default_rng(seed)
    rotvecs = rng.normal(0, 0.5, (people, 24, 3)).astype(np.float32)
    rotvecs[:, 0] = rng.normal(0, 2, (people, 3)).clip(-1.8, 1.8)
    shape = (rng.normal(0, 1, (people, SHAPES)).round(3)).astype(np.float32)
    places = np.float32([0.3, -0.2, 3.5]) + rng.normal(0, 0.5, (people, 3)).astype(np.float32)
    rotations = rotmat(rotvecs)
    _, joints = open_body().skin(rotations, shape)
    packet = people_packet(rotations, places, ids=[40 + n for n in range(people)], shape=shape, axes=axes)
    return packet, joints - joints[:, :1] + places[:, None]


def golden(axes: str) -> FramePacket:
    """The golden people, with the golden model."""
    packet, model = (decode((WIRE / f"{kind}_{axes}.bin").read_bytes()) for kind in ("params", "model"))
    assert isinstance(packet, FramePacket)
    assert isinstance(model, ModelPacket)
    return replace(packet, model=model)


def status(state: str, stream: str = "cam", session: int = 1) -> StatusPacket:
    """What a publisher says of a stream."""
    return StatusPacket(stream, 0, session, 0, 0, 0, state, 0, "")
