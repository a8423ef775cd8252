"""Damaged files for fuzzing: valid samples, taken apart into parts, changed, and put together again.

Archives and recordings are changed inside, with right checksums around it, or nothing but the checksums would be tried.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import zstandard
from hypothesis import strategies as st
from mcap.writer import MCAP0_MAGIC

# Sizes and counts at the borders of what fits and what does not.
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)
WIDTHS = (1, 2, 4, 8)
TOKENS = (
    b"",
    b"\0",
    b"\n",
    b"[",
    b"{",
    b"(",
    b"'",
    b'"',
    b"=",
    b"..",
    b"/",
    b"%",
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"\xff",
)
PLACES = 1 << 16


@dataclass(frozen=True, slots=True)
class Sample:
    """A valid file as parts, and how parts become a file again."""

    parts: tuple[bytes, ...]
    join: Callable[[tuple[bytes, ...]], bytes] = b"".join

    def whole(self) -> bytes:
        return self.join(self.parts)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: `place` and `length` are shares of the part in 1 / PLACES, `value` chooses a number or token."""

    kind: str
    part: int
    place: int
    length: int
    value: int

    def __call__(self, parts: list[bytes]) -> None:
        index = self.part % len(parts)
        data = parts[index]
        begin = self.place * len(data) // PLACES
        end = min(len(data), begin + 1 + self.length * self.length * len(data) // PLACES**2)
        number, width = NUMBERS[self.value % len(NUMBERS)], WIDTHS[self.length % len(WIDTHS)]
        packed = (number % (1 << 8 * width)).to_bytes(width, "little")
        token = TOKENS[self.value % len(TOKENS)] * (1 + self.length % 3)
        parts[index] = {
            "flip": lambda: (
                data[:begin] + bytes([data[begin] ^ (1 << self.value % 8)]) + data[begin + 1 :] if data else b""
            ),
            "number": lambda: data[:begin] + packed + data[begin + width :],
            "token": lambda: data[:begin] + token + data[begin:],
            "delete": lambda: data[:begin] + data[end:],
            "repeat": lambda: data[:end] + data[begin:end] * (1 + self.value % 50) + data[end:],
            "truncate": lambda: data[:begin],
            "swap": lambda: parts[self.value % len(parts)],
            "nest": lambda: data[:begin] + TOKENS[3 + self.value % 3] * 2000 + data[begin:],
        }[self.kind]()


KINDS = ("flip", "number", "token", "delete", "repeat", "truncate", "swap", "nest")
EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(KINDS),
        st.integers(0, 31),
        st.integers(0, PLACES - 1),
        st.integers(0, PLACES - 1),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=6,
)


def damaged(samples: tuple[Sample, ...]) -> st.SearchStrategy[bytes]:
    """Files made of one of the samples by a few changes, within the parts or of the whole."""

    def made(sample: Sample, inside: list[Edit], outside: list[Edit]) -> bytes:
        parts = list(sample.parts)
        for edit in inside:
            edit(parts)
        whole = [sample.join(tuple(parts))]
        for edit in outside:
            edit(whole)
        return whole[0]

    nothing: list[Edit] = []
    either = st.one_of(st.tuples(EDITS, st.just(nothing)), st.tuples(st.just(nothing), EDITS))
    return st.builds(lambda sample, edits: made(sample, *edits), st.sampled_from(samples), either)


def plain(data: bytes) -> Sample:
    """A file of one part."""
    return Sample((data,))


def archive(data: bytes, *, pack: int = zipfile.ZIP_STORED) -> Sample:
    """A zip archive, its members as parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        names = file.namelist()
        parts = tuple(file.read(name) for name in names)

    def join(changed: tuple[bytes, ...]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", pack) as file:
            for name, part in zip(names, changed, strict=True):
                file.writestr(name, part)
        return out.getvalue()

    return Sample(parts, join)


def recording(records: tuple[bytes, ...], compression: str) -> Sample:
    """An MCAP file of one chunk, the chunk's records as parts."""

    def join(changed: tuple[bytes, ...]) -> bytes:
        content = b"".join(changed)
        data = zstandard.compress(content) if compression == "zstd" else content
        name = compression.encode()
        head = struct.pack("<QQQII", 0, 0, len(content), 0, len(name)) + name + struct.pack("<Q", len(data))
        return MCAP0_MAGIC + struct.pack("<BQ", 6, len(head) + len(data)) + head + data

    return Sample(records, join)


def safetensors(data: bytes) -> Sample:
    """A safetensors file, its header and its numbers as parts; the header's length is right."""
    size = int.from_bytes(data[:8], "little")
    return Sample(
        (data[8 : 8 + size], data[8 + size :]), lambda parts: struct.pack("<Q", len(parts[0])) + b"".join(parts)
    )
