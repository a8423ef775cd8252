"""The fixed part of every message: topic, headers, and a reader of arrays that trusts nothing. See docs/wire.md."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np

from edge.types import Array
from engines.errors import MeshcastError

MAGIC = b"MCST"
VERSION = 1
TOPIC_SIZE = 40
MAX_STREAM = 30  # leaves room for the longest topic word that is planned, "mesh-lod/", and the closing NUL
MAX_MODEL_NAME = 23
MAX_PEOPLE = 4096
MAX_VERTICES = 1 << 20
LIMIT = 1e30  # no float in an array is larger, so that low + step * level stays a number too
ALIGN = 4  # every array starts at a multiple of this, counted from the first byte of the message

AXES = ("opencv", "unity", "unreal", "gltf")  # the code on the wire is the index
UNITS = ("m", "cm")
SPACES = ("camera", "world", "body")

_NAME = re.compile(r"[A-Za-z0-9._-]+")


class WireError(MeshcastError):
    """Bytes that are not a Meshcast message of this version, or bodies that cannot be made into one."""


class Kind(IntEnum):
    """What a message is; the numbers 3 to 6 are kept for params, joints, mesh-lod and end."""

    MESH = 1
    MODEL = 2


WORDS = {Kind.MESH: "mesh", Kind.MODEL: "model"}  # first part of the topic

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
    ("reserved_0", "u1"),
]
COMMON_HEADER = np.dtype(COMMON)

MESH_HEADER = np.dtype(
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
        ("reserved_1", "<u4"),
    ]
)

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
    ]
)


def topic(kind: Kind, stream: str) -> bytes:
    """The words a message of `stream` starts with, closing NUL included: also what a subscriber asks for.

    Raises WireError for a stream name that does not fit.
    """
    if not 0 < len(stream) <= MAX_STREAM or not _NAME.fullmatch(stream):
        raise WireError(f"stream name {stream!r}: use 1 to {MAX_STREAM} letters, digits, '.', '_' and '-'")
    return f"{WORDS[kind]}/{stream}\0".encode()


def model_name_bytes(name: str) -> bytes:
    """The body-model name as it stands in a header; raises WireError when it does not fit."""
    if not 0 < len(name) <= MAX_MODEL_NAME or not _NAME.fullmatch(name):
        raise WireError(f"body-model name {name!r}: use 1 to {MAX_MODEL_NAME} letters, digits, '.', '_' and '-'")
    return name.encode()


def pack_header(header: np.dtype[Any], message_size: int, fields: dict[str, Any]) -> bytes:
    """The header's bytes from its named fields; what is not named is zero. The sizes and the magic are filled in."""
    row = np.zeros((), header)
    for name, value in fields.items():
        row[name] = value
    row["magic"], row["version"] = MAGIC, VERSION
    row["header_size"], row["message_size"] = header.itemsize, message_size
    return row.tobytes()


def read_kind(data: bytes) -> Kind:
    """Which message `data` is; raises WireError when it is foreign, of another version or not whole."""
    if len(data) < COMMON_HEADER.itemsize or data[TOPIC_SIZE : TOPIC_SIZE + 4] != MAGIC:
        raise WireError(f"not a Meshcast message ({len(data)} bytes): is something else publishing at this address?")
    fields = _fields(data, COMMON_HEADER)
    if fields["version"] != VERSION:
        raise WireError(f"message of wire version {fields['version']}, this side speaks {VERSION}: update the older")
    if fields["message_size"] != len(data):
        raise WireError(f"damaged message: {len(data)} bytes arrived of {fields['message_size']}")
    if fields["kind"] not in WORDS:
        raise WireError(f"message of unknown kind {fields['kind']}: subscribe to mesh/ and model/ only, or update")
    return Kind(fields["kind"])


def read_header(data: bytes, header: np.dtype[Any], kind: Kind) -> dict[str, Any]:
    """The named fields of a message that `read_kind` accepted, with `stream` and `model_name` as checked strings."""
    if len(data) < header.itemsize:
        raise WireError(f"damaged message: {len(data)} bytes are too few for a {WORDS[kind]} header")
    fields = _fields(data, header)
    if not header.itemsize <= fields["header_size"] <= len(data) or fields["header_size"] % ALIGN:
        raise WireError(f"damaged message: header size {fields['header_size']} in a {WORDS[kind]} message")
    for name, table in (("axes", AXES), ("unit", UNITS), ("space", SPACES)):
        if fields[name] >= len(table):
            raise WireError(f"message with unknown {name} code {fields[name]}: update this side")
    word, _, stream = fields["topic"].decode("latin-1").partition("/")
    name = fields["model_name"].decode("latin-1")
    if word != WORDS[kind] or len(stream) > MAX_STREAM or not _NAME.fullmatch(stream) or not _NAME.fullmatch(name):
        raise WireError(f"damaged message: topic {fields['topic']!r}, body model {fields['model_name']!r}")
    return fields | {"stream": stream, "model_name": name}


def _fields(data: bytes, header: np.dtype[Any]) -> dict[str, Any]:
    assert header.names is not None
    return dict(zip(header.names, np.frombuffer(data, header, 1)[0].item(), strict=True))


def padded(size: int) -> int:
    """`size` bytes rounded up to the alignment of arrays."""
    return -(-size // ALIGN) * ALIGN


class ArrayReader:
    """Takes the arrays of one message in their order; each is a read-only view of the message."""

    def __init__(self, data: bytes, offset: int) -> None:
        self._data = data
        self._offset = offset

    def take(self, name: str, dtype: str, *shape: int, good: Callable[[Array], Any] | None = None) -> Array:
        """The next array. Floats must be within LIMIT, and `good` of the array must hold. Raises WireError."""
        count = math.prod(shape)
        size = count * np.dtype(dtype).itemsize
        if self._offset + size > len(self._data):
            raise WireError(f"damaged message: {name} would end at byte {self._offset + size} of {len(self._data)}")
        if count == 0:
            return np.zeros(shape, dtype)
        array = np.frombuffer(self._data, dtype, count, self._offset).reshape(shape)
        self._offset += padded(size)
        if array.dtype.kind == "f" and not (np.abs(array) < LIMIT).all():
            raise WireError(f"damaged message: {name} holds a value that is not a finite number")
        if good is not None and not np.all(good(array)):
            raise WireError(f"damaged message: {name} out of range")
        return array

    def close(self, *, extended: bool) -> None:
        """Raises WireError when bytes are left over, unless a longer header announced further arrays."""
        left = len(self._data) - self._offset
        if left < 0 or (left > 0 and not extended):
            raise WireError(f"damaged message: its arrays need {self._offset} bytes, {len(self._data)} arrived")
