"""What views of a board lack, and which of a live camera are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.boards import View
from calibration.guidance import STEADY_PER_S, ViewCollector, guidance, steps
from tests.support.board_views import SIZE, camera, views


def moved(view: View, share: float) -> View:
    """The view, moved along x by a share of the image's width."""
    return replace(view, corners=view.corners + np.float32([share * SIZE[0], 0]))


def test_guidance_asks_for_what_is_missing_until_nothing_is() -> None:
    assert guidance([], SIZE) == "show the board"
    near = views(camera(), 1, tilt=0.01)
    assert "move the board to" in guidance(near, SIZE)
    corners = np.stack(np.meshgrid(np.linspace(20, 620, 7), np.linspace(20, 460, 5)), -1).reshape(-1, 2)
    flat = replace(near[0], corners=corners.astype(np.float32))
    assert "tilt the board" in guidance([flat], SIZE)
    assert guidance([flat, *views(camera(), 40)], SIZE) == ""


def test_steps_are_done_one_by_one() -> None:
    first = steps([], SIZE)
    assert len(first) == 13
    assert not any(step.done for step in first)
    done = steps(views(camera(), 40), SIZE)
    assert sum(step.done for step in done) > sum(step.done for step in steps(views(camera(), 1), SIZE)) > 0
    assert [step.region for step in done if step.away] == [None] * 4


def test_view_collector_keeps_steady_views_that_are_new() -> None:
    view = views(camera(), 1)[0]
    made = ViewCollector(SIZE)
    assert made.offer(view, 0.0) == "moving"  # nothing says that it is steady
    assert made.offer(view, 0.1) == "kept"
    assert made.offer(view, 0.2) == "known"
    assert made.offer(moved(view, 0.2), 0.3) == "moving"
    assert made.offer(moved(view, 0.2), 0.4) == "kept"
    assert made.offer(None, 0.5) is None
    assert made.offer(moved(view, -0.2), 0.6) == "moving"  # the image before shows no board
    assert len(made.views) == 2


def test_view_collector_speed_is_measured_in_time() -> None:
    view = views(camera(), 1)[0]
    for wait_s, verdict in ((0.1, "moving"), (1.0, "kept")):
        made = ViewCollector(SIZE)
        made.offer(view, 0.0)
        assert made.offer(moved(view, 0.5 * STEADY_PER_S), wait_s) == verdict


def test_view_collector_same_place_with_another_tilt_is_new() -> None:
    points = views(camera(), 1, tilt=0.0)[0].points
    made = ViewCollector(SIZE)
    for index, angle in enumerate((0.0, 0.6)):
        turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
        corners = camera().project(points @ turn.T + [0, 0, 0.6]).astype(np.float32)
        view = View(f"{index}", points, corners)
        made.offer(view, 2.0 * index)
        made.offer(view, 2.0 * index + 1)
    assert [view.name for view in made.views] == ["0", "1"]


def test_view_collector_partial_views_without_common_corners_are_not_steady() -> None:
    view = views(camera(), 1)[0]
    halves = [View("", view.points[part], view.corners[part]) for part in (slice(0, 14), slice(14, 35))]
    made = ViewCollector(SIZE)
    made.offer(halves[0], 0.0)
    assert made.offer(halves[1], 0.1) == "moving"
