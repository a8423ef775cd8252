"""Replays: the bytes, the order and the spacing of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

import edge.recording.replay
from edge.errors import RecordingError
from edge.recording.mcap_file import Recording, RecordingWriter
from edge.recording.replay import Replay
from edge.wire.publisher_socket import PublisherSocket
from engines.files.memory_budget import MemoryBudget
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import COMMON_HEADER, TOPIC_SIZE, Kind, read_header, read_kind
from tests.support import golden_packets
from tests.support.recordings import EACH_MESSAGE
from tests.support.replays import GOLDEN, NUMBERS, T_NS, listening, received, recording


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


def test_replay_truncated_part_is_played_up_to_its_end(tmp_path: Path, publisher: PublisherSocket) -> None:
    messages = recording(tmp_path / "a.mcap", flush_s=EACH_MESSAGE)
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
