"""A long video of a batch: its parts, and the results of those that are done, in a folder that outlives the batch.

The folder's name depends on the video and the settings, so that results of others are never used. It is removed when
the video is done, or is no longer part of the batch.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge.batch.executor import OnePart, Step, Stitch, VideoResult, WrittenFile
from edge.batch.task_files import OUTPUT, sha256_of
from edge.batch.video import Video
from edge.errors import OutputError
from edge.sources.video_part import VideoPart
from engines.files.atomic import write_atomically

PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class DonePart:
    """A part that is done: its files, and the processor time and duration of its processing, s."""

    files: tuple[WrittenFile, ...]
    cpu_s: float
    wall_s: float


class SplitVideo:
    """The parts of a video.

    Attributes:
        video: of the batch.
        parts: in order.
        done: those that are done, by number.
        advanced: frames of those at work, by number.
    """

    def __init__(self, video: Video, folder: Path, parts: tuple[VideoPart, ...], done: dict[int, DonePart]) -> None:
        self.video, self.parts, self.done = video, parts, done
        self.advanced: dict[int, int] = {}
        self._folder = folder

    @classmethod
    def begin(cls, video: Video, folder: Path, parts: tuple[VideoPart, ...]) -> SplitVideo:
        """A video that is split now. folder: see parts_folder. Raises OutputError."""
        made = cls(video, folder, parts, {})
        made.remove()
        try:
            folder.mkdir(parents=True)
            made._save()
        except OSError as error:
            raise _error(folder, error) from None
        return made

    @classmethod
    def resume(cls, video: Video, folder: Path) -> SplitVideo | None:
        """A video that a batch before has split; None if there is none. Parts that are not intact are not done."""
        try:
            plan = json.loads((folder / PLAN).read_bytes())
            parts = tuple(VideoPart(**part) for part in plan["parts"])
            done = {}
            for number, entry in plan["done"].items():
                files = tuple(WrittenFile(**file) for file in entry["files"])
                done[int(number)] = DonePart(files, float(entry["cpu_s"]), float(entry["wall_s"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        made = cls(video, folder, parts, {})
        made.done = {number: part for number, part in done.items() if made._intact(number, part)}
        return made

    @property
    def frames(self) -> int:
        """Frames that are done, those of the parts at work included."""
        done = sum(self.parts[number].frames for number in self.done)
        return done + sum(self.advanced.values())

    @property
    def total(self) -> int:
        """Frames of the video."""
        return self.parts[-1].end

    @property
    def cpu_s(self) -> float:
        """Processor time of the parts, s."""
        return sum(part.cpu_s for part in self.done.values())

    @property
    def wall_s(self) -> float:
        """Duration of the processing of the parts, one after the other, s."""
        return sum(part.wall_s for part in self.done.values())

    def steps(self) -> list[Step]:
        """What can be done now: the parts that are not done, or else the stitching."""
        open_parts = [number for number in range(len(self.parts)) if number not in self.done]
        if open_parts:
            return [OnePart(number, self.parts[number]) for number in open_parts]
        return [Stitch(self.parts, tuple(self._path(number) for number in range(len(self.parts))))]

    def tell(self, number: int, frames: int) -> None:
        """A part has come to a number of decoded frames, those of the warm-up included."""
        part = self.parts[number]
        self.advanced[number] = min(part.frames, max(0, frames - (part.begin - part.first)))

    def finish(self, number: int, folder: Path, result: VideoResult) -> bool:
        """Keep the results of a part; returns whether all are done. folder: of its task. Raises OutputError."""
        self.advanced.pop(number, None)
        try:
            for file in result.files:
                os.replace(folder / f"{OUTPUT}{file.suffix}", self._path(number).with_suffix(file.suffix))
            self.done[number] = DonePart(result.files, result.cpu_s, result.wall_s)
            self._save()
        except OSError as error:
            raise _error(self._folder, error) from None
        return len(self.done) == len(self.parts)

    def remove(self) -> None:
        """Remove the results of all parts."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:04}"

    def _save(self) -> None:
        """Raises OSError."""
        done = {str(number): asdict(part) for number, part in self.done.items()}
        plan = {"source": self.video.source, "parts": [asdict(part) for part in self.parts], "done": done}
        write_atomically(self._folder / PLAN, json.dumps(plan).encode())

    def _intact(self, number: int, part: DonePart) -> bool:
        if not 0 <= number < len(self.parts):
            return False
        try:
            return all(_unchanged(self._path(number).with_suffix(file.suffix), file) for file in part.files)
        except OSError:
            return False


def parts_folder(root: Path, video: Video, settings: Mapping[str, Any]) -> Path:
    """The folder of a video's parts. root: of those of all videos."""
    text = json.dumps([video.name, video.source, video.size, video.mtime_ns, settings], sort_keys=True)
    return root / hashlib.sha256(text.encode()).hexdigest()[:32]


def remove_other_parts(root: Path, folders: Iterable[Path]) -> None:
    """Remove the folders of videos that the batch does not process."""
    kept = set(folders)
    with contextlib.suppress(OSError):
        for path in root.iterdir():
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)


def _unchanged(path: Path, file: WrittenFile) -> bool:
    """Raises OSError."""
    status = path.stat()
    return status.st_size == file.size and (status.st_mtime_ns == file.mtime_ns or sha256_of(path) == file.sha256)


def _error(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")
