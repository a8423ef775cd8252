"""Recordings: what was sent is what is read, whatever happens to the file. No test waits for a time to pass."""

from __future__ import annotations

import io
import math
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lz4.frame
import numpy as np
import pytest
import zmq
import zstandard
from mcap.reader import make_reader
from mcap.writer import MCAP0_MAGIC, CompressionType, Writer

import edge.recording.recorder
from edge.cli.main import main
from edge.errors import OutputError, RecordingError
from edge.recording.mcap_file import ENCODING, Recording, RecordingWriter
from edge.recording.recorder import RecordingStats, record
from edge.sinks.output_file import OutputFile
from edge.types import Frame
from edge.wire.curve_auth import Security
from edge.wire.keys import new_keys
from edge.wire.publisher import Publisher
from engines.files.memory_budget import MemoryBudget
from meshcast.errors import AddressError, WireError
from meshcast.protocol.layout import COMMON_HEADER, Kind, read_header, read_kind
from meshcast.transport.curve import read_keys
from tests.support import golden_packets
from tests.support.rig_poses import RigPoses
from tests.support.small_disk import SmallDisk

GOLDEN: dict[str, bytes] = golden_packets.packets()
T_NS = 1_800_000_000_000_000_000
STEP_NS = 33_000_000
PATIENCE_S = 20.0  # a limit for failures only


def add(writer: RecordingWriter, t_ns: int, message: bytes) -> None:
    kind = read_kind(message)
    writer.add(kind, read_header(message, COMMON_HEADER, kind), t_ns, message)


def written(path: Path, *names: str) -> list[bytes]:
    messages = [GOLDEN[name] for name in names]
    with RecordingWriter(path) as writer:
        for index, message in enumerate(messages):
            add(writer, T_NS + index * STEP_NS, message)
        assert writer.close() == path.stat().st_size
    return messages


def with_seq(message: bytes, seq: int, session: int | None = None) -> bytes:
    session_bytes = message[72:76] if session is None else struct.pack("<I", session)
    return message[:56] + struct.pack("<Q", seq) + message[64:72] + session_bytes + message[76:]


# The file


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
        (f"mesh/{stream}", "unity", "m", "camera"),  # its publisher has started anew in other axes
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


def test_writer_partial_file_is_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.recording.mcap_file.FLUSH_S", -1.0)
    with RecordingWriter(tmp_path / "a.mcap") as writer:
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


