"""The Python decoder: messages that it rejects, damaged messages, and messages of later publishers."""

from __future__ import annotations

import json
import struct
import warnings
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshcast.errors import DamagedError, NotMeshcastError, TruncatedError, WireError, WireVersionError
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import (
    COMMON_HEADER,
    FRAME_HEADER,
    MODEL_HEADER,
    OBSERVED,
    OBSERVED_FRAME_HEADER,
    STATUS_HEADER,
)
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.transport.reader import Reader

GOLDEN = Path(__file__).parents[1] / "data/wire"
PACKETS = {path.name: path.read_bytes() for path in sorted(GOLDEN.glob("*.bin"))}
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
BARE = PACKETS["model_bare.bin"]


def header_of(name: str) -> np.dtype[Any]:
    frame = OBSERVED_FRAME_HEADER if PACKETS[name][107] & OBSERVED else FRAME_HEADER
    return {"model": MODEL_HEADER, "status": STATUS_HEADER}.get(name.split("_")[0], frame)


def patched(name: str, field: str, value: object) -> bytes:
    data = bytearray(PACKETS[name])
    np.frombuffer(data, header_of(name), 1)[field] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", NotMeshcastError, "not a Meshcast message"),
        (b"mesh/cam\0" + b"x" * 500, NotMeshcastError, "not a Meshcast message"),
        (PACKETS["mesh_2_people.bin"][:100], NotMeshcastError, "not a Meshcast message"),
        (PACKETS["mesh_2_people.bin"][:-1], TruncatedError, "499 bytes arrived of 500"),
        (PACKETS["mesh_2_people.bin"] + b"\0", TruncatedError, "501 bytes arrived of 500"),
        (patched("mesh_2_people.bin", "version", 2), WireVersionError, "version 2 .this client supports 1.; upgrade"),
        (patched("mesh_2_people.bin", "kind", 9), WireVersionError, "message type 9"),
        (patched("mesh_2_people.bin", "axes", 7), WireVersionError, "axes code 7"),
        (patched("model_opencv.bin", "influences", 8), WireVersionError, "8 joints per vertex"),
        (patched("status_live.bin", "state", 3), WireVersionError, "state code 3"),
        (patched("mesh_2_people.bin", "kind", 2), DamagedError, "topic"),
        (patched("mesh_2_people.bin", "topic", b"mesh/a/b"), DamagedError, "topic"),
        (patched("mesh_2_people.bin", "topic", b"mesh/"), DamagedError, "topic"),
        (patched("mesh_2_people.bin", "model_name", b"\xff"), DamagedError, "body model"),
        (patched("mesh_2_people.bin", "header_size", 204), DamagedError, "header size 204"),
        (patched("mesh_2_people.bin", "header_size", 2**32 - 4), DamagedError, "header size"),
        (patched("mesh_2_people.bin", "people", 3), DamagedError, "message"),
        (patched("mesh_2_people.bin", "people", 1), DamagedError, "message"),
        (patched("mesh_2_people.bin", "people", 2**32 - 1), DamagedError, "limits are 4096"),
        (patched("mesh_0_people.bin", "vertices", 2**32 - 1), DamagedError, "4096 people and 1048576 vertices"),
        (patched("mesh_2_people.bin", "vertices", 2**20), TruncatedError, "vertices would end at byte"),
        (patched("mesh_2_people.bin", "fx", np.nan), DamagedError, "invalid camera intrinsics"),
        (patched("mesh_2_people.bin", "t_stream_s", np.inf), DamagedError, "stream time"),
        (patched("model_bare.bin", "faces", 2**32 - 1), TruncatedError, "faces would end"),
        (patched("model_bare.bin", "vertices", 2**32 - 1), DamagedError, "limit is 1048576"),
        (patched("model_bare.bin", "joints", 4), DamagedError, "names and 2 parents for 4 joints"),
        (BARE.replace(struct.pack("<3i", 0, 1, 2), struct.pack("<3i", 0, 1, 7)), DamagedError, "faces out of range"),
        (BARE.replace(struct.pack("<2i", -1, 0), struct.pack("<2i", -1, 1)), DamagedError, "parents out of range"),
        (BARE.replace("tête".encode(), b"t\xff\xffte"), DamagedError, "not UTF-8"),
        (patched("model_opencv.bin", "shapes", 65535), TruncatedError, "would end at byte"),
        (patched("model_opencv.bin", "uvs", 2**32 - 1), TruncatedError, "uvs would end at byte"),
        (patched("model_opencv.bin", "lod_faces", 2**32 - 1), TruncatedError, "lod_faces would end at byte"),
        (
            PACKETS["model_opencv.bin"].replace(struct.pack("<2i", 4, 6), struct.pack("<2i", 4, 4)),
            DamagedError,
            "lod_vertices out",
        ),
        (
            PACKETS["model_opencv.bin"].replace(b"\0\1\0\0" * 7, b"\0\2\0\0" * 7),
            DamagedError,
            "skin_joints out of range",
        ),
        (patched("params_opencv.bin", "rotations", 65535), TruncatedError, "rotations would end at byte"),
        (patched("mesh_visibility.bin", "header_size", 208), DamagedError, "size 208 has no room for visibilities"),
        (patched("mesh_visibility.bin", "visibilities", 2), DamagedError, "2 visibilities of 3 joints"),
        (patched("mesh_visibility.bin", "contacts", 3), DamagedError, "3 contacts of 2 feet"),
        (patched("params_visibility.bin", "visibilities", 65535), TruncatedError, "visibility would end at byte"),
        (patched("params_visibility.bin", "visibilities", 0), TruncatedError, "its arrays need"),
        (patched("mesh_2_people.bin", "flags", OBSERVED), DamagedError, "no room for visibilities"),
        (patched("status_live.bin", "reason_size", 2**32 - 1), TruncatedError, "reason would end at byte"),
        (PACKETS["status_ended.bin"].replace("ä".encode(), b"\xff\xff"), DamagedError, "not UTF-8"),
    ],
)
def test_decode_invalid_message_raises_its_error_in_one_line(data: bytes, error: type[WireError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_reader_invalid_message_keeps_the_error_type_and_names_the_address() -> None:
    with pytest.raises(WireVersionError, match=r"^tcp://10\.0\.0\.1:5556: unsupported protocol version 2"):
        Reader("tcp://10.0.0.1:5556").read(patched("mesh_2_people.bin", "version", 2))


@pytest.mark.parametrize("name", EXPECTED["observed"])
def test_decode_visibility_and_contacts_give_golden_numbers(name: str) -> None:
    packet = decode(PACKETS[name])
    assert isinstance(packet, FramePacket)
    for field, values in EXPECTED["observed"][name].items():
        found = getattr(packet.people, field)
        if values is None:
            assert found is None
        else:
            np.testing.assert_allclose(found, values, rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", list(PACKETS))
def test_decode_longer_header_and_further_arrays_reads_the_known_ones(name: str) -> None:
    header = header_of(name)
    size = header.itemsize
    data = bytearray(PACKETS[name][:size] + b"newfield" + PACKETS[name][size:] + b"new array")
    fields = np.frombuffer(data, header, 1)
    fields["header_size"], fields["message_size"] = fields["header_size"] + 8, len(data)
    assert numbers(decode(bytes(data))) == numbers(decode(PACKETS[name]))


def numbers(packet: object) -> object:
    """A packet with its arrays as lists, which can be compared."""
    if isinstance(packet, np.ndarray):
        return packet.tolist()
    if not is_dataclass(packet):
        return packet
    return {field.name: numbers(getattr(packet, field.name)) for field in fields_of(packet)}


def check_any_bytes(data: bytes) -> None:
    message = ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            packet = decode(data)
        except WireError as error:
            message = str(error)
    assert "\n" not in message
    if message:
        return
    if isinstance(packet, FramePacket):
        people = packet.people
        for field in fields_of(people):
            array = getattr(people, field.name)
            assert array is None or np.isfinite(array).all()
    elif isinstance(packet, ModelPacket):
        body = packet.body
        assert body.faces.size == 0 or body.faces.max() < len(body.rest_vertices)
        assert body.lod is None or body.lod.faces.size == 0 or body.lod.faces.max() < len(body.lod.vertices)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_decode_any_bytes_returns_a_packet_or_raises_wire_error(data: bytes) -> None:
    check_any_bytes(data)
    start = PACKETS["mesh_0_people.bin"][: COMMON_HEADER.itemsize]
    check_any_bytes(start[:52] + struct.pack("<I", len(start) + len(data)) + start[56:] + data)


@settings(deadline=None, max_examples=400)
@given(
    name=st.sampled_from(sorted(PACKETS)),
    patches=st.lists(
        st.tuples(
            st.integers(0, 499),
            st.one_of(
                st.binary(min_size=1, max_size=4),
                st.sampled_from([0, 1, 2, 2**16, 2**31, 2**32 - 1, 0x7F800000, 0x7FC00000]).map(
                    lambda value: struct.pack("<I", value)
                ),
            ),
        ),
        max_size=4,
    ),
    cut=st.one_of(st.none(), st.integers(0, 500)),
    right_size=st.booleans(),
)
def test_decode_damaged_packet_returns_a_packet_or_raises_wire_error(
    name: str, patches: list[tuple[int, bytes]], cut: int | None, right_size: bool
) -> None:
    data = bytearray(PACKETS[name])
    for at, patch in patches:
        at = at % len(data) // 4 * 4
        data[at : at + len(patch)] = patch
    data = data[:cut]
    if right_size and len(data) >= 56:
        data[52:56] = struct.pack("<I", len(data))
    check_any_bytes(bytes(data))
