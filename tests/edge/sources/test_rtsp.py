"""A real RTSP server that is killed and restarted.

It is GStreamer's, run by the system's Python. On Debian and Ubuntu: apt-get install python3-gi
gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly
"""

from __future__ import annotations

import itertools
import logging
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import Reader, live, network, open_source
from tests.support.paths import TESTS

SYSTEM_PYTHON = "/usr/bin/python3"
PROBE = """
import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert all(Gst.ElementFactory.find(name) for name in ("videotestsrc", "x264enc", "rtph264pay"))
"""


def server_is_missing() -> bool:
    if not Path(SYSTEM_PYTHON).exists():
        return True
    return subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, check=False).returncode != 0


class Server:
    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = int(listener.getsockname()[1])
        self._process: subprocess.Popen[str] | None = None

    def start(self, *words: str) -> None:
        script = TESTS / "support" / "rtsp_server.py"
        command = [SYSTEM_PYTHON, str(script), str(self.port), *words]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@pytest.fixture(scope="module")
def _installed() -> None:
    if server_is_missing():
        pytest.skip("no GStreamer RTSP server for the system's Python (see this file's first lines)")


@pytest.fixture
def server(_installed: None) -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.kill()


class OnLine(logging.Handler):
    """Does something at the first line of the log, on the thread that writes it."""

    def __init__(self, action: Callable[[], None]) -> None:
        super().__init__()
        self._action: Callable[[], None] | None = action

    def emit(self, record: logging.LogRecord) -> None:
        action, self._action = self._action, None
        if action is not None:
            action()

    def __enter__(self) -> None:
        live.log.addHandler(self)

    def __exit__(self, *_: object) -> None:
        live.log.removeHandler(self)


def test_rtsp_killed_server_reconnects(server: Server, monkeypatch, caplog) -> None:
    monkeypatch.setattr(live, "MIN_PAUSE_S", 0.1)
    monkeypatch.setattr(live, "MAX_PAUSE_S", 0.2)
    source = open_source(f"rtsp://127.0.0.1:{server.port}/live")
    assert isinstance(source, network.NetworkSource)
    assert source.live
    with OnLine(server.start), Reader(source, pace="fast") as reader:
        stream = iter(reader)
        frames = list(itertools.islice(stream, 20))
        assert source.size == (160, 96)
        server.kill()
        for frame in stream:  # first what was still on its way
            frames.append(frame)
            if source.reconnects:
                break
        frames += itertools.islice(stream, 20)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert np.all(np.diff([frame.t_s for frame in frames]) >= 0)
    assert {frame.image.shape for frame in frames} == {(96, 160, 3)}
    assert frames[-1].image.std() > 20
    assert "retrying in 0.1 s" in caplog.messages[0]
    assert source.problems == []


def test_rtsp_unknown_stream_is_retried(server: Server, monkeypatch, caplog) -> None:
    monkeypatch.setattr(live, "MIN_PAUSE_S", 3600.0)
    with Reader(open_source(f"rtsp://127.0.0.1:{server.port}/nothing")) as reader, OnLine(reader.source.close):
        assert list(reader) == []
    assert "404" in caplog.messages[0]


@pytest.fixture
def idle_server(_installed: None) -> Iterator[Server]:
    server = Server()
    yield server
    server.kill()


@pytest.mark.parametrize("only", ["udp", "tcp"])
def test_rtsp_auto_transport_is_found_and_remembered(
    idle_server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, only: str
) -> None:
    monkeypatch.setattr(live, "MIN_PAUSE_S", 0.1)
    idle_server.start(only)
    asked = []
    make = network.rtsp_input
    monkeypatch.setattr(
        network, "rtsp_input", lambda url, transport, *rest: (asked.append(transport), make(url, transport, *rest))[1]
    )
    with Reader(open_source(f"rtsp://127.0.0.1:{idle_server.port}/live"), pace="fast") as reader:
        assert len(list(itertools.islice(reader, 5))) == 5
    refused = [message for message in caplog.messages if "refuses" in message]
    if only == "tcp":
        assert (set(asked), refused) == ({"tcp"}, [])
        return
    assert len(refused) == 1
    assert "refuses RTP over TCP; using UDP" in refused[0]
    assert (asked[0], asked[-1], asked.count("udp")) == ("tcp", "udp", 1)  # a busy server may be asked more than once


@pytest.mark.parametrize(("only", "asked"), [("udp", "tcp"), ("tcp", "udp")])
def test_rtsp_refused_transport_raises_with_remedy(idle_server: Server, only: str, asked: Any) -> None:
    idle_server.start(only)
    with (
        open_source(f"rtsp://127.0.0.1:{idle_server.port}/live", rtsp_transport=asked) as source,
        pytest.raises(SourceError, match=rf"refuses RTP over {asked.upper()}; use --rtsp-transport {only} or auto"),
    ):
        list(source)


def test_rtsp_udp_falls_back_to_tcp(
    idle_server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    idle_server.start("tcp")
    source = open_source(f"rtsp://127.0.0.1:{idle_server.port}/live")
    assert isinstance(source, network.RtspSource)
    source._transport = "udp"
    with Reader(source, pace="fast") as reader:
        assert len(list(itertools.islice(reader, 3))) == 3
    assert any("refuses RTP over UDP; using TCP" in message for message in caplog.messages)


def test_rtsps_over_udp_raises() -> None:
    with pytest.raises(SourceError, match="needs TCP"):
        open_source("rtsps://127.0.0.1/live", rtsp_transport="udp")
