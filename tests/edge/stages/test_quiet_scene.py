"""A detector pass is left out only where nothing has changed outside of the people since the last one."""

from __future__ import annotations

import numpy as np
import pytest

from edge.stages.quiet_scene import QuietScene
from edge.stages.tracker_config import QuietConfig, TrackerConfig
from edge.types import F32, U8
from tests.edge.stages.test_tracker import BLUE, Actor, Scene, walk

NONE = np.empty((0, 4), np.float32)
PERSON = np.array([[400, 200, 500, 500]], np.float32)
CONFIG = QuietConfig(people_s=0.5)


def scene(size: tuple[int, int] = (720, 1280)) -> U8:
    rng = np.random.default_rng(0)
    return np.clip(rng.normal(90, 3, (*size, 3)), 0, 255).astype(np.uint8)


def with_box(image: U8, x: int, y: int, width: int, height: int, by: int = 40) -> U8:
    changed = image.copy()
    changed[y : y + height, x : x + width] += np.uint8(by)
    return changed


def holds(after: U8, t_s: float = 0.1, boxes: F32 = NONE, before: U8 | None = None) -> bool:
    quiet = QuietScene(CONFIG)
    quiet.passed(scene() if before is None else before, 0.0, boxes)
    return quiet.holds(after, t_s, boxes)


def test_quiet_scene_with_noise_of_a_camera_holds() -> None:
    noise = np.random.default_rng(1).normal(0, 3, (720, 1280, 3))
    assert holds(np.clip(scene() + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("place", [(0, 300), (1256, 300), (600, 0), (600, 660)])
def test_quiet_scene_with_a_small_person_at_any_place_does_not_hold(place: tuple[int, int]) -> None:
    assert not holds(with_box(scene(), *place, 24, 60))


def test_quiet_scene_that_gets_darker_does_not_hold() -> None:
    assert not holds(scene() - np.uint8(10))


def test_quiet_scene_ignores_what_changes_at_the_people_before_and_now() -> None:
    quiet, now = QuietScene(CONFIG), PERSON + np.float32([300, 0, 300, 0])
    quiet.passed(scene(), 0.0, PERSON)
    moved = with_box(with_box(scene(), 400, 200, 100, 300), 700, 200, 100, 300)
    assert quiet.holds(moved, 0.1, now)
    assert not quiet.holds(moved, 0.1, PERSON)


@pytest.mark.parametrize(("boxes", "longest_s"), [(NONE, CONFIG.empty_s), (PERSON, CONFIG.people_s)])
def test_quiet_scene_holds_for_a_bounded_time(boxes: F32, longest_s: float) -> None:
    assert holds(scene(), 0.9 * longest_s, boxes)
    assert not holds(scene(), 1.1 * longest_s, boxes)
    assert not holds(scene(), -0.1, boxes)


def test_quiet_scene_without_a_pass_or_with_another_size_does_not_hold() -> None:
    assert not QuietScene(CONFIG).holds(scene(), 0.0, NONE)
    assert not holds(scene((700, 1280)))
    quiet = QuietScene(CONFIG)
    quiet.passed(scene(), 0.0, NONE)
    quiet.reset()
    assert not quiet.holds(scene(), 0.0, NONE)


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (900, 2)])
def test_quiet_scene_of_any_size_is_compared(size: tuple[int, int]) -> None:
    image = scene(size)
    assert holds(image, before=image)


def test_tracker_new_person_in_an_empty_scene_is_detected_at_once() -> None:
    scene = Scene(Actor(lambda t_s: (400, 270) if t_s >= 1.1 else None)).run(0, 2)
    assert [shown == {0: 0} for shown in scene.shown] == [index >= 33 for index in range(60)]


def test_tracker_new_person_beside_a_tracked_one_is_detected_at_the_next_interval() -> None:
    scene = Scene(Actor(walk(300, 270, 0)), Actor(lambda t_s: (600, 270) if t_s >= 1 else None, BLUE)).run(0, 2)
    first = next(index for index, shown in enumerate(scene.shown) if 1 in shown)
    assert first - 30 <= TrackerConfig().interval
