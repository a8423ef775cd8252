"""Recordings of the wire: MCAP files (https://mcap.dev) that hold messages byte for byte, with the times they came at.

One channel a topic, with message encoding "meshcast" and what its numbers mean as metadata; a schema a kind of message;
chunks compressed with zstd. A message's log time is when it was received, its publish time the publisher's own, both in
nanoseconds since 1970 UTC. docs/how-to/record-and-export.md has the whole.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

import numpy as np
import zstandard
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel
from mcap.writer import MCAP0_MAGIC, CompressionType, Writer

from edge.errors import OutputError, RecordingError
from edge.recording.mcap_records import RECORD_LIMITS, MessageRecord, check_length, read_record
from edge.sinks.output_file import OutputFile
from engines.files.atomic import write_all
from engines.files.memory_budget import MemoryBudget, MemoryBudgetError, current_budget
from engines.files.regular_file import open_file
from meshcast.errors import WireError
from meshcast.protocol.layout import (
    AXES,
    FRAME_HEADER,
    MODEL_HEADER,
    SPACES,
    STATUS_HEADER,
    UNITS,
    VERSION,
    Kind,
    read_kind,
    topic,
)

ENCODING = "meshcast"
KEPT_S = 1.0  # when the program breaks off, what came in the last second may be lost
SCHEMAS = {Kind.MODEL: ("meshcast.Model", MODEL_HEADER), Kind.STATUS: ("meshcast.Status", STATUS_HEADER)}
FRAME_SCHEMA = "meshcast.Frame", FRAME_HEADER
LATEST_RECORDS = 8  # of which some make room for the end of a recording on a full disk
WIRE = {"wire_version": str(VERSION), "layout": "docs/wire.md of Meshcast"}

_RECORD = struct.Struct("<BQ")  # every record's opcode and length
_DAMAGE = McapError, OSError, OverflowError, RuntimeError, ValueError, struct.error, zstandard.ZstdError


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message as it came, and when: t_ns since 1970 UTC."""

    t_ns: int
    message: bytes


class RecordingWriter:
    """Writes messages to `path`, an .mcap file that appears when the writer is closed.

    Until then they are in PATH.part, which can be read too, and which stays when the program breaks off, unless nothing
    was added. When the disk is full, what was written before gets its name. Raises OutputError at once when the suffix
    is not .mcap or the file cannot be written.
    """

    def __init__(self, path: str | Path | OutputFile) -> None:
        """path: or a target that is open already."""
        if not isinstance(path, OutputFile):
            if Path(path).suffix.lower() != ".mcap":
                raise OutputError(f"{path}: recordings are .mcap files")
            path = OutputFile(path, salvageable=True)
        self._target = path
        self._file = _Unbuffered(path.file)
        self._writer = Writer(cast(BinaryIO, self._file), compression=CompressionType.ZSTD)
        self._schemas: dict[str, int] = {}
        self._channels: dict[tuple[Any, ...], int] = {}
        self._kept_s = time.monotonic()
        with self._writing():
            self._writer.start(library=f"meshcast {version('meshcast')}")
            self._writer.add_metadata("meshcast", {"meshcast_version": version("meshcast")} | WIRE)

    def add(self, kind: Kind, head: dict[str, Any], t_ns: int, message: bytes) -> None:
        """Add a message, with the kind and the header that it was found to have. Raises OutputError, as close()."""
        with self._writing():
            channel = self._channel(kind, head)
            sequence = head["seq"] & 0xFFFFFFFF
            self._writer.add_message(channel, t_ns, message, max(0, head["t_publish_unix_ns"]), sequence)
            now_s = time.monotonic()
            if now_s - self._kept_s > KEPT_S:
                self._kept_s = now_s
                self._writer.flush()

    def close(self) -> int:
        """Put the file in its place; returns its bytes."""
        with self._writing():
            self._writer.finish()
            size = self._file.tell()
        self._target.commit()
        return size

    def discard(self) -> None:
        """Leave nothing behind; what was at the path before stays."""
        self._target.discard()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._channels:
            self._target.leave()  # does nothing once it has its name
        else:
            self._target.discard()

    def _channel(self, kind: Kind, head: dict[str, Any]) -> int:
        """The channel of a topic; one more where its publisher has started anew in other axes or with another body."""
        key = kind, head["stream"], head["axes"], head["unit"], head["space"], head["model_name"]
        if key in self._channels:
            return self._channels[key]
        name, header = SCHEMAS.get(kind, FRAME_SCHEMA)
        if name not in self._schemas:
            self._schemas[name] = self._writer.register_schema(name, ENCODING, schema_text(name, header).encode())
        meaning = {"model_name": head["model_name"]}
        if kind is not Kind.STATUS:
            meaning |= {"axes": AXES[head["axes"]], "unit": UNITS[head["unit"]], "space": SPACES[head["space"]]}
        words = topic(kind, head["stream"]).rstrip(b"\0").decode()
        channel = self._writer.register_channel(words, ENCODING, self._schemas[name], WIRE | meaning)
        self._channels[key] = channel
        return channel

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            said = self._target.error(error)
            try:
                whole = end_early(self._target.file)
            except OSError:
                whole = True  # it can be read without its end, too
            if not whole:
                self._target.discard()
                raise OutputError(f"{said}; nothing of it is kept") from None
            self._target.commit()
            raise OutputError(f"{said}; what was recorded before is kept in it") from None


