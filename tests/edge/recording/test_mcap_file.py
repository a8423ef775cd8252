"""Recordings as MCAP files: messages are read back unchanged, also from damaged and truncated files."""

from __future__ import annotations

import io
import struct
import tracemalloc
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lz4.frame
import numpy as np
import pytest
import zstandard
from mcap.reader import make_reader
from mcap.writer import MCAP0_MAGIC, CompressionType, Writer

from edge.errors import OutputError, RecordingError
from edge.recording.mcap_file import ENCODING, FLUSH_S, Recording, RecordingWriter
from engines.files.memory_budget import MemoryBudget
from meshcast.protocol.layout import COMMON_HEADER, read_header, read_kind
from tests.support import golden_packets
from tests.support.recordings import EACH_MESSAGE, GOLDEN, with_seq
from tests.support.small_disk import SmallDisk

T_NS = 1_800_000_000_000_000_000
STEP_NS = 33_000_000


def add(writer: RecordingWriter, t_ns: int, message: bytes) -> None:
    kind = read_kind(message)
    writer.add(kind, read_header(message, COMMON_HEADER, kind), t_ns, message)


def written(path: Path, *names: str, flush_s: float = FLUSH_S) -> list[bytes]:
    messages = [GOLDEN[name] for name in names]
    with RecordingWriter(path, flush_s=flush_s) as writer:
        for index, message in enumerate(messages):
            add(writer, T_NS + index * STEP_NS, message)
        assert writer.close() == path.stat().st_size
    return messages


def test_recording_returns_messages_and_times_unchanged(tmp_path: Path) -> None:
    messages = written(tmp_path / "a.mcap", *GOLDEN)
    recording = Recording(tmp_path / "a.mcap")
    for _ in range(2):
        got = list(recording)
        assert [each.message for each in got] == messages
        assert [each.t_ns for each in got] == [T_NS + index * STEP_NS for index in range(len(messages))]
        assert not recording.truncated
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def test_recording_is_readable_by_other_mcap_readers(tmp_path: Path) -> None:
    written(tmp_path / "a.mcap", "model_opencv.bin", "params_opencv.bin", "status_live.bin", "mesh_opencv.bin")
    with (tmp_path / "a.mcap").open("rb") as file:
        reader = make_reader(file)
        rows, summary = list(reader.iter_messages()), reader.get_summary()
    stream = golden_packets.STREAM
    words = [f"{level}/{stream}" for level in ("model", "params", "status", "mesh")]
    assert [channel.topic for _, channel, _ in rows] == words
    assert {channel.message_encoding for _, channel, _ in rows} == {ENCODING}
    names = ["meshcast.Model", "meshcast.Frame", "meshcast.Status", "meshcast.Frame"]
    assert [schema.name for schema, _, _ in rows if schema is not None] == names
    assert [message.sequence for _, _, message in rows] == [3, 101, 12, 101]
    assert {message.publish_time for _, _, message in rows} == {golden_packets.T_UNIX_NS}
    assert rows[0][0] is not None
    assert "40 |S4 magic" in rows[0][0].data.decode()
    assert summary is not None
    assert summary.statistics is not None
    assert summary.statistics.message_count == 4
    assert {index.compression for index in summary.chunk_indexes} == {"zstd"}


def test_recording_metadata_describes_streams(tmp_path: Path) -> None:
    names = ("model_opencv.bin", "mesh_opencv.bin", "status_live.bin", "mesh_unity.bin", "mesh_opencv.bin")
    messages = written(tmp_path / "a.mcap", *names)
    with (tmp_path / "a.mcap").open("rb") as file:
        reader = make_reader(file)
        (about,) = reader.iter_metadata()
        summary = reader.get_summary()
        header = reader.get_header()
    assert summary is not None
    assert about.name == "meshcast"
    assert about.metadata == {
        "meshcast_version": version("meshcast"),
        "wire_version": "1",
        "layout": "docs/wire.md of Meshcast",
    }
    assert header.library == f"meshcast {version('meshcast')}"
    stream = golden_packets.STREAM
    channels = {number: (channel.topic, channel.metadata) for number, channel in summary.channels.items()}
    said = [(words, tags.get("axes"), tags.get("unit"), tags.get("space")) for words, tags in channels.values()]
    assert said == [
        (f"model/{stream}", "gltf", "m", "body"),
        (f"mesh/{stream}", "opencv", "m", "camera"),
        (f"status/{stream}", None, None, None),
        (f"mesh/{stream}", "unity", "m", "camera"),  # its publisher has started again in other axes
    ]
    assert {tags["model_name"] for _, tags in channels.values()} == {"golden_body"}
    assert {tags["wire_version"] for _, tags in channels.values()} == {"1"}
    assert [each.message for each in Recording(tmp_path / "a.mcap")] == messages


