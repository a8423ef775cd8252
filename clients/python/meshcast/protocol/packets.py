"""Decoded messages: frames, the model of a stream and its status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from meshcast.protocol.body import F32, I32, BodyModel


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera with lens distortion.

    Attributes:
        K: (3, 3) float64 px; the center of the top left pixel is (0, 0).
        distortion: (5,) float64 in OpenCV's order k1 k2 p1 p2 k3.
        assumed: The publisher had neither intrinsics nor a field of view: K, and every distance with it, is a guess.
    """

    K: NDArray[np.float64]
    distortion: NDArray[np.float64]
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """The N people of a frame, in the unit and axes of the packet. Arrays that a level omits have a zero count.

    Levels "mesh" and "mesh-lod" have joints, keypoints and vertices, "joints" the first two, "params" rotvecs, shape
    and error_mm.

    Attributes:
        ids: (N,) int32 track ids, never reused.
        scores: (N,) float32 in 0..1.
        translation: (N, 3) float32, the root joint (pelvis).
        joints: (N, J, 3) float32, translation included.
        keypoints: (N, K, 3) float32: x px, y px, score.
        vertices: (N, V, 3) float32, translation included.
        rotvecs: (N, P, 3) float32 rad, rotation vectors of the skeleton's joints, local to the parent.
        shape: (N, B) float32, standard deviations.
        error_mm: (N,) float32, root mean square distance between the vertices of these rotations and shape and those
            of the mesh head.
        visibility: (N, J) float32 in 0..1, at every level in the order of the model's joint names: 1 where a joint was
            observed, 0 where its position is assumed. None where the publisher does not know.
        contacts: (N, 2) float32 in 0..1: whether the left and the right foot stand still on something, or None.
        views: (N, C) bool, in the fused stream of a room: which of its C cameras, in the rig's order, saw the person.
            The frame is then that of a camera at the world's origin, on the floor, that looks along the world's y axis;
            there is no image, and keypoints have a score alone. None in streams of one camera.
    """

    ids: I32
    scores: F32
    translation: F32
    joints: F32
    keypoints: F32
    vertices: F32
    rotvecs: F32
    shape: F32
    error_mm: F32
    visibility: F32 | None = None
    contacts: F32 | None = None
    views: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class FramePacket:
    """The bodies of one frame at one level.

    Attributes:
        stream: Name of the stream.
        level: "mesh", "mesh-lod", "joints" or "params".
        seq: Counts the frames of the stream, with the same number at every level.
        session: Random number of one run of the publisher; `seq` restarts when it changes.
        model_id: Identifies the ModelPacket to draw the frame with.
        model_name: Name of the body model.
        axes: "opencv" (x right, y down, z forward), "unity", "unreal" or "gltf".
        unit: "m" or "cm".
        space: "camera", the frame of the coordinates.
        frame_index: Index of the frame in the stream; dropped frames of a live stream leave gaps.
        t_stream_s: Time of the stream in s, from its first frame.
        t_capture_unix_ns: Time of capture on the publisher's wall clock, ns.
        t_capture_monotonic_ns: The same moment on the monotonic clock of the publisher's machine, ns.
        t_publish_unix_ns: Time of sending on the publisher's wall clock, ns.
        age_ms: From capture to sending, ms.
        size: (width, height) of the image, px.
        camera: Intrinsics, None when the publisher knows none.
        people: The bodies.
        model: Set by the subscriber: the last model of this stream with this model_id, or None.
        lost: Set by the subscriber: frames lost between the newest packet of this level and this one.
        reordered: Set by the subscriber: a newer packet of this level came before.
        delay_ms: Set by the subscriber: latency beyond that of the fastest packet, ms.
    """

    stream: str
    level: str
    seq: int
    session: int
    model_id: int
    model_name: str
    axes: str
    unit: str
    space: str
    frame_index: int
    t_stream_s: float
    t_capture_unix_ns: int
    t_capture_monotonic_ns: int
    t_publish_unix_ns: int
    age_ms: float
    size: tuple[int, int]
    camera: Intrinsics | None
    people: People
    model: ModelPacket | None = None
    lost: int = 0
    reordered: bool = False
    delay_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelPacket:
    """The body model of the frames with the same `stream` and `model_id`.

    Attributes:
        stream: Name of the stream.
        seq: Counts the model messages of this stream.
        session: Random number of one run of the publisher.
        t_publish_unix_ns: Time of sending on the publisher's wall clock, ns.
        model_id: CRC-32 of the arrays as they were sent.
        axes: Axes of the body's own frame ("gltf": y up, facing +z).
        unit: "m" or "cm".
        body: The model.
    """

    stream: str
    seq: int
    session: int
    t_publish_unix_ns: int
    model_id: int
    axes: str
    unit: str
    body: BodyModel


