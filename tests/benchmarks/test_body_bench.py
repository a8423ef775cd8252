"""Tests of what the benchmarks of bodies measure with: synthetic people, overlaps, the desk, and the tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bm_desk import Desk, angle_deg
from body_overlap import Alone, assign, compose, moved
from body_people import CAMERA_HEIGHT_M, SIZES, KeypointNoise, shape_of, tracked_person, walking_person
from body_tables import tables_of, variants_tables, write_block

from calibration.camera import Camera
from edge.evaluation.limbs import LIMBS, limb_index, median_lengths
from edge.types import Bodies, BodyModel, Frame
from engines.body.body import open_body
from engines.joint_sets import COCO17

FRAME = Frame("people", 0, 0, 0.0, np.zeros((80, 200, 3), np.uint8))


@pytest.fixture(scope="module")
def errors() -> np.ndarray:
    return KeypointNoise().errors(np.random.default_rng(0), frames=600, points=300, interval_s=1 / 60)


def test_noise_has_the_measured_size_and_constant_part(errors: np.ndarray) -> None:
    square = (errors**2).sum(axis=-1)
    constant = (errors.mean(axis=0) ** 2).sum(axis=-1)
    assert np.sqrt(square.mean()) == pytest.approx(0.02, rel=0.03)
    assert constant.mean() / square.mean() == pytest.approx(0.35, abs=0.05)


@pytest.mark.parametrize(("frames", "low", "high"), [(1, 0.69, 0.82), (5, 0.42, 0.56), (10, 0.2, 0.3)])
def test_noise_has_the_measured_autocorrelation(errors: np.ndarray, frames: int, low: float, high: float) -> None:
    varying = errors - errors.mean(axis=0)
    correlation = (varying[frames:] * varying[:-frames]).mean() / (varying**2).mean()
    assert low < correlation < high


@pytest.mark.parametrize("name", list(SIZES))
def test_walking_person_has_the_stature_and_stands_on_the_floor(name: str) -> None:
    body, size = open_body(), SIZES[name]
    rest = body.rest(shape_of(body, size)[None])[0][0]
    person = walking_person(name, duration_s=1)
    floor = person.truth.camera.floor
    assert floor is not None
    assert floor.height_m == pytest.approx(CAMERA_HEIGHT_M)
    heights = floor.heights(person.truth.joints)
    assert np.ptp(rest[:, 1]) == pytest.approx(size.stature_m, abs=0.003)
    assert heights.max() == pytest.approx(size.stature_m, abs=0.2)
    assert 0.0 < heights.min() < 0.15  # an ankle


def test_walking_people_differ_in_their_limbs() -> None:
    index = limb_index(open_body().coco_names)
    child, man = (
        median_lengths(walking_person(name, duration_s=0.2).truth.joints[:, index]) for name in ("child", "man")
    )
    assert (child < 0.8 * man).all()


def test_person_without_known_keypoints_is_not_tracked() -> None:
    tracked = tracked_person(FRAME, Camera.from_fov((200, 80), 60), np.zeros((17, 3), np.float32))
    assert tracked.pose.keypoints.shape == (0, 17, 2)
    assert tracked.tracks.boxes.shape == (0, 4)


def test_moved_image_is_filled_with_zero() -> None:
    image = np.array([[1, 2, 3]])
    assert moved(image, 1).tolist() == [[0, 1, 2]]
    assert moved(image, -2).tolist() == [[3, 0, 0]]


def alone(x: int, value: int) -> Alone:
    """A man 20 px wide at x: his keypoints are in a row, and his image has one value."""
    keypoints = np.stack([np.linspace(x, x + 20, 17), np.full(17, 40.0), np.ones(17)], -1).astype(np.float32)
    mask = np.zeros((80, 200), np.float32)
    mask[:, x : x + 21] = 1
    return Alone(replace(FRAME, image=np.full((80, 200, 3), value, np.uint8)), keypoints, mask)


def test_composed_frame_shows_the_second_person_before_the_first() -> None:
    frame, behind, front = next(compose([alone(50, 10), alone(50, 20)], gap=0.5))
    assert frame.image[0, [55, 65, 80], 0].tolist() == [10, 20, 20]
    assert front.keypoints[0].tolist() == [60, 40, 1]
    assert behind.visible.tolist() == (behind.keypoints[:, 0] < 60).tolist()
    assert front.visible.all()


def test_body_is_found_for_the_nearer_person_only() -> None:
    distances = np.array([[0.03, 0.02, 0.5], [0.01, 0.05, 0.5]], np.float32)
    assert assign([7, 8, 9], distances) == [(8, pytest.approx(0.02)), (7, pytest.approx(0.01))]
    assert assign([7], distances[:, :1]) == [None, (7, pytest.approx(0.01))]
    assert assign([], distances[:, :0]) == [None, None]


def test_desk_measures_confident_keypoints_in_shoulder_widths() -> None:
    body = open_body()
    model = BodyModel("body", body.faces, body.v_template, body.parents, body.joint_names, COCO17.joint_names)
    measured = Desk(model)
    keypoints = np.zeros((1, 17, 3), np.float32)
    limbs = [COCO17.joint_names.index(name) for name in LIMBS]
    keypoints[0, limbs[:2]] = [[0, 0, 1], [200, 0, 1]]
    keypoints[0, limbs[2]] = [0, 100, 0.9]
    joints = open_body().rest(np.zeros((1, 10), np.float32))[1]
    bodies = Bodies(np.zeros(1, np.int32), np.ones(1, np.float32), keypoints, joints, joints, joints[:, 0])
    projected = np.zeros((12, 2), np.float32)
    projected[1], projected[2] = (200, 0), (10, 100)
    measured.add(bodies, 0, projected)
    measured.add(bodies, None, projected)
    figures = measured.figures()
    assert figures["found, %"] == 50
    assert figures["elbow beside its keypoint, % of the shoulder width"] == pytest.approx(5)
    assert np.isnan(figures["wrist beside its keypoint, % of the shoulder width"])
    assert figures["angle between hand and forearm, degrees"] < 20  # at rest


def test_angle_of_a_bent_hand() -> None:
    a, b = np.array([[1.0, 0, 0], [1, 0, 0]]), np.array([[0.0, 2, 0], [3, 0, 0]])
    assert angle_deg(a, b) == pytest.approx([90, 0])


def test_tables_have_means_with_and_without_the_floor() -> None:
    figures = {
        "size_cam01": {"stature, m": 1.6},
        "size_cam03": {"stature, m": 1.8},
        "size_cam01_no_floor": {"stature, m": 1.5},
        "desk_clip": {"found, %": 50.0},
    }
    size, desk = tables_of(figures)
    assert size.heads == ("cam01", "cam03", "mean", "cam01, no floor", "mean, no floor")
    assert size.rows == (("stature, m", (1.6, 1.8, pytest.approx(1.7), 1.5, 1.5)),)
    assert desk.markdown().splitlines()[-1] == "| found, % | 50 | 50 |"


def test_variants_are_compared_by_what_was_measured() -> None:
    def cases(mpjpe: float) -> dict[str, dict[str, float]]:
        return {
            "balance_cam01": {"MPJPE, mm": mpjpe},
            "balance_cam03": {"MPJPE, mm": mpjpe + 2},
            "balance_cam01_no_floor": {"MPJPE, mm": mpjpe + 9, "PA-MPJPE, mm": float("nan")},
        }

    short, long = variants_tables({"default": cases(90.0), "other": cases(80.0)})
    assert (short.heads, short.rows) == (("MPJPE", "MPJPE-"), (("default", (91.0, 99.0)), ("other", (81.0, 89.0))))
    assert long.rows == (("balance: MPJPE, mm", (91.0, 81.0)), ("balance: MPJPE, mm, no floor", (99.0, 89.0)))
    assert long.markdown().splitlines()[2] == "| balance: MPJPE, mm | 91 | 81 |"


def test_block_of_a_page_is_replaced_and_the_rest_kept(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bodies -->\nold\n<!-- end of bodies -->\nafter\n")
    write_block(page, "bodies", "new \\1")
    assert page.read_text() == "before\n<!-- bodies -->\n\nnew \\1\n\n<!-- end of bodies -->\nafter\n"
    with pytest.raises(RuntimeError, match="ablation"):
        write_block(page, "ablation", "new")
