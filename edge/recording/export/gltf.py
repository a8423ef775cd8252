"""Export of people as skinned, animated meshes in glTF 2.0, for Blender, game engines and browsers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from edge.errors import OutputError
from edge.recording.export.animation import Animation, View
from edge.recording.export.curves import continuous
from edge.recording.export.glb import INDICES, VERTICES, Buffer, pack
from edge.recording.export.scene import CameraNode, Scene, floor_extent
from edge.render.palette import PALETTE, linear_rgb
from edge.sinks.output_file import OutputFile
from edge.types import F32, I32, U8, Array, BodyModel
from meshcast.protocol.axes import Matrix
from meshcast.protocol.quantization import weight_levels

GENERATOR = "Meshcast"
FLOOR_COLOR = [0.32, 0.32, 0.32, 1.0]  # linear
ROUGHNESS = 0.8
NEAR_M = 0.05  # of the camera


def write_glb(path: str | Path, scene: Scene) -> None:
    """Write people with their animations as a .glb file, which appears complete or not at all. Raises OutputError."""
    target = OutputFile(path)
    try:
        parts = glb_parts(scene)
    except ValueError as error:
        target.discard()
        raise OutputError(f"{path}: {error}; export fewer people or a shorter recording") from None
    target.write_parts(parts)


def glb(scene: Scene) -> bytes:
    """Return the bytes of the file."""
    return b"".join(glb_parts(scene))


def glb_parts(scene: Scene) -> list[bytes | bytearray]:
    """Return the file in parts: a skeleton and a skinned mesh per person in the person's color, one animation, the
    camera if its view is known, and the floor if the scene is level.

    Units are meters with y up. Times are those of the recording. A person who is not visible is hidden by animating the
    scale of the person's node to 0. `extras` of that node name the accessors of what glTF has no property for: `times`,
    and `visibility` of each joint and `contacts` of both feet as fractions of 255 at these times, where the recording
    has them.
    """
    file = _File()
    for person in scene.people:
        file.add(person)
    if scene.level:
        file.add_floor(*floor_extent(scene.people))
    if scene.camera.view is not None:
        file.add_camera(scene.camera, scene.camera.view)
    return file.pack()


class _File:
    def __init__(self) -> None:
        self._buffer = Buffer()
        self._surfaces: dict[int, _Surface] = {}  # by id() of the body: people with the same body share it
        self._nodes: list[dict[str, Any]] = []
        self._roots: list[int] = []
        self._meshes: list[dict[str, Any]] = []
        self._skins: list[dict[str, Any]] = []
        self._cameras: list[dict[str, Any]] = []
        self._materials: list[dict[str, Any]] = []
        # One animation for all people, because most programs play one at a time.
        self._samplers: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []

    def add(self, person: Animation) -> None:
        vertices, joints = person.rest()
        node = self._node({"name": f"person {person.name}"})
        first = self._skeleton(person, joints)
        self._nodes[node]["children"] = [first]
        skin = self._skin(person, joints, first)
        # The transform of the node of a skinned mesh is ignored, so the node is placed outside of the skeleton.
        mesh = self._node({"name": f"person {person.name} mesh", "mesh": self._mesh(person, vertices), "skin": skin})
        self._roots += [node, mesh]
        self._animate(person, node, first)

    def add_floor(self, low: Matrix, high: Matrix) -> None:
        """Add a rectangle at height 0 between two corners (x, z)."""
        corners = np.array([[x, 0, z] for z in (low[1], high[1]) for x in (low[0], high[0])], np.float32)
        attributes = {
            "POSITION": self._buffer.add(corners, target=VERTICES, bounds=True),
            "NORMAL": self._buffer.add(np.tile(np.array([0, 1, 0], np.float32), (4, 1)), target=VERTICES),
        }
        indices = self._buffer.add(np.array([0, 2, 1, 1, 2, 3], np.uint16), target=INDICES)
        material = self._material("floor", FLOOR_COLOR, doubleSided=True)
        primitive = {"attributes": attributes, "indices": indices, "material": material}
        self._meshes.append({"name": "floor", "primitives": [primitive]})
        self._roots.append(self._node({"name": "floor", "mesh": len(self._meshes) - 1}))

    def add_camera(self, camera: CameraNode, view: View) -> None:
        """Add the camera of the recording, without its distortion and with the optical axis in the image's center."""
        width, height = view.size
        angle = 2 * math.atan(0.5 * height / float(view.K[1, 1]))
        perspective = {"yfov": angle, "aspectRatio": width / height, "znear": NEAR_M}
        self._cameras.append({"name": "camera", "type": "perspective", "perspective": perspective})
        rotation = Rotation.from_matrix(camera.rotation).as_quat()
        node = {"name": "camera", "camera": 0, "rotation": rotation.tolist(), "translation": camera.position.tolist()}
        self._roots.append(self._node(node))

    def pack(self) -> list[bytes | bytearray]:
        description: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": GENERATOR},
            "scene": 0,
            "scenes": [{"nodes": self._roots}],
            "nodes": self._nodes,
            "meshes": self._meshes,
            "skins": self._skins,
            "animations": [{"name": "recording", "samplers": self._samplers, "channels": self._channels}],
            "materials": self._materials,
        }
        if self._cameras:
            description["cameras"] = self._cameras
        return pack(description, self._buffer)

    def _material(self, name: str, color: list[float], **properties: bool) -> int:
        """Return the material with a name, which is added once."""
        for index, material in enumerate(self._materials):
            if material["name"] == name:
                return index
        surface = {"baseColorFactor": color, "metallicFactor": 0.0, "roughnessFactor": ROUGHNESS}
        self._materials.append({"name": name, "pbrMetallicRoughness": surface} | properties)
        return len(self._materials) - 1

    def _node(self, node: dict[str, Any]) -> int:
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _skeleton(self, person: Animation, joints: F32) -> int:
        """Add a node per joint, at rest. Returns the first."""
        first = len(self._nodes)
        parents = person.body.parents.tolist()
        for joint, parent in enumerate(parents):
            offset = joints[joint] - (joints[parent] if parent >= 0 else 0)
            node: dict[str, Any] = {"name": person.body.joint_names[joint], "translation": offset.tolist()}
            if children := [first + child for child, of in enumerate(parents) if of == joint]:
                node["children"] = children
            self._node(node)
        return first

    def _skin(self, person: Animation, joints: F32, first: int) -> int:
        # At rest the joints have no rotation: the inverse bind matrix is a translation. Stored column-major.
        inverse = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
        inverse[:, 3, :3] = -joints
        skin = {
            "name": f"person {person.name}",
            "joints": list(range(first, first + len(joints))),
            "inverseBindMatrices": self._buffer.add(inverse),
        }
        self._skins.append(skin)
        return len(self._skins) - 1

    def _mesh(self, person: Animation, vertices: F32) -> int:
        surface = self._surface(person.body)
        attributes = surface.attributes | {
            "POSITION": self._buffer.add(vertices[surface.vertices], target=VERTICES, bounds=True),
            "NORMAL": self._buffer.add(normals(vertices, person.body.faces)[surface.vertices], target=VERTICES),
        }
        color = person.track_id % len(PALETTE)
        material = self._material(f"person color {color}", [*linear_rgb(person.track_id), 1.0])
        primitive = {"attributes": attributes, "indices": surface.indices, "material": material}
        self._meshes.append({"name": f"person {person.name}", "primitives": [primitive]})
        return len(self._meshes) - 1

    def _surface(self, body: BodyModel) -> _Surface:
        if id(body) not in self._surfaces:
            self._surfaces[id(body)] = _Surface.of(body, self._buffer)
        return self._surfaces[id(body)]

    def _animate(self, person: Animation, node: int, first: int) -> None:
        times = self._buffer.add(person.times.astype(np.float32), bounds=True)
        self._channel(first, "translation", times, person.translation)
        for joint in range(person.quaternions.shape[1]):  # one joint at a time: a recording may be hours long
            rotations = continuous(person.quaternions[:, joint : joint + 1])[:, 0]
            self._channel(first + joint, "rotation", times, np.ascontiguousarray(rotations, np.float32))
        observed = {
            name: [self._buffer.add(levels, normalized=True) for levels in fractions(values)]
            for name, values in (("visibility", person.visibility), ("contacts", person.contacts))
            if values is not None
        }
        if observed:
            self._nodes[node]["extras"] = {"times": times, **observed}
        keys, scales = presence(person.seen)
        if not scales.all():
            at = self._buffer.add(keys, bounds=True)
            self._channel(node, "scale", at, np.repeat(scales[:, None], 3, 1), "STEP")

    def _channel(self, node: int, path: str, times: int, values: Array, interpolation: str = "LINEAR") -> None:
        self._samplers.append({"input": times, "output": self._buffer.add(values), "interpolation": interpolation})
        self._channels.append({"sampler": len(self._samplers) - 1, "target": {"node": node, "path": path}})


