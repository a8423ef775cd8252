"""Replays over sockets: subscribers, recordings of a replay, encryption."""

from __future__ import annotations

import threading
import time
from itertools import count
from pathlib import Path

import pytest
import zmq

from edge.cli.main import main
from edge.recording.mcap_file import Recording
from edge.recording.recorder import record
from edge.recording.replay import Replay, ReplayStats
from edge.wire.publisher_socket import PublisherSocket
from meshcast.protocol.packets import FramePacket, StatusPacket
from meshcast.subscriber import subscribe_all
from meshcast.transport.curve import Curve, read_keys, read_public
from tests.support import golden_packets
from tests.support.replays import key_folder, listening, received, recording

PATIENCE_MS = 20_000  # a limit for failures only


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return key_folder(tmp_path)


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


def test_replay_follows_the_monotonic_clock(tmp_path: Path, publisher: PublisherSocket) -> None:
    recording(tmp_path / "a.mcap", frames=11, step_ns=10_000_000)
    begin_s = time.monotonic()
    Replay(Recording(tmp_path / "a.mcap"), publisher).play()
    assert time.monotonic() - begin_s >= 0.1


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
