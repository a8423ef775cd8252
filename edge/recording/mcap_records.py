"""Parsing of MCAP records; sizes declared in a file are checked before memory is allocated."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk

from engines.files.memory_budget import MemoryBudget
from meshcast.transport.sockets import MAX_MESSAGE_BYTES

CHUNK_BYTES = 256 << 20  # decompressed; recordings have far smaller chunks
CHANNEL_BYTES = 1 << 20

_RECORD = struct.Struct("<BQ")  # every record's opcode and length
_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time; followed by the message
RECORD_LIMITS = {
    Opcode.CHUNK: CHUNK_BYTES,
    Opcode.CHANNEL: CHANNEL_BYTES,
    Opcode.MESSAGE: MAX_MESSAGE_BYTES + _MESSAGE.size,
}


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A message of a channel; `data` is a view that is valid while its chunk is read."""

    channel: int
    sequence: int
    t_ns: int
    data: memoryview


def check_length(code: int, length: int) -> None:
    """Raise McapError for a record above the size limit of its type."""
    if length > RECORD_LIMITS.get(Opcode(code), length):
        raise McapError(f"record of {length} bytes exceeds the limit")


def read_record(code: int, data: bytes, budget: MemoryBudget, what: str) -> Iterator[Channel | MessageRecord]:
    """Yield the channel or message of a record, or those of a chunk; other records are ignored.

    Raises MemoryBudgetError, whose message begins with `what`, and for corrupted records McapError, ValueError and the
    errors of zstandard, lz4 and struct.
    """
    if code == Opcode.CHUNK:
        yield from _chunk(data, budget, what)
    elif code == Opcode.CHANNEL:
        yield Channel.read(ReadDataStream(BytesIO(data)))
    elif code == Opcode.MESSAGE:
        yield _message(memoryview(data))


def _chunk(data: bytes, budget: MemoryBudget, what: str) -> Iterator[Channel | MessageRecord]:
    chunk = Chunk.read(ReadDataStream(BytesIO(data)))
    size = chunk.uncompressed_size
    if size > CHUNK_BYTES:
        raise McapError(f"chunk of {size} bytes exceeds the limit")
    with budget.reserved(size, what):
        content = _decompressed(chunk.compression, chunk.data, size)
        if len(content) != size:
            raise McapError(f"chunk declares {size} bytes but has {len(content)}")
        if chunk.uncompressed_crc and zlib.crc32(content) != chunk.uncompressed_crc:
            raise McapError("wrong checksum of a chunk")
        yield from _records(memoryview(content))


def _decompressed(compression: str, data: bytes, size: int) -> bytes:
    if compression == "":
        return data
    if compression == "zstd":
        declared = zstandard.get_frame_parameters(data).content_size
        if declared not in (size, zstandard.CONTENTSIZE_UNKNOWN):
            raise McapError(f"chunk declares {declared} instead of {size} bytes")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=max(1, size))
    if compression == "lz4":
        from lz4.frame import LZ4FrameDecompressor

        decompressor = LZ4FrameDecompressor()
        content: bytes = decompressor.decompress(data, max_length=max(1, size))
        if not decompressor.eof and decompressor.decompress(b"", max_length=1):
            raise McapError(f"chunk has more than {size} bytes")
        return content
    raise McapError(f"unknown compression {ascii(compression)[:40]} of a chunk")


def _records(content: memoryview) -> Iterator[Channel | MessageRecord]:
    offset = 0
    while offset < len(content):
        code, length = _RECORD.unpack_from(content, offset)
        offset += _RECORD.size
        if length > len(content) - offset:
            raise McapError("record extends beyond its chunk")
        record = content[offset : offset + length]
        offset += length
        if code in (Opcode.CHANNEL, Opcode.MESSAGE):
            check_length(code, length)
            yield _message(record) if code == Opcode.MESSAGE else Channel.read(ReadDataStream(BytesIO(record)))


def _message(record: memoryview) -> MessageRecord:
    channel, sequence, t_ns, _ = _MESSAGE.unpack_from(record)
    return MessageRecord(channel, sequence, t_ns, record[_MESSAGE.size :])
