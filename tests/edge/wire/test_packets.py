from __future__ import annotations

import json
import re
import struct
import warnings
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.camera import Camera
from edge.types import Bodies, BodyModel, Frame
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from meshcast.errors import WireError
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import COMMON_HEADER, FRAME_HEADER, MODEL_HEADER, STATUS_HEADER, Kind, topic
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from tests.support import golden_packets
from tests.support.paths import ROOT

GOLDEN = ROOT / "tests/data/wire"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
PACKETS = {path.name: path.read_bytes() for path in sorted(GOLDEN.glob("*.bin"))}
MESHES = sorted(EXPECTED["mesh"])
BARE = PACKETS["model_bare.bin"]
MODELS = sorted(EXPECTED["models"])
AXES = sorted(EXPECTED["axes"])
DOCUMENT = (ROOT / "docs/wire.md").read_text()


def bodies(N: int, V: int, *, J: int = 4, K: int = 3, seed: int = 0, size_m: float = 1.7) -> Bodies:
    rng = np.random.default_rng(seed)

    def floats(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return (rng.random(shape) * size_m + [0, 0, 4]).astype(np.float32)

    scores = rng.random(N).astype(np.float32)
    return Bodies(np.arange(N, dtype=np.int32), scores, floats(N, K, 3), floats(N, J, 3), floats(N, V, 3), floats(N, 3))


def frame(index: int = 0) -> Frame:
    return Frame("cam", index, 1_000_000, 0.5, np.zeros((4, 6, 3), np.uint8))


def stamp(seq: int = 0) -> Stamp:
    return Stamp("cam", seq, 1, 2, b"body", 10_000_000_000, 3_000_000)


def mesh(data: bytes) -> FramePacket:
    packet = decode(data)
    assert isinstance(packet, FramePacket)
    return packet


@settings(deadline=None, max_examples=60)
@given(
    N=st.integers(0, 4),
    V=st.integers(0, 100),
    J=st.integers(0, 30),
    K=st.integers(0, 20),
    seed=st.integers(0, 99),
    size_m=st.sampled_from([0.0, 1e-30, 0.01, 1.7, 1000.0]),
)
def test_bodies_survive_the_round_trip(N: int, V: int, J: int, K: int, seed: int, size_m: float) -> None:
    sent = bodies(N, V, J=J, K=K, seed=seed, size_m=size_m)
    before = sent.vertices.copy()
    data = FrameEncoder().mesh(frame(7), sent, stamp(5))
    got = mesh(data).people

    assert len(data) % 4 == 0
    assert np.array_equal(sent.vertices, before)
    for name in ("ids", "scores", "translation", "joints", "keypoints"):
        assert np.array_equal(getattr(got, name), getattr(sent, name)), name
    assert got.vertices.shape == (N, V, 3)
    assert got.vertices.dtype == np.float32
    if N * V:
        extent = np.ptp(sent.vertices, axis=1, keepdims=True)
        rounding = 4 * np.finfo(np.float32).eps * np.abs(sent.vertices).max()
        assert (np.abs(got.vertices - sent.vertices) <= extent / 65535 / 2 + rounding).all()


def test_vertices_of_a_body_are_off_by_less_than_a_thirtieth_of_a_millimetre() -> None:
    sent = bodies(2, 6890)
    got = mesh(FrameEncoder().mesh(frame(), sent, stamp())).people
    assert np.linalg.norm(got.vertices - sent.vertices, axis=-1).max() < 1 / 30_000


def test_header_says_when_where_and_through_which_camera() -> None:
    camera = Camera.from_fov((6, 4), 60)
    packet = mesh(FrameEncoder().mesh(frame(12), bodies(1, 8), stamp(5), camera))

    assert (packet.stream, packet.seq, packet.session, packet.frame_index) == ("cam", 5, 1, 12)
    assert (packet.model_id, packet.model_name, packet.axes, packet.unit, packet.space) == (
        2, "body", "opencv", "m", "camera",
    )  # fmt: skip
    assert packet.size == (6, 4)
    assert packet.t_publish_unix_ns == 10_000_000_000
    assert packet.t_capture_unix_ns == 10_000_000_000 - 2_000_000
    assert packet.t_capture_monotonic_ns == 1_000_000
    assert packet.age_ms == 2.0
    assert packet.camera is not None
    np.testing.assert_allclose(packet.camera.K, camera.K, rtol=1e-6)
    assert not packet.camera.assumed
    assert mesh(FrameEncoder().mesh(frame(), bodies(1, 8), stamp())).camera is None


def test_assumed_field_of_view_is_one_bit_that_older_readers_do_not_look_at() -> None:
    known, guessed = (Camera.from_fov((6, 4), 60, assumed=assumed) for assumed in (False, True))
    told = FrameEncoder().mesh(frame(), bodies(1, 8), stamp(), known)
    marked = FrameEncoder().mesh(frame(), bodies(1, 8), stamp(), guessed)
    assert marked == told[:107] + b"\x01" + told[108:]
    camera = mesh(marked).camera
    assert camera is not None
    assert camera.assumed


def test_frame_captured_after_its_stamp_has_age_zero() -> None:
    late = Frame("cam", 0, 99_000_000, 0.5, np.zeros((4, 6, 3), np.uint8))
    assert mesh(FrameEncoder().mesh(late, bodies(0, 8), stamp())).age_ms == 0.0


@pytest.mark.parametrize("field", ["scores", "translation", "joints", "keypoints", "vertices"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_bodies_with_impossible_numbers_are_not_sent(field: str, value: float) -> None:
    bad = bodies(2, 40)
    getattr(bad, field)[1] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(WireError, match=r"frame 9: .* not finite; drop it"):
            FrameEncoder().mesh(frame(9), bad, stamp())


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "x" * 31, "a\n", "a\0"])
def test_stream_names_that_do_not_fit_are_refused(name: str) -> None:
    with pytest.raises(WireError, match="use 1 to 30 letters"):
        topic(Kind.MESH, name)


def test_model_survives_the_round_trip() -> None:
    sent: BodyModel = golden_packets.model()
    encoder = ModelEncoder(sent)
    packet = decode(encoder.encode(stream="cam", seq=4, session=9))

    assert isinstance(packet, ModelPacket)
    assert (packet.stream, packet.seq, packet.session, packet.model_id) == ("cam", 4, 9, encoder.model_id)
    assert packet.body.name == sent.name
    assert (packet.body.joint_names, packet.body.keypoint_names) == (sent.joint_names, sent.keypoint_names)
    for name in ("faces", "rest_vertices", "parents"):
        assert np.array_equal(getattr(packet.body, name), getattr(sent, name)), name


def test_model_id_changes_with_the_model() -> None:
    one: BodyModel = golden_packets.model()
    other = BodyModel(one.name, one.faces[:, ::-1], one.rest_vertices, one.parents, one.joint_names, one.keypoint_names)
    assert ModelEncoder(one).model_id != ModelEncoder(other).model_id


@pytest.mark.parametrize("name", MESHES)
def test_golden_mesh_packets_have_the_expected_numbers(name: str) -> None:
    packet, expected = mesh(PACKETS[name]), EXPECTED["mesh"][name]
    check_head(packet)
    assert (packet.seq, packet.model_id) == (expected["seq"], EXPECTED["bare_model_id"])
    assert (packet.level, packet.axes, packet.unit) == ("mesh", "opencv", "m")
    if expected["camera"]:
        assert packet.camera is not None
        assert packet.camera.K.tolist() == EXPECTED["K"]
        assert packet.camera.distortion.tolist() == EXPECTED["distortion"]
    else:
        assert packet.camera is None
    for field, value in expected["people"].items():
        check(packet.people, field, value, EXPECTED["tolerance"] if field == "vertices" else 0)


def check_head(packet: FramePacket) -> None:
    for field, value in EXPECTED["header"].items():
        assert getattr(packet, field) == (tuple(value) if field == "size" else value), field


def check(owner: object, field: str, value: object, tolerance: float = 0) -> None:
    np.testing.assert_allclose(getattr(owner, field).tolist(), value, rtol=0, atol=tolerance, err_msg=field)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("level", ["mesh", "mesh-lod", "joints", "params"])
def test_golden_frames_of_every_level_in_every_axes(axes: str, level: str) -> None:
    packet, expected = mesh(PACKETS[f"{level}_{axes}.bin"]), EXPECTED["axes"][axes]
    check_head(packet)
    assert (packet.level, packet.axes, packet.unit) == (level, axes, expected["unit"])
    assert (packet.seq, packet.model_id) == (expected["seq"], expected["model_id"])
    people = packet.people
    for field in ("ids", "scores", "translation"):
        check(people, field, expected[field])
    held = {
        "mesh": {"joints": "joints", "keypoints": "keypoints", "vertices": "vertices"},
        "mesh-lod": {"joints": "joints", "keypoints": "keypoints", "vertices": "lod_vertices"},
        "joints": {"joints": "joints", "keypoints": "keypoints"},
        "params": {"rotvecs": "rotvecs", "shape": "shape", "error_mm": "error_mm"},
    }[level]
    for field in ("joints", "keypoints", "vertices", "rotvecs", "shape"):
        if field in held:
            scale = 100 if expected["unit"] == "cm" else 1
            exact = field in ("joints", "keypoints")
            check(people, field, expected[held[field]], 0 if exact else EXPECTED["tolerance"] * scale)
        else:
            assert getattr(people, field).size == 0, field


@pytest.mark.parametrize("name", MODELS)
def test_golden_model_packets_have_the_expected_numbers(name: str) -> None:
    packet, expected = decode(PACKETS[name]), EXPECTED["models"][name]
    assert isinstance(packet, ModelPacket)
    for field in ("seq", "model_id", "axes", "unit"):
        assert getattr(packet, field) == expected[field], field
    body = packet.body
    assert (body.name, body.joint_names) == (expected["model_name"], tuple(expected["joint_names"]))
    assert body.keypoint_names == tuple(expected["keypoint_names"])
    for field in ("rest_vertices", "faces", "parents"):
        check(body, field, expected[field])
    for part in ("rig", "uv", "lod"):
        assert (getattr(body, part) is None) == (part not in expected)
        for field, value in expected.get(part, {}).items():
            check(getattr(body, part), field, value, 1e-6)


@pytest.mark.parametrize("name", sorted(EXPECTED["status"]))
def test_golden_status_packets_have_the_expected_numbers(name: str) -> None:
    packet = decode(PACKETS[name])
    assert isinstance(packet, StatusPacket)
    for field, value in (EXPECTED["status_header"] | EXPECTED["status"][name]).items():
        assert getattr(packet, field) == value, field


def test_encoder_writes_the_golden_packets_to_the_byte() -> None:
    assert golden_packets.packets() == PACKETS


@pytest.mark.parametrize(
    ("title", "header"),
    [("Frame messages", FRAME_HEADER), ("Model message", MODEL_HEADER), ("Status message", STATUS_HEADER)],
)
def test_document_has_the_offsets_of_the_code(title: str, header: np.dtype[Any]) -> None:
    section = DOCUMENT.split(f"## {title}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\S+) \| (\w+) \|", section, re.MULTILINE)
    codes = {"S": "char[{}]", "u": "uint{}", "i": "int{}", "f": "float{}"}
    assert header.fields is not None
    written = []
    for name, (dtype, offset, *_) in header.fields.items():
        size = dtype.itemsize if dtype.kind == "S" else dtype.itemsize * 8
        written.append((str(offset), str(dtype.itemsize), codes[dtype.kind].format(size), name))
    assert rows == written


@pytest.mark.parametrize("header", [FRAME_HEADER, MODEL_HEADER, STATUS_HEADER])
def test_header_fields_are_aligned_to_their_size(header: np.dtype[Any]) -> None:
    assert header.fields is not None
    for name, (dtype, offset, *_) in header.fields.items():
        assert dtype.kind == "S" or offset % dtype.itemsize == 0, name
    assert header.itemsize % 8 == 0


@pytest.mark.parametrize("name", MESHES)
def test_reader_of_the_document_reads_the_golden_packets(name: str) -> None:
    source = re.search(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    assert source is not None
    assert re.findall(r"^\s*(?:import|from) .*", source[1], re.MULTILINE) == ["import struct"]
    scope: dict[str, Any] = {}
    exec(source[1], scope)
    packet, expected = scope["read"](PACKETS[name]), EXPECTED["mesh"][name]

    assert packet["topic"] == "mesh/" + EXPECTED["header"]["stream"]
    assert packet["seq"] == expected["seq"]
    for field, value in expected["people"].items():
        tolerance = EXPECTED["tolerance"] if field == "vertices" else 0
        np.testing.assert_allclose(packet[field], value, rtol=0, atol=tolerance, err_msg=field)
    with pytest.raises(ValueError, match="not a mesh message"):
        scope["read"](PACKETS["model_bare.bin"])


def header_of(name: str) -> np.dtype[Any]:
    return {"model": MODEL_HEADER, "status": STATUS_HEADER}.get(name.split("_")[0], FRAME_HEADER)


def patched(name: str, field: str, value: object) -> bytes:
    data = bytearray(PACKETS[name])
    np.frombuffer(data, header_of(name), 1)[field] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a Meshcast message"),
        (b"mesh/cam\0" + b"x" * 500, "not a Meshcast message"),
        (PACKETS["mesh_2_people.bin"][:-1], "499 bytes arrived of 500"),
        (PACKETS["mesh_2_people.bin"] + b"\0", "501 bytes arrived of 500"),
        (PACKETS["mesh_2_people.bin"][:100], "not a Meshcast message"),
        (patched("mesh_2_people.bin", "version", 2), "wire version 2"),
        (patched("mesh_2_people.bin", "kind", 9), "unknown kind 9"),
        (patched("mesh_2_people.bin", "kind", 2), "topic"),
        (patched("mesh_2_people.bin", "topic", b"mesh/a/b"), "topic"),
        (patched("mesh_2_people.bin", "topic", b"mesh/"), "topic"),
        (patched("mesh_2_people.bin", "model_name", b"\xff"), "body model"),
        (patched("mesh_2_people.bin", "header_size", 204), "header size 204"),
        (patched("mesh_2_people.bin", "header_size", 2**32 - 4), "header size"),
        (patched("mesh_2_people.bin", "axes", 7), "axes code 7"),
        (patched("mesh_2_people.bin", "people", 3), "damaged"),
        (patched("mesh_2_people.bin", "people", 1), "damaged"),
        (patched("mesh_2_people.bin", "people", 2**32 - 1), "at most 4096"),
        (patched("mesh_0_people.bin", "vertices", 2**32 - 1), "at most 4096 of 1048576"),
        (patched("mesh_2_people.bin", "vertices", 2**20), "vertices would end at byte"),
        (patched("mesh_2_people.bin", "fx", np.nan), "camera"),
        (patched("mesh_2_people.bin", "t_stream_s", np.inf), "stream time"),
        (patched("model_bare.bin", "faces", 2**32 - 1), "faces would end"),
        (patched("model_bare.bin", "vertices", 2**32 - 1), "more than the 1048576"),
        (patched("model_bare.bin", "joints", 4), "names and 2 parents for 4 joints"),
        (
            PACKETS["model_bare.bin"].replace(struct.pack("<3i", 0, 1, 2), struct.pack("<3i", 0, 1, 7)),
            "faces out of range",
        ),
        (
            PACKETS["model_bare.bin"].replace(struct.pack("<2i", -1, 0), struct.pack("<2i", -1, 1)),
            "parents out of range",
        ),
        (BARE.replace("tête".encode(), b"t\xff\xffte"), "not UTF-8"),
        (patched("model_opencv.bin", "influences", 8), "8 joints a vertex"),
        (patched("model_opencv.bin", "shapes", 65535), "would end at byte"),
        (patched("model_opencv.bin", "uvs", 2**32 - 1), "uvs would end at byte"),
        (patched("model_opencv.bin", "lod_faces", 2**32 - 1), "lod_faces would end at byte"),
        (PACKETS["model_opencv.bin"].replace(struct.pack("<2i", 4, 6), struct.pack("<2i", 4, 4)), "lod_vertices out"),
        (PACKETS["model_opencv.bin"].replace(b"\0\1\0\0" * 7, b"\0\2\0\0" * 7), "skin_joints out of range"),
        (patched("params_opencv.bin", "rotations", 65535), "rotations would end at byte"),
        (patched("status_live.bin", "state", 3), "state code 3"),
        (patched("status_live.bin", "reason_size", 2**32 - 1), "reason would end at byte"),
        (PACKETS["status_ended.bin"].replace("ä".encode(), b"\xff\xff"), "not UTF-8"),
    ],
)
def test_what_is_not_whole_or_not_ours_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(WireError, match=message) as caught:
        decode(data)
    assert "\n" not in str(caught.value)


def test_nan_in_an_array_is_refused_by_name() -> None:
    sent = bodies(1, 4)
    data = bytearray(FrameEncoder().mesh(frame(), sent, stamp()))
    at = data.index(sent.joints.tobytes())
    data[at : at + 4] = struct.pack("<f", np.nan)
    with pytest.raises(WireError, match="joints holds a value that is not a finite number"):
        decode(bytes(data))


@pytest.mark.parametrize("name", list(PACKETS))
def test_longer_header_and_further_arrays_of_the_same_version_are_read(name: str) -> None:
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
    refusal = ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            packet = decode(data)
        except WireError as error:
            refusal = str(error)
    assert "\n" not in refusal
    if refusal:
        return
    if isinstance(packet, FramePacket):
        people = packet.people
        for field in fields_of(people):
            assert np.isfinite(getattr(people, field.name)).all()
    elif isinstance(packet, ModelPacket):
        body = packet.body
        assert body.faces.size == 0 or body.faces.max() < len(body.rest_vertices)
        assert body.lod is None or body.lod.faces.size == 0 or body.lod.faces.max() < len(body.lod.vertices)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_decode_or_raise(data: bytes) -> None:
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
def test_damaged_packets_decode_or_raise(
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
