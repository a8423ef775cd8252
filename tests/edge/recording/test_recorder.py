"""The recorder with a publisher. No test waits for a fixed time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

import edge.recording.recorder
from edge.cli.main import main
from edge.recording.mcap_file import Recording
from edge.recording.recorder import RecordingStats, record
from edge.wire.curve_auth import Security
from edge.wire.keys import new_keys
from edge.wire.publisher import Publisher
from meshcast.errors import AddressError, WireError
from meshcast.protocol.layout import Kind
from meshcast.transport.curve import read_keys
from tests.support import golden_packets
from tests.support.recordings import GOLDEN, PATIENCE_S, kinds, publisher_to_record, publishing, with_seq


@pytest.fixture
def address() -> Iterator[str]:
    with publisher_to_record() as made:
        yield made


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
    assert record(f"ipc://{tmp_path}/missing", tmp_path / "a.mcap", seconds=0.01).messages == 0
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
    """A bare inproc socket, so that sent messages have arrived. Answers model requests with the given messages."""

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


@pytest.fixture
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of a server, of phone, which is authorized, and of outsider, which is not."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "clients").mkdir()
    for name in ("server", "clients/phone", "outsider"):
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
        assert command("--curve", keys / "outsider.key", "--server", keys / "server.pub", "--seconds", "0.3") == 1
        assert command("--seconds", "0.3") == 1
        assert capsys.readouterr().err.count("no frame of params, joints, mesh received, nothing was written") == 2
        assert command("--curve", keys / "phone.key") == 2
        assert "add --server SERVER.pub" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []
