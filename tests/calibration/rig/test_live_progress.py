"""What live views of a board still lack for a rig."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.boards import View
from calibration.rig.live_progress import STILL_S, TOGETHER_S, WANTED, RigProgress

SIZE = (1280, 720)
SIZES = dict.fromkeys("abc", SIZE)


def view_at(x: float, y: float) -> View:
    """A board of 4 corners at a place of the image, px."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], np.float32)
    corners = np.array([[0, 0], [100, 0], [0, 100], [100, 100]], np.float32) + np.float32([x, y])
    return View("frame", points, corners)


def show(progress: RigProgress, pair: str, places: int, start_s: float, late_s: float = 0.0) -> None:
    """Show the board to two cameras at a number of places."""
    for index in range(places):
        for name in pair:
            late = late_s * pair.index(name)
            progress.offer(name, view_at(70 * (index % 15), 100 * (index // 15)), start_s + index + late)


def test_pairs_that_connect_all_cameras_suffice() -> None:
    progress = RigProgress(SIZES, [])
    assert progress.advice == f"show the board to a and b together (0 of {WANTED} places)"
    show(progress, "ab", WANTED, 0)
    assert progress.advice == f"show the board to a and c together (0 of {WANTED} places)"
    show(progress, "bc", 2, 100)
    assert progress.advice == f"show the board to b and c together (2 of {WANTED} places)"
    show(progress, "bc", WANTED + 5, 200)
    assert progress.advice == ""
    assert progress.shared == {("a", "b"): WANTED, ("a", "c"): 0, ("b", "c"): WANTED}


@pytest.mark.parametrize("late_s", [1.1 * TOGETHER_S, 0.4])
def test_views_at_other_times_are_not_common(late_s: float) -> None:
    progress = RigProgress(SIZES, [])
    show(progress, "ab", WANTED, 0, late_s)
    assert progress.shared["a", "b"] == 0


def test_the_same_place_counts_once() -> None:
    progress = RigProgress(SIZES, [])
    for t_s in range(20):
        for name in "ab":
            progress.offer(name, view_at(100, 100), t_s)
    assert progress.shared["a", "b"] == 1


def test_board_lies_still_where_two_cameras_see_it() -> None:
    progress = RigProgress(SIZES, [])
    for t_s in np.arange(0, STILL_S + 0.2, 0.1):
        progress.offer("a", view_at(100, 100), t_s)
        progress.offer("b", view_at(100 if t_s > 1 else 10 * t_s, 100), t_s)
    assert not progress.lies_still(STILL_S)
    for t_s in np.arange(STILL_S + 0.2, STILL_S + 1.3, 0.1):
        for name in "ab":
            progress.offer(name, view_at(100, 100), t_s)
    assert progress.lies_still(STILL_S + 1.3)
    assert not progress.lies_still(STILL_S + 5)  # the board is gone


def test_cameras_without_intrinsics_need_all_of_the_image() -> None:
    progress = RigProgress({"a": SIZE, "b": SIZE}, ["b"])
    show(progress, "ab", WANTED, 0)
    assert progress.advice.startswith("b: ")
