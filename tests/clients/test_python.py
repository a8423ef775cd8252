"""Parts of the Python client: latency, axes, rotations and skinning."""

from __future__ import annotations

import json

import numpy as np
import pytest

from meshcast.errors import WireError
from meshcast.protocol.axes import convert_frame, convert_model
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.protocol.rotations import quaternion, rotmat, rotvec
from meshcast.protocol.skinning import skin
from meshcast.transport.latency import RESET_S, STALE_S, LatencyEstimator
from meshcast.transport.reader import Reader, newest, topics
from tests.support.paths import WIRE

EXPECTED = json.loads((WIRE / "expected.json").read_text())
AXES = sorted(EXPECTED["axes"])


def frame(name: str) -> FramePacket:
    packet = decode((WIRE / name).read_bytes())
    assert isinstance(packet, FramePacket)
    return packet


def model(name: str) -> ModelPacket:
    packet = decode((WIRE / name).read_bytes())
    assert isinstance(packet, ModelPacket)
    return packet


def tolerance(axes: str) -> float:
    return float(EXPECTED["tolerance"]) * (100 if EXPECTED["axes"][axes]["unit"] == "cm" else 1)


@pytest.mark.parametrize("source", AXES)
@pytest.mark.parametrize("target", AXES)
def test_convert_frame_between_any_axes_has_the_golden_numbers(source: str, target: str) -> None:
    expected = EXPECTED["axes"][target]
    mesh = convert_frame(frame(f"mesh_{source}.bin"), target)
    assert (mesh.axes, mesh.unit) == (target, expected["unit"])
    for field in ("translation", "joints", "vertices"):
        np.testing.assert_allclose(getattr(mesh.people, field), expected[field], atol=tolerance(target), err_msg=field)
    params = convert_frame(frame(f"params_{source}.bin"), target)
    # Two vectors describe a turn by pi.
    np.testing.assert_allclose(rotmat(params.people.rotvecs), rotmat(np.float32(expected["rotvecs"])), atol=2e-4)


@pytest.mark.parametrize("source", AXES)
@pytest.mark.parametrize("target", AXES)
def test_convert_model_between_any_axes_has_the_golden_numbers(source: str, target: str) -> None:
    made, expected = convert_model(model(f"model_{source}.bin"), target), model(f"model_{target}.bin")
    assert (made.axes, made.unit) == (expected.axes, expected.unit)
    np.testing.assert_allclose(made.body.rest_vertices, expected.body.rest_vertices, atol=tolerance(target))
    assert made.body.rig is not None
    assert expected.body.rig is not None
    for field in ("rest_joints", "shape_dirs", "joint_shape_dirs"):
        np.testing.assert_allclose(
            getattr(made.body.rig, field), getattr(expected.body.rig, field), atol=tolerance(target), err_msg=field
        )


@pytest.mark.parametrize("axes", AXES)
def test_skin_in_any_axes_gives_the_golden_surface(axes: str) -> None:
    vertices, joints = skin(model(f"model_{axes}.bin").body, frame(f"params_{axes}.bin").people)
    reference = EXPECTED["axes"]["opencv"]
    for made, field in ((vertices, "skinned_vertices"), (joints, "skinned_joints")):
        np.testing.assert_allclose(made, EXPECTED["axes"][axes][field], atol=tolerance(axes), err_msg=field)
        # The same body in every axes, up to what a level of a rotation is worth on a body of this size.
        scale = 100 if axes == "unreal" else 1
        sizes = np.linalg.norm(np.float32(reference[field]), axis=-1), np.linalg.norm(made, axis=-1) / scale
        np.testing.assert_allclose(*sizes, atol=1e-3)


def test_skin_body_without_rig_raises_wire_error() -> None:
    with pytest.raises(WireError, match="has no rig"):
        skin(model("model_bare.bin").body, frame("params_opencv.bin").people)


def test_skin_packet_without_rotations_raises_wire_error() -> None:
    with pytest.raises(WireError, match="does not fit"):
        skin(model("model_gltf.bin").body, frame("mesh_gltf.bin").people)


