"""Samples of clips for calibration: the inputs that the stages of the pipeline give to a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from calibration.camera import Camera
from edge.errors import SourceError
from edge.pipeline import CameraConfig, FrameCameras, Pipeline
from edge.sources import Source, open_source
from edge.sources.uri import parse
from edge.stages.detect import input_size, letterbox
from edge.types import F32, Frame, Tracks
from engines.cards.card import Card

VIDEO_SUFFIXES = frozenset((".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".ts", ".mpg", ".mpeg"))
MAX_BYTES = 400_000_000  # of inputs that are held in memory
MAX_INPUTS = 256

OnProgress = Callable[[str, float], None]


class Sample(Protocol):
    """The inputs (N, 3, h, w) of a network for one frame."""

    @property
    def inputs(self) -> F32: ...


@dataclass(frozen=True, slots=True)
class CropSample:
    """People of a frame: crops (N, 3, h, w), the regions (N, 4) xyxy px that they show, the sizes (N, 2) px of the
    people's boxes, and the camera."""

    inputs: F32
    regions: F32
    sizes: F32
    camera: Camera


@dataclass(frozen=True, slots=True)
class ImageSample:
    """A frame as the input of the detector: (1, 3, H, W)."""

    inputs: F32


AnySample = TypeVar("AnySample", bound=Sample)


class EvenSampler(Generic[AnySample]):
    """Keeps samples evenly spread over a clip of unknown length: beyond the limit, every second one is dropped."""

    def __init__(self, max_inputs: int) -> None:
        self.samples: list[AnySample] = []
        self._max_inputs = max_inputs
        self._every = 1
        self._seen = 0

    def wants(self) -> bool:
        """Whether the next sample will be kept; counts it."""
        self._seen += 1
        return (self._seen - 1) % self._every == 0

    def add(self, sample: AnySample) -> None:
        """Keep a sample."""
        self.samples.append(sample)
        while len(self.samples) > 1 and sum(len(kept.inputs) for kept in self.samples) > self._max_inputs:
            self.samples = self.samples[::2]
            self._every *= 2


class CropSampler:
    """Keeps crops that a pose stage receives, evenly spread over each clip: the `on_crops` of a pipeline."""

    def __init__(self, camera_config: CameraConfig | None = None) -> None:
        self._cameras = FrameCameras(camera_config or CameraConfig())
        self._sampler: EvenSampler[CropSample] = EvenSampler(MAX_INPUTS)

    def start_clip(self, max_inputs: int) -> EvenSampler[CropSample]:
        """The sampler of the frames that follow."""
        self._sampler = EvenSampler(max_inputs)
        return self._sampler

    def __call__(self, frame: Frame, tracks: Tracks, crops: F32, regions: F32) -> None:
        if self._sampler.wants():
            sizes = np.maximum(tracks.boxes[:, 2:] - tracks.boxes[:, :2], 1).astype(np.float32)
            self._sampler.add(CropSample(crops.copy(), regions, sizes, self._cameras(frame)))


def clips_of(paths: list[str]) -> list[str]:
    """Sources for `open_source`: a folder of videos gives each of them, any other folder is one clip of images."""
    found: list[str] = []
    for text in paths:
        path = Path(text)
        videos = sorted(p for p in path.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES) if path.is_dir() else []
        found += [str(video) for video in videos] or [text]
    return found


def collect_crops(
    clips: list[str], pipeline: Pipeline, crops: CropSampler, max_frames: int | None, on_progress: OnProgress
) -> list[list[CropSample]]:
    """The crops that the pose model of a pipeline receives, by clip. crops: the `on_crops` of the pipeline."""
    found = []
    for clip in clips:
        sampler = crops.start_clip(_max_inputs(pipeline.models.pose, len(clips)))
        pipeline.reset()
        for frame in _frames(clip, max_frames, on_progress):
            pipeline.process(frame)
        found.append(sampler.samples)
    return found


def collect_images(
    clips: list[str], card: Card, max_frames: int | None, on_progress: OnProgress
) -> list[list[ImageSample]]:
    """The letterboxed images that a detector receives, by clip."""
    found = []
    for clip in clips:
        sampler: EvenSampler[ImageSample] = EvenSampler(_max_inputs(card, len(clips)))
        for frame in _frames(clip, max_frames, on_progress):
            if sampler.wants():
                tensor = np.zeros((1, 3, *input_size(card)), np.float32)
                letterbox(frame.image, card.decode.fit, card.input, tensor)
                sampler.add(ImageSample(tensor))
        found.append(sampler.samples)
    return found


def _max_inputs(card: Card, clips: int) -> int:
    size = 3 * int(np.prod(input_size(card))) * np.dtype(np.float32).itemsize
    return max(2, min(MAX_INPUTS, MAX_BYTES // size) // clips)


def _frames(clip: str, max_frames: int | None, on_progress: OnProgress) -> Iterator[Frame]:
    with open_source(clip) as source:
        if source.live:
            raise SourceError(f"{parse(clip).label}: a live source; record a clip of it and calibrate with that")
        yield from _with_progress(source, max_frames, on_progress)


def _with_progress(source: Source, max_frames: int | None, on_progress: OnProgress) -> Iterator[Frame]:
    total = min(source.frame_count or 0, max_frames or source.frame_count or 0)
    for done, frame in enumerate(islice(source, max_frames)):
        on_progress(f"reading {source.name}", done / total if total else 0.0)
        yield frame