def end_early(file: BinaryIO) -> bool:
    """Cut an unfinished recording behind its last whole record and end it there, without an index; False when no chunk
    of messages is whole. Raises OSError."""
    size = file.seek(0, os.SEEK_END)
    place, chunks = len(MCAP0_MAGIC), 0
    ends = deque([place], maxlen=LATEST_RECORDS)
    while True:
        file.seek(place)
        head = file.read(_RECORD.size)
        code, length = _RECORD.unpack(head) if len(head) == _RECORD.size else (0, size)
        if code in (0, Opcode.DATA_END) or place + _RECORD.size + length > size:
            break
        chunks += code == Opcode.CHUNK
        place += _RECORD.size + length
        ends.append(place)
    no_data_crc, no_summary = bytes(4), bytes(20)
    end = _RECORD.pack(Opcode.DATA_END, 4) + no_data_crc + _RECORD.pack(Opcode.FOOTER, 20) + no_summary + MCAP0_MAGIC
    for place in reversed(ends) if chunks else ():  # where the end does not fit, the last record, an index, makes room
        file.seek(place)
        file.truncate(place)
        with contextlib.suppress(OSError):
            write_all(file, end)
            break
    return chunks > 0


class _Unbuffered:
    """A file as the MCAP library writes to it: every byte at once, or an error."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        write_all(self._file, data)
        return len(data)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        pass


def schema_text(name: str, header: np.dtype[Any]) -> str:
    """The header of a kind of message, a field a line: offset, NumPy's type, name."""
    assert header.fields is not None
    fields = "\n".join(f"{offset} {kind.str} {field}" for field, (kind, offset, *_) in header.fields.items())
    return f"{name}, version {VERSION} of the Meshcast wire. Arrays follow at header_size: docs/wire.md.\n{fields}\n"


class Recording:
    """The messages of the recording at `path` in the order in which they were written; each iteration reads anew.

    A file whose end is missing, as after a crash, is read as far as it goes; `cut` then says so. At most one chunk is
    unpacked at a time. budget: of the memory that it takes, None takes the job's. Raises RecordingError when the file
    cannot be read or is no MCAP file, and while iterating where it is damaged or a part of it takes too much memory.
    """

    def __init__(self, path: str | Path, budget: MemoryBudget | None = None) -> None:
        self.path = Path(path)
        self.budget = budget or current_budget()
        self.cut = False
        with self._open():
            pass

    def __iter__(self) -> Iterator[Recorded]:
        self.cut = False
        channels: dict[int, bool] = {}
        with self._open() as file:
            for record in self._records(file):
                if isinstance(record, Channel):
                    channels[record.id] = record.message_encoding == ENCODING
                elif channels.get(record.channel, False):
                    yield Recorded(record.t_ns, self._checked(record))

    def _checked(self, record: MessageRecord) -> bytes:
        message = bytes(record.data)
        try:
            read_kind(message)
        except WireError as error:
            raise RecordingError(f"{self.path}: message {record.sequence} in it: {error}") from None
        return message

    def _open(self) -> BinaryIO:
        file = open_file(self.path, RecordingError)
        if file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
            file.close()
            raise RecordingError(f"{self.path}: not a recording; meshcast record makes them (.mcap)")
        return file

    def _records(self, file: BinaryIO) -> Iterator[Channel | MessageRecord]:
        """Channels and messages, in chunks or not. The file is read in one direction: an index may be missing."""
        size, what = os.fstat(file.fileno()).st_size, str(self.path)
        while True:
            start = file.tell()
            head = file.read(_RECORD.size)
            code, length = _RECORD.unpack(head) if len(head) == _RECORD.size else (0, size)
            if code == 0 or start + _RECORD.size + length > size:  # a file system may leave zeros after a crash
                self.cut = True
                return
            if code == Opcode.DATA_END:
                return
            try:
                if code in RECORD_LIMITS:
                    check_length(code, length)
                    with self.budget.reserved(length, what):
                        yield from read_record(code, file.read(length), self.budget, what)
                else:
                    file.seek(length, 1)
            except MemoryBudgetError as error:
                raise RecordingError(str(error)) from None
            except _DAMAGE as error:
                reason = str(error) or type(error).__name__
                raise RecordingError(f"{self.path}: damaged at byte {start} of {size} ({reason})") from None