def test_recording_truncated_file_is_read_up_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.recording.mcap_file.FLUSH_S", -1.0)  # a chunk a message
    messages = written(tmp_path / "a.mcap", *GOLDEN)
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
def test_writer_full_disk_keeps_earlier_messages(tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.recording.mcap_file.FLUSH_S", -1.0)  # a chunk a message
    target = SmallDisk(tmp_path / "a.mcap", room)
    given: list[bytes] = []

    def record_until_full() -> None:
        with RecordingWriter(target) as writer:
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


# The recorder


@contextmanager
def publishing(publisher: Publisher) -> Iterator[None]:
    """Two people of each stream every few milliseconds."""
    stop = threading.Event()
    rig_pose = RigPoses(golden_packets.rigged())

    def work() -> None:
        index = 0
        while not stop.wait(0.003):
            for stream in ("cam0", "cam1"):
                frame = Frame(stream, index, time.monotonic_ns(), index / 30, np.zeros((48, 64, 3), np.uint8))
                bodies = golden_packets.bodies(2)
                publisher.publish(frame, bodies, None, rig_pose(frame, bodies))
            index += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def address() -> Iterator[str]:
    streams, room = ["cam0", "cam1"], 10_000  # where the machine is busy, nothing must be dropped
    with (
        Publisher(
            "tcp://127.0.0.1:0", golden_packets.rigged(), streams=streams, high_water_mark=room, status_s=0.05
        ) as made,
        publishing(made),
    ):
        yield made.address


def kinds(path: Path) -> list[tuple[str, Kind, int]]:
    heads = [read_header(each.message, COMMON_HEADER, read_kind(each.message)) for each in Recording(path)]
    return [(head["stream"], Kind(head["kind"]), head["seq"]) for head in heads]


def test_record_contains_levels_models_and_status_of_all_streams(address: str, tmp_path: Path) -> None:
    stats = record(address, tmp_path / "a.mcap", count=40, seconds=PATIENCE_S)
    found = kinds(tmp_path / "a.mcap")
    assert stats.frames == 40
    assert stats.lost == stats.foreign == 0
    assert stats.messages == len(found)
    assert stats.file_bytes == (tmp_path / "a.mcap").stat().st_size
    for stream in ("cam0", "cam1"):
        mine = [(kind, seq) for name, kind, seq in found if name == stream]
        assert [kind for kind, _ in mine].count(Kind.MODEL) == 1  # repeats are not asked for
        first = next(index for index, (kind, _) in enumerate(mine) if kind not in (Kind.MODEL, Kind.STATUS))
        assert Kind.MODEL in [kind for kind, _ in mine[:first]]
        for level in (Kind.PARAMS, Kind.JOINTS, Kind.MESH):
            seqs = [seq for kind, seq in mine if kind is level]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
            assert len(seqs) >= 19
    assert Kind.STATUS in [kind for _, kind, _ in found]
    times = [each.t_ns for each in Recording(tmp_path / "a.mcap")]
    assert times == sorted(times)
    assert abs(times[-1] - time.time_ns()) < PATIENCE_S * 1e9


def test_record_selected_stream_and_level_only(address: str, tmp_path: Path) -> None:
    record(address, tmp_path / "a.mcap", levels=["joints"], stream="cam1", count=5, seconds=PATIENCE_S)
    found = kinds(tmp_path / "a.mcap")
    assert {stream for stream, _, _ in found} == {"cam1"}
    assert {kind for _, kind, _ in found} - {Kind.STATUS} == {Kind.MODEL, Kind.JOINTS}


def test_record_stop_request_ends_recording(address: str, tmp_path: Path) -> None:
    enough: list[RecordingStats] = []

    def on_progress(stats: RecordingStats) -> None:
        if stats.frames > 3:
            enough.append(stats)

    stats = record(
        address, tmp_path / "a.mcap", seconds=PATIENCE_S, on_progress=on_progress, should_stop=lambda: bool(enough)
    )
    assert stats.frames > 3
    assert stats.duration_s < PATIENCE_S / 2
    assert len(kinds(tmp_path / "a.mcap")) == stats.messages


def test_record_without_messages_leaves_no_file(tmp_path: Path) -> None:
    assert record(f"ipc://{tmp_path}/nobody", tmp_path / "a.mcap", seconds=0.01).messages == 0
    assert list(tmp_path.iterdir()) == []


def test_record_invalid_request_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(WireError, match="unknown level 'meshes'"):
        record("tcp://127.0.0.1:5556", tmp_path / "a.mcap", levels=["meshes"])
    with pytest.raises(AddressError, match="not an address"):
        record("localhost", tmp_path / "a.mcap")
    with pytest.raises(AddressError):
        record("tcp://127.0.0.1:5556/x/y", tmp_path / "a.mcap")
    assert list(tmp_path.iterdir()) == []


class Sender:
    """A bare socket; inproc, so that what was sent has arrived. Answers a request for the model as told."""

    def __init__(self, name: str) -> None:
        self.address = f"inproc://{name}"
        self.socket = zmq.Context.instance().socket(zmq.XPUB)
        self.socket.bind(self.address)

    def accept(self, count: int) -> list[bytes]:
        requests = []
        for _ in range(count):
            assert self.socket.poll(int(PATIENCE_S * 1000))
            requests.append(self.socket.recv())
        return requests


def steps(sender: Sender, *todo: Callable[[], None]) -> Callable[[RecordingStats], None]:
    """Something for `shown`: does the next step each time the recorder has looked at what came."""
    left = list(todo)
    return lambda stats: left.pop(0)() if left else None


def test_record_frames_wait_for_model_and_gap_is_counted(tmp_path: Path) -> None:
    sender = Sender("recording-order")
    model, mesh = GOLDEN["model_opencv.bin"], GOLDEN["mesh_opencv.bin"]
    words = b"\x01model/" + golden_packets.STREAM.encode() + b"\0"

    def begin() -> None:
        sender.accept(2)
        sender.socket.send(with_seq(mesh, 6))

    def answer() -> None:
        assert sender.accept(1) == [words]
        for message in (with_seq(mesh, 7), b"mesh/cam\0 hello", model, *(with_seq(mesh, seq) for seq in (8, 9, 12))):
            sender.socket.send(message)

    def continue_after_gap() -> None:
        assert sender.accept(1) == [b"\x00" + words[1:]]
        for seq, session in ((13, None), (0, 2), (2, 2)):
            sender.socket.send(with_seq(mesh, seq, session))

    stats = record(
        sender.address,
        tmp_path / "a.mcap",
        levels=["mesh"],
        on_progress=steps(sender, begin, answer, continue_after_gap),
        count=6,
    )
    sender.socket.close(linger=0)
    assert (stats.early, stats.foreign, stats.lost, stats.frames) == (2, 1, 3, 6)
    assert stats.foreign_reason.startswith("not a Meshcast message")
    assert [seq for _, kind, seq in kinds(tmp_path / "a.mcap") if kind is Kind.MESH] == [8, 9, 12, 13, 0, 2]
    assert next(iter(Recording(tmp_path / "a.mcap"))).message == model


def test_record_count_keeps_all_levels_of_the_last_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.recording.recorder, "GRACE_S", PATIENCE_S)
    sender = Sender("recording-levels")

    def begin() -> None:
        sender.accept(4)
        sender.socket.send(GOLDEN["params_opencv.bin"])

    def answer() -> None:
        sender.accept(1)
        sender.socket.send(GOLDEN["model_opencv.bin"])
        for seq in (1, 2, 3):
            for name in ("params_opencv.bin", "mesh_opencv.bin"):
                sender.socket.send(with_seq(GOLDEN[name], seq))

    stats = record(
        sender.address, tmp_path / "a.mcap", on_progress=steps(sender, begin, answer), count=2, seconds=math.inf
    )
    sender.socket.close(linger=0)
    assert stats.frames == 2
    found = [(kind, seq) for _, kind, seq in kinds(tmp_path / "a.mcap")[1:]]
    assert found == [(Kind.PARAMS, 1), (Kind.MESH, 1), (Kind.PARAMS, 2), (Kind.MESH, 2)]


