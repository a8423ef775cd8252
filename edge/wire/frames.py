"""The frame messages: the bodies of one frame at each level, vertices in 16 bits between per-person bounds."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from edge.types import F32, I32, Array, Bodies, Frame, RigPose
from edge.wire.pack import pack_arrays, pack_message
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Axes, Conversion
from meshcast.protocol.decoding import BLOCK, DISTORTION_FIELDS, K_FIELDS, blocks, tile
from meshcast.protocol.layout import (
    AXES,
    CAMERA_ASSUMED,
    FRAME_HEADER,
    LIMIT,
    MAX_PEOPLE,
    MAX_VERTICES,
    ROTATION_STEP,
    SHAPE_STEP,
    SPACES,
    UNITS,
    Kind,
    topic,
)
from meshcast.protocol.rotations import rotvec

LEVELS = 65535  # steps between the lower and the upper bound of a person's vertices, per axis


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a publisher knows and a frame does not: the stream, its counter and clocks, the body model's identity.

    seq counts the frames of the stream from 0; session is a number drawn once per publisher. The two publish times are
    the same moment on the wall clock (unix) and on the host's monotonic clock.
    """

    stream: str
    seq: int
    session: int
    model_id: int
    model_name: bytes
    t_publish_unix_ns: int
    t_publish_monotonic_ns: int

    @staticmethod
    def now(stream: str, seq: int, session: int, model_id: int, model_name: bytes) -> Stamp:
        """A stamp of this moment."""
        return Stamp(stream, seq, session, model_id, model_name, time.time_ns(), time.monotonic_ns())


class FrameEncoder:
    """Makes the messages of one frame, of each level those that somebody wants.

    Coordinates go out in `axes`. lod_vertices (L,) int32: the vertices of the coarser mesh. Raises WireError when a
    number is not finite (or beyond LIMIT) or there are too many people.
    """

    def __init__(self, axes: str = "opencv", lod_vertices: I32 | None = None) -> None:
        self._axes = SYSTEMS[axes]
        self._conversion = Conversion.between(SYSTEMS["opencv"], self._axes)
        self._lod_vertices = lod_vertices

    def mesh(self, frame: Frame, bodies: Bodies, stamp: Stamp, camera: Camera | None = None) -> bytes:
        """All vertices, joints and keypoints."""
        return self._surface(Kind.MESH, frame, bodies, stamp, camera)

    def mesh_lod(self, frame: Frame, bodies: Bodies, stamp: Stamp, camera: Camera | None = None) -> bytes:
        """The coarser mesh, joints and keypoints. Raises WireError when the body model has none."""
        if self._lod_vertices is None:
            raise WireError("this body model has no coarser mesh: subscribe to mesh/")
        coarse = replace(bodies, vertices=bodies.vertices.take(self._lod_vertices, axis=1))
        return self._surface(Kind.MESH_LOD, frame, coarse, stamp, camera)

    def joints(self, frame: Frame, bodies: Bodies, stamp: Stamp, camera: Camera | None = None) -> bytes:
        """Joints and keypoints."""
        floats = (bodies.scores, *self._points(bodies.translation, bodies.joints), bodies.keypoints)
        counts = {"joints": bodies.joints.shape[1], "keypoints": bodies.keypoints.shape[1]}
        return self._message(Kind.JOINTS, frame, bodies, stamp, camera, counts, _floats(frame, *floats))

    def params(self, frame: Frame, bodies: Bodies, posed: RigPose, stamp: Stamp, camera: Camera | None = None) -> bytes:
        """Rotations, shape and translation."""
        floats = _floats(frame, bodies.scores, *self._points(bodies.translation))
        rotvecs = rotvec(self._conversion.rotations(posed.rotations))
        rotations = np.rint(rotvecs / ROTATION_STEP).astype("<i2")
        shape = np.clip(np.rint(posed.shape / SHAPE_STEP), -32767, 32767).astype("<i2")
        payload = floats + pack_arrays(rotations, shape) + _floats(frame, posed.error_mm)
        counts = {"rotations": rotations.shape[1], "shapes": shape.shape[1]}
        return self._message(Kind.PARAMS, frame, bodies, stamp, camera, counts, payload)

    def _surface(self, kind: Kind, frame: Frame, bodies: Bodies, stamp: Stamp, camera: Camera | None) -> bytes:
        translation, joints, vertices = self._points(bodies.translation, bodies.joints, bodies.vertices)
        low, step, levels = quantize(vertices)
        bounds = (low, step) if vertices.shape[1] else ()
        payload = _floats(frame, bodies.scores, translation, joints, bodies.keypoints, *bounds) + pack_arrays(levels)
        counts = {"vertices": vertices.shape[1], "joints": joints.shape[1], "keypoints": bodies.keypoints.shape[1]}
        return self._message(kind, frame, bodies, stamp, camera, counts, payload)

    def _points(self, *points: F32) -> list[F32]:
        return list(points) if self._axes.name == "opencv" else [self._conversion.points(array) for array in points]

    def _message(
        self,
        kind: Kind,
        frame: Frame,
        bodies: Bodies,
        stamp: Stamp,
        camera: Camera | None,
        counts: dict[str, int],
        payload: bytes,
    ) -> bytes:
        people = len(bodies)
        if people > MAX_PEOPLE or counts.get("vertices", 0) > MAX_VERTICES:
            raise WireError(
                f"{people} people of {counts.get('vertices', 0)} vertices: a message holds at most {MAX_PEOPLE} people "
                f"of {MAX_VERTICES}"
            )
        fields = _fields(kind, frame, stamp, self._axes, camera) | counts | {"people": people}
        return pack_message(FRAME_HEADER, fields, pack_arrays(bodies.ids.astype("<i4", copy=False)) + payload)


