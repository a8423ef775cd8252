"""Frames, and the bodies that the pipeline on the CPU finds in them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from edge.models import LoadedModels
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import open_source
from edge.types import Frame
from tests.support.emulated.clips import Clip
from tests.support.emulated.machine import emulated_models
from tests.support.paths import MEDIA


def _clip(models: LoadedModels, frames: list[Frame]) -> Clip:
    pipeline = Pipeline(models, CameraConfig())
    return Clip(frames, [pipeline.process(frame) for frame in frames])


def _renumbered(frames: list[Frame]) -> list[Frame]:
    return [replace(frame, index=index, t_s=index / 30) for index, frame in enumerate(frames)]


@pytest.fixture(scope="session")
def on_cpu() -> LoadedModels:
    return emulated_models("cpu")


@pytest.fixture(scope="session")
def crowd(on_cpu: LoadedModels) -> Clip:
    """People who walk close to each other."""
    with open_source(str(MEDIA / "pedestrians.mp4")) as source:
        return _clip(on_cpu, list(islice(source, 12)))


@pytest.fixture(scope="session")
def visitors(on_cpu: LoadedModels) -> Clip:
    """Two people, an empty scene, then a person in another place."""
    parts = [
        list(open_source(f"synthetic:?people={people}&frames={count}&size=320x240&seed={seed}"))
        for people, count, seed in ((2, 11, 0), (0, 3, 0), (1, 5, 3))
    ]
    return _clip(on_cpu, _renumbered([frame for part in parts for frame in part]))


@pytest.fixture(scope="session")
def one_person(on_cpu: LoadedModels) -> Clip:
    frames = list(open_source("synthetic:?people=1&frames=10&size=320x240"))
    clip = _clip(on_cpu, frames)
    assert all(len(bodies) == 1 for bodies in clip.bodies)
    return clip
