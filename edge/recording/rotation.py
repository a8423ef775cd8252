"""Recordings in files that follow one another, the oldest of which are deleted where they exceed a quota."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from calibration.camera import Camera
from edge.errors import OutputError, UsageError
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.sinks.output_file import OutputFile
from edge.types import Bodies, BodyModel, Frame, RigPose

log = logging.getLogger("meshcast.output")

FIELD = "{date}"
FORMAT = "%Y-%m-%dT%H-%M-%S"
MAX_LEDGER_BYTES = 4 << 20
MAX_FILES = 10_000  # that a ledger remembers; older ones stay on disk


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a recording goes on in a new file, and how much the files may take.

    Attributes:
        every_s: time of the stream in a file, s; None: any.
        size_bytes: size at which a file ends; None: any.
        quota_bytes: of all files of this recording, those of earlier runs included; None: no limit.
    """

    every_s: float | None = None
    size_bytes: int | None = None
    quota_bytes: int | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for a quota without files that end, or too small for two of them."""
        if self.quota_bytes is None:
            return
        if self.every_s is None and self.size_bytes is None:
            raise UsageError("--record-quota: needs files that end; add --record-every or --record-size")
        if self.size_bytes is not None and self.quota_bytes < 2 * self.size_bytes:
            raise UsageError("--record-quota: has to hold at least two files of --record-size")


class RotatingRecorder:
    """Records a stream into files named after the local time of their first frame, by the pattern of `config.path`.

    Every file is complete in itself. Only files that this recording made are deleted: their names, sizes and times of
    change are in a hidden file beside them, and a file that differs from it stays.

    Attributes:
        path: the latest file; before the first one the pattern.
        rotations: whether rig poses are recorded.
    """

    def __init__(
        self,
        config: RecordConfig,
        stream: str,
        model: BodyModel,
        rotation: Rotation,
        *,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """
        Args:
            config: with {date} in the name of the file.
            stream: name of the stream.
            model: its body model.
            rotation: when files end.
            now: the local time.

        Raises:
            OutputError: the folder cannot be written, or the body has none of the levels.
        """
        self.path = config.path
        self._config, self._stream, self._model, self._rotation, self._now = config, stream, model, rotation, now
        self._ledger = Ledger(config.path)
        self._begun_s: float | None = None  # stream time of the first frame of the file
        self._kept = False
        recorder = self._next()
        self._recorder: StreamRecorder | None = recorder  # None: closed
        self.rotations = recorder.rotations

    def add(self, frame: Frame, bodies: Bodies, camera: Camera, rig_pose: RigPose | None) -> None:
        """Add a frame, to a new file if the last one has reached its end. Raises like StreamRecorder.add()."""
        if self._recorder is not None and self._due(self._recorder, frame):
            self._finish()
        if self._recorder is None:
            self._recorder, self._begun_s = self._next(), None
        self._recorder.add(frame, bodies, camera, rig_pose)
        if self._begun_s is None:
            self._begun_s = frame.t_s

    def close(self) -> bool:
        """Finish the last file. Returns whether there is any file. Raises OutputError."""
        self._finish()
        return self._kept

    def abort(self) -> None:
        """Remove the unfinished file; the files before it stay."""
        if self._recorder is not None:
            self._recorder.abort()

    def _due(self, recorder: StreamRecorder, frame: Frame) -> bool:
        rotation = self._rotation
        if self._begun_s is None:
            return False
        old = rotation.every_s is not None and frame.t_s - self._begun_s >= rotation.every_s
        return old or (rotation.size_bytes is not None and recorder.size >= rotation.size_bytes)

    def _finish(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None and recorder.close():
            self._kept = True
            size = self._ledger.add(self.path)
            if self._rotation.quota_bytes is not None:
                # Room for the file that comes next, which may become as large as this one.
                self._ledger.shrink(self._rotation.quota_bytes - max(size, self._rotation.size_bytes or 0))

    def _next(self) -> StreamRecorder:
        self.path = self._free(self._config.path.name.replace(FIELD, self._now().strftime(FORMAT)))
        return StreamRecorder(replace(self._config, path=self.path), self._stream, self._model)

    def _free(self, name: str) -> Path:
        """A path of this name that does not exist, with a number if it does."""
        path = self._config.path.with_name(name)
        number = 2
        while path.exists() or path.with_name(f"{path.name}.part").exists():
            path = self._config.path.with_name(f"{Path(name).stem}-{number}{Path(name).suffix}")
            number += 1
        return path


@dataclass(slots=True)
class _Entry:
    name: str
    size: int
    mtime_ns: int


class Ledger:
    """The files of one recording, oldest first, in a hidden file beside them."""

    def __init__(self, pattern: Path) -> None:
        """pattern: path of the recording with {date}."""
        self._pattern = pattern
        self._path = pattern.with_name(f".{pattern.name}.json")
        self._entries = self._read()

    def add(self, path: Path) -> int:
        """Add a finished file. Returns its size in bytes."""
        try:
            found = path.stat()
        except OSError:
            return 0  # it was moved
        self._entries = [entry for entry in self._entries if entry.name != path.name][-MAX_FILES + 1 :]
        self._entries.append(_Entry(path.name, found.st_size, found.st_mtime_ns))
        self._write()
        return found.st_size

    def shrink(self, quota_bytes: int) -> None:
        """Delete the oldest files until the rest takes at most this much; the newest one stays in any case."""
        kept = [entry for entry in self._entries if self._is_ours(entry)]
        total = sum(entry.size for entry in kept)
        while len(kept) > 1 and total > quota_bytes:
            oldest = kept.pop(0)
            path = self._pattern.with_name(oldest.name)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("%s: cannot be deleted for the quota: %s", path, error.strerror or error)
                continue
            total -= oldest.size
            log.info("%s: deleted for the quota", path)
        if kept != self._entries:
            self._entries = kept
            self._write()

    def _is_ours(self, entry: _Entry) -> bool:
        """Whether the file is there as it was written."""
        try:
            found = self._pattern.with_name(entry.name).lstat()
        except (OSError, ValueError):
            return False
        unchanged = (found.st_size, found.st_mtime_ns) == (entry.size, entry.mtime_ns)
        return stat.S_ISREG(found.st_mode) and unchanged

    def _read(self) -> list[_Entry]:
        """The entries whose names fit the pattern; none of a file that is not a ledger."""
        before, _, after = self._pattern.name.partition(FIELD)
        try:
            with self._path.open("rb") as file:
                listed = json.loads(file.read(MAX_LEDGER_BYTES))["files"]
            entries = [_Entry(str(each["name"]), int(each["bytes"]), int(each["mtime_ns"])) for each in listed]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            log.warning("%s: is damaged; files of earlier runs do not count for the quota", self._path)
            return []
        return [
            entry
            for entry in entries
            if "/" not in entry.name and entry.name.startswith(before) and entry.name.endswith(after)
        ]

    def _write(self) -> None:
        files = [{"name": entry.name, "bytes": entry.size, "mtime_ns": entry.mtime_ns} for entry in self._entries]
        try:
            OutputFile(self._path).write(json.dumps({"files": files}, indent=0).encode())
        except OutputError as error:
            log.warning("%s; these files will not count for the quota of later runs", error)


def recorder_of(
    config: RecordConfig, stream: str, model: BodyModel, rotation: Rotation | None
) -> StreamRecorder | RotatingRecorder:
    """A recorder of one file, or of several if {date} is in the name. Raises OutputError."""
    if FIELD in config.path.name:
        return RotatingRecorder(config, stream, model, rotation or Rotation())
    return StreamRecorder(config, stream, model)


def check_rotation(config: RecordConfig, rotation: Rotation | None) -> None:
    """Raises UsageError for files that end without {date} in their name, and OutputError for {date} in a folder."""
    if FIELD in str(config.path.parent):
        raise OutputError(f"{config.path}: {FIELD} has to be in the name of the file, not in that of a folder")
    if rotation is not None and rotation != Rotation() and FIELD not in config.path.name:
        example = f"{config.path.stem}-{FIELD}{config.path.suffix}"
        raise UsageError(f"--record {config.path}: files that end need {FIELD} in their name, for example {example}")
