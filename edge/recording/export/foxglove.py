"""Recordings as MCAP files with the message schemas of Foxglove, which generic viewers show in 3D.

A recording itself stays small and lossless; this writes a second file for viewers that do not know its messages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from mcap.writer import CompressionType, Writer
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from calibration.world import WorldPose
from edge.errors import OutputError, RecordingError
from edge.recording.camera_pose import read_camera_pose
from edge.recording.export.foxglove_schemas import SCHEMAS, UNUSED
from edge.recording.export.whole_file import whole_file
from edge.recording.mcap_file import Recording, Unbuffered
from edge.render.palette import color_of
from edge.render.skeleton import bones
from edge.sinks.output_file import OutputFile
from edge.types import F32
from engines.errors import UnknownNameError
from engines.files.suggestions import did_you_mean
from meshcast.errors import WireError
from meshcast.protocol.axes import convert_frame, convert_model
from meshcast.protocol.body import BodyModel
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import TOPIC_PREFIXES, Kind
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from meshcast.protocol.skinning import skin

Json = dict[str, Any]

WORLD = "world"
LINE_LIST = 2
LEVELS = (Kind.PARAMS, Kind.MESH, Kind.MESH_LOD, Kind.JOINTS)  # the first that a stream has is exported
SURFACES = (Kind.PARAMS, Kind.MESH, Kind.MESH_LOD)
INFO, WARNING = 2, 3
BONE_M = 0.02
LABEL_M = 0.12
ABOVE_HEAD_M = 0.35
DIGITS = 4  # of coordinates after the point: 0.1 mm
IDENTITY = {"position": {"x": 0.0, "y": 0.0, "z": 0.0}, "orientation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}}
# Camera axes (x right, y down, z forward) in a world with z up, for cameras whose pose is unknown.
UPRIGHT = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def write_foxglove(
    path: Path, recording: Recording, *, stream: str = "", surface: bool = False, pose: WorldPose | None = None
) -> dict[str, int]:
    """Write the streams of a recording for viewers of Foxglove's schemas.

    Args:
        path: the new file.
        recording: of one or more streams.
        stream: the only stream to write; empty: all.
        surface: also write the surfaces, as triangles; files become about forty times as large.
        pose: of the camera, in place of the recorded one.

    Returns:
        The number of frames of each stream.

    Raises:
        OutputError: the file cannot be written, or is the recording.
        RecordingError: the recording is damaged or has no frames.
        UnknownNameError: there is no such stream.
    """
    if path.exists() and path.samefile(recording.path):
        raise OutputError(f"{path}: is the recording itself; choose another name")
    levels = _levels(recording, stream)
    with whole_file(path, recording) as target, _Mcap(target) as mcap:
        scenes = {
            name: _Stream(mcap, name, pose or read_camera_pose(recording, name), surface and level in SURFACES)
            for name, level in levels.items()
        }
        for recorded in recording:
            packet = decode(recorded.message)
            scene = scenes.get(packet.stream)
            if scene is None:
                continue
            if isinstance(packet, (ModelPacket, StatusPacket)):
                scene.note(packet, recorded.t_ns)
            elif isinstance(packet, FramePacket) and packet.level == TOPIC_PREFIXES[levels[packet.stream]]:
                scene.add(packet, recorded.t_ns)
    return {name: scene.frames for name, scene in scenes.items()}


def _levels(recording: Recording, stream: str) -> dict[str, Kind]:
    """The streams with frames and the level that is exported of each."""
    found: dict[str, set[str]] = {}
    for recorded in recording:
        prefix, _, name = recorded.message.split(b"\0", 1)[0].decode("latin-1").partition("/")
        if name not in found:
            recording.budget.reserve(1024, f"{recording.path}: the stream names")
        found.setdefault(name, set()).add(prefix)
    levels = {
        name: next(level for level in LEVELS if TOPIC_PREFIXES[level] in prefixes)
        for name, prefixes in found.items()
        if any(TOPIC_PREFIXES[level] in prefixes for level in LEVELS)
    }
    if not levels:
        raise RecordingError(f"{recording.path}: no frames of Meshcast")
    if not stream:
        return levels
    if stream not in levels:
        hint = did_you_mean(stream, levels)
        raise UnknownNameError(f"{recording.path}: no stream {stream!r}{hint}; choose from {', '.join(levels)}")
    return {stream: levels[stream]}


class _Mcap:
    """An MCAP file with JSON messages; the with block finishes it."""

    def __init__(self, target: OutputFile) -> None:
        self._writer = Writer(cast(BinaryIO, Unbuffered(target.file)), compression=CompressionType.ZSTD)
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def __enter__(self) -> _Mcap:
        self._writer.start(library="meshcast")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._writer.finish()

    def add(self, topic: str, schema: str, t_ns: int, message: Json) -> None:
        """Add a message of one of SCHEMAS."""
        if schema not in self._schemas:
            text = json.dumps(SCHEMAS[schema]).encode()
            self._schemas[schema] = self._writer.register_schema(schema, "jsonschema", text)
        if topic not in self._channels:
            self._channels[topic] = self._writer.register_channel(topic, "json", self._schemas[schema])
        self._counts[topic] = count = self._counts.get(topic, -1) + 1
        content = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
        self._writer.add_message(self._channels[topic], t_ns, content, t_ns, count & 0xFFFFFFFF)


class _Stream:
    """Writes the messages of one stream."""

    def __init__(self, mcap: _Mcap, name: str, pose: WorldPose | None, surface: bool) -> None:
        self.frames = 0
        self._mcap = mcap
        self._name = name
        self._pose = pose
        self._surface = surface
        self._bodies: dict[int, BodyModel] = {}
        self._shown: dict[str, None] = {}
        self._state = ""
        self._lens: Json | None = None
        self._next_seq: tuple[int, int] | None = None

    def note(self, packet: ModelPacket | StatusPacket, t_ns: int) -> None:
        """Keep a body model, or write a change of the state as a log message."""
        if isinstance(packet, ModelPacket):
            self._bodies[packet.model_id] = convert_model(packet, "opencv").body
        elif packet.state != self._state:
            self._state = packet.state
            message = f"{self._name}: {packet.state}" + (f" ({packet.reason})" if packet.reason else "")
            level = INFO if packet.state == "live" else WARNING
            entry = {"timestamp": _stamp(t_ns), "level": level, "message": message}
            self._add("log", "foxglove.Log", t_ns, entry | {"name": self._name, "file": "", "line": 0})

    def add(self, packet: FramePacket, t_ns: int) -> None:
        """Write a frame; one without its body model is left out."""
        body = self._bodies.get(packet.model_id)
        if body is None:
            return
        if not self.frames:
            self._place(t_ns)
        self.frames += 1
        self._calibrate(packet, t_ns)
        vertices, joints, faces = _shapes(convert_frame(packet, "opencv"), body)
        edges = bones(body.parents)
        stamp = _stamp(t_ns)
        entities = []
        for row, identity in enumerate(packet.people.ids.tolist()):
            color = _color(identity)
            top = joints[row][joints[row][:, 1].argmin()].astype(np.float64) - [0, ABOVE_HEAD_M, 0]
            entity = {
                "timestamp": stamp,
                "frame_id": self._name,
                "id": str(identity),
                "lifetime": {"sec": 0, "nsec": 0},
                "frame_locked": True,
                "metadata": [{"key": "score", "value": f"{packet.people.scores[row]:.3f}"}],
                "lines": [_lines(joints[row], edges.ravel().tolist(), color)],
                "triangles": [_triangles(vertices[row], faces, color)] if self._surface else [],
                "texts": [_label(str(identity), top, color)],
            }
            entities.append(entity | {kind: [] for kind in UNUSED})
        ids = dict.fromkeys(str(identity) for identity in packet.people.ids.tolist())
        gone = [{"timestamp": stamp, "type": 0, "id": identity} for identity in self._shown if identity not in ids]
        self._shown = ids
        self._add("scene", "foxglove.SceneUpdate", t_ns, {"deletions": gone, "entities": entities})
        self._diagnose(packet, stamp, t_ns)

    def _diagnose(self, packet: FramePacket, stamp: Json, t_ns: int) -> None:
        expected = self._next_seq
        lost = packet.seq - expected[1] if expected is not None and expected[0] == packet.session else 0
        self._next_seq = packet.session, packet.seq + 1
        values = {
            "timestamp": stamp,
            "frame_index": packet.frame_index,
            "t_stream_s": packet.t_stream_s,
            "age_ms": round(packet.age_ms, 3),
            "people": len(packet.people),
            "lost": max(0, lost),
        }
        self._add("diagnostics", "meshcast.FrameDiagnostics", t_ns, values)

    def _place(self, t_ns: int) -> None:
        """Write where the camera is in the world."""
        turn = UPRIGHT if self._pose is None else self._pose.rotation.T
        position = np.zeros(3) if self._pose is None else self._pose.position
        transform = {
            "timestamp": _stamp(t_ns),
            "parent_frame_id": WORLD,
            "child_frame_id": self._name,
            "translation": _xyz(position),
            "rotation": dict(zip("xyzw", Rotation.from_matrix(turn).as_quat(canonical=True).tolist(), strict=True)),
        }
        self._add("tf", "foxglove.FrameTransform", t_ns, transform)

    def _calibrate(self, packet: FramePacket, t_ns: int) -> None:
        """Write the lens where it is new."""
        if packet.camera is None:
            return
        K = packet.camera.K
        lens = {
            "width": packet.size[0],
            "height": packet.size[1],
            "distortion_model": "plumb_bob",
            "D": packet.camera.distortion.tolist(),
            "K": K.ravel().tolist(),
            "R": np.eye(3).ravel().tolist(),
            "P": np.column_stack([K, np.zeros(3)]).ravel().tolist(),
        }
        if lens != self._lens:
            self._lens = lens
            head = {"timestamp": _stamp(t_ns), "frame_id": self._name}
            self._add("calibration", "foxglove.CameraCalibration", t_ns, head | lens)

    def _add(self, topic: str, schema: str, t_ns: int, message: Json) -> None:
        self._mcap.add(f"/{self._name}/{topic}", schema, t_ns, message)


def _shapes(packet: FramePacket, body: BodyModel) -> tuple[F32, F32, list[int]]:
    """Vertices (N, V, 3) and joints (N, J, 3) of a frame in opencv axes, and the corners of the triangles."""
    people, faces = packet.people, body.faces
    if packet.level != TOPIC_PREFIXES[Kind.PARAMS]:
        lod = packet.level == TOPIC_PREFIXES[Kind.MESH_LOD]
        if lod and body.lod is not None:
            faces = body.lod.faces
        limit = people.vertices.shape[1]
        if people.joints.shape[1] < len(body.parents) or (limit and faces.size and int(faces.max()) >= limit):
            raise WireError(f"the frames do not match the body model {body.name}")
        return people.vertices, people.joints, faces.ravel().tolist()
    vertices, joints = skin(body, people)
    if body.lod is not None:
        vertices, faces = vertices[:, body.lod.vertices], body.lod.faces
    return vertices, joints, faces.ravel().tolist()


def _lines(joints: F32, indices: list[int], color: Json) -> Json:
    return {
        "type": LINE_LIST,
        "pose": IDENTITY,
        "thickness": BONE_M,
        "scale_invariant": False,
        "points": _points(joints),
        "color": color,
        "colors": [],
        "indices": indices,
    }


def _triangles(vertices: F32, indices: list[int], color: Json) -> Json:
    return {"pose": IDENTITY, "points": _points(vertices), "color": color, "colors": [], "indices": indices}


def _label(text: str, place: NDArray[np.float64], color: Json) -> Json:
    return {
        "pose": IDENTITY | {"position": _xyz(place)},
        "billboard": True,
        "font_size": LABEL_M,
        "scale_invariant": False,
        "color": color,
        "text": text,
    }


def _points(points: F32) -> list[Json]:
    return [dict(zip("xyz", point, strict=True)) for point in _rounded(points)]


def _xyz(point: NDArray[np.float64]) -> Json:
    return dict(zip("xyz", point.tolist(), strict=True))


def _rounded(points: F32) -> Iterable[Sequence[float]]:
    rounded: list[list[float]] = points.astype(np.float64).round(DIGITS).tolist()
    return rounded


def _color(identity: int) -> Json:
    red, green, blue = (color_of(identity)[::-1] / 255).round(3).astype(float).tolist()
    return {"r": red, "g": green, "b": blue, "a": 1.0}


def _stamp(t_ns: int) -> Json:
    return {"sec": t_ns // 1_000_000_000, "nsec": t_ns % 1_000_000_000}
