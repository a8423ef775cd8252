"""The pose of the camera in a recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibration.world import WorldPose
from edge.errors import RecordingError
from edge.recording.camera_pose import METADATA, read_camera_pose, write_camera_pose
from edge.recording.mcap_file import METADATA_BYTES, Recording, RecordingWriter
from meshcast.protocol.layout import COMMON_HEADER, read_header, read_kind
from tests.support.recordings import EACH_MESSAGE, GOLDEN


def written(path: Path, *metadata: tuple[str, dict[str, str]], poses: dict[str, WorldPose] | None = None) -> Recording:
    with RecordingWriter(path, flush_s=EACH_MESSAGE) as writer:
        for name in ("model_opencv.bin", "params_opencv.bin"):
            message = GOLDEN[name]
            kind = read_kind(message)
            writer.add(kind, read_header(message, COMMON_HEADER, kind), 5, message)
            for stream, pose in (poses or {}).items():
                write_camera_pose(writer, stream, pose)
        for record in metadata:
            writer.add_metadata(*record)
        writer.close()
    return Recording(path)


def test_camera_pose_is_read_per_stream_and_messages_are_unchanged(tmp_path: Path) -> None:
    poses = {"cam0": WorldPose.of_height(2.5, 30, 5), "cam1": WorldPose.of_height(1.0)}
    recording = written(tmp_path / "a.mcap", poses=poses)
    for stream, pose in poses.items():
        read = read_camera_pose(recording, stream)
        assert read is not None
        assert (read.rotation == pose.rotation).all()
        assert (read.translation == pose.translation).all()
    assert read_camera_pose(recording, "cam2") is None
    assert [each.message for each in recording] == [GOLDEN["model_opencv.bin"], GOLDEN["params_opencv.bin"]]


@pytest.mark.parametrize(
    ("rotation", "translation"),
    [
        ("[[1, 0, 0], [0, 1, 0], [0, 0, 2]]", "[0, 0, 0]"),
        ("[[1, 0, 0], [0, 1, 0], [0, 0, -1]]", "[0, 0, 0]"),
        ("[[1, 0, 0], [0, 1, 0], [0, 0, NaN]]", "[0, 0, 0]"),
        ("[" * 5000, "[0, 0, 0]"),
        ("[[1, 0, 0], [0, 1, 0], [0, 0, 1]]", "[0, 0]"),
        ("[[1, 0, 0], [0, 1, 0], [0, 0, 1]]", '[0, 0, "x"]'),
    ],
)
def test_damaged_camera_pose_is_an_error(tmp_path: Path, rotation: str, translation: str) -> None:
    values = {"stream": "cam0", "rotation": rotation, "translation": translation}
    recording = written(tmp_path / "a.mcap", (METADATA, values))
    with pytest.raises(RecordingError, match=r"a\.mcap: the pose of the camera of cam0 is damaged; give --camera"):
        read_camera_pose(recording, "cam0")


def test_large_or_foreign_metadata_is_ignored(tmp_path: Path) -> None:
    huge = {"stream": "cam0", "rotation": " " * METADATA_BYTES}
    recording = written(tmp_path / "a.mcap", (METADATA, huge), ("other", {"stream": "cam0"}))
    assert read_camera_pose(recording, "cam0") is None
    assert len(list(recording)) == 2
