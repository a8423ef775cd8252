"""Recordings in files that follow one another."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from edge.errors import OutputError
from edge.recording.file_series import Ledger, Rotation
from edge.recording.mcap_file import Recording
from edge.recording.rotation import RotatingRecorder, recorder_of
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.types import Frame
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket
from tests.support import golden_packets

MODEL = golden_packets.rigged()
CAMERA = Camera.from_fov((64, 48), 60)
BODIES = golden_packets.bodies(1)


class Clock:
    """A local time that advances by an hour at each call."""

    def __init__(self, step_h: float = 1.0) -> None:
        self._now, self._step = datetime(2026, 11, 30, 8), timedelta(hours=step_h)

    def __call__(self) -> datetime:
        self._now += self._step
        return self._now


def recorder(folder: Path, rotation: Rotation, clock: Clock | None = None) -> RotatingRecorder:
    config = RecordConfig(folder / "day-{date}.mcap", ("joints",))
    return RotatingRecorder(config, "cam", MODEL, rotation, now=clock or Clock())


def record(made: RotatingRecorder, frames: int, fps: float = 10.0) -> None:
    for index in range(frames):
        frame = Frame("cam", index, index * 1000, index / fps, np.zeros((48, 64, 3), np.uint8))
        made.add(frame, BODIES, CAMERA, None)


def frames_of(path: Path) -> list[int]:
    packets = (decode(each.message) for each in Recording(path))
    return [packet.frame_index for packet in packets if isinstance(packet, FramePacket)]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("day-*.mcap"))


def test_rotating_recorder_files_follow_without_a_gap(tmp_path: Path) -> None:
    made = recorder(tmp_path, Rotation(every_s=1.0))
    record(made, 25)
    assert made.close()
    assert [path.name for path in files(tmp_path)] == [f"day-2026-11-30T{hour:02}-00-00.mcap" for hour in (9, 10, 11)]
    assert [frames_of(path) for path in files(tmp_path)] == [
        list(range(10)),
        list(range(10, 20)),
        list(range(20, 25)),
    ]
    assert made.path == files(tmp_path)[-1]


def test_rotating_recorder_size_ends_a_file(tmp_path: Path) -> None:
    made = recorder(tmp_path, Rotation(size_bytes=1))
    record(made, 3)
    assert made.close()
    assert [frames_of(path) for path in files(tmp_path)] == [[0], [1], [2]]


def test_rotating_recorder_name_that_exists_gets_a_number(tmp_path: Path) -> None:
    made = recorder(tmp_path, Rotation(every_s=1.0), Clock(step_h=0))
    record(made, 15)
    assert made.close()
    assert {path.name for path in files(tmp_path)} == {"day-2026-11-30T08-00-00.mcap", "day-2026-11-30T08-00-00-2.mcap"}


def test_rotating_recorder_quota_deletes_the_oldest_of_its_own(tmp_path: Path) -> None:
    foreign = tmp_path / "day-2020-01-01T00-00-00.mcap"
    foreign.write_bytes(b"not ours" * 100_000)
    first = recorder(tmp_path, Rotation(every_s=1.0))
    record(first, 25)
    assert first.close()
    ours = [path for path in files(tmp_path) if path != foreign]
    size = max(path.stat().st_size for path in ours)
    changed = ours[1]
    changed.write_bytes(changed.read_bytes() + b"more")
    later = recorder(tmp_path, Rotation(every_s=1.0, quota_bytes=3 * size), Clock(step_h=5))
    record(later, 25)
    assert later.close()
    left = files(tmp_path)
    assert foreign in left
    assert changed in left  # it differs from what was written
    assert ours[0] not in left
    counted = [path for path in left if path not in (foreign, changed)]
    assert sum(path.stat().st_size for path in counted) <= 3 * size
    assert len(counted) == 2
    assert later.path in counted


def test_ledger_link_in_place_of_a_file_is_not_deleted(tmp_path: Path) -> None:
    made = recorder(tmp_path, Rotation(every_s=1.0))
    record(made, 25)
    assert made.close()
    oldest = files(tmp_path)[0]
    elsewhere = tmp_path / "elsewhere"
    oldest.rename(elsewhere)
    oldest.symlink_to(elsewhere)
    Ledger(tmp_path / "day-{date}.mcap").shrink(0)
    assert oldest.is_symlink()
    assert elsewhere.exists()


def test_rotating_recorder_folder_that_vanishes_is_an_output_error(tmp_path: Path) -> None:
    folder = tmp_path / "rec"
    folder.mkdir()
    made = recorder(folder, Rotation(every_s=1.0))
    record(made, 5)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    late = Frame("cam", 9, 9000, 2.0, np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(OutputError):
        made.add(late, BODIES, CAMERA, None)
    made.close()
    made.abort()


def test_recorder_of_a_name_without_a_date_is_one_file(tmp_path: Path) -> None:
    made = recorder_of(RecordConfig(tmp_path / "a.mcap", ("joints",)), "cam", MODEL, None)
    assert isinstance(made, StreamRecorder)
    made.abort()
    several = recorder_of(RecordConfig(tmp_path / "a-{date}.mcap", ("joints",)), "cam", MODEL, None)
    assert isinstance(several, RotatingRecorder)
    several.abort()
    assert list(tmp_path.iterdir()) == []
