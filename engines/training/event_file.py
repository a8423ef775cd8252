"""Event files that TensorBoard reads: scalars and images, without TensorBoard itself.

A file is a sequence of records of TensorFlow's format, each a protobuf message `Event`.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError

U8 = NDArray[np.uint8]


class EventFile:
    """Appends scalars and images to a new event file in `folder`. Raises ModelError when it cannot be written."""

    def __init__(self, folder: Path) -> None:
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{time.monotonic_ns()}"
        self._path = folder / name
        self._append(_double(1, time.time()) + _bytes(3, b"brain.Event:2"))

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Adds a point to the curve of each name."""
        summary = b"".join(_bytes(1, _bytes(1, name.encode()) + _float(2, value)) for name, value in values.items())
        self._event(step, summary)

    def images(self, step: int, images: dict[str, U8]) -> None:
        """Adds images (H, W, 3) RGB by name."""
        summary = b""
        for name, image in images.items():
            height, width = image.shape[:2]
            _, data = cv2.imencode(".png", image[..., ::-1])
            encoded = _integer(1, height) + _integer(2, width) + _integer(3, 3) + _bytes(4, bytes(data))
            summary += _bytes(1, _bytes(1, name.encode()) + _bytes(4, encoded))
        self._event(step, summary)

    def _event(self, step: int, summary: bytes) -> None:
        self._append(_double(1, time.time()) + _integer(2, step) + _bytes(5, summary))

    def _append(self, event: bytes) -> None:
        length = struct.pack("<Q", len(event))
        record = length + struct.pack("<I", masked_crc(length)) + event + struct.pack("<I", masked_crc(event))
        try:
            with self._path.open("ab") as file:
                file.write(record)
        except OSError as error:
            raise ModelError(f"{self._path}: cannot be written ({error.strerror})") from None


def _table() -> tuple[int, ...]:
    entries = []
    for entry in range(256):
        for _ in range(8):
            entry = (entry >> 1) ^ (0x82F63B78 if entry & 1 else 0)
        entries.append(entry)
    return tuple(entries)


_CRC32C = _table()


def masked_crc(data: bytes) -> int:
    """The CRC-32C (Castagnoli) of data, rotated and shifted as the record format wants it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _integer(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _double(field: int, number: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", number)


def _float(field: int, number: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", number)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data
