"""Settings by dotted names."""

import pytest

from edge.evaluation.variants import SettingError, with_setting
from edge.models import Models
from edge.stages.config import OneEuroConfig, PipelineConfig


def test_with_setting_changes_that_setting_only():
    config = with_setting(PipelineConfig(), "localization.outlier_m=0.1")
    assert config.localization.outlier_m == 0.1
    assert with_setting(config, "localization.outlier_m=0.06") == PipelineConfig()


@pytest.mark.parametrize(("text", "value"), [("off", False), ("on", True), ("False", False)])
def test_with_setting_reads_switches(text, value):
    assert with_setting(PipelineConfig(), f"smooth={text}").smooth is value


def test_with_setting_reads_tuples_as_settings():
    assert with_setting(PipelineConfig(), "smoothing.depth=(0.3, 1)").smoothing.depth == OneEuroConfig(0.3, 1)
    assert with_setting(PipelineConfig(), "tracker.identity.length=(0.1, 0.2)").tracker.identity.length == (0.1, 0.2)


def test_with_setting_keeps_types():
    assert isinstance(with_setting(PipelineConfig(), "tracker.max_gap_s=2").tracker.max_gap_s, float)
    assert with_setting(Models(), "pose=movenet_lightning").pose == "movenet_lightning"
    assert with_setting(Models(), "refine=none").refine is None


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("smooth", "name=value"),
        ("smoth=off", r"no setting 'smoth' \(did you mean smooth\?\)"),
        ("localization.outlier=1", "no setting 'outlier'"),
        ("smooth.depth=1", "smooth has no settings of its own"),
        ("smooth=3", "3 is not a bool"),
        ("tracker.interval=often", "'often' is not a int"),
        ("smoothing.depth=(1, 2, 3)", "needs 2 values: min_cutoff_hz, beta"),
        ("smoothing.depth=1", "1 is not a OneEuroConfig"),
    ],
)
def test_with_setting_unusable_raises(assignment, message):
    with pytest.raises(SettingError, match=message):
        with_setting(PipelineConfig(), assignment)
