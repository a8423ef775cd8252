"""Frame packets of bodies: the publisher's side of meshcast.protocol."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from calibration.camera import Camera
from calibration.world import ROOM_POSE
from edge.types import F32, I32, Bodies, Frame, RigPose, SurfaceLevels
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Conversion
from meshcast.protocol.encode_frame import encode_frame
from meshcast.protocol.layout import TOPIC_PREFIXES, Kind
from meshcast.protocol.packets import FramePacket, Intrinsics, People
from meshcast.protocol.rotations import rotvec


@dataclass(frozen=True, slots=True)
class PublishTime:
    """The same moment on the wall clock (unix) and on the host's monotonic clock, ns."""

    unix_ns: int
    monotonic_ns: int

    @staticmethod
    def now() -> PublishTime:
        """This moment."""
        return PublishTime(time.time_ns(), time.monotonic_ns())


@dataclass(frozen=True, slots=True)
class Stamp:
    """The part of a frame message that the publisher knows and a frame does not.

    seq counts the frames of the stream from 0; session is a number drawn once per publisher. The two publish times are
    the same moment on the wall clock (unix) and on the host's monotonic clock.
    """

    stream: str
    seq: int
    session: int
    model_id: int
    model_name: str
    t_publish_unix_ns: int
    t_publish_monotonic_ns: int

    @staticmethod
    def now(stream: str, seq: int, session: int, model_id: int, model_name: str) -> Stamp:
        """A stamp of this moment."""
        return Stamp(stream, seq, session, model_id, model_name, time.time_ns(), time.monotonic_ns())


def from_room(points: F32) -> F32:
    """Points (..., 3) of a room (z up) in the frame of the camera at ROOM_POSE."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([x, -z, y], -1)


class FrameEncoder:
    """Encodes the messages of one frame, one method per level.

    Coordinates are sent in `axes`. lod_vertices (L,) int32: the vertices of the coarser mesh. Raises WireError when a
    number is not finite (or beyond the protocol's limit) or there are too many people.
    """

    def __init__(self, axes: str = "opencv", lod_vertices: I32 | None = None) -> None:
        self._axes = SYSTEMS[axes]
        self._conversion = Conversion.between(SYSTEMS["opencv"], self._axes)
        self._lod_vertices = lod_vertices

    def mesh(self, frame: Frame, bodies: Bodies, stamp: Stamp, camera: Camera | None = None) -> bytes:
        """All vertices, joints and keypoints."""
        people = self._people(bodies, joints=bodies.joints, keypoints=bodies.keypoints, vertices=bodies.vertices)
        return self._message(Kind.MESH, frame, people, stamp, camera, bodies.levels)

    def mesh_lod(self, frame: Frame, bodies: Bodies, stamp: Stamp, camera: Camera | None = None) -> bytes:
        """The coarser mesh, joints and keypoints. Raises WireError when the body model has none."""
        if self._lod_vertices is None:
            raise WireError("this body model has no coarser mesh: subscribe to mesh/")
        levels, coarse, columns = bodies.levels, bodies.vertices, bodies.columns_of(self._lod_vertices)
        if levels is None:
            coarse = coarse.take(columns, axis=1)
        else:
            levels = replace(levels, levels=levels.levels.take(columns, axis=1))
        people = self._people(bodies, joints=bodies.joints, keypoints=bodies.keypoints, vertices=coarse)
        return self._message(Kind.MESH_LOD, frame, people, stamp, camera, levels)

    def joints(self, frame: Frame, bodies: Bodies, stamp: Stamp, camera: Camera | None = None) -> bytes:
        """Joints and keypoints."""
        people = self._people(bodies, joints=bodies.joints, keypoints=bodies.keypoints)
        return self._message(Kind.JOINTS, frame, people, stamp, camera)

    def params(self, frame: Frame, bodies: Bodies, posed: RigPose, stamp: Stamp, camera: Camera | None = None) -> bytes:
        """Rotations, shape and translation."""
        return self._message(Kind.PARAMS, frame, self._people(bodies, posed=posed), stamp, camera)

    def _people(
        self,
        bodies: Bodies,
        *,
        joints: F32 | None = None,
        keypoints: F32 | None = None,
        vertices: F32 | None = None,
        posed: RigPose | None = None,
    ) -> People:
        """The people of a packet in the encoder's axes; what its level leaves out is empty."""
        room = bodies.views is not None
        none = np.zeros((len(bodies), 0, 3), np.float32)
        return People(
            ids=bodies.ids,
            scores=bodies.scores,
            translation=self._points(bodies.translation, room),
            joints=self._points(joints, room) if joints is not None else none,
            keypoints=keypoints if keypoints is not None else none,
            vertices=self._points(vertices, room) if vertices is not None else none,
            rotvecs=rotvec(self._rotations(posed.rotations, room)) if posed is not None else none,
            shape=posed.shape if posed is not None else none[..., 0],
            error_mm=posed.error_mm if posed is not None else bodies.scores,
            visibility=bodies.visibility,
            contacts=bodies.contacts,
            views=None if bodies.views is None else bodies.views != 0,
        )

    def _points(self, points: F32, room: bool) -> F32:
        if room:
            points = from_room(points)
        return points if self._axes.name == "opencv" else self._conversion.points(points)

    def _rotations(self, rotations: F32, room: bool) -> F32:
        if room:
            rotations = rotations.copy()
            rotations[:, 0] = ROOM_POSE.rotation.astype(np.float32) @ rotations[:, 0]
        return self._conversion.rotations(rotations)

    def _message(
        self,
        kind: Kind,
        frame: Frame,
        people: People,
        stamp: Stamp,
        camera: Camera | None,
        levels: SurfaceLevels | None = None,
    ) -> bytes:
        age_ns = max(0, stamp.t_publish_monotonic_ns - frame.t_capture_ns)
        height, width = frame.pixels.shape[:2]
        packet = FramePacket(
            stream=stamp.stream,
            level=TOPIC_PREFIXES[kind],
            seq=stamp.seq,
            session=stamp.session,
            model_id=stamp.model_id,
            model_name=stamp.model_name,
            axes=self._axes.name,
            unit=self._axes.unit,
            space="camera",
            frame_index=frame.index,
            t_stream_s=frame.t_s,
            t_capture_unix_ns=stamp.t_publish_unix_ns - age_ns,
            t_capture_monotonic_ns=frame.t_capture_ns,
            t_publish_unix_ns=stamp.t_publish_unix_ns,
            age_ms=age_ns // 1000 / 1000,  # a message holds whole microseconds
            size=(width, height),
            camera=_intrinsics(camera),
            people=people,
        )
        if levels is None:
            return encode_frame(packet)
        return encode_frame(packet, self._conversion.levels(levels.low, levels.step, levels.levels))


def _intrinsics(camera: Camera | None) -> Intrinsics | None:
    """Those of a camera that has some: a room's has none."""
    if camera is None or not camera.K.any():
        return None
    return Intrinsics(camera.K, camera.distortion, camera.assumed)
