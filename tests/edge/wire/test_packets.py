"""Encoders and decoder against each other and the golden packets."""

from __future__ import annotations

import json
import struct
import warnings
from pathlib import Path
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
from meshcast.protocol.layout import Kind, topic
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from tests.support import golden_packets

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests/data/wire"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
PACKETS = {path.name: path.read_bytes() for path in sorted(GOLDEN.glob("*.bin"))}
MESHES = sorted(EXPECTED["mesh"])
BARE = PACKETS["model_bare.bin"]
MODELS = sorted(EXPECTED["models"])
AXES = sorted(EXPECTED["axes"])


def bodies(N: int, V: int, *, J: int = 4, K: int = 3, seed: int = 0, size_m: float = 1.7) -> Bodies:
    rng = np.random.default_rng(seed)

    def floats(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return (rng.random(shape) * size_m + [0, 0, 4]).astype(np.float32)

    scores = rng.random(N).astype(np.float32)
    return Bodies(np.arange(N, dtype=np.int32), scores, floats(N, K, 3), floats(N, J, 3), floats(N, V, 3), floats(N, 3))


def frame(index: int = 0) -> Frame:
    return Frame("cam", index, 1_000_000, 0.5, np.zeros((4, 6, 3), np.uint8))


def stamp(seq: int = 0) -> Stamp:
    return Stamp("cam", seq, 1, 2, "body", 10_000_000_000, 3_000_000)


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
def test_frame_encoder_mesh_decodes_to_the_bodies(N: int, V: int, J: int, K: int, seed: int, size_m: float) -> None:
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


def test_frame_encoder_vertices_of_a_body_are_within_a_thirtieth_of_a_millimeter() -> None:
    sent = bodies(2, 6890)
    got = mesh(FrameEncoder().mesh(frame(), sent, stamp())).people
    assert np.linalg.norm(got.vertices - sent.vertices, axis=-1).max() < 1 / 30_000


def test_frame_encoder_header_has_times_size_and_camera() -> None:
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


def test_frame_encoder_assumed_field_of_view_sets_one_flag_bit() -> None:
    known, guessed = (Camera.from_fov((6, 4), 60, assumed=assumed) for assumed in (False, True))
    told = FrameEncoder().mesh(frame(), bodies(1, 8), stamp(), known)
    marked = FrameEncoder().mesh(frame(), bodies(1, 8), stamp(), guessed)
    assert marked == told[:107] + b"\x01" + told[108:]
    camera = mesh(marked).camera
    assert camera is not None
    assert camera.assumed


def test_frame_encoder_frame_captured_after_its_stamp_has_age_zero() -> None:
    late = Frame("cam", 0, 99_000_000, 0.5, np.zeros((4, 6, 3), np.uint8))
    assert mesh(FrameEncoder().mesh(late, bodies(0, 8), stamp())).age_ms == 0.0


@pytest.mark.parametrize("field", ["scores", "translation", "joints", "keypoints", "vertices"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_frame_encoder_number_that_is_not_finite_raises_wire_error(field: str, value: float) -> None:
    bad = bodies(2, 40)
    getattr(bad, field)[1] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(WireError, match=r"frame 9: .* not finite; drop it"):
            FrameEncoder().mesh(frame(9), bad, stamp())


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "x" * 31, "a\n", "a\0"])
def test_topic_invalid_stream_name_raises_wire_error(name: str) -> None:
    with pytest.raises(WireError, match="use 1 to 30 letters"):
        topic(Kind.MESH, name)


def test_model_encoder_decodes_to_the_model() -> None:
    sent: BodyModel = golden_packets.model()
    encoder = ModelEncoder(sent)
    packet = decode(encoder.encode(stream="cam", seq=4, session=9))

    assert isinstance(packet, ModelPacket)
    assert (packet.stream, packet.seq, packet.session, packet.model_id) == ("cam", 4, 9, encoder.model_id)
    assert packet.body.name == sent.name
    assert (packet.body.joint_names, packet.body.keypoint_names) == (sent.joint_names, sent.keypoint_names)
    for name in ("faces", "rest_vertices", "parents"):
        assert np.array_equal(getattr(packet.body, name), getattr(sent, name)), name


def test_model_encoder_model_id_changes_with_the_model() -> None:
    one: BodyModel = golden_packets.model()
    other = BodyModel(one.name, one.faces[:, ::-1], one.rest_vertices, one.parents, one.joint_names, one.keypoint_names)
    assert ModelEncoder(one).model_id != ModelEncoder(other).model_id


@pytest.mark.parametrize("name", MESHES)
def test_decode_golden_mesh_has_the_expected_numbers(name: str) -> None:
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
def test_decode_golden_frame_of_any_level_and_axes_has_the_expected_numbers(axes: str, level: str) -> None:
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
def test_decode_golden_model_has_the_expected_numbers(name: str) -> None:
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
def test_decode_golden_status_has_the_expected_numbers(name: str) -> None:
    packet = decode(PACKETS[name])
    assert isinstance(packet, StatusPacket)
    for field, value in (EXPECTED["status_header"] | EXPECTED["status"][name]).items():
        assert getattr(packet, field) == value, field


def test_encoders_write_the_golden_packets_byte_for_byte() -> None:
    assert golden_packets.packets() == PACKETS


def test_golden_numbers_are_those_of_the_generator() -> None:
    assert json.loads(json.dumps(golden_packets.numbers())) == EXPECTED


def test_decode_nan_in_an_array_names_the_array() -> None:
    sent = bodies(1, 4)
    data = bytearray(FrameEncoder().mesh(frame(), sent, stamp()))
    at = data.index(sent.joints.tobytes())
    data[at : at + 4] = struct.pack("<f", np.nan)
    with pytest.raises(WireError, match="joints holds a value that is not a finite number"):
        decode(bytes(data))
