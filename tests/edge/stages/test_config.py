"""Settings of the stages."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest

from edge.stages import config
from edge.stages.config import LocalizationConfig, PipelineConfig, RigSmoothingConfig, Smoothing, SmoothingConfig
from edge.stages.localize import solve_translation
from edge.stages.smooth import Smooth
from edge.types import Bodies

CLASSES = [cls for name, cls in vars(config).items() if name.endswith("Config") and inspect.isclass(cls)]


@pytest.mark.parametrize("cls", CLASSES)
def test_config_every_field_is_documented(cls: type) -> None:
    for field in dataclasses.fields(cls):
        by_its_class = field.default_factory in CLASSES
        assert by_its_class or f"        {field.name}: " in (cls.__doc__ or ""), field.name


def test_pipeline_config_of_sets_detector_interval() -> None:
    made = PipelineConfig.of(detect_every=3, smooth=False, attention=True, small_people=True)
    assert (made.tracker.interval, made.smooth, made.attention, made.detection.small_people) == (3, False, True, True)
    assert PipelineConfig.of() == PipelineConfig()


@pytest.mark.parametrize(
    ("smooth", "filters"), [("off", False), (False, False), ("light", True), (True, True), ("strong", True)]
)
def test_pipeline_config_of_reads_smoothing(smooth: Smoothing | bool, filters: bool) -> None:
    made = PipelineConfig.of(smooth=smooth)
    assert made.smooth == filters
    cutoff_hz = RigSmoothingConfig().rotation.cutoff_hz
    assert (made.rig_smoothing.rotation.cutoff_hz < cutoff_hz) == (smooth == "strong")
    assert (made.smoothing.shape.beta < SmoothingConfig().shape.beta) == (smooth == "strong")


def test_localization_config_min_depth_bounds_translation() -> None:
    points = np.random.default_rng(0).normal(0, 0.3, (1, 17, 3)).astype(np.float32)
    at = points + np.float32([0, 0, 2])
    rays = (at[..., :2] / at[..., 2:]).astype(np.float32)
    scores = np.ones((1, 17), np.float32)
    assert solve_translation(points, rays, scores)[0, 2] == pytest.approx(2, abs=0.05)
    assert solve_translation(points, rays, scores, LocalizationConfig(min_depth_m=5.0))[0, 2] == 5


@pytest.mark.parametrize(("forget_s", "kept"), [(1.0, True), (0.1, False)])
def test_smoothing_config_forget_s_ends_filters(forget_s: float, kept: bool) -> None:
    def bodies(x_m: float) -> Bodies:
        point = np.array([[x_m, 0, 3]], np.float32)
        return Bodies(np.array([4], np.int32), np.ones(1, np.float32), point[None], point[None], point[None], point)

    smooth = Smooth(SmoothingConfig(forget_s=forget_s))
    smooth(0.0, bodies(0.0))
    moved = smooth(0.5, bodies(0.01)).translation[0, 0]
    assert (moved < 0.01) == kept
