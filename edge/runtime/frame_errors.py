"""What an error of a single frame means: the frame is left out and counted, unless it will not get better."""

from __future__ import annotations

import logging

from calibration.camera import CameraError
from edge.errors import FrameError
from edge.types import Frame
from engines.errors import DeviceLostError, MeshcastError

log = logging.getLogger("meshcast.stream")

FIRST = 10  # frames; if as many fail before one gets through, it is no exception
IN_A_ROW = 30  # frames; about a second of a camera


class FrameErrors:
    """Counts the frames that one step of a stream could not work on, and ends the stream when it is no exception.

    It is none when the first frames all fail, when an error that is not the frame's own (a size that the camera file
    does not fit) comes `in_a_row` times, and when the device under an engine is lost. Of the others the first is
    logged when another frame got through, then the 10th, the 100th and so on.

    count: frames left out. One thread at a time.
    """

    def __init__(
        self, step: str = "left out", *, subject: str = "", first: int = FIRST, in_a_row: int = IN_A_ROW
    ) -> None:
        """step: what became of the frames, for messages; subject: whose frames, else the stream's name."""
        self.count = 0
        self._step, self._subject = step, subject
        self._first_limit, self._row_limit = first, in_a_row
        self._row = 0  # errors since a frame got through
        self._passed = False
        self._next_said = 1
        self._first_error: Exception | None = None
        self._latest = ""

    @property
    def problem(self) -> str | None:
        """What to say of all of them, in a line; None where there was no error."""
        if self._first_error is None:
            return None
        frames = "1 frame was" if self.count == 1 else f"{self.count} frames were"
        return f"{self._subject}: {frames} {self._step}; {self._reason(self._first_error)}"

    def passed(self) -> None:
        """The step has done a frame."""
        self._row, self._passed = 0, True
        if self.count >= self._next_said:
            self._say()

    def failed(self, frame: Frame, error: Exception) -> None:
        """The step could not do a frame. Raises what ends the stream: the error, if its user can read it."""
        self.count += 1
        self._row += 1
        self._subject = self._subject or frame.stream
        self._latest = f"frame {frame.index}: {self._reason(error)}"
        if self._first_error is None:
            self._first_error = error
            log.info("%s: frame %d", self._subject, frame.index, exc_info=error)
        limit = self._row_limit if self._passed and not isinstance(error, CameraError) else 0
        if not self._passed:
            limit = self._first_limit
        if isinstance(error, DeviceLostError) or (limit and self._row >= limit):
            raise self._final(error) from error
        if self._passed and self.count >= self._next_said:
            self._say()

    def finish(self) -> None:
        """No more frames come. Raises the first error when none got through because of it."""
        if self._first_error is not None and not self._passed:
            raise self._final(self._first_error) from self._first_error

    def _say(self) -> None:
        if self.count == 1:
            log.warning("%s: a frame was %s: %s", self._subject, self._step, self._latest)
        else:
            log.warning("%s: %d frames were %s; the latest, %s", self._subject, self.count, self._step, self._latest)
        while self._next_said <= self.count:
            self._next_said *= 10

    def _final(self, error: Exception) -> MeshcastError:
        if isinstance(error, MeshcastError):
            return error
        return FrameError(
            f"{self._subject}: {self._row} frames in a row could not be worked on: {self._reason(error)}; this is a "
            "fault of Meshcast, please report it with what --verbose shows"
        )

    @staticmethod
    def _reason(error: Exception) -> str:
        return str(error) if isinstance(error, MeshcastError) else f"{type(error).__name__}: {error}"