def test_writer_crash_keeps_messages(tmp_path: Path) -> None:
    def break_off(*names: str) -> None:
        with RecordingWriter(tmp_path / "a.mcap") as writer:
            for name in names:
                add(writer, T_NS, GOLDEN[name])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        break_off("mesh_opencv.bin")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap.part"]


def test_writer_existing_file_is_replaced_on_completion_only(tmp_path: Path) -> None:
    messages = written(tmp_path / "a.mcap", "mesh_opencv.bin")
    with RecordingWriter(tmp_path / "a.mcap") as writer:
        add(writer, T_NS, GOLDEN["mesh_unity.bin"])
        assert [each.message for each in Recording(tmp_path / "a.mcap")] == messages
        writer.close()
    assert [each.message for each in Recording(tmp_path / "a.mcap")] == [GOLDEN["mesh_unity.bin"]]


def test_writer_partial_file_is_readable(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "a.mcap", flush_s=EACH_MESSAGE) as writer:
        for name in ("model_opencv.bin", "mesh_opencv.bin"):
            add(writer, T_NS, GOLDEN[name])
        assert not (tmp_path / "a.mcap").exists()
        part = Recording(tmp_path / "a.mcap.part")
        assert [each.message for each in part] == [GOLDEN["model_opencv.bin"], GOLDEN["mesh_opencv.bin"]]
        assert part.truncated
        with (tmp_path / "zeros.part").open("wb") as file:  # as some file systems leave it after a power cut
            file.write((tmp_path / "a.mcap.part").read_bytes() + bytes(4096))
        assert len(list(Recording(tmp_path / "zeros.part"))) == 2
        writer.close()
    assert not (tmp_path / "a.mcap.part").exists()


def test_recording_truncated_file_is_read_up_to_its_end(tmp_path: Path) -> None:
    messages = written(tmp_path / "a.mcap", *GOLDEN, flush_s=EACH_MESSAGE)
    whole = (tmp_path / "a.mcap").read_bytes()
    seen = set()
    for size in range(8, len(whole), 97):
        (tmp_path / "cut.part").write_bytes(whole[:size])
        recording = Recording(tmp_path / "cut.part")
        got = [each.message for each in recording]
        assert got == messages[: len(got)]
        assert recording.truncated or len(got) == len(messages)
        seen.add(len(got))
    assert len(seen) > len(messages) - 3


def test_recording_damaged_file_raises_or_returns_exact_messages(tmp_path: Path) -> None:
    messages = written(tmp_path / "a.mcap", *GOLDEN)
    whole = (tmp_path / "a.mcap").read_bytes()
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(8, len(whole))] ^= 1 << rng.integers(8)
        (tmp_path / "b.mcap").write_bytes(damaged)
        got: list[bytes] = []
        try:
            got.extend(each.message for each in Recording(tmp_path / "b.mcap"))  # keeps what comes before an error
        except RecordingError as error:
            errors.append(str(error))
        assert got == messages[: len(got)]
    assert len(errors) > 50
    assert all("b.mcap: " in error and "\n" not in error for error in errors)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not a recording"), (b"PK\3\4 something else", "not a recording"), (None, "cannot be read: it is a folder")],
)
def test_recording_of_other_file_raises(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "x.mcap"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(RecordingError, match=words):
        Recording(path)


def mcap(path: Path, encoding: str, message: bytes, **options: Any) -> Path:
    stream = io.BytesIO()
    writer = Writer(stream, **options)
    writer.start()
    channel = writer.register_channel("mesh/cam", encoding, 0)
    writer.add_message(channel, T_NS, message, T_NS)
    writer.finish()
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.parametrize(
    "options", [{"use_chunking": False}, {"compression": CompressionType.LZ4}, {"compression": CompressionType.NONE}]
)
def test_recording_other_compression_and_chunking_are_read(tmp_path: Path, options: dict[str, Any]) -> None:
    path = mcap(tmp_path / "a.mcap", ENCODING, GOLDEN["mesh_opencv.bin"], **options)
    assert [each.message for each in Recording(path)] == [GOLDEN["mesh_opencv.bin"]]


def test_recording_foreign_channels_are_skipped_and_foreign_messages_raise(tmp_path: Path) -> None:
    assert list(Recording(mcap(tmp_path / "a.mcap", "json", b"{}"))) == []
    with pytest.raises(RecordingError, match="not a Meshcast message"):
        list(Recording(mcap(tmp_path / "b.mcap", ENCODING, b"{}")))


def test_recording_oversized_chunk_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "a.mcap", "mesh_opencv.bin")
    monkeypatch.setattr("edge.recording.mcap_records.CHUNK_BYTES", 100)
    with pytest.raises(RecordingError, match=r"chunk of .* exceeds the limit"):
        list(Recording(tmp_path / "a.mcap"))


