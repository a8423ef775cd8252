"""The layout of the messages: topics, headers, and a bounds-checked array reader (docs/wire.md)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np

from meshcast.errors import DamagedError, NotMeshcastError, TruncatedError, WireError, WireVersionError
from meshcast.protocol.body import Array

MAGIC = b"MCST"
VERSION = 1
TOPIC_SIZE = 40
MAX_STREAM = 30  # leaves room for the longest topic prefix, "mesh-lod/", and the closing NUL
MAX_MODEL_NAME = 23
MAX_PEOPLE = 4096
MAX_VERTICES = 1 << 20
STATES = ("live", "idle", "ended")  # the code in a message is the index
ROTATION_STEP = math.pi / 32767  # rad a level of a rotation vector
SHAPE_STEP = 1e-3  # standard deviations a level
OBSERVED_LEVELS = 255  # steps of visibility and contacts from 0 to 1
FEET = 2  # contacts of a person: the left and the right foot
LIMIT = 1e30  # no float in an array is larger, so that low + step * level stays a number too
ALIGN = 4  # every array starts at a multiple of this, counted from the first byte of the message

AXES = ("opencv", "unity", "unreal", "gltf")  # the code in a message is the index
UNITS = ("m", "cm")
SPACES = ("camera", "world", "body")
CAMERA_ASSUMED = 1  # bit of `flags` in frame messages: the intrinsics rest on an assumed field of view
OBSERVED = 2  # bit of `flags` in frame messages: the header goes on with OBSERVED_HEADER
ROOM = 4  # bit of `flags` in frame messages, besides OBSERVED: the header goes on with ROOM_HEADER
MAX_CAMERAS = 64  # of a room
K_FIELDS = ("fx", "fy", "cx", "cy", "skew")
DISTORTION_FIELDS = ("k1", "k2", "p1", "p2", "k3")
MAX_AGE_US = 2**32 - 1

_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Kind(IntEnum):
    """The type of a message."""

    MESH = 1
    MODEL = 2
    PARAMS = 3
    JOINTS = 4
    MESH_LOD = 5
    STATUS = 6
    PREVIEW = 7
    STATS = 8


# The first part of the topic of each message type.
TOPIC_PREFIXES = {
    Kind.MESH: "mesh",
    Kind.MODEL: "model",
    Kind.PARAMS: "params",
    Kind.JOINTS: "joints",
    Kind.MESH_LOD: "mesh-lod",
    Kind.STATUS: "status",
    Kind.PREVIEW: "preview",
    Kind.STATS: "stats",
}
# The stream levels: what a frame message holds of the bodies.
LEVELS = {TOPIC_PREFIXES[kind]: kind for kind in (Kind.PARAMS, Kind.JOINTS, Kind.MESH, Kind.MESH_LOD)}
# What a subscriber can ask for besides the bodies.
EXTRAS = {TOPIC_PREFIXES[kind]: kind for kind in (Kind.PREVIEW, Kind.STATS)}
LENSES = ("pinhole", "fisheye")  # the code in a message is the index
ENCODINGS = ("jpeg",)
MAX_PREVIEW_PX = 8192  # width and height of a preview
MAX_STATS_BYTES = 1 << 16

COMMON: list[tuple[str, str]] = [
    ("topic", f"S{TOPIC_SIZE}"),
    ("magic", "S4"),
    ("version", "<u2"),
    ("kind", "<u2"),
    ("header_size", "<u4"),
    ("message_size", "<u4"),
    ("seq", "<u8"),
    ("t_publish_unix_ns", "<i8"),
    ("session", "<u4"),
    ("model_id", "<u4"),
    ("model_name", "S24"),
    ("axes", "u1"),
    ("unit", "u1"),
    ("space", "u1"),
    ("flags", "u1"),
]
COMMON_HEADER = np.dtype(COMMON)

FRAME_HEADER = np.dtype(
    [
        *COMMON,
        ("age_us", "<u4"),
        ("frame_index", "<u8"),
        ("t_capture_unix_ns", "<i8"),
        ("t_capture_monotonic_ns", "<i8"),
        ("t_stream_s", "<f8"),
        ("width", "<u4"),
        ("height", "<u4"),
        ("fx", "<f4"),
        ("fy", "<f4"),
        ("cx", "<f4"),
        ("cy", "<f4"),
        ("skew", "<f4"),
        ("k1", "<f4"),
        ("k2", "<f4"),
        ("p1", "<f4"),
        ("p2", "<f4"),
        ("k3", "<f4"),
        ("people", "<u4"),
        ("vertices", "<u4"),
        ("joints", "<u2"),
        ("keypoints", "<u2"),
        ("rotations", "<u2"),
        ("shapes", "<u2"),
    ]
)

OBSERVED_HEADER = np.dtype([("visibilities", "<u2"), ("contacts", "<u2")])
OBSERVED_FRAME_HEADER = np.dtype(FRAME_HEADER.descr + OBSERVED_HEADER.descr)
ROOM_HEADER = np.dtype([("cameras", "<u2"), ("reserved_1", "<u2")])
ROOM_FRAME_HEADER = np.dtype(OBSERVED_FRAME_HEADER.descr + ROOM_HEADER.descr)

MODEL_HEADER = np.dtype(
    [
        *COMMON,
        ("vertices", "<u4"),
        ("faces", "<u4"),
        ("joints", "<u2"),
        ("keypoints", "<u2"),
        ("parents", "<u2"),
        ("reserved_1", "<u2"),
        ("names_size", "<u4"),
        ("influences", "<u2"),
        ("shapes", "<u2"),
        ("uvs", "<u4"),
        ("lod_vertices", "<u4"),
        ("lod_faces", "<u4"),
    ]
)

STATUS_HEADER = np.dtype(
    [
        *COMMON,
        ("state", "u1"),
        ("reserved_1", "u1"),
        ("reserved_2", "<u2"),
        ("next_seq", "<u8"),
        ("t_publish_monotonic_ns", "<i8"),
        ("reason_size", "<u4"),
        ("reserved_3", "<u4"),
    ]
)

CAPTURE = 108, 192  # bytes of a frame header from age_us to k3, which preview messages have too
_capture = [
    (name, kind.str)
    for name, (kind, offset, *_) in (FRAME_HEADER.fields or {}).items()
    if CAPTURE[0] <= offset < CAPTURE[1]
]
PREVIEW_HEADER = np.dtype(
    [
        *COMMON,
        *_capture,
        ("preview_width", "<u4"),
        ("preview_height", "<u4"),
        ("lens", "u1"),
        ("encoding", "u1"),
        ("reserved_1", "<u2"),
        ("preview_size", "<u4"),
    ]
)

STATS_HEADER = np.dtype([*COMMON, ("text_size", "<u4"), ("t_publish_monotonic_ns", "<i8"), ("reserved_1", "<u4")])


def topic(kind: Kind, stream: str) -> bytes:
    """The topic of the messages of `stream`, closing NUL included, as a subscription names it.

    Raises WireError for a stream name that does not fit.
    """
    if not 0 < len(stream) <= MAX_STREAM or not _NAME.fullmatch(stream):
        raise WireError(f"stream name {stream!r}: use 1 to {MAX_STREAM} letters, digits, '.', '_' and '-'")
    return f"{TOPIC_PREFIXES[kind]}/{stream}\0".encode()


def read_kind(data: bytes) -> Kind:
    """The type of a message.

    Raises NotMeshcastError for foreign bytes, WireVersionError for another version or an unknown type, and
    TruncatedError when the message has not the size that it announces.
    """
    if len(data) < COMMON_HEADER.itemsize or data[TOPIC_SIZE : TOPIC_SIZE + 4] != MAGIC:
        raise NotMeshcastError(
            f"not a Meshcast message ({len(data)} bytes): is something else publishing at this address?"
        )
    fields = _fields(data, COMMON_HEADER)
    if fields["version"] != VERSION:
        raise WireVersionError(
            f"unsupported protocol version {fields['version']} (this client supports {VERSION}); upgrade the older side"
        )
    if fields["message_size"] != len(data):
        raise TruncatedError(f"truncated message: {len(data)} bytes arrived of {fields['message_size']}")
    if fields["kind"] not in TOPIC_PREFIXES:
        raise WireVersionError(
            f"unsupported message type {fields['kind']}; subscribe to known topics only, or upgrade this client"
        )
    return Kind(fields["kind"])


def read_header(data: bytes, header: np.dtype[Any], kind: Kind) -> dict[str, Any]:
    """The named fields of a message that `read_kind` accepted, with `stream` and `model_name` as checked strings."""
    if len(data) < header.itemsize:
        raise TruncatedError(f"truncated message: {len(data)} bytes are too few for a {TOPIC_PREFIXES[kind]} header")
    fields = _fields(data, header)
    if not header.itemsize <= fields["header_size"] <= len(data) or fields["header_size"] % ALIGN:
        raise DamagedError(f"damaged message: header size {fields['header_size']} in a {TOPIC_PREFIXES[kind]} message")
    for name, table in (("axes", AXES), ("unit", UNITS), ("space", SPACES)):
        if fields[name] >= len(table):
            raise WireVersionError(f"unsupported {name} code {fields[name]}; upgrade this client")
    prefix, _, stream = fields["topic"].decode("latin-1").partition("/")
    name = fields["model_name"].decode("latin-1")
    if (
        prefix != TOPIC_PREFIXES[kind]
        or len(stream) > MAX_STREAM
        or not _NAME.fullmatch(stream)
        or not _NAME.fullmatch(name)
    ):
        raise DamagedError(f"damaged message: topic {fields['topic']!r}, body model {fields['model_name']!r}")
    return fields | {"stream": stream, "model_name": name}


def read_observed(data: bytes, head: dict[str, Any]) -> tuple[int, int]:
    """Visibilities and contacts of a person in a frame message with this header: (0, 0) without these sections.

    Raises DamagedError when the header is too short for them or their counts do not go with the others.
    """
    if not head["flags"] & OBSERVED:
        return 0, 0
    if head["header_size"] < OBSERVED_FRAME_HEADER.itemsize:
        raise DamagedError(f"damaged message: header size {head['header_size']} has no room for visibilities")
    visibilities, contacts = _fields(data, OBSERVED_HEADER, FRAME_HEADER.itemsize).values()
    if (head["joints"] and visibilities not in (0, head["joints"])) or contacts not in (0, FEET):
        raise DamagedError(
            f"damaged message: {visibilities} visibilities of {head['joints']} joints, "
            f"{contacts} contacts of {FEET} feet"
        )
    return visibilities, contacts


def read_cameras(data: bytes, head: dict[str, Any]) -> int:
    """Number of the cameras of a room in a frame message with this header, 0 for a stream of one camera.

    Raises DamagedError when the header is too short for it or the number is out of range.
    """
    if not head["flags"] & ROOM:
        return 0
    if not head["flags"] & OBSERVED or head["header_size"] < ROOM_FRAME_HEADER.itemsize:
        raise DamagedError(f"damaged message: header size {head['header_size']} has no room for the number of cameras")
    cameras = int(_fields(data, ROOM_HEADER, OBSERVED_FRAME_HEADER.itemsize)["cameras"])
    if not 1 <= cameras <= MAX_CAMERAS:
        raise DamagedError(f"damaged message: {cameras} cameras; a room has 1 to {MAX_CAMERAS}")
    return cameras


def _fields(data: bytes, header: np.dtype[Any], offset: int = 0) -> dict[str, Any]:
    assert header.names is not None
    return dict(zip(header.names, np.frombuffer(data, header, 1, offset)[0].item(), strict=True))


def padded(size: int) -> int:
    """`size` bytes rounded up to the alignment of arrays."""
    return -(-size // ALIGN) * ALIGN


class ArrayReader:
    """Reads the arrays of one message in their order; each is a read-only view of the message."""

    def __init__(self, data: bytes, offset: int) -> None:
        self._data = data
        self._offset = offset

    def take(self, name: str, dtype: str, *shape: int, good: Callable[[Array], Any] | None = None) -> Array:
        """The next array. Floats must be within LIMIT, and `good` of the array must hold. Raises DamagedError."""
        count = math.prod(shape)
        size = count * np.dtype(dtype).itemsize
        if self._offset + size > len(self._data):
            raise TruncatedError(
                f"truncated message: {name} would end at byte {self._offset + size} of {len(self._data)}"
            )
        if count == 0:
            return np.zeros(shape, dtype)
        array = np.frombuffer(self._data, dtype, count, self._offset).reshape(shape)
        self._offset += padded(size)
        if array.dtype.kind == "f" and not (np.abs(array) < LIMIT).all():
            raise DamagedError(f"damaged message: {name} holds a value that is not a finite number")
        if good is not None and not np.all(good(array)):
            raise DamagedError(f"damaged message: {name} out of range")
        return array

    def close(self, *, extended: bool) -> None:
        """Raises TruncatedError when bytes are left over, unless a longer header announced further arrays."""
        left = len(self._data) - self._offset
        if left < 0 or (left > 0 and not extended):
            raise TruncatedError(f"truncated message: its arrays need {self._offset} bytes, {len(self._data)} arrived")
