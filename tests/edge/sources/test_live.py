"""Live sources: errors are retried, an end is final, an error at the start is raised."""

from __future__ import annotations

import importlib
import itertools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import Reader, gstreamer, live, open_source, v4l2
from edge.sources.base import StopSignal
from edge.sources.decoder import DecodedImage
from edge.sources.demuxer import Demuxer
from edge.sources.gstreamer import PipelineError
from edge.sources.input_config import InputConfig, file_input
from edge.sources.v4l2 import V4l2Source
from tests.edge.sources.test_gstreamer import bindings  # noqa: F401
from tests.support.clips import clip_bytes

FRAMES = 10
CAPS = "video/x-raw,width=64,height=48,framerate=100/1"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MIN_PAUSE_S", 0.02)
    monkeypatch.setattr(live, "MAX_PAUSE_S", 0.08)


@contextmanager
def on_log(action: Callable[[str], None]) -> Iterator[None]:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            action(record.getMessage())

    handler = Handler()
    live.log.addHandler(handler)
    try:
        yield
    finally:
        live.log.removeHandler(handler)


@pytest.mark.usefixtures("bindings")
def test_live_pipeline_error_restarts_the_pipeline(caplog: pytest.LogCaptureFixture) -> None:
    source = open_source(f"gst:videotestsrc is-live=true ! {CAPS} ! identity error-after=4")
    with Reader(source, pace="fast") as reader:
        frames = list(itertools.islice(reader, 8))
    assert [frame.index for frame in frames] == list(range(8))
    assert source.reconnects >= 2  # type: ignore[attr-defined]
    assert "GStreamer error: " in caplog.messages[0]
    assert "retrying in 0.0 s" in caplog.messages[0]


@pytest.mark.usefixtures("bindings")
def test_live_pipeline_end_ends_the_source() -> None:
    with open_source(f"gst:videotestsrc is-live=true num-buffers=4 ! {CAPS}") as source:
        assert len(list(source)) == 4
        assert (source.reconnects, source.problems) == (0, [])  # type: ignore[attr-defined]


@pytest.mark.parametrize(("networked", "frames"), [(True, 6), (False, 3)])
def test_live_pipeline_end_reconnects_for_network_sources_only(
    monkeypatch: pytest.MonkeyPatch, networked: bool, frames: int
) -> None:
    class Ending:
        live = True

        def __init__(self) -> None:
            self.networked = networked
            self._left = 3

        def read(self, stop: StopSignal) -> DecodedImage | None:
            self._left -= 1
            return DecodedImage.of(0.0, np.zeros((4, 4, 3), np.uint8), (4, 4)) if self._left >= 0 else None

        def close(self) -> None:
            pass

    monkeypatch.setattr(gstreamer, "_start", lambda *_: Ending())
    assert len(list(itertools.islice(open_source("gst:somesrc"), 6))) == frames


@pytest.mark.usefixtures("bindings")
@pytest.mark.parametrize(("element", "networked"), [("udpsrc port=0", True), ("videotestsrc", False)])
def test_gi_pipeline_network_element_is_detected(element: str, networked: bool) -> None:
    gst = importlib.import_module("gi.repository.Gst")
    pipeline = gstreamer._GiPipeline(f"{element} ! fakesink async=false", gst, StopSignal())
    try:
        assert (pipeline.networked, pipeline.live) == (networked, networked)
    finally:
        pipeline.close()


@pytest.mark.usefixtures("bindings")
def test_recording_pipeline_error_ends_the_source() -> None:
    with open_source(f"gst:videotestsrc ! {CAPS} ! identity error-after=4") as source:
        assert len(list(source)) > 0
    assert "disconnected after" in source.problems[0]


@pytest.mark.usefixtures("bindings")
def test_pipeline_error_at_start_has_no_password() -> None:
    pipeline = 'gst:rtspsrc location=rtsp://me:s3cret@127.0.0.1:9/a user-pw="s3 cret" ! decodebin'
    with pytest.raises(SourceError) as caught:
        list(open_source(f"{pipeline} ! nosuchelement"))
    assert "s3" not in str(caught.value)


def test_pipeline_error_while_running_has_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        live = networked = False

        def read(self, stop: StopSignal) -> None:
            raise PipelineError("Could not read from rtsp://me:s3cret@host/a (s3 cret).")

        def close(self) -> None:
            pass

    monkeypatch.setattr(gstreamer, "_start", lambda *_: Failing())
    with pytest.raises(SourceError, match=r"Could not read from rtsp://host/a \(\*\*\*\)") as caught:
        list(open_source('gst:rtspsrc location=rtsp://me:s3cret@host/a user-pw="s3 cret" ! decodebin'))
    assert "cret" not in str(caught.value)


def camera(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> V4l2Source:
    """A camera whose device is a file and whose images are those of a clip, which ends like an unplugged camera."""
    (tmp_path / "clip.ts").write_bytes(clip_bytes("mpegts", FRAMES))
    (tmp_path / "video7").touch()

    def demuxer(input_config: InputConfig, stop: StopSignal) -> Demuxer:
        assert (input_config.url, input_config.container_format) == (str(tmp_path / "video7"), "v4l2")
        return Demuxer(file_input(str(tmp_path / "clip.ts")), stop)

    monkeypatch.setattr(v4l2, "Demuxer", demuxer)
    return V4l2Source(str(tmp_path / "video7"), name="video7")


def test_v4l2_unplugged_camera_is_reopened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = camera(monkeypatch, tmp_path)
    device = tmp_path / "video7"

    def unplug_then_plug_in(message: str) -> None:
        if "no such camera" in message:
            device.touch()
        else:
            device.unlink(missing_ok=True)

    with on_log(unplug_then_plug_in), Reader(source, pace="fast") as reader:
        frames = list(itertools.islice(reader, 2 * FRAMES))
    assert [frame.index for frame in frames] == list(range(2 * FRAMES))
    assert [message.partition(": ")[2].partition(";")[0] for message in caplog.messages[:2]] == [
        "the stream ended",
        "no such camera",
    ]


def test_v4l2_missing_camera_raises(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such camera"):
        V4l2Source(str(tmp_path / "video8"), name="video8")


def test_v4l2_closed_camera_has_no_frames(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = camera(monkeypatch, tmp_path)
    source.close()
    assert list(source) == []
