"""References in local files: a playlist may name files beside or below it, nothing else."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.errors import SourceError
from edge.sources import live, open_source
from edge.sources.base import StopSignal
from edge.sources.demuxer import Demuxer, DemuxError
from edge.sources.input_config import (
    InputConfig,
    file_input,
    http_input,
    http_policy,
    pipe_input,
    rtsp_input,
    socket_input,
)
from tests.support.clips import clip_bytes, playlist

FRAMES = 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a segment, another one below it, and one beside the folder."""
    folder = tmp_path / "clips"
    (folder / "below").mkdir(parents=True)
    segment = clip_bytes("mpegts", FRAMES)
    for path in (folder / "a.ts", folder / "below" / "a.ts", tmp_path / "outside.ts"):
        path.write_bytes(segment)
    return folder


@pytest.fixture
def listener() -> Iterator[Callable[[], int]]:
    """A port of this machine; the function tells how often it was connected to."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connections.append(server.accept())

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        count = lambda: len(connections)  # noqa: E731
        count.port = server.getsockname()[1]  # type: ignore[attr-defined]
        yield count
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    for connection, _ in connections:
        connection.close()


@pytest.mark.parametrize("segments", [["a.ts"], ["below/a.ts"], ["{folder}/a.ts"], ["below/../a.ts"]])
def test_playlist_files_beside_or_below_play(folder: Path, segments: list[str]) -> None:
    path = folder / "list.m3u8"
    path.write_bytes(playlist(*(segment.format(folder=folder) for segment in segments)))
    with open_source(str(path)) as source:
        assert len(list(source)) == FRAMES * len(segments)
        assert source.problems == []


@pytest.mark.parametrize(
    "reference",
    ["../outside.ts", "{folder}/../outside.ts", "file://{folder}/../outside.ts", "below/../../outside.ts", "link.ts"],
)
def test_playlist_file_outside_of_its_folder_raises(folder: Path, reference: str) -> None:
    (folder / "link.ts").symlink_to(folder.parent / "outside.ts")
    path = folder / "list.m3u8"
    path.write_bytes(playlist(reference.format(folder=folder)))
    with pytest.raises(SourceError, match=r"list.m3u8: the playlist refers to a file outside its folder"):
        open_source(str(path))


@pytest.mark.parametrize("reference", ["http://127.0.0.1:{port}/a.ts", "tcp://127.0.0.1:{port}/a.ts"])
def test_playlist_file_referring_to_network_raises(folder: Path, listener: Callable[[], int], reference: str) -> None:
    path = folder / "list.m3u8"
    path.write_bytes(playlist(reference.format(port=listener.port)))  # type: ignore[attr-defined]
    with pytest.raises(SourceError):
        open_source(str(path))
    assert listener() == 0


def test_ffconcat_files_beside_it_play(folder: Path) -> None:
    path = folder / "list.ffconcat"
    path.write_text("ffconcat version 1.0\nfile a.ts\nfile below/a.ts\n")
    with open_source(str(path)) as source:
        assert len(list(source)) == 2 * FRAMES


@pytest.mark.parametrize("reference", ["../outside.ts", "{folder}/a.ts", "http://127.0.0.1:{port}/a.ts"])
def test_ffconcat_referring_elsewhere_raises(folder: Path, listener: Callable[[], int], reference: str) -> None:
    path = folder / "list.ffconcat"
    path.write_text(f"ffconcat version 1.0\nfile {reference.format(folder=folder, port=listener.port)}\n")  # type: ignore[attr-defined]
    with pytest.raises(SourceError):
        open_source(str(path))
    assert listener() == 0


@pytest.mark.parametrize(
    "content",
    [
        playlist("a.ts"),
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 26\n",
        b"just text\n" * 100,
    ],
)
def test_open_source_list_or_text_named_as_video_raises(folder: Path, content: bytes) -> None:
    path = folder / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="no readable video"):
        open_source(str(path))


def test_open_source_sdp_over_tcp_opens_no_port(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1] & ~1
    description = f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 26\n"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(description.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        source = open_source(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        with first_line(source.close):
            assert list(source) == []
        thread.join(5)
    assert "no video received" in caplog.messages[0]


@pytest.mark.parametrize(
    ("input_config", "protocols", "lists"),
    [
        (socket_input("tcp://host:1"), {"tcp"}, set()),
        (socket_input("udp://host:1"), {"udp"}, set()),
        (pipe_input(lambda: None), {"data"}, set()),
        (file_input("/nowhere/clip.mp4"), {"file", "crypto", "data"}, set()),
        (rtsp_input("rtsp://host", "tcp"), {"rtsp", "rtsps", "rtp", "srtp", "udp", "tcp", "tls"}, {"rtsp"}),
        (
            http_input("http://host", http_policy("http://host", allow_private=False)),
            {"http", "https", "tcp", "tls", "httpproxy", "crypto", "data"},
            {"hls"},
        ),
    ],
    ids=["tcp", "udp", "pipe", "file", "rtsp", "http"],
)
def test_input_config_limits_protocols_and_containers(
    input_config: InputConfig, protocols: set[str], lists: set[str]
) -> None:
    referring = {"hls", "concat", "dash", "sdp", "rtsp", "rtp", "sap", "image2", "lavfi", "tty", "vobsub", "mlv", "imf"}
    assert set(input_config.options["protocol_whitelist"].split(",")) == protocols
    assert set(input_config.options["format_whitelist"].split(",")) & referring == lists


def test_demuxer_error_redacts_secret() -> None:
    def fail() -> object:
        raise OSError(5, "rtsp://me:s3cret@host/a and s3cret alone")

    demuxer = Demuxer(InputConfig("", reader=fail, secrets=("s3cret",)), StopSignal())
    with demuxer, pytest.raises(DemuxError, match=r"rtsp://host/a and \*\*\* alone"):
        demuxer.open()


@contextlib.contextmanager
def first_line(action: Callable[[], None]) -> Iterator[None]:
    """Do something when a source logs that it tries again."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            action()

    handler = Handler()
    live.log.addHandler(handler)
    try:
        yield
    finally:
        live.log.removeHandler(handler)