def test_writer_leftover_part_is_renamed(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / "a.mcap.part").write_bytes(b"precious")
        written(tmp_path / "a.mcap", "mesh_opencv.bin")
        assert (tmp_path / f"a-recovered-{number}.mcap").read_bytes() == b"precious"
    assert not (tmp_path / "a.mcap.part").exists()


def test_writer_part_of_live_writer_raises(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "a.mcap") as writer:
        add(writer, T_NS, GOLDEN["mesh_opencv.bin"])
        with pytest.raises(OutputError, match=r"a\.mcap\.part: another program is writing this file"):
            RecordingWriter(tmp_path / "a.mcap")
        writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def chunk(compression: str, size: int, data: bytes) -> bytes:
    """The record of a chunk that says it has `size` bytes."""
    name = compression.encode()
    body = struct.pack("<QQQII", 0, 0, size, 0, len(name)) + name + struct.pack("<Q", len(data)) + data
    return b"\x06" + struct.pack("<Q", len(body)) + body


def empty_messages(count: int) -> bytes:
    record = struct.pack("<BQHIQQ", 5, 22, 1, 0, 0, 0)
    return record * count


BOMB = bytes(64 << 20)
BOMBS = {
    "zstd says the size": (
        chunk("zstd", 1 << 40, zstandard.compress(BOMB)),
        "chunk of 1099511627776 bytes exceeds the limit",
    ),
    "zstd has more": (chunk("zstd", 100, zstandard.compress(BOMB)), "chunk declares 67108864 instead of 100 bytes"),
    "zstd within the limit": (chunk("zstd", len(BOMB), zstandard.compress(BOMB)), r"reading it takes 64\.\d MiB"),
    "lz4 has more": (chunk("lz4", 100, lz4.frame.compress(BOMB)), "chunk has more than 100 bytes"),
    "lz4 within the limit": (chunk("lz4", len(BOMB), lz4.frame.compress(BOMB)), r"reading it takes 64\.\d MiB"),
    "unknown": (chunk("bz2", 100, b"abc"), "unknown compression 'bz2' of a chunk"),
    "record beyond its chunk": (chunk("", 9, struct.pack("<BQ", 5, 1 << 40)), "record extends beyond its chunk"),
    "short message": (chunk("", 10, struct.pack("<BQB", 5, 1, 0)), "corrupted at byte"),
    "many messages": (chunk("zstd", 31 * 60_000, zstandard.compress(empty_messages(60_000))), None),
}


@pytest.mark.parametrize(("record", "reason"), BOMBS.values(), ids=BOMBS)
def test_recording_false_chunk_size_raises_before_unpacking(tmp_path: Path, record: bytes, reason: str | None) -> None:
    path = tmp_path / "a.mcap"
    path.write_bytes(MCAP0_MAGIC + record)
    tracemalloc.start()
    try:
        recording = Recording(path, MemoryBudget(16 << 20))
        if reason is None:
            assert list(recording) == []
        else:
            with pytest.raises(RecordingError, match=reason):
                list(recording)
        assert tracemalloc.get_traced_memory()[1] < (8 if reason is None else 24) << 20
        assert recording.budget.used_bytes == 0
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("code", [4, 5, 6], ids=["channel", "message", "chunk"])
def test_recording_huge_sparse_record_raises(tmp_path: Path, code: int) -> None:
    path = tmp_path / "a.mcap"
    with path.open("wb") as file:
        file.write(MCAP0_MAGIC + struct.pack("<BQ", code, 1 << 33))
        file.truncate(1 << 34)  # takes no place on the disk
    with pytest.raises(RecordingError, match="record of 8589934592 bytes"):
        list(Recording(path))


def test_writer_unwritable_file_raises(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"unsupported file type; use \.mcap"):
        RecordingWriter(tmp_path / "a.npz")
    with pytest.raises(OutputError, match="does not exist"):
        RecordingWriter(tmp_path / "nowhere" / "a.mcap")


@pytest.mark.parametrize("room", [200, 2_000, 20_000])
def test_writer_full_disk_keeps_earlier_messages(tmp_path: Path, room: int) -> None:
    target = SmallDisk(tmp_path / "a.mcap", room)
    given: list[bytes] = []

    def record_until_full() -> None:
        with RecordingWriter(target, flush_s=EACH_MESSAGE) as writer:
            for seq in range(10_000):
                given.append(with_seq(GOLDEN["params_opencv.bin"], seq))
                add(writer, T_NS + seq, given[-1])

    with pytest.raises(OutputError, match=r"a\.mcap: cannot be written: No space left on device; ") as error:
        record_until_full()
    if "nothing was recorded" in str(error.value):
        assert room == 200
        assert list(tmp_path.iterdir()) == []
        return
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]
    recording = Recording(tmp_path / "a.mcap")
    assert [each.message for each in recording] == given[:-1]
    assert not recording.truncated
    with (tmp_path / "a.mcap").open("rb") as file:  # any reader takes it
        assert len(list(make_reader(file).iter_messages())) == len(given) - 1
