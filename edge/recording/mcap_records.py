"""The records of MCAP files from others: no size that a file says is allocated before it is checked."""

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

CHUNK_BYTES = 256 << 20  # unpacked; a larger one would be no recording but an attack
CHANNEL_BYTES = 1 << 20

_RECORD = struct.Struct("<BQ")  # every record's opcode and length
_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time; the message itself follows
RECORD_LIMITS = {
    Opcode.CHUNK: CHUNK_BYTES,
    Opcode.CHANNEL: CHANNEL_BYTES,
    Opcode.MESSAGE: MAX_MESSAGE_BYTES + _MESSAGE.size,
}


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A message of a channel; `data` is a view that holds for as long as its chunk is read."""

    channel: int
    sequence: int
    t_ns: int
    data: memoryview


def check_length(code: int, length: int) -> None:
    """Raises McapError for a record that is longer than one of its kind may be."""
    if length > RECORD_LIMITS.get(Opcode(code), length):
        raise McapError(f"a record of {length} bytes")


def read_record(code: int, data: bytes, budget: MemoryBudget, what: str) -> Iterator[Channel | MessageRecord]:
    """The channel or message that a record is, or those of a chunk, one by one. Others are left out.

    Raises MemoryBudgetError, which begins with `what`, and for damaged records McapError, ValueError (wrong checksums)
    and what zstandard, lz4 and struct raise.
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
        raise McapError(f"a chunk of {size} bytes")
    with budget.reserved(size, what):
        content = _unpacked(chunk.compression, chunk.data, size)
        if len(content) != size:
            raise McapError(f"a chunk of {size} bytes has {len(content)}")
        if chunk.uncompressed_crc and zlib.crc32(content) != chunk.uncompressed_crc:
            raise McapError("a chunk's checksum is wrong")
        yield from _records(memoryview(content))


def _unpacked(compression: str, data: bytes, size: int) -> bytes:
    if compression == "":
        return data
    if compression == "zstd":
        said = zstandard.get_frame_parameters(data).content_size
        if said not in (size, zstandard.CONTENTSIZE_UNKNOWN):
            raise McapError(f"a chunk of {said} bytes that should have {size}")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=max(1, size))
    if compression == "lz4":
        from lz4.frame import LZ4FrameDecompressor

        packed = LZ4FrameDecompressor()
        content: bytes = packed.decompress(data, max_length=max(1, size))
        if not packed.eof and packed.decompress(b"", max_length=1):
            raise McapError(f"a chunk of more than {size} bytes")
        return content
    raise McapError(f"a chunk that is packed with {ascii(compression)[:40]}")


def _records(content: memoryview) -> Iterator[Channel | MessageRecord]:
    place = 0
    while place < len(content):
        code, length = _RECORD.unpack_from(content, place)
        place += _RECORD.size
        if length > len(content) - place:
            raise McapError("a record goes beyond its chunk")
        record = content[place : place + length]
        place += length
        if code in (Opcode.CHANNEL, Opcode.MESSAGE):
            check_length(code, length)
            yield _message(record) if code == Opcode.MESSAGE else Channel.read(ReadDataStream(BytesIO(record)))


def _message(record: memoryview) -> MessageRecord:
    channel, sequence, t_ns, _ = _MESSAGE.unpack_from(record)
    return MessageRecord(channel, sequence, t_ns, record[_MESSAGE.size :])
