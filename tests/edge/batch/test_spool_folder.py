"""Folders for fetched videos: removed at their end, by their process or, if that was killed, by another one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edge.batch.spool_folder import PREFIX, remove_left_spools, spool_folder
from tests.support.commands import PATIENCE_S

KILLED = """
import os, signal
from edge.batch.spool_folder import spool_folder
with spool_folder() as path:
    (path / "video.mp4").write_bytes(b"video")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def _fail(folder: Path) -> None:
    (folder / "outputs").mkdir()
    (folder / "outputs/a").touch()
    raise KeyError


def test_spool_folder_is_removed_also_after_an_error(temporary: Path) -> None:
    with pytest.raises(KeyError), spool_folder() as path:
        _fail(path)
    assert path.parent == temporary
    assert not list(temporary.iterdir())


def test_remove_left_spools_of_a_killed_process_spares_those_in_use(temporary: Path) -> None:
    process = subprocess.run([sys.executable, "-c", KILLED], timeout=PATIENCE_S, check=False)
    assert process.returncode == -signal.SIGKILL
    (left,) = temporary.iterdir()
    assert (left / "video.mp4").exists()
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    os.symlink(elsewhere, temporary / f"{PREFIX}link")
    with spool_folder() as used:
        remove_left_spools()
        assert set(temporary.iterdir()) == {used, elsewhere, temporary / f"{PREFIX}link"}
