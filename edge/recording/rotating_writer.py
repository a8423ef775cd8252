"""Writes the messages of a publisher to files that follow one another, each of which is complete in itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from edge.recording.file_series import FileSeries, Rotation
from edge.recording.mcap_file import RecordingWriter
from meshcast.protocol.layout import LEVELS, Kind

MOST_MODELS = 256  # streams whose model is kept for the next file
FRAMES = frozenset(LEVELS.values())


class RotatingWriter:
    """A `RecordingWriter` of several files: a new one begins with a new frame when the last one has reached its end.

    Attributes:
        path: the latest file.
    """

    def __init__(self, pattern: Path, rotation: Rotation, *, now: Callable[[], datetime] = datetime.now) -> None:
        """
        Args:
            pattern: path with {date} in the name.
            rotation: when files end.
            now: the local time.

        Raises:
            OutputError: no file can be written there.
        """
        self._series = FileSeries(pattern, rotation, now=now)
        self._models: dict[str, tuple[dict[str, Any], bytes]] = {}  # of each stream, for the files to come
        self._newest: dict[str, tuple[int, int]] = {}  # session and seq of the newest frame, by stream
        self._begun_ns: int | None = None  # of the first frame in the file
        self._bytes = 0
        self.path = self._series.next()
        self._writer = RecordingWriter(self.path)

    def add(self, kind: Kind, head: dict[str, Any], t_ns: int, message: bytes) -> None:
        """Add a message with its parsed type and header. Raises OutputError, like close()."""
        if kind is Kind.MODEL:
            self._models[head["stream"]] = head, message
            if len(self._models) > MOST_MODELS:
                del self._models[next(iter(self._models))]
        elif kind in FRAMES and self._newest.get(head["stream"]) != (head["session"], head["seq"]):
            self._newest[head["stream"]] = head["session"], head["seq"]
            if self._begun_ns is not None and self._series.due((t_ns - self._begun_ns) / 1e9, self._writer.size):
                self._begin(t_ns)
            if self._begun_ns is None:
                self._begun_ns = t_ns
        self._writer.add(kind, head, t_ns, message)

    def close(self) -> int:
        """Finish the last file. Returns the size of all files in bytes."""
        self._finish()
        return self._bytes

    def discard(self) -> None:
        """Discard the unfinished file; the files before it stay."""
        self._writer.discard()

    def __enter__(self) -> RotatingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)

    def _begin(self, t_ns: int) -> None:
        """Go on in a new file, which has the models of all streams."""
        self._finish()
        self.path, self._begun_ns = self._series.next(), None
        self._writer = RecordingWriter(self.path)
        for head, model in self._models.values():
            self._writer.add(Kind.MODEL, head, t_ns, model)

    def _finish(self) -> None:
        self._bytes += self._writer.close()
        self._series.finished(self.path)
