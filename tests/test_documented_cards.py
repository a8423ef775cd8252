"""The model cards of docs/how-to/onnx-models.md load, and the stages decode outputs of the documented shapes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.stages.detect import Detect
from edge.stages.pose import Pose
from edge.types import Frame, Tracks
from engines.cards.card import Card, load_card

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/how-to/onnx-models.md").read_text(encoding="utf-8")

DETECTORS = {  # the box of PERSON, given in the 640 x 640 input, in an image of 640 x 1280 px
    "yolo11n": (200, -220, 600, 580),  # halved, 160 px of padding above
    "yolo26n": (200, -220, 600, 580),
    "rtmdet": (200, 100, 600, 900),
    "rtdetr": (200, 50, 600, 450),
}
POSES = ("rtmpose", "vitpose")
PERSON = (100.0, 50.0, 300.0, 450.0)  # corners in pixels of a 640 x 640 input
CENTER_SIZE = (200.0, 250.0, 200.0, 400.0)


class FixedSession:
    """A session that returns constant outputs and keeps its last input."""

    backend, device, precision = "fixed", "cpu", "fp32"

    def __init__(self, *outputs: Any) -> None:
        self.outputs = outputs
        self.input = np.empty(0)

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        self.input = inputs[0].copy()
        return self.outputs


BLOCKS: list[str] = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CARDS = {block.split()[1].removesuffix(".toml"): block for block in BLOCKS}  # the first line is "# NAME.toml"


def documented_card(name: str, folder: Path) -> Card:
    (folder / f"{name}.toml").write_text(CARDS[name])
    (folder / f"{name}.onnx").touch()
    card = load_card(folder / f"{name}.onnx")
    assert card.variants[0].file == folder / f"{name}.onnx"
    return card


def stated_outputs(name: str) -> list[Any]:
    """Zeros of the shapes that the section states before the card."""
    section = PAGE[: PAGE.index(f"# {name}.toml")].rpartition("\n## ")[2]
    shapes = re.findall(r"\([1N], ([\dM, ]+)\)", section)
    return [
        np.zeros((1, *(100 if side == "M" else int(side) for side in shape.split(", "))), np.float32)
        for shape in shapes
    ]


def one_person(name: str) -> list[Any]:
    """Outputs of the stated shapes with PERSON at a score of 0.8."""
    outputs = stated_outputs(name)
    if name == "yolo11n":
        outputs[0][0, :5, 7] = (*CENTER_SIZE, 0.8)
    elif name == "yolo26n":
        outputs[0][0, 7] = (*PERSON, 0.8, 0)
    elif name == "rtmdet":
        outputs[0][0, 7] = (*PERSON, 0.8)
    else:
        outputs[0][:] = -9
        outputs[0][0, 7, 0], outputs[1][0, 7] = np.log(4), np.array(CENTER_SIZE) / 640
    return outputs


def plain_frame(height: int, width: int) -> Frame:
    return Frame("test", 0, 0, 0.0, np.full((height, width, 3), (10, 20, 30), np.uint8))


def test_documented_cards_all_have_a_test() -> None:
    assert CARDS.keys() == {*DETECTORS, *POSES}


@pytest.mark.parametrize(("name", "box"), DETECTORS.items())
def test_documented_detector_person_in_output_gives_its_box(name: str, box: tuple[float, ...], tmp_path: Path) -> None:
    session = FixedSession(*one_person(name))
    found = Detect(session, documented_card(name, tmp_path))(plain_frame(640, 1280))
    np.testing.assert_allclose(found.boxes, [box], rtol=1e-4)
    np.testing.assert_allclose(found.scores, [0.8], rtol=1e-4)
    # Inside the image the input is the pixel, normalized, in the color order of the network.
    pixel = np.array([30, 20, 10]) / 255
    if name == "rtmdet":
        pixel = (np.array([10, 20, 30]) - (103.53, 116.28, 123.675)) / (57.375, 57.12, 58.395)
    np.testing.assert_allclose(session.input[0, :, 200, 320], pixel, rtol=1e-4)


@pytest.mark.parametrize("name", POSES)
def test_documented_pose_model_peak_in_output_gives_its_keypoint(name: str, tmp_path: Path) -> None:
    outputs = stated_outputs(name)
    if name == "rtmpose":
        outputs[0][..., 96], outputs[1][..., 384] = 0.8, 0.8
    else:
        outputs[0][..., 47:50, 11:14] = 0.4
        outputs[0][..., 48, 12] = 0.8
    session = FixedSession(*outputs)
    # The crop is 1.25 boxes: 240 x 320 px of the image around (300, 200), resized to 192 x 256.
    tracks = Tracks(np.zeros(1, np.int32), np.array([[204, 72, 396, 328]], np.float32), np.ones(1, np.float32))
    found = Pose(session, documented_card(name, tmp_path))(plain_frame(400, 600), tracks)
    assert found.keypoints.shape == (1, 17, 2)
    np.testing.assert_allclose(found.keypoints[0], [[180 + 60, 40 + 240]] * 17, atol=0.01)
    np.testing.assert_allclose(found.scores, 0.8)
    pixel = (np.array([30, 20, 10]) - (123.675, 116.28, 103.53)) / (58.395, 57.12, 57.375)
    np.testing.assert_allclose(session.input[0, :, 128, 96], pixel, rtol=1e-4)