def test_convert_frame_unknown_axes_raises_wire_error() -> None:
    with pytest.raises(WireError, match="unknown axes 'vulkan'"):
        convert_frame(frame("mesh_gltf.bin"), "vulkan")


def test_topics_unknown_level_raises_wire_error() -> None:
    with pytest.raises(WireError, match="unknown level 'vertices'"):
        topics(["vertices"], "")


def test_rotvec_of_rotmat_is_the_identity_near_every_angle() -> None:
    rng = np.random.default_rng(0)
    axis = rng.normal(size=(400, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    angle = np.concatenate([np.linspace(0, np.pi, 380), np.pi - np.logspace(-7, -1, 10), np.logspace(-7, -1, 10)])
    vectors = (axis * angle[:, None]).astype(np.float32)
    matrices = rotmat(vectors)
    np.testing.assert_allclose(rotmat(rotvec(matrices)), matrices, atol=2e-6)
    q = quaternion(matrices)
    np.testing.assert_allclose(np.linalg.norm(q, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(2 * np.arccos(np.clip(q[:, 3], 0, 1))[:380], angle[:380], atol=2e-3)


def test_latency_is_relative_to_the_fastest_packet() -> None:
    delay = LatencyEstimator()
    offset_s = 12_345.0
    assert delay.of(1, 0.0, offset_s + 0.010) == 0
    assert delay.of(1, 1.0, offset_s + 1.030) == pytest.approx(0.020, abs=1e-3)
    assert delay.of(1, 2.0, offset_s + 2.005) == 0
    assert delay.of(1, 3.0, offset_s + 3.010) == pytest.approx(0.005, abs=1e-3)
    assert delay.of(2, 50.0, offset_s) == 0  # another publisher, another clock


def test_latency_backlog_is_late_and_suspended_clock_resets_the_baseline() -> None:
    delay = LatencyEstimator()
    delay.of(1, 0.0, 100.0)
    woke_s = 160.0
    backlog = [delay.of(1, 0.1 * index, woke_s + 0.001 * index) for index in range(1, 9)]
    assert min(backlog) > STALE_S
    assert delay.of(1, 60.02, woke_s + 0.03) < STALE_S
    # From here on the publisher's clock is half a minute behind.
    late = [delay.of(1, 30 + index / 30, woke_s + 1 + index / 30) for index in range(90)]
    assert late[0] > STALE_S
    assert max(late[int(30 * RESET_S) + 2 :]) < STALE_S


def message(seq: int, t_publish_s: float) -> bytes:
    """A golden frame with another number, as if published at another time."""
    data = bytearray((WIRE / "mesh_2_people.bin").read_bytes())
    data[56:64] = seq.to_bytes(8, "little")
    data[128:136] = (round(t_publish_s * 1e9) - 31_250_000).to_bytes(8, "little")
    return bytes(data)


def test_reader_latest_drops_the_backlog_and_counts_it_as_lost() -> None:
    reader = Reader("tcp://127.0.0.1:5556", latest=True)
    first = reader.read(message(10, 1.0), 1.01)
    assert isinstance(first, FramePacket)
    assert [reader.read(message(10 + index, 1.0 + index / 30), 61.0) for index in range(1, 9)] == [None] * 8
    after = reader.read(message(1810, 61.0), 61.01)
    assert isinstance(after, FramePacket)
    assert after.lost == 1799
    patient = Reader("tcp://127.0.0.1:5556")
    patient.read(message(10, 1.0), 1.01)
    old = patient.read(message(11, 1.1), 61.0)
    assert isinstance(old, FramePacket)
    assert old.delay_ms == pytest.approx(59_890, abs=10)


def test_newest_keeps_the_last_message_of_each_topic_in_order_of_arrival() -> None:
    a, b, c = (name.ljust(40, b"\0") for name in (b"mesh/a", b"mesh/b", b"model/a"))
    assert newest([a + b"1", c + b"1", b + b"1", a + b"2"]) == [c + b"1", b + b"1", a + b"2"]
