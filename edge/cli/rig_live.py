"""Views of a board that live cameras see at the same time, for `meshcast calibrate rig`."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from edge import console
from edge.cli.rig_recordings import Recording
from edge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from calibration.boards import Board, View
    from calibration.rig.live_progress import RigProgress
    from edge.sources import Pace, Source

MOST_IMAGES = 20_000  # of a camera that are searched
POLL_S = 0.1


def are_live(sources: Sequence[str]) -> bool:
    """Whether the sources are live cameras. Raises UsageError where only some are."""
    from edge.redaction import redact_url
    from edge.sources import open_source

    live = []
    for uri in sources:
        with open_source(uri) as source:
            live.append(source.live)
    if any(live) and not all(live):
        one, other = (redact_url(sources[live.index(kind)]) for kind in (True, False))
        raise UsageError(f"{one} is live and {other} is not; give live cameras only, or recordings only")
    return all(live)


def collect_rig(
    sources: Sequence[Source],
    names: Sequence[str],
    board: Callable[[], Board],
    solved: Sequence[str],
    *,
    pace: Pace | None = None,
) -> list[Recording]:
    """Search the images of all cameras until their views suffice and the board lies still on the floor, or Ctrl-C.

    Args:
        sources: the cameras; they are closed.
        names: of the cameras.
        board: makes the detector of a camera's thread.
        solved: names of cameras whose intrinsics are solved from these views.
        pace: of the readers; None: the newest image.

    Raises:
        MeshcastError: a camera cannot be read, or never saw the board.
    """
    from calibration.intrinsics import CalibrationError
    from edge.cli.status_line import StatusLine
    from edge.runtime.signals import interruptible

    collection = _Collection(names, solved)
    with ExitStack() as cleanup:
        interrupt = cleanup.enter_context(interruptible())
        status = cleanup.enter_context(StatusLine())
        cleanup.callback(collection.stop)
        for source, name in zip(sources, names, strict=True):
            collection.start(source, name, board(), pace)
        try:
            with interrupt.welcome():
                said = ""
                while not collection.done:
                    advice = collection.advice
                    status.show(advice)
                    if advice != said and not console.interactive():
                        console.line(advice)
                    said = advice
                    time.sleep(POLL_S)
        except KeyboardInterrupt:
            console.line("stopped; the views so far are used")
    collection.stop()
    if collection.error is not None:
        raise collection.error
    found = collection.recordings(board().corner_count)
    for recording in found:
        if not recording.track.views:
            raise CalibrationError(
                f"{recording.name}: the board was not found in {recording.track.frames} images; check its size "
                "(--chessboard counts inner corners, --charuco squares)"
            )
    return found


class _Collection:
    """What all cameras saw so far; each camera has a thread that searches its images."""

    def __init__(self, names: Sequence[str], solved: Sequence[str]) -> None:
        self._names, self._solved = tuple(names), tuple(solved)
        self._lock = threading.Lock()
        self._begin_s: float | None = None
        self._latest_s = 0.0
        self._sizes: dict[str, tuple[int, int]] = {}
        self._views: dict[str, dict[int, View]] = {name: {} for name in names}
        self._times: dict[str, dict[int, float]] = {name: {} for name in names}
        self._progress: RigProgress | None = None
        self._threads: list[threading.Thread] = []
        self._readers: list[Callable[[], None]] = []
        self._stopping = False
        self.error: Exception | None = None

    def start(self, source: Source, name: str, board: Board, pace: Pace | None) -> None:
        """Search the images of a camera."""
        from edge.sources.reader import Reader

        reader = Reader(source, pace or "realtime")
        self._readers.append(reader.close)
        thread = threading.Thread(target=self._search, args=(reader, name, board), name=f"meshcast-rig-{name}")
        thread.daemon = True
        self._threads.append(thread)
        thread.start()

    @property
    def advice(self) -> str:
        """What to do next, in one line."""
        with self._lock:
            if self._progress is None:
                missing = [name for name in self._names if name not in self._sizes]
                return f"waiting for the first image of {', '.join(missing or self._names)}"
            return self._progress.advice or "enough views: lay the board on the floor where two cameras see it"

    @property
    def done(self) -> bool:
        """Whether the views suffice, or no more arrive."""
        if self.error is not None or not any(thread.is_alive() for thread in self._threads):
            return True
        with self._lock:
            progress = self._progress
            return progress is not None and not progress.advice and progress.lies_still(self._latest_s)

    def stop(self) -> None:
        """End all threads. May be called twice."""
        self._stopping = True
        for close in self._readers:
            close()
        for thread in self._threads:
            thread.join()

    def recordings(self, corners: int) -> list[Recording]:
        """What was found, as of recordings with a common clock."""
        import numpy as np

        from calibration.rig.timeline import BoardTrack

        found = []
        for name in self._names:
            times = self._times[name]
            interval = float(np.median(np.diff(sorted(times.values())))) if len(times) > 1 else 0.0
            track = BoardTrack(self._views[name], times, interval, len(times), corners)
            found.append(Recording(name, self._sizes.get(name, (0, 0)), track, photographs=False, live=True))
        return found

    def _search(self, reader: object, name: str, board: Board) -> None:
        from edge.sources.reader import Reader

        assert isinstance(reader, Reader)
        try:
            for frame in reader:
                self._take(frame.index, frame.t_capture_ns * 1e-9, frame.image, name, board)
                if self._stopping or len(self._times[name]) >= MOST_IMAGES:
                    return
        except Exception as raised:  # reported by the main thread
            self.error = self.error or raised

    def _take(self, index: int, captured_s: float, image: object, name: str, board: Board) -> None:
        import cv2
        import numpy as np

        from calibration.rig.live_progress import RigProgress
        from edge.cli.board_arguments import check_size

        pixels = np.asarray(image)
        label = f"frame {index}"
        size = self._sizes.setdefault(name, (pixels.shape[1], pixels.shape[0]))
        check_size(f"{name}, {label}", pixels, size)
        gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
        view = board.find(gray, label, thorough=False)
        with self._lock:
            if self._begin_s is None:
                self._begin_s = captured_s
            t_s = captured_s - self._begin_s
            self._latest_s = max(self._latest_s, t_s)
            if self._progress is None and len(self._sizes) == len(self._names):
                self._progress = RigProgress({known: self._sizes[known] for known in self._names}, self._solved)
            if self._progress is not None:
                self._progress.offer(name, view, t_s)
            self._times[name][index] = t_s
            if view is not None:
                self._views[name][index] = view
