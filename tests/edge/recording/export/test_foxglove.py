"""Recordings with the schemas of Foxglove, read back with the reader of MCAP."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE, OutputError, RecordingError
from edge.recording.export.foxglove import write_foxglove
from edge.recording.export.foxglove_schemas import SCHEMAS
from edge.recording.mcap_file import Recording
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.types import Frame
from engines.errors import UnknownNameError
from tests.support import golden_packets
from tests.support.commands import Command
from tests.support.rig_poses import RigPoses

# The required fields of the published schemas; CameraCalibration has no required ones.
REQUIRED = {
    "foxglove.SceneUpdate": {"deletions", "entities"},
    "foxglove.FrameTransform": {"timestamp", "parent_frame_id", "child_frame_id", "translation", "rotation"},
    "foxglove.Log": {"timestamp", "level", "message", "name", "file", "line"},
    "foxglove.CameraCalibration": {"timestamp", "frame_id", "width", "height", "distortion_model", *"DKRP"},
}
ENTITY = {"timestamp", "frame_id", "id", "lifetime", "frame_locked", "metadata"}
PRIMITIVES = {"arrows", "cubes", "spheres", "cylinders", "lines", "triangles", "texts", "models"}
LINE = {"type", "pose", "thickness", "scale_invariant", "points", "color", "colors", "indices"}
CAMERA = replace(Camera.from_fov((640, 480), 60), world=WorldPose.of_height(2.0, 10.0))
BODIES = golden_packets.bodies(2)


def record(path: Path, levels: tuple[str, ...] = ("params",), camera: Camera = CAMERA) -> Recording:
    """Three frames: with two people, the first of them, and no people."""
    model = golden_packets.rigged()
    recorder, rig_pose = StreamRecorder(RecordConfig(path, levels), "cam", model), RigPoses(model)
    for index, count in enumerate((2, 1, 0)):
        frame = Frame("cam", index, index * 33_000_000, index / 30, np.zeros((480, 640, 3), np.uint8))
        bodies = golden_packets.bodies(count)
        recorder.add(frame, bodies, camera, rig_pose(frame, bodies))
    assert recorder.close()
    return Recording(path)


def read(path: Path) -> dict[str, list[tuple[str, int, dict[str, Any]]]]:
    """Schema, log time and content of the messages of each topic."""
    found: dict[str, list[tuple[str, int, dict[str, Any]]]] = {}
    with path.open("rb") as file:
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            assert schema is not None
            assert (schema.encoding, channel.message_encoding) == ("jsonschema", "json")
            assert json.loads(schema.data) == SCHEMAS[schema.name]
            content = json.loads(message.data)
            check(SCHEMAS[schema.name], content)
            found.setdefault(channel.topic, []).append((schema.name, message.log_time, content))
    return found


def check(schema: dict[str, Any], value: Any) -> None:
    """The value has the types and required fields of a schema."""
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    assert isinstance(value, kinds[schema["type"]])
    assert set(schema.get("required", ())) <= set(value if isinstance(value, dict) else ())
    for name, each in schema.get("properties", {}).items():
        check(each, value[name])
    for each in value if schema["type"] == "array" else ():
        check(schema["items"], each)


def points(listed: list[dict[str, float]]) -> np.ndarray:
    return np.array([[each[axis] for axis in "xyz"] for each in listed])


def test_schemas_have_the_required_fields() -> None:
    for name, fields in REQUIRED.items():
        assert fields <= set(SCHEMAS[name]["required"]), name
    entity = SCHEMAS["foxglove.SceneUpdate"]["properties"]["entities"]["items"]
    assert set(entity["required"]) == ENTITY | PRIMITIVES
    assert set(entity["properties"]["lines"]["items"]["required"]) == LINE


@pytest.mark.parametrize("level", ["params", "joints", "mesh"])
def test_foxglove_scene_has_people_and_their_deletions(tmp_path: Path, level: str) -> None:
    out = tmp_path / "out.mcap"
    assert write_foxglove(out, record(tmp_path / "a.mcap", (level,))) == {"cam": 3}
    topics = read(out)
    assert set(topics) == {f"/cam/{name}" for name in ("scene", "tf", "calibration", "log", "diagnostics")}
    scenes = [content for _, _, content in topics["/cam/scene"]]
    ids = [str(identity) for identity in BODIES.ids.tolist()]
    assert [[entity["id"] for entity in scene["entities"]] for scene in scenes] == [ids, ids[:1], []]
    assert [[gone["id"] for gone in scene["deletions"]] for scene in scenes] == [[], ids[1:], ids[:1]]
    person = scenes[0]["entities"][1]
    assert person["frame_id"] == "cam"
    parents = golden_packets.rigged().parents
    lines = person["lines"][0]
    assert np.array(lines["indices"]).reshape(-1, 2).tolist() == [
        [parent, child] for child, parent in enumerate(parents.tolist()) if parent >= 0
    ]
    if level != "params":
        np.testing.assert_allclose(points(lines["points"]), BODIES.joints[1], atol=2e-3)
    assert person["texts"][0]["text"] == ids[1]
    assert person["triangles"] == []


def test_foxglove_surface_is_that_of_the_recording(tmp_path: Path) -> None:
    write_foxglove(tmp_path / "out.mcap", record(tmp_path / "a.mcap", ("mesh",)), surface=True)
    entity = read(tmp_path / "out.mcap")["/cam/scene"][0][2]["entities"][0]
    (triangles,) = entity["triangles"]
    np.testing.assert_allclose(points(triangles["points"]), BODIES.vertices[0], atol=2e-4)
    assert triangles["indices"] == golden_packets.rigged().faces.ravel().tolist()


def test_foxglove_camera_is_in_the_world(tmp_path: Path) -> None:
    write_foxglove(tmp_path / "out.mcap", record(tmp_path / "a.mcap"))
    topics = read(tmp_path / "out.mcap")
    ((_, _, placed),) = topics["/cam/tf"]
    assert (placed["parent_frame_id"], placed["child_frame_id"]) == ("world", "cam")
    assert placed["translation"] == {"x": 0.0, "y": 0.0, "z": pytest.approx(2.0)}
    turn = placed["rotation"]
    # Forward is the world's y, 10 degrees down; the image's x is the world's x.
    assert [turn[axis] for axis in "xyzw"] == pytest.approx([-np.sin(np.radians(50)), 0, 0, np.cos(np.radians(50))])
    ((_, _, lens),) = topics["/cam/calibration"]
    assert lens["K"] == pytest.approx(CAMERA.K.ravel().tolist(), rel=1e-6)
    assert (lens["width"], lens["height"], lens["frame_id"]) == (640, 480, "cam")
    assert np.array(lens["P"]).reshape(3, 4)[:, :3].ravel().tolist() == lens["K"]


def test_foxglove_times_state_and_diagnostics(tmp_path: Path) -> None:
    write_foxglove(tmp_path / "out.mcap", record(tmp_path / "a.mcap"))
    topics = read(tmp_path / "out.mcap")
    for _, t_ns, content in topics["/cam/scene"]:
        for entity in content["entities"]:
            assert entity["timestamp"] == {"sec": t_ns // 10**9, "nsec": t_ns % 10**9}
    states = [content["message"] for _, _, content in topics["/cam/log"]]
    assert states[-1].startswith("cam: ended")
    values = [content for _, _, content in topics["/cam/diagnostics"]]
    assert [(each["frame_index"], each["people"], each["lost"]) for each in values] == [(0, 2, 0), (1, 1, 0), (2, 0, 0)]


def test_foxglove_unusable_input_is_an_error(tmp_path: Path) -> None:
    recording = record(tmp_path / "a.mcap")
    with pytest.raises(UnknownNameError, match="did you mean cam"):
        write_foxglove(tmp_path / "b.mcap", recording, stream="can")
    with pytest.raises(OutputError, match="is the recording itself"):
        write_foxglove(tmp_path / "a.mcap", recording)
    write_foxglove(tmp_path / "b.mcap", recording)
    with pytest.raises(RecordingError, match="no frames of Meshcast"):
        write_foxglove(tmp_path / "c.mcap", Recording(tmp_path / "b.mcap"))
    assert {path.name for path in tmp_path.iterdir()} == {"a.mcap", "b.mcap"}


def test_export_mcap_prints_the_streams(meshcast: Command, tmp_path: Path) -> None:
    record(tmp_path / "a.mcap")
    said = meshcast("export", tmp_path / "a.mcap", tmp_path / "b.mcap", "--surface")
    assert said.code == EXIT_WHOLE
    assert said.out.splitlines() == [f"wrote {tmp_path / 'b.mcap'}", "stream cam: 3 frames"]
    assert meshcast("export", tmp_path / "a.mcap", tmp_path / "b.mcap", "--person", "0").code == EXIT_USAGE
    assert meshcast("export", tmp_path / "a.mcap", tmp_path / "b.glb", "--surface").code == EXIT_USAGE
    assert meshcast("export", tmp_path / "a.mcap", tmp_path / "a.mcap").code == EXIT_INPUT
