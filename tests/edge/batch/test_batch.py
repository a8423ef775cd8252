"""Batches with real worker processes, which have no models: failures, deaths, interrupts, resumption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.batch.batch import BatchConfig, BatchResult, run_batch
from edge.batch.manifest import NAME, Manifest
from edge.batch.process_pool import ProcessPool
from edge.batch.progress import BatchProgress
from edge.batch.videos import Video, find_videos
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, OutputError
from tests.support.batch_workers import SUFFIXES, attempts, loader
from tests.support.commands import PATIENCE_S
from tests.support.paths import ROOT


class Archive:
    """A folder of videos, one of outputs, and one of the workers' marks."""

    def __init__(self, folder: Path) -> None:
        self.videos, self.out, self.marks = folder / "videos", folder / "out", folder / "marks"
        self.videos.mkdir()
        self.marks.mkdir()
        self.pool: ProcessPool | None = None

    def add(self, **videos: str) -> None:
        for name, text in videos.items():
            (self.videos / f"{name}.mp4").write_text(text)

    def found(self) -> tuple[Video, ...]:
        return find_videos([str(self.videos)]).videos

    def run(
        self,
        workers: int = 1,
        *,
        redo: bool = False,
        mesh: str = "m",
        suffixes: tuple[str, ...] = SUFFIXES,
        on_progress: Callable[[BatchProgress], None] = lambda progress: None,
    ) -> BatchResult:
        def make(count: int) -> ProcessPool:
            self.pool = ProcessPool(loader(self.marks), min(workers, count))
            return self.pool

        config = BatchConfig(self.out, suffixes, {"mesh": mesh}, redo)
        return run_batch(self.found(), config, make, on_progress)

    def attempts(self) -> dict[str, int]:
        """Attempts at each video since the last call."""
        counts = {video.name: attempts(self.marks, video.name) for video in self.found()}
        for path in self.marks.iterdir():
            path.unlink()
        return counts

    def states(self) -> dict[str, str]:
        return {name: record.state for name, record in Manifest(self.out).records.items()}

    def outputs(self) -> set[str]:
        return {path.relative_to(self.out).as_posix() for path in self.out.rglob("*")}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def test_batch_killed_worker_failures_and_resume(archive: Archive) -> None:
    archive.add(a="ok 3", b="kill 4", c="fail", d="cut 2", e="bug", f="ok 5")
    result = archive.run(workers=2)
    assert archive.attempts() == {"a": 1, "b": 2, "c": 3, "d": 1, "e": 3, "f": 1}
    assert result.failed == {
        "c": f"{archive.videos / 'c.mp4'}: not a video",
        "e": "internal error (KeyError: 'e')",
    }
    assert result.partial == {"d": "the file is cut"}
    assert (result.progress.done, result.progress.frames, result.exit_code(0)) == (4, 14, EXIT_PARTIAL)
    whole = {f"{name}{suffix}" for name in "abdf" for suffix in SUFFIXES}
    assert archive.outputs() == {NAME, *whole}
    assert archive.states() == {"a": "done", "b": "done", "c": "failed", "d": "partial", "e": "failed", "f": "done"}
    assert (archive.out / "b.npz").read_text() == "b 4"
    assert Manifest(archive.out).records["b"].attempts == 2

    archive.add(c="ok 7", e="ok 8")  # mended
    (archive.out / "a.npz").write_text("a X")  # damaged, same size
    (archive.out / "f.json").unlink()
    archive.add(b="ok 44")  # another video
    again = archive.run()
    assert archive.attempts() == {"a": 1, "b": 1, "c": 1, "d": 0, "e": 1, "f": 1}
    assert (again.progress.skipped, again.partial, again.failed) == (1, {"d": "the file is cut"}, {})
    assert [(archive.out / f"{name}.npz").read_text() for name in "abcdef"] == [
        *("a 3", "b 44", "c 7", "d 2", "e 8", "f 5"),
    ]
    third = archive.run()
    assert archive.attempts() == dict.fromkeys("abcdef", 0)
    assert (third.progress.skipped, third.exit_code(0)) == (6, EXIT_PARTIAL)


def test_batch_interrupted_is_resumed(archive: Archive) -> None:
    """Ctrl-C of a terminal reaches the workers too, which must not end by it."""
    archive.add(a="ok 1", b="wait", c="ok 2")
    pids: list[int] = []

    def interrupt(progress: BatchProgress) -> None:
        if progress.done == 1 and attempts(archive.marks, "b"):
            assert archive.pool is not None
            pids[:] = archive.pool.pids
            for pid in (*pids, os.getpid()):
                os.kill(pid, signal.SIGINT)

    result = archive.run(on_progress=interrupt)
    assert isinstance(result.interruption, KeyboardInterrupt)
    assert result.exit_code(0) == EXIT_PARTIAL
    assert pids
    assert not any(map(runs, pids))
    assert archive.outputs() == {NAME, "a.npz", "a.json"}
    assert archive.states() == {"a": "done", "b": "started"}
    archive.attempts()
    (archive.marks / "go").touch()
    assert archive.run().exit_code(0) == EXIT_WHOLE
    assert archive.attempts() == {"a": 0, "b": 1, "c": 1}
    assert archive.states() == dict.fromkeys("abc", "done")


