"""Atomic files, and leftovers of killed processes."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engines.files.atomic import AtomicFile, BusyError, write_all, write_atomically
from tests.support.paths import ROOT

WRITER = """
import sys
from pathlib import Path
from engines.files.atomic import AtomicFile
new = AtomicFile(Path(sys.argv[1]), visible=sys.argv[2] == "visible")
new.file.write(b"unfinished")
print("ready", flush=True)
sys.stdin.read()
"""


def killed_writer(path: Path, visibility: str) -> None:
    """Leave what a program leaves that is killed while it writes."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), visibility],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_atomic_file_committed_replaces_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with AtomicFile(path) as new:
        write_all(new.file, b"new")
        assert path.read_bytes() == b"old"
        new.commit()
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == {"a.bin"}


def test_atomic_file_not_committed_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with AtomicFile(path) as new:
        write_all(new.file, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"a.bin"}


def test_atomic_file_commit_syncs_file_before_and_folder_after_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def noted_replace(*places: Any) -> None:
        steps.append("rename")
        replace(*places)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_atomically(tmp_path / "a.bin", b"new")
    assert steps == ["file", "rename", "folder"]


def test_write_atomically_failed_fsync_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(tmp_path / "a.bin", b"new")
    assert names(tmp_path) == set()


def test_write_atomically_hidden_leftover_of_killed_process_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    killed_writer(path, "hidden")
    assert len(names(tmp_path)) == 1
    write_atomically(path, b"new")
    assert names(tmp_path) == {"a.bin"}


def test_write_atomically_files_of_live_writers_and_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    others = [".a.bin.note.part", ".a.bin.0123456.part", ".b.bin.01234567.part"]
    for name in others:
        (tmp_path / name).write_bytes(b"another's")
    with AtomicFile(path) as living:
        write_all(living.file, b"first")
        write_atomically(path, b"second")
        assert names(tmp_path) == {"a.bin", living.temporary.name, *others}
        living.commit()
    assert path.read_bytes() == b"first"


def test_atomic_file_visible_leftover_of_killed_process_is_renamed(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    (tmp_path / "a-recovered-1.bin").write_bytes(b"from before")
    killed_writer(path, "visible")
    assert names(tmp_path) == {"a.bin.part", "a-recovered-1.bin"}
    with AtomicFile(path, visible=True) as new:
        assert new.kept == tmp_path / "a-recovered-2.bin"
        assert new.kept.read_bytes() == b"unfinished"
    assert names(tmp_path) == {"a-recovered-1.bin", "a-recovered-2.bin"}


def test_atomic_file_empty_visible_leftover_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").touch()
    with AtomicFile(tmp_path / "a.bin", visible=True) as new:
        assert new.kept is None
    assert names(tmp_path) == set()


def test_atomic_file_visible_file_with_live_writer_raises_busy(tmp_path: Path) -> None:
    with AtomicFile(tmp_path / "a.bin", visible=True) as first:
        write_all(first.file, b"first")
        with pytest.raises(BusyError):
            AtomicFile(tmp_path / "a.bin", visible=True)
        first.commit()
    assert (tmp_path / "a.bin").read_bytes() == b"first"


def test_atomic_file_link_at_the_visible_path_raises_busy(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "a.bin.part").symlink_to("precious")
    with pytest.raises(BusyError):
        AtomicFile(tmp_path / "a.bin", visible=True)
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_commit_without_replace_keeps_the_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with AtomicFile(path) as new:
        write_all(new.file, b"new")
        with pytest.raises(FileExistsError):
            new.commit(replace=False)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"a.bin"}


def test_write_atomically_permissions_follow_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a.bin", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


def test_write_all_short_writes_are_continued() -> None:
    taken = bytearray()

    class Slow:
        def write(self, data: memoryview) -> int:
            taken.extend(data[:3])
            return min(3, len(data))

    write_all(Slow(), b"0123456789")  # type: ignore[arg-type]
    assert bytes(taken) == b"0123456789"
