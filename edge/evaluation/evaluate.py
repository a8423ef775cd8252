"""Evaluation of a clip against recorded 3D truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from statistics import median

from calibration.camera import Camera
from edge.evaluation.score import Score, Scorer
from edge.evaluation.truth import TruthError, load_truth
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.redaction import redact_path
from edge.sources import Reader, open_source
from edge.stages.config import BodyShapeConfig, PipelineConfig, Smoothing
from engines.heads.landmarks import Landmarks


def evaluate_clip(
    clip: str | Path,
    truth_path: str | Path,
    camera: str,
    models: Models,
    camera_file: Path | None = None,
    *,
    floor: bool = True,
    detect_every: int = 8,
    smooth: Smoothing = "light",
    small_people: bool = False,
    body_shape: BodyShapeConfig | None = None,
    max_frames: int | None = None,
) -> Score:
    """Run a clip through the pipeline and score it against the truth of `camera`.

    The truth's own camera is used unless a camera file is given; with floor=False its pose in the world is left out.
    The body shape is estimated unless `body_shape` has it.

    Scored are the mesh's surface keypoints in COCO's definition, which is what such truths are made of; of a body that
    has none, the skeleton's joints inside it.
    """
    with Reader(open_source(str(clip))) as reader:
        if reader.source.size is None:
            raise TruthError(
                f"{redact_path(str(clip))}: the image size is not known before the first frame; give a video file"
            )
        truth = load_truth(truth_path, camera, reader.source.size)
        calibrated = truth.camera if camera_file is None else Camera.load(camera_file)
        pipeline = Pipeline(
            models,
            CameraConfig(calibrated=calibrated if floor else replace(calibrated, world=None)),
            PipelineConfig.of(
                detect_every=detect_every, smooth=smooth, small_people=small_people, body_shape=body_shape
            ),
        )
        landmarks = Landmarks(pipeline.mesh.head.body, pipeline.model.keypoint_names)
        scorer = Scorer(truth, pipeline.model.keypoint_names)
        times = []
        for frame in islice(reader, max_frames):
            times.append(frame.t_s)
            bodies = pipeline.process(frame)
            scorer.add(frame.index, bodies.keypoints, landmarks(bodies.vertices, bodies.joints))
    return scorer.result(frame_interval_s(times))


def frame_interval_s(times_s: Sequence[float]) -> float:
    """The time between two frames in seconds: the median difference; that of 30 fps for less than two frames."""
    return median(after - before for before, after in pairwise(times_s)) if len(times_s) > 1 else 1 / 30
