"""Reader of HEIF images (HEIC, AVIF): finds the coded items of the primary image and assembles its tiles."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np

from edge.sources.geometry import MAX_PIXELS, Orientation, too_large, too_large_text
from edge.types import U8

_CODED = frozenset((b"hvc1", b"av01", b"avc1", b"jpeg"))
_MAX_ITEMS = 4096
_GRID_BYTES = 12


class HeifError(Exception):
    """The file holds no readable image; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Layout:
    """An image of `size` (width, height): a grid of items with `columns` per row, cropped at the right and the bottom,
    then transformed by `orientation`."""

    items: tuple[int, ...]
    columns: int
    size: tuple[int, int]
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    content: bytes


def read_heif(data: bytes) -> U8:
    """Read the primary image (H, W, 3) uint8 BGR of a HEIF file, complete and upright. Raises HeifError."""
    try:
        layout = _layout(data)
    except (struct.error, LookupError, ValueError):
        raise HeifError("corrupted image index") from None
    if too_large(layout.size):
        raise HeifError(too_large_text(layout.size))
    tiles = _decode(data, set(layout.items))
    width, height = layout.size
    if len(layout.items) == 1:
        return layout.orientation.apply(tiles[layout.items[0]])
    canvas = np.zeros((height, width, 3), np.uint8)
    tile_height, tile_width = tiles[layout.items[0]].shape[:2]
    rows = len(layout.items) // layout.columns
    if tile_width * layout.columns < width or tile_height * rows < height:
        raise HeifError(f"{len(layout.items)} tiles do not cover {width} x {height} pixels")
    for index, item in enumerate(layout.items):
        top, left = index // layout.columns * tile_height, index % layout.columns * tile_width
        if tiles[item].shape[:2] != (tile_height, tile_width):
            raise HeifError("tiles of different sizes")
        cell = canvas[top : top + tile_height, left : left + tile_width]
        cell[:] = tiles[item][: cell.shape[0], : cell.shape[1]]
    return layout.orientation.apply(canvas)


def _decode(data: bytes, items: set[int]) -> dict[int, U8]:
    """Decode these items; FFmpeg presents each as a stream whose id is the number of the item."""
    tiles: dict[int, U8] = {}
    try:
        with av.open(io.BytesIO(data), format="mov") as container:
            streams = [stream for stream in container.streams.video if stream.id in items]
            sizes = [(stream.codec_context.width, stream.codec_context.height) for stream in streams]
            if sum(width * height for width, height in sizes) > 2 * MAX_PIXELS:
                raise HeifError(f"{len(sizes)} tiles of {too_large_text(sizes[0])}")
            for stream, size in zip(streams, sizes, strict=True):
                stream.codec_context.options = {"max_pixels": str(2 * size[0] * size[1] + 4096)}
            for packet in container.demux(streams):
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame):
                        tiles.setdefault(
                            packet.stream.id, frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
                        )
    except (av.FFmpegError, OSError, ValueError):
        raise HeifError("a part of the image cannot be decoded") from None
    if missing := len(items - tiles.keys()):
        raise HeifError(f"{missing} of {len(items)} tiles cannot be decoded")
    return tiles


def _layout(data: bytes) -> Layout:
    meta = next((box.content[4:] for box in _boxes(data) if box.kind == b"meta"), None)
    if meta is None:
        raise HeifError("no image index")
    index = _Index(data, {box.kind: box.content for box in _boxes(meta)})
    primary = index.primary
    kind = index.kinds.get(primary, b"")
    orientation = index.orientation(primary)
    if kind in _CODED:
        return Layout((primary,), 1, index.size(primary), orientation)
    if kind != b"grid":
        raise HeifError(f"unsupported image type {kind.decode('ascii', 'replace')!r}")
    rows, columns, size = _grid(index.content(primary))
    items = index.parts(primary)
    if rows * columns != len(items) or any(index.kinds.get(item) not in _CODED for item in items):
        raise HeifError(f"some of the {rows} x {columns} tiles are missing")
    return Layout(items, columns, size, orientation)


def _grid(content: bytes) -> tuple[int, int, tuple[int, int]]:
    """Read rows, columns and (width, height) of a grid."""
    rows, columns = content[2] + 1, content[3] + 1
    width, height = struct.unpack_from(">II" if content[1] & 1 else ">HH", content, 4)
    return rows, columns, (width, height)


