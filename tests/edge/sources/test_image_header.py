"""Image sizes in file headers, and limits that are checked before decoding."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SourceError
from edge.sources import open_source
from edge.sources.image_header import image_size

SUFFIXES = [".png", ".jpg", ".webp", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".pbm", ".pam", ".pfm", ".hdr", ".ras"]
SUFFIXES += [".jp2"]


def encoded(suffix: str, size: tuple[int, int] = (137, 123)) -> bytes:
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    if suffix in (".pgm", ".pbm"):
        image = image[:, :, 0]
    if suffix in (".pfm", ".hdr"):
        image = image.astype(np.float32)
    good, content = cv2.imencode(suffix, image)
    assert good
    return content.tobytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_image_size_equals_decoded_size(suffix: str) -> None:
    assert image_size(encoded(suffix)) == (137, 123)


def test_image_size_lossless_and_extended_webp() -> None:
    image = np.zeros((23, 37, 4), np.uint8)
    lossless = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert image_size(lossless) == (37, 23)
    body = b"WEBPVP8X\x0a\0\0\0\0\0\0\0" + struct.pack("<I", 70_000)[:3] + struct.pack("<I", 50_000)[:3]
    assert image_size(b"RIFF" + struct.pack("<I", len(body)) + body) == (70_001, 50_001)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_image_size_tiff_includes_tiles(order: str, big: bool) -> None:
    entries = [(256, 4, 100), (257, 3, 50), (322, 4, 60_000), (323, 4, 40_000)]
    mark = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    begin = struct.pack(order + "HHQ", 8, 0, 16) if big else struct.pack(order + "I", 8)
    table = struct.pack(order + ("Q" if big else "H"), len(entries))
    for tag, kind, value in entries:
        number = struct.pack(order + ("I" if kind == 4 else "H"), value).ljust(8 if big else 4, b"\0")
        table += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, 1) + number
    assert image_size(mark + begin + table) == (60_000, 40_000)


def test_image_size_openexr_data_window() -> None:
    window = b"dataWindow\0box2i\0" + struct.pack("<Iiiii", 16, -10, -20, 1989, 979)
    assert image_size(b"\x76\x2f\x31\x01\x02\0\0\0" + window) == (2000, 1000)


def test_image_size_pnm_comments_are_skipped() -> None:
    assert image_size(b"P6 # 9 9\n# 7\n 300\t200 255\n") == (300, 200)


def test_image_size_pnm_long_number_is_bounded() -> None:
    assert image_size(b"P5 99999999999999 10 255 ") == (10**9, 10)


def huge(suffix: str) -> bytes:
    """A small file that claims 40,000 x 30,000 pixels."""
    content = bytearray(encoded(suffix))
    if suffix == ".png":
        content[16:24] = struct.pack(">II", 40_000, 30_000)
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    elif suffix == ".jpg":
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = struct.pack(">HH", 30_000, 40_000)
    elif suffix == ".bmp":
        content[18:26] = struct.pack("<ii", 40_000, -30_000)
    elif suffix == ".jp2":
        at = content.index(b"\xff\x4f\xff\x51") + 8
        content[at : at + 8] = struct.pack(">II", 40_000, 30_000)
    elif suffix == ".gif":
        content[6:10] = struct.pack("<HH", 40_000, 30_000)
    else:
        content = bytearray(re.sub(rb"137(\D+)123", rb"40000\g<1>30000", content, count=1))
    return bytes(content)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".jp2", ".gif", ".ppm", ".pam", ".pfm"])
def test_open_source_huge_image_raises_without_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / "a.png"  # content says what it is, not the name
    path.write_bytes(huge(suffix))
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    says = r"a\.png: 40000 x 30000 pixels exceed the limit of 100 megapixels; scale it down$"
    with pytest.raises(SourceError, match=says):
        open_source(str(path))


def test_open_source_huge_image_in_folder_is_skipped_and_reported(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(huge(".png"))
    (tmp_path / "2.png").write_bytes(encoded(".png"))
    with open_source(str(tmp_path)) as source:
        assert len(list(source)) == 1
    (problem,) = source.problems
    assert "1.png: 40000 x 30000 pixels" in problem


@given(kind=st.sampled_from(SUFFIXES), data=st.data())
def test_image_size_damaged_header_is_positive_or_none(kind: str, data: st.DataObject) -> None:
    content = bytearray(encoded(kind))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, min(len(content) - 1, 200)))] = data.draw(st.integers(0, 255))
    size = image_size(bytes(content[: data.draw(st.integers(0, len(content)))]))
    assert size is None or min(size) > 0


@given(st.binary(max_size=200))
def test_image_size_any_bytes_is_positive_or_none(content: bytes) -> None:
    size = image_size(content)
    assert size is None or min(size) > 0
