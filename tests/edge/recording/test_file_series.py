"""Names and quota of files that follow one another."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from edge.errors import OutputError, UsageError
from edge.recording.file_series import FileSeries, Ledger, Rotation, check_series

NOON = datetime(2026, 11, 30, 12)


def test_file_series_names_are_free_times(tmp_path: Path) -> None:
    series = FileSeries(tmp_path / "a-{date}.npz", now=lambda: NOON)
    for name in ("a-2026-11-30T12-00-00.npz", "a-2026-11-30T12-00-00-2.npz", "a-2026-11-30T12-00-00-3.npz"):
        path = series.next()
        assert path == tmp_path / name
        path.touch()
        series.finished(path)
    assert not list(tmp_path.glob(".*"))  # without a rotation, no file is ever deleted


def test_file_series_quota_leaves_room_for_the_next_file(tmp_path: Path) -> None:
    hours = iter(range(24))
    rotation = Rotation(every_s=60, quota_bytes=300)
    series = FileSeries(tmp_path / "a-{date}.mcap", rotation, now=lambda: NOON.replace(hour=next(hours)))
    made = []
    for _ in range(4):
        made.append(series.next())
        made[-1].write_bytes(bytes(100))
        series.finished(made[-1])
    assert [path.exists() for path in made] == [False, False, True, True]


@pytest.mark.parametrize(("age_s", "size", "due"), [(59.9, 99, False), (60, 0, True), (0, 100, True)])
def test_file_series_is_due_by_age_or_size(tmp_path: Path, age_s: float, size: int, due: bool) -> None:
    assert FileSeries(tmp_path / "{date}.mcap", Rotation(60, 100)).due(age_s, size) is due


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"files": 3}', b'{"files": [{"name": "x"}]}', b"\xff", b"[" * 100_000],
)
def test_ledger_that_is_damaged_deletes_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".day-{date}.mcap.json").write_bytes(content)
    (tmp_path / "day-1.mcap").write_bytes(b"x")
    ledger = Ledger(tmp_path / "day-{date}.mcap")
    ledger.shrink(0)
    assert (tmp_path / "day-1.mcap").exists()


@pytest.mark.parametrize("name", ["../day-1.mcap", "other.mcap", "/etc/day-1.mcap", "day-1.txt"])
def test_ledger_names_of_other_files_are_ignored(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "rec"
    folder.mkdir()
    listed = []
    for path in (folder / name if not name.startswith("/") else folder / "day-2.mcap", folder / "day-9.mcap"):
        path.write_bytes(b"x")
        found = path.stat()
        shown = name if path.name != "day-9.mcap" else path.name
        listed.append({"name": shown, "bytes": found.st_size, "mtime_ns": found.st_mtime_ns})
    (folder / ".day-{date}.mcap.json").write_text(json.dumps({"files": listed}))
    Ledger(folder / "day-{date}.mcap").shrink(0)
    assert len([path for path in (*folder.iterdir(), *tmp_path.iterdir()) if path.is_file()]) == 3


def test_rotation_that_cannot_work_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs files that end"):
        Rotation(quota_bytes=10**9)
    with pytest.raises(UsageError, match="at least two files"):
        Rotation(size_bytes=10**9, quota_bytes=10**9)
    with pytest.raises(UsageError, match=r"need \{date\} in their name, for example a-\{date\}\.mcap"):
        check_series("--record", tmp_path / "a.mcap", ends=True)
    with pytest.raises(OutputError, match="not in that of a folder"):
        check_series("--record", tmp_path / "{date}" / "a.mcap", ends=False)
