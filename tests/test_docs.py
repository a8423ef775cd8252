"""The documents are true: cards in them load and are decoded, commands parse, files that they name exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cli import main, models
from edge.stages.detect import Detect
from edge.stages.pose import Pose
from edge.types import Frame, Tracks
from engines.cards.card import Card, load_card
from tests.support.paths import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MODELS = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")

DETECTORS = {  # where PERSON of a 640 x 640 input is in a picture of 640 x 1280
    "yolo11n": (200, -220, 600, 580),  # halved, 160 px of padding above
    "yolo26n": (200, -220, 600, 580),
    "rtmdet": (200, 100, 600, 900),
    "rtdetr": (200, 50, 600, 450),
}
POSES = ("rtmpose", "vitpose")
PERSON = (100.0, 50.0, 300.0, 450.0)  # corners in pixels of a 640 x 640 input
CENTERD = (200.0, 250.0, 200.0, 400.0)


class Fixed:
    """A session that always gives the same, and keeps what it was given."""

    backend, device, precision = "fixed", "cpu", "fp32"

    def __init__(self, *outputs: Any) -> None:
        self.outputs = outputs
        self.given = np.empty(0)

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        self.given = inputs[0].copy()
        return self.outputs


def blocks(language: str, text: str = MODELS) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


CARDS = {block.split()[1].removesuffix(".toml"): block for block in blocks("toml")}  # the first line is "# NAME.toml"


def documented(name: str, folder: Path) -> Card:
    (folder / f"{name}.toml").write_text(CARDS[name])
    (folder / f"{name}.onnx").touch()
    card = load_card(folder / f"{name}.onnx")
    assert card.variants[0].file == folder / f"{name}.onnx"
    return card


def stated_outputs(name: str) -> list[Any]:
    """Zeros in the shapes that the card's section states before the card."""
    section = MODELS[: MODELS.index(f"# {name}.toml")].rpartition("\n### ")[2]
    shapes = re.findall(r"\([1N], ([\dM, ]+)\)", section)
    return [
        np.zeros((1, *(100 if side == "M" else int(side) for side in shape.split(", "))), np.float32)
        for shape in shapes
    ]


def one_person(name: str) -> list[Any]:
    """Outputs of the stated shapes that hold PERSON with a score of 0.8."""
    outputs = stated_outputs(name)
    if name == "yolo11n":
        outputs[0][0, :5, 7] = (*CENTERD, 0.8)
    elif name == "yolo26n":
        outputs[0][0, 7] = (*PERSON, 0.8, 0)
    elif name == "rtmdet":
        outputs[0][0, 7] = (*PERSON, 0.8)
    else:
        outputs[0][:] = -9
        outputs[0][0, 7, 0], outputs[1][0, 7] = np.log(4), np.array(CENTERD) / 640
    return outputs


def picture(height: int, width: int) -> Frame:
    return Frame("test", 0, 0, 0.0, np.full((height, width, 3), (10, 20, 30), np.uint8))


def test_every_documented_card_is_tested() -> None:
    assert CARDS.keys() == {*DETECTORS, *POSES}


@pytest.mark.parametrize(("name", "box"), DETECTORS.items())
def test_documented_detectors(name: str, box: tuple[float, ...], tmp_path: Path) -> None:
    session = Fixed(*one_person(name))
    found = Detect(session, documented(name, tmp_path))(picture(640, 1280))
    np.testing.assert_allclose(found.boxes, [box], rtol=1e-4)
    np.testing.assert_allclose(found.scores, [0.8], rtol=1e-4)
    # Inside of the picture the input is the pixel, in the network's order of colors and normalized.
    pixel = np.array([30, 20, 10]) / 255
    if name == "rtmdet":
        pixel = (np.array([10, 20, 30]) - (103.53, 116.28, 123.675)) / (57.375, 57.12, 58.395)
    np.testing.assert_allclose(session.given[0, :, 200, 320], pixel, rtol=1e-4)


@pytest.mark.parametrize("name", POSES)
def test_documented_pose_models(name: str, tmp_path: Path) -> None:
    outputs = stated_outputs(name)
    if name == "rtmpose":
        outputs[0][..., 96], outputs[1][..., 384] = 0.8, 0.8
    else:
        outputs[0][..., 47:50, 11:14] = 0.4
        outputs[0][..., 48, 12] = 0.8
    session = Fixed(*outputs)
    # The crop is 1.25 boxes: 240 x 320 px of the picture around (300, 200), shown at 192 x 256.
    tracks = Tracks(np.zeros(1, np.int32), np.array([[204, 72, 396, 328]], np.float32), np.ones(1, np.float32))
    found = Pose(session, documented(name, tmp_path))(picture(400, 600), tracks)
    assert found.keypoints.shape == (1, 17, 2)
    np.testing.assert_allclose(found.keypoints[0], [[180 + 60, 40 + 240]] * 17, atol=0.01)
    np.testing.assert_allclose(found.scores, 0.8)
    pixel = (np.array([30, 20, 10]) - (123.675, 116.28, 103.53)) / (58.395, 57.12, 57.375)
    np.testing.assert_allclose(session.given[0, :, 128, 96], pixel, rtol=1e-4)


def commands() -> list[str]:
    lines = (line for path in DOCUMENTS for block in blocks("sh", path.read_text()) for line in block.splitlines())
    return [line.removeprefix(".venv/bin/") for line in lines if re.match(r"(\.venv/bin/)?meshcast ", line)]


@pytest.mark.parametrize("line", commands())
def test_documented_commands_parse(line: str) -> None:
    words = models.with_command(shlex.split(line, comments=True)[1:])
    assert vars(main.parser().parse_args(words))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_documents_name_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"\b(?:edge|engines|calibration|kernels|tests|docs)/[\w/.-]+\.(?:py|md|toml|npz|mp4)\b", text)
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    gone = [name for name in named if not (ROOT / name).exists()]
    assert not gone + [name for name in linked if not (path.parent / name).exists()]
