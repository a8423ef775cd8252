"""`decode(encode(packet))` is the packet again, and a packet that does not fit a message is an error."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import meshcast
from meshcast.errors import WireError
from meshcast.protocol import FramePacket, Intrinsics, ModelPacket, People, StatusPacket, decode, encode
from meshcast.protocol.axes import SYSTEMS
from meshcast.protocol.body import BodyModel, Lod, Rig, UvMap
from meshcast.protocol.encode_status import MAX_REASON
from meshcast.protocol.layout import LEVELS, ROTATION_STEP, SHAPE_STEP, SPACES, STATES

GOLDEN = Path(__file__).parents[1] / "data/wire"
EPSILON = np.finfo(np.float32).eps
NAMES = st.text("abcXYZ019._-", min_size=1, max_size=23)
SIZES = st.integers(0, 9)


def frame_packet(
    rng: np.random.Generator, level: str, axes: str, *, N: int = 2, V: int = 5, J: int = 3, K: int = 2, P: int = 2,
    B: int = 4, size_m: float = 1.7, visibility: bool = False, contacts: bool = False,
) -> FramePacket:  # fmt: skip
    """A packet with random people, with the arrays of its level."""

    def floats(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return (rng.normal(size=shape) * size_m).astype(np.float32)

    surface, params = level.startswith("mesh"), level == "params"
    turns = rng.normal(size=(N, P if params else 0, 3))
    turns *= rng.random() * np.pi / np.maximum(np.linalg.norm(turns, axis=-1, keepdims=True), 1e-9)
    people = People(
        ids=rng.integers(-(2**31), 2**31, N).astype(np.int32),
        scores=rng.random(N).astype(np.float32),
        translation=floats(N, 3),
        joints=floats(N, 0 if params else J, 3),
        keypoints=floats(N, 0 if params else K, 3),
        vertices=floats(N, V if surface else 0, 3),
        rotvecs=turns.astype(np.float32),
        shape=floats(N, B if params else 0),
        error_mm=np.abs(floats(N)) if params and P else np.zeros(N, np.float32),
        visibility=rng.random((N, J)).astype(np.float32) if visibility and J else None,
        contacts=rng.random((N, 2)).astype(np.float32) if contacts else None,
    )
    system = SYSTEMS[axes]
    return FramePacket(
        stream="cam0", level=level, seq=7, session=9, model_id=11, model_name="body", axes=system.name,
        unit=system.unit, space="camera", frame_index=12, t_stream_s=1.5, t_capture_unix_ns=10,
        t_capture_monotonic_ns=20, t_publish_unix_ns=30, age_ms=2.5, size=(640, 480), camera=None, people=people,
    )  # fmt: skip


def model_packet(rng: np.random.Generator, axes: str, *, V: int, P: int, B: int, parts: bool) -> ModelPacket:
    """A random body, with a rig, texture coordinates and a coarser mesh where `parts` is True."""
    faces = rng.integers(0, V, (4, 3)).astype(np.int32)
    parents = np.array([-1, *(rng.integers(0, joint) for joint in range(1, P))], np.int32)
    body = BodyModel(
        "body", faces, rng.normal(size=(V, 3)).astype(np.float32), parents,
        tuple(f"joint {joint} ä" for joint in range(P + 1)), ("nose",),
    )  # fmt: skip
    if parts:
        weights = rng.dirichlet(np.ones(4), V).astype(np.float32)
        dirs, joint_dirs = (rng.normal(size=(count, 3, B)).astype(np.float32) for count in (V, P))
        joints = rng.integers(0, P, (V, 4)).astype(np.uint8)
        body = replace(
            body,
            rig=Rig(rng.normal(size=(P, 3)).astype(np.float32), joints, weights, dirs, joint_dirs),
            uv=UvMap(rng.random((6, 2)).astype(np.float32), rng.integers(0, 6, (4, 3)).astype(np.int32)),
            lod=Lod(np.arange(0, V, 2, dtype=np.int32), np.zeros((2, 3), np.int32)),
        )
    system = SYSTEMS[axes]
    return ModelPacket("cam0", 3, 9, 30, 11, system.model_name, system.unit, body)


def assert_equal(got: object, sent: object, *, skip: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Every field, arrays included, except those named in `skip`."""
    assert type(got) is type(sent)
    if is_dataclass(sent):
        for field in fields(sent):
            if field.name not in skip:
                assert_equal(getattr(got, field.name), getattr(sent, field.name), skip=skip)
    elif isinstance(sent, np.ndarray):
        np.testing.assert_array_equal(got, sent)
    else:
        assert got == sent


