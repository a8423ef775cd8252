"""Configuration files of image trainings: every kind of key, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from engines.errors import ModelError
from engines.training.image_config import DataConfig, ImageTrainConfig, check_image_config, read_image_config
from engines.training.methods.base import MethodConfig

BASE = ImageTrainConfig("pare", Path("out"), (DataConfig("rendered"),))


def read(tmp_path: Path, text: str) -> ImageTrainConfig:
    path = tmp_path / "c.toml"
    path.write_text(text)
    return read_image_config(path, BASE)


def test_config_file_sets_every_kind_of_key(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
        steps = 100
        learning_rate = 1
        schedule = "step"
        milestones = [0.5, 0.9]
        tensorboard = false
        init = "before.pt"
        [[data]]
        path = "a"
        ratio = 50
        [[data]]
        path = "rendered"
        supervision = "sparse"
        share_3d = 0.2
        [test]
        path = "t"
        [network]
        backbone = "resnet18"
        bf16 = false
        [losses]
        parts = 0
        """,
    )
    assert (config.steps, config.learning_rate, config.schedule, config.milestones) == (100, 1.0, "step", (0.5, 0.9))
    assert config.init == tmp_path / "before.pt"
    assert not config.tensorboard
    assert config.data == (DataConfig("a", 50.0), DataConfig("rendered", supervision="sparse", share_3d=0.2))
    assert config.test == DataConfig("t")
    assert config.network == MethodConfig("resnet18", bf16=False, weights={"parts": 0})


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("stps = 1", r"stps: no such key .did you mean steps"),
        ("[network]\nbackbon = 'x'", r"network.backbon: no such key .did you mean backbone"),
        ("[[data]]\npath = 'a'\nratoi = 1", r"data\[0\].ratoi: no such key .did you mean ratio"),
        ("[[data]]\nratio = 1", r"data\[0\].path is missing"),
        ("data = 'a'", "write each data set as a table"),
        ("steps = 'many'", "steps: 'many' is not a value as 20000"),
        ("steps = true", "steps: True is not a value"),
        ("milestones = 0.5", "milestones: 0.5 is not a list"),
        ("milestones = ['a']", "milestones: .* is not a list of numbers"),
        ("[[data]]\npath = 'a'\nposes = [1]", r"data\[0\].poses: \[1\] is not a list of text"),
        ("[losses]\nparts = 'off'", "losses.parts: 'off' is not a number"),
        ("network = 3", "network: not a table"),
    ],
)
def test_config_file_with_a_fault_is_one_line(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(ModelError, match=wrong):
        read(tmp_path, text)


def test_config_without_a_file_is_the_base() -> None:
    assert read_image_config(None, BASE) is BASE


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("learning_rate = -1e-3", "learning_rate: -0.001 is not from 0 to 1"),
        ("learning_rate = nan", "learning_rate: nan is not from 0 to 1"),
        ("averaging = 2", "averaging: 2 is not from 0 to 1"),
        ("gradient_norm = 0", "gradient_norm: 0 is not positive"),
        ("broken_limit = 5", "broken_limit: 5 is not from 0 to 1"),
        ("[network]\ndivide = 0", "network.divide: 0 is not from 1 to 64"),
        ("[[data]]\npath = 'rendered'\noccluded = 1.5", "occluded: 1.5 is not from 0 to 1"),
    ],
)
def test_config_file_with_a_number_out_of_range_is_refused(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(ModelError, match=wrong):
        check_image_config(read(tmp_path, text))
