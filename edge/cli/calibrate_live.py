"""Views of a board that is held in front of a live camera, with guidance on the console and on a page."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from edge import console
from edge.cli.page_options import LINKING, LISTEN, add_open_option, add_page_options, bridge_from
from edge.cli.run_page import ANY_PORT, announce
from edge.errors import PublishError

if TYPE_CHECKING:
    from calibration.boards import Board, View
    from calibration.intrinsics import Intrinsics
    from calibration.lens import LensModel
    from edge.bridges.websocket.calibration_page import CalibrationPage
    from edge.sources import Source
    from edge.types import Frame

ENOUGH_VIEWS = 25  # when nothing is missing any more, and no page is open
TOLD_S = 5.0  # in which an open page has to fetch the result


def add_live_options(parser: argparse.ArgumentParser) -> None:
    """--view, --no-view and the options of the page's server."""
    group = parser.add_argument_group(LINKING)
    group.add_argument(
        "--view",
        action="store_true",
        default=None,
        help="guide on a page with the camera's image (default for live cameras; a video is played as if it were live)",
    )
    group.add_argument("--no-view", dest="view", action="store_false", help="guide a live camera on the console alone")
    add_open_option(group)
    add_page_options(group)


class LiveEstimate:
    """Calibrates on a thread, for the error so far; a newer set of views waits until the one before is done.

    Attributes:
        result: the latest result, None without any.
        problem: why there is none for the latest views.
    """

    def __init__(self, size: tuple[int, int], model: LensModel) -> None:
        """
        Args:
            size: of the images, px.
            model: of the lens.
        """
        self.result: Intrinsics | None = None
        self.problem = ""
        self._size, self._model = size, model
        self._thread: threading.Thread | None = None
        self._views = 0

    def update(self, views: Sequence[View]) -> None:
        """Start a calibration if there are more views than before, and none is running."""
        from calibration.intrinsics import MIN_VIEWS

        running = self._thread is not None and self._thread.is_alive()
        if running or len(views) == self._views or len(views) < MIN_VIEWS:
            return
        self._views = len(views)
        self._thread = threading.Thread(target=self._work, args=(tuple(views),), name="meshcast-estimate", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for a calibration that is running."""
        if self._thread is not None:
            self._thread.join()

    def _work(self, views: Sequence[View]) -> None:
        from calibration.intrinsics import CalibrationError, calibrate

        try:
            self.result, self.problem = calibrate(views, self._size, self._model), ""
        except CalibrationError as error:
            self.problem = str(error)


@contextmanager
def calibration_page(args: argparse.Namespace, label: str) -> Iterator[CalibrationPage]:
    """Serve the page of a calibration. Raises MeshcastError."""
    from edge.bridges.websocket.background import BackgroundBridge
    from edge.bridges.websocket.calibration_page import PAGE, CalibrationPage
    from edge.bridges.websocket.server import Bridge

    board = args.chessboard or (args.charuco[0] - 1, args.charuco[1] - 1)
    page = CalibrationPage(board)

    def bridge(listen: str | None = None) -> Bridge:
        return bridge_from(args, None, about={"source": label}, listen=listen, page=PAGE, resources=[page])

    with ExitStack() as cleanup:
        try:
            server = cleanup.enter_context(BackgroundBridge(bridge()))
        except PublishError:
            if args.listen != LISTEN:
                raise
            server = cleanup.enter_context(BackgroundBridge(bridge(ANY_PORT)))  # another page has the usual port
        announce(server.link, f"calibrate {label}", args.open_page)
        try:
            yield page
        finally:
            if page.watched:
                page.told.wait(TOLD_S)


def collect_live(
    source: Source, board: Board, most: int, page: CalibrationPage | None, model: LensModel
) -> tuple[list[View], tuple[int, int], int]:
    """Views until they suffice, the page or Ctrl-C ends the collection, or the source ends.

    Args:
        source: a camera, or a video that is played.
        board: that is shown.
        most: number of views after which the collection ends.
        page: that shows what happens; None: the console alone.
        model: of the lens.

    Returns:
        Views, size of the images in px, and the number of images that were searched.

    Raises:
        CalibrationError: the images differ in size.
    """
    from edge.cli.status_line import StatusLine
    from edge.runtime.signals import interruptible
    from edge.sources.reader import Reader

    collection: _Collection | None = None
    searched = 0
    with interruptible() as interrupt, Reader(source, "realtime") as reader, StatusLine() as status:
        if page is not None:
            page.on_finish = reader.stop
        try:
            with interrupt.welcome():
                for frame in reader:
                    collection = collection or _Collection(frame, board, model)
                    searched += 1
                    status.show(collection.add(frame, page))
                    if len(collection.views) >= most or (collection.enough and not (page and page.watched)):
                        break
        except KeyboardInterrupt:
            console.line("stopped; the views so far are used")
    if collection is None:
        return [], (0, 0), 0
    collection.estimate.wait()
    return collection.views, collection.size, searched


class _Collection:
    """What is known from the images so far."""

    def __init__(self, first: Frame, board: Board, model: LensModel) -> None:
        from calibration.guidance import ViewCollector

        self.size = (first.image.shape[1], first.image.shape[0])
        self.estimate = LiveEstimate(self.size, model)
        self._collector = ViewCollector(self.size)
        self._board = board
        self._learn()

    @property
    def views(self) -> list[View]:
        return self._collector.views

    @property
    def enough(self) -> bool:
        """Whether nothing is missing."""
        return len(self.views) >= ENOUGH_VIEWS and not self._advice

    def add(self, frame: Frame, page: CalibrationPage | None) -> str:
        """Search an image, show it on the page, and return a line for the console. Raises CalibrationError."""
        import cv2
        import numpy as np

        from edge.cli.board_arguments import check_size

        name = f"frame {frame.index}"
        check_size(name, frame.image, self.size)
        gray = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
        view = self._board.find(gray, name, thorough=False)
        verdict = self._collector.offer(view, frame.t_s)
        if verdict == "kept":
            self._learn()
        self.estimate.update(self.views)
        if page is not None:
            page.show(frame.image, view, self.views, self._values(verdict))
        result = self.estimate.result
        error = "" if result is None else f", {result.rms_px:.2f} px rms"
        advice = "hold the board still" if verdict == "moving" else self._advice or "enough"
        return f"{len(self.views)} views{error}; {advice}"

    def _learn(self) -> None:
        """Work out what the views lack."""
        from calibration.guidance import guidance, steps
        from calibration.intrinsics import coverage

        self._advice = guidance(self.views, self.size)
        self._steps = [[step.text, step.region, step.away, step.done] for step in steps(self.views, self.size)]
        self._coverage = coverage(self.views, self.size)

    def _values(self, verdict: str | None) -> dict[str, Any]:
        result = self.estimate.result
        return {
            "verdict": verdict,
            "advice": self._advice,
            "steps": self._steps,
            "coverage": self._coverage,
            "rms": None if result is None else result.rms_px,
            "focal": None if result is None else [float(result.camera.K[0, 0]), result.focal_std_px[0]],
            "ready": result is not None and not self.estimate.problem,
            "problem": self.estimate.problem,
        }
