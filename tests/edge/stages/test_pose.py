"""The pose stage: the recipe's keypoints on real images, exact crops, and the way from crop to image and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import edge_kernels
from edge.stages.config import CutConfig
from edge.stages.crops import complete_boxes
from edge.stages.pose import Pose
from edge.types import Frame, Tracks
from engines.cards.card import load_card
from engines.errors import ModelError
from engines.inference.session import open_session
from tests.support.paths import STARTER

EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((STARTER / "expected.json").read_text())
CARD = load_card("movenet_thunder")


class Marks:
    """A stand-in for the network: every keypoint is the brightest pixel of the crop; keeps the batches it got."""

    backend, device, precision = "marks", "cpu", "fp32"

    def __init__(self) -> None:
        self.batches: list[NDArray[Any]] = []

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        (batch,) = inputs
        if batch.any():  # not the first run, which only shows what comes out
            self.batches.append(batch.copy())
        flat = batch.sum(axis=1).reshape(len(batch), -1)
        y, x = np.divmod(flat.argmax(axis=1), 256)
        row = np.stack([y / 256, x / 256, np.full(len(batch), 0.9)], axis=1).astype(np.float32)
        return (np.repeat(row[:, None], 17, axis=1),)


class Fixed(Marks):
    def __init__(self, output: NDArray[Any]) -> None:
        super().__init__()
        self.output = output

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return (self.output[: len(inputs[0])],)


def tracks(*boxes: list[float]) -> Tracks:
    return Tracks(
        np.arange(len(boxes), dtype=np.int32) + 5,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.ones(len(boxes), np.float32),
    )


def frame(image: NDArray[np.uint8]) -> Frame:
    return Frame("test", 0, 0, 0.0, image)


@pytest.fixture(scope="module")
def pose() -> Pose:
    return Pose(open_session(CARD, precision="fp32", threads=1), CARD)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_pose_real_image_gives_expected_keypoints(pose: Pose, name: str) -> None:
    image = cv2.imread(str(STARTER / name))
    assert image is not None
    people = EXPECTED[name]
    found = pose(frame(image), tracks(*(person["box"] for person in people)))
    assert found.ids.tolist() == list(range(5, 5 + len(people)))
    for keypoints, scores, person in zip(found.keypoints, found.scores, people, strict=True):
        expected = np.array(person["keypoints"])
        seen = expected[:, 2] > 0.3
        if not seen.any():
            continue
        length = max(person["box"][2] - person["box"][0], person["box"][3] - person["box"][1])
        off = np.linalg.norm(keypoints - expected[:, :2], axis=1)[seen]
        assert np.median(off) < max(1.0, 0.006 * length)
        assert off.max() < max(2.0, 0.012 * length)
        if length > 200:  # the scores of people of few pixels change with the least noise of JPEG
            assert scores.mean() == pytest.approx(expected[:, 2].mean(), abs=0.05)


def test_pose_people_of_a_batch_are_independent(pose: Pose) -> None:
    image = cv2.imread(str(STARTER / "vtest_575.jpg"))
    assert image is not None
    boxes = [person["box"] for person in EXPECTED["vtest_575.jpg"]]
    together = pose(frame(image), tracks(*boxes))
    for row, box in enumerate(boxes):
        alone = pose(frame(image), tracks(box))
        np.testing.assert_allclose(together.keypoints[row], alone.keypoints[0], atol=0.2)


@pytest.mark.parametrize(
    ("box", "mark"),
    [
        ([100, 50, 180, 250], (140, 150)),
        ([100, 50, 180, 250], (101, 249)),
        ([10.3, 20.6, 900.2, 1500.9], (333, 777)),
        ([-60, -20, 40, 80], (12, 9)),
        ([900, 1500, 1100, 2000], (1060, 1900)),
        ([300, 300, 330, 310], (310, 305)),
        ([-400, -300, 2000, 2600], (1000, 1800)),
    ],
)
def test_pose_mark_is_found_at_its_position(box: list[float], mark: tuple[int, int]) -> None:
    image = np.zeros((1920, 1080, 3), np.uint8)
    cv2.circle(image, mark, max(1, int((box[3] - box[1]) / 60)), (255, 255, 255), -1)
    image = cv2.GaussianBlur(image, (0, 0), max(0.8, (box[3] - box[1]) / 120)).astype(np.uint8)
    side = 1.25 * max(box[2] - box[0], box[3] - box[1])
    found = Pose(Marks(), CARD)(frame(image), tracks(box))
    np.testing.assert_allclose(found.keypoints[0, 0], mark, atol=1.5 + 2 * side / 256)


@pytest.mark.parametrize("scale", [0.05, 0.11, 0.2, 0.3, 0.45, 0.9, 1.7])
def test_cropper_gradient_is_exact(scale: float) -> None:
    """A linear ramp stays the same ramp under any shrinking, so a wrong half pixel shows."""
    x, y = np.arange(900), np.arange(700)[:, None]
    center = np.array([431.7, 342.3], np.float32)
    v, u = np.mgrid[0:64, 0:64]
    for axis, ramp in enumerate((x / 4 + 0 * y, y / 4 + 0 * x)):
        image = np.repeat(ramp[..., None], 3, axis=2).round().astype(np.uint8)
        out = np.empty((1, 3, 64, 64), np.float32)
        edge_kernels.crop((0, 0, 0), (1, 1, 1), image, center[None], np.array([scale], np.float32), out)
        at = [(u - 32) / scale + center[0], (v - 32) / scale + center[1]]
        margin = 8 / min(scale, 1)
        inside = (at[0] > margin) & (at[0] < 899 - margin) & (at[1] > margin) & (at[1] < 699 - margin)
        assert inside.sum() > 100
        np.testing.assert_allclose(out[0, 0][inside], at[axis][inside] / 4, atol=0.55)


def test_cropper_pads_with_black() -> None:
    session = Marks()
    Pose(session, CARD)(
        frame(np.full((100, 100, 3), 200, np.uint8)), tracks([-80, 0, 20, 100], [5000, 5000, 9000, 9000])
    )
    assert session.batches[0].shape == (2, 3, 256, 256)
    assert session.batches[0][0, :, 128, 60].tolist() == [0, 0, 0]
    assert session.batches[0][0, :, 128, 220].tolist() == [200, 200, 200]
    assert session.batches[0][1].max() == 0


def test_cropper_pads_with_value_of_card() -> None:
    session = Marks()
    card = replace(CARD, input=replace(CARD.input, pad=114))
    Pose(session, card)(
        frame(np.full((100, 100, 3), 200, np.uint8)), tracks([-80, 0, 20, 100], [5000, 5000, 9000, 9000])
    )
    assert session.batches[0][0, :, 128, 60].tolist() == [114, 114, 114]
    assert (session.batches[0][1] == 114).all()


def test_cropper_uses_margin_of_card() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[100:, 100:] = 255
    for margin in (1.0, 1.25, 2.0):
        session = Marks()
        card = replace(CARD, decode=replace(CARD.decode, margin=margin))
        Pose(session, card)(frame(image), tracks([60, 60, 124, 124]))
        row = session.batches[0][0, 0, 255]
        assert np.argmax(row > 127) == pytest.approx(128 + 7.5 * 256 / (64 * margin), abs=1)


def test_cropper_gives_rgb() -> None:
    session = Marks()
    Pose(session, CARD)(frame(np.full((100, 100, 3), (10, 20, 30), np.uint8)), tracks([0, 0, 100, 100]))
    assert session.batches[0][0, :, 128, 128].tolist() == [30, 20, 10]


def test_pose_without_tracks_calls_no_engine() -> None:
    session = Marks()
    found = Pose(session, CARD)(frame(np.zeros((10, 10, 3), np.uint8)), tracks())
    assert found.keypoints.shape == (0, 17, 2)
    assert found.scores.shape == (0, 17)
    assert not session.batches


def test_pose_drops_and_counts_people_that_are_not_finite() -> None:
    output = np.full((4, 17, 3), 0.5, np.float32)
    output[1, 3, 0] = np.nan
    output[3, 0, 2] = np.inf
    stage = Pose(Fixed(output), CARD)
    boxes = [[0, 0, 10, 10], [5, 0, 15, 10], [9, 0, 19, 10], [20, 0, 30, 10]]
    found = stage(frame(np.zeros((50, 50, 3), np.uint8)), tracks(*map(list, boxes)))
    assert found.ids.tolist() == [5, 7]
    np.testing.assert_allclose(found.keypoints[:, 0], [[5, 5], [14, 5]])
    assert stage.dropped_nan == 2
    stage(frame(np.zeros((50, 50, 3), np.uint8)), tracks(*map(list, boxes)))
    assert stage.dropped_nan == 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1)])
def test_pose_tiny_images_and_empty_boxes_are_accepted(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 255, np.uint8)
    found = Pose(Marks(), CARD)(frame(image), tracks([0, 0, 0, 0], [0, 0, 4000, 4000], [-1, -1, 1, 1]))
    assert np.isfinite(found.keypoints).all()


def test_stage_card_of_other_task_raises() -> None:
    with pytest.raises(ModelError, match="nanodet_g: not a pose model of a known family"):
        Pose(Marks(), load_card("nanodet_g"))


class Heatmaps(Marks):
    """A stand-in with heatmaps of 8 x 4 cells; every keypoint has its peak in cell x = 1, y = 5."""

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        maps = np.zeros((len(inputs[0]), 17, 8, 4), np.float32)
        maps[:, :, 5, 1] = 0.9
        return (maps,)


@pytest.mark.parametrize(("half_cell", "expected"), [(False, (1 / 4, 5 / 8)), (True, (1.5 / 4, 5.5 / 8))])
def test_pose_half_cell_is_added_where_the_card_says_so(half_cell: bool, expected: tuple[float, float]) -> None:
    decode = replace(CARD.decode, margin=1.0, refine="none", half_cell=half_cell)
    card = replace(CARD, family="heatmaps", decode=decode)
    found = Pose(Heatmaps(), card)(frame(np.zeros((300, 300, 3), np.uint8)), tracks([20, 40, 220, 240]))
    np.testing.assert_allclose(found.keypoints[0, 0], np.array([20, 40]) + 200 * np.array(expected), atol=1e-3)


def test_pose_half_cell_without_heatmaps_raises() -> None:
    with pytest.raises(ModelError, match=r"decode\.half_cell is for heatmaps, a movenet model gives none"):
        Pose(Marks(), replace(CARD, decode=replace(CARD.decode, half_cell=True)))


def test_pose_efficientpose_agrees_with_movenet_on_real_images() -> None:
    card = load_card("efficientpose_i")
    second = Pose(open_session(card, precision="fp32", threads=1), card)
    name = "basketball1.png"
    image = cv2.imread(str(STARTER / name))
    assert image is not None
    person = max(EXPECTED[name], key=lambda each: min(row[2] for row in each["keypoints"]))  # seen best
    found = second(frame(image), tracks(person["box"]))
    common = [keypoint for keypoint in card.keypoints if keypoint in CARD.keypoints]
    assert len(common) == 12
    length = max(person["box"][2] - person["box"][0], person["box"][3] - person["box"][1])
    expected = np.array([person["keypoints"][CARD.keypoints.index(keypoint)][:2] for keypoint in common])
    places = found.keypoints[0, [card.keypoints.index(keypoint) for keypoint in common]]
    off = np.linalg.norm(places - expected, axis=1) / length
    assert np.median(off) < 0.03
    assert (off < 0.06).mean() > 0.7


def test_boxes_cut_by_the_lower_edge_are_completed() -> None:
    config = CutConfig(border=0.02, max_aspect=2.0, extension=0.5)
    boxes = np.float32(
        [[0, 200, 100, 300], [0, 200, 100, 280], [0, 50, 100, 300], [10, 100, 110, 295], [0, 150, 90, 340]]
    )
    whole = complete_boxes(boxes, 300, config)
    np.testing.assert_array_equal(whole[:, :3], boxes[:, :3])
    # Cut; above the edge; as long as a whole person; just above the edge; beyond it.
    np.testing.assert_allclose(whole[:, 3], [350, 280, 300, 295 + 97.5, 300 + 75])
    np.testing.assert_array_equal(complete_boxes(boxes[[0]], 300, CutConfig(extension=0)), boxes[[0]])
    assert complete_boxes(boxes[:0], 300, config).shape == (0, 4)
