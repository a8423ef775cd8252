"""Packs a message: a header with its sizes filled in, then arrays at multiples of four bytes."""

from __future__ import annotations

import math
import re
import struct
from typing import Any

import numpy as np

from meshcast.errors import WireError
from meshcast.protocol.body import Array
from meshcast.protocol.layout import (
    FRAME_HEADER,
    MAGIC,
    MAX_MODEL_NAME,
    MODEL_HEADER,
    OBSERVED_FRAME_HEADER,
    PREVIEW_HEADER,
    ROOM_FRAME_HEADER,
    STATS_HEADER,
    STATUS_HEADER,
    VERSION,
    padded,
)

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_FORMATS = {("u", 1): "B", ("u", 2): "H", ("u", 4): "I", ("u", 8): "Q", ("i", 8): "q", ("f", 4): "f", ("f", 8): "d"}


class _Header:
    """The fields of a header as `struct` packs them: several times quicker than assignments to a NumPy record."""

    def __init__(self, header: np.dtype[Any]) -> None:
        assert header.fields is not None
        types = {name: dtype for name, (dtype, *_) in header.fields.items()}
        self.formats = {name: _format(dtype) for name, dtype in types.items()}
        self.floats = [name for name, dtype in types.items() if dtype.kind == "f"]
        self.zeros: dict[str, Any] = {name: b"" if dtype.kind == "S" else 0 for name, dtype in types.items()}
        self.struct = struct.Struct("<" + "".join(self.formats.values()))
        self.zeros |= {"magic": MAGIC, "version": VERSION, "header_size": self.struct.size}
        assert self.struct.size == header.itemsize


def _format(dtype: np.dtype[Any]) -> str:
    return f"{dtype.itemsize}s" if dtype.kind == "S" else _FORMATS[dtype.kind, dtype.itemsize]


_HEADERS = {
    id(header): _Header(header)
    for header in (
        FRAME_HEADER,
        OBSERVED_FRAME_HEADER,
        ROOM_FRAME_HEADER,
        MODEL_HEADER,
        STATUS_HEADER,
        PREVIEW_HEADER,
        STATS_HEADER,
    )
}


def model_name_bytes(name: str) -> bytes:
    """The name of a body model as a header field; raises WireError when it does not fit."""
    if not 0 < len(name) <= MAX_MODEL_NAME or not _NAME.fullmatch(name):
        raise WireError(f"body-model name {name!r}: use 1 to {MAX_MODEL_NAME} letters, digits, '.', '_' and '-'")
    return name.encode()


def code(table: tuple[str, ...], name: str, field: str) -> int:
    """The code of a name in a header field; raises WireError when the protocol has none."""
    if name not in table:
        raise WireError(f"{field} {name!r}: unknown; choose from {', '.join(table)}")
    return table.index(name)


def pack_arrays(*arrays: Array) -> bytes:
    """The bytes of the arrays, little-endian, each padded to a multiple of four."""
    parts = []
    for array in arrays:
        parts.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        parts.append(bytes(padded(array.nbytes) - array.nbytes))
    return b"".join(parts)


def pack_message(header: np.dtype[Any], fields: dict[str, Any], payload: bytes) -> bytes:
    """One message of named fields; fields that are not named are zero. Sizes, magic and version are filled in.

    Raises WireError when a number does not fit its field.
    """
    known = _HEADERS[id(header)]
    values = known.zeros | fields
    values["message_size"] = known.struct.size + len(payload)
    for name in known.floats:
        if not math.isfinite(values[name]):
            raise WireError(f"{name} {values[name]}: not a finite number; a message cannot hold it")
    try:
        return known.struct.pack(*values.values()) + payload
    except (struct.error, OverflowError):
        raise WireError(f"{_misfit(known, values)}: does not fit the field of a message") from None


def _misfit(known: _Header, values: dict[str, Any]) -> str:
    """The first field that cannot be packed, with its value."""
    for name, value in values.items():
        try:
            struct.pack("<" + known.formats[name], value)
        except (struct.error, OverflowError):  # noqa: PERF203
            return f"{name} {value}"
    return "a number"