def test_batch_workers_ignore_interrupts_of_the_terminal(archive: Archive) -> None:
    archive.add(a="wait")
    pids: list[int] = []

    def interrupt_workers(progress: BatchProgress) -> None:
        assert archive.pool is not None
        if not pids and attempts(archive.marks, "a"):
            pids[:] = archive.pool.pids
            os.kill(pids[0], signal.SIGINT)
            (archive.marks / "go").touch()

    assert archive.run(on_progress=interrupt_workers).exit_code(0) == EXIT_WHOLE
    assert attempts(archive.marks, "a") == 1


PROGRAM = """
import sys
from pathlib import Path
from edge.batch.batch import BatchConfig, run_batch
from edge.batch.process_pool import ProcessPool
from edge.batch.videos import find_videos
from tests.support.batch_workers import SUFFIXES, loader
if __name__ == "__main__":
    videos, out, marks = map(Path, sys.argv[1:])
    config = BatchConfig(out, SUFFIXES, {"mesh": "m"})
    run_batch(find_videos([str(videos)]).videos, config, lambda count: ProcessPool(loader(marks), 1))
"""


def children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def runs(pid: int) -> bool:
    """Whether a process has not ended; one that its parent has not asked for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_batch_killed_itself_leaves_no_worker_and_is_resumed(archive: Archive, tmp_path: Path) -> None:
    archive.add(a="ok 1", b="wait")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    path = os.pathsep.join([str(ROOT), *sys.path])
    words = [sys.executable, str(program), str(archive.videos), str(archive.out), str(archive.marks)]
    with subprocess.Popen(words, env=os.environ | {"PYTHONPATH": path}) as process:
        end_s = time.monotonic() + PATIENCE_S
        while not attempts(archive.marks, "b"):
            assert time.monotonic() < end_s
            assert process.poll() is None
            time.sleep(0.01)
        workers = children(process.pid)
        assert workers
        process.kill()
    while any(map(runs, workers)):
        assert time.monotonic() < end_s
        time.sleep(0.01)
    assert archive.states() == {"a": "done", "b": "started"}
    archive.attempts()
    (archive.marks / "go").touch()
    assert archive.run().exit_code(0) == EXIT_WHOLE
    assert archive.attempts() == {"a": 0, "b": 1}
    assert archive.outputs() == {NAME, "a.npz", "a.json", "b.npz", "b.json"}


def test_batch_full_disk_ends_it_at_once(archive: Archive) -> None:
    archive.add(a="ok 1", b="full", c="ok 1")
    result = archive.run()
    assert result.stopped == f"{archive.out / 'b.npz'}: cannot be written: No space left on device"
    assert result.exit_code(0) == EXIT_PARTIAL
    assert archive.attempts() == {"a": 1, "b": 1, "c": 0}


def test_batch_all_failed_has_input_exit_code(archive: Archive) -> None:
    archive.add(a="fail")
    assert archive.run().exit_code(0) == EXIT_INPUT


def test_batch_other_settings_need_redo(archive: Archive) -> None:
    archive.add(a="ok 1", b="ok 2")
    assert archive.run().exit_code(1) == EXIT_PARTIAL  # another source could not be read
    archive.attempts()
    with pytest.raises(OutputError, match=r"other settings \(mesh: m, now n\); choose another --out, or add --redo"):
        archive.run(mesh="n")
    assert archive.attempts() == {"a": 0, "b": 0}
    assert archive.run(mesh="n", redo=True).exit_code(0) == EXIT_WHOLE
    assert archive.attempts() == {"a": 1, "b": 1}
    (archive.videos / "a.mp4").unlink()
    with pytest.raises(OutputError, match=r"results of a with other settings"):
        archive.run(redo=True)


def test_batch_file_of_the_user_is_not_replaced(archive: Archive) -> None:
    archive.add(a="ok 1")
    archive.out.mkdir()
    (archive.out / "a.json").write_text("mine")
    with pytest.raises(OutputError, match=r"a\.json: exists and is no result of a batch"):
        archive.run()
    assert archive.outputs() == {"a.json"}
    assert (archive.out / "a.json").read_text() == "mine"


def test_batch_results_of_another_video_are_not_replaced(archive: Archive, tmp_path: Path) -> None:
    archive.add(a="ok 1")
    archive.run()
    archive.videos.rename(tmp_path / "moved")
    archive.videos = tmp_path / "moved"
    assert archive.run().progress.skipped == 1  # the same video at another place
    other = tmp_path / "other"
    other.mkdir()
    archive.videos = other
    archive.add(a="ok 22")
    with pytest.raises(OutputError, match=r"^a: .* has the results of .*videos/a\.mp4 under this name; rename"):
        archive.run()
