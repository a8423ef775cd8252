import os
import sys
import threading
from types import SimpleNamespace

import pytest

from edge.progress import Progress


def run(progress: Progress, frames: int) -> None:
    with progress:
        for index in range(frames):
            progress.update(index, people=index % 2, latency_ms=12.0, drops=3)


class Terminal:
    """A real pseudo-terminal that is sys.stderr inside the `with` block; `drawn` is what was drawn on it."""

    def __enter__(self) -> "Terminal":
        self._master, slave = os.openpty()
        self._chunks: list[bytes] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self._before, sys.stderr = sys.stderr, os.fdopen(slave, "w")
        return self

    def __exit__(self, *error: object) -> None:
        sys.stderr.close()
        sys.stderr = self._before
        self._reader.join(10)
        os.close(self._master)

    @property
    def drawn(self) -> str:
        return b"".join(self._chunks).decode()

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._master, 4096)
            except OSError:  # Linux's way of saying that the other end is closed
                return
            if not chunk:
                return
            self._chunks.append(chunk)


@pytest.fixture(autouse=True)
def capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize("live", [False, True])
def test_without_a_terminal_one_plain_line_at_the_end(capsys: pytest.CaptureFixture[str], live: bool):
    run(Progress(10, live=live, quiet=False), 10)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("10 frames in ")
    assert "people in 5" in err
    assert "3 dropped" in err


@pytest.mark.parametrize("live", [False, True])
def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str], live: bool):
    run(Progress(10, live=live, quiet=True), 10)
    assert capsys.readouterr() == ("", "")


def test_no_frame_at_all(capsys: pytest.CaptureFixture[str]):
    run(Progress(None, live=False, quiet=False), 0)
    assert capsys.readouterr().err.startswith("0 frames in ")


def test_a_bar_on_a_terminal():
    with Terminal() as terminal:
        run(Progress(10, live=False, quiet=False), 10)
    assert "10/10" in terminal.drawn
    assert "fps" in terminal.drawn


def test_a_bar_of_unknown_length_on_a_terminal():
    with Terminal() as terminal:
        run(Progress(None, live=False, quiet=False), 10)
    assert "10/?" in terminal.drawn


def test_a_status_line_on_a_terminal():
    with Terminal() as terminal:
        run(Progress(None, live=True, quiet=False), 5)
    assert "latency 12 ms" in terminal.drawn
    assert "dropped 3" in terminal.drawn


@pytest.mark.parametrize("live", [False, True])
def test_many_frames_draw_few_times(monkeypatch: pytest.MonkeyPatch, live: bool):
    now = [0.0]
    monkeypatch.setattr("edge.progress.time", SimpleNamespace(monotonic=lambda: now[0]))
    with Terminal() as terminal, Progress(1000, live=live, quiet=False) as progress:
        for index in range(1000):  # one second
            now[0] += 0.001
            progress.update(index, 1, 5.0, 0)
    assert 5 <= terminal.drawn.count("fps") <= 14
