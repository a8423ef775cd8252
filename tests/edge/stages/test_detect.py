"""The Detect stage: boxes on real images, decoding on synthetic outputs, and unusual images."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.stages.config import DetectionConfig
from edge.stages.detect import Detect, averaged_block, letterbox, overlaps, suppress
from edge.types import Frame
from engines.cards.card import load_card
from engines.errors import ModelError
from engines.inference.session import open_session
from tests.support.paths import GOLDEN, STARTER

EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((STARTER / "expected.json").read_text())
ANCHORS = 52 * 52 + 26 * 26 + 13 * 13
CARD = load_card("nanodet_g")
PLAIN = replace(CARD.input, color="bgr", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), pad=114)


class Fixed:
    """A session that answers the same whatever it is asked, and keeps what it was asked."""

    backend, device, precision = "fixed", "cpu", "fp32"

    def __init__(self, scores: NDArray[Any], bins: NDArray[Any]) -> None:
        self.outputs = (scores, bins)

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        self.asked = inputs
        return self.outputs


def quiet() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Outputs without people: scores (1, A, 80), bins (1, A, 44)."""
    return np.full((1, ANCHORS, 80), 0.01, np.float32), np.zeros((1, ANCHORS, 44), np.float32)


def frame(image: NDArray[np.uint8]) -> Frame:
    return Frame("test", 0, 0, 0.0, image)


@pytest.fixture(scope="module")
def detect() -> Detect:
    return Detect(open_session(CARD, precision="fp32", threads=1), CARD)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_detect_real_image_finds_expected_people(detect: Detect, name: str) -> None:
    image = cv2.imread(str(STARTER / name))
    assert image is not None
    found = detect(frame(image))
    sure = found.scores > 0.35
    assert sure.sum() == len(EXPECTED[name])
    assert (np.diff(found.scores) <= 0).all()
    for person in EXPECTED[name]:
        box = np.array(person["box"], np.float32)
        best = overlaps(box[None], found.boxes)[0].argmax()
        length = max(box[2] - box[0], box[3] - box[1])
        np.testing.assert_allclose(found.boxes[best], box, atol=max(2.0, 0.02 * length))
        assert found.scores[best] == pytest.approx(person["score"], abs=0.05)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (2000, 2), (31, 33), (4320, 7680), (416, 416)])
def test_detect_accepts_any_image_size(shape: tuple[int, int], precision: str) -> None:
    detector = Detect(open_session(CARD, precision=precision, threads=1), CARD)
    found = detector(frame(np.full((*shape, 3), 90, np.uint8)))
    assert found.boxes.shape == (len(found.scores), 4)
    assert found.boxes.dtype == found.scores.dtype == np.float32


def test_detect_scales_decoded_box_to_image() -> None:
    scores, bins = quiet()
    cell = 26 * 26 * 4 + 5 * 26 + 10  # stride 16, column 10, row 5: center (167.5, 87.5)
    scores[0, cell, 0] = 0.8
    bins[0, cell].reshape(4, 11)[range(4), [1, 2, 3, 4]] = 50  # distances of 1, 2, 3 and 4 strides
    found = Detect(Fixed(scores, bins), CARD)(frame(np.zeros((208, 104, 3), np.uint8)))
    np.testing.assert_allclose(found.boxes, [np.array([151.5, 55.5, 215.5, 151.5]) / 2], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.8], rtol=1e-6)


def test_letterbox_corner_pads_right_and_bottom() -> None:
    session = Fixed(*quiet())
    Detect(session, CARD)(frame(np.full((100, 200, 3), (10, 20, 30), np.uint8)))
    pixels = session.asked[0][0] * np.array(CARD.input.std)[:, None, None] + np.array(CARD.input.mean)[:, None, None]
    assert pixels.shape == (3, 416, 416)
    np.testing.assert_allclose(pixels[:, 100, 200], [10, 20, 30], atol=1e-3)
    np.testing.assert_allclose(pixels[:, 207, 415], [10, 20, 30], atol=1e-3)
    np.testing.assert_allclose(pixels[:, 208:], 114, atol=1e-3)


def test_detect_ignores_other_classes_and_low_scores() -> None:
    scores, bins = quiet()
    scores[0, 7, 0] = 0.30  # not above the bound
    scores[0, 9, 16] = 0.99  # a dog
    found = Detect(Fixed(scores, bins), CARD)(frame(np.zeros((416, 416, 3), np.uint8)))
    assert found.boxes.shape == (0, 4)
    assert found.scores.shape == (0,)


def test_detect_drops_boxes_that_are_not_finite() -> None:
    scores, bins = quiet()
    scores[0, 100, 0], scores[0, 900, 0] = np.nan, 0.7
    scores[0, 1000, 0], bins[0, 1000] = 0.9, np.nan
    scores[0, 2000, 0], bins[0, 2000, 3] = 0.9, np.inf
    bins[0, 900].reshape(4, 11)[:, 2] = 50
    found = Detect(Fixed(scores, bins), CARD)(frame(np.zeros((416, 416, 3), np.uint8)))
    np.testing.assert_allclose(found.scores, [0.7], rtol=1e-6)
    everything_nan = Fixed(np.full_like(scores, np.nan), np.full_like(bins, np.nan))
    assert len(Detect(everything_nan, CARD)(frame(np.zeros((416, 416, 3), np.uint8))).scores) == 0


