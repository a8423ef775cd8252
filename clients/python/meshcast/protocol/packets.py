"""What a subscriber receives, decoded: bodies of a frame, constants of a stream, and how the stream is doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from meshcast.protocol.body import F32, I32, BodyModel


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera: K (3, 3) float64 px, the center of the top left pixel is (0, 0); distortion (5,) float64 in
    OpenCV's order k1 k2 p1 p2 k3. assumed: the publisher was told neither intrinsics nor a field of view, so that K,
    and every distance with it, is a guess."""

    K: NDArray[np.float64]
    distortion: NDArray[np.float64]
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """N people. Lengths are in the packet's unit and axes. What the packet's level leaves out has a zero count.

    ids (N,) int32; scores (N,) float32; translation (N, 3) of the root joint; joints (N, J, 3); keypoints (N, K, 3)
    float32 (x px, y px, score); vertices (N, V, 3); rotvecs (N, P, 3) float32 rad: rotation vectors of the skeleton's
    joints, local to the parent; shape (N, B); error_mm (N,) float32: how far the vertices that these rotations and
    shape give are from the mesh head's own, root mean square. Levels "mesh" and "mesh-lod" have joints, keypoints and
    vertices, "joints" the first two, "params" rotvecs, shape and error_mm.
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

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class FramePacket:
    """The bodies of one frame at one level: "mesh", "mesh-lod", "joints" or "params".

    seq counts the stream's frames, the same number at every level; session tells one run of a publisher from the next.
    t_capture_unix_ns and t_publish_unix_ns are the publisher's wall clock, for clients on any machine whose clock is
    set; t_capture_monotonic_ns is its monotonic clock, for processes on the same machine; t_stream_s is the
    stream's own time. age_ms is from capture to publishing. size is the image's (width, height) px; camera is None
    when the publisher knows none. axes ("opencv": x right, y down, z forward), unit ("m") and space ("camera") say
    what the coordinates mean.
    The subscriber fills in `model`, the last model message of this stream or None, `lost`, how many frames of this
    stream were published since the newest packet of this level but not handed out, `reordered`, whether a newer one
    came before it, and delay_ms, how much longer than the quickest packet this one was on its way.
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
    """One model message: `body` is what the frames with the same `stream` and `model_id` are made of.

    seq counts the model messages of this stream. The rest vertices and joints are in the body's own `axes` ("gltf": Y
    up, the body faces +Z) and `unit`.
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
    """How a stream is doing, once a second: state "live", "idle" (no frame for a second) or "ended", and why.

    next_seq is what the next frame will be numbered: whoever has seen less has lost the rest. seq counts the status
    messages of this stream.
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


Packet: TypeAlias = FramePacket | ModelPacket | StatusPacket
