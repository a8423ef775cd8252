"""Settings of a run that change while it works."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from edge.pipeline import Pipeline
from edge.runtime.schedule import Hours, OutputSchedules
from edge.sinks.rerun_target import ImageRate
from edge.stages.zones import Zone

log = logging.getLogger("meshcast.reload")


class RunControl:
    """Changes settings of the running streams. Each change takes effect at the next frame."""

    def __init__(
        self,
        pipelines: Sequence[Pipeline],
        image_rates: Iterable[ImageRate] = (),
        schedules: OutputSchedules | None = None,
    ) -> None:
        """
        Args:
            pipelines: of the streams, in the order of the sources.
            image_rates: of the displays.
            schedules: of the outputs.
        """
        self._schedules = schedules or OutputSchedules()
        self._pipelines = tuple(pipelines)
        self._image_rates = tuple(image_rates)

    @property
    def streams(self) -> int:
        """Number of streams."""
        return len(self._pipelines)

    def set_zones(self, index: int, zones: Sequence[Zone]) -> None:
        """Replace the zones in which people of a stream are ignored."""
        self._pipelines[index].ignored.zones = tuple(zones)

    def set_detect_every(self, frames: int) -> None:
        """Run the detector on every Nth frame."""
        for pipeline in self._pipelines:
            pipeline.track.set_interval(frames)

    def set_image_fps(self, fps: float) -> None:
        """Change the images per second of Rerun; 0: none."""
        for rate in self._image_rates:
            rate.fps = fps

    def set_hours(self, output: str, hours: Hours | None) -> None:
        """Change the hours of an output, "publish", "record" or "save"; None: always."""
        getattr(self._schedules, output).hours = hours

    def set_smoothing(self, smooth: str) -> None:
        """Replace the filters: "off", "light" or "strong". They start again at the next frame."""
        for pipeline in self._pipelines:
            pipeline.set_smoothing(smooth)


class ReloadRequest:
    """Whether a reload was requested and has not been handled yet."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def handle(self, number: int, stack: FrameType | None) -> None:
        """The handler of the signal."""
        self._asked.set()

    def poll(self, reload: Callable[[], None] | None) -> None:
        """Call `reload` if it was requested; its errors are logged. None: the run has nothing to read again."""
        if not self._asked.is_set():
            return
        self._asked.clear()
        if reload is None:
            log.warning("reload: this run has no configuration file; nothing changes")
            return
        try:
            reload()
        except Exception as error:
            log.warning("reload: %s; nothing changes", error)


@contextmanager
def reloadable() -> Iterator[ReloadRequest]:
    """Handle SIGUSR1 as a request to reload; on other threads than the main one this does nothing."""
    request = ReloadRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = signal.signal(signal.SIGUSR1, request.handle)
    try:
        yield request
    finally:
        signal.signal(signal.SIGUSR1, before)
