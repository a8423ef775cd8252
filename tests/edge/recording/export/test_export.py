"""Exported recordings, read back and posed here by the formats' own rules: the same people as in the messages."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.cli.main import main
from edge.errors import OutputError, RecordingError
from edge.recording.export.animation import read_animations
from edge.recording.export.bvh import bvh
from edge.recording.export.curves import continuous, euler_zxy
from edge.recording.export.gltf import glb
from edge.recording.mcap_file import Recording, RecordingWriter
from edge.types import Bodies, BodyModel, Frame, RigPose
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from engines.body.body import open_body
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from engines.errors import UnknownNameError
from engines.files.memory_budget import MemoryBudget
from meshcast.protocol.axes import SYSTEMS, Conversion
from meshcast.protocol.body import Rig, UvMap
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import COMMON_HEADER, read_header, read_kind
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.protocol.rotations import quaternion, rotmat
from meshcast.protocol.skinning import skin

F64 = NDArray[np.float64]
PARENTS = [-1, 0, 1, 1, 3, 0]
P, V, B = len(PARENTS), 60, 3
STEP_S = 0.04
T_NS = 1_800_000_000_000_000_000
MM = 1e-3
COMPONENTS = {5121: "<u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def body() -> BodyModel:
    """A small one with limbs, a shape and a seam in its texture coordinates."""
    rng = np.random.default_rng(3)
    rest = rng.normal(0, 0.5, (V, 3)).astype(np.float32)
    faces = np.stack([np.arange(V), np.roll(np.arange(V), 1), np.roll(np.arange(V), 2)], 1).astype(np.int32)
    joints = rng.integers(0, P, (V, 4)).astype(np.uint8)
    levels = np.sort(rng.integers(0, 65536, (V, 3)), 1)
    levels[:9] = 65535, 65535, 65535  # moved by one joint only
    weights = np.diff(levels, axis=1, prepend=0, append=65535) / np.float32(65535)
    dirs = rng.integers(-5, 6, (V, 3, B)).astype(np.float32) / 1024
    dirs[0] = 32767 / 1024 / 1024
    rig = Rig(
        rng.normal(0, 0.4, (P, 3)).astype(np.float32),
        joints,
        weights.astype(np.float32),
        dirs,
        rng.normal(0, 0.02, (P, 3, B)).astype(np.float32),
    )
    uv = UvMap(rng.random((V + 5, 2), np.float32), faces.copy())
    uv.faces[:5, 0] = V + np.arange(5)
    names = tuple(f"joint {index}" for index in range(P))
    return BodyModel("small", faces, rest, np.array(PARENTS, np.int32), names, ("nose",), rig, uv)


def motion(frames: int, people: int, seed: int = 0) -> tuple[F64, F64, F64]:
    """Rotation vectors (T, N, P, 3), translations (T, N, 3) in opencv axes and shapes (N, B). The root turns round and
    round, so that its quaternion changes its sign."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None, None, None] * STEP_S
    rotvecs = 0.9 * np.sin(2 * t * rng.normal(1, 0.3, (people, P, 3)) + rng.normal(0, 2, (people, P, 3)))
    rotvecs[:, :, 0] = (
        np.pi - np.mod(np.pi + 9 * t[..., 0] * [0.0, 1.0, 0.0], 2 * np.pi) * [0, 1, 0] - [np.pi, 0, np.pi]
    )
    translations = np.sin(t[..., 0] * rng.normal(1, 0.3, (people, 3))) + [0, 0, 4] + np.arange(people)[:, None]
    return rotvecs, translations, rng.integers(-2000, 2000, (people, B)) / 1000


def visibility(index: int, rows: Sequence[int]) -> NDArray[np.float32]:
    """(N, P) in whole levels, different for each person, joint and frame."""
    levels = (37 * index + 11 * np.array(rows)[:, None] + 5 * np.arange(P)) % 256
    return (levels / 255).astype(np.float32)


