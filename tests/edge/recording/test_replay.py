"""Replays: the bytes, the order and the spacing of a recording. Waiting is for the replay's own schedule only."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
import zmq
from mcap.writer import Writer

import edge.recording.replay
from edge.cli.main import main
from edge.errors import RecordingError
from edge.recording.mcap_file import Recording, RecordingWriter
from edge.recording.recorder import record
from edge.recording.replay import Replay, ReplayStats
from edge.recording.restamp import TimestampRewriter
from edge.wire.keys import new_keys
from edge.wire.publisher_socket import PublisherSocket
from engines.files.memory_budget import MemoryBudget
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import COMMON_HEADER, TOPIC_SIZE, Kind, read_header, read_kind
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from meshcast.subscriber import subscribe_all
from meshcast.transport.curve import Curve, read_keys, read_public
from tests.support import golden_packets

GOLDEN: dict[str, bytes] = golden_packets.packets()
T_NS = 1_800_000_000_000_000_000
PATIENCE_MS = 20_000  # a limit for failures only
NUMBERS = count()
EVERYTHING = [b"model/", b"status/", b"mesh/", b"params/"]


def frame_message(name: str, index: int, step_ns: int) -> bytes:
    """A golden frame message as the one of frame `index`: its seq, and its capture time on the monotonic clock."""
    t_ns = golden_packets.T_MONOTONIC_NS + index * step_ns
    message = GOLDEN[name]
    return message[:56] + struct.pack("<Q", index) + message[64:128] + struct.pack("<q", t_ns) + message[136:]


def recording(path: Path, frames: int = 5, step_ns: int = 4_000_000) -> list[bytes]:
    """A model, then frames of two levels `step_ns` apart, then the end."""
    messages = [(0, GOLDEN["model_opencv.bin"])]
    for index in range(frames):
        messages += [
            (index * step_ns, frame_message(name, index, step_ns)) for name in ("params_opencv.bin", "mesh_opencv.bin")
        ]
    messages.append((max(0, frames - 1) * step_ns, GOLDEN["status_ended.bin"]))
    with RecordingWriter(path) as writer:
        for t_ns, message in messages:
            kind = read_kind(message)
            writer.add(kind, read_header(message, COMMON_HEADER, kind), T_NS + t_ns, message)
        writer.close()
    return [message for _, message in messages]


@contextmanager
def listening(publisher: PublisherSocket, *topics: bytes) -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context.instance().socket(zmq.SUB) as socket:
        socket.set(zmq.RCVHWM, 0)
        for words in topics or EVERYTHING:
            socket.subscribe(words)
        socket.connect(publisher.address)
        yield socket


@pytest.fixture
def publisher() -> Iterator[PublisherSocket]:
    made = PublisherSocket(f"inproc://replay-test-{next(NUMBERS)}", high_water_mark=0)
    yield made
    made.close()


def received(socket: zmq.Socket[bytes]) -> list[bytes]:
    """All that was sent: within a process, what was sent has arrived."""
    messages = []
    while socket.poll(0):
        messages.append(socket.recv())
    return messages


def test_replay_sends_recorded_bytes_in_order(tmp_path: Path, publisher: PublisherSocket) -> None:
    messages = recording(tmp_path / "a.mcap")
    replay = Replay(Recording(tmp_path / "a.mcap"), publisher)
    with listening(publisher) as socket:
        assert replay.wait_for_subscriber()
        replay.play()
        assert received(socket) == messages
    stats = replay.stats
    assert (stats.messages, stats.message_bytes) == (len(messages), sum(map(len, messages)))
    assert stats.passes == 1
    assert stats.seconds == pytest.approx(0.016)


class Clock:
    """Time that passes only where the replay waits, and a little whenever it looks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(edge.recording.replay, "time", SimpleNamespace(monotonic=self.look))
        monkeypatch.setattr(PublisherSocket, "wait", lambda _, left_s: self.wait(left_s))

    def look(self) -> float:
        self.now_s += 1e-5
        return self.now_s

    def wait(self, left_s: float) -> None:
        self.now_s += left_s


