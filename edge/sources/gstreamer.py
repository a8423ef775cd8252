"""GStreamer pipelines and CSI cameras, through the Python bindings or an OpenCV build with GStreamer."""

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
from edge.sources.decoder import DecodedImage
from edge.sources.demuxer import DemuxError
from edge.sources.frames import FileFrames, Rate
from edge.sources.geometry import resample, square_size
from edge.sources.live import LiveSource
from edge.types import Frame

if TYPE_CHECKING:
    import threading

    from edge.sources.base import StopSignal

MISSING = (
    "GStreamer is missing; install its Python bindings (Debian, Ubuntu, JetPack: python3-gi gir1.2-gstreamer-1.0 "
    "gstreamer1.0-plugins-good; a virtual environment needs --system-site-packages) or an OpenCV build with GStreamer"
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
    """Import gi, GStreamer's Python bindings. Raises ImportError.

    GStreamer loads libunwind globally, whose stack unwinding shadows that of the C++ runtime: the next exception inside
    OpenVINO would then abort the process. Loading the runtime's version globally first gives it precedence.
    """
    with contextlib.suppress(OSError):  # another C++ runtime, without this problem
        ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)
    return importlib.import_module("gi")


class Pipeline(Protocol):
    """A playing pipeline. read() waits for an image with square pixels; None at the end or when stopped.

    live: whether images arrive in real time from a camera or a network, so that the pipeline can be restarted.
    networked: whether they come from a network, where the end of the stream may only mean a disconnect.
    Raises PipelineError.
    """

    @property
    def live(self) -> bool: ...

    @property
    def networked(self) -> bool: ...

    def read(self, stop: StopSignal) -> DecodedImage | None: ...

    def close(self) -> None: ...


class PipelineError(Exception):
    """The pipeline failed. message: GStreamer's message, which may quote the pipeline and its secrets."""

    def __init__(self, message: str) -> None:
        super().__init__(f"GStreamer error: {message.splitlines()[0] if message else 'no message'}")
        self.message = message


class GstreamerSource(LiveSource):
    """Frames of a GStreamer pipeline. The sink is appended; an existing appsink is replaced.

    After an error a live pipeline (one without preroll) is restarted until it works; a pipeline that plays a recording
    ends. The end of the stream ends the source, unless it is live and from a network.

    pipeline: in the syntax of gst-launch-1.0, without the sink. label: name in messages. secrets: texts to redact from
    messages. The constructor starts the pipeline. Raises SourceError if GStreamer is missing or the pipeline does not
    start.
    """

    def __init__(
        self,
        pipeline: str,
        *,
        name: str,
        label: str,
        secrets: tuple[str, ...] = (),
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name=name, label=label, stop=stop)
        self._description = complete(pipeline)
        self._secrets = secrets
        if not pipeline:
            raise SourceError(f"{label}: no pipeline; use for example gst:videotestsrc")
        try:
            self._pipeline: Pipeline | None = _start(self._description, label, self._stop)
        except PipelineError as error:
            raise SourceError(f"{label}: {self._redacted(error)}{_advice(error.message)}") from None
        self._restarts = self._pipeline.live
        self._restarts_at_end = self._pipeline.live and self._pipeline.networked
        if isinstance(self._pipeline, _GiPipeline) and not self._pipeline.live:
            # A recording is read at full speed, so the host's clock does not measure its times.
            self._frames = FileFrames(name, label, Rate(None), self._warn)

    def __iter__(self) -> Iterator[Frame]:
        if self._pipeline is None:
            raise SourceError(f"{self._label}: a pipeline can be read only once; open the source again")
        return super().__iter__()

    def _decode_stream(self) -> Iterator[DecodedImage]:
        pipeline, self._pipeline = self._pipeline, None
        try:
            if pipeline is None:
                pipeline = _start(self._description, self._label, self._stop)
            while (decoded := pipeline.read(self._stop)) is not None:
                yield decoded
        except PipelineError as error:
            raise self._redacted(error) from None
        finally:
            if pipeline is not None:
                pipeline.close()

    def _ends_with_stream(self) -> bool:
        return not self._restarts_at_end

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
    """Return the pipeline with a sink for BGR images; an appsink at its end is replaced."""
    body = re.sub(r"!\s*appsink\b[^!]*$", "", pipeline.strip()).rstrip(" !")
    return f"{body} ! {_SINK}"


def with_square_pixels(description: str) -> str:
    """Return a complete pipeline that scales to square pixels, for readers that do not get the pixel aspect ratio."""
    scaled = _SINK.replace("format=BGR", "format=BGR,pixel-aspect-ratio=1/1").replace("! video", "! videoscale ! video")
    return description.replace(_SINK, scaled)


