"""Videos through pipes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import av
import pytest

from edge.errors import SourceError
from edge.run import open_sources
from edge.run_config import SourceConfig
from edge.sources import Reader, open_source
from edge.sources.uri import parse
from tests.support.clips import clip_bytes

FRAMES = 30
PROMPT_S = 5.0
FASTSTART = {"movflags": "faststart"}


@pytest.fixture(scope="module")
def transport_stream() -> bytes:
    return clip_bytes("mpegts", FRAMES)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "front door.ts"
    os.mkfifo(path)
    return path


def write(path: Path, data: bytes) -> threading.Thread:
    """A thread that writes into a FIFO, which it opens when the thread gets there."""
    thread = threading.Thread(target=lambda: path.write_bytes(data))
    thread.start()
    return thread


@pytest.fixture
def shell_pipe(transport_stream: bytes) -> Iterator[int]:
    """A descriptor with a whole video in it, as the shell's process substitution leaves one."""
    reader, writer = os.pipe()
    thread = threading.Thread(target=lambda: _write_all(writer, transport_stream))
    thread.start()
    yield reader
    thread.join(PROMPT_S)
    os.close(reader)


def _write_all(writer: int, data: bytes) -> None:
    with open(writer, "wb") as file:
        file.write(data)


@pytest.mark.parametrize("container_format", ["mpegts", "matroska", "avi"])
def test_fifo_video_delivers_every_frame(fifo: Path, container_format: str) -> None:
    with open_source(str(fifo)) as source:
        assert (source.live, source.name) == (False, "front_door")
        writer = write(fifo, clip_bytes(container_format, FRAMES))
        frames = list(source)
        writer.join(PROMPT_S)
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert [frame.t_s for frame in frames] == pytest.approx([i / 25 for i in range(FRAMES)], abs=2e-3)
    assert (source.size, source.fps, source.problems) == ((64, 48), 25.0, [])


def test_file_descriptor_is_read_from_its_beginning(shell_pipe: int) -> None:
    path = f"/dev/fd/{shell_pipe}"
    assert (parse(path).kind, parse(path).name, parse(path).label) == ("pipe", f"fd{shell_pipe}", path)
    with Reader(open_source(path)) as reader:
        assert reader.pace == "fast"
        assert len(list(reader)) == FRAMES
    assert os.get_blocking(shell_pipe)  # as it was: others share it


def test_standard_input_pipe_is_read(transport_stream: bytes) -> None:
    code = "from edge.sources import open_source; s = open_source('-'); print(s.name, len(list(s)))"
    done = subprocess.run([sys.executable, "-c", code], input=transport_stream, capture_output=True, check=True)
    assert done.stdout == f"stdin {FRAMES}\n".encode()


def test_standard_input_redirected_file_can_loop(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    path.write_bytes(clip_bytes("matroska", FRAMES))
    code = (
        "from edge.sources import open_source; from itertools import islice\n"
        f"s = open_source('/dev/stdin', loop=True); print(len(list(islice(s, {2 * FRAMES}))))"
    )
    with open(path, "rb") as file:
        done = subprocess.run([sys.executable, "-c", code], stdin=file, capture_output=True, check=True)
    assert done.stdout == f"{2 * FRAMES}\n".encode()


@pytest.mark.parametrize("way", ["close", "event"])
def test_fifo_without_writer_ends_on_stop_or_close(fifo: Path, way: str) -> None:
    stop = threading.Event()
    source = open_source(str(fifo), stop=stop)
    frames: list[object] = []
    consumer = threading.Thread(target=lambda: frames.extend(source))
    consumer.start()
    if way == "close":
        source.close()
    else:
        stop.set()
    consumer.join(PROMPT_S)
    assert not consumer.is_alive()
    assert frames == []
    source.close()


def test_fifo_abandoned_iteration_closes_descriptors(fifo: Path, transport_stream: bytes) -> None:
    before = len(os.listdir("/proc/self/fd"))
    source = open_source(str(fifo))
    with open(fifo, "wb") as writer:
        writer.write(transport_stream)
        writer.flush()
        frames = iter(source)
        next(frames)
        begin_s = time.monotonic()
        frames.close()  # type: ignore[attr-defined]
        assert time.monotonic() - begin_s < PROMPT_S
        with pytest.raises(BrokenPipeError):
            os.write(writer.fileno(), b"x")
    with pytest.raises(SourceError, match="only once"):
        next(iter(source))
    source.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_fifo_without_video_raises(fifo: Path) -> None:
    source = open_source(str(fifo))
    writer = write(fifo, b"no video at all\n" * 1000)
    with pytest.raises(SourceError, match=r"front door.ts: no readable video[^\n]*MPEG-TS"):
        list(source)
    writer.join(PROMPT_S)


def test_fifo_without_data_raises(fifo: Path) -> None:
    source = open_source(str(fifo))
    writer = write(fifo, b"")
    with pytest.raises(SourceError, match=r"no data in the pipe"):
        list(source)
    writer.join(PROMPT_S)


def test_fifo_playlist_raises(fifo: Path, tmp_path: Path) -> None:
    source = open_source(str(fifo))
    writer = write(fifo, f"ffconcat version 1.0\nfile {tmp_path}/x.ts\n".encode())
    with pytest.raises(SourceError, match="no readable video"):
        list(source)
    writer.join(PROMPT_S)


def test_fifo_truncated_video_is_reported(fifo: Path, tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    path.write_bytes(clip_bytes("matroska", FRAMES))
    with av.open(str(path)) as whole, av.open(str(tmp_path / "front.mp4"), "w", options=FASTSTART) as front:
        stream = front.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.size:
                packet.stream = stream
                front.mux(packet)
    data = (tmp_path / "front.mp4").read_bytes()
    with open_source(str(fifo)) as source:
        writer = write(fifo, data[: len(data) * 2 // 3])
        delivered = len(list(source))
        writer.join(PROMPT_S)
    assert 0 < delivered < FRAMES
    assert source.problems == [f"{fifo}: truncated after {delivered} frames"]


def test_fifo_loop_raises(fifo: Path) -> None:
    with pytest.raises(SourceError, match="--loop"):
        open_source(str(fifo), loop=True)


def test_open_sources_same_pipe_twice_raises(fifo: Path) -> None:
    with ExitStack() as cleanup, pytest.raises(SourceError, match="the same pipe"):
        open_sources(SourceConfig((str(fifo), str(fifo))), cleanup)


def test_standard_input_without_pipe_is_one_line() -> None:
    code = "from edge.sources import open_source; open_source('-')"
    for stdin, says in ((subprocess.DEVNULL, b"standard input: not a pipe"), (None, b"standard input: not open")):
        command = [sys.executable, "-c", code if stdin else f"import os; os.close(0); {code}"]
        done = subprocess.run(command, stdin=stdin, stderr=subprocess.PIPE, check=False)
        assert done.returncode != 0
        assert says in done.stderr
