"""The manifest of a batch: one JSON object a line, the settings first, then a line for each video.

While a batch runs, lines are appended, each synchronized with the disk before the next step; the last line of a video
counts, and a line that a crash cut is left out. When a batch starts and ends, the file is replaced by one with a single
line for each video.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from edge.batch.executor import WrittenFile
from edge.errors import OutputError
from engines.files.atomic import write_all, write_atomically

NAME = "manifest.jsonl"
FORMAT = "meshcast_batch"
VERSION = 1

State = Literal["started", "done", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class Record:
    """What a manifest says about a video.

    Attributes:
        name: of the outputs.
        state: "started": no complete outputs yet; "done"; "partial": complete files with the results of a part of the
            video; "failed": no outputs.
        source: path of the video.
        source_size: in bytes.
        source_mtime_ns: time of its last change.
        files: the outputs.
        attempts: how many times it was processed in the batch.
        details: frames, duration, models and errors, for readers of the file.
    """

    name: str
    state: State
    source: str
    source_size: int
    source_mtime_ns: int
    files: tuple[WrittenFile, ...] = ()
    attempts: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> bytes:
        """The record as a line of the file."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of(cls, values: dict[str, Any]) -> Record:
        """Parse a line. Raises TypeError, ValueError or KeyError for another object."""
        files = tuple(WrittenFile(**entry) for entry in values["files"])
        record = cls(**{**values, "files": files})
        checked = (record.name, str), (record.source, str), (record.source_size, int), (record.details, dict)
        if record.state not in get_args(State) or not all(isinstance(value, kind) for value, kind in checked):
            raise ValueError("not a record")
        return record


class Manifest:
    """The manifest in a folder.

    Attributes:
        path: of the file.
        settings: those of the results in the folder; None for a new manifest.
        records: the last record of each video, by name.
    """

    def __init__(
        self, folder: Path, *, shown: str = "", on_write: Callable[[Path, bool], None] = lambda path, at_once: None
    ) -> None:
        """Read the file, if there is one. Raises OutputError when it cannot be read or is another file.

        Args:
            folder: of the file.
            shown: its name in messages, if that is not its path.
            on_write: called after each change with the path, and whether the change is at the start or end of a batch.
        """
        self.path = folder / NAME
        self._shown = shown or str(self.path)
        self._on_write = on_write
        self.settings: dict[str, Any] | None = None
        self.records: dict[str, Record] = {}
        self._file: BinaryIO | None = None
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(f"{self._shown}: cannot be read: {error.strerror}") from None
        head, *lines = data.split(b"\n")
        self.settings = self._head(head)
        for line in lines:
            try:
                record = Record.of(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue  # cut by a crash, or damaged: that video is done again
            self.records[record.name] = record

    def begin(self, settings: dict[str, Any], pending: Iterable[str]) -> None:
        """Replace the file by one with a line for each video, and open it for add(). Raises OutputError.

        Args:
            settings: of the results from now on.
            pending: names of the videos that are processed; what they have counts no longer.
        """
        self.settings = settings
        for name in pending:
            if name in self.records:
                self.records[name] = replace(self.records[name], state="started", details={})
        try:
            self._rewrite()
            self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            raise self._error(error) from None

    def add(self, record: Record) -> None:
        """Append a record. Raises OutputError."""
        assert self._file is not None
        try:
            write_all(self._file, record.line())
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._error(error) from None
        self.records[record.name] = record
        self._on_write(self.path, False)

    def close(self) -> None:
        """Leave one line for each video. Raises OutputError, and then the appended lines stay. Idempotent."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        try:
            self._rewrite()
        except OSError as error:
            raise self._error(error) from None

    def _rewrite(self) -> None:
        head = {FORMAT: VERSION, "settings": self.settings}
        lines = [json.dumps(head).encode() + b"\n", *(self.records[name].line() for name in sorted(self.records))]
        write_atomically(self.path, b"".join(lines))
        self._on_write(self.path, True)

    def _head(self, line: bytes) -> dict[str, Any]:
        try:
            head = json.loads(line)
            settings = head["settings"]
            if head[FORMAT] == VERSION and isinstance(settings, dict):
                return settings
        except (ValueError, TypeError, KeyError):
            pass
        raise OutputError(f"{self._shown}: not a manifest of this version; choose another --out or remove the file")

    def _error(self, error: OSError) -> OutputError:
        return OutputError(f"{self._shown}: cannot be written: {error.strerror or error}")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The settings that differ, as "key: old, now new"."""
    before, now = _flat(old), _flat(new)
    keys = dict.fromkeys((*now, *before))
    return [f"{key}: {before.get(key)}, now {now.get(key)}" for key in keys if before.get(key) != now.get(key)]


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": entry for inner, entry in _flat(value).items()}
        else:
            flat[key] = value
    return flat
