"""Footage as a network sees it: the inputs that the pipeline's stages make, evenly spread over each clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from calibration.camera import Camera
from edge.errors import SourceError
from edge.pipeline import Pipeline
from edge.sources import Source, open_source
from edge.sources.uri import parse
from edge.stages.crops import Cropper
from edge.stages.detect import input_size, letterbox
from edge.stages.pose import Pose
from edge.types import F32, Frame, Pose2D, Tracks
from engines.cards.card import Card
from engines.inference.session import Session

VIDEO_SUFFIXES = frozenset((".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".ts", ".mpg", ".mpeg"))
MOST_BYTES = 400_000_000  # of inputs that are held in memory
MOST_INPUTS = 256

OnProgress = Callable[[str, float], None]


class Sample(Protocol):
    """What a network was given for one frame: inputs (N, 3, h, w)."""

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
    """A frame as the detector gets it: (1, 3, H, W)."""

    inputs: F32


AnySample = TypeVar("AnySample", bound=Sample)


class EvenSampler(Generic[AnySample]):
    """Keeps moments evenly spread over a clip of unknown length: when there are too many, every second one goes."""

    def __init__(self, most_inputs: int) -> None:
        self.moments: list[AnySample] = []
        self._most = most_inputs
        self._every = 1
        self._seen = 0

    def wants(self) -> bool:
        """Whether the next moment will be kept; counts it."""
        self._seen += 1
        return (self._seen - 1) % self._every == 0

    def add(self, moment: AnySample) -> None:
        self.moments.append(moment)
        while len(self.moments) > 1 and sum(len(kept.inputs) for kept in self.moments) > self._most:
            self.moments = self.moments[::2]
            self._every *= 2


class WatchedPose(Pose):
    """A Pose stage that keeps what it gives to its session."""

    def __init__(
        self, session: Session, card: Card, camera: Callable[[Frame], Camera], spread: EvenSampler[CropSample]
    ) -> None:
        super().__init__(session, card)
        self._watching = Cropper(card)
        self._camera = camera
        self._spread = spread

    def __call__(self, frame: Frame, tracks: Tracks) -> Pose2D:
        if len(tracks.ids) and self._spread.wants():
            crops, regions = self._watching(frame.image, tracks.boxes)
            sizes = np.maximum(tracks.boxes[:, 2:] - tracks.boxes[:, :2], 1).astype(np.float32)
            self._spread.add(CropSample(crops.copy(), regions, sizes, self._camera(frame)))
        return super().__call__(frame, tracks)


def clips_of(places: list[str]) -> list[str]:
    """Sources for `open_source`: a folder of videos is each of them, any other folder one clip of pictures."""
    found: list[str] = []
    for place in places:
        path = Path(place)
        videos = sorted(p for p in path.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES) if path.is_dir() else []
        found += [str(video) for video in videos] or [place]
    return found


def collect_crops(
    clips: list[str], pipeline: Pipeline, max_frames: int | None, on_progress: OnProgress
) -> list[list[CropSample]]:
    """The crops that the pose model of a pipeline gets, for every clip. The pipeline's Pose stage is replaced."""
    found = []
    card, session = pipeline.models.pose, pipeline.models.pose_session
    for clip in clips:
        spread: EvenSampler[CropSample] = EvenSampler(_most(card, len(clips)))
        pipeline.pose = WatchedPose(session, card, pipeline.camera, spread)
        pipeline.reset()
        for frame in _frames(clip, max_frames, on_progress):
            pipeline.process(frame)
        found.append(spread.moments)
    return found


def collect_pictures(
    clips: list[str], card: Card, max_frames: int | None, on_progress: OnProgress
) -> list[list[ImageSample]]:
    """The letterboxed pictures that a detector gets, for every clip."""
    found = []
    for clip in clips:
        spread: EvenSampler[ImageSample] = EvenSampler(_most(card, len(clips)))
        for frame in _frames(clip, max_frames, on_progress):
            if spread.wants():
                tensor = np.zeros((1, 3, *input_size(card)), np.float32)
                letterbox(frame.image, card.decode.fit, card.input, tensor)
                spread.add(ImageSample(tensor))
        found.append(spread.moments)
    return found


def _most(card: Card, clips: int) -> int:
    size = 3 * int(np.prod(input_size(card))) * np.dtype(np.float32).itemsize
    return max(2, min(MOST_INPUTS, MOST_BYTES // size) // clips)


def _frames(clip: str, max_frames: int | None, on_progress: OnProgress) -> Iterator[Frame]:
    with open_source(clip) as source:
        if source.live:
            raise SourceError(f"{parse(clip).label}: a live source; record a clip of it and calibrate with that")
        yield from _with_progress(source, max_frames, on_progress)


def _with_progress(source: Source, max_frames: int | None, on_progress: OnProgress) -> Iterator[Frame]:
    total = min(source.frame_count or 0, max_frames or source.frame_count or 0)
    for done, frame in enumerate(islice(source, max_frames)):
        on_progress(f"looking at {source.name}", done / total if total else 0.0)
        yield frame