def record(
    path: Path,
    present: Sequence[Sequence[int]],
    *,
    axes: str = "opencv",
    streams: Sequence[str] = ("cam0",),
    level: str = "params",
    times: Sequence[float] | None = None,
    observed: bool = False,
) -> list[tuple[float, int, F64, F64]]:
    """A recording in which the people `present` are in each frame. Returns (time, id, vertices, joints) of everybody in
    every frame: skinned from the messages in the axes they were sent in, then turned to gltf axes."""
    made = body()
    known, encoder = ModelEncoder(made, axes), FrameEncoder(axes)
    rotvecs, translations, shapes = motion(len(present), 4)
    conversion = Conversion.between(SYSTEMS[axes], SYSTEMS["gltf"])
    truth = []
    with RecordingWriter(path) as writer:

        def add(message: bytes, t_s: float) -> None:
            kind = read_kind(message)
            writer.add(kind, read_header(message, COMMON_HEADER, kind), T_NS + round(t_s * 1e9), message)

        for stream in streams:
            add(known.encode(stream=stream, seq=0, session=7), 0.0)
        model = decode(known.encode(stream="cam0", seq=0, session=7))
        assert isinstance(model, ModelPacket)
        for index, ids in enumerate(present):
            rows, t_s = list(ids), times[index] if times is not None else index * STEP_S
            count = len(rows)
            posed = RigPose(
                rotmat(rotvecs[index, rows].astype(np.float32)),
                shapes[rows].astype(np.float32),
                np.zeros(count, np.float32),
            )
            bodies = Bodies(
                np.array(rows, np.int32),
                np.ones(count, np.float32),
                np.zeros((count, 1, 3), np.float32),
                np.zeros((count, P, 3), np.float32),
                np.zeros((count, 0, 3), np.float32),
                translations[index, rows].astype(np.float32),
                visibility=visibility(index, rows) if observed else None,
                contacts=visibility(index, rows)[:, :2] if observed and index else None,
            )
            frame = Frame("cam0", index, round(t_s * 1e9), t_s, np.zeros((48, 64, 3), np.uint8))
            for stream in streams:
                stamp = Stamp(stream, index, 7, known.model_id, known.name, T_NS, round(t_s * 1e9))
                if level == "joints":
                    add(encoder.joints(frame, bodies, stamp), t_s)
                    continue
                message = encoder.params(frame, bodies, posed, stamp)
                add(message, t_s)
            packet = decode(message) if level == "params" else None
            if isinstance(packet, FramePacket):
                vertices, joints = (conversion.points(points) for points in skin(model.body, packet.people))
                truth += [
                    (t_s, identity, vertices[row].astype(np.float64), joints[row].astype(np.float64))
                    for row, identity in enumerate(rows)
                ]
        writer.close()
    return truth


