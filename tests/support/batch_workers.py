"""Workers of a batch without models: a video's file tells what its processing does.

`ok N` gives N frames, `fail` an error, `bug` an exception, `full` an error of the output folder, `kill` ends the worker
the first time, `wait` waits until the file `go` exists in the folder of the marks. Every attempt at NAME leaves
NAME.N.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from pathlib import Path

from edge.batch.executor import Load, OnFrames, Process, VideoResult, VideoTask
from edge.batch.task_files import OUTPUT, hashed
from edge.errors import OutputError, SourceError
from tests.support.commands import PATIENCE_S

SUFFIXES = (".npz", ".json")


def loader(marks: Path) -> Load:
    """A function that makes a worker's process function; `marks`: folder of the marks."""
    return functools.partial(_load, marks)


def unusable() -> Process:
    """Load models that cannot be loaded."""
    raise SourceError("no such model")


def killed() -> Process:
    """Load models where the memory does not suffice."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def attempts(marks: Path, name: str) -> int:
    """How many times a video was given to a worker."""
    return len(list(marks.glob(f"{name}.*")))


def _load(marks: Path) -> Process:
    return functools.partial(_process, marks)


def _process(marks: Path, task: VideoTask, on_frames: OnFrames) -> VideoResult:
    name, (word, *rest) = task.video.name, task.video.path.read_text().split()
    count = attempts(marks, name) + 1
    (marks / f"{name}.{count}").touch()
    (task.folder / f"{OUTPUT}.npz").write_bytes(b"half")
    if word == "kill" and count == 1:
        os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()
    if word == "wait":
        end_s = time.monotonic() + PATIENCE_S
        while not (marks / "go").exists() and time.monotonic() < end_s:
            on_frames(1, 2)
            time.sleep(0.01)
    if word == "fail":
        raise SourceError(f"{task.video.path}: not a video")
    if word == "full":
        raise OutputError(f"{task.folder / OUTPUT}.npz: cannot be written: No space left on device")
    if word == "bug":
        raise KeyError(name)
    frames = int(rest[0]) if rest else 1
    (task.folder / f"{OUTPUT}.npz").write_text(f"{name} {frames}")
    (task.folder / f"{OUTPUT}.json").write_text("{}")
    problems = ("the file is cut",) if word == "cut" else ()
    files = tuple(hashed(task.folder, suffix) for suffix in SUFFIXES)
    return VideoResult(files, frames=frames, problems=problems, worker=str(os.getpid()))