@settings(deadline=None, max_examples=150)
@given(
    level=st.sampled_from(sorted(LEVELS)), axes=st.sampled_from(sorted(SYSTEMS)), space=st.sampled_from(SPACES),
    seed=st.integers(0, 2**32 - 1), N=st.integers(0, 4), V=st.integers(0, 70), J=SIZES, K=SIZES, P=SIZES, B=SIZES,
    size_m=st.sampled_from([0.0, 1e-30, 0.01, 1.7, 1e6]), age_us=st.integers(0, 2**32 - 1),
    seq=st.integers(0, 2**64 - 1), assumed=st.none() | st.booleans(), stream=NAMES, name=NAMES,
    visibility=st.booleans(), contacts=st.booleans(),
)  # fmt: skip
def test_encode_frame_of_any_level_and_axes_decodes_to_the_packet(
    level: str, axes: str, space: str, seed: int, N: int, V: int, J: int, K: int, P: int, B: int, size_m: float,
    age_us: int, seq: int, assumed: bool | None, stream: str, name: str, visibility: bool, contacts: bool,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    sent = frame_packet(
        rng, level, axes, N=N, V=V, J=J, K=K, P=P, B=B, size_m=size_m, visibility=visibility, contacts=contacts
    )
    sent = replace(sent, stream=stream, model_name=name, seq=seq, age_ms=age_us / 1000, space=space)
    if assumed is not None:
        K_matrix = np.float32([[500.5, 0.1, 319.5], [0, 501.1, 239.5], [0, 0, 1]]).astype(np.float64)
        sent = replace(sent, camera=Intrinsics(K_matrix, np.float32(rng.normal(size=5)).astype(np.float64), assumed))
    got = decode(encode(sent))
    assert isinstance(got, FramePacket)
    rounded = {"vertices", "rotvecs", "shape"}
    assert_equal(got, sent, skip={*rounded, "visibility", "contacts"})
    for field in ("visibility", "contacts"):
        given, back = getattr(sent.people, field), getattr(got.people, field)
        assert (back is None) is (given is None)
        assert given is None or (back.shape == given.shape and np.abs(back - given).max(initial=0) <= 0.5 / 255 + 1e-7)
    assert {name: getattr(got.people, name).shape for name in rounded} == {
        name: getattr(sent.people, name).shape for name in rounded
    }
    if sent.people.vertices.size:
        extent = np.ptp(sent.people.vertices, axis=1, keepdims=True)
        rounding = 4 * EPSILON * np.abs(sent.people.vertices).max()
        assert (np.abs(got.people.vertices - sent.people.vertices) <= extent / 65535 / 2 + rounding).all()
    assert (np.abs(got.people.rotvecs - sent.people.rotvecs) <= ROTATION_STEP / 2 + 4 * EPSILON).all()
    shape = np.clip(sent.people.shape, -32.767, 32.767)
    assert (np.abs(got.people.shape - shape) <= SHAPE_STEP / 2 + 4 * EPSILON * np.abs(shape)).all()


@settings(deadline=None, max_examples=50)
@given(
    axes=st.sampled_from(sorted(SYSTEMS)), seed=st.integers(0, 2**32 - 1), V=st.integers(1, 40), P=st.integers(1, 6),
    B=st.integers(0, 5), parts=st.booleans(),
)  # fmt: skip
def test_encode_model_decodes_to_the_packet(axes: str, seed: int, V: int, P: int, B: int, parts: bool) -> None:
    sent = model_packet(np.random.default_rng(seed), axes, V=V, P=P, B=B, parts=parts)
    got = decode(encode(sent))
    assert_equal(got, sent, skip={"weights", "shape_dirs"})
    assert isinstance(got, ModelPacket)
    if sent.body.rig is not None and got.body.rig is not None:
        # The largest weight of a vertex takes the rounding of the other three.
        assert np.abs(got.body.rig.weights - sent.body.rig.weights).max() <= 2.1 / 65535
        largest = np.abs(sent.body.rig.shape_dirs).max((0, 1), initial=0)
        assert (np.abs(got.body.rig.shape_dirs - sent.body.rig.shape_dirs) <= largest * (0.5 / 32767 + EPSILON)).all()


@given(
    state=st.sampled_from(STATES), reason=st.text(max_size=40), seq=st.integers(0, 2**64 - 1),
    t_ns=st.integers(-(2**63), 2**63 - 1), session=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_encode_status_decodes_to_the_packet(state: str, reason: str, seq: int, t_ns: int, session: int) -> None:
    reason = reason.encode(errors="replace").decode()
    sent = StatusPacket("cam0", seq, session, t_ns, t_ns, 5, state, seq, reason, "body")
    assert decode(encode(sent)) == sent


def test_encode_status_long_reason_is_cut_between_characters() -> None:
    got = decode(encode(StatusPacket("cam0", 0, 0, 0, 0, 0, "ended", 0, "ä" * 150, "body")))
    assert isinstance(got, StatusPacket)
    assert got.reason == "ä" * (MAX_REASON // 2)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.bin")), ids=lambda path: path.name)
def test_encode_decoded_golden_packet_gives_the_same_message(path: Path) -> None:
    later = {"mesh_future.bin": "mesh_2_people.bin", "mesh_visibility_future.bin": "mesh_visibility.bin"}
    path = path.with_name(later.get(path.name, path.name))  # a later header is not written
    message = path.read_bytes()
    assert meshcast.encode(meshcast.decode(message)) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": "vertices"}, "level 'vertices': unknown; choose from params"),
        ({"axes": "vulkan"}, "axes 'vulkan': unknown; choose from opencv"),
        ({"unit": "inch"}, "unit 'inch': unknown"),
        ({"space": "moon"}, "space 'moon': unknown"),
        ({"stream": "a/b"}, "stream name 'a/b': use 1 to 30"),
        ({"model_name": ""}, "body-model name '': use 1 to 23"),
        ({"seq": -1}, "seq -1: does not fit"),
        ({"seq": 2**64}, "seq 18446744073709551616: does not fit"),
        ({"session": 2**32}, "session 4294967296: does not fit"),
        ({"t_publish_unix_ns": 2**63}, "t_publish_unix_ns 9223372036854775808: does not fit"),
        ({"t_stream_s": float("nan")}, "t_stream_s nan: not a finite number"),
        ({"age_ms": float("nan")}, "frame 12: its age is not a number"),
        ({"size": (-1, 4)}, "width -1: does not fit"),
        ({"camera": Intrinsics(np.zeros((3, 3)), np.zeros(5))}, "invalid camera intrinsics"),
        ({"camera": Intrinsics(np.eye(3) * 1e39, np.zeros(5))}, "fx 1e.39: does not fit"),
        ({"camera": Intrinsics(np.eye(3), np.full(5, np.inf))}, "k1 inf: not a finite number"),
    ],
)
def test_encode_frame_field_that_does_not_fit_raises_wire_error(changes: dict[str, Any], message: str) -> None:
    sent = replace(frame_packet(np.random.default_rng(0), "joints", "opencv"), **changes)
    with pytest.raises(WireError, match=message) as caught:
        encode(sent)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("scores", np.zeros(3, np.float32), r"scores has the shape \(3,\); use \(2,\)"),
        ("joints", np.zeros((2, 3, 2), np.float32), "joints has the shape"),
        ("keypoints", np.full((2, 1, 3), np.nan, np.float32), "frame 12: a body holds a number that is not finite"),
        ("translation", np.full((2, 3), 1e30, np.float32), "not finite"),
        ("vertices", np.zeros((2, 2**20 + 1, 3), np.float32), "the limits are 4096 people and 1048576 vertices"),
        ("rotvecs", np.full((2, 1, 3), 3.2, np.float32), "rotation vector is not finite or longer than pi"),
        ("rotvecs", np.full((2, 1, 3), np.nan, np.float32), "rotation vector is not finite"),
        ("shape", np.full((2, 1), np.nan, np.float32), "shape parameter is not a number"),
        ("shape", np.zeros((2, 65536), np.float32), "shapes 65536: does not fit"),
        ("visibility", np.zeros((2, 2), np.float32), r"visibility has the shape \(2, 2\); use \(2, 3\)"),
        ("visibility", np.full((2, 3), np.nan, np.float32), "visibility holds a value that is not a number"),
        ("contacts", np.zeros((1, 2), np.float32), r"contacts has the shape \(1, 2\); use \(2, 2\)"),
    ],
)
def test_encode_people_that_do_not_fit_raise_wire_error(field: str, value: object, message: str) -> None:
    sent = frame_packet(np.random.default_rng(0), "mesh", "opencv")
    sent = replace(sent, people=replace(sent.people, **{field: value}))
    with pytest.raises(WireError, match=message):
        encode(sent)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a b"}, "body-model name 'a b'"),
        ({"keypoint_names": ("a\0b",)}, "holds a NUL character"),
        ({"rest_vertices": np.full((5, 3), np.nan, np.float32)}, "a number that is not finite"),
        ({"parents": np.arange(-1, 299, dtype=np.int32)}, "a rig of 300 joints; the limit is 256"),
    ],
)
def test_encode_model_that_does_not_fit_raises_wire_error(changes: dict[str, Any], message: str) -> None:
    sent = model_packet(np.random.default_rng(0), "gltf", V=5, P=2, B=1, parts=True)
    with pytest.raises(WireError, match=message):
        encode(replace(sent, body=replace(sent.body, **changes)))
