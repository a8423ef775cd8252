"""Progress of runs on terminals and in logs."""

import errno
import os
import sys
import threading
from dataclasses import dataclass

import pytest

from edge.monitoring.progress import Progress


@dataclass
class Stream:
    """A stream as Progress sees it."""

    live: bool = False
    total: int | None = 10
    name: str = "cam0"
    frames: int = 0
    frames_with_people: int = 0
    people: int = 0
    age_ms: float = 0.0
    fps: float = 25.0
    busiest: str = ""
    dropped: int = 0
    running: bool = True

    def step(self) -> None:
        self.people = self.frames % 2
        self.frames += 1
        self.frames_with_people += self.people
        self.age_ms, self.dropped, self.busiest = 12.0, 3, "pose 9.5 ms"


def run(progress: Progress, stream: Stream, frames: int) -> None:
    with progress:
        for _ in range(frames):
            stream.step()
            progress.refresh()


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
def test_progress_without_terminal_prints_closing_line(capsys: pytest.CaptureFixture[str], live: bool):
    stream = Stream(live)
    run(Progress([stream], quiet=False), stream, 10)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("10 frames in ")
    assert "people in 5" in err
    assert "3 dropped" in err


def test_progress_without_terminal_prints_one_line_per_stream(capsys: pytest.CaptureFixture[str]):
    first, second = Stream(live=True, name="door"), Stream(live=True, name="yard")
    run(Progress([first, second], quiet=False), second, 4)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" in ")[0] for line in lines] == ["door: 0 frames", "yard: 4 frames"]


@pytest.mark.parametrize("live", [False, True])
def test_progress_quiet_prints_nothing(capsys: pytest.CaptureFixture[str], live: bool):
    stream = Stream(live)
    run(Progress([stream], quiet=True), stream, 10)
    assert capsys.readouterr() == ("", "")


def test_progress_without_frames_prints_closing_line(capsys: pytest.CaptureFixture[str]):
    stream = Stream(total=None)
    run(Progress([stream], quiet=False), stream, 0)
    assert capsys.readouterr().err.startswith("0 frames in ")


@pytest.mark.parametrize(("total", "said"), [(10, "10/10"), (None, "10/?")])
def test_progress_file_on_terminal_draws_bar(total: int | None, said: str):
    stream = Stream(total=total)
    with Terminal() as terminal:
        run(Progress([stream], quiet=False), stream, 10)
    assert said in terminal.drawn
    assert "fps" in terminal.drawn


def test_progress_live_streams_on_terminal_draw_table():
    first, second = Stream(live=True, name="door"), Stream(live=True, name="yard")
    with Terminal() as terminal:
        run(Progress([first, second], quiet=False), second, 5)
    last = terminal.drawn.split("stream")[-1]
    door, yard = (next(line for line in last.splitlines() if name in line) for name in ("door", "yard"))
    assert "waiting" in door
    assert "12 ms" in yard
    assert yard.split() == ["yard", "25.0", "0", "12", "ms", "5", "3", "pose", "9.5", "ms"]


def test_progress_names_are_escaped_on_terminal():
    with Terminal() as terminal:
        run(Progress([Stream(live=True, name="[red]cam[/red]\x1b]0;x\x07")], quiet=False), Stream(), 1)
    assert r"[red]cam[/red]\x1b]0;x\x07" in terminal.drawn
    assert "\x1b]0;" not in terminal.drawn


@pytest.mark.parametrize("live", [False, True])
def test_progress_many_frames_draw_at_most_every_refresh_interval(live: bool):
    now = [0.0]
    stream = Stream(live, total=1000)
    with Terminal() as terminal, Progress([stream], quiet=False, clock=lambda: now[0]) as progress:
        for _ in range(1000):  # one second
            now[0] += 0.001
            stream.step()
            progress.refresh()
    assert 5 <= terminal.drawn.count("fps") <= 14


@pytest.mark.parametrize("live", [False, True])
def test_progress_terminal_that_disappears_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch, live: bool):
    class Gone:
        """A terminal that disappears."""

        gone = False

        def write(self, text: str) -> int:
            if self.gone:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return len(text)

        def flush(self) -> None:
            self.write("")

        def isatty(self) -> bool:
            return True

    terminal, stream = Gone(), Stream(live=live)
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress([stream], False, refresh_s=0.0) as progress:
        stream.step()
        progress.refresh()
        terminal.gone = True
        stream.step()
        progress.refresh()
        progress.refresh()
    assert stream.frames == 2