def test_detect_config_overrides_score_of_card() -> None:
    scores, bins = quiet()
    scores[0, 7, 0], bins[0, 7].reshape(4, 11)[:, 2] = 0.29, 50
    blank = frame(np.zeros((416, 416, 3), np.uint8))
    low = replace(CARD, decode=replace(CARD.decode, score=0.28))
    found = [
        len(Detect(Fixed(scores, bins), card, DetectionConfig(score=score))(blank).scores)
        for card, score in ((CARD, None), (CARD, 0.2), (low, None), (low, 0.3))
    ]
    assert found == [0, 1, 1, 0]


def test_letterbox_matches_published_code() -> None:
    with np.load(GOLDEN / "pipeline_yolox.npz") as golden:
        image, expected, ratio = (golden[key] for key in ("image", "yolox.letterbox_416", "yolox.ratio"))
    out = np.empty((1, 3, 416, 416), np.float32)
    scale, offset = letterbox(image, "corner", PLAIN, out)
    assert np.abs(out[0] - expected).max() <= 1
    np.testing.assert_allclose(scale, ratio)
    assert not offset.any()


@pytest.mark.parametrize("image_size", [(100, 200), (200, 100), (640, 480), (1080, 1920), (7, 9), (1, 900), (96, 129)])
@pytest.mark.parametrize("fit", ["corner", "center", "stretch"])
def test_letterbox_returns_scale_and_offset_of_image(image_size: tuple[int, int], fit: str) -> None:
    height, width = image_size
    out = np.empty((1, 3, 96, 128), np.float32)
    scale, offset = letterbox(np.full((*image_size, 3), 200, np.uint8), fit, replace(PLAIN, pad=7), out)
    assert set(np.unique(out)) <= {7, 200}
    y, x = np.nonzero(out[0, 0] == 200)
    corners = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])
    expected = np.concatenate([offset, offset + np.maximum([width, height] * scale, 1)])
    np.testing.assert_allclose(corners, expected, atol=0.51)
    assert (y.max() - y.min() + 1) * (x.max() - x.min() + 1) == len(x)
    if fit == "stretch":
        assert corners.tolist() == [0, 0, 128, 96]
    elif fit == "corner":
        assert corners[:2].tolist() == [0, 0]
    else:
        assert np.abs(corners[:2] + corners[2:] - [128, 96]).max() <= 1
    assert fit == "stretch" or scale[0] == scale[1] == min(128 / width, 96 / height)


def test_letterbox_stretch_maps_marks() -> None:
    """A bright block of a large image, averaged first, still lies where scale and offset say."""
    image = np.zeros((1080, 1920, 3), np.uint8)
    image[400:560, 600:840] = 255
    for fit in ("corner", "center", "stretch"):
        out = np.empty((1, 3, 96, 128), np.float32)
        scale, offset = letterbox(image, fit, replace(PLAIN, pad=0), out)
        v, u = np.mgrid[0:96, 0:128] + 0.5
        middle = np.array([(u * out[0, 0]).sum(), (v * out[0, 0]).sum()]) / out[0, 0].sum()
        np.testing.assert_allclose((middle - offset) / scale, [720, 480], atol=2)


@pytest.mark.parametrize("change", [{"color": ""}, {"shape": ("N", 1, 416, 416)}, {"shape": ("N", 3, 416)}], ids=str)
def test_input_size_wrong_input_raises(change: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="nanodet_g: its input must be images"):
        Detect(Fixed(*quiet()), replace(CARD, input=replace(CARD.input, **change)))


@pytest.mark.parametrize(
    ("boxes", "scores", "kept"),
    [
        ([], [], []),
        ([[0, 0, 10, 10]], [0.5], [0]),
        ([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 5]], [0.5, 0.9, 0.4], [1, 2]),
        ([[0, 0, 10, 10], [20, 0, 30, 10]], [0.5, 0.9], [1, 0]),
        ([[0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10]], [0.5, 0.5, 0.5], [0]),
    ],
)
def test_suppress_keeps_best_of_overlapping_boxes(
    boxes: list[list[float]], scores: list[float], kept: list[int]
) -> None:
    result = suppress(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), 0.6)
    assert result.tolist() == kept


def test_overlaps_of_known_boxes() -> None:
    a = np.array([[0, 0, 2, 2], [5, 5, 5, 5]], np.float32)
    b = np.array([[1, 0, 3, 2], [0, 0, 2, 2], [9, 9, 10, 10]], np.float32)
    np.testing.assert_allclose(overlaps(a, b), [[1 / 3, 1, 0], [0, 0, 0]], rtol=1e-6)


def test_averaged_block_grows_with_reduction_within_shortest_side() -> None:
    assert [averaged_block(scale, 64) for scale in (4.0, 1.0, 0.5, 0.26, 0.25, 0.24, 0.12)] == [1, 1, 1, 1, 2, 2, 4]
    assert [averaged_block(0.01, shortest) for shortest in (1, 2, 7, 1000)] == [1, 2, 4, 32]


def test_stage_card_of_other_task_raises() -> None:
    with pytest.raises(ModelError, match="movenet_thunder: not a detector of a known family"):
        Detect(Fixed(*quiet()), load_card("movenet_thunder"))