@dataclass(frozen=True, slots=True)
class StatusPacket:
    """The state of a stream, once a second and at its end.

    Attributes:
        stream: Name of the stream.
        seq: Counts the status messages of this stream.
        session: Random number of one run of the publisher.
        t_publish_unix_ns: Time of sending on the publisher's wall clock, ns.
        t_publish_monotonic_ns: The same moment on the monotonic clock of the publisher's machine, ns.
        model_id: Identifies the model of the stream.
        state: "live", "idle" (no frame since the last status) or "ended".
        next_seq: `seq` of the next frame: a client whose last `seq` is below `next_seq - 1` has lost the difference.
        reason: Why the stream ended, for display; otherwise empty.
        model_name: Name of the body model.
    """

    stream: str
    seq: int
    session: int
    t_publish_unix_ns: int
    t_publish_monotonic_ns: int
    model_id: int
    state: str
    next_seq: int
    reason: str
    model_name: str = ""


@dataclass(frozen=True, slots=True)
class PreviewPacket:
    """The camera's image of one frame, smaller and compressed; publishers send it only where they are told to.

    Attributes:
        stream: Name of the stream.
        seq: Counts the previews of the stream.
        session: Random number of one run of the publisher.
        model_id: Identifies the model of the stream.
        model_name: Name of the body model.
        frame_index: Index of the frame in the stream; frame messages of the same frame have the same number.
        t_stream_s: Time of the stream in s, from its first frame.
        t_capture_unix_ns: Time of capture on the publisher's wall clock, ns.
        t_capture_monotonic_ns: The same moment on the monotonic clock of the publisher's machine, ns.
        t_publish_unix_ns: Time of sending on the publisher's wall clock, ns.
        age_ms: From capture to sending, ms.
        size: (width, height) of the stream's images, px, to which `camera` and the keypoints of frames refer.
        camera: Intrinsics, None when the publisher knows none.
        lens: Model of the camera's distortion: "pinhole" (Brown-Conrady, k1 k2 p1 p2 k3) or "fisheye" (k1 k2 k3 k4 0).
        preview_size: (width, height) of the preview, px.
        data: The preview, a JPEG file.
    """

    stream: str
    seq: int
    session: int
    model_id: int
    model_name: str
    frame_index: int
    t_stream_s: float
    t_capture_unix_ns: int
    t_capture_monotonic_ns: int
    t_publish_unix_ns: int
    age_ms: float
    size: tuple[int, int]
    camera: Intrinsics | None
    lens: str
    preview_size: tuple[int, int]
    data: bytes


@dataclass(frozen=True, slots=True)
class StatsPacket:
    """How the publisher's pipeline performs, once a second.

    Attributes:
        stream: Name of the stream.
        seq: Counts the stats messages of the stream.
        session: Random number of one run of the publisher.
        t_publish_unix_ns: Time of sending on the publisher's wall clock, ns.
        t_publish_monotonic_ns: The same moment on the monotonic clock of the publisher's machine, ns.
        model_id: Identifies the model of the stream.
        model_name: Name of the body model.
        values: Named values (docs/wire.md); ignore unknown names.
    """

    stream: str
    seq: int
    session: int
    t_publish_unix_ns: int
    t_publish_monotonic_ns: int
    model_id: int
    model_name: str
    values: dict[str, Any]


Packet: TypeAlias = FramePacket | ModelPacket | StatusPacket | PreviewPacket | StatsPacket
