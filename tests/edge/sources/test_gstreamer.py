"""GStreamer pipelines; those that play need its Python bindings.

On Debian and Ubuntu: apt-get install python3-gi gir1.2-gstreamer-1.0 gstreamer1.0-plugins-base
"""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import Reader, gstreamer, open_source
from edge.sources.gstreamer import complete, csi_pipeline, with_square_pixels

SYSTEM_PACKAGES = "/usr/lib/python3/dist-packages"


@pytest.fixture
def bindings(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("gi") is None:
        monkeypatch.setattr(sys, "path", [*sys.path, SYSTEM_PACKAGES])
    try:
        gi = gstreamer.import_bindings()
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst
    except (ImportError, ValueError):
        for name in [name for name in sys.modules if name == "gi" or name.startswith("gi.")]:
            del sys.modules[name]
        pytest.skip("no GStreamer Python bindings for this Python (see this file's first lines)")
    Gst.init(None)
    if Gst.ElementFactory.find("videotestsrc") is None:
        pytest.skip("gstreamer1.0-plugins-base is not installed")


@pytest.mark.parametrize("size", [(64, 48), (101, 75)])
def test_gstreamer_finite_pipeline_delivers_all_frames(bindings: None, size: tuple[int, int]) -> None:
    width, height = size
    caps = f"video/x-raw,width={width},height={height},framerate=30/1"
    with open_source(f"gst:videotestsrc pattern=red num-buffers=10 ! {caps}", camera="red") as source:
        assert source.live
        frames = list(source)
        assert source.size == size
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.t_s for frame in frames] == pytest.approx([i / 30 for i in range(10)], abs=1e-3)
    assert {frame.stream for frame in frames} == {"red"}
    for frame in frames:
        np.testing.assert_array_equal(frame.image, np.full((height, width, 3), (0, 0, 255)))
        assert frame.image.flags.c_contiguous
    assert source.problems == []


