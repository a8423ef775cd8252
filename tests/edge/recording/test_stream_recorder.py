"""Frames recorded in the process: what a publisher would send, at the times of the stream."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.errors import OutputError, UsageError
from edge.recording.camera_pose import read_camera_pose
from edge.recording.mcap_file import Recording, RecordingWriter
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.types import Frame
from meshcast.errors import WireError
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from tests.support import golden_packets
from tests.support.recordings import EACH_MESSAGE
from tests.support.small_disk import SmallDisk

CAMERA = Camera.from_fov((64, 48), 60)
STEP_S = 0.25
LEVELS = ("params", "mesh")


def frame(index: int, age_s: float = 0.0) -> Frame:
    """A frame that was captured some time ago, as of a file that is processed faster than it plays."""
    captured_ns = time.monotonic_ns() - round(age_s * 1e9)
    return Frame("cam0", index, captured_ns, 3 + index * STEP_S, np.zeros((48, 64, 3), np.uint8))


def recorder(path: Path, levels: tuple[str, ...] = LEVELS, axes: str = "opencv") -> StreamRecorder:
    return StreamRecorder(RecordConfig(path, levels, axes), "cam0", golden_packets.rigged())


def add(made: StreamRecorder, given: Frame, camera: Camera = CAMERA) -> None:
    made.add(given, golden_packets.bodies(2), camera, golden_packets.posed(2))


def test_stream_recorder_writes_model_frames_and_end(tmp_path: Path) -> None:
    made = recorder(tmp_path / "a.mcap", axes="unity")
    assert made.rotations
    for index in range(6):
        add(made, frame(index))
    assert made.close()
    packets = [decode(each.message) for each in Recording(tmp_path / "a.mcap")]
    assert isinstance(packets[0], ModelPacket)
    frames = [packet for packet in packets if isinstance(packet, FramePacket)]
    assert [(packet.level, packet.seq) for packet in frames] == [(level, n) for n in range(6) for level in LEVELS]
    assert {(packet.stream, packet.axes, packet.model_id) for packet in frames} == {
        ("cam0", "unity", packets[0].model_id)
    }
    assert len({packet.session for packet in packets}) == 1
    states = [(packet.state, packet.next_seq) for packet in packets if isinstance(packet, StatusPacket)]
    assert states == [("live", 1), ("live", 5), ("ended", 6)]
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def test_stream_recorder_times_are_those_of_the_stream(tmp_path: Path) -> None:
    """Whatever the speed of the processing: a replay has the speed of the file."""
    made = recorder(tmp_path / "a.mcap", ("params",))
    ages_s = (0.02, 0.5, 0.02, 0.02)
    for index, age_s in enumerate(ages_s):
        add(made, frame(index, age_s))
    made.close()
    recording = list(Recording(tmp_path / "a.mcap"))
    decoded = [(each.t_ns, decode(each.message)) for each in recording]
    frames = [(t_ns, packet) for t_ns, packet in decoded if isinstance(packet, FramePacket)]
    captured = np.array([packet.t_capture_monotonic_ns for _, packet in frames]) / 1e9
    assert np.diff(captured) == pytest.approx(STEP_S, abs=2e-6)
    assert np.diff([packet.t_capture_unix_ns for _, packet in frames]) / 1e9 == pytest.approx(STEP_S, abs=2e-6)
    arrived = np.array([t_ns - frames[0][0] for t_ns, _ in frames]) / 1e9
    age = np.array([packet.age_ms for _, packet in frames]) / 1e3
    # The third is published after the second, which was late.
    assert arrived + age[0] == pytest.approx([STEP_S * n + age[n] for n in range(4)], abs=1e-5)
    assert age[1] > 0.5
    assert age[2] == pytest.approx(age[1] - STEP_S, abs=1e-5)
    assert all(t_ns == packet.t_publish_unix_ns for t_ns, packet in frames)
    times = [each.t_ns for each in recording]
    assert times == sorted(times)


def test_stream_recorder_writes_the_pose_of_the_camera(tmp_path: Path) -> None:
    made = recorder(tmp_path / "a.mcap")
    pose = WorldPose.of_height(2.5, 30)
    for index in range(3):
        add(made, frame(index), replace(CAMERA, world=pose))
    made.close()
    read = read_camera_pose(Recording(tmp_path / "a.mcap"), "cam0")
    assert read is not None
    assert (read.rotation == pose.rotation).all()
    assert (read.translation == pose.translation).all()


def test_stream_recorder_levels_without_rig_and_without_lod(tmp_path: Path) -> None:
    plain = golden_packets.model()
    made = StreamRecorder(RecordConfig(tmp_path / "a.mcap", ("params", "mesh-lod", "joints")), "cam0", plain)
    assert not made.rotations
    made.add(frame(0), golden_packets.bodies(2), CAMERA, None)
    made.close()
    packets = [decode(each.message) for each in Recording(tmp_path / "a.mcap")]
    assert [packet.level for packet in packets if isinstance(packet, FramePacket)] == ["joints"]
    with pytest.raises(OutputError, match=r"b\.mcap: body model golden_body has no params, mesh-lod; record the level"):
        StreamRecorder(RecordConfig(tmp_path / "b.mcap", ("params", "mesh-lod")), "cam0", plain)
    assert not (tmp_path / "b.mcap.part").exists()


def test_stream_recorder_without_frame_leaves_no_file(tmp_path: Path) -> None:
    made = recorder(tmp_path / "a.mcap")
    assert not made.close()
    made = recorder(tmp_path / "a.mcap")
    add(made, frame(0))
    made.abort()
    assert not list(tmp_path.iterdir())


def test_stream_recorder_unusable_number_leaves_out_one_frame(tmp_path: Path) -> None:
    made = recorder(tmp_path / "a.mcap")
    add(made, frame(0))
    broken = replace(golden_packets.bodies(2), vertices=np.full((2, 6, 3), np.nan, np.float32))
    with pytest.raises(WireError):
        made.add(frame(1), broken, CAMERA, golden_packets.posed(2))
    add(made, frame(2))
    assert made.close()
    packets = [decode(each.message) for each in Recording(tmp_path / "a.mcap")]
    frames = [packet for packet in packets if isinstance(packet, FramePacket)]
    assert [packet.frame_index for packet in frames] == [0, 0, 2, 2]
    assert [packet.seq for packet in frames] == [0, 0, 2, 2]


@pytest.mark.parametrize(("room", "kept"), [(700, False), (32_000, True)])
def test_stream_recorder_full_disk_keeps_the_frames_before(tmp_path: Path, room: int, kept: bool) -> None:
    disk = SmallDisk(tmp_path / "a.mcap", room, salvageable=True)
    made = StreamRecorder(
        RecordConfig(tmp_path / "a.mcap", LEVELS),
        "cam0",
        golden_packets.rigged(),
        writer=RecordingWriter(disk, flush_s=EACH_MESSAGE),
    )

    def fill() -> None:
        for index in range(1000):
            add(made, frame(index))

    with pytest.raises(OutputError, match=r"a\.mcap: cannot be written: No space left on device$"):
        fill()
    assert made.close() is kept
    made.abort()
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"] * kept
    if kept:
        assert any(isinstance(decode(each.message), FramePacket) for each in Recording(tmp_path / "a.mcap"))


def test_record_config_errors() -> None:
    with pytest.raises(UsageError, match="unknown level 'meshes' to record; choose from params, joints, mesh"):
        RecordConfig(Path("a.mcap"), ("params", "meshes"))
    with pytest.raises(OutputError, match=r"a\.mp4: unsupported file type; use \.mcap"):
        RecordConfig(Path("a.mp4"))
