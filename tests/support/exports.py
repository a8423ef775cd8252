"""Recordings to export, and readers of the exported formats."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.recording.mcap_file import FLUSH_S, RecordingWriter
from edge.types import Bodies, BodyModel, Frame, RigPose
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from meshcast.protocol.axes import SYSTEMS, Conversion
from meshcast.protocol.body import Rig, UvMap
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import COMMON_HEADER, read_header, read_kind
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.protocol.rotations import rotmat
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
    flush_s: float = FLUSH_S,
) -> list[tuple[float, int, F64, F64]]:
    """A recording in which the people `present` are in each frame. Returns (time, id, vertices, joints) of all people
    in all frames: skinned from the messages in the axes they were sent in, then turned to gltf axes."""
    made = body()
    known, encoder = ModelEncoder(made, axes), FrameEncoder(axes)
    rotvecs, translations, shapes = motion(len(present), 4)
    conversion = Conversion.between(SYSTEMS[axes], SYSTEMS["gltf"])
    truth = []
    with RecordingWriter(path, flush_s=flush_s) as writer:

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
