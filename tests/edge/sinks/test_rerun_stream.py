"""Streams written for Rerun, read back with its own reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rerun.chunk import RrdReader

from calibration.world import WorldPose
from edge.errors import OutputError
from edge.sinks import rerun_stream
from edge.sinks.rerun_stream import LONGEST_PX, RerunWriter, jpeg
from edge.sinks.rerun_target import ImageRate, RerunConfig
from edge.types import Tracks
from tests.support.sink_data import CAMERA, body_model, make_bodies, make_frame

STAGES = {"detect": (1, 10.0)}


def tracks(ids: list[int]) -> Tracks:
    boxes = np.tile(np.array([4, 6, 20, 36], np.float32), (len(ids), 1))
    return Tracks(np.array(ids, np.int32), boxes, np.ones(len(ids), np.float32))


def write(path: Path, ids: list[list[int]], image_fps: float = 10.0, **changes: Any) -> RerunWriter:
    """A file with a frame every 50 ms, for each list of ids."""
    writer = RerunWriter(RerunConfig(str(path), image_fps, "abc"), "cam", body_model())
    camera = replace(CAMERA, **changes)
    for index, each in enumerate(ids):
        bodies = make_bodies(each, index)
        writer.write(make_frame(index, index / 20), bodies, camera, tracks(each), age_ms=20.0 + index, stages=STAGES)
    return writer


def columns(path: Path) -> dict[str, dict[str, list[Any]]]:
    """The values of each entity by column, in the order of the rows."""
    found: dict[str, dict[str, list[Any]]] = {}
    for chunk in RrdReader(path).stream():
        entity = found.setdefault(chunk.entity_path, {})
        batch = chunk.to_record_batch()
        for name in batch.schema.names:
            values = batch.column(name)
            if name in ("stream_time", "log_time"):
                values = values.cast("int64")  # ns
            entity.setdefault(name, []).extend(values.to_pylist())
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[Any]]]:
    path = tmp_path_factory.mktemp("rerun") / "a.rrd"
    assert write(path, [[1, 2], [2], [], [2]]).close()
    assert [entry.name for entry in path.parent.iterdir()] == ["a.rrd"]
    (recording,) = RrdReader(path).recordings()
    assert recording.recording_id == "abc"
    return columns(path)


def test_rerun_file_has_the_bodies_at_their_times(written: dict[str, dict[str, list[Any]]]) -> None:
    skeletons = written["/cam/people/2/skeleton"]
    assert skeletons["frame"] == [0, 1, 3]
    assert skeletons["stream_time"] == [0, 50_000_000, 150_000_000]
    joints = np.array(written["/cam/people/2/joints"]["Points3D:positions"], np.float32)
    expected = [make_bodies([1, 2], 0).joints[1], make_bodies([2], 1).joints[0], make_bodies([2], 3).joints[0]]
    np.testing.assert_array_equal(joints, expected)
    mesh = written["/cam/people/1/mesh"]
    np.testing.assert_array_equal(mesh["Mesh3D:vertex_positions"][0], make_bodies([1, 2], 0).vertices[0])
    assert mesh["Mesh3D:triangle_indices"] == [body_model().faces.tolist()]
    cleared = {entity: columns["frame"] for entity, columns in written.items() if "Clear:is_recursive" in columns}
    assert cleared == {"/cam/people/1": [1], "/cam/people/2": [2]}


def test_rerun_file_has_boxes_keypoints_and_the_lens(written: dict[str, dict[str, list[Any]]]) -> None:
    boxes = written["/cam/camera/boxes"]
    assert boxes["Boxes2D:labels"] == [["1", "2"], ["2"], [], ["2"]]
    assert boxes["Boxes2D:centers"][0] == [[12.0, 21.0]] * 2
    assert boxes["Boxes2D:half_sizes"][0] == [[8.0, 15.0]] * 2
    keypoints = make_bodies([1, 2], 0).keypoints
    seen = keypoints[keypoints[..., 2] > 0.3]
    assert 0 < len(seen) < 6
    np.testing.assert_array_equal(written["/cam/camera/keypoints"]["Points2D:positions"][0], seen[:, :2])
    lens = np.array(written["/cam/camera"]["Pinhole:image_from_camera"]).reshape(3, 3).T
    np.testing.assert_allclose(lens, CAMERA.K, rtol=1e-6)
    assert written["/cam/camera"]["Pinhole:resolution"] == [[[64.0, 48.0]]]
    assert "Transform3D:translation" not in written["/cam/camera"]


def test_rerun_file_has_images_at_their_rate_and_plots(written: dict[str, dict[str, list[Any]]]) -> None:
    images = written["/cam/camera/image"]
    assert images["frame"] == [0, 2]
    image = cv2.imdecode(np.array(images["EncodedImage:blob"][0][0], np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (48, 64, 3)
    assert written["/cam/plots/age_ms"]["Scalars:scalars"] == [[20.0], [21.0], [22.0], [23.0]]
    assert written["/cam/plots/people"]["Scalars:scalars"] == [[2.0], [1.0], [0.0], [1.0]]
    assert written["/cam/plots/stage_ms/detect"]["Scalars:scalars"][0] == [10.0]


def test_rerun_file_of_a_placed_camera_has_the_world(tmp_path: Path) -> None:
    world = WorldPose.of_height(2.0, 10.0)
    assert write(tmp_path / "a.rrd", [[1]], image_fps=0, world=world).close()
    found = columns(tmp_path / "a.rrd")
    for entity in ("/cam/camera", "/cam/people"):
        np.testing.assert_allclose(found[entity]["Transform3D:translation"][0][0], [0, 0, 2], atol=1e-6)
        turn = np.array(found[entity]["Transform3D:mat3x3"]).reshape(3, 3).T
        np.testing.assert_allclose(turn, world.rotation.T, atol=1e-6)
    assert "/cam/camera/image" not in found


def test_rerun_file_image_rate_may_change(tmp_path: Path) -> None:
    rate = ImageRate(0.0)
    writer = RerunWriter(RerunConfig(str(tmp_path / "a.rrd"), 0.0, "abc", rate), "cam", body_model())
    for index in range(4):
        rate.fps = 20.0 if index >= 2 else 0.0
        bodies = make_bodies([], index)
        writer.write(make_frame(index, index / 20), bodies, CAMERA, tracks([]), age_ms=1.0, stages=STAGES)
    assert writer.close()
    assert columns(tmp_path / "a.rrd")["/cam/camera/image"]["frame"] == [2, 3]


def test_rerun_file_without_frames_is_none(tmp_path: Path) -> None:
    assert not write(tmp_path / "a.rrd", []).close()
    write(tmp_path / "b.rrd", [[1]]).abort()
    assert not list(tmp_path.iterdir())


def test_rerun_file_error_is_an_output_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = write(tmp_path / "a.rrd", [[1]])
    monkeypatch.setattr(rerun_stream, "FLUSH_S", 0.0)

    def full(**_: float) -> None:
        raise RuntimeError("No space left on device")

    monkeypatch.setattr(writer._stream, "flush", full)
    with pytest.raises(OutputError, match=r"a\.rrd: cannot be written: No space left on device"):
        writer.close()
    assert not list(tmp_path.iterdir())


def test_jpeg_of_a_long_image_is_smaller() -> None:
    image = cv2.imdecode(np.frombuffer(jpeg(np.zeros((64, 2 * LONGEST_PX, 3), np.uint8)), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (32, LONGEST_PX, 3)
