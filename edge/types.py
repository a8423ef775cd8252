"""What flows through the pipeline: frozen structures of arrays.

Camera axes are OpenCV's (x right, y down, z forward). Lengths are meters, image positions pixels with the
origin at the top left and pixel centers at integers, angles radians. The first axis of every per-person array is N,
the people; N may be zero. Arrays are trusted inside: they are validated where they come in from outside.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

import edge_kernels
from calibration.camera import Camera
from meshcast.protocol.body import F32, I32, U8, Array, BodyModel

__all__ = [
    "F32",
    "I32",
    "U8",
    "Array",
    "Attention",
    "Bodies",
    "BodyModel",
    "Detections",
    "DeviceFrame",
    "Frame",
    "Pixels",
    "PlanarFrame",
    "Planes",
    "Pose2D",
    "PosedRigs",
    "RigPose",
    "Surface",
    "SurfaceLevels",
    "SurfaceUse",
    "TrackedFrame",
    "Tracks",
]


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of one stream.

    Attributes:
        stream: name of the stream.
        index: counts the frames that the stream delivered, from 0; frames dropped on a live stream leave gaps.
        t_capture_ns: host monotonic clock (time.monotonic_ns) when the frame arrived from its device or decoder.
        t_s: the stream's own clock in seconds from its first frame (presentation time of a file, capture time of a
            live source); it increases from frame to frame.
        image: (H, W, 3) uint8 BGR, upright (display matrices applied), square pixels, C-contiguous.
        raster: (width, height) px of the upright image as it was stored, where its pixels were not square.
    """

    stream: str
    index: int
    t_capture_ns: int
    t_s: float
    image: U8
    raster: tuple[int, int] | None = None

    @property
    def camera(self) -> str:
        """The name of the stream. Deprecated: use `stream`."""
        warnings.warn("Frame.camera is deprecated, use Frame.stream", DeprecationWarning, stacklevel=2)
        return self.stream

    @property
    def pixels(self) -> Pixels:
        """The image as it is stored: what crops and single colors are read from without a conversion of the whole."""
        return self.image


