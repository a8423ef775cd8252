"""Calibration samples equal the inputs of the networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import SourceError
from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig, Pipeline
from edge.quantization.samples import CropSampler, EvenSampler, ImageSample, clips_of, collect_crops, collect_images
from edge.sources import open_source
from edge.stages.detect import Detect
from engines.cards.card import load_card


class Recorder:
    """A session that keeps its last input."""

    backend, device, precision = "none", "cpu", "fp32"

    def __init__(self) -> None:
        self.given = np.empty(0)

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        self.given = inputs[0].copy()
        return np.zeros((1, 3549, 80), np.float32), np.zeros((1, 3549, 44), np.float32)


def no_progress(what: str, done: float) -> None:
    assert 0 <= done <= 1


def test_clips_of_folder_of_videos_lists_them_and_keeps_folder_of_images(tmp_path: Path) -> None:
    videos, images = tmp_path / "videos", tmp_path / "images"
    for path in (videos / "b.mp4", videos / "a.MOV", videos / "notes.txt", images / "1.png"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert clips_of([str(videos), str(images), "clip.avi"]) == [
        str(videos / "a.MOV"),
        str(videos / "b.mp4"),
        str(images),
        "clip.avi",
    ]


@pytest.mark.parametrize(("count", "most"), [(5, 10), (10, 10), (11, 10), (1000, 10), (3, 1)])
def test_even_sampler_spreads_samples_over_clip(count: int, most: int) -> None:
    sampler: EvenSampler[ImageSample] = EvenSampler(most)
    for index in range(count):
        if sampler.wants():
            sampler.add(ImageSample(np.full((1, 3, 1, 1), index, np.float32)))
    kept = [int(sample.inputs[0, 0, 0, 0]) for sample in sampler.samples]
    steps = set(np.diff(kept).tolist())
    assert len(kept) <= most
    assert len(steps) <= 1
    assert kept[0] == 0
    assert len(kept) >= min(count, most // 2)
    assert count - kept[-1] <= (steps.pop() if steps else count)


def test_collect_images_equals_inputs_of_detector(person_clip: Path) -> None:
    card, session = load_card("nanodet_g"), Recorder()
    (samples,) = collect_images([str(person_clip)], card, 3, no_progress)
    assert len(samples) == 3
    detect = Detect(session, card)
    with open_source(str(person_clip)) as source:
        for frame, sample in zip(source, samples, strict=False):
            detect(frame)
            np.testing.assert_array_equal(sample.inputs, session.given)


def test_collect_crops_equals_inputs_of_pose_model(person_clip: Path, engines: Callable[..., Any]) -> None:
    models, given = LoadedModels(Models(precision="fp32")), []
    card, real = models.pose, models.pose_session

    def recording(*inputs: Any) -> tuple[Any, ...]:
        given.append(inputs[0].copy())
        return real(*inputs)

    session: Any = recording
    models.pose_session = session
    crops = CropSampler()
    pipeline = Pipeline(models, CameraConfig(), on_crops=crops)
    (samples,) = collect_crops([str(person_clip)], pipeline, crops, 4, no_progress)
    assert len(samples) == 4
    np.testing.assert_array_equal(samples[-1].inputs, given[-1])
    assert samples[-1].regions.shape == (len(samples[-1].inputs), 4)
    sides = samples[-1].regions[:, 2] - samples[-1].regions[:, 0]
    np.testing.assert_allclose(sides, card.decode.margin * samples[-1].sizes.max(axis=1), rtol=1e-4)


def test_collect_images_of_live_source_raises() -> None:
    with pytest.raises(SourceError, match="record a clip"):
        collect_images(["rtsp://127.0.0.1:1/none"], load_card("nanodet_g"), None, no_progress)
