"""Displays never delay the other outputs."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from edge.errors import OutputError
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.background import BackgroundSink
from tests.support.sink_data import CAMERA, make_bodies, make_frame


class Display:
    """Shows a result when `go` is set; `shown` are the indices, `started` is set by the first."""

    stage, rotations, path = "display", False, None

    def __init__(self, error: Exception | None = None) -> None:
        self.shown: list[int] = []
        self.started, self.go, self.closed = threading.Event(), threading.Event(), threading.Event()
        self._error = error

    def write(self, result: FrameResult) -> None:
        self.started.set()
        assert self.go.wait(30)
        self.shown.append(result.frame.index)
        if self._error is not None:
            raise self._error

    def close(self) -> bool:
        self.closed.set()
        return False


def result(index: int) -> FrameResult:
    return FrameResult(make_frame(index), CAMERA, make_bodies([]))


def background(display: Display) -> BackgroundSink:
    return BackgroundSink(cast(Any, display))


def test_background_sink_slow_display_gets_the_newest_result() -> None:
    display = Display()
    sink = background(display)
    sink.write(result(0))
    assert display.started.wait(30)
    for index in range(1, 6):
        sink.write(result(index))  # returns although the display is busy
    display.go.set()
    assert sink.close() is False
    assert display.shown == [0, 5]
    assert display.closed.is_set()


def test_background_sink_error_is_raised_by_the_next_write() -> None:
    display = Display(OutputError("the window was closed"))
    display.go.set()
    sink = background(display)
    sink.write(result(0))
    sink._queue.finish()
    assert display.closed.wait(30)
    with pytest.raises(OutputError, match="the window was closed"):
        sink.write(result(1))
    sink.abort()


def test_background_sink_close_raises_what_was_not_raised_yet() -> None:
    display = Display(OutputError("the window was closed"))
    display.go.set()
    sink = background(display)
    sink.write(result(0))
    with pytest.raises(OutputError, match="the window was closed"):
        sink.close()


def test_background_sink_abort_shows_nothing_more() -> None:
    display = Display()
    sink = background(display)
    sink.write(result(0))
    assert display.started.wait(30)
    sink.write(result(1))
    display.go.set()
    sink.abort()
    assert display.shown in ([0], [0, 1])
    assert display.closed.is_set()
