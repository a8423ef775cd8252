"""What a batch needs of its workers: tasks in, events out. A pool of processes and a Ray cluster implement it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from edge.batch.video import Video


@dataclass(frozen=True, slots=True)
class VideoTask:
    """A video to process, and the folder for its outputs, which exists and is empty. Where the outputs go to a store,
    `spooled` is true, and the worker makes the folder."""

    video: Video
    folder: Path
    spooled: bool = False


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """An output: the suffix of its name, its size in bytes, SHA-256 in hexadecimal, time of change, ns, and in a store
    its entity tag."""

    suffix: str
    size: int
    sha256: str
    mtime_ns: int
    etag: str = ""


@dataclass(frozen=True, slots=True)
class VideoResult:
    """A processed video.

    Attributes:
        files: its outputs, in the task's folder under the name `output` with their suffix.
        frames: number of processed frames.
        frames_with_people: those with people.
        people: number of track ids.
        wall_s: duration, s.
        models: the models by role with engine, device and precision.
        problems: why the results are incomplete, one line each; empty for a whole video.
        worker: machine and process that did it.
        cpu_s: processor time of the worker for it, s.
        peak_rss_mb: the largest resident memory of the worker so far, MB.
    """

    files: tuple[WrittenFile, ...]
    frames: int = 0
    frames_with_people: int = 0
    people: int = 0
    wall_s: float = 0.0
    models: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    worker: str = ""
    cpu_s: float = 0.0
    peak_rss_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Advanced:
    """Frames of a video that are done, and their total if known."""

    name: str
    frames: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A video was processed."""

    name: str
    result: VideoResult


@dataclass(frozen=True, slots=True)
class Failed:
    """A video could not be processed, or its worker has died; fatal: the fault is in the output folder, not in the
    video."""

    name: str
    error: str
    fatal: bool = False


Event = Advanced | Finished | Failed

OnFrames = Callable[[int, int | None], None]  # frames done, total
Process = Callable[[VideoTask, OnFrames], VideoResult]  # raises MeshcastError
Load = Callable[[], Process]  # loads the models, in the worker; raises MeshcastError


class Executor(Protocol):
    """Workers that process one video at a time, each with its own models."""

    def idle(self) -> int:
        """Number of tasks that can be started now."""
        ...

    def start(self, task: VideoTask) -> None:
        """Give a task to an idle worker."""
        ...

    def wait(self, timeout_s: float) -> Sequence[Event]:
        """What happened since the last call; waits until something happens. A worker that dies is replaced. Raises
        MeshcastError when no worker can be started."""
        ...

    def close(self) -> None:
        """End all workers at once, with what they do."""
        ...
