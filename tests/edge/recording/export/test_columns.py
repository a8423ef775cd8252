"""Recordings as Parquet, read back with pyarrow."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.camera import Camera
from edge.errors import EXIT_USAGE, EXIT_WHOLE, OutputError, RecordingError
from edge.recording.export import columns
from edge.recording.export.columns import COLUMNS, write_columns
from edge.recording.mcap_file import Recording, RecordingWriter
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.types import Frame
from engines.errors import UnknownNameError
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket
from tests.support import golden_packets
from tests.support.commands import Command
from tests.support.rig_poses import RigPoses
from tests.support.small_disk import SmallDisk

pq = pytest.importorskip("pyarrow.parquet")
CAMERA = Camera.from_fov((640, 480), 60)
COUNTS = (2, 1, 0)  # people in the frames


def record(path: Path, levels: tuple[str, ...] = ("params", "joints")) -> Recording:
    model = golden_packets.rigged()
    recorder, rig_pose = StreamRecorder(RecordConfig(path, levels), "cam", model), RigPoses(model)
    for index, count in enumerate(COUNTS):
        frame = Frame("cam", index, index * 33_000_000, index / 30, np.zeros((480, 640, 3), np.uint8))
        bodies = golden_packets.bodies(count)
        recorder.add(frame, bodies, CAMERA, rig_pose(frame, bodies))
    assert recorder.close()
    return Recording(path)


def packets(recording: Recording, level: str) -> list[FramePacket]:
    found = [decode(recorded.message) for recorded in recording]
    return [packet for packet in found if isinstance(packet, FramePacket) and packet.level == level]


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def test_columns_hold_what_the_messages_of_each_person_say(tmp_path: Path) -> None:
    recording = record(tmp_path / "a.mcap")
    assert write_columns(tmp_path / "a.parquet", recording) == {"cam": sum(COUNTS)}
    table = iter(rows(tmp_path / "a.parquet"))
    pairs = zip(packets(recording, "params"), packets(recording, "joints"), strict=True)
    for params, joints in pairs:
        for person, identity in enumerate(params.people.ids):
            row = next(table)
            assert (row["stream"], row["id"], row["frame"]) == ("cam", identity, params.frame_index)
            assert (row["t_s"], row["session"]) == (params.t_stream_s, params.session)
            assert row["score"] == params.people.scores[person]
            assert row["root"] == params.people.translation[person].tolist()
            assert row["rotations"] == params.people.rotvecs[person].ravel().tolist()
            assert row["shape"] == params.people.shape[person].tolist()
            assert row["joints"] == joints.people.joints[person].ravel().tolist()
    assert next(table, None) is None


def test_columns_metadata_describe_the_columns_and_the_stream(tmp_path: Path) -> None:
    write_columns(tmp_path / "a.parquet", record(tmp_path / "a.mcap"))
    about = json.loads(pq.read_metadata(tmp_path / "a.parquet").metadata[b"meshcast"])
    assert about["columns"] == COLUMNS
    stream = about["streams"]["cam"]
    assert (stream["axes"], stream["unit"]) == ("opencv", "m")
    np.testing.assert_allclose(stream["K"], CAMERA.K, rtol=1e-6)
    names = golden_packets.rigged().joint_names
    assert stream["joint_names"] == list(names)
    (row, *_) = rows(tmp_path / "a.parquet")
    assert len(row["joints"]) == 3 * len(names)


def test_columns_without_a_level_are_null(tmp_path: Path) -> None:
    write_columns(tmp_path / "a.parquet", record(tmp_path / "a.mcap", ("joints",)), surface=True)
    (row, *_) = rows(tmp_path / "a.parquet")
    assert (row["rotations"], row["shape"], row["vertices"]) == (None, None, None)


def test_columns_surface_has_the_vertices(tmp_path: Path) -> None:
    recording = record(tmp_path / "a.mcap", ("mesh",))
    write_columns(tmp_path / "a.parquet", recording, surface=True)
    (row, *_) = rows(tmp_path / "a.parquet")
    assert row["vertices"] == packets(recording, "mesh")[0].people.vertices[0].ravel().tolist()


def test_columns_unknown_stream_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no stream 'can' \(did you mean cam\?\)"):
        write_columns(tmp_path / "a.parquet", record(tmp_path / "a.mcap"), stream="can")
    assert not (tmp_path / "a.parquet").exists()


def test_columns_recording_without_frames_is_an_error(tmp_path: Path) -> None:
    RecordingWriter(tmp_path / "a.mcap").close()
    with pytest.raises(RecordingError, match="no frames of Meshcast"):
        write_columns(tmp_path / "a.parquet", Recording(tmp_path / "a.mcap"))
    assert not (tmp_path / "a.parquet").exists()


def test_columns_full_disk_is_one_line_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = record(tmp_path / "a.mcap")
    monkeypatch.setattr(columns, "OutputFile", lambda path: SmallDisk(path, 500))
    with pytest.raises(OutputError, match=r"a\.parquet: cannot be written: No space left on device$"):
        write_columns(tmp_path / "a.parquet", recording)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def test_columns_without_pyarrow_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = record(tmp_path / "a.mcap")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OutputError, match=r"needs the package pyarrow; pip install 'meshcast\[columns\]'"):
        write_columns(tmp_path / "a.parquet", recording)
    assert not (tmp_path / "a.parquet").exists()


def test_export_to_parquet(meshcast: Command, tmp_path: Path) -> None:
    record(tmp_path / "a.mcap")
    said = meshcast("export", tmp_path / "a.mcap", tmp_path / "a.parquet")
    assert (said.code, said.out) == (EXIT_WHOLE, f"wrote {tmp_path / 'a.parquet'}\nstream cam: 3 rows\n")
    assert meshcast("export", tmp_path / "a.mcap", tmp_path / "b.parquet", "--person", "1").code == EXIT_USAGE
