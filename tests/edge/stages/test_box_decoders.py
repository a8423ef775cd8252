"""Outputs of detectors become boxes: a person placed exactly in each kind of output, and outputs that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from edge.stages.box_decoders import (
    BOX_FAMILIES,
    decode_detr,
    decode_mmdet,
    decode_nanodet,
    decode_yolo,
    decode_yolo_nms,
    decode_yolox,
)
from edge.stages.config import DetectionConfig
from edge.stages.detect import Detect
from edge.types import Frame
from engines.cards.card import Card, load_card
from engines.errors import ModelError
from engines.inference.session import open_session

SIZE = (96, 128)
CELLS = 12 * 16 + 6 * 8 + 3 * 4
PERSON = 1  # not the first class, so that a decoder that ignores it is found out
BOX = (20.0, 30.0, 60.0, 90.0)
CENTERD = (40.0, 60.0, 40.0, 60.0)
Outputs = tuple[NDArray[Any], ...]


class Fixed:
    """A session that always gives the same."""

    backend, device, precision = "fixed", "cpu", "fp32"

    def __init__(self, outputs: Outputs) -> None:
        self.outputs = outputs

    def __call__(self, *inputs: NDArray[Any]) -> Outputs:
        return self.outputs


def nanodet(*people: float) -> Outputs:
    scores, bins = np.zeros((1, CELLS, 3), np.float32), np.zeros((1, CELLS, 32), np.float32)
    for row, score in enumerate(people):
        scores[0, 12 * 16 + row, PERSON] = score
        bins[0, 12 * 16 + row].reshape(4, 8)[range(4), [0, 0, 1, 2]] = 50
    return scores, bins


def yolox(*people: float) -> Outputs:
    table = np.full((1, CELLS, 8), 0.01, np.float32)
    table[0, :, :2] = 80
    for row, score in enumerate(people):
        table[0, 7 + row, :4], table[0, 7 + row, 4], table[0, 7 + row, 5 + PERSON] = CENTERD, 0.9, score / 0.9
    return (table,)


def yolo(*people: float) -> Outputs:
    table = np.zeros((1, 7, CELLS), np.float32)
    for row, score in enumerate(people):
        table[0, :4, 7 + row], table[0, 4 + PERSON, 7 + row] = CENTERD, score
    return (table,)


def yolo_nms(*people: float) -> Outputs:
    table = np.zeros((1, 9, 6), np.float32)
    table[0, 8] = (*BOX, 0.95, 0)
    for row, score in enumerate(people):
        table[0, 2 + row] = (*BOX, score, PERSON)
    return (table,)


def mmdet(*people: float) -> Outputs:
    table, classes = np.zeros((1, 9, 5), np.float32), np.full((1, 9), -1)
    table[0, 8], classes[0, 8] = (*BOX, 0.95), 0
    for row, score in enumerate(people):
        table[0, 2 + row], classes[0, 2 + row] = (*BOX, score), PERSON
    return table, classes


def detr(*people: float) -> Outputs:
    logits, boxes = np.full((1, 9, 3), -9, np.float32), np.full((1, 9, 4), 0.1, np.float32)
    logits[0, 8, 0] = 5
    for row, score in enumerate(people):
        logits[0, 2 + row, PERSON] = np.log(score / (1 - score))
        boxes[0, 2 + row] = np.array(CENTERD) / (128, 96, 128, 96)
    return logits, boxes


MAKERS: dict[str, Callable[..., Outputs]] = {
    "nanodet": nanodet,
    "yolox": yolox,
    "yolo": yolo,
    "yolo_nms": yolo_nms,
    "mmdet": mmdet,
    "detr": detr,
}
DECODERS = {
    "yolox": decode_yolox,
    "yolo": decode_yolo,
    "yolo_nms": decode_yolo_nms,
    "mmdet": decode_mmdet,
    "detr": decode_detr,
}


def card(family: str, fit: str = "stretch") -> Card:
    known = load_card("yolox_nano")
    return replace(
        known,
        family=family,
        input=replace(known.input, shape=("N", 3, *SIZE), size=128),
        decode=replace(known.decode, fit=fit, person=PERSON, score=0.3),
    )


def frame(height: int = 96, width: int = 128) -> Frame:
    return Frame("test", 0, 0, 0.0, np.zeros((height, width, 3), np.uint8))


@pytest.mark.parametrize("family", DECODERS)
def test_decode_boxes_of_each_family_best_first(family: str) -> None:
    boxes, scores = DECODERS[family](MAKERS[family](0.31, 0.8, 0.29, 0.5), SIZE, PERSON, 0.3)
    np.testing.assert_allclose(boxes, [BOX] * 3, rtol=1e-5)
    np.testing.assert_allclose(scores, [0.8, 0.5, 0.31], rtol=1e-5)


def test_decode_nanodet_distances_from_cell_centers() -> None:
    boxes, scores = decode_nanodet(nanodet(0.6), SIZE, PERSON, 0.3)
    np.testing.assert_allclose(boxes, [[7.5, 7.5, 23.5, 39.5]], rtol=1e-5)
    np.testing.assert_allclose(scores, [0.6])


@pytest.mark.parametrize("family", MAKERS)
def test_detect_every_family_scales_boxes_to_image(family: str) -> None:
    found = Detect(Fixed(MAKERS[family](0.8)), card(family))(frame(192, 384))
    box = (7.5, 7.5, 23.5, 39.5) if family == "nanodet" else BOX
    np.testing.assert_allclose(found.boxes, [np.array(box) * (3, 2, 3, 2)], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.8], rtol=1e-5)
    assert found.boxes.dtype == found.scores.dtype == np.float32


@pytest.mark.parametrize("family", MAKERS)
def test_box_decoders_without_people_gives_no_rows(family: str) -> None:
    found = Detect(Fixed(MAKERS[family]()), card(family))(frame())
    assert found.boxes.shape == (0, 4)
    assert found.scores.shape == (0,)


@pytest.mark.parametrize("family", MAKERS)
def test_decode_drops_rows_that_are_not_finite(family: str) -> None:
    for bad in (np.nan, np.inf, -np.inf):
        for index in range(len(MAKERS[family]())):
            outputs = tuple(output.astype(np.float32) for output in MAKERS[family](0.7, 0.8))
            session = Fixed(MAKERS[family]())
            detect = Detect(session, card(family))
            broken = np.flatnonzero(outputs[index] != MAKERS[family](0.7)[index])
            outputs[index].reshape(-1)[broken] = bad
            session.outputs = outputs
            found = detect(frame())
            assert np.isfinite(found.boxes).all()
            assert np.isclose(found.scores, 0.7).sum() == 1
            assert len(found.scores) <= 2
    session.outputs = tuple(np.full_like(output, np.nan) for output in outputs)
    assert len(detect(frame()).scores) == 0


@pytest.mark.parametrize("family", MAKERS)
def test_detect_suppresses_only_families_without_nms(family: str) -> None:
    found = Detect(Fixed(MAKERS[family](0.6, 0.8)), card(family))(frame())
    if family == "nanodet":
        assert len(found.scores) == 2  # neighboring cells, not the same box
    else:
        assert np.isclose(found.scores, [0.8, 0.6] if BOX_FAMILIES[family].distinct else [0.8]).all()


def test_detect_empty_outputs_give_no_boxes() -> None:
    empty = np.zeros((1, 0, 5), np.float32), np.zeros((1, 0), np.int64)
    assert len(Detect(Fixed(empty), card("mmdet"))(frame()).scores) == 0
    assert len(Detect(Fixed((np.zeros((1, 0, 6), np.float32),)), card("yolo_nms"))(frame()).scores) == 0


def test_decode_bounds_number_of_candidates() -> None:
    boxes, scores = decode_yolo(yolo(*np.linspace(0.9, 0.4, CELLS - 7)), (96, 128), PERSON, 0.3)
    assert len(boxes) == len(scores) == min(300, CELLS - 7)
    table = np.full((1, 84, 8400), 0.9, np.float32)
    assert len(decode_yolo((table,), (640, 640), PERSON, 0.3)[1]) == 300


def test_decode_yolo_accepts_transposed_table() -> None:
    (table,) = yolo(0.8)
    found = Detect(Fixed((table.transpose(0, 2, 1),)), card("yolo"))(frame())
    np.testing.assert_allclose(found.boxes, [BOX])


def test_decode_yolox_chooses_decoded_output() -> None:
    (table,) = yolox(0.8)
    found = Detect(Fixed((table / 50, table)), card("yolox"))(frame())
    np.testing.assert_allclose(found.boxes, [BOX])


def test_detr_scores_do_not_overflow() -> None:
    logits, boxes = detr()
    logits[0, :, PERSON] = [-500, 500, 100, -100, 0, 1, 2, 3, 4]
    with np.errstate(all="raise"):
        _, scores = decode_detr((logits, boxes), SIZE, PERSON, 0.9)
    np.testing.assert_allclose(scores, [1, 1, 1 / (1 + np.exp(-4)), 1 / (1 + np.exp(-3))], rtol=1e-6)


@pytest.mark.parametrize(
    ("family", "outputs"),
    [
        ("nanodet", nanodet()[:1]),
        ("nanodet", (nanodet()[0], nanodet()[1][..., :31])),
        ("nanodet", (nanodet()[0][..., :1], nanodet()[1])),
        ("nanodet", tuple(output[:, :-1] for output in nanodet())),
        ("yolox", ()),
        ("yolox", (yolox()[0][0],)),
        ("yolox", (yolox()[0][..., :6],)),
        ("yolox", (yolox()[0].transpose(0, 2, 1),)),
        ("yolox", (yolox()[0] / 40,)),  # offsets from the cells, exported without decoding
        ("yolo", (*yolo(), *yolo())),
        ("yolo", (yolo()[0][:, :5],)),
        ("yolo", (yolo()[0][..., :-1],)),
        ("yolo", (np.zeros((1, CELLS, CELLS), np.float32),)),
        ("yolo_nms", (yolo_nms()[0][..., :5],)),
        ("yolo_nms", (yolo_nms()[0][0],)),
        ("mmdet", mmdet()[:1]),
        ("mmdet", (mmdet()[0][..., :4], mmdet()[1])),
        ("mmdet", (mmdet()[0], mmdet()[1][:, 1:])),
        ("detr", detr()[::-1]),
        ("detr", (detr()[0], detr()[1][:, 1:])),
        ("detr", (detr()[0][..., :1], detr()[1])),
        ("detr", detr()[:1]),
    ],
)
def test_check_boxes_wrong_shapes_raise(family: str, outputs: Outputs) -> None:
    message = f"yolox_nano: a {family} model gives .* person 1, for an input of 96 x 128; this one gives "
    with pytest.raises(ModelError, match=message) as told:
        Detect(Fixed(outputs), card(family))
    assert all(str(output.shape) in str(told.value) for output in outputs)
    assert "\n" not in str(told.value)


def constant_card(folder: Path, family: str, fit: str, outputs: Outputs) -> Card:
    """A card with a real ONNX model that gives outputs (1, ...) for every image of its batch."""
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3]),
        helper.make_node("Sub", ["mean", "mean"], ["zero"]),
    ]
    constants, infos = [], []
    for index, output in enumerate(outputs):
        kind = types.INT64 if output.dtype == np.int64 else types.FLOAT
        axes = np.array([-1] + [1] * (output.ndim - 1), np.int64)
        constants += [onnx.numpy_helper.from_array(axes, f"axes{index}")]
        constants += [onnx.numpy_helper.from_array(output, f"constant{index}")]
        nodes += [helper.make_node("Reshape", ["zero", f"axes{index}"], [f"shaped{index}"])]
        nodes += [helper.make_node("Cast", [f"shaped{index}"], [f"zero{index}"], to=kind)]
        nodes += [helper.make_node("Add", [f"zero{index}", f"constant{index}"], [f"output{index}"])]
        infos += [helper.make_tensor_value_info(f"output{index}", kind, ["N", *output.shape[1:]])]
    image = helper.make_tensor_value_info("image", types.FLOAT, ["N", 3, *SIZE])
    graph = helper.make_graph(nodes, "constant", [image], infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "constant.onnx").write_bytes(model.SerializeToString())
    path = folder / "constant.toml"
    path.write_text(
        f'task = "detector"\nfamily = "{family}"\n[variants.fp32]\nfile = "constant.onnx"\n'
        f'[decode]\nfit = "{fit}"\nperson = {PERSON}\nscore = 0.5\n'
        '[input]\nname = "image"\nshape = ["N", 3, 96, 128]\nsize = 128\ncolor = "rgb"\n'
        "mean = [0, 0, 0]\nstd = [1, 1, 1]\n"
    )
    return load_card(path)


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize(
    ("family", "fit", "box"),
    [
        ("yolox", "corner", (40, 60, 120, 180)),
        ("yolo", "center", (40 - 28, 60, 120 - 28, 180)),
        ("yolo_nms", "center", (40 - 28, 60, 120 - 28, 180)),
        ("mmdet", "corner", (40, 60, 120, 180)),
        ("detr", "stretch", (20 * 200 / 128, 60, 60 * 200 / 128, 180)),
    ],
)
def test_third_party_models_run_on_real_engines(
    tmp_path: Path, backend: str, family: str, fit: str, box: tuple[float, ...]
) -> None:
    known = constant_card(tmp_path, family, fit, MAKERS[family](0.8, 0.45))
    session = open_session(known, backend=backend, threads=1)
    found = Detect(session, known)(frame(192, 200))
    np.testing.assert_allclose(found.boxes, [box], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.8], rtol=1e-5)
    assert len(Detect(session, known, DetectionConfig(score=0.9))(frame(192, 200)).scores) == 0
