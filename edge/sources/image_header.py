"""Image sizes from file headers, so that oversized images are refused before decoding."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

Size = tuple[int, int]

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT = 256, 257, 322, 323
_TIFF_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_MAX_DIGITS = 9
_STILL_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif"))
_SEQUENCE_BRANDS = frozenset((b"hevc", b"hevx", b"msf1", b"avis"))
_BRAND_BYTES = 256


def image_size(data: bytes) -> Size | None:
    """Return the (width, height) that a decoder would allocate; None for an unknown format.

    Supports the formats that OpenCV reads: PNG, JPEG, WebP, TIFF, BMP, GIF, the PNM family with PAM and PFM, Radiance
    HDR, Sun raster, JPEG 2000 and OpenEXR. If a file declares several sizes, the largest is returned.
    """
    try:
        sizes = [size for size in _declared_sizes(data) if size[0] > 0 and size[1] > 0]
    except (struct.error, IndexError, ValueError):
        return None
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def is_heif(head: bytes) -> bool:
    """Whether a file with this head is a HEIF still image, not a video or an image sequence."""
    if head[4:8] != b"ftyp" or len(head) < 16:
        return False
    length = min(struct.unpack_from(">I", head)[0], len(head), _BRAND_BYTES)
    major, others = head[8:12], {head[at : at + 4] for at in range(16, length - 3, 4)}
    return major in _STILL_BRANDS or (major not in _SEQUENCE_BRANDS and bool(others & _STILL_BRANDS))


def holds_heif(path: str | Path) -> bool:
    """Whether a file is a HEIF still image (HEIC, AVIF), judged by its content."""
    try:
        if not Path(path).is_file():
            return False
        with open(path, "rb") as file:
            return is_heif(file.read(_BRAND_BYTES))
    except OSError:
        return False


def _declared_sizes(data: bytes) -> Iterator[Size]:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        yield struct.unpack_from(">II", data, 16)
    elif data.startswith(b"\xff\xd8\xff"):
        yield from _jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _webp(data)
    elif data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        yield from _tiff(data)
    elif data.startswith(b"BM"):
        yield _bmp(data)
    elif data[:6] in (b"GIF87a", b"GIF89a"):
        yield struct.unpack_from("<HH", data, 6)
    elif data[:1] == b"P" and data[1:2] in b"123456fF":
        yield from _pnm(data)
    elif data.startswith(b"P7"):
        yield from _pam(data)
    elif data.startswith((b"#?RADIANCE", b"#?RGBE")):
        yield from _radiance(data)
    elif data.startswith(b"\x59\xa6\x6a\x95"):
        yield struct.unpack_from(">II", data, 4)
    elif data.startswith((b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")):
        yield from _jpeg_2000(data)
    elif data.startswith(b"\x76\x2f\x31\x01"):
        yield from _openexr(data)


def _jpeg(data: bytes) -> Iterator[Size]:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:  # decoders resynchronize at the next marker
            at = data.find(b"\xff", at)
            if at < 0:
                return
            continue
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_ALONE or marker == 0:
            at += 2
        elif marker in (0xDA, 0xD9):
            return
        else:
            if marker in _JPEG_FRAMES:
                height, width = struct.unpack_from(">HH", data, at + 5)
                yield width, height
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]


def _webp(data: bytes) -> Iterator[Size]:
    at = 12
    while at + 18 <= len(data):
        kind, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        content = data[at + 8 : at + 24]
        if kind == b"VP8X":
            yield 1 + int.from_bytes(content[4:7], "little"), 1 + int.from_bytes(content[7:10], "little")
        elif kind == b"VP8 " and content[3:6] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", content, 6)
            yield width & 0x3FFF, height & 0x3FFF
        elif kind == b"VP8L" and content[:1] == b"\x2f":
            bits = int.from_bytes(content[1:5], "little")
            yield 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"ANMF":
            yield 1 + int.from_bytes(content[6:9], "little"), 1 + int.from_bytes(content[9:12], "little")
        at += 8 + length + length % 2


def _tiff(data: bytes) -> Iterator[Size]:
    order = "<" if data[:2] == b"II" else ">"
    big = b"+" in data[2:4]
    at = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    count = struct.unpack_from(order + ("Q" if big else "H"), data, at)[0]
    at += 8 if big else 2
    values: dict[int, int] = {}
    for _ in range(min(count, 4096)):
        tag, kind, length = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, at)
        if kind in _TIFF_NUMBERS and length == 1:
            values[tag] = struct.unpack_from(order + _TIFF_NUMBERS[kind], data, at + (12 if big else 8))[0]
        at += 20 if big else 12
    yield values.get(_TIFF_WIDTH, 0), values.get(_TIFF_HEIGHT, 0)
    yield values.get(_TIFF_TILE_WIDTH, 0), values.get(_TIFF_TILE_HEIGHT, 0)


def _bmp(data: bytes) -> Size:
    header = struct.unpack_from("<I", data, 14)[0]
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return abs(width), abs(height)


def _pnm(data: bytes) -> Iterator[Size]:
    words = re.sub(rb"#[^\n\r]*", b" ", data[2:4096]).split(None, 2)
    if len(words) >= 2:
        yield _number(words[0]), _number(words[1])


def _pam(data: bytes) -> Iterator[Size]:
    found = {name: _number(value) for name, value in re.findall(rb"\b(WIDTH|HEIGHT)\s+(\d+)", data[:65536])}
    yield found.get(b"WIDTH", 0), found.get(b"HEIGHT", 0)


def _radiance(data: bytes) -> Iterator[Size]:
    for first, second in re.findall(rb"[-+][XY] +(\d+) +[-+][XY] +(\d+)", data[:65536]):
        yield _number(second), _number(first)


def _jpeg_2000(data: bytes) -> Iterator[Size]:
    at = data.find(b"\xff\x4f\xff\x51")
    if at >= 0:
        right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
        yield right - left, bottom - top


def _openexr(data: bytes) -> Iterator[Size]:
    for window in (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0"):
        at = data.find(window)
        if at >= 0:
            left, top, right, bottom = struct.unpack_from("<iiii", data, at + len(window) + 4)
            yield right - left + 1, bottom - top + 1


def _number(word: bytes) -> int:
    """Parse a decimal number; numbers with too many digits become the largest value."""
    return int(word) if len(word) <= _MAX_DIGITS else 10**_MAX_DIGITS
