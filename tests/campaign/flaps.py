"""Servers that are killed and restarted: a live source comes back each time, and nothing grows."""

from __future__ import annotations

import io
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import av

from tests.campaign.harness import (
    CLIP,
    COLD_GROWTH,
    GROWTH,
    Row,
    at_least,
    at_most,
    free_port,
    published,
    scaled,
)
from tests.support.paths import TESTS

COUNT = 500  # of each kind
WARM = 60  # flaps before the first look at what is held
LONGEST_S = 1.0  # that a server lives after the first frame, and that it stays away
BACK_S = 40.0  # the longest pause between two attempts is 8 s; opening takes seconds on a machine that is busy
SYSTEM_PYTHON = "/usr/bin/python3"
RTSP_SERVER = TESTS / "support" / "rtsp_server.py"


class Server(Protocol):
    """Something to be killed; each kind listens at one port."""

    def close(self) -> None: ...


def run(scale: float) -> list[Row]:
    count = scaled(COUNT, scale)
    stream = _transport_stream(CLIP)
    port = free_port()
    rows = _flapped("tcp", f"tcp://127.0.0.1:{port}", lambda: _TcpServer(port, stream), count)
    if not _has_rtsp_server():
        return [*rows, Row("rtsp", "python3-gi and GstRtspServer are missing", "", False)]
    other = free_port()
    return rows + _flapped("rtsp", f"rtsp://127.0.0.1:{other}/live", lambda: _RtspServer(other), count)


def _flapped(kind: str, address: str, start: Callable[[], Server], count: int) -> list[Row]:
    rng = random.Random(1)
    missed = 0
    server = start()
    try:
        with published((address,)) as (child, listener, _):
            warm = child.usage()
            for number in range(count):
                time.sleep(rng.random() * LONGEST_S)
                server.close()
                time.sleep(rng.random() * LONGEST_S)
                server = start()
                missed += not listener.next_within(BACK_S)
                if number + 1 == min(WARM, count):
                    warm = child.usage()
            alive, heard, end = child.alive, listener.heard, child.usage()
            code = child.end()
    finally:
        server.close()
    rows = [
        Row("flaps", str(count), "", True),
        at_most("flaps without a frame afterwards", missed, 0),
        at_least("still running", alive, 1),
        at_least("frames", len(heard.times), count),
        *end.rows_since(warm, GROWTH if count > WARM else COLD_GROWTH),
        at_most("exit code", code if code >= 0 else 255, 3),
    ]
    return [Row(f"{kind}: {row.what}", row.value, row.bar, row.passed) for row in rows]


def _transport_stream(clip: Path) -> tuple[bytes, float]:
    """A clip as MPEG-TS, and its length in seconds."""
    out = io.BytesIO()
    with av.open(str(clip)) as source, av.open(out, "w", format="mpegts") as target:
        given = source.streams.video[0]
        stream = target.add_stream_from_template(given)
        for packet in source.demux(given):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
        length_s = float((given.duration or 0) * (given.time_base or 0))
    return out.getvalue(), max(1.0, length_s)


class _TcpServer:
    """Sends a transport stream at its own pace to one client after the other, from its beginning, again and again."""

    def __init__(self, port: int, stream: tuple[bytes, float]) -> None:
        self._stream, self._length_s = stream
        self._listener = socket.create_server(("127.0.0.1", port))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._listener.close()

    def _work(self) -> None:
        self._listener.settimeout(0.1)
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(1.0)
                self._send(client)

    def _send(self, client: socket.socket) -> None:
        piece = 188 * 20
        pause_s = self._length_s * piece / len(self._stream)
        try:
            while True:
                for begin in range(0, len(self._stream), piece):
                    client.sendall(self._stream[begin : begin + piece])
                    if self._ended.wait(pause_s):
                        return
        except OSError:
            return


def _has_rtsp_server() -> bool:
    known = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", known], capture_output=True).returncode == 0
    except OSError:
        return False


class _RtspServer:
    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, RTSP_SERVER, str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # "ready"

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
