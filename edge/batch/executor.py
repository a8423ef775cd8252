"""What a batch needs of its workers: tasks in, events out. A pool of processes and a Ray cluster implement it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from edge.batch.video import Video
from edge.sources.video_part import VideoPart


@dataclass(frozen=True, slots=True)
class Whole:
    """Process a video from its beginning to its end; splittable: or tell how to split it, if it is long."""

    splittable: bool = False


@dataclass(frozen=True, slots=True)
class OnePart:
    """Process one part of a video. number: of the part, from 0."""

    number: int
    part: VideoPart


@dataclass(frozen=True, slots=True)
class Stitch:
    """Make the outputs of a video of the results of its parts. files: of each part, without suffix."""

    parts: tuple[VideoPart, ...]
    files: tuple[Path, ...]


Step = Whole | OnePart | Stitch


@dataclass(frozen=True, slots=True)
class VideoTask:
    """What to do with a video, and the folder for the outputs, which exists and is empty. Where the outputs go to a
    store, `spooled` is true, and the worker makes the folder."""

    video: Video
    folder: Path
    spooled: bool = False
    step: Step = Whole()

    @property
    def key(self) -> str:
        """Distinguishes the tasks of a batch; no file's name has a NUL."""
        if isinstance(self.step, OnePart):
            return f"{self.video.name}\0{self.step.number}"
        return f"{self.video.name}\0" if isinstance(self.step, Stitch) else self.video.name


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """A video is long: process these parts, then stitch them."""

    parts: tuple[VideoPart, ...]


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
    """Frames of a task that are done, and their total if known."""

    key: str
    frames: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Finished:
    """A task is done."""

    key: str
    result: VideoResult | SplitPlan


@dataclass(frozen=True, slots=True)
class Failed:
    """A task failed, or its worker has died; fatal: the fault is in the output folder, not in the video."""

    key: str
    error: str
    fatal: bool = False


Event = Advanced | Finished | Failed

OnFrames = Callable[[int, int | None], None]  # frames done, total
Process = Callable[[VideoTask, OnFrames], VideoResult | SplitPlan]  # raises MeshcastError
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
