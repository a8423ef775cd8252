"""A reader and writer of the protocol buffer encoding for ONNX files.

It reads what must be known before an engine parses the file, without the package onnx, which the pipeline does not
need. Byte strings are views of the file, without a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}


class DamagedError(ValueError):
    """The bytes are not a complete message."""


class Field(NamedTuple):
    """A field of a message: its number, its value (an integer of VARINT, else bytes) and its bytes, key included."""

    number: int
    wire: int
    value: int | memoryview
    whole: memoryview

    def integer(self) -> int:
        """The value as a signed 64-bit integer. Raises DamagedError for another type."""
        if not isinstance(self.value, int):
            raise DamagedError(f"field {self.number} is not an integer")
        return self.value - (1 << 64) if self.value >= 1 << 63 else self.value

    def bytes(self) -> memoryview:
        """The value as bytes. Raises DamagedError for another type."""
        if self.wire != BYTES or isinstance(self.value, int):
            raise DamagedError(f"field {self.number} is not a message")
        return self.value

    def text(self) -> str:
        """The value as text. Raises DamagedError for another type or bytes that are not UTF-8."""
        try:
            return str(self.bytes(), "utf-8")
        except UnicodeDecodeError:
            raise DamagedError(f"field {self.number} is not text") from None


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message in their order. Raises DamagedError where the bytes are invalid."""
    at = 0
    while at < len(message):
        start = at
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        value: int | memoryview
        if wire == VARINT:
            value, at = _varint(message, at)
        else:
            if wire == BYTES:
                size, at = _varint(message, at)
            elif wire in _SIZES:
                size = _SIZES[wire]
            else:
                raise DamagedError("it is not in ONNX's format")
            if size > len(message) - at:
                raise DamagedError("it ends before its last field does")
            value = message[at : at + size]
            at += size
        if number == 0:
            raise DamagedError("it is not in ONNX's format")
        yield Field(number, wire, value, message[start:at])


def integers(field: Field) -> list[int]:
    """A repeated integer field, of which packed ones hold several."""
    if field.wire == VARINT:
        return [field.integer()]
    packed, found, at = field.bytes(), [], 0
    while at < len(packed):
        value, at = _varint(packed, at)
        found.append(value - (1 << 64) if value >= 1 << 63 else value)
    return found


def integer_field(number: int, value: int) -> bytes:
    """Encodes an integer as a field."""
    return _as_varint(number << 3 | VARINT) + _as_varint(value & (1 << 64) - 1)


def bytes_field(number: int, *parts: bytes | memoryview) -> bytes:
    """Encodes bytes, or a message of these parts, as a field."""
    return b"".join((header(number, sum(map(len, parts))), *parts))


def header(number: int, size: int) -> bytes:
    """The key and length before `size` bytes of a field."""
    return _as_varint(number << 3 | BYTES) + _as_varint(size)


def text_field(number: int, text: str) -> bytes:
    """Encodes a text as a field."""
    return bytes_field(number, text.encode())


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise DamagedError("it ends before its last field does")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
    raise DamagedError("it is not in ONNX's format")


def _as_varint(value: int) -> bytes:
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