class Glb:
    """A .glb file that is posed by the rules of glTF 2.0, sections 3.6, 3.7 and 3.11, and nothing of
    edge.recording.export."""

    def __init__(self, data: bytes) -> None:
        magic, version, size, json_size, json_word = struct.unpack_from("<4sIII4s", data)
        assert (magic, version, size, json_word) == (b"glTF", 2, len(data), b"JSON")
        self.tree: dict[str, Any] = json.loads(data[20 : 20 + json_size])
        length, word = struct.unpack_from("<I4s", data, 20 + json_size)
        assert word == b"BIN\0"
        self._binary = data[28 + json_size : 28 + json_size + length]
        assert self.tree["buffers"][0]["byteLength"] <= length
        self._animated: dict[tuple[int, str], tuple[F64, F64, str]] = {}
        for animation in self.tree["animations"]:
            for channel in animation["channels"]:
                sampler = animation["samplers"][channel["sampler"]]
                keys, values = self.array(sampler["input"]), self.array(sampler["output"])
                assert (np.diff(keys) > 0).all()
                assert keys[0] >= 0
                assert {"min", "max"} <= self.tree["accessors"][sampler["input"]].keys()
                target = channel["target"]["node"], channel["target"]["path"]
                assert target not in self._animated
                self._animated[target] = keys, values, sampler["interpolation"]
        self._parents = {
            child: index for index, node in enumerate(self.tree["nodes"]) for child in node.get("children", [])
        }

    def array(self, index: int) -> F64:
        accessor = self.tree["accessors"][index]
        view = self.tree["bufferViews"][accessor["bufferView"]]
        kind, size = np.dtype(COMPONENTS[accessor["componentType"]]), SIZES[accessor["type"]]
        offset = view["byteOffset"] + accessor.get("byteOffset", 0)
        assert offset % kind.itemsize == 0
        values = np.frombuffer(self._binary, kind, accessor["count"] * size, offset).astype(np.float64)
        if accessor.get("normalized"):
            values = values / np.iinfo(kind).max
        rows = values.reshape(accessor["count"], size)
        if "min" in accessor:
            assert (rows.min(0) == accessor["min"]).all()
            assert (rows.max(0) == accessor["max"]).all()
        return rows[:, 0] if size == 1 else rows

    def _value(self, node: int, path: str, rest: list[float], t_s: float) -> F64:
        if (node, path) not in self._animated:
            return np.array(self.tree["nodes"][node].get(path, rest), np.float64)
        keys, values, interpolation = self._animated[node, path]
        after = int(np.searchsorted(keys, np.float32(t_s), "right"))
        if after in (0, len(keys)) or interpolation == "STEP":
            return np.asarray(values[max(0, after - 1)])
        share = (t_s - keys[after - 1]) / (keys[after] - keys[after - 1])
        a, b = values[after - 1], values[after]
        if path != "rotation":
            return np.asarray(a + share * (b - a))
        cosine = a @ b
        b, cosine = (-b, -cosine) if cosine < 0 else (b, cosine)
        angle = math.acos(min(1.0, cosine))
        mixed = a if angle < 1e-6 else np.sin((1 - share) * angle) * a + np.sin(share * angle) * b
        return np.asarray(mixed / np.linalg.norm(mixed))

    def world(self, node: int, t_s: float) -> F64:
        x, y, z, w = self._value(node, "rotation", [0, 0, 0, 1], t_s)
        turn = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )
        local = np.eye(4)
        local[:3, :3] = turn * self._value(node, "scale", [1, 1, 1], t_s)
        local[:3, 3] = self._value(node, "translation", [0, 0, 0], t_s)
        return self.world(self._parents[node], t_s) @ local if node in self._parents else local

    def skinned(self, name: str, t_s: float) -> F64:
        """The mesh's vertices, as the viewer places them."""
        node = next(node for node in self.tree["nodes"] if node["name"] == name)
        skeleton = self.tree["skins"][node["skin"]]
        (primitive,) = self.tree["meshes"][node["mesh"]]["primitives"]
        attributes = primitive["attributes"]
        inverse = self.array(skeleton["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        bones = np.stack([self.world(joint, t_s) for joint in skeleton["joints"]]) @ inverse
        position = self.array(attributes["POSITION"])
        joints, weights = self.array(attributes["JOINTS_0"]).astype(int), self.array(attributes["WEIGHTS_0"])
        assert weights.sum(1) == pytest.approx(1)
        assert self.array(primitive["indices"]).max() < len(position)
        assert np.linalg.norm(self.array(attributes["NORMAL"]), axis=1) == pytest.approx(1, abs=1e-5)
        corners = np.concatenate([position, np.ones((len(position), 1))], 1)
        placed: F64 = np.einsum("vk,vkab,vb->va", weights, bones[joints], corners)[:, :3]
        return placed

    def triangles(self, name: str, t_s: float) -> F64:
        node = next(node for node in self.tree["nodes"] if node["name"] == name)
        (primitive,) = self.tree["meshes"][node["mesh"]]["primitives"]
        corners: F64 = self.skinned(name, t_s)[self.array(primitive["indices"]).astype(int)].reshape(-1, 3, 3)
        return corners


COMING_AND_GOING = [[0], [0, 1], [0, 1], [1], [1], [0, 1], [0], [0, 1], [0]]


@pytest.mark.parametrize("axes", list(SYSTEMS))
def test_gltf_poses_match_messages(tmp_path: Path, axes: str) -> None:
    truth = record(tmp_path / "a.mcap", COMING_AND_GOING, axes=axes)
    file = Glb(glb(read_animations(Recording(tmp_path / "a.mcap"))))
    faces = body().faces
    for t_s, identity, vertices, _ in truth:
        found = file.triangles(f"person {identity} mesh", t_s)
        assert np.abs(found - vertices[faces]).max() < 0.1 * MM
    assert len(file.tree["animations"]) == 1
    assert len(file.tree["skins"]) == len(file.tree["meshes"]) == 2


def test_gltf_hides_missing_people(tmp_path: Path) -> None:
    away, missed = round(0.6 / STEP_S), round(0.4 / STEP_S)
    frames = [[0], [0, 1], *[[1]] * away, [0, 1], *[[1]] * missed, [0, 1], *[[0]] * away]
    record(tmp_path / "a.mcap", frames)
    file = Glb(glb(read_animations(Recording(tmp_path / "a.mcap"))))
    back = 2 + away
    hidden = {0: range(2, back), 1: [0, *range(back + missed + 2, len(frames))]}
    for index in range(len(frames)):
        for identity in (0, 1):
            size = np.ptp(file.skinned(f"person {identity} mesh", index * STEP_S), axis=0).max()
            assert (size == 0) if index in hidden[identity] else (size > 0.5)


def test_gltf_extras_hold_visibility_and_contacts(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", [[0, 1], [1], [0, 1]], observed=True)
    people = read_animations(Recording(tmp_path / "a.mcap"))
    made = Glb(glb(people))
    for person, frames in zip(people, ([0, 2], [0, 1, 2]), strict=True):
        extras = next(node for node in made.tree["nodes"] if node["name"] == f"person {person.name}")["extras"]
        np.testing.assert_allclose(made.array(extras["times"]), np.array(frames) * STEP_S, atol=1e-6)
        expected = np.array([visibility(index, [int(person.name)])[0] for index in frames])
        found = np.stack([made.array(index) for index in extras["visibility"]], 1)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        expected[0] = 1  # the first frame has no contacts
        np.testing.assert_allclose(np.stack([made.array(i) for i in extras["contacts"]], 1), expected[:, :2], atol=1e-6)


def test_gltf_without_visibility_has_no_extras(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", [[0], [0]])
    made = Glb(glb(read_animations(Recording(tmp_path / "a.mcap"))))
    assert not any("extras" in node for node in made.tree["nodes"])


def test_between_two_frames_gltf_goes_the_short_way(tmp_path: Path) -> None:
    frames = 40
    record(tmp_path / "a.mcap", [[0]] * frames)
    (person,) = read_animations(Recording(tmp_path / "a.mcap"))
    turns = continuous(person.quaternions)
    assert ((turns[1:] * turns[:-1]).sum(-1) > 0.9).all()
    file = Glb(glb([person]))
    pelvis = next(index for index, node in enumerate(file.tree["nodes"]) if node["name"] == "joint 0")
    for index in range(frames - 1):
        a, middle, b = (file.world(pelvis, (index + share) * STEP_S)[:3, :3] for share in (0, 0.5, 1))
        whole, half = (math.acos(min(1, (np.trace(a.T @ turned) - 1) / 2)) for turned in (b, middle))
        assert whole == pytest.approx(9 * STEP_S, abs=0.01)
        assert half == pytest.approx(whole / 2, abs=0.01)


@dataclass
class Joint:
    name: str
    parent: int
    offset: F64
    channels: list[str]


class Bvh:
    """A .bvh file, posed by its own rules."""

    def __init__(self, text: str) -> None:
        hierarchy, _, motion_text = text.partition("MOTION\n")
        self.joints: list[Joint] = []
        open_joints: list[int] = []
        end_site = False
        assert hierarchy.startswith("HIERARCHY\nROOT ")
        for line in hierarchy.splitlines()[1:]:
            word, *rest = line.split()
            if word in ("ROOT", "JOINT"):
                self.joints.append(Joint(rest[0], open_joints[-1] if open_joints else -1, np.zeros(3), []))
            elif word == "End":
                end_site = True
            elif word == "{":
                open_joints.append(-2 if end_site else len(self.joints) - 1)
            elif word == "OFFSET" and not end_site:
                self.joints[-1].offset = np.array(rest, np.float64)
            elif word == "CHANNELS":
                self.joints[-1].channels = rest[1:]
                assert int(rest[0]) == len(rest) - 1
            elif word == "}":
                end_site = False
                open_joints.pop()
        assert not open_joints
        frames, frame_time, *rows = motion_text.splitlines()
        self.frame_s = float(frame_time.removeprefix("Frame Time: "))
        self.rows = np.array([row.split() for row in rows], np.float64)
        assert frames == f"Frames: {len(self.rows)}"

    def positions(self, row: int) -> dict[str, F64]:
        """Where the joints are, in m."""
        values = iter(self.rows[row])
        world: list[F64] = []
        for joint in self.joints:
            local = np.eye(4)
            local[:3, 3] = joint.offset
            for channel in joint.channels:
                axis, value = "XYZ".index(channel[0]), next(values)
                step = np.eye(4)
                if channel.endswith("position"):
                    step[axis, 3] = value
                else:
                    turn = np.zeros(3, np.float32)
                    turn[axis] = math.radians(value)
                    step[:3, :3] = rotmat(turn)
                local = local @ step
            world.append(world[joint.parent] @ local if joint.parent >= 0 else local)
        return {joint.name: at[:3, 3] / 100 for joint, at in zip(self.joints, world, strict=True)}


@pytest.mark.parametrize("axes", ["opencv", "unreal"])
def test_bvh_puts_every_joint_where_the_messages_do(tmp_path: Path, axes: str) -> None:
    truth = record(tmp_path / "a.mcap", [[2]] * 30, axes=axes)
    (person,) = read_animations(Recording(tmp_path / "a.mcap"))
    file = Bvh(bvh(person))
    assert file.frame_s == pytest.approx(STEP_S)
    assert len(file.rows) == len(truth)
    for row, (_, _, _, joints) in enumerate(truth):
        found = file.positions(row)
        for index in range(P):
            assert np.abs(found[f"joint_{index}"] - joints[index]).max() < 0.2 * MM
    assert np.abs(np.diff(file.rows[:, 3:], axis=0)).max() < 90  # angles go on rather than jump by a turn


def test_bvh_has_one_frame_rate_where_frames_came_unevenly(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.3, 0.4, 1.0, 1.1]
    truth = record(tmp_path / "a.mcap", [[0]] * len(times), times=times)
    (person,) = read_animations(Recording(tmp_path / "a.mcap"))
    file = Bvh(bvh(person))
    assert file.frame_s == pytest.approx(0.1)
    assert len(file.rows) == 12
    for t_s, _, _, joints in truth:
        assert np.abs(file.positions(round(t_s / 0.1))["joint_4"] - joints[4]).max() < 0.5 * MM
    a, b = truth[4][3][0], truth[5][3][0]
    assert file.positions(7)["joint_0"] == pytest.approx(a + (b - a) / 2, abs=0.2 * MM)


def test_angles_where_two_axes_fall_together() -> None:
    for x in (90.0, -90.0, 89.9999):
        turns = [[0, 0, math.radians(30)], [math.radians(x), 0, 0], [0, math.radians(20), 0]]
        z, about_x, y = (rotmat(np.array(turn, np.float32)) for turn in turns)
        wanted = (z @ about_x @ y)[None, None].astype(np.float32)
        degrees = np.radians(euler_zxy(continuous(quaternion(wanted)))[0, 0])
        parts = [rotmat(np.eye(3, dtype=np.float32)[axis] * np.float32(degrees[k])) for k, axis in enumerate((2, 0, 1))]
        assert np.abs(parts[0] @ parts[1] @ parts[2] - wanted[0, 0]).max() < 2e-3


def test_meshes_alone_are_fitted(tmp_path: Path) -> None:
    """Of a recording without params messages: the open body, within what Fit leaves."""
    opened = open_body()
    names, rig = opened.joint_names, rig_of(opened)
    made = BodyModel(opened.name, opened.faces, opened.v_template, opened.parents, names, (), rig, lod=lod_of(opened))
    assert made.rig is not None
    joints = len(made.parents)
    rng = np.random.default_rng(5)
    encoder, known = FrameEncoder(), ModelEncoder(made)
    rotvecs = rng.normal(0, 0.2, (joints, 3))
    rotvecs[0] = [np.pi, 0, 0]
    truth = []
    with RecordingWriter(tmp_path / "a.mcap") as writer:

        def add(message: bytes, t_s: float) -> None:
            kind = read_kind(message)
            writer.add(kind, read_header(message, COMMON_HEADER, kind), T_NS + round(t_s * 1e9), message)

        add(known.encode(stream="cam0", seq=0, session=7), 0.0)
        for index in range(4):
            shape = np.zeros((1, made.rig.shape_dirs.shape[2]), np.float32)
            posed = RigPose(rotmat(rotvecs[None].astype(np.float32)), shape, np.zeros(1, np.float32))
            zero = np.zeros((1, 0, 3), np.float32)
            place = np.array([[0.1 * index, 0, 3]], np.float32)
            bodies = Bodies(np.array([5], np.int32), np.ones(1, np.float32), zero, zero, zero, place)
            frame = Frame("cam0", index, 0, index * STEP_S, np.zeros((48, 64, 3), np.uint8))
            stamp = Stamp("cam0", index, 7, known.model_id, known.name, T_NS, 0)
            packet = decode(encoder.params(frame, bodies, posed, stamp))
            assert isinstance(packet, FramePacket)
            vertices, skeleton = skin(made, packet.people)
            bodies = replace(bodies, vertices=vertices, joints=skeleton)
            add(encoder.mesh(frame, bodies, stamp), index * STEP_S)
            truth.append(vertices[0] * [1, -1, -1])
        writer.close()
    file = Glb(glb(read_animations(Recording(tmp_path / "a.mcap"))))
    for index, vertices in enumerate(truth):
        off = np.linalg.norm(file.triangles("person 5 mesh", index * STEP_S) - vertices[made.faces], axis=-1)
        assert np.sqrt((off**2).mean()) < 3 * MM


# The command


def export(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    code = main(["export", *map(str, words)])
    return code, capsys.readouterr().err


def test_a_file_of_each_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "a.mcap", COMING_AND_GOING)
    assert export(capsys, tmp_path / "a.mcap", tmp_path / "a.glb") == (0, "")
    assert len(Glb((tmp_path / "a.glb").read_bytes()).tree["skins"]) == 2
    assert export(capsys, tmp_path / "a.mcap", tmp_path / "one.glb", "--person", "1") == (0, "")
    assert len(Glb((tmp_path / "one.glb").read_bytes()).tree["skins"]) == 1
    assert export(capsys, tmp_path / "a.mcap", tmp_path / "a.bvh", "--person", "1") == (0, "")
    assert len(Bvh((tmp_path / "a.bvh").read_text()).rows) == 7


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a.mcap", "x.fbx"], 1, "unknown file type; use .glb or .bvh"),
        (["a.mcap", "x.bvh"], 1, "BVH holds one person; choose one with --person: 0 (7 frames), 1 (6 frames)"),
        (["a.mcap", "x.glb", "--person", "9"], 2, "no person '9' in stream cam0; choose from 0 (7 frames), 1"),
        (["a.mcap", "x.glb", "--stream", "yard"], 2, "no stream 'yard'; choose from cam0"),
        (["two.mcap", "x.glb"], 1, "several streams; choose one with --stream: cam0, cam1"),
        (["joints.mcap", "x.glb"], 1, "no params or mesh messages of cam0; record it with --levels params"),
        (["nobody.mcap", "x.glb"], 1, "no person in stream cam0"),
        (["foreign.mcap", "x.glb"], 1, "not a recording; use an .mcap file of meshcast record"),
        (["none.mcap", "x.glb"], 1, "cannot be read: No such file"),
        (["a.mcap", "nowhere/x.glb"], 1, "does not exist"),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_no_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    record(Path("a.mcap"), COMING_AND_GOING)
    record(Path("two.mcap"), [[0], [0]], streams=("cam0", "cam1"))
    record(Path("joints.mcap"), [[0]], level="joints")
    record(Path("nobody.mcap"), [[], []])
    Path("foreign.mcap").write_bytes(b"PK\3\4 something else")
    before = set(tmp_path.iterdir())
    found, text = export(capsys, *words)
    assert found == code
    assert said in text
    assert len(text.splitlines()) == 1
    assert set(tmp_path.iterdir()) == before


def test_what_is_left_of_a_recording_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.recording.mcap_file.FLUSH_S", -1.0)  # a chunk a message
    record(tmp_path / "a.mcap", [[0]] * 20)
    whole = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "a.mcap.part").write_bytes(whole[: len(whole) // 2])
    (person,) = read_animations(Recording(tmp_path / "a.mcap.part"))
    assert 2 < len(person.times) < 18


def test_what_a_format_cannot_hold_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edge.recording.export.bvh import write_bvh
    from edge.recording.export.gltf import write_glb

    record(tmp_path / "a.mcap", [[0]] * 3)
    people = read_animations(Recording(tmp_path / "a.mcap"))
    monkeypatch.setattr("edge.recording.export.bvh.MAX_FRAMES", 2)
    with pytest.raises(OutputError, match="too long for BVH"):
        write_bvh(tmp_path / "a.bvh", people[0])
    monkeypatch.setattr("edge.recording.export.glb.MAX_BYTES", 1000)
    with pytest.raises(OutputError, match="export fewer people"):
        write_glb(tmp_path / "a.glb", people)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def test_errors_have_their_own_types(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", COMING_AND_GOING)
    with pytest.raises(UnknownNameError):
        read_animations(Recording(tmp_path / "a.mcap"), person="9")
    with pytest.raises(RecordingError):
        read_animations(Recording(tmp_path / "none.mcap"))


def test_people_beyond_the_budget_are_refused(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", [[0]] * 40)
    large = MemoryBudget(64 << 20)
    (person,) = read_animations(Recording(tmp_path / "a.mcap", large))
    assert len(person.times) == 40
    assert large.used_bytes > sum(values.nbytes for values in (person.quaternions, person.translation, person.times))
    with pytest.raises(RecordingError, match=r"a\.mcap: the people in it: reading it takes"):
        read_animations(Recording(tmp_path / "a.mcap", MemoryBudget(large.used_bytes - 1)))