@dataclass(frozen=True, slots=True)
class Planes:
    """An upright image with square pixels as a decoder gives it, read like an image of the shape (H, W, 3).

    Attributes:
        luma: (H, W) uint8; H and W are even. Rows of all planes may be any distance apart.
        u, v: (H / 2, W / 2) uint8.
        coefficients: of the conversion to BGR, see edge_kernels.planar_colors.
    """

    luma: U8
    u: U8
    v: U8
    coefficients: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and the number of colors."""
        return self.luma.shape[0], self.luma.shape[1], 3

    @property
    def planar(self) -> tuple[U8, U8, tuple[int, ...]]:
        """What the operators take beside the luma."""
        return self.u, self.v, self.coefficients

    def __getitem__(self, where: tuple[Any, Any]) -> U8:
        """The colors (..., 3) BGR of some rows and columns, two slices or index arrays."""
        rows, columns = where
        if isinstance(rows, slice):
            rows = np.arange(self.luma.shape[0])[rows][:, None]
        if isinstance(columns, slice):
            columns = np.arange(self.luma.shape[1])[columns]
        halves = rows // 2, columns // 2
        return edge_kernels.planar_colors(self.luma[rows, columns], self.u[halves], self.v[halves], self.coefficients)


Pixels: TypeAlias = "U8 | Planes"


@dataclass(frozen=True, slots=True)
class Surface:
    """An image in the memory of a device, as a decoder gives it: upright, with square pixels.

    Attributes:
        device: name of the device, "cuda:0".
        size: width and height, px.
        planes: BGR (H, W, 3), or luma (H, W) and chroma (H/2, W/2, 2) of NV12 in limited range; uint8 arrays of any
            library with DLPack, whose rows may be any distance apart.
        bt709: whether NV12 is in the color space BT.709, else BT.601.
        release: called once, when nothing reads the planes any more.
    """

    device: str
    size: tuple[int, int]
    planes: tuple[Any, ...]
    release: Callable[[], None]
    bt709: bool = False


class DeviceFrame(Frame):
    """A frame whose image is on a device. `image` is read from there when it is used first, which waits for it: by the
    pipeline to which the frame was given before."""

    __slots__ = ("_download", "_host", "surface")

    surface: Surface | None
    _host: U8 | None
    _download: Callable[[], U8] | None

    def __init__(
        self,
        stream: str,
        index: int,
        t_capture_ns: int,
        t_s: float,
        image: U8 | None = None,
        raster: tuple[int, int] | None = None,
        surface: Surface | None = None,
    ) -> None:
        """image: on the host, where it is known already; else surface."""
        values = (stream, index, t_capture_ns, t_s, raster, surface, image, None)
        names = ("stream", "index", "t_capture_ns", "t_s", "raster", "surface", "_host", "_download")
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    @property
    def image(self) -> U8:
        """The image on the host, (H, W, 3) uint8 BGR."""
        if self._host is None:
            if self._download is None:
                raise ValueError(f"{self.stream}: the image of frame {self.index} is on a device that does not use it")
            object.__setattr__(self, "_host", self._download())
            object.__setattr__(self, "_download", None)
        assert self._host is not None
        return self._host

    def read_with(self, download: Callable[[], U8]) -> None:
        """Where `image` comes from."""
        object.__setattr__(self, "_download", download)


class PlanarFrame(Frame):
    """A frame whose image is as the decoder gave it. `image` is converted when it is used first, once."""

    __slots__ = ("_convert", "_converted", "_planes")

    _planes: Planes | None
    _converted: U8 | None
    _convert: Callable[[], U8] | None

    def __init__(
        self,
        stream: str,
        index: int,
        t_capture_ns: int,
        t_s: float,
        image: U8 | None = None,
        raster: tuple[int, int] | None = None,
        planes: Planes | None = None,
        convert: Callable[[], U8] | None = None,
    ) -> None:
        """
        Args:
            stream, index, t_capture_ns, t_s, raster: those of a frame.
            image: where it is converted already; else planes and convert.
            planes: the image as it is stored.
            convert: returns it as BGR; any thread calls it.
        """
        values = (stream, index, t_capture_ns, t_s, raster, planes, image, convert)
        names = ("stream", "index", "t_capture_ns", "t_s", "raster", "_planes", "_converted", "_convert")
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    @property
    def image(self) -> U8:
        """The image (H, W, 3) uint8 BGR."""
        if self._converted is None:
            assert self._convert is not None
            object.__setattr__(self, "_converted", self._convert())
        assert self._converted is not None
        return self._converted

    @property
    def pixels(self) -> Pixels:
        """The image as it is stored."""
        return self.image if self._planes is None else self._planes


@dataclass(frozen=True, slots=True)
class Detections:
    """People found by the detector: boxes (N, 4) float32 xyxy px, scores (N,) float32 in 0..1, best first."""

    boxes: F32
    scores: F32


@dataclass(frozen=True, slots=True)
class Tracks:
    """People to look at in this frame: ids (N,) int32 never reused, boxes (N, 4) float32 xyxy px, scores (N,).

    keypoints (N, K, 3) float32: x px, y px and score of the last keypoints, moved to where they are expected in this
    frame; the score is 0 where there are none yet. None where no person has any.
    """

    ids: I32
    boxes: F32
    scores: F32
    keypoints: F32 | None = None


@dataclass(frozen=True, slots=True)
class Pose2D:
    """2D keypoints: ids (N,) int32, keypoints (N, K, 2) float32 px, scores (N, K) float32 in 0..1."""

    ids: I32
    keypoints: F32
    scores: F32


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """A frame, its camera, the people tracked in it and the 2D poses of those that were recognized (some of them)."""

    frame: Frame
    camera: Camera
    tracks: Tracks
    pose: Pose2D

    def boxes(self) -> F32:
        """The boxes (N, 4) float32 xyxy px of the people of `pose`, row for row."""
        row = {identity: index for index, identity in enumerate(self.tracks.ids.tolist())}
        return self.tracks.boxes[[row[identity] for identity in self.pose.ids.tolist()]].reshape(-1, 4)


@dataclass(frozen=True, slots=True)
class Attention:
    """Where a head looked: maps (N, P, h, w) float32 in 0..1, one a body part, over boxes (N, 4) float32 xyxy px."""

    maps: F32
    boxes: F32


class SurfaceUse(Enum):
    """What is done with the surface of bodies: FLOATS: any use; LEVELS: it is sent in messages, and only as the levels
    of SurfaceLevels; COARSE: the same, and nothing uses more of it than the vertices of the coarser mesh; NONE:
    nothing."""

    FLOATS = "floats"
    LEVELS = "levels"
    COARSE = "coarse"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SurfaceLevels:
    """Vertices of N people as messages hold them: low (N, 3) + step (N, 3) * levels (N, V, 3) uint16, m."""

    low: F32
    step: F32
    levels: NDArray[np.uint16]

    def at(self, vertices: Array) -> F32:
        """Some of the vertices (N, C, 3), m, with the error of half a step."""
        chosen: F32 = self.low[:, None] + self.step[:, None] * self.levels.take(vertices, axis=1)
        return chosen


@dataclass(frozen=True, slots=True)
class Bodies:
    """Human meshes of one frame, row for row with the 2D keypoints that they were made from.

    ids (N,) int32; scores (N,) float32 in 0..1; keypoints (N, K, 3) float32: x px, y px, score;
    joints (N, J, 3), vertices (N, V, 3) and translation (N, 3) float32 meters in the camera's frame, where
    translation is the root joint (joint 0, the pelvis) and is already part of joints and vertices;
    rotations (N, 24, 3, 3), shape (N, B) float32 and attention where they are known, else None;
    visibility (N, J) float32 in 0..1: 1 where a joint was observed, 0 where its position is invented, None if unknown;
    contacts (N, 2) float32 in 0..1: whether the left and the right foot stand still on something, None if unknown;
    views (N, C) uint8, of bodies that several cameras saw: 1 for each of the room's C cameras that saw the person. Such
    bodies are in the room's frame (z up, the floor at z = 0) instead of a camera's. None for those of one camera;
    levels: the surface where it is used in messages alone (SurfaceUse); vertices are then (N, 0, 3).
    held (C,) int32, increasing: the vertices of the body that the surface has, where these are not all.
    """

    ids: I32
    scores: F32
    keypoints: F32
    joints: F32
    vertices: F32
    translation: F32
    rotations: F32 | None = None
    shape: F32 | None = None
    attention: Attention | None = None
    visibility: F32 | None = None
    contacts: F32 | None = None
    views: U8 | None = None
    levels: SurfaceLevels | None = None
    held: I32 | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def columns_of(self, vertices: I32) -> Array:
        """Where the surface has some vertices of the body."""
        return vertices if self.held is None else np.searchsorted(self.held, vertices)

    def surface_at(self, vertices: I32) -> F32:
        """Some vertices of the body (N, C, 3), m, of a surface that has them."""
        columns = self.columns_of(vertices)
        chosen: F32 = self.vertices.take(columns, axis=1) if self.levels is None else self.levels.at(columns)
        return chosen

    @property
    def surfaced(self) -> bool:
        """Whether they have a surface, as vertices or as levels."""
        return self.levels is not None or self.vertices.shape[1] > 0 or not len(self)


@dataclass(frozen=True, slots=True)
class PosedRigs:
    """The people of a frame as poses of the body's rig, before their surface is skinned; row for row with Bodies.

    ids (N,) int32; rotations (N, P, 3, 3) float32: local ones, the first turns the resting body into the camera's
    frame; shape (N, B) float32; translation (N, 3) float32 m: the root joint in the camera's frame; confidence (N, P)
    float32 in 0..1: how well the bones that each rotation moves were observed.
    """

    ids: I32
    rotations: F32
    shape: F32
    translation: F32
    confidence: F32


@dataclass(frozen=True, slots=True)
class RigPose:
    """Bodies as a rig poses them, row for row.

    rotations (N, P, 3, 3) float32: local ones of the skeleton's joints, the first turns the resting body into the
    camera's frame; shape (N, B) float32; error_mm (N,) float32: root mean square distance between the vertices that
    linear blend skinning makes of them and those of the bodies.
    """

    rotations: F32
    shape: F32
    error_mm: F32
