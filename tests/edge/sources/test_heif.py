"""HEIF images: tiles, orientation, limits and damaged files."""

from __future__ import annotations

import contextlib
import logging
import struct
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import SourceError
from edge.sources import geometry, open_source
from edge.sources.demuxer import DemuxError, _video_stream
from edge.sources.geometry import Orientation
from edge.sources.heif import HeifError, read_heif
from edge.sources.image_header import is_heif

TILE = (64, 48)
SIZE = (120, 90)


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, bytes([version]) + flags.to_bytes(3, "big"), *content)


def ispe(size: tuple[int, int]) -> bytes:
    return full(b"ispe", struct.pack(">II", *size))


def turned(quarters: int) -> bytes:
    return box(b"irot", bytes([quarters]))


def mirrored(axis: int) -> bytes:
    return box(b"imir", bytes([axis]))


def heif(
    tiles: Sequence[bytes],
    tile_size: tuple[int, int],
    *,
    columns: int = 0,
    size: tuple[int, int] | None = None,
    properties: Sequence[bytes] = (),
    kind: bytes = b"jpeg",
    brand: bytes = b"heic",
) -> bytes:
    """A still image: the first tile where columns is 0, else a grid of all tiles, cut to `size`."""
    count = len(tiles)
    grid = count + 1
    primary = grid if columns else 1
    kinds = [kind] * count + [b"grid"] * bool(columns)
    infos = [
        full(b"infe", struct.pack(">HH", item, 0), name, b"\0", version=2, flags=1)
        for item, name in enumerate(kinds, 1)
    ]
    stored = [ispe(tile_size), ispe(size or tile_size), *properties]
    ours = bytes(range(3, 3 + len(properties)))
    owned = dict.fromkeys(range(1, count + 1), b"\x01")
    owned[primary] = (b"\2" if columns else b"\1") + ours
    associations = [struct.pack(">HB", item, len(numbers)) + numbers for item, numbers in sorted(owned.items())]
    boxes = [
        full(b"hdlr", b"\0\0\0\0pict" + b"\0" * 13),
        full(b"pitm", struct.pack(">H", primary)),
        full(b"iinf", struct.pack(">H", len(kinds)), *infos),
        box(
            b"iprp",
            box(b"ipco", *stored),
            full(b"ipma", struct.pack(">I", len(associations)), *associations),
        ),
    ]
    description = b""
    if columns:
        description = struct.pack(">BBBBHH", 0, 0, count // columns - 1, columns - 1, *(size or tile_size))
        parts = struct.pack(f">HH{count}H", grid, count, *range(1, grid))
        boxes += [full(b"iref", box(b"dimg", parts)), box(b"idat", description)]
    head = box(b"ftyp", brand, b"\0\0\0\0", brand, b"mif1")

    def meta(begin: int) -> bytes:
        places = []
        for item, tile in enumerate(tiles, 1):
            places.append(struct.pack(">HHHHII", item, 0, 0, 1, begin, len(tile)))
            begin += len(tile)
        if columns:
            places.append(struct.pack(">HHHHII", grid, 1, 0, 1, 0, len(description)))
        table = full(b"iloc", b"\x44\0", struct.pack(">H", len(places)), *places, version=1)
        return full(b"meta", *boxes, table)

    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", *tiles)


def painted() -> np.ndarray:
    """Gray squares of 16 pixels, none like another near it; 120 x 90."""
    squares = np.random.default_rng(0).permutation(48).reshape(6, 8, 1) * 5
    return np.kron(squares, np.ones((16, 16, 3))).astype(np.uint8)[: SIZE[1], : SIZE[0]]


def tiles() -> list[bytes]:
    whole = cv2.copyMakeBorder(painted(), 0, 6, 0, 8, cv2.BORDER_REPLICATE)
    width, height = TILE
    made = []
    for top in (0, height):
        for left in (0, width):
            good, content = cv2.imencode(".jpg", whole[top : top + height, left : left + width], [1, 100])
            assert good
            made.append(content.tobytes())
    return made


def grid(*properties: bytes, size: tuple[int, int] = SIZE) -> bytes:
    return heif(tiles(), TILE, columns=2, size=size, properties=properties)


@pytest.mark.parametrize("name", ["photo.heic", "photo.avif", "photo.jpg", "photo.mp4"])
def test_heif_tiles_are_joined_for_any_file_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(grid())
    with open_source(str(tmp_path / name)) as source:
        (frame,) = source
        assert (source.size, source.frame_count, source.problems) == (SIZE, 1, [])
    np.testing.assert_allclose(frame.image.astype(int), painted(), atol=8)


# Counter-clockwise quarters, then a mirror: 0 exchanges top and bottom, 1 left and right. The number is EXIF's.
TURNS = {
    1: (),
    2: (mirrored(1),),
    3: (turned(2),),
    4: (mirrored(0),),
    5: (turned(1), mirrored(0)),
    6: (turned(3),),
    7: (turned(3), mirrored(0)),
    8: (turned(1),),
}


@pytest.mark.parametrize("code", sorted(TURNS))
def test_heif_orientation_is_applied(code: int) -> None:
    expected = Orientation.from_exif(code)
    image = read_heif(grid(*TURNS[code]))
    np.testing.assert_allclose(image.astype(int), expected.apply(painted()), atol=8)
    one = read_heif(heif(tiles(), TILE, properties=TURNS[code]))
    np.testing.assert_allclose(one.astype(int), expected.apply(painted()[: TILE[1], : TILE[0]]), atol=8)


def test_heif_image_above_the_limit_raises(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(grid(size=(20_000, 10_000)))
    with pytest.raises(SourceError, match=r"a\.heic: 20000 x 10000 pixels exceed the limit of 100 megapixels"):
        open_source(str(tmp_path / "a.heic"))


def test_heif_tiles_above_the_limit_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.sources.heif.MAX_PIXELS", 4000)
    with pytest.raises(HeifError, match="4 tiles"):
        read_heif(grid(size=(8, 8)))


def test_heif_tiles_that_do_not_cover_the_image_raise() -> None:
    with pytest.raises(HeifError, match="do not cover"):
        read_heif(grid(size=(140, 90)))


def test_heif_damaged_tile_raises() -> None:
    damaged = grid().replace(tiles()[2], b"\0" * len(tiles()[2]))
    with pytest.raises(HeifError, match="decoded"):
        read_heif(damaged)


def test_heif_unknown_item_kind_is_named() -> None:
    with pytest.raises(HeifError, match="'iovl'"):
        read_heif(grid().replace(b"grid", b"iovl"))


def test_is_heif_video_or_sequence_is_false() -> None:
    assert not is_heif(b"\0\0\0\x18ftypisom\0\0\0\0isommp42")
    assert not is_heif(b"\0\0\0\x18ftypavis\0\0\0\0avifmif1")
    assert not is_heif(b"")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_heif_damaged_file_is_read_or_raises(data: st.DataObject) -> None:
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    content = bytearray(grid())
    end = content.index(b"mdat")
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, end))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(end // 2, len(content)))
    with contextlib.suppress(HeifError):
        assert read_heif(bytes(content[:cut])).size <= 3 * geometry.MAX_PIXELS


def test_heif_ffmpeg_stream_ids_equal_item_ids(tmp_path: Path) -> None:
    """The reader depends on it; and where an image is read as a video, no single tile is taken for it."""
    (tmp_path / "a.heic").write_bytes(grid())
    with av.open(str(tmp_path / "a.heic")) as container:
        assert [stream.id for stream in container.streams.video] == [1, 2, 3, 4]
        with pytest.raises(DemuxError, match="tiles of a HEIF image"):
            _video_stream(container)
