"""Workers of a batch without models: a video's file tells what its processing does.

`ok N` gives N frames, `fail` an error, `bug` an exception, `full` an error of the output folder, `kill` ends the worker
the first time, `wait` waits until the file `go` exists in the folder of the marks. Every attempt at NAME leaves
NAME.N.

`long N PART WORD` has N parts of 10 frames, which are processed one by one if the video may be split: part PART as WORD
says, the others as `ok`. Every attempt at a part leaves NAME-PART.N, the stitching NAME-stitch.N.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from pathlib import Path

from edge.batch.executor import (
    Load,
    OnePart,
    OnFrames,
    Process,
    SplitPlan,
    Stitch,
    VideoResult,
    VideoTask,
    Whole,
)
from edge.batch.task_files import OUTPUT, hashed
from edge.errors import OutputError, SourceError
from edge.sources.video_part import VideoPart
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


def _process(marks: Path, task: VideoTask, on_frames: OnFrames) -> VideoResult | SplitPlan:
    name, (word, *rest) = task.video.name, task.video.path.read_text().split()
    if word == "long":
        number, fails_at, word = int(rest[0]), int(rest[1]), rest[2]
        if isinstance(task.step, Whole) and task.step.splittable:
            return SplitPlan(tuple(VideoPart(10 * i, 10 * i, 10 * i + 10, 0, None, -1, 0) for i in range(number)))
        if isinstance(task.step, OnePart):
            return _part(marks, task, task.step, word if task.step.number == fails_at else "ok", on_frames)
        if isinstance(task.step, Stitch):
            texts = [path.with_suffix(".npz").read_text() for path in task.step.files]
            (marks / f"{name}-stitch.{attempts(marks, f'{name}-stitch') + 1}").touch()
            return _written(task, " ".join(texts), 10 * number)
        word, rest = "ok", [str(10 * number)]
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
    return _written(task, f"{name} {frames}", frames, ("the file is cut",) if word == "cut" else ())


def _part(marks: Path, task: VideoTask, step: OnePart, word: str, on_frames: OnFrames) -> VideoResult:
    mark = f"{task.video.name}-{step.number}"
    count = attempts(marks, mark) + 1
    (marks / f"{mark}.{count}").touch()
    if word == "kill" and count == 1:
        os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()
    if word == "fail":
        raise SourceError("not decodable")
    end_s = time.monotonic() + PATIENCE_S
    while word == "wait" and not (marks / "go").exists() and time.monotonic() < end_s:
        on_frames(5, 10)
        time.sleep(0.01)
    return _written(task, str(step.number), 10, ("frames are missing",) if word == "cut" else ())


def _written(task: VideoTask, text: str, frames: int, problems: tuple[str, ...] = ()) -> VideoResult:
    (task.folder / f"{OUTPUT}.npz").write_text(text)
    (task.folder / f"{OUTPUT}.json").write_text("{}")
    files = tuple(hashed(task.folder, suffix) for suffix in SUFFIXES)
    return VideoResult(files, frames=frames, problems=problems, worker=str(os.getpid()))
