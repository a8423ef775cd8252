"""Network streams from real servers on loopback."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import Reader, live, open_source
from edge.sources.input_config import http_input, http_policy
from edge.sources.network import NetworkSource

FRAMES = 24
PROMPT_S = 4.0  # what does not wake up takes the 5 s of a read


def video(container_format: str, frames: int = FRAMES) -> bytes:
    """A short 64 x 48 video of growing brightness, every fourth frame a key frame."""
    data = io.BytesIO()
    with av.open(data, "w", format=container_format, options={"movflags": "frag_keyframe"}) as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "4"}
        for index in range(frames):
            image = np.full((48, 64, 3), 10 + 6 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return data.getvalue()


@pytest.fixture(scope="module")
def transport_stream() -> bytes:
    return video("mpegts")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MIN_PAUSE_S", 0.02)
    monkeypatch.setattr(live, "MAX_PAUSE_S", 0.08)


@pytest.fixture
def tcp_server() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Starts servers: each connection is handed to a function on a thread, and closed after it. Returns the port."""
    servers: list[socket.socket] = []

    def serve(listener: socket.socket, handle: Callable[[socket.socket], None]) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    handle(connection)

    def start(handle: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        servers.append(listener)
        threading.Thread(target=serve, args=(listener, handle), daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in servers:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_network_tcp_stream_end_reconnects(tcp_server, transport_stream, caplog):
    port = tcp_server(lambda connection: connection.sendall(transport_stream))
    with open_source(f"tcp://127.0.0.1:{port}") as source:
        assert source.live
        assert source.frame_count is None
        with caplog.at_level(logging.WARNING, "meshcast.sources"):
            frames = list(itertools.islice(source, 2 * FRAMES + 5))
        assert source.size == (64, 48)
        assert isinstance(source, NetworkSource)
        assert source.reconnects >= 2
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert np.all(np.diff([frame.t_s for frame in frames]) >= 0)
    assert frames[5].t_s - frames[0].t_s == pytest.approx(5 / 25, abs=1e-3)
    assert frames[0].image.mean() == pytest.approx(10, abs=5)
    assert "the stream ended; retrying" in caplog.messages[0]
    assert source.problems == []


def test_network_udp_stream_delivers_frames(transport_stream):
    port = closed_port()
    done = threading.Event()

    def send() -> None:
        blocks = [transport_stream[at : at + 7 * 188] for at in range(0, len(transport_stream), 7 * 188)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for block in itertools.cycle(blocks):
                with contextlib.suppress(ConnectionRefusedError):
                    sender.sendto(block, ("127.0.0.1", port))
                if done.wait(0.002):
                    return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        with Reader(open_source(f"udp://127.0.0.1:{port}"), pace="fast") as reader:
            frames = list(itertools.islice(reader, 40))
    finally:
        done.set()
        thread.join()
    assert [frame.index for frame in frames] == list(range(40))
    assert {frame.image.shape for frame in frames} == {(48, 64, 3)}
    assert np.all(np.diff([frame.t_s for frame in frames]) >= 0)


@pytest.mark.parametrize("scheme", ["rtsp", "tcp", "http"])
def test_network_unreachable_server_delays_grow(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    url = f"{scheme}://user:secret@127.0.0.1:{closed_port()}"
    enough = threading.Event()

    class Counter(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if len(caplog.records) >= 5:
                enough.set()

    counter = Counter()
    logging.getLogger("meshcast.sources").addHandler(counter)
    try:
        with caplog.at_level(logging.WARNING, "meshcast.sources"):
            reader = Reader(open_source(url))
            consumer = threading.Thread(target=lambda: list(reader))
            consumer.start()
            assert enough.wait(30)
            begin_s = time.monotonic()
            reader.close()
            consumer.join(PROMPT_S)
    finally:
        logging.getLogger("meshcast.sources").removeHandler(counter)
    assert time.monotonic() - begin_s < PROMPT_S
    assert not consumer.is_alive()
    pauses = [record.args[2] for record in caplog.records if isinstance(record.args, tuple)]
    assert pauses[:5] == [0.02, 0.04, 0.08, 0.08, 0.08]
    assert all("refused" in message and "secret" not in message for message in caplog.messages)


def test_network_stop_event_ends_the_retry_pause(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "MIN_PAUSE_S", 3600.0)
    stop = threading.Event()
    waiting = threading.Event()

    class Waiting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            waiting.set()

    handler = Waiting()
    logging.getLogger("meshcast.sources").addHandler(handler)
    source = open_source(f"tcp://127.0.0.1:{closed_port()}", stop=stop)
    consumer = threading.Thread(target=lambda: list(source))
    try:
        consumer.start()
        assert waiting.wait(30)
        stop.set()
        consumer.join(PROMPT_S)
    finally:
        logging.getLogger("meshcast.sources").removeHandler(handler)
        source.close()
    assert not consumer.is_alive()


@pytest.mark.parametrize("scheme", ["rtsp", "tcp", "http"])
def test_network_close_ends_wait_for_silent_server(tcp_server, scheme: str) -> None:
    asked, release = threading.Event(), threading.Event()

    def say_nothing(connection: socket.socket) -> None:
        asked.set()
        release.wait(30)

    port = tcp_server(say_nothing)
    url = f"{scheme}://127.0.0.1:{port}/x"
    source = (
        NetworkSource(http_input(url, http_policy(url, allow_private=False)), name="silent", label=url)
        if scheme == "http"
        else open_source(url)
    )
    reader = Reader(source)
    consumer = threading.Thread(target=lambda: list(reader))
    consumer.start()
    try:
        assert asked.wait(30)
        begin_s = time.monotonic()
        reader.close()
        assert time.monotonic() - begin_s < PROMPT_S
        consumer.join(PROMPT_S)
        assert not consumer.is_alive()
    finally:
        release.set()


def test_network_close_ends_stalled_stream(tcp_server, transport_stream):
    release = threading.Event()

    def stall(connection: socket.socket) -> None:
        connection.sendall(transport_stream)
        release.wait(30)

    port = tcp_server(stall)
    reader = Reader(open_source(f"tcp://127.0.0.1:{port}"), pace="fast")
    try:
        next(iter(reader))
        begin_s = time.monotonic()
        reader.close()
        assert time.monotonic() - begin_s < PROMPT_S
    finally:
        release.set()


def test_network_wrong_credentials_are_not_retried(tcp_server):
    def refuse(connection: socket.socket) -> None:
        while request := connection.recv(4096):
            number = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"cseq"))
            challenge = b'WWW-Authenticate: Basic realm="camera"'
            connection.sendall(b"RTSP/1.0 401 Unauthorized\r\n" + number + b"\r\n" + challenge + b"\r\n\r\n")

    port = tcp_server(refuse)
    with (
        open_source(f"rtsp://me:wrong@127.0.0.1:{port}/x") as source,
        pytest.raises(SourceError, match=r"^rtsp://127[^\n]*(401|nauthorized)") as caught,
    ):
        list(source)
    assert "wrong" not in str(caught.value)


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder; /live is a transport stream without an end, /broken.mp4 breaks off."""

    def do_GET(self) -> None:
        stream = video("mpegts")
        if self.path == "/live":
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(stream)
        elif self.path == "/broken.mp4":
            data = Path(self.directory, "clip.mp4").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) * 2 // 3])
        else:
            super().do_GET()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "4"}
        rng = np.random.default_rng(0)
        for _ in range(FRAMES):
            image = rng.integers(0, 255, (48, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    (tmp_path / "page.html").write_text("<html><body>no video</body></html>" * 50)
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(tmp_path))) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_http_file_is_read_completely(web: str) -> None:
    with open_source(f"{web}/clip.mp4") as source:
        assert (source.live, source.size, source.frame_count) == (False, (64, 48), FRAMES)
        assert len(list(source)) == FRAMES
        assert source.problems == []


def test_http_file_loop_continues(web: str) -> None:
    with open_source(f"{web}/clip.mp4", loop=True) as source:
        frames = list(itertools.islice(source, 2 * FRAMES + 1))
    assert [frame.index for frame in frames] == list(range(2 * FRAMES + 1))


def test_http_truncated_file_is_reported(web: str) -> None:
    with open_source(f"{web}/broken.mp4") as source:
        delivered = len(list(source))
    assert 0 < delivered < FRAMES
    assert source.problems == [f"{web}/broken.mp4: truncated after {delivered} of {FRAMES} frames"]


def test_http_endless_stream_is_live(web: str) -> None:
    with open_source(f"{web}/live") as source:
        assert source.live
        with Reader(source, pace="fast") as reader:
            assert [frame.index for frame in itertools.islice(reader, 60)] == list(range(60))


@pytest.mark.parametrize(("page", "says"), [("nothing.mp4", "404"), ("page.html", "no readable video")])
def test_http_page_without_video_raises(web: str, page: str, says: str) -> None:
    with pytest.raises(SourceError, match=rf"^[^\n]*{page}: [^\n]*{says}[^\n]*$"):
        open_source(f"{web}/{page}")
