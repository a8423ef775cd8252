"""Event files against the format: records with checksums, and messages that an independent parser reads."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.errors import ModelError
from engines.training.event_file import EventFile, masked_crc


def fields(message: bytes) -> list[tuple[int, object]]:
    """The fields of a protobuf message: numbers with integers, bytes or the raw bytes of fixed numbers."""
    found, at = [], 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return number

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            value: object = varint()
        else:
            size = {1: 8, 5: 4}.get(kind) or varint()
            value = message[at : at + size]
            at += size
        found.append((key >> 3, value))
    return found


def events(folder: Path) -> list[dict[int, object]]:
    (path,) = folder.glob("events.out.tfevents.*")
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8)[0] == masked_crc(data[at : at + 8])
        body = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc(body)
        found.append(dict(fields(body)))
        at += 16 + length
    return found


def test_crc_equals_the_known_check_value() -> None:
    crc = 0xE3069283  # CRC-32C of "123456789"
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_event_file_holds_scalars_and_images(tmp_path: Path) -> None:
    file = EventFile(tmp_path)
    file.scalars(7, {"loss/total": 0.25})
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    file.images(300, {"people": image})
    head, scalars, images = events(tmp_path)
    assert head[3] == b"brain.Event:2"
    assert scalars[2] == 7
    value = dict(fields(dict(fields(scalars[5]))[1]))
    assert (value[1], struct.unpack("<f", value[2])[0]) == (b"loss/total", 0.25)
    assert images[2] == 300
    stored = dict(fields(dict(fields(dict(fields(images[5]))[1]))[4]))
    assert (stored[1], stored[2], stored[3]) == (2, 3, 3)
    decoded = cv2.imdecode(np.frombuffer(stored[4], np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded[..., ::-1], image)


def test_event_file_in_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be written"):
        EventFile(tmp_path / "missing")
