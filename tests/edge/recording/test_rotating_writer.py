"""Messages of a publisher in files that follow one another."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from edge.errors import UsageError
from edge.recording import rotating_writer
from edge.recording.file_series import Rotation
from edge.recording.mcap_file import Recording
from edge.recording.recorder import record
from edge.recording.rotating_writer import RotatingWriter
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import COMMON_HEADER, Kind, read_header, read_kind
from meshcast.protocol.packets import FramePacket
from tests.support.recordings import GOLDEN, kinds, publisher_to_record, with_seq

MODEL, JOINTS, MESH, STATUS = (
    next(message for message in GOLDEN.values() if read_kind(message) is kind)
    for kind in (Kind.MODEL, Kind.JOINTS, Kind.MESH, Kind.STATUS)
)
SECOND_NS = 10**9


def writer(folder: Path, rotation: Rotation) -> RotatingWriter:
    return RotatingWriter(folder / "day-{date}.mcap", rotation, now=lambda: datetime(2026, 11, 30, 12))


def add(made: RotatingWriter, message: bytes, t_ns: int) -> None:
    kind = read_kind(message)
    made.add(kind, read_header(message, COMMON_HEADER, kind), t_ns, message)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("day-*.mcap"), key=lambda path: path.stat().st_mtime_ns)


def frames_of(path: Path) -> list[int]:
    return [seq for _, kind, seq in kinds(path) if kind is Kind.JOINTS]


def test_rotating_writer_files_have_the_model_and_whole_frames(tmp_path: Path) -> None:
    with writer(tmp_path, Rotation(every_s=2.0)) as made:
        add(made, MODEL, 0)
        for seq in range(5):
            add(made, with_seq(JOINTS, seq), seq * SECOND_NS)
            add(made, with_seq(MESH, seq), seq * SECOND_NS + 10**8)
            add(made, STATUS, seq * SECOND_NS + 2 * 10**8)
        size = made.close()
    assert [frames_of(path) for path in files(tmp_path)] == [[0, 1], [2, 3], [4]]
    for path in files(tmp_path):
        found = [kind for _, kind, _ in kinds(path)]
        assert found[0] is Kind.MODEL
        assert found.count(Kind.MODEL) == 1
        assert found.count(Kind.MESH) == found.count(Kind.JOINTS) == found.count(Kind.STATUS)
    assert size == sum(path.stat().st_size for path in files(tmp_path))
    assert made.path == files(tmp_path)[-1]


def test_rotating_writer_size_ends_a_file_and_the_quota_deletes_the_oldest(tmp_path: Path) -> None:
    rotation = Rotation(size_bytes=1, quota_bytes=2)
    with writer(tmp_path, rotation) as made:
        for seq in range(4):
            add(made, with_seq(JOINTS, seq), seq)
        made.close()
    assert [frames_of(path) for path in files(tmp_path)] == [[3]]


def test_rotating_writer_keeps_the_models_of_a_limited_number_of_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating_writer, "MOST_MODELS", 2)
    names = [b"cam0", b"cam1", b"cam2"]
    old = bytes(read_header(MODEL, COMMON_HEADER, Kind.MODEL)["stream"], "ascii")
    with writer(tmp_path, Rotation(every_s=1.0)) as made:
        for name in names:
            add(made, MODEL.replace(old.ljust(len(name), b"\0"), name.ljust(len(old), b"\0")), 0)
        for seq in range(2):
            add(made, with_seq(JOINTS, seq), 2 * seq * SECOND_NS)
        made.close()
    models = [[stream for stream, kind, _ in kinds(path) if kind is Kind.MODEL] for path in files(tmp_path)]
    assert models == [["cam0", "cam1", "cam2"], ["cam1", "cam2"]]


def test_rotating_writer_without_a_frame_leaves_no_file(tmp_path: Path) -> None:
    with writer(tmp_path, Rotation(every_s=1.0)) as made:
        made.discard()
    assert list(tmp_path.iterdir()) == []


def test_record_of_a_publisher_rotates(tmp_path: Path) -> None:
    with publisher_to_record() as address:
        stats = record(
            address, tmp_path / "day-{date}.mcap", rotation=Rotation(size_bytes=1), levels=["joints"], count=4
        )
    made = files(tmp_path)
    assert len(made) == stats.frames == 4
    assert stats.path in made
    for path in made:
        packets = [decode(each.message) for each in Recording(path)]
        frames = [packet for packet in packets if isinstance(packet, FramePacket)]
        assert len(frames) == 1
        assert any(kind is Kind.MODEL and stream == frames[0].stream for stream, kind, _ in kinds(path))
    with pytest.raises(UsageError, match=r"files that end need \{date\} in their name"):
        record("tcp://127.0.0.1:9", tmp_path / "a.mcap", rotation=Rotation(every_s=1))
