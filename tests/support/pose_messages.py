"""A reader of pose messages for humanoid robots, by their documentation."""

from __future__ import annotations

import json

import numpy as np

HEADER_BYTES = 1280
TYPES = {"f32": "<f4", "f64": "<f8", "i32": "<i4", "i64": "<i8"}


def unpack(message: bytes, topic: str) -> tuple[int, dict[str, np.ndarray]]:
    """Version and arrays of a message, as the documentation describes it."""
    assert message.startswith(topic.encode())
    body = message[len(topic) :]
    header = json.loads(body[:HEADER_BYTES].rstrip(b"\0"))
    assert header["endian"] == "le"
    arrays, offset = {}, HEADER_BYTES
    for field in header["fields"]:
        kind = np.dtype(TYPES[field["dtype"]])
        count = int(np.prod(field["shape"]))
        arrays[field["name"]] = np.frombuffer(body, kind, count, offset).reshape(field["shape"])
        offset += count * kind.itemsize
    assert offset == len(body)
    return header["v"], arrays
