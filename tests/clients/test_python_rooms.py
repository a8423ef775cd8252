"""Frame messages of a room: which cameras saw each person, and readers that do not know of it."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meshcast.errors import DamagedError, WireError
from meshcast.protocol.decoding import decode
from meshcast.protocol.encode_frame import encode_frame
from meshcast.protocol.layout import ROOM, ROOM_FRAME_HEADER
from meshcast.protocol.packets import FramePacket

GOLDEN = Path(__file__).parents[1] / "data/wire/mesh_2_people.bin"
VIEWS = np.array([[True, False, True], [False, True, True]])


def packet(views: np.ndarray | None) -> FramePacket:
    found = decode(GOLDEN.read_bytes())
    assert isinstance(found, FramePacket)
    return replace(found, people=replace(found.people, views=views))


def decoded(data: bytes) -> FramePacket:
    found = decode(data)
    assert isinstance(found, FramePacket)
    return found


def patched(data: bytes, offset: int, layout: str, value: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(layout, changed, offset, value)
    return bytes(changed)


def test_views_come_back() -> None:
    data = encode_frame(packet(VIEWS))
    found = decoded(data).people
    assert found.views is not None
    np.testing.assert_array_equal(found.views, VIEWS)
    assert data[107] & ROOM
    np.testing.assert_array_equal(found.vertices, packet(None).people.vertices)


def test_message_without_views_is_what_it_was() -> None:
    data = encode_frame(packet(None))
    assert not data[107] & ROOM
    assert decoded(data).people.views is None


def test_reader_that_does_not_know_rooms_skips_them() -> None:
    data = encode_frame(packet(VIEWS))
    found = decoded(patched(data, 107, "<B", data[107] & ~ROOM)).people
    assert found.views is None
    np.testing.assert_array_equal(found.joints, packet(None).people.joints)


@pytest.mark.parametrize("cameras", [0, 65])
def test_wrong_number_of_cameras_is_damage(cameras: int) -> None:
    data = patched(encode_frame(packet(VIEWS)), ROOM_FRAME_HEADER.itemsize - 4, "<H", cameras)
    with pytest.raises(DamagedError, match=f"{cameras} cameras; a room has 1 to 64"):
        decode(data)


def test_header_without_room_for_the_number_is_damage() -> None:
    data = encode_frame(packet(None))
    with pytest.raises(DamagedError, match="no room for"):
        decode(patched(data, 107, "<B", data[107] | ROOM))


@pytest.mark.parametrize("views", [np.ones((1, 3)), np.ones((2, 65)), np.ones(2), np.ones((2, 0))])
def test_wrong_shape_of_views_is_an_error(views: np.ndarray) -> None:
    with pytest.raises(WireError, match="views has the shape"):
        encode_frame(packet(views))
