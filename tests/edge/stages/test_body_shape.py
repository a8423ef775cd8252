"""One shape for each person: from the floor, a given stature or a file; constant afterwards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.camera import Camera
from edge.stages.body_config import BodyShapeConfig
from edge.stages.body_shape import BodyShapes, SizedPeople
from engines.body.body import open_body
from engines.body.given_shapes import GivenShapes
from engines.body.neutral import neutral_shape
from engines.errors import ModelError
from tests.support import sized_people
from tests.support.sized_people import Person, meshes, person, stature, tracked

MAN = np.array([1.0, 0.3, 0.2, 1.0, 0, 0, 0, 0, 0, 0], np.float32)
WOMAN = np.array([-1.2, 0.5, 0.3, -0.2, 0, 0, 0, 0, 0, 0], np.float32)
LIMBS = ((1, 4), (4, 7), (16, 18), (18, 20))
FPS = 10.0


def body_shapes(**settings: object) -> BodyShapes:
    return BodyShapes(sized_people.model(), neutral_shape(open_body()), BodyShapeConfig(**settings))  # type: ignore[arg-type]


def limbs(shape: np.ndarray) -> np.ndarray:
    joints = sized_people.rest_joints(shape)
    return np.array([np.linalg.norm(joints[a] - joints[b]) for a, b in LIMBS])


def observe(
    shapes: BodyShapes, frames: list[list[Person]], seen_by: Camera, *, start_s: float = 0.0, noise_px: float = 3.0
) -> list[SizedPeople]:
    """The shapes after each frame, with noise on the keypoints."""
    rng, made = np.random.default_rng(1), []
    for index, people in enumerate(frames):
        frame = tracked(people, seen_by, start_s + index / FPS)
        off = rng.normal(0, noise_px, frame.pose.keypoints.shape).astype(np.float32)
        pose = replace(frame.pose, keypoints=frame.pose.keypoints + off)
        made.append(shapes(frame.frame.t_s, replace(frame, pose=pose), meshes(people)))
    return made


def walk(*shapes: np.ndarray, count: int = 30, raised: tuple[int, ...] = ()) -> list[list[Person]]:
    return [
        [
            person(
                shape, seed=index * 7 + row, distance_m=3 + row + index / 30, raised_m=0.3 if index in raised else 0.0
            )
            for row, shape in enumerate(shapes)
        ]
        for index in range(count)
    ]


def test_body_shapes_of_a_man_and_a_woman_on_a_known_floor_are_found_within_two_seconds_and_constant() -> None:
    made = observe(body_shapes(), walk(MAN, WOMAN), sized_people.camera())
    after = made[20]
    for row, truth in enumerate((MAN, WOMAN)):
        assert after.stature_m[row] == pytest.approx(stature(truth), rel=0.025)
        np.testing.assert_allclose(limbs(after.shape[row]), limbs(truth), rtol=0.04)
    assert (after.stature_sigma_m < 0.06).all()
    for later in made[21:]:
        np.testing.assert_array_equal(later.shape, after.shape)


def test_body_shapes_change_slowly_until_they_are_settled() -> None:
    made = observe(body_shapes(), walk(MAN, count=20), sized_people.camera(), noise_px=6.0)
    steps = np.abs(np.diff([m.stature_m[0] for m in made])) / made[-1].stature_m[0]
    assert steps.max() < 0.02


def test_body_shapes_without_a_floor_have_the_neutral_stature() -> None:
    last = observe(body_shapes(), walk(MAN, WOMAN), sized_people.camera(None))[-1]
    np.testing.assert_allclose(last.stature_m, stature(neutral_shape(open_body())), atol=0.01)
    assert (last.stature_sigma_m > 0.08).all()


def test_body_shapes_have_a_given_stature() -> None:
    last = observe(body_shapes(height_m=1.9), walk(MAN, count=3), sized_people.camera(None))[-1]
    assert last.stature_m[0] == pytest.approx(1.9, abs=0.005)
    assert last.stature_sigma_m[0] < 0.012


def test_body_shapes_scale_meshes_to_the_size_of_the_person() -> None:
    last = observe(body_shapes(height_m=stature(MAN)), walk(MAN, count=3), sized_people.camera(None))[-1]
    bones = [np.linalg.norm(p.joints[4] - p.joints[7]) for p in walk(MAN, count=3)[-1]]
    mean = np.linalg.norm(walk(MAN, count=3)[-1][0].mesh.joints[0, 4] - walk(MAN, count=3)[-1][0].mesh.joints[0, 7])
    assert mean * last.factors[0] == pytest.approx(bones[0], rel=0.03)


def test_body_shapes_are_not_fooled_by_jumps() -> None:
    frames = walk(MAN, raised=(3, 4, 5, 9, 10, 11, 16, 17))
    last = observe(body_shapes(), frames, sized_people.camera())[-1]
    assert last.stature_m[0] == pytest.approx(stature(MAN), rel=0.03)


def test_body_shapes_use_feet_that_are_seen_late() -> None:
    shapes, camera = body_shapes(), sized_people.camera()
    hidden = np.full((1, 17), 0.9, np.float32)
    hidden[:, 13:] = 0.02
    frames = walk(MAN, count=60)
    for index, people in enumerate(frames[:30]):
        made = shapes(index / FPS, tracked(people, camera, index / FPS, hidden), meshes(people))
    assert made.stature_m[0] == pytest.approx(stature(neutral_shape(open_body())), abs=0.01)
    last = observe(shapes, frames[30:], camera, start_s=3.0)[-1]
    assert last.stature_m[0] == pytest.approx(stature(MAN), rel=0.025)


def test_body_shapes_switches_leave_evidence_out() -> None:
    frames = walk(MAN, count=10)
    no_floor = observe(body_shapes(floor=False), frames, sized_people.camera())[-1]
    assert no_floor.stature_m[0] == pytest.approx(stature(neutral_shape(open_body())), abs=0.01)
    neither = observe(body_shapes(floor=False, proportions=False), frames, sized_people.camera())[-1]
    np.testing.assert_allclose(neither.shape[0], neutral_shape(open_body()), atol=1e-6)


def test_body_shapes_that_are_given_are_used_as_they_are() -> None:
    given = GivenShapes(everybody=(0.5, -1.0), people={2: (2.0,)})
    last = observe(body_shapes(shapes=given), walk(MAN, WOMAN, count=3), sized_people.camera())[-1]
    np.testing.assert_allclose(last.shape, [[0.5, -1, *[0] * 8], [2, *[0] * 9]])
    assert not last.stature_sigma_m.any()
    with pytest.raises(ModelError, match=r"11 entries; the body open_smpl_body has 10"):
        body_shapes(shapes=GivenShapes((0.1,) * 11))


def test_body_shapes_keep_a_person_who_was_away_and_forget_after_a_minute() -> None:
    shapes, camera = body_shapes(), sized_people.camera()
    before = observe(shapes, walk(MAN), camera)[-1].shape[0]
    (back,) = observe(shapes, walk(MAN, count=1), camera, start_s=30.0)
    np.testing.assert_array_equal(back.shape[0], before)
    shapes.reset()
    (new,) = observe(shapes, walk(WOMAN, count=1), camera, start_s=40.0)
    assert new.stature_m[0] < stature(MAN) - 0.05


def test_body_shapes_of_more_people_than_are_kept_are_forgotten_oldest_first() -> None:
    shapes = body_shapes(max_people=2)
    observe(shapes, walk(MAN, WOMAN, MAN, count=2), sized_people.camera())
    assert len(shapes._people) <= 3  # those of the frame itself
    assert list(shapes._people)[-1] == 3


def test_body_shapes_ignore_rows_that_are_no_person() -> None:
    shapes, camera = body_shapes(), sized_people.camera()
    people = walk(MAN, count=1)[0]
    mesh = meshes(people)
    bad = replace(mesh, usable=np.zeros(1, bool), joints=mesh.joints * np.nan)
    made = shapes(0.0, tracked(people, camera, 0.0), bad)
    np.testing.assert_allclose(made.shape[0], neutral_shape(open_body()), atol=1e-6)


def test_body_shapes_without_people_are_empty() -> None:
    frame = tracked([], sized_people.camera(), 0.0)
    one = person(MAN).mesh
    nothing = replace(one, **{name: getattr(one, name)[:0] for name in ("usable", "landmarks", "joints", "vertices")})
    assert body_shapes()(0.0, frame, nothing).shape.shape == (0, 10)
