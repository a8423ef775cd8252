"""Cameras and pipelines of GStreamer, through its Python bindings or an OpenCV that was built with it."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import re
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edge.errors import SourceError
from edge.redaction import redact_text
from edge.sources.decoder import Picture
from edge.sources.demuxer import DemuxError
from edge.sources.frames import FileFrames, Rate
from edge.sources.geometry import resample, square_size
from edge.sources.live import LiveSource
from edge.types import Frame

if TYPE_CHECKING:
    import threading

    from edge.sources.base import Stop

MISSING = (
    "needs GStreamer: install its Python bindings (Debian, Ubuntu, JetPack: python3-gi gir1.2-gstreamer-1.0 "
    "gstreamer1.0-plugins-good; a virtual environment sees them with --system-site-packages), "
    "or an OpenCV that was built with GStreamer"
)
_PACKAGES = {
    "libcamerasrc": "install gstreamer1.0-libcamera",
    "nvarguscamerasrc": "install nvidia-l4t-gstreamer, a part of JetPack",
    "videoconvert": "install gstreamer1.0-plugins-base",
}
_SINK = "videoconvert ! video/x-raw,format=BGR ! appsink name=meshcast sync=false max-buffers=4"
_PULL_NS = 100_000_000
_START_S = 10.0


def import_bindings() -> Any:
    """The module gi, GStreamer's bindings; ImportError where there is none.

    GStreamer brings libunwind into the process for everybody, and libunwind has its own version of the C++ runtime's
    stack unwinding: the next exception inside OpenVINO then ends the process. The runtime's version is made global
    first, so that it is the one found.
    """
    with contextlib.suppress(OSError):  # another C++ runtime: nothing to protect
        ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)
    return importlib.import_module("gi")


class Pipeline(Protocol):
    """A playing pipeline. read() waits for a picture, with square pixels; None at the end or stop.

    live: whether its pictures come from a camera or a network as they happen, so that it can be started again.
    networked: whether they come from a network, where an end of stream only says that the other side has gone.
    Raises PipelineError.
    """

    @property
    def live(self) -> bool: ...

    @property
    def networked(self) -> bool: ...

    def read(self, stop: Stop) -> Picture | None: ...

    def close(self) -> None: ...


class PipelineError(Exception):
    """The pipeline failed. message: GStreamer's, which may repeat what the pipeline holds."""

    def __init__(self, message: str) -> None:
        super().__init__(f"GStreamer says: {message.splitlines()[0] if message else 'nothing'}")
        self.message = message


class GstreamerSource(LiveSource):
    """Frames of a GStreamer pipeline until it ends. The sink is added here, and one that is there is replaced.

    An error is the end of a pipeline that plays a recording; a live one (GStreamer says which are: those that have no
    picture before they play) is started again, until it works. An end of stream is the end of the source, unless it
    is live and from a network.

    pipeline: what gst-launch-1.0 takes, without the sink. shown: what messages call it; secrets: what they must not
    repeat. Starts the pipeline at once. Raises SourceError where there is no GStreamer, or it does not start.
    """

    def __init__(
        self,
        pipeline: str,
        *,
        name: str,
        shown: str,
        secrets: tuple[str, ...] = (),
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name=name, shown=shown, stop=stop)
        self._description = complete(pipeline)
        self._secrets = secrets
        if not pipeline:
            raise SourceError(f"{shown} names no pipeline, expected for example gst:videotestsrc")
        try:
            self._pipeline: Pipeline | None = _start(self._description, shown, self._stop)
        except PipelineError as error:
            raise SourceError(f"{shown}: {self._redacted(error)}{_advice(error.message)}") from None
        self._restarts = self._pipeline.live
        self._goes_on = self._pipeline.live and self._pipeline.networked
        if isinstance(self._pipeline, _GiPipeline) and not self._pipeline.live:
            # The host's clock says nothing about the times of a recording, which comes as fast as it is read.
            self._frames = FileFrames(name, shown, Rate(None), self._remark)

    def __iter__(self) -> Iterator[Frame]:
        if self._pipeline is None:
            raise SourceError(f"{self._shown}: a pipeline can be read only once; open it again")
        return super().__iter__()

    def _play(self) -> Iterator[Picture]:
        pipeline, self._pipeline = self._pipeline, None
        try:
            if pipeline is None:
                pipeline = _start(self._description, self._shown, self._stop)
            while (picture := pipeline.read(self._stop)) is not None:
                yield picture
        except PipelineError as error:
            raise self._redacted(error) from None
        finally:
            if pipeline is not None:
                pipeline.close()

    def _ends(self) -> bool:
        return not self._goes_on

    def _is_final(self, error: DemuxError) -> bool:
        return not self._restarts

    def _redacted(self, error: PipelineError) -> DemuxError:
        return DemuxError(redact_text(str(error), self._secrets))

    def close(self) -> None:
        super().close()
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.close()


def complete(pipeline: str) -> str:
    """The pipeline with the sink that hands BGR pictures over; an appsink at its end is replaced."""
    body = re.sub(r"!\s*appsink\b[^!]*$", "", pipeline.strip()).rstrip(" !")
    return f"{body} ! {_SINK}"


def with_square_pixels(description: str) -> str:
    """A complete pipeline that scales its pictures to square pixels, for a reader that is not told their shape."""
    scaled = _SINK.replace("format=BGR", "format=BGR,pixel-aspect-ratio=1/1").replace("! video", "! videoscale ! video")
    return description.replace(_SINK, scaled)