@dataclass(frozen=True, slots=True)
class _Surface:
    """Data shared by people with the same body. vertices (W,): indices into the vertices of the body; a vertex with
    several texture coordinates is duplicated."""

    vertices: I32
    indices: int
    attributes: dict[str, int]

    @staticmethod
    def of(body: BodyModel, buffer: Buffer) -> _Surface:
        rig = body.rig
        assert rig is not None
        vertices, coordinates, faces = split_at_seams(body)
        joints = np.where(rig.weights > 0, rig.joints, 0).astype(np.uint8)
        attributes = {
            "JOINTS_0": buffer.add(joints[vertices], target=VERTICES),
            "WEIGHTS_0": buffer.add(weight_levels(rig.weights)[vertices], target=VERTICES, normalized=True),
        }
        if coordinates is not None:
            attributes["TEXCOORD_0"] = buffer.add(coordinates, target=VERTICES)
        small = len(vertices) < 1 << 16
        indices = buffer.add(faces.ravel().astype(np.uint16 if small else np.uint32), target=INDICES)
        return _Surface(vertices, indices, attributes)


def fractions(values: F32) -> list[U8]:
    """Values (T, D) in 0..1 as D arrays (T,) of fractions of 255; 1 where a value is unknown."""
    levels = np.rint(np.where(np.isnan(values), 1, values) * 255).astype(np.uint8)
    return [np.ascontiguousarray(column) for column in levels.T]


