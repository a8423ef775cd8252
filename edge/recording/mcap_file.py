"""Recordings of published messages: MCAP files (https://mcap.dev) with the original bytes and arrival times.

There is one channel per topic, with message encoding "meshcast" and the meaning of its numbers as metadata, and one
schema per message type; chunks are compressed with zstd. The log time of a message is its time of arrival, its publish
time that of the publisher, both in nanoseconds since 1970 UTC. docs/how-to/record-and-export.md documents the format.
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
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

import numpy as np
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Metadata
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
    PREVIEW_HEADER,
    SPACES,
    STATS_HEADER,
    STATUS_HEADER,
    UNITS,
    VERSION,
    Kind,
    read_kind,
    topic,
)

ENCODING = "meshcast"
FLUSH_S = 1.0
SCHEMAS = {
    Kind.MODEL: ("meshcast.Model", MODEL_HEADER),
    Kind.STATUS: ("meshcast.Status", STATUS_HEADER),
    Kind.PREVIEW: ("meshcast.Preview", PREVIEW_HEADER),
    Kind.STATS: ("meshcast.Stats", STATS_HEADER),
}
FRAME_SCHEMA = "meshcast.Frame", FRAME_HEADER
METADATA_BYTES = 1 << 16  # larger metadata records are ignored
LATEST_RECORDS = 8  # kept track of: on a full disk some are replaced by the end of the file
PROTOCOL = {"wire_version": str(VERSION), "layout": "docs/wire.md of Meshcast"}

_RECORD = struct.Struct("<BQ")  # every record's opcode and length
_CORRUPTION = McapError, OSError, OverflowError, RuntimeError, ValueError, struct.error, zstandard.ZstdError


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """The bytes of a message, and its time of arrival t_ns since 1970 UTC."""

    t_ns: int
    message: bytes


class RecordingWriteError(OutputError):
    """A recording has ended early, for example on a full disk.

    Attributes:
        problem: why.
        kept: whether the messages before are in the file.
    """

    def __init__(self, problem: OutputError, *, kept: bool) -> None:
        rest = "the messages before are kept in the file" if kept else "nothing was recorded"
        super().__init__(f"{problem}; {rest}")
        self.problem, self.kept = str(problem), kept


class RecordingWriter:
    """Writes messages to `path`, an .mcap file that appears when the writer is closed.

    Until then they are in PATH.part, which is readable too and stays after a crash unless it is empty. On a full disk
    the data written before is kept under the final name. Raises OutputError at once if the suffix is not .mcap or the
    file cannot be written.
    """

    def __init__(self, path: str | Path | OutputFile, *, flush_s: float = FLUSH_S) -> None:
        """Start the file.

        Args:
            path: a path, or an open OutputFile.
            flush_s: seconds between two flushes; a crash may lose the messages of the last interval. A
                negative value flushes every message.
        """
        if not isinstance(path, OutputFile):
            if Path(path).suffix.lower() != ".mcap":
                raise OutputError(f"{path}: unsupported file type; use .mcap")
            path = OutputFile(path, salvageable=True)
        self._target = path
        self._file = Unbuffered(path.file)
        self._writer = Writer(cast(BinaryIO, self._file), compression=CompressionType.ZSTD)
        self._schemas: dict[str, int] = {}
        self._channels: dict[tuple[Any, ...], int] = {}
        self._flush_s, self._flushed_s = flush_s, time.monotonic()
        with self._writing():
            self._writer.start(library=f"meshcast {version('meshcast')}")
            self._writer.add_metadata("meshcast", {"meshcast_version": version("meshcast")} | PROTOCOL)

    def add(self, kind: Kind, head: dict[str, Any], t_ns: int, message: bytes) -> None:
        """Add a message with its parsed type and header. Raises OutputError, like close()."""
        with self._writing():
            channel = self._channel(kind, head)
            sequence = head["seq"] & 0xFFFFFFFF
            self._writer.add_message(channel, t_ns, message, max(0, head["t_publish_unix_ns"]), sequence)
            now_s = time.monotonic()
            if now_s - self._flushed_s > self._flush_s:
                self._flushed_s = now_s
                self._writer.flush()

    @property
    def path(self) -> Path:
        """The final path of the file."""
        return self._target.path

    @property
    def size(self) -> int:
        """Bytes written so far, without those that wait for the end of a chunk."""
        return self._file.tell()

    def add_metadata(self, name: str, values: dict[str, str]) -> None:
        """Add a metadata record. Raises OutputError, like close()."""
        with self._writing():
            self._writer.add_metadata(name, values)

    def close(self) -> int:
        """Finish the file and rename it to its final name. Returns its size in bytes."""
        with self._writing():
            self._writer.finish()
            size = self._file.tell()
        self._target.commit()
        return size

    def discard(self) -> None:
        """Discard the file; an existing file at the path stays."""
        self._target.discard()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._channels:
            self._target.leave()  # no effect after commit()
        else:
            self._target.discard()

    def _channel(self, kind: Kind, head: dict[str, Any]) -> int:
        """Return the channel of a topic; a publisher that restarts with other axes or another body gets a new one."""
        key = kind, head["stream"], head["axes"], head["unit"], head["space"], head["model_name"]
        if key in self._channels:
            return self._channels[key]
        name, header = SCHEMAS.get(kind, FRAME_SCHEMA)
        if name not in self._schemas:
            self._schemas[name] = self._writer.register_schema(name, ENCODING, schema_text(name, header).encode())
        meaning = {"model_name": head["model_name"]}
        if kind not in (Kind.STATUS, Kind.PREVIEW, Kind.STATS):
            meaning |= {"axes": AXES[head["axes"]], "unit": UNITS[head["unit"]], "space": SPACES[head["space"]]}
        topic_name = topic(kind, head["stream"]).rstrip(b"\0").decode()
        channel = self._writer.register_channel(topic_name, ENCODING, self._schemas[name], PROTOCOL | meaning)
        self._channels[key] = channel
        return channel

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = self._target.error(error)
            try:
                complete = end_early(self._target.file)
            except OSError:
                complete = True  # readable without its end, too
            if not complete:
                self._target.discard()
                raise RecordingWriteError(problem, kept=False) from None
            self._target.commit()
            raise RecordingWriteError(problem, kept=True) from None


def end_early(file: BinaryIO) -> bool:
    """Truncate an unfinished recording after its last complete record and finish it without an index. Returns False if
    it has no complete chunk. Raises OSError."""
    size = file.seek(0, os.SEEK_END)
    offset, chunks = len(MCAP0_MAGIC), 0
    ends = deque([offset], maxlen=LATEST_RECORDS)
    while True:
        file.seek(offset)
        head = file.read(_RECORD.size)
        code, length = _RECORD.unpack(head) if len(head) == _RECORD.size else (0, size)
        if code in (0, Opcode.DATA_END) or offset + _RECORD.size + length > size:
            break
        chunks += code == Opcode.CHUNK
        offset += _RECORD.size + length
        ends.append(offset)
    no_data_crc, no_summary = bytes(4), bytes(20)
    end = _RECORD.pack(Opcode.DATA_END, 4) + no_data_crc + _RECORD.pack(Opcode.FOOTER, 20) + no_summary + MCAP0_MAGIC
    for offset in reversed(ends) if chunks else ():  # if the end does not fit, it replaces the last record, an index
        file.seek(offset)
        file.truncate(offset)
        with contextlib.suppress(OSError):
            write_all(file, end)
            break
    return chunks > 0


class Unbuffered:
    """The file object that the MCAP library writes to: unbuffered, writes all bytes or raises."""

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
    """Describe the header of a message type, one line per field: offset, NumPy type, name."""
    assert header.fields is not None
    fields = "\n".join(f"{offset} {kind.str} {field}" for field, (kind, offset, *_) in header.fields.items())
    return f"{name}, version {VERSION} of the Meshcast wire. Arrays follow at header_size: docs/wire.md.\n{fields}\n"


class Recording:
    """The messages of the recording at `path` in file order; each iteration reads the file again.

    A truncated file, as after a crash, is read up to its last complete record and sets `truncated`. At most one chunk
    is decompressed at a time. budget: limits the memory (default: that of the job). Raises RecordingError if the file
    cannot be read or is not an MCAP file, and while iterating if it is corrupted or a part needs too much memory.
    """

    def __init__(self, path: str | Path, budget: MemoryBudget | None = None) -> None:
        self.path = Path(path)
        self.budget = budget or current_budget()
        self.truncated = False
        with self._open():
            pass

    def __iter__(self) -> Iterator[RecordedMessage]:
        for _, _, recorded in self.located():
            yield recorded

    def located(self) -> Iterator[tuple[int, int, RecordedMessage]]:
        """Yield each message after the offset of its chunk, or of itself outside of chunks, and its number in it."""
        self.truncated = False
        channels: dict[int, bool] = {}
        latest, number = -1, 0
        with self._open() as file:
            for offset, record in self._records(file):
                if isinstance(record, Channel):
                    channels[record.id] = record.message_encoding == ENCODING
                    continue
                number = number + 1 if offset == latest else 0
                latest = offset
                if channels.get(record.channel, False):
                    yield offset, number, RecordedMessage(record.t_ns, self._checked(record))

    def messages_at(self, offset: int) -> list[bytes]:
        """All messages of the chunk, or the message, at an offset that `located` gave. Raises RecordingError."""
        with self._open() as file:
            file.seek(offset)
            head = file.read(_RECORD.size)
            code, length = _RECORD.unpack(head) if len(head) == _RECORD.size else (0, 0)
            with self._parsing(file):
                check_length(code, length)
                with self.budget.reserved(length, str(self.path)):
                    records = read_record(code, file.read(length), self.budget, str(self.path))
                    return [bytes(record.data) for record in records if isinstance(record, MessageRecord)]

    def _checked(self, record: MessageRecord) -> bytes:
        message = bytes(record.data)
        try:
            read_kind(message)
        except WireError as error:
            raise RecordingError(f"{self.path}: message {record.sequence}: {error}") from None
        return message

    def _open(self) -> BinaryIO:
        file = open_file(self.path, RecordingError)
        if file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
            file.close()
            raise RecordingError(f"{self.path}: not a recording; use an .mcap file of meshcast record")
        return file

    def metadata(self, name: str) -> Iterator[dict[str, str]]:
        """Yield the metadata records of a name, in file order. Raises RecordingError like iterating."""
        with self._open() as file:
            for code, length in self._heads(file):
                if code == Opcode.METADATA and length <= METADATA_BYTES:
                    with self._parsing(file):
                        record = Metadata.read(ReadDataStream(BytesIO(file.read(length))))
                    if record.name == name:
                        yield record.metadata

    def _records(self, file: BinaryIO) -> Iterator[tuple[int, Channel | MessageRecord]]:
        """Yield channels and messages, from chunks too, each after the offset of its record in the file."""
        what = str(self.path)
        for code, length in self._heads(file):
            if code in RECORD_LIMITS:
                offset = file.tell() - _RECORD.size
                with self._parsing(file):
                    check_length(code, length)
                    with self.budget.reserved(length, what):
                        for record in read_record(code, file.read(length), self.budget, what):
                            yield offset, record

    def _heads(self, file: BinaryIO) -> Iterator[tuple[int, int]]:
        """Yield type and length of each record, with the file at its content. Sequential: the index may be missing."""
        size = os.fstat(file.fileno()).st_size
        while True:
            start = file.tell()
            head = file.read(_RECORD.size)
            code, length = _RECORD.unpack(head) if len(head) == _RECORD.size else (0, size)
            if code == 0 or start + _RECORD.size + length > size:  # some file systems leave zeros after a crash
                self.truncated = True
                return
            if code == Opcode.DATA_END:
                return
            yield code, length
            file.seek(start + _RECORD.size + length)

    @contextlib.contextmanager
    def _parsing(self, file: BinaryIO) -> Iterator[None]:
        """Raise RecordingError for a record that is corrupted or too large for the budget."""
        start = file.tell() - _RECORD.size
        try:
            yield
        except MemoryBudgetError as error:
            raise RecordingError(str(error)) from None
        except _CORRUPTION as error:
            reason = str(error) or type(error).__name__
            size = os.fstat(file.fileno()).st_size
            raise RecordingError(f"{self.path}: corrupted at byte {start} of {size} ({reason})") from None
