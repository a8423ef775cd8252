"""Binary glTF 2.0: arrays in one buffer, described by JSON (Khronos, glTF 2.0, sections 3.6 and 4)."""

from __future__ import annotations

import json
import struct
from typing import Any

from edge.types import Array

MAGIC, VERSION = b"glTF", 2
JSON_CHUNK, BINARY_CHUNK = b"JSON", b"BIN\0"
MAX_BYTES = (1 << 32) - 1
VERTICES, INDICES = 34962, 34963  # targets of buffer views
COMPONENTS = {"u1": 5121, "u2": 5123, "u4": 5125, "f4": 5126}
SHAPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class Buffer:
    """Collects arrays; `accessors` and `views` are their JSON description."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: Array, *, target: int | None = None, normalized: bool = False, bounds: bool = False) -> int:
        """Add an array (N, ...) of 1, 2 or 4-byte unsigned integers or float32. Returns the index of its accessor.

        target: VERTICES or INDICES. normalized: integers are fractions of their largest value. bounds: include minimum
        and maximum. Matrices must be transposed (column-major).
        """
        kind = array.dtype.str[1:]
        self.data += bytes(-len(self.data) % 4)
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": array.nbytes}
        self.views.append(view | ({"target": target} if target else {}))
        self.data += array.astype(array.dtype.newbyteorder("<")).tobytes()
        accessor: dict[str, Any] = {
            "bufferView": len(self.views) - 1,
            "componentType": COMPONENTS[kind],
            "count": len(array),
            "type": SHAPES[array.shape[1:]],
        }
        if normalized:
            accessor["normalized"] = True
        if bounds:
            flat = array.reshape(len(array), -1)
            accessor |= {"min": flat.min(0).tolist(), "max": flat.max(0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def pack(description: dict[str, Any], buffer: Buffer) -> list[bytes | bytearray]:
    """Return the file in parts; the largest is the data of the buffer. Raises ValueError if it is too large."""
    document = description | {
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    buffer.data += bytes(-len(buffer.data) % 4)
    size = 12 + 8 + len(text) + 8 + len(buffer.data)
    if size > MAX_BYTES:
        raise ValueError(f"{size} bytes exceed the limit of a .glb file")
    header = MAGIC + struct.pack("<II", VERSION, size)
    heads = [struct.pack("<I", len(chunk)) + word for word, chunk in ((JSON_CHUNK, text), (BINARY_CHUNK, buffer.data))]
    return [header, heads[0], text, heads[1], buffer.data]
