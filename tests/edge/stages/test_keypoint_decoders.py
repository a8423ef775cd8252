"""Outputs of pose networks become keypoints: HRNet's published numbers, peaks placed by hand, and wrong outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import edge_kernels
from edge.stages.keypoint_decoders import (
    POSE_FAMILIES,
    decode_heatmaps,
    decode_keypoints,
    decode_movenet,
    decode_simcc,
    mirror_images,
    turn_heatmaps,
    turn_simcc,
)
from edge.stages.pose import Pose
from edge.types import Frame, Tracks
from engines.cards.card import Card, load_card
from engines.errors import ModelError, UnknownNameError
from engines.inference.session import open_session
from engines.joint_sets import JOINT_SETS
from tests.support import golden_fill
from tests.support.paths import GOLDEN

SIZE = (256, 192)
NAMES = JOINT_SETS["coco17"].joint_names
HRNET = load_card("hrnet_w32_256x192")


class Fixed:
    """A session that gives the first rows of its outputs, as many as it gets crops; keeps the batches."""

    backend, device, precision = "fixed", "cpu", "fp32"

    def __init__(self, *outputs: NDArray[Any]) -> None:
        self.outputs = outputs
        self.batches: list[NDArray[Any]] = []

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        self.batches.append(inputs[0].copy())
        return tuple(output[: len(inputs[0])] for output in self.outputs)


class Whole(Fixed):
    """Gives everything, however many crops it gets."""

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        return self.outputs


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[Any]]:
    with np.load(GOLDEN / "pipeline_hrnet.npz") as stored:
        return {key: stored[key] for key in stored.files}


@pytest.fixture(scope="module")
def heatmaps(golden: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    return golden["hrnet.heatmaps"].astype(np.float32)


def tracks(boxes: NDArray[Any]) -> Tracks:
    """Of boxes (N, 4) xywh."""
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1).astype(np.float32)
    return Tracks(np.arange(len(boxes), dtype=np.int32), corners, np.ones(len(boxes), np.float32))


def frame(image: NDArray[np.uint8] | None = None) -> Frame:
    return Frame("test", 0, 0, 0.0, np.zeros((110, 150, 3), np.uint8) if image is None else image)


def simcc_card(**decode: Any) -> Card:
    return replace(HRNET, family="simcc", decode=replace(HRNET.decode, **decode))


def blob(x: float, y: float, sigma: float = 2.0, height: int = 64, width: int = 48) -> NDArray[np.float32]:
    v, u = np.mgrid[0:height, 0:width]
    return np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * sigma**2)).astype(np.float32)


def test_peaks_are_those_of_the_published_code(golden: dict[str, NDArray[Any]], heatmaps: NDArray[np.float32]) -> None:
    places, scores = decode_heatmaps((heatmaps,), SIZE, "none")
    np.testing.assert_array_equal(np.round(places * [48, 64], 3), golden["hrnet.argmax"])
    np.testing.assert_array_equal(scores, golden["hrnet.maxvals"][..., 0])
    assert (scores <= 0).any()  # or the rule for maps without a peak is not tried


def test_keypoints_are_those_of_the_published_code(
    golden: dict[str, NDArray[Any]], heatmaps: NDArray[np.float32]
) -> None:
    found = Pose(Fixed(heatmaps), HRNET)(frame(), tracks(golden["hrnet.boxes_xywh"][:3]))
    np.testing.assert_allclose(found.keypoints, golden["hrnet.preds"], atol=1e-4)
    np.testing.assert_array_equal(found.scores, np.clip(golden["hrnet.maxvals"][..., 0], 0, 1))


def test_flipped_heatmaps_are_those_of_the_published_code(
    golden: dict[str, NDArray[Any]], heatmaps: NDArray[np.float32]
) -> None:
    (turned,) = turn_heatmaps((heatmaps,), mirror_images(HRNET))
    average = (heatmaps + turned) / 2
    assert average.shape == tuple(golden["hrnet.flip_avg.shape"])
    positions = golden_fill.positions("hrnet.flip_avg", average.size)
    np.testing.assert_array_equal(average.reshape(-1)[positions], golden["hrnet.flip_avg.sub"])
    session = Fixed(heatmaps)
    found = Pose(session, HRNET, flip_test=True)(frame(), tracks(golden["hrnet.boxes_xywh"][:3]))
    np.testing.assert_allclose(found.keypoints, golden["hrnet.flip_preds"], atol=1e-4)
    np.testing.assert_allclose(found.scores, np.clip(golden["hrnet.flip_maxvals"][..., 0], 0, 1), atol=1e-6)
    np.testing.assert_array_equal(session.batches[2], session.batches[1][..., ::-1])


def test_crops_are_those_of_the_published_code(golden: dict[str, NDArray[Any]]) -> None:
    out = np.empty((1, 3, 64, 48), np.float32)
    x, y, width, height = golden["hrnet.boxes_xywh"][0]
    scale = min(48 / (1.25 * width), 64 / (1.25 * height))
    center = np.array([[x + width / 2, y + height / 2]], np.float32)
    edge_kernels.crop((0, 0, 0), (1, 1, 1), golden["image"], center, np.array([scale], np.float32), out)
    assert np.abs(out[0].transpose(1, 2, 0) - golden["hrnet.crop"]).max() <= 1


@pytest.mark.parametrize("name", ["hrnet_w32_256x192", "hrnet_w48_384x288"])
def test_pixels_of_the_crop_lie_where_the_published_code_puts_them(golden: dict[str, NDArray[Any]], name: str) -> None:
    card = load_card(name)
    height, width = card.input.shape[2:]
    pixels = np.array([[0, 0], [width, height], [width / 2, 17]], np.float32)
    rows = np.concatenate([pixels, np.full((3, 1), 0.5, np.float32)], axis=1)
    card = replace(card, family="keypoints", keypoints=("a", "b", "c"))
    boxes = golden["hrnet.boxes_xywh"]
    found = Pose(Fixed(np.repeat(rows[None], 5, axis=0)), card)(frame(), tracks(boxes))
    for keypoints, affine in zip(found.keypoints, golden[f"hrnet.{name[-7:]}.affine"], strict=True):
        np.testing.assert_allclose(keypoints @ affine[:, :2].T + affine[:, 2], pixels, atol=2e-3)


@pytest.mark.parametrize(
    ("peak", "higher", "moved"),
    [
        ((20, 30), (1, 0), (20.25, 30)),
        ((20, 30), (-1, 0), (19.75, 30)),
        ((20, 30), (0, -1), (20, 29.75)),
        ((20, 30), (0, 0), (20, 30)),
        ((1, 30), (1, 0), (1, 30)),
        ((2, 30), (1, 0), (2.25, 30)),
        ((46, 30), (-1, 0), (45.75, 30)),
        ((47, 30), (-1, 0), (47, 30)),
        ((20, 1), (0, 1), (20, 1)),
        ((20, 62), (0, -1), (20, 61.75)),
        ((20, 63), (0, -1), (20, 63)),
    ],
)
def test_the_quarter_goes_to_the_higher_neighbor(
    peak: tuple[int, int], higher: tuple[int, int], moved: tuple[float, float]
) -> None:
    maps = np.zeros((1, 1, 64, 48), np.float32)
    maps[0, 0, peak[1] + higher[1], peak[0] + higher[0]] = 0.5
    maps[0, 0, peak[1], peak[0]] = 0.9
    places, scores = decode_heatmaps((maps,), SIZE, "quarter")
    np.testing.assert_allclose(places[0, 0] * [48, 64], moved, rtol=1e-6)
    assert scores[0, 0] == np.float32(0.9)


def test_of_equal_peaks_the_first_row_by_row_counts() -> None:
    maps = np.zeros((1, 1, 64, 48), np.float32)
    maps[0, 0, 10, 40] = maps[0, 0, 11, 3] = maps[0, 0, 10, 41] = 1
    places, _ = decode_heatmaps((maps,), SIZE, "none")
    np.testing.assert_allclose(places[0, 0] * [48, 64], [40, 10], rtol=1e-6)


@pytest.mark.parametrize(("height", "width", "sigma"), [(64, 48, 2.0), (96, 72, 3.0), (64, 64, 2.0)])
def test_dark_finds_the_middle_of_a_gaussian(height: int, width: int, sigma: float) -> None:
    rng = np.random.default_rng(5)
    middles = rng.uniform([14, 14], [width - 15, height - 15], (40, 2))
    maps = np.stack([blob(x, y, sigma, height, width) for x, y in middles])[None] * np.float32(0.7)
    found = {}
    for refine in ("none", "quarter", "dark"):
        places, scores = decode_heatmaps((maps,), (4 * height, 4 * width), refine)
        found[refine] = np.abs(places[0] * [width, height] - middles).mean()
        np.testing.assert_array_equal(scores[0], maps.reshape(40, -1).max(axis=1))
    assert found["dark"] < 0.01 < 0.1 < found["quarter"] < 0.16 < found["none"]


def dark_by_the_book(heatmap: NDArray[np.float32], kernel: int, sigma: float) -> NDArray[np.float64]:
    """The refined peak x, y of one heatmap, written down term by term from the paper, in float64."""
    weights = np.exp(-((np.arange(kernel) - kernel // 2) ** 2) / (2 * sigma**2))
    smooth = heatmap.astype(np.float64)
    for axis in (0, 1):
        smooth = np.apply_along_axis(lambda line: np.convolve(line, weights / weights.sum(), "same"), axis, smooth)
    field = np.log(np.maximum(smooth * heatmap.max() / smooth.max(), 1e-10))
    y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)

    def at(dx: int, dy: int) -> float:
        return float(field[y + dy, x + dx])

    gradient = [(at(1, 0) - at(-1, 0)) / 2, (at(0, 1) - at(0, -1)) / 2]
    xy = (at(1, 1) - at(-1, 1) - at(1, -1) + at(-1, -1)) / 4
    xx, yy = (at(2, 0) - 2 * at(0, 0) + at(-2, 0)) / 4, (at(0, 2) - 2 * at(0, 0) + at(0, -2)) / 4
    return np.array([x, y]) - np.linalg.solve([[xx, xy], [xy, yy]], gradient)


@pytest.mark.parametrize(("height", "width", "kernel", "sigma"), [(64, 48, 11, 2.0), (96, 72, 17, 2.9)])
def test_dark_is_the_paper_s(height: int, width: int, kernel: int, sigma: float, rng: np.random.Generator) -> None:
    """On slanted, noisy peaks, some of them at the border, where the smoothing takes what lies outside for zero."""
    v, u = np.mgrid[0:height, 0:width]
    for x, y in [(2.6, 20.2), (width - 3.8, height - 3.6), (20.3, 30.8), (11.1, 2.7)]:
        slanted = np.exp(-((u - x) ** 2 + (v - y) ** 2 + 1.2 * (u - x) * (v - y)) / 14)
        heatmap = (slanted + 0.02 * rng.random((height, width))).astype(np.float32)
        places, _ = decode_heatmaps((heatmap[None, None],), SIZE, "dark")
        expected = dark_by_the_book(heatmap, kernel, sigma)
        np.testing.assert_allclose(places[0, 0] * [width, height], expected, atol=2e-3)


def test_dark_leaves_peaks_at_the_border_and_maps_without_one() -> None:
    maps = np.stack([blob(1.3, 30), blob(46.4, 30), blob(24, 0.8), blob(24, 62.3)])[None]
    still, _ = decode_heatmaps((maps,), SIZE, "none")
    refined, _ = decode_heatmaps((maps,), SIZE, "dark")
    np.testing.assert_array_equal(refined, still)
    noise = np.random.default_rng(2).normal(size=(4, 17, 64, 48)).astype(np.float32)
    maps = np.concatenate([noise, np.full_like(noise, -1), np.full_like(noise, 0.3), 1e-6 * noise])
    still, _ = decode_heatmaps((maps,), SIZE, "none")
    refined, _ = decode_heatmaps((maps,), SIZE, "dark")
    assert (np.abs(refined - still) * [48, 64]).max() < 2.001


def test_dark_is_taken_when_asked_for() -> None:
    maps = np.repeat(blob(20.4, 30.3)[None, None], 17, axis=1)
    boxes = np.array([[0, 0, 48 / 1.25, 64 / 1.25]])  # a pixel of the heatmap is one of the picture
    middle = np.array([24, 32]) - [19.2, 25.6]
    for refine, place in ((None, [20.25, 30.25]), ("none", [20, 30]), ("dark", [20.4, 30.3])):
        found = Pose(Fixed(maps), HRNET, refine=refine)(frame(), tracks(boxes))
        np.testing.assert_allclose(found.keypoints[0], np.tile(place - middle, (17, 1)), atol=0.01)


def simcc(x_bin: int, y_bin: int, x_score: float = 0.8, y_score: float = 0.6) -> tuple[NDArray[Any], NDArray[Any]]:
    x, y = np.full((1, 17, 384), -0.1, np.float32), np.full((1, 17, 512), -0.1, np.float32)
    x[..., x_bin], y[..., y_bin] = x_score, y_score
    return x, y


def test_simcc_bins_are_half_pixels_and_the_score_is_the_smaller_maximum() -> None:
    places, scores = decode_simcc(simcc(101, 333), SIZE, "none")
    np.testing.assert_allclose(places[0] * [192, 256], np.tile([50.5, 166.5], (17, 1)), rtol=1e-6)
    np.testing.assert_array_equal(scores, np.float32(0.6))
    places, scores = decode_simcc(simcc(101, 333, 1.4, -0.05), SIZE, "none")
    assert not places.any()
    assert (scores < 0).all()


def test_simcc_in_the_picture_with_scores_within_bounds() -> None:
    boxes = np.array([[100, 50, 192 / 1.25, 256 / 1.25]])  # crop pixels are as large as the picture's
    corner = np.array([100, 50]) + boxes[0, 2:] / 2 - [96, 128]
    found = Pose(Fixed(*simcc(101, 333, 1.4, 1.3)), simcc_card())(frame(), tracks(boxes))
    np.testing.assert_allclose(found.keypoints[0, 3], corner + np.array([50.5, 166.5]), atol=1e-3)
    np.testing.assert_array_equal(found.scores, 1)


def test_flipped_simcc_swaps_left_and_right_and_averages() -> None:
    x, y = simcc(101, 333)
    x[0, NAMES.index("left_wrist")] = 0
    x[0, NAMES.index("left_wrist"), 7] = 0.5
    flipped_x, flipped_y = turn_simcc((x, y), mirror_images(simcc_card()))
    assert flipped_x[0, NAMES.index("right_wrist")].argmax() == 383 - 7
    assert flipped_x[0, 0].argmax() == 383 - 101
    assert flipped_y[0, 0].argmax() == 333
    y[0, NAMES.index("left_knee")] = 0
    assert turn_simcc((x, y), mirror_images(simcc_card()))[1].max(axis=2).argmin() == NAMES.index("right_knee")
    x, y = simcc(101, 333)
    left, right = (NAMES.index(f"{side}_ear") for side in ("left", "right"))
    x[0], x[0, left, 101], x[0, right, 383 - 101] = 0, 0.9, 0.9
    found = Pose(Fixed(x, y), simcc_card(), flip_test=True)(frame(), tracks(np.array([[0, 0, 153.6, 204.8]])))
    np.testing.assert_allclose(found.keypoints[0, left, 0], 50.5 - 96 + 76.8, atol=1e-3)
    np.testing.assert_allclose(found.scores[0, left], 0.6)


def test_movenet_and_finished_keypoints() -> None:
    row = np.array([[[0.25, 0.75, 0.9]]], np.float32)
    places, scores = decode_movenet((row,), SIZE, "none")
    assert places.tolist() == [[[0.75, 0.25]]]
    assert scores.tolist() == [[np.float32(0.9)]]
    places, scores = decode_keypoints((np.array([[[48, 64, 0.5]]], np.float32),), SIZE, "none")
    assert places.tolist() == [[[0.25, 0.25]]]
    assert scores.tolist() == [[0.5]]


@pytest.mark.parametrize("refine", ["none", "quarter", "dark"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_people_with_bad_heatmaps_are_dropped(refine: str, bad: float) -> None:
    maps = np.repeat(np.repeat(blob(20, 30)[None, None], 17, axis=1), 3, axis=0)
    maps[1, 4, 9, 9] = bad
    stage = Pose(Fixed(maps), HRNET, refine=refine)
    found = stage(frame(), tracks(np.array([[0, 0, 50, 90]] * 3)))
    assert found.ids.tolist() == [0, 2]
    assert stage.dropped_nan == 1


def test_people_with_bad_simcc_are_dropped() -> None:
    x, y = (np.repeat(bins, 2, axis=0) for bins in simcc(3, 4))
    y[1, 0, 9] = np.nan
    assert Pose(Fixed(x, y), simcc_card())(frame(), tracks(np.array([[0, 0, 50, 90]] * 2))).ids.tolist() == [0]


@pytest.mark.parametrize("family", POSE_FAMILIES)
def test_outputs_that_are_no_keypoints_are_refused(family: str) -> None:
    card = replace(HRNET, family=family)
    right = {
        "movenet": ((1, 17, 3),),
        "heatmaps": ((1, 17, 64, 48),),
        "simcc": ((1, 17, 384), (1, 17, 512)),
        "keypoints": ((1, 17, 3),),
    }[family]
    Pose(Fixed(*map(np.zeros, right)), card)
    first = right[0]
    wrong: list[tuple[tuple[int, ...], ...]] = [
        (),
        (*right, first),
        (first[1:], *right[1:]),
        ((1, 18, *first[2:]), *right[1:]),
        ((*first[:2], 4), *right[1:]),
        ((17, 1, *first[2:]), *right[1:]),
        right[:-1],
    ]
    for shapes in wrong:
        with pytest.raises(
            ModelError, match=f"hrnet_w32_256x192: a {family} model gives .*17.*; this one gives "
        ) as told:
            Pose(Whole(*map(np.zeros, shapes)), card)
        assert all(str(shape) in str(told.value) for shape in shapes)
        assert "\n" not in str(told.value)


def test_swapped_simcc_outputs_and_other_bins_are_refused() -> None:
    x, y = simcc(0, 0)
    for outputs, card in (((y, x), simcc_card()), ((x, y), simcc_card(bins_per_px=3.0))):
        with pytest.raises(ModelError, match="simcc model gives two outputs"):
            Pose(Fixed(*outputs), card)


def test_options_that_make_no_sense_are_refused() -> None:
    keypoints = np.zeros((1, 17, 3), np.float32)
    for family in ("movenet", "keypoints"):
        with pytest.raises(ModelError, match="no flip test"):
            Pose(Fixed(keypoints), replace(HRNET, family=family), flip_test=True)
    for family in ("movenet", "keypoints", "simcc"):
        with pytest.raises(ModelError, match="no refinement"):
            Pose(Fixed(keypoints), replace(HRNET, family=family), refine="dark")
    maps = np.zeros((1, 2, 64, 48), np.float32)
    with pytest.raises(UnknownNameError, match="'half'; there are: none, quarter, dark"):
        Pose(Fixed(maps), HRNET, refine="half")
    for names in (("left_eye", "nose"), ("l_eye", "r_eye")):
        with pytest.raises(ModelError, match="no flip test"):
            Pose(Fixed(maps), replace(HRNET, keypoints=names), flip_test=True)


def constant_card(folder: Path, card: str, *outputs: NDArray[Any]) -> Card:
    """A card with a real ONNX model that gives outputs (1, ...) for every picture of its batch."""
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3]),
        helper.make_node("Sub", ["mean", "mean"], ["zero"]),
    ]
    constants, infos = [], []
    for index, output in enumerate(outputs):
        axes = np.array([-1] + [1] * (output.ndim - 1), np.int64)
        constants += [onnx.numpy_helper.from_array(axes, f"axes{index}")]
        constants += [onnx.numpy_helper.from_array(output, f"constant{index}")]
        nodes += [helper.make_node("Reshape", ["zero", f"axes{index}"], [f"zero{index}"])]
        nodes += [helper.make_node("Add", [f"zero{index}", f"constant{index}"], [f"output{index}"])]
        infos += [helper.make_tensor_value_info(f"output{index}", types.FLOAT, ["N", *output.shape[1:]])]
    image = helper.make_tensor_value_info("image", types.FLOAT, ["N", 3, *SIZE])
    graph = helper.make_graph(nodes, "constant", [image], infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "constant.onnx").write_bytes(model.SerializeToString())
    path = folder / "constant.toml"
    path.write_text(
        f'task = "pose"\nkeypoints = {json.dumps(NAMES)}\n{card}\n[variants.fp32]\nfile = "constant.onnx"\n'
        '[input]\nname = "image"\nshape = ["N", 3, 256, 192]\nsize = 256\ncolor = "rgb"\n'
        "mean = [0, 0, 0]\nstd = [1, 1, 1]\n"
    )
    return load_card(path)


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize(
    ("card", "outputs"),
    [
        ('family = "heatmaps"\ndecode = {refine = "none"}', (blob(25, 38)[None, None].repeat(17, axis=1),)),
        ('family = "simcc"\ndecode = {margin = 1.25}', simcc(200, 304)),
        ('family = "keypoints"', (np.full((1, 17, 3), (100, 152, 0.7), np.float32),)),
    ],
)
def test_models_of_others_run_through_the_real_engines(
    tmp_path: Path, backend: str, card: str, outputs: tuple[NDArray[Any], ...]
) -> None:
    known = constant_card(tmp_path, card, *outputs)
    found = Pose(open_session(known, backend=backend, threads=1), known)(
        frame(), tracks(np.array([[0, 0, 153.6, 204.8]] * 5))
    )
    assert found.keypoints.shape == (5, 17, 2)
    np.testing.assert_allclose(
        found.keypoints, np.tile(np.array([100, 152]) - [96 - 76.8, 128 - 102.4], (5, 17, 1)), atol=1e-3
    )
