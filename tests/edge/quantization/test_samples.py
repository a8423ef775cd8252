"""Footage as a network sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import SourceError
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.quantization.samples import EvenSampler, ImageSample, clips_of, collect_crops, collect_pictures
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


def nowhere(what: str, done: float) -> None:
    assert 0 <= done <= 1


def test_a_folder_of_videos_is_each_of_them_and_one_of_pictures_is_one_clip(tmp_path: Path) -> None:
    videos, pictures = tmp_path / "videos", tmp_path / "pictures"
    for path in (videos / "b.mp4", videos / "a.MOV", videos / "notes.txt", pictures / "1.png"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert clips_of([str(videos), str(pictures), "clip.avi"]) == [
        str(videos / "a.MOV"),
        str(videos / "b.mp4"),
        str(pictures),
        "clip.avi",
    ]


@pytest.mark.parametrize(("count", "most"), [(5, 10), (10, 10), (11, 10), (1000, 10), (3, 1)])
def test_moments_are_spread_over_the_whole_clip(count: int, most: int) -> None:
    spread: EvenSampler[ImageSample] = EvenSampler(most)
    for index in range(count):
        if spread.wants():
            spread.add(ImageSample(np.full((1, 3, 1, 1), index, np.float32)))
    kept = [int(moment.inputs[0, 0, 0, 0]) for moment in spread.moments]
    steps = set(np.diff(kept).tolist())
    assert len(kept) <= most
    assert len(steps) <= 1
    assert kept[0] == 0
    assert len(kept) >= min(count, most // 2)
    assert count - kept[-1] <= (steps.pop() if steps else count)


def test_pictures_are_what_the_detector_gives_to_its_session(person_clip: Path) -> None:
    card, session = load_card("nanodet_g"), Recorder()
    (moments,) = collect_pictures([str(person_clip)], card, 3, nowhere)
    assert len(moments) == 3
    detect = Detect(session, card)
    with open_source(str(person_clip)) as source:
        for frame, moment in zip(source, moments, strict=False):
            detect(frame)
            np.testing.assert_array_equal(moment.inputs, session.given)


def test_crops_are_what_the_pose_stage_gives_to_its_session(person_clip: Path, engines: Callable[..., Any]) -> None:
    pipeline = Pipeline(Models(precision="fp32"), CameraConfig())
    card, real, given = pipeline.models.pose, pipeline.models.pose_session, []

    def recording(*inputs: Any) -> tuple[Any, ...]:
        given.append(inputs[0].copy())
        return real(*inputs)

    session: Any = recording
    pipeline.models.pose_session = session
    (moments,) = collect_crops([str(person_clip)], pipeline, 4, nowhere)
    assert len(moments) == 4
    np.testing.assert_array_equal(moments[-1].inputs, given[-1])
    assert moments[-1].regions.shape == (len(moments[-1].inputs), 4)
    sides = moments[-1].regions[:, 2] - moments[-1].regions[:, 0]
    np.testing.assert_allclose(sides, card.decode.margin * moments[-1].sizes.max(axis=1), rtol=1e-4)


def test_a_live_source_is_not_footage() -> None:
    with pytest.raises(SourceError, match="record a clip"):
        collect_pictures(["rtsp://127.0.0.1:1/none"], load_card("nanodet_g"), None, nowhere)
