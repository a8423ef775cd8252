"""`meshcast view` as a command."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from edge.cli import page_options
from edge.cli.main import main
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.types import Frame
from edge.wire.publisher import Publisher
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import ModelPacket
from tests.support import golden_packets
from tests.support.paths import ROOT
from tests.support.websocket_bridge import PATIENCE_S, answer, join

COMMAND = "import sys; from edge.cli.main import main; sys.exit(main())"


@contextmanager
def viewing(*words: str | Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The page's address for WebSockets, and the process that serves it."""
    listen = ["--no-open", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, "view", *map(str, words), *listen],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    ) as process:
        assert process.stderr is not None
        try:
            lines = []
            while not (found := re.search(r"http(://127\.0\.0\.1:\d+)", line := process.stderr.readline())):
                lines.append(line)
                assert line, lines
            yield f"ws{found[1]}", process
        finally:
            process.kill()


def recording(path: Path) -> Path:
    recorder = StreamRecorder(RecordConfig(path, ("joints",)), "cam0", golden_packets.model())
    for number in range(3):
        frame = Frame("cam0", number, 10**9, number / 30, np.zeros((48, 64, 3), np.uint8))
        recorder.add(frame, golden_packets.bodies(1), Camera.from_fov((64, 48), 60.0), None)
    recorder.close()
    return path


def test_view_of_a_publisher_forwards_it_until_interrupted() -> None:
    with (
        Publisher("tcp://127.0.0.1:0", golden_packets.rigged(), streams=["cam0"]) as publisher,
        viewing(publisher.address) as (url, process),
    ):
        about = json.loads(answer(url, "/about.json")[2])
        assert about == {"mode": "live", "source": publisher.address, "publisher": True}
        with join(url) as browser:
            assert isinstance(decode(browser.recv(PATIENCE_S)), ModelPacket)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == EXIT_WHOLE


def test_view_of_a_recording_serves_its_parts(tmp_path: Path) -> None:
    with viewing(recording(tmp_path / "a.mcap")) as (url, process):
        assert json.loads(answer(url, "/about.json")[2])["mode"] == "recording"
        assert json.loads(answer(url, "/recording/index.json")[2])["streams"][0]["frames"] == 3
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == EXIT_WHOLE


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["missing.mp4"], EXIT_INPUT, "missing.mp4"),
        (["missing.mcap"], EXIT_INPUT, "missing.mcap"),
        (["tcp://nowhere"], EXIT_INPUT, "tcp://nowhere"),
        (["a.mp4", "tcp://127.0.0.1:1"], EXIT_USAGE, "a publisher or a recording is shown alone"),
        ([], EXIT_USAGE, "SOURCE: missing"),
        (["synthetic:", "--listen", "0.0.0.0:0"], EXIT_INPUT, "a public address needs access control"),
        (["a.mp4", "--preview-quality", "0"], EXIT_USAGE, "is not a whole number from 1 to 100"),
        (["a.mp4", "--preview-fps", "0"], EXIT_USAGE, "is not a number"),
    ],
)
def test_view_of_invalid_input_is_one_clear_line(
    words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["view", *words, "--no-open"]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("link", "wanted", "desktop", "opened"),
    [
        ("http://127.0.0.1:1", True, True, True),
        ("http://127.0.0.1:1", False, True, False),
        ("http://127.0.0.1:1", True, False, False),
        ("http://127.0.0.1:1/#token=secret", True, True, False),
    ],
)
def test_page_is_opened_on_a_desktop_unless_the_link_has_a_token(
    link: str, wanted: bool, desktop: bool, opened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    links: list[str] = []
    monkeypatch.setattr("webbrowser.open", links.append)
    monkeypatch.setattr(page_options.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if desktop:
        monkeypatch.setenv("DISPLAY", ":0")
    page_options.open_page(link, wanted)
    assert links == ([link] if opened else [])
