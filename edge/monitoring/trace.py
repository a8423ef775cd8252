"""Trace of a run: every stage of every frame on a time line, for Perfetto or chrome://tracing."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from edge.errors import OutputError
from edge.sinks.output_file import OutputFile
from engines.files.atomic import write_all

BUFFER_BYTES = 1 << 18  # written to the file together
MAX_EVENT_BYTES = 1 << 16  # more than any event has: names are short
DROPS = "dropped"  # the row of dropped frames
_HEAD = b'{"displayTimeUnit":"ms","traceEvents":[\n'
_SEPARATOR = b",\n"
_TAIL = b"\n]}\n"


class Trace:
    """Writes the events of its rows as they occur, in the JSON form of the Trace Event Format.

    process() makes the rows of a stream, or of the engines: listeners for edge.timing. Memory is bounded; the
    file appears on close(), abort() leaves none. Any thread may write. Raises OutputError at once when the file cannot
    be written; a disk that fills up later ends the trace, not the run: close() keeps the events before and raises.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._target = OutputFile(path)
        self._pending = bytearray(_HEAD)
        self._lock = threading.Lock()
        self._error: OSError | None = None
        self._processes = 0
        self._open = True
        self._separator = b""
        self._origin_ns = time.monotonic_ns()

    def process(self, name: str) -> TraceListener:
        """A new group of rows with this name."""
        with self._lock:
            self._processes += 1
            rows = TraceListener(self, self._processes, self._origin_ns)
        self.metadata("process_name", rows.pid, {"name": name})
        self.metadata("process_sort_index", rows.pid, {"sort_index": rows.pid})
        return rows

    def metadata(self, kind: str, pid: int, args: dict[str, Any], tid: int = 0) -> None:
        """Name or order a process or a row."""
        self.write(json.dumps({"name": kind, "ph": "M", "pid": pid, "tid": tid, "args": args}))

    def write(self, event: str) -> None:
        """Add one event, a JSON object."""
        encoded = event.encode()
        with self._lock:
            if not self._open or self._error is not None:
                return
            self._pending += self._separator + encoded
            self._separator = _SEPARATOR
            if len(self._pending) >= BUFFER_BYTES:
                self._flush()

    def close(self) -> Path:
        """Finish the file.

        Returns:
            Its path.

        Raises:
            OutputError: it could not be written to its end; the events before are kept, where there are any.
        """
        with self._lock:
            self._open = False
            self._flush()
        try:
            if self._error is None:
                write_all(self._target.file, _TAIL)
        except OSError as error:
            self._error = error
        if self._error is not None:
            self._keep_whole_events(self._error)
        self._target.commit()
        return self.path

    def abort(self) -> None:
        """Leave no unfinished file. Harmless after close()."""
        with self._lock:
            self._open = False
            self._pending = bytearray()
        self._target.discard()

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def _flush(self) -> None:
        """Write what is pending; after an error nothing is written any more."""
        try:
            if self._error is None:
                write_all(self._target.file, self._pending)
        except OSError as error:
            self._error = error
        self._pending = bytearray()  # a new one: the traceback of an error may still hold a view of the old one

    def _keep_whole_events(self, error: OSError) -> None:
        """End the file after its last whole event, whose space makes room for the end. Raises OutputError."""
        said = self._target.error(error)
        file = self._target.file
        try:
            begin = max(0, file.seek(0, os.SEEK_END) - MAX_EVENT_BYTES)
            file.seek(begin)
            end = file.read(MAX_EVENT_BYTES)[: -len(_TAIL)].rfind(_SEPARATOR)
            if end >= 0:
                file.truncate(begin + end)
                file.seek(begin + end)
                write_all(file, _TAIL)
                self._target.commit()
                raise OutputError(f"{said}; the events before are kept") from None
        except OSError:  # not even the end fits
            pass
        self._target.discard()
        raise said from None


class TraceListener:
    """The rows of one stream: one for each stage, in the order of their first end; arrows join a frame's stages."""

    def __init__(self, trace: Trace, pid: int, origin_ns: int) -> None:
        self.pid = pid
        self._trace = trace
        self._origin_ns = origin_ns
        self._lock = threading.Lock()
        self._rows: dict[str, str] = {}  # position of events, as JSON, by stage
        self._newest = -1  # of the processed frames

    def begin(self, stage: str) -> None:
        """A span is written at its end."""

    def end(self, stage: str, frame_index: int | None, start_ns: int, end_ns: int) -> None:
        """Write a span."""
        row = self._rows.get(stage) or self._add_row(stage)
        times = f'"ts":{_us(start_ns - self._origin_ns)},"dur":{_us(end_ns - start_ns)}'
        if frame_index is None:
            self._trace.write(f'{{"ph":"X","name":"{stage}",{row},{times}}}')
            return
        flow = '"flow_in":true,"flow_out":true'
        if frame_index > self._newest:  # a frame's first stage starts its arrow, always on the same thread
            self._newest = frame_index
            flow = '"flow_out":true'
        arrow = f'"bind_id":"0x{self.pid << 40 | frame_index:x}",{flow}'
        self._trace.write(f'{{"ph":"X","name":"{stage}",{row},{times},"args":{{"frame":{frame_index}}},{arrow}}}')

    def lost(self, where: str, frame_index: int) -> None:
        """Write a mark."""
        row = self._rows.get(DROPS) or self._add_row(DROPS)
        at_us = _us(time.monotonic_ns() - self._origin_ns)
        self._trace.write(f'{{"ph":"i","s":"t","name":"{where}",{row},"ts":{at_us},"args":{{"frame":{frame_index}}}}}')

    def _add_row(self, name: str) -> str:
        with self._lock:
            if name not in self._rows:
                tid = len(self._rows) + 1
                self._trace.metadata("thread_name", self.pid, {"name": name}, tid)
                self._trace.metadata("thread_sort_index", self.pid, {"sort_index": tid}, tid)
                self._rows[name] = f'"pid":{self.pid},"tid":{tid}'
            return self._rows[name]


def _us(ns: int) -> str:
    """Microseconds without rounding, so that spans that follow each other do not overlap."""
    return f"{ns // 1000}.{ns % 1000:03d}"