# The command

PROGRAM = "import sys; from edge.cli.main import main; sys.exit(main(sys.argv[1:]))"


@contextmanager
def recording_program(address: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """`meshcast record` in a process of its own, once there is something on the disk."""
    places = os.pathsep.join([*sys.path, os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "record", address, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": places},
    ) as process:
        part = path.with_name(f"{path.name}.part")
        end_s = time.monotonic() + PATIENCE_S
        while not (part.exists() and part.stat().st_size > 8 and len(kinds(part)) > 3):
            assert time.monotonic() < end_s
            assert process.poll() is None
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_record_command_signal_leaves_complete_file(address: str, tmp_path: Path, number: signal.Signals) -> None:
    with recording_program(address, tmp_path / "a.mcap") as process:
        process.send_signal(number)
        said, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert said.startswith(f"wrote {tmp_path / 'a.mcap'}: ")
    assert errors.splitlines()[0] == f"meshcast record: subscribed to {address}; stop with Ctrl-C"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]
    with (tmp_path / "a.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    assert summary.statistics.message_count == len(kinds(tmp_path / "a.mcap")) > 3


def test_record_command_killed_leaves_readable_part(address: str, tmp_path: Path) -> None:
    with recording_program(address, tmp_path / "a.mcap") as process:
        process.kill()
        process.wait(PATIENCE_S)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap.part"]
    left = kinds(tmp_path / "a.mcap.part")
    assert len(left) > 3
    assert Kind.MODEL in [kind for _, kind, _ in left]


@pytest.fixture
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of a server and of phone, which may watch, and of stranger, who may not."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "clients").mkdir()
    for name in ("server", "clients/phone", "stranger"):
        new_keys(folder / name)
    return folder


def test_record_curve_stream_needs_authorized_key(
    keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (keys / "clients" / "phone.key").rename(keys / "phone.key")
    security = Security(read_keys(keys / "server.key"), keys / "clients")
    with (
        Publisher("tcp://127.0.0.1:0", golden_packets.rigged(), streams=["cam0", "cam1"], security=security) as made,
        publishing(made),
    ):

        def command(*words: str | Path) -> int:
            return main(["record", made.address, str(tmp_path / "a.mcap"), *map(str, words)])

        known = ("--curve", keys / "phone.key", "--server", keys / "server.pub")
        assert command(*known, "--count", "5", "--seconds", "20") == 0
        assert capsys.readouterr().out.startswith(f"wrote {tmp_path / 'a.mcap'}: 5 frames")
        (tmp_path / "a.mcap").unlink()
        assert command("--curve", keys / "stranger.key", "--server", keys / "server.pub", "--seconds", "0.3") == 1
        assert command("--seconds", "0.3") == 1
        assert capsys.readouterr().err.count("no frame of params, joints, mesh received, nothing was written") == 2
        assert command("--curve", keys / "phone.key") == 2
        assert "add --server SERVER.pub" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["localhost", "a.mcap"], 1, "localhost: not an address"),
        (["tcp://127.0.0.1:5556", "a.npz"], 1, "unsupported file type; use .mcap"),
        (["tcp://127.0.0.1:5556", "nowhere/a.mcap"], 1, "nowhere does not exist"),
        (["tcp://127.0.0.1:5556", "a.mcap", "--levels", "meshes"], 1, "unknown level 'meshes'"),
        (["tcp://127.0.0.1:5556", "taken.mcap"], 1, "another program is writing this file"),
    ],
)
def test_record_command_unusable_option_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    taken = OutputFile("taken.mcap", salvageable=True)
    assert main(["record", *words]) == code
    errors = [line for line in capsys.readouterr().err.splitlines() if not line.endswith("stop with Ctrl-C")]
    assert len(errors) == 1
    assert said in errors[0]
    assert [path.name for path in tmp_path.iterdir()] == ["taken.mcap.part"]
    taken.discard()