class _Index:
    """The boxes in "meta" of a file: its items, their locations and properties."""

    def __init__(self, data: bytes, boxes: dict[bytes, bytes]) -> None:
        self._data = data
        self._boxes = boxes
        pitm = boxes[b"pitm"]
        self.primary: int = struct.unpack_from(">I" if pitm[0] else ">H", pitm, 4)[0]
        self.kinds = dict(self._item_kinds())
        self._properties = dict(self._associations())

    def size(self, item: int) -> tuple[int, int]:
        """Return (width, height) of an item before its orientation is applied."""
        sizes = [struct.unpack_from(">II", box.content, 4) for box in self._properties_of(item) if box.kind == b"ispe"]
        return (sizes[0][0], sizes[0][1]) if sizes else (0, 0)

    def orientation(self, item: int) -> Orientation:
        """Return the orientation from the rotations and mirrors of an item, in order."""
        orientation = Orientation()
        for box in self._properties_of(item):
            if box.kind == b"irot":
                orientation = orientation.then(box.content[0] & 3)
            elif box.kind == b"imir":
                orientation = orientation.then(mirror_x=bool(box.content[0] & 1), mirror_y=not box.content[0] & 1)
        return orientation

    def parts(self, item: int) -> tuple[int, ...]:
        """Return the items that a derived item consists of, in order."""
        iref = self._boxes.get(b"iref", b"\0" * 4)
        form = ">I" if iref[0] else ">H"
        size = struct.calcsize(form)
        for box in _boxes(iref[4:]):
            if box.kind == b"dimg" and struct.unpack_from(form, box.content)[0] == item:
                count = struct.unpack_from(">H", box.content, size)[0]
                return struct.unpack_from(f">{count}{form[1]}", box.content, size + 2)
        return ()

    def content(self, item: int) -> bytes:
        """Return the first bytes of an item, enough for the description of a grid."""
        iloc = self._boxes[b"iloc"]
        version = iloc[0]
        reader = _Reader(iloc, 4)
        sizes = reader.number(2)
        offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
        index_size = sizes & 15 if version else 0
        for _ in range(min(reader.number(4 if version == 2 else 2), _MAX_ITEMS)):
            found = reader.number(4 if version == 2 else 2)
            method = reader.number(2) & 15 if version else 0
            reader.number(2)
            base = reader.number(base_size)
            content = b""
            for _ in range(reader.number(2)):
                reader.number(index_size)
                begin = base + reader.number(offset_size)
                length = reader.number(length_size)
                if found == item:
                    source = self._boxes.get(b"idat", b"") if method == 1 else self._data
                    content += source[begin : begin + min(length, _GRID_BYTES - len(content))]
            if found == item:
                return content
        return b""

    def _properties_of(self, item: int) -> list[_Box]:
        properties = list(_boxes({box.kind: box.content for box in _boxes(self._boxes[b"iprp"])}[b"ipco"]))
        return [properties[number - 1] for number in self._properties.get(item, ()) if 0 < number <= len(properties)]

    def _item_kinds(self) -> Iterator[tuple[int, bytes]]:
        iinf = self._boxes[b"iinf"]
        for box in _boxes(iinf[8 if iinf[0] else 6 :]):
            if box.kind == b"infe" and box.content[0] >= 2:
                reader = _Reader(box.content, 4)
                item = reader.number(2 if box.content[0] == 2 else 4)
                reader.number(2)
                yield item, box.content[reader.at : reader.at + 4]

    def _associations(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        for box in _boxes(self._boxes.get(b"iprp", b"")):
            if box.kind != b"ipma":
                continue
            reader = _Reader(box.content, 4)
            wide = box.content[3] & 1
            for _ in range(min(reader.number(4), _MAX_ITEMS)):
                item = reader.number(4 if box.content[0] else 2)
                count = reader.number(1)
                yield item, tuple(reader.number(2) & 0x7FFF if wide else reader.number(1) & 0x7F for _ in range(count))


class _Reader:
    """Reads consecutive big-endian numbers."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at

    def number(self, size: int) -> int:
        """Read the next number of `size` bytes; 0 if size is 0. Raises ValueError at the end."""
        content = self._data[self.at : self.at + size]
        if len(content) < size:
            raise ValueError("too short")
        self.at += size
        return int.from_bytes(content, "big")


def _boxes(data: bytes) -> Iterator[_Box]:
    """Yield the consecutive boxes in these bytes."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            length, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        end = len(data) if length == 0 else at + length
        if end < at + head:
            return
        yield _Box(kind, data[at + head : end])
        at = end
