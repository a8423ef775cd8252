"""Runs that end early: live streams, signals and interrupts; files written so far are complete."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import edge
import edge.models
import edge.run
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE
from edge.runtime.outputs import Outputs
from edge.types import U8
from tests.support.clips import read_clip, write_clip
from tests.support.commands import Command, load, report
from tests.support.interrupts import interrupt_at


@pytest.fixture
def live(person_images: list[U8], tmp_path: Path) -> Iterator[str]:
    """The address of a camera that sends MPEG-TS over TCP while a client is connected."""
    stream = write_clip(tmp_path / "live.ts", person_images).read_bytes()

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    while True:
                        connection.sendall(stream)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("end", ["max-frames", "ctrl-c"])
def test_run_live_stream(
    end: str, live: str, meshcast: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if end == "ctrl-c":
        interrupt_at(monkeypatch, 2)
    words = ["--max-frames", "3"] if end == "max-frames" else []
    said = meshcast(
        *("run", live, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json"),
        *words,
    )
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    frames = report(tmp_path / "s.json")["frames"]
    assert frames == 3 or (end == "ctrl-c" and frames in range(1, 9))  # what was on its way comes through
    saved = load(tmp_path / "a.npz")
    assert saved["frames"].item() == frames == len(read_clip(tmp_path / "o.mp4"))
    assert len(saved["frame"]) >= 1


def test_run_interrupted_keeps_saved_frames(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 2)
    before = signal.getsignal(signal.SIGINT)
    said = meshcast(
        *("run", person_clip, "--save", tmp_path / "a.npz"),
        *("--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json"),
    )
    assert said.code == EXIT_PARTIAL
    assert said.errors[0] == "meshcast: interrupted before the end of the source"
    summary = report(tmp_path / "s.json")
    assert 3 <= summary["frames"] < 12  # the third, and what had been read
    assert summary["frames"] == summary["captured_frames"]
    assert load(tmp_path / "a.npz")["frames"].item() == summary["frames"] == len(read_clip(tmp_path / "o.mp4"))
    assert report(tmp_path / "s.json")["exit_status"] == EXIT_PARTIAL
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "o.mp4", "s.json"}
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_interrupted_while_starting_writes_nothing(
    number: signal.Signals,
    meshcast: Command,
    engines: Callable[..., Any],
    person_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def interrupted(*args: Any, **options: Any) -> Any:
        os.kill(os.getpid(), number)
        return engines(*args, **options)

    monkeypatch.setattr(edge.models, "open_session", interrupted)
    said = meshcast("run", person_clip, "--summary", tmp_path / "s.json", "--save", tmp_path / "a.npz")
    assert (said.code, said.err) == (128 + number, "meshcast: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
@pytest.mark.parametrize("ignored", [False, True])
def test_run_sighup_shuts_down_unless_ignored(
    ignored: bool, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 2, signal.SIGHUP)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        said = meshcast("run", person_clip, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4")
        assert signal.getsignal(signal.SIGHUP) == (signal.SIG_IGN if ignored else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert said.code == (EXIT_WHOLE if ignored else EXIT_PARTIAL)
    frames = load(tmp_path / "a.npz")["frames"].item()
    assert frames == 12 if ignored else 3 <= frames < 12
    assert len(read_clip(tmp_path / "o.mp4")) == frames


def test_run_second_interrupt_ends_with_complete_files(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 1)
    close = Outputs.close

    def interrupted(self: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return close(self)

    monkeypatch.setattr(Outputs, "close", interrupted)
    said = meshcast("run", person_clip, "--overlay", tmp_path / "o.mp4", "--save", tmp_path / "a.npz")
    assert said.code == 130
    assert said.errors == ["meshcast: interrupted"]
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "o.mp4"}
    assert load(tmp_path / "a.npz")["frames"].item() == len(read_clip(tmp_path / "o.mp4")) >= 1


def test_run_interrupted_before_the_first_frame_has_the_exit_code_of_the_signal(
    meshcast: Command, person_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge.run.StreamRun, "start", lambda self: None)
    monkeypatch.setattr(edge.run.Progress, "refresh", lambda self: os.kill(os.getpid(), signal.SIGTERM))
    said = meshcast("run", person_clip, "--loop", "--quiet")
    assert (said.code, said.err) == (128 + signal.SIGTERM, "meshcast: interrupted\n")