class Diary(PublisherSocket):
    """A publisher that writes down what was sent when."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(f"inproc://replay-test-{next(NUMBERS)}")
        self._clock = clock
        self.sent: list[tuple[float, bytes]] = []

    def send(self, message: bytes) -> None:
        self.sent.append((self._clock.now_s, message))
        super().send(message)


@pytest.fixture
def diary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Diary]:
    made = Diary(Clock(monkeypatch))
    yield made
    made.close()


@pytest.mark.parametrize("speed", [1.0, 4.0, 0.5])
def test_replay_keeps_message_intervals_without_drift(tmp_path: Path, diary: Diary, speed: float) -> None:
    step_ns = 33_333_333
    recording(tmp_path / "a.mcap", frames=300, step_ns=step_ns)
    Replay(Recording(tmp_path / "a.mcap"), diary, speed=speed).play()
    meshes = [(t_s, message) for t_s, message in diary.sent if message.startswith(b"mesh/")]
    first_s = diary.sent[0][0]
    assert len(meshes) == 300
    for index, (t_s, _) in enumerate(meshes):
        assert t_s - first_s == pytest.approx(index * step_ns / 1e9 / speed, abs=1e-3)


def stop_after(messages: int, publisher: Diary) -> Callable[[], bool]:
    return lambda: len(publisher.sent) >= messages


def test_replay_loop_continues_in_time_with_new_epoch_per_pass(tmp_path: Path, diary: Diary) -> None:
    step_ns = 20_000_000
    messages = recording(tmp_path / "a.mcap", frames=10, step_ns=step_ns)
    replay = Replay(Recording(tmp_path / "a.mcap"), diary, should_stop=stop_after(3 * len(messages), diary))
    replay.play(loop=True)
    assert replay.stats.passes == 4  # stopped before the first message of the fourth
    sent = [message for _, message in diary.sent]
    assert sent[: len(messages)] == messages
    sessions = [decode(message).session for message in sent]
    size = len(messages)
    assert (
        sessions
        == [golden_packets.SESSION] * size + [golden_packets.SESSION + 1] * size + [golden_packets.SESSION + 2] * size
    )
    for repeated, original in zip(sent[size:], messages, strict=False):
        assert repeated[:72] + repeated[76:] == original[:72] + original[76:]
    meshes = [t_s for t_s, message in diary.sent if message.startswith(b"mesh/")]
    gaps = [after - before for before, after in pairwise(meshes)]
    assert gaps == pytest.approx([step_ns / 1e9] * 29, abs=1e-3)


def test_replay_model_is_repeated(tmp_path: Path, diary: Diary) -> None:
    recording(tmp_path / "a.mcap", frames=25, step_ns=1_000_000_000)
    Replay(Recording(tmp_path / "a.mcap"), diary).play()
    models = [t_s - diary.sent[0][0] for t_s, message in diary.sent if message.startswith(b"model/")]
    assert models == pytest.approx([0, 10, 20], abs=0.2)


def test_replay_late_subscriber_gets_model_at_once(tmp_path: Path, publisher: PublisherSocket) -> None:
    messages = recording(tmp_path / "a.mcap", frames=40)
    late: list[zmq.Socket[bytes]] = []

    def on_progress(stats: ReplayStats) -> None:
        if stats.messages > 30 and not late:
            late.append(zmq.Context.instance().socket(zmq.SUB))
            late[0].subscribe(b"model/" + golden_packets.STREAM.encode() + b"\0")
            late[0].connect(publisher.address)

    with listening(publisher, b"mesh/"):
        replay = Replay(Recording(tmp_path / "a.mcap"), publisher, on_progress=on_progress)
        assert replay.wait_for_subscriber()
        replay.play()
    got = received(late[0])
    late[0].close()
    assert got == [messages[0]]


@pytest.mark.parametrize("words", [b"mesh/", b"params/cam0\0", b""])
def test_replay_waits_for_level_subscription(tmp_path: Path, publisher: PublisherSocket, words: bytes) -> None:
    recording(tmp_path / "a.mcap")
    looks = count()
    replay = Replay(Recording(tmp_path / "a.mcap"), publisher, should_stop=lambda: next(looks) > 2)
    with listening(publisher, b"model/", b"status/"):
        assert not replay.wait_for_subscriber()
        with listening(publisher, words):
            assert Replay(
                Recording(tmp_path / "a.mcap"), publisher, should_stop=lambda: next(looks) > 1000
            ).wait_for_subscriber()


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_replay_start_sends_model_first(tmp_path: Path, diary: Diary, speed: float) -> None:
    step_ns = 100_000_000
    messages = recording(tmp_path / "a.mcap", frames=10, step_ns=step_ns)
    stop = stop_after(2 * (1 + 2 * 7 + 1), diary)
    replay = Replay(Recording(tmp_path / "a.mcap"), diary, start_s=0.3, speed=speed, should_stop=stop)
    begin_s = diary._clock.now_s
    replay.play(loop=True)
    once = [messages[0], *messages[1 + 2 * 3 :]]
    assert len(diary.sent) == 2 * len(once)
    seqs = [read_header(message, COMMON_HEADER, read_kind(message))["seq"] for message in once]
    assert [read_header(message, COMMON_HEADER, read_kind(message))["seq"] for _, message in diary.sent] == 2 * seqs
    assert diary.sent[0][0] == pytest.approx(begin_s, abs=1e-2)
    meshes = [t_s for t_s, message in diary.sent if message.startswith(b"mesh/")]
    assert [after - before for before, after in pairwise(meshes)] == pytest.approx([0.1 / speed] * 13, abs=1e-3)
    assert replay.stats.seconds == pytest.approx(0.9)
    if speed == 1.0:
        assert [message for _, message in diary.sent[: len(once)]] == once


def test_replay_start_after_the_end_raises(tmp_path: Path, diary: Diary) -> None:
    recording(tmp_path / "a.mcap")
    with pytest.raises(RecordingError, match=r"no frame after 60 s"):
        Replay(Recording(tmp_path / "a.mcap"), diary, start_s=60).play(loop=True)
    assert diary.sent == []


def test_replay_stop_request_ends_pass(tmp_path: Path, diary: Diary) -> None:
    recording(tmp_path / "a.mcap", frames=100)
    Replay(Recording(tmp_path / "a.mcap"), diary, should_stop=stop_after(20, diary)).play(loop=True)
    assert len(diary.sent) == 20


def test_replay_recording_without_frames_raises(tmp_path: Path, publisher: PublisherSocket) -> None:
    recording(tmp_path / "a.mcap", frames=0)
    with pytest.raises(RecordingError, match="no frame"):
        Replay(Recording(tmp_path / "a.mcap"), publisher).play(loop=True)


def test_replay_truncated_part_is_played_up_to_its_end(
    tmp_path: Path, publisher: PublisherSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.recording.mcap_file.FLUSH_S", -1.0)  # a chunk a message
    messages = recording(tmp_path / "a.mcap")
    whole = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "a.mcap.part").write_bytes(whole[: len(whole) // 3])
    cut = Recording(tmp_path / "a.mcap.part")
    with listening(publisher) as socket:
        replay = Replay(cut, publisher)
        assert replay.wait_for_subscriber()
        replay.play()
        got = received(socket)
    assert cut.truncated
    assert 1 < len(got) < len(messages)
    assert got == messages[: len(got)]


def test_record_of_replay_equals_the_recording(tmp_path: Path) -> None:
    messages = recording(tmp_path / "a.mcap", frames=60)
    frames = [message for message in messages if not message.startswith((b"model/", b"status/"))]
    publisher = PublisherSocket("tcp://127.0.0.1:0", high_water_mark=0)
    enough = threading.Event()
    replay = Replay(Recording(tmp_path / "a.mcap"), publisher, should_stop=enough.is_set)

    def play() -> None:
        if replay.wait_for_subscriber():
            replay.play(loop=True)

    thread = threading.Thread(target=play)
    thread.start()
    try:
        # Two passes and a half: a whole one is among them, whenever the first frames with a model come.
        stats = record(publisher.address, tmp_path / "b.mcap", count=150, seconds=PATIENCE_MS / 1000)
    finally:
        enough.set()
        thread.join()
        publisher.close()
    assert stats.lost == 0
    loop_index = [each.message for each in Recording(tmp_path / "b.mcap") if not each.message.startswith(b"status/")]
    assert loop_index[0] == messages[0]
    unstamped = [message[:72] + frames[0][72:76] + message[76:] for message in loop_index[1:]]
    start = frames.index(unstamped[0])
    expected = (frames[start:] + frames * 3)[: len(unstamped)]
    assert unstamped == expected


def test_replay_slow_motion_frames_are_not_late(tmp_path: Path) -> None:
    """At half speed and looped, a reader that leaves out what is late gets every frame."""
    recording(tmp_path / "a.mcap", frames=100, step_ns=8_000_000)
    publisher = PublisherSocket("tcp://127.0.0.1:0", high_water_mark=0)
    enough = threading.Event()
    replay = Replay(Recording(tmp_path / "a.mcap"), publisher, speed=0.5, should_stop=enough.is_set)

    def play() -> None:
        if replay.wait_for_subscriber():
            replay.play(loop=True)

    thread = threading.Thread(target=play)
    thread.start()
    delays = []
    try:
        with subscribe_all(publisher.address, timeout_s=PATIENCE_MS / 1000) as packets:
            for packet in packets:
                if isinstance(packet, FramePacket):
                    delays.append(packet.delay_ms)
                if len(delays) == 130:
                    break
    finally:
        enough.set()
        thread.join()
        publisher.close()
    assert max(delays) < 500  # unchanged, the last of a pass would be 800 ms late


def test_timestamp_rewriter_changes_timestamps_and_session_only() -> None:
    rewrite = TimestampRewriter(0.5)
    names = ("status_live.bin", "mesh_opencv.bin", "params_opencv.bin", "model_opencv.bin", "mesh_future.bin")
    later = [frame_message("mesh_opencv.bin", 4, 1_000_000_000)]
    packets = [decode(rewrite(message)) for message in [*(GOLDEN[name] for name in names), *later]]
    assert all(packet.session == golden_packets.SESSION for packet in packets)
    status, mesh, *_, last = packets
    assert isinstance(status, StatusPacket)
    assert isinstance(mesh, FramePacket)
    assert isinstance(last, FramePacket)
    origin_ns = golden_packets.T_MONOTONIC_NS
    assert status.t_publish_monotonic_ns == origin_ns
    assert mesh.t_capture_monotonic_ns == origin_ns - 2 * golden_packets.AGE_NS
    assert last.t_capture_monotonic_ns == origin_ns + 2 * 4_000_000_000
    rewrite.loop_index = 0xFFFFFFFF
    model = decode(rewrite(GOLDEN["model_opencv.bin"]))
    assert isinstance(model, ModelPacket)
    assert model.session == golden_packets.SESSION - 1  # around the end of 32 bits
    assert TimestampRewriter()(GOLDEN["mesh_opencv.bin"]) is GOLDEN["mesh_opencv.bin"]


def test_replay_follows_the_monotonic_clock(tmp_path: Path, publisher: PublisherSocket) -> None:
    recording(tmp_path / "a.mcap", frames=11, step_ns=10_000_000)
    begin_s = time.monotonic()
    Replay(Recording(tmp_path / "a.mcap"), publisher).play()
    assert time.monotonic() - begin_s >= 0.1


# The command


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    (folder / "clients").mkdir(parents=True)
    for name in ("server", "phone"):
        new_keys(folder / name)
    (folder / "clients" / "phone.pub").write_bytes((folder / "phone.pub").read_bytes())
    return folder


def free_port() -> int:
    with zmq.Context.instance().socket(zmq.PUB) as socket:
        return socket.bind_to_random_port("tcp://127.0.0.1")


def test_replay_curve_stream_is_received(keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording(tmp_path / "a.mcap", frames=20)
    address = f"tcp://127.0.0.1:{free_port()}"
    curve = Curve(read_keys(keys / "phone.key"), read_public(keys / "server.pub"))
    seqs = []

    def watch() -> None:
        with subscribe_all(address, timeout_s=PATIENCE_MS / 1000, curve=curve) as packets:
            for packet in packets:
                if isinstance(packet, StatusPacket):
                    return
                if isinstance(packet, FramePacket):
                    seqs.append(packet.seq)

    thread = threading.Thread(target=watch)
    thread.start()
    words = ["replay", str(tmp_path / "a.mcap"), "--publish", address, "--wait"]
    code = main([*words, "--curve", str(keys / "server.key"), "--allow", str(keys / "clients")])
    thread.join()
    assert code == 0
    assert seqs[-1] == 19
    assert "replayed 42 messages" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a.mcap", "--publish", "tcp://*:0"], 1, "refusing to bind a public address without encryption"),
        (
            ["a.mcap", "--publish", "tcp://127.0.0.1:0", "--curve", "keys/server.key"],
            2,
            "--curve: needs the authorized clients too; add --allow FOLDER",
        ),
        (
            ["a.mcap", "--publish", "tcp://127.0.0.1:0", "--allow", "keys/clients"],
            2,
            "--allow: needs a server key too; add --curve",
        ),
        (["a.mcap", "--publish", "localhost"], 1, "localhost: not an address"),
        (["none.mcap", "--publish", "tcp://127.0.0.1:0"], 1, "none.mcap: cannot be read: No such file"),
        (["foreign.mcap", "--publish", "tcp://127.0.0.1:0"], 1, "foreign.mcap: not a recording"),
        (["others.mcap", "--publish", "tcp://127.0.0.1:0"], 1, "others.mcap: no frame"),
        (["a.mcap", "--publish", "tcp://127.0.0.1:0", "--start", "99"], 1, "no frame after 99 s"),
    ],
)
def test_replay_command_unusable_input_is_one_line(
    keys: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    recording(Path("a.mcap"))
    with Path("others.mcap").open("wb") as file:
        writer = Writer(file)
        writer.start()
        writer.add_message(writer.register_channel("log", "json", 0), T_NS, b"{}", T_NS)
        writer.finish()
    Path("foreign.mcap").write_bytes(b"\0" * 100)
    assert main(["replay", *words]) == code
    errors = [line for line in capsys.readouterr().err.splitlines() if not line.endswith("stop with Ctrl-C")]
    assert len(errors) == 1
    assert said in errors[0]


def test_replay_command_reports_truncation_and_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edge.recording.mcap_file.FLUSH_S", -1.0)  # a chunk a message
    recording(tmp_path / "a.mcap", frames=30, step_ns=1_000_000)
    whole = (tmp_path / "a.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(whole[: len(whole) // 2])
    damaged = bytearray(whole)
    damaged[whole.index(b"zstd", len(whole) // 3) + 100] ^= 1
    (tmp_path / "damaged.mcap").write_bytes(damaged)
    assert main(["replay", str(tmp_path / "cut.mcap"), "--publish", "tcp://127.0.0.1:0"]) == 0
    assert "truncated; played up to the last complete chunk" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "damaged.mcap"), "--publish", "tcp://127.0.0.1:0"]) == 3
    assert "damaged.mcap: corrupted at byte" in capsys.readouterr().err


@pytest.mark.parametrize("start_s", [0.0, 1.0], ids=["sent", "kept until the start"])
def test_replay_too_many_stream_models_raise(tmp_path: Path, diary: Diary, start_s: float) -> None:
    model = GOLDEN["model_opencv.bin"]
    with RecordingWriter(tmp_path / "a.mcap") as writer:
        for number in range(50):
            message = f"model/stream{number}".encode().ljust(TOPIC_SIZE, b"\0") + model[TOPIC_SIZE:]
            writer.add(Kind.MODEL, read_header(message, COMMON_HEADER, Kind.MODEL), T_NS, message)
        writer.close()
    enough_to_unpack_them = 70 * len(message)
    with pytest.raises(RecordingError, match=r"a\.mcap: the models in it: reading it takes"):
        Replay(Recording(tmp_path / "a.mcap", MemoryBudget(enough_to_unpack_them)), diary, start_s=start_s).play()


def test_replay_loop_has_constant_memory_budget(tmp_path: Path, diary: Diary) -> None:
    messages = recording(tmp_path / "a.mcap", 20, 50_000_000)
    held = Recording(tmp_path / "a.mcap")
    should_stop = stop_after(4 * len(messages), diary)
    Replay(held, diary, start_s=0.3, should_stop=should_stop).play(loop=True)
    assert held.budget.used_bytes == len(messages[0])
