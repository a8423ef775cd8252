"""`meshcast calibrate int8` on a real person, and its errors."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from edge.sources import open_source
from engines.cards.card import load_card
from tests.support.paths import MEDIA

Command = Callable[..., Any]
LOOSE = ("--max-shift", "5", "--min-oks", "0.5", "--max-shift-mm", "200", "--max-lost", "20")


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "meshcast" / "models"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 26 small images of a balancing person, another one in the background."""
    folder = tmp_path_factory.mktemp("images")
    with open_source(str(MEDIA / "balance_cam01.mp4")) as source:
        for frame in source:
            if frame.index >= 52:
                break
            if frame.index % 2 == 0:
                small = cv2.resize(frame.image, (360, 640), interpolation=cv2.INTER_AREA)
                cv2.imwrite(str(folder / f"{frame.index}.jpg"), small)
    return folder


def test_calibrate_pose_model_writes_runnable_int8(
    meshcast: Command, images: Path, person_clip: Path, models: Path, tmp_path: Path
) -> None:
    said = meshcast(
        "calibrate", "int8", "--pose", "movenet_thunder", "--from", images, "--calibrator", "percentile", *LOOSE
    )
    assert said.code == EXIT_WHOLE, said.err
    assert "(percentile), 100% of the arithmetic in INT8, 0 layers in float" in said.out
    assert "meshcast run SOURCE --pose movenet_thunder --precision int8" in said.out
    card = load_card("movenet_thunder")
    assert card.path == models / "movenet_thunder.toml"
    gate = card.variants[1].gate
    assert gate is not None
    assert not gate.failures
    metrics = {f"{figure.name} {figure.unit}": figure for figure in gate.metrics}
    shift = metrics["keypoint shift, median % of the person"]
    assert 0.1 < shift.value < 2
    assert shift.limit == 5
    assert 0 < metrics["mesh shift, median person mm"].value < 100
    assert "people lost" in meshcast("models", "movenet_thunder").out
    run = meshcast(
        "run",
        person_clip,
        "--pose",
        "movenet_thunder",
        "--precision",
        "int8",
        "--max-frames",
        "2",
        "--save",
        tmp_path / "a.npz",
    )
    assert run.code == EXIT_WHOLE, run.err
    assert "movenet_thunder (openvino, cpu, int8)" in run.out
    assert (tmp_path / "a.npz").exists()


def test_calibrate_detector_outside_limits_is_rejected(meshcast: Command, images: Path, models: Path) -> None:
    said = meshcast(
        "calibrate", "int8", "--detector", "nanodet_g", "--from", images,
        "--calibrator", "minmax", "--max-shift", "0.0001", "--minutes", "0",
    )  # fmt: skip
    assert said.code == EXIT_INPUT
    assert said.errors == [
        line for line in said.errors if line.startswith("meshcast: nanodet_g: rejected, box shift, median")
    ]
    assert len(said.errors) == 1
    assert "nothing was written" in said.err
    assert "failed" in said.out
    assert not models.exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--pose", "nobody"), EXIT_USAGE, "unknown pose 'nobody'; there are: .*movenet_thunder"),
        (("--pose", "nanodet_g"), EXIT_USAGE, "nanodet_g is a detector model, not a pose model"),
        (("--detector", "pose2mesh_open"), EXIT_USAGE, "is a mesh model, not a detector model"),
        (("--pose", "hrnet_w32"), EXIT_INPUT, "hrnet_w32_256x192 is untrained: import a checkpoint first"),
        (
            ("--detector", "nanodet_g", "--calibrator", "guess"),
            EXIT_USAGE,
            "unknown calibrator 'guess'; there are: auto",
        ),
        (("--detector", "nanodet_g"), EXIT_INPUT, "too few people in the clips, 0 images where 8 are needed"),
        (("--pose", "movenet_thunder"), EXIT_INPUT, "too few people in the clips, 0 crops where 8 are needed"),
        (("--pose", "movenet_thunder", "--detector", "nanodet_g"), EXIT_USAGE, "not allowed with argument --pose"),
        (("--pose", "movenet_thunder", "--max-shift", "-1"), EXIT_USAGE, "'-1' is not a number from 0 up"),
    ],
)
def test_calibrate_unusable_input_is_one_line(
    meshcast: Command, blank_clip: Path, models: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    ended = meshcast("calibrate", "int8", *words, "--from", blank_clip)
    assert ended.code == code
    assert len(ended.err.splitlines()) == 1
    assert re.search(said, ended.err)
    assert not models.exists()


def test_calibrate_missing_clip_is_input_error(meshcast: Command, tmp_path: Path) -> None:
    ended = meshcast("calibrate", "int8", "--detector", "nanodet_g", "--from", tmp_path / "none.mp4")
    assert ended.code == EXIT_INPUT
    assert "no such file or folder" in ended.err


def test_calibrate_without_onnxruntime_names_packages(
    meshcast: Command, blank_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        name
        for name in sys.modules
        if name in ("engines.onnx_tools.quantize", "edge.quantization.calibrate", "calibration.int8.mixed_precision")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    ended = meshcast("calibrate", "int8", "--pose", "movenet_thunder", "--from", blank_clip)
    assert ended.code == EXIT_INPUT
    assert len(ended.errors) == 1
    assert re.search(r"INT8: needs onnx and onnxruntime .*-m pip install .*\[export\]", ended.err)
