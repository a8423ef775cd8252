"""Files of one output that follow one another, the oldest of which are deleted where they exceed a quota."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge.errors import OutputError, UsageError
from edge.sinks.output_file import OutputFile

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
            raise UsageError("a quota needs files that end; add the time or the size at which they do")
        if self.size_bytes is not None and self.quota_bytes < 2 * self.size_bytes:
            raise UsageError("a quota has to hold at least two files of the size at which they end")


class FileSeries:
    """Names the files of an output after the local time of their start, and keeps to the quota of a rotation.

    Only files that this output wrote are deleted: their names, sizes and times of change are in a hidden file beside
    them, and a file that differs from it stays.
    """

    def __init__(
        self, pattern: Path, rotation: Rotation | None = None, *, now: Callable[[], datetime] = datetime.now
    ) -> None:
        """
        Args:
            pattern: path of the files, with {date} in the name.
            rotation: when files end; None: their owner decides, and without a quota.
            now: the local time.
        """
        self._pattern, self._rotation, self._now = pattern, rotation or Rotation(), now
        self._ledger = Ledger(pattern) if rotation is not None else None

    def next(self) -> Path:
        """A path for the next file: one that does not exist, with a number if need be."""
        name = self._pattern.name.replace(FIELD, self._now().strftime(FORMAT))
        path = self._pattern.with_name(name)
        number = 2
        while path.exists() or path.with_name(f"{path.name}.part").exists():
            path = self._pattern.with_name(f"{Path(name).stem}-{number}{Path(name).suffix}")
            number += 1
        return path

    def due(self, age_s: float, size_bytes: int) -> bool:
        """Whether a file of this age and size has reached its end."""
        rotation = self._rotation
        old = rotation.every_s is not None and age_s >= rotation.every_s
        return old or (rotation.size_bytes is not None and size_bytes >= rotation.size_bytes)

    def finished(self, path: Path) -> None:
        """Take note of a complete file, and delete the oldest ones beyond the quota."""
        if self._ledger is None:
            return
        size = self._ledger.add(path)
        if self._rotation.quota_bytes is not None:
            # Room for the file that comes next, which may become as large as this one.
            self._ledger.shrink(self._rotation.quota_bytes - max(size, self._rotation.size_bytes or 0))


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


def check_series(option: str, path: Path, *, ends: bool) -> None:
    """Check the path of an output whose files may follow one another.

    Args:
        option: of the output, for messages.
        path: with {date} in its name, if its files end.
        ends: whether they end before the output does.

    Raises:
        UsageError: files that end have no {date} in their name.
        OutputError: {date} is in the name of a folder.
    """
    if FIELD in str(path.parent):
        raise OutputError(f"{path}: {FIELD} has to be in the name of the file, not in that of a folder")
    if ends and FIELD not in path.name:
        example = f"{path.stem}-{FIELD}{path.suffix}"
        raise UsageError(f"{option} {path}: files that end need {FIELD} in their name, for example {example}")