def csi_pipeline(sensor: int, options: dict[str, str], *, jetson: bool) -> str:
    """The pipeline, without a sink, of a CSI camera: Argus on a Jetson, libcamera elsewhere.

    options: width, height, fps as text; 1280 x 720 at 30 where they are not given.
    """
    picture = (
        f"width={options.get('width', '1280')},height={options.get('height', '720')},"
        f"framerate={options.get('fps', '30')}/1"
    )
    if jetson:
        return (
            f"nvarguscamerasrc sensor-id={sensor} ! video/x-raw(memory:NVMM),{picture} "
            "! nvvidconv ! video/x-raw,format=BGRx"
        )
    if sensor != 0:
        raise SourceError(
            f"csi://{sensor}: libcamera numbers no cameras; name it: gst:libcamerasrc camera-name=... (cam --list)"
        )
    return f"libcamerasrc ! video/x-raw,{picture}"


def on_jetson() -> bool:
    """Whether this is an NVIDIA Jetson, whose cameras go through Argus."""
    return Path("/etc/nv_tegra_release").exists()


def _advice(reason: str) -> str:
    missing = re.fullmatch(r'no element "(\w+)"', reason)
    return f"; {_PACKAGES.get(missing[1], 'install the plugin that has it')}" if missing else ""


def _start(description: str, title: str, stop: Stop) -> Pipeline:
    try:
        gi = import_bindings()
        gi.require_version("Gst", "1.0")
        return _GiPipeline(description, importlib.import_module("gi.repository.Gst"), stop)
    except (ImportError, ValueError):
        pass
    import cv2

    if not re.search(r"GStreamer:\s+YES", cv2.getBuildInformation()):
        raise SourceError(f"{title} {MISSING}")
    return _OpencvPipeline(description)


class _GiPipeline:
    """Through GStreamer's own Python bindings. gst is the module gi.repository.Gst, which has no types."""

    def __init__(self, description: str, gst: Any, stop: Stop) -> None:
        self._gst = gst
        gst.init(None)
        glib = importlib.import_module("gi.repository.GLib")
        try:
            self._pipeline = gst.parse_launch(description)
        except glib.Error as error:
            raise PipelineError(error.message) from None
        self._sink = self._pipeline.get_by_name("meshcast")
        self._bus = self._pipeline.get_bus()
        # Only a pipeline that is live has no picture while it is paused.
        self.live = self._reach(gst.State.PAUSED, stop) == gst.StateChangeReturn.NO_PREROLL
        self._reach(gst.State.PLAYING, stop)
        self.networked = self._has_network_source()

    def read(self, stop: Stop) -> Picture | None:
        while not stop.is_set():
            sample = self._sink.emit("try-pull-sample", _PULL_NS)
            if sample is not None:
                return self._picture(sample)
            error = self._error()
            if error is not None:
                raise PipelineError(error)
            if self._sink.get_property("eos"):
                return None
        return None

    def close(self) -> None:
        self._pipeline.set_state(self._gst.State.NULL)

    def _has_network_source(self) -> bool:
        found = []
        self._pipeline.iterate_recurse().foreach(lambda element: found.append(element.get_factory()))
        return any("Source/Network" in factory.get_metadata("klass") for factory in found if factory is not None)

    def _reach(self, state: Any, stop: Stop) -> Any:
        """Change the state and wait for it, for a while. Raises PipelineError."""
        change = self._gst.StateChangeReturn
        result = self._pipeline.set_state(state)
        end_s = time.monotonic() + _START_S
        reason = None
        while result == change.ASYNC and time.monotonic() < end_s and not (stop.is_set() or reason):
            result, _, _ = self._pipeline.get_state(_PULL_NS)
            reason = self._error()
        if result == change.FAILURE or reason:
            reason = reason or self._error() or "the pipeline does not start"
            self.close()
            raise PipelineError(reason)
        return result

    def _picture(self, sample: Any) -> Picture:
        structure = sample.get_caps().get_structure(0)
        width, height = structure.get_value("width"), structure.get_value("height")
        buffer = sample.get_buffer()
        mapped, view = buffer.map(self._gst.MapFlags.READ)
        if not mapped:
            raise PipelineError("a picture cannot be mapped into memory")
        try:
            rows = np.frombuffer(view.data, np.uint8).reshape(height, -1)  # rows are padded to 4 bytes
            image = rows[:, : width * 3].reshape(height, width, 3).copy()
        finally:
            buffer.unmap(view)
        pts_s = None if buffer.pts == self._gst.CLOCK_TIME_NONE else buffer.pts / 1e9
        given, across, down = structure.get_fraction("pixel-aspect-ratio")
        aspect = Fraction(across, down) if given and across > 0 and down > 0 else None
        return Picture(pts_s, resample(image, square_size((width, height), aspect)), (width, height))

    def _error(self) -> str | None:
        message = self._bus.pop_filtered(self._gst.MessageType.ERROR)
        return None if message is None else str(message.parse_error()[0].message)


class _OpencvPipeline:
    """Through an OpenCV that was built with GStreamer, which does not tell an error from an end."""

    live = networked = False

    def __init__(self, description: str) -> None:
        import cv2

        self._capture = cv2.VideoCapture(with_square_pixels(description), cv2.CAP_GSTREAMER)
        if not self._capture.isOpened():
            raise PipelineError("the pipeline does not start (OpenCV does not say why; try it with gst-launch-1.0)")

    def read(self, stop: Stop) -> Picture | None:
        if stop.is_set():
            return None
        delivered, image = self._capture.read()
        if not delivered:
            return None
        return Picture(None, np.ascontiguousarray(image, np.uint8), (image.shape[1], image.shape[0]))

    def close(self) -> None:
        self._capture.release()