@pytest.mark.parametrize(("aspect", "size"), [("64/45", (256, 90)), ("45/64", (180, 128)), ("1/1", (180, 90))])
def test_gstreamer_non_square_pixels_are_resampled(
    bindings: None, aspect: str, size: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    caps = f"video/x-raw,width=180,height=90,pixel-aspect-ratio={aspect}"
    with open_source(f"gst:videotestsrc pattern=red num-buffers=3 ! {caps}") as source:
        frames = list(source)
        assert source.size == size
    assert {frame.image.shape for frame in frames} == {(size[1], size[0], 3)}
    square = aspect == "1/1"
    assert {frame.raster for frame in frames} == {None if square else (180, 90)}
    assert len(caplog.messages) == len(source.warnings) == (0 if square else 1)


def test_gstreamer_recording_times_are_independent_of_read_speed(bindings: None) -> None:
    caps = "video/x-raw,width=16,height=16,framerate=2/1"
    with open_source(f"gst:videotestsrc num-buffers=40 ! {caps}") as source:
        assert [frame.t_s for frame in source] == pytest.approx([index / 2 for index in range(40)])


def test_gstreamer_live_times_follow_the_pipeline(bindings: None) -> None:
    caps = "video/x-raw,width=16,height=16,framerate=100/1"
    with open_source(f"gst:videotestsrc is-live=true num-buffers=20 ! {caps}") as source:
        frames = list(source)
    assert [frame.t_s for frame in frames] == pytest.approx([index / 100 for index in range(20)], abs=1e-6)


def test_gstreamer_sink_of_the_user_is_replaced(bindings: None) -> None:
    with open_source("gst:videotestsrc num-buffers=3 ! videoconvert ! appsink drop=true") as source:
        assert len(list(source)) == 3


def test_gstreamer_close_ends_live_pipeline(bindings: None) -> None:
    reader = Reader(open_source("gst:videotestsrc is-live=true ! video/x-raw,width=64,height=48"))
    assert len(list(itertools.islice(reader, 3))) == 3
    begin_s = time.monotonic()
    reader.close()
    assert time.monotonic() - begin_s < 20  # the source itself never ends


def test_gstreamer_unread_pipeline_is_closed(bindings: None) -> None:
    source = open_source("gst:videotestsrc is-live=true")
    source.close()
    with pytest.raises(SourceError, match="only once"):
        next(iter(source))


@pytest.mark.parametrize(
    ("pipeline", "says"),
    [
        ("nosuchelement", "nosuchelement"),
        ("videotestsrc ! nonsense=3", "syntax error"),
        ("filesrc location=/nowhere/clip.mp4 ! decodebin", "not found"),
    ],
)
def test_gstreamer_pipeline_that_fails_to_start_raises_one_line(bindings: None, pipeline: str, says: str) -> None:
    with pytest.raises(SourceError, match=rf"^[^\n]*GStreamer error: [^\n]*{says}[^\n]*$"):
        open_source(f"gst:{pipeline}")


@pytest.mark.parametrize("uri", ["gst:videotestsrc", "csi://0"])
def test_gstreamer_missing_packages_are_named(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gi", None)  # an import of it fails
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "    GStreamer:                   NO\n")
    with pytest.raises(SourceError, match=r"^[^\n]*python3-gi[^\n]*plugins-good[^\n]*OpenCV[^\n]*GStreamer[^\n]*$"):
        open_source(uri)


def test_gstreamer_without_bindings_uses_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    """No OpenCV wheel has GStreamer, so its capture is replaced by one of three images."""
    opened = []

    class Capture:
        def __init__(self, description: str, backend: int) -> None:
            opened.append((description, backend))
            self._left = 3

        def isOpened(self) -> bool:
            return True

        def read(self) -> tuple[bool, np.ndarray | None]:
            self._left -= 1
            return (True, np.full((4, 6, 3), self._left, np.uint8)) if self._left >= 0 else (False, None)

        def release(self) -> None:
            opened.append(("released", 0))

    monkeypatch.setitem(sys.modules, "gi", None)
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "    GStreamer:                   YES (1.22)\n")
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    with open_source("gst:somesrc") as source:
        frames = list(source)
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [2, 1, 0]
    assert source.size == (6, 4)
    assert opened == [(with_square_pixels(complete("somesrc")), cv2.CAP_GSTREAMER), ("released", 0)]
    assert "videoconvert ! videoscale ! video/x-raw,format=BGR,pixel-aspect-ratio=1/1 ! appsink" in opened[0][0]


def test_csi_pipeline_jetson_uses_nvarguscamerasrc() -> None:
    pipeline = csi_pipeline(1, {"width": "1920", "height": "1080", "fps": "60"}, jetson=True)
    assert pipeline.startswith("nvarguscamerasrc sensor-id=1 ! video/x-raw(memory:NVMM),")
    assert "width=1920,height=1080,framerate=60/1" in pipeline
    assert "nvvidconv" in pipeline


def test_csi_pipeline_other_machine_uses_libcamerasrc() -> None:
    assert csi_pipeline(0, {}, jetson=False) == "libcamerasrc ! video/x-raw,width=1280,height=720,framerate=30/1"
    with pytest.raises(SourceError, match="camera-name"):
        csi_pipeline(1, {}, jetson=False)


def test_csi_missing_plugin_is_named(bindings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gstreamer, "on_jetson", lambda: True)
    with pytest.raises(SourceError, match=r"nvarguscamerasrc.*JetPack"):
        open_source("csi://0")


BOTH = f"""
import sys
sys.path.append({SYSTEM_PACKAGES!r})
from edge.cli.main import main

assert main(["run", "gst:videotestsrc num-buffers=3 ! video/x-raw,width=64,height=48", "-q", "--pace", "fast"]) == 0
import openvino
try:
    openvino.Core().get_property("CPU", "NO_SUCH_PROPERTY")
except RuntimeError:
    print("caught")
"""


def test_gstreamer_and_openvino_exceptions_work_in_one_process(bindings: None) -> None:
    """In a process of its own: where C++ exceptions have lost their way, it is ended."""
    answer = subprocess.run([sys.executable, "-c", BOTH], capture_output=True, text=True, timeout=120, check=False)
    assert (answer.returncode, answer.stdout) == (0, "caught\n"), answer.stderr
