"""How a message is put together: a header with its sizes filled in, then arrays at multiples of four bytes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from meshcast.errors import WireError
from meshcast.protocol.body import Array
from meshcast.protocol.layout import MAGIC, MAX_MODEL_NAME, VERSION, padded

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def model_name_bytes(name: str) -> bytes:
    """The body-model name as it stands in a header; raises WireError when it does not fit."""
    if not 0 < len(name) <= MAX_MODEL_NAME or not _NAME.fullmatch(name):
        raise WireError(f"body-model name {name!r}: use 1 to {MAX_MODEL_NAME} letters, digits, '.', '_' and '-'")
    return name.encode()


def pack_arrays(*arrays: Array) -> bytes:
    """The arrays' bytes, little-endian, each filled up to a multiple of four."""
    parts = []
    for array in arrays:
        parts.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        parts.append(bytes(padded(array.nbytes) - array.nbytes))
    return b"".join(parts)


def pack_message(header: np.dtype[Any], fields: dict[str, Any], payload: bytes) -> bytes:
    """One message from its named fields; what is not named is zero. The sizes and the magic are filled in."""
    row = np.zeros((), header)
    for name, value in fields.items():
        row[name] = value
    row["magic"], row["version"] = MAGIC, VERSION
    row["header_size"], row["message_size"] = header.itemsize, header.itemsize + len(payload)
    return row.tobytes() + payload