def split_at_seams(body: BodyModel) -> tuple[I32, F32 | None, I32]:
    """Split vertices at texture seams: one vertex per used pair of vertex and texture coordinate.

    Returns vertices (W,) as indices into those of the body, texture coordinates (W, 2) with v down as in glTF (None if
    the body has none), and faces (F, 3)."""
    if body.uv is None:
        return np.arange(len(body.rest_vertices), dtype=np.int32), None, body.faces
    pairs = np.stack([body.faces.ravel(), body.uv.faces.ravel()], 1)
    unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
    u, v = body.uv.coordinates[unique[:, 1]].T
    coordinates = np.stack([u, 1 - v], 1).astype(np.float32)
    return unique[:, 0].astype(np.int32), coordinates, inverse.reshape(-1, 3).astype(np.int32)


def normals(vertices: F32, faces: I32) -> F32:
    """Return unit normals (V, 3), averaged over adjacent faces by area; up for isolated vertices."""
    a, b, c = (vertices[corner] for corner in faces.T)
    face = np.cross(b - a, c - a).astype(np.float64)
    total = np.zeros(vertices.shape)
    for corner in faces.T:
        np.add.at(total, corner, face)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    flat = length < 1e-20
    unit: F32 = np.where(flat, [0.0, 1.0, 0.0], total / np.where(flat, 1, length)).astype(np.float32)
    return unit


def presence(seen: Sequence[tuple[float, float]]) -> tuple[F32, F32]:
    """Return key times (K,) and scales (K,): 1 while the person is visible, else 0."""
    keys = {0.0: 0.0}
    for begin_s, end_s in seen:
        keys |= {begin_s: 1.0, end_s: 0.0}
    keys.pop(math.inf, None)
    return np.array(list(keys), np.float32), np.array(list(keys.values()), np.float32)
