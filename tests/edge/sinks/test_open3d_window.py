"""The desktop window as the run sees it: what it is sent, and how its end is reported."""

from __future__ import annotations

import importlib.util
import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edge.errors import DisplayClosed, OutputError
from edge.sinks import open3d_window
from edge.sinks.open3d_people import ScenePeople
from edge.sinks.open3d_process import READY, TAKEN
from edge.sinks.open3d_window import LONGEST_PX, Open3DWindow, check_open3d
from edge.types import Tracks
from tests.support.sink_data import CAMERA, body_model, make_bodies, make_frame


class FakeContext:
    """Runs the window's side on a thread; `exitcode` is that of its process."""

    def __init__(self, serve: Callable[[Any], int | None]) -> None:
        self._serve = serve
        self.exitcode: int | None = None

    def Pipe(self) -> tuple[Any, Any]:
        ours, self._theirs = multiprocessing.Pipe()
        return ours, _Unclosed()

    def Process(self, **_: Any) -> FakeContext:
        return self

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _work(self) -> None:
        self.exitcode = self._serve(self._theirs)
        self._theirs.close()


class _Unclosed:
    def close(self) -> None:
        pass


def window(monkeypatch: pytest.MonkeyPatch, serve: Callable[[Any], int | None]) -> Open3DWindow:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(multiprocessing, "get_context", lambda method: FakeContext(serve))
    return Open3DWindow("cam", body_model())


def write(shown: Open3DWindow, index: int = 0, size: tuple[int, int] = (64, 48)) -> None:
    tracks = Tracks(np.array([4], np.int32), np.array([[10, 10, 30, 40]], np.float32), np.ones(1, np.float32))
    frame = make_frame(index, index / 30, size)
    camera = CAMERA if size == CAMERA.size else CAMERA.from_fov(size, 60)
    shown.write(frame, make_bodies([4], index), camera, tracks, age_ms=40.0, now_s=index / 30)


def test_window_is_sent_the_image_with_boxes_and_the_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[ScenePeople] = []

    def serve(connection: Any) -> int:
        for answer in (READY, TAKEN):
            got.append(connection.recv())
            connection.send(answer)
        return 0

    shown = window(monkeypatch, serve)
    write(shown, 0)
    write(shown, 1, (2 * LONGEST_PX, 100))
    assert shown.close() is False
    first, second = got
    assert first.image is not None
    assert first.image[10, 15].any()  # the box
    assert not first.image[40:, 40:].any()
    np.testing.assert_array_equal(first.vertices, make_bodies([4], 0).vertices)
    assert first.bones.shape == (1, 1, 2, 3)
    assert first.caption == "0 fps   40 ms   1 people"
    assert second.caption.startswith("30 fps")
    assert second.size == (LONGEST_PX, 50)
    assert second.K[0, 0] == pytest.approx(CAMERA.from_fov((2 * LONGEST_PX, 100), 60).K[0, 0] / 2)


def test_window_closed_by_the_user_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = window(monkeypatch, lambda connection: 0)
    with pytest.raises(DisplayClosed):
        write(shown)
    shown.close()


def test_window_without_a_driver_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = window(monkeypatch, lambda connection: -6)
    with pytest.raises(OutputError, match=r"the window ended \(signal 6\); it needs a display and a Vulkan driver"):
        write(shown)
    shown.close()


def test_window_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open3d_window, "START_S", 0.01)
    monkeypatch.setattr(open3d_window, "CLOSE_S", 0.01)
    stop = threading.Event()

    def serve(connection: Any) -> None:
        stop.wait(30)

    shown = window(monkeypatch, serve)
    with pytest.raises(OutputError, match="the window does not answer"):
        write(shown)
    stop.set()
    monkeypatch.setattr(open3d_window, "CLOSE_S", 30.0)
    shown.close()


def test_check_open3d_without_the_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OutputError, match=r"--open3d: needs the package open3d; .*pip install .*viewer"):
        check_open3d()
