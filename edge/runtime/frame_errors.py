"""Policy for errors of single frames: the frame is left out and counted, unless the error persists."""

from __future__ import annotations

import logging

from calibration.camera import CameraError
from edge.errors import FrameError
from edge.types import Frame
from engines.errors import DeviceLostError, MeshcastError

log = logging.getLogger("meshcast.stream")

MAX_FIRST_ERRORS = 10  # failed frames before the first success that end the stream
MAX_CONSECUTIVE_ERRORS = 30  # failed frames that end the stream later; about a second of a camera


class FrameErrors:
    """Counts the frames on which one step of a stream failed, and ends the stream when errors persist.

    Errors persist when the first frames all fail, when `max_consecutive` frames in a row fail with another error than
    CameraError, and when the device of an engine is lost. Other errors are logged once another frame succeeded: the
    first, the 10th, the 100th and so on.

    count: frames left out. Not thread-safe.
    """

    def __init__(
        self,
        step: str = "left out",
        *,
        subject: str = "",
        max_first: int = MAX_FIRST_ERRORS,
        max_consecutive: int = MAX_CONSECUTIVE_ERRORS,
    ) -> None:
        """step: participle for messages, what happened to the frames; subject: of messages, else the stream's name."""
        self.count = 0
        self._step, self._subject = step, subject
        self._max_first, self._max_consecutive = max_first, max_consecutive
        self._consecutive = 0  # errors since the last success
        self._passed = False
        self._next_logged = 1
        self._first_error: Exception | None = None
        self._latest = ""

    @property
    def problem(self) -> str | None:
        """A message about all errors, one line; None without errors."""
        if self._first_error is None:
            return None
        frames = "1 frame was" if self.count == 1 else f"{self.count} frames were"
        return f"{self._subject}: {frames} {self._step}; {self._reason(self._first_error)}"

    def passed(self) -> None:
        """The step succeeded on a frame."""
        self._consecutive, self._passed = 0, True
        if self.count >= self._next_logged:
            self._log()

    def failed(self, frame: Frame, error: Exception) -> None:
        """The step failed on a frame. Raises a MeshcastError that ends the stream when errors persist."""
        self.count += 1
        self._consecutive += 1
        self._subject = self._subject or frame.stream
        self._latest = f"frame {frame.index}: {self._reason(error)}"
        if self._first_error is None:
            self._first_error = error
            log.info("%s: frame %d", self._subject, frame.index, exc_info=error)
        limit = self._max_consecutive if self._passed and not isinstance(error, CameraError) else 0
        if not self._passed:
            limit = self._max_first
        if isinstance(error, DeviceLostError) or (limit and self._consecutive >= limit):
            raise self._final(error) from error
        if self._passed and self.count >= self._next_logged:
            self._log()

    def finish(self) -> None:
        """The stream has ended. Raises the first error when no frame succeeded."""
        if self._first_error is not None and not self._passed:
            raise self._final(self._first_error) from self._first_error

    def _log(self) -> None:
        if self.count == 1:
            log.warning("%s: a frame was %s: %s", self._subject, self._step, self._latest)
        else:
            log.warning("%s: %d frames were %s; the latest, %s", self._subject, self.count, self._step, self._latest)
        while self._next_logged <= self.count:
            self._next_logged *= 10

    def _final(self, error: Exception) -> MeshcastError:
        if isinstance(error, MeshcastError):
            return error
        return FrameError(
            f"{self._subject}: {self._consecutive} consecutive frames failed: {self._reason(error)}; this is a bug of "
            "Meshcast, please report it with the output of --verbose"
        )

    @staticmethod
    def _reason(error: Exception) -> str:
        return str(error) if isinstance(error, MeshcastError) else f"{type(error).__name__}: {error}"