def csi_pipeline(sensor: int, options: dict[str, str], *, jetson: bool) -> str:
    """Return the pipeline, without a sink, of a CSI camera: Argus on a Jetson, libcamera elsewhere.

    options: width, height, fps as text (default: 1280, 720, 30).
    """
    caps = (
        f"width={options.get('width', '1280')},height={options.get('height', '720')},"
        f"framerate={options.get('fps', '30')}/1"
    )
    if jetson:
        return (
            f"nvarguscamerasrc sensor-id={sensor} ! video/x-raw(memory:NVMM),{caps} "
            "! nvvidconv ! video/x-raw,format=BGRx"
        )
    if sensor != 0:
        raise SourceError(
            f"csi://{sensor}: libcamera does not number cameras; use gst:libcamerasrc camera-name=NAME (see cam --list)"
        )
    return f"libcamerasrc ! video/x-raw,{caps}"


def on_jetson() -> bool:
    """Whether this machine is an NVIDIA Jetson, whose CSI cameras use Argus."""
    return Path("/etc/nv_tegra_release").exists()


def _advice(reason: str) -> str:
    missing = re.fullmatch(r'no element "(\w+)"', reason)
    return f"; {_PACKAGES.get(missing[1], 'install the plugin that provides it')}" if missing else ""


def _start(description: str, label: str, stop: StopSignal) -> Pipeline:
    try:
        gi = import_bindings()
        gi.require_version("Gst", "1.0")
        return _GiPipeline(description, importlib.import_module("gi.repository.Gst"), stop)
    except (ImportError, ValueError):
        pass
    import cv2

    if not re.search(r"GStreamer:\s+YES", cv2.getBuildInformation()):
        raise SourceError(f"{label}: {MISSING}")
    return _OpencvPipeline(description)


class _GiPipeline:
    """A pipeline of GStreamer's Python bindings. gst: the module gi.repository.Gst, which has no types."""

    def __init__(self, description: str, gst: Any, stop: StopSignal) -> None:
        self._gst = gst
        gst.init(None)
        glib = importlib.import_module("gi.repository.GLib")
        try:
            self._pipeline = gst.parse_launch(description)
        except glib.Error as error:
            raise PipelineError(error.message) from None
        self._sink = self._pipeline.get_by_name("meshcast")
        self._bus = self._pipeline.get_bus()
        # Only a live pipeline has no preroll: no image while it is paused.
        self.live = self._reach(gst.State.PAUSED, stop) == gst.StateChangeReturn.NO_PREROLL
        self._reach(gst.State.PLAYING, stop)
        self.networked = self._has_network_source()

    def read(self, stop: StopSignal) -> DecodedImage | None:
        while not stop.is_set():
            sample = self._sink.emit("try-pull-sample", _PULL_NS)
            if sample is not None:
                return self._convert(sample)
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

    def _reach(self, state: Any, stop: StopSignal) -> Any:
        """Change the state and wait for it up to _START_S. Raises PipelineError."""
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

    def _convert(self, sample: Any) -> DecodedImage:
        structure = sample.get_caps().get_structure(0)
        width, height = structure.get_value("width"), structure.get_value("height")
        buffer = sample.get_buffer()
        mapped, view = buffer.map(self._gst.MapFlags.READ)
        if not mapped:
            raise PipelineError("an image cannot be mapped into memory")
        try:
            rows = np.frombuffer(view.data, np.uint8).reshape(height, -1)  # rows are padded to 4 bytes
            image = rows[:, : width * 3].reshape(height, width, 3).copy()
        finally:
            buffer.unmap(view)
        pts_s = None if buffer.pts == self._gst.CLOCK_TIME_NONE else buffer.pts / 1e9
        given, across, down = structure.get_fraction("pixel-aspect-ratio")
        aspect = Fraction(across, down) if given and across > 0 and down > 0 else None
        return DecodedImage.of(pts_s, resample(image, square_size((width, height), aspect)), (width, height))

    def _error(self) -> str | None:
        message = self._bus.pop_filtered(self._gst.MessageType.ERROR)
        return None if message is None else str(message.parse_error()[0].message)


class _OpencvPipeline:
    """A pipeline of an OpenCV build with GStreamer, which does not distinguish an error from the end."""

    live = networked = False

    def __init__(self, description: str) -> None:
        import cv2

        self._capture = cv2.VideoCapture(with_square_pixels(description), cv2.CAP_GSTREAMER)
        if not self._capture.isOpened():
            raise PipelineError("the pipeline does not start (run it with gst-launch-1.0 to see why)")

    def read(self, stop: StopSignal) -> DecodedImage | None:
        if stop.is_set():
            return None
        delivered, image = self._capture.read()
        if not delivered:
            return None
        return DecodedImage.of(None, np.ascontiguousarray(image, np.uint8), (image.shape[1], image.shape[0]))

    def close(self) -> None:
        self._capture.release()