def _fields(kind: Kind, frame: Frame, stamp: Stamp, axes: Axes, camera: Camera | None) -> dict[str, Any]:
    age_ns = max(0, stamp.t_publish_monotonic_ns - frame.t_capture_ns)
    height, width = frame.image.shape[:2]
    fields: dict[str, Any] = {
        "topic": topic(kind, stamp.stream),
        "kind": kind,
        "seq": stamp.seq,
        "t_publish_unix_ns": stamp.t_publish_unix_ns,
        "session": stamp.session,
        "model_id": stamp.model_id,
        "model_name": stamp.model_name,
        "axes": AXES.index(axes.name),
        "unit": UNITS.index(axes.unit),
        "space": SPACES.index("camera"),
        "age_us": min(age_ns // 1000, 2**32 - 1),
        "frame_index": frame.index,
        "t_capture_unix_ns": stamp.t_publish_unix_ns - age_ns,
        "t_capture_monotonic_ns": frame.t_capture_ns,
        "t_stream_s": frame.t_s,
        "width": width,
        "height": height,
    }
    if camera is not None:
        fields["flags"] = CAMERA_ASSUMED if camera.assumed else 0
        (fx, skew, cx), (_, fy, cy), _ = camera.K
        fields |= zip(K_FIELDS, (fx, fy, cx, cy, skew), strict=True)
        fields |= zip(DISTORTION_FIELDS, camera.distortion, strict=True)
    return fields


def _floats(frame: Frame, *arrays: Array) -> bytes:
    flat = np.concatenate([array.ravel() for array in arrays], dtype=np.float32)
    if not (np.abs(flat) < LIMIT).all():
        raise WireError(f"frame {frame.index}: a body holds a number that is not finite; drop it before publishing")
    return flat.astype("<f4", copy=False).tobytes()


def quantize(vertices: F32) -> tuple[F32, F32, NDArray[np.uint16]]:
    """Vertices (N, V, 3) as low (N, 3), step (N, 3) float32 and levels (N, V, 3) uint16: vertex = low + step * level.

    The error is at most half a step, 0.02 mm per axis for a body of 2 m.
    """
    N, V = vertices.shape[:2]
    if N * V == 0:
        zero = np.zeros((N, 3), np.float32)
        return zero, zero, np.zeros((N, V, 3), "<u2")
    rows, whole = blocks(N, V)
    whole[:, :V], whole[:, V:] = vertices, vertices[:, :1]
    with np.errstate(over="ignore", invalid="ignore"):  # the caller finds what is not finite in low and step
        low = rows.min(1).reshape(N, BLOCK, 3).min(1)
        step = (rows.max(1).reshape(N, BLOCK, 3).max(1) - low) / np.float32(LEVELS)
        flat = step < np.finfo(np.float32).tiny  # its quotient would overflow
        rows -= tile(low)
        rows *= tile(np.where(flat, 0, 1 / np.where(flat, 1, step)))
        rows += 0.5
        levels = whole.astype("<u2")
    return low, np.where(flat, np.float32(0), step), np.ascontiguousarray(levels[:, :V])
