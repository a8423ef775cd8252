"""Runs of pipelines over the annotated clips and synthetic people, for bm_bodies.py: variants and cases side by side.

A clip is decoded once, and runs that differ only in later stages share the detections, tracks and 2D keypoints.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import islice

import numpy as np
from body_people import SIZES, WalkingPerson, tracked_person, walking_person
from metric import MEDIA
from numpy.typing import NDArray

from edge.evaluation.limbs import HIPS, LIMBS, limb_index, median_lengths, statures
from edge.evaluation.score import Scorer
from edge.evaluation.truth import Truth, load_truth, require_limbs
from edge.evaluation.variants import with_setting
from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import Reader, open_source
from edge.stages.config import PipelineConfig
from edge.types import F32, Bodies, Frame, TrackedFrame
from engines.heads.landmarks import Landmarks
from engines.joint_sets import COCO17

F64 = NDArray[np.float64]
Figures = dict[str, float]
TRUTH = MEDIA / "balance.npz"
# Settings of stages after the 2D pose: runs that differ in nothing else share what comes before.
LATER_STAGES = (
    "localization",
    "inverse_kinematics",
    "surface",
    "smoothing",
    "rig_smoothing",
    "smooth",
    "foot_lock",
    "predict_s",
    "attention",
)
CUT_BELOW_HIPS = 0.03  # of the image's height, below the lowest hip of the clip
LEAST_KEYPOINT_SCORE = 0.2
TRUE_SCORE = 0.85
LEAST_EXTENT = 0.3  # of the image's height: people in the background are smaller


@dataclass(frozen=True, slots=True)
class Case:
    """What a pipeline runs on.

    kind: "balance", "tpose", "cut" (the image ends below the hips), "size" (the clip forward and backward, so that it
    is long enough), "true" (with the true 2D keypoints), "overlap" (the man pasted over himself, body_overlap.py) or
    "people" (synthetic people, body_people.py); subject: camera of the clip, or the person; floor: whether the camera's
    pose is known; gap_pct: how far the two are apart, percent of the man's width.
    """

    kind: str
    subject: str
    floor: bool = True
    gap_pct: int = 0

    @property
    def name(self) -> str:
        parts = [self.kind, self.subject, *([str(self.gap_pct)] if self.gap_pct else [])]
        return "_".join(parts if self.floor else [*parts, "no_floor"])

    @property
    def column(self) -> str:
        """The head of its column in a table."""
        return f"{self.subject}, {self.gap_pct} %" if self.gap_pct else self.subject

    @property
    def clip(self) -> str:
        return f"{'tpose' if self.kind == 'tpose' else 'balance'}_{self.subject}.mp4"

    @property
    def annotated(self) -> bool:
        """Whether each frame has its truth."""
        return self.kind in ("balance", "cut", "true", "people")


@dataclass(frozen=True, slots=True)
class Variant:
    """A named pair of settings."""

    name: str
    config: PipelineConfig
    models: Models


def variant_of(name: str, settings: Sequence[str]) -> Variant:
    """A variant from dotted settings; those that start with `models.` are of Models."""
    config, models = PipelineConfig(), Models()
    for setting in settings:
        if setting.startswith("models."):
            models = with_setting(models, setting.removeprefix("models."))
        else:
            config = with_setting(config, setting)
    return Variant(name, config, models)


CAMERAS = ("cam01", "cam03")
CASES = (
    *(
        Case(kind, camera, floor)
        for kind in ("balance", "true", "size", "tpose", "cut")
        for camera in CAMERAS
        for floor in (True, False)
        if floor or kind != "true"
    ),
    *(Case("people", person, floor) for person in SIZES for floor in (True, False)),
    *(Case("overlap", camera, gap_pct=gap) for camera in CAMERAS for gap in (30, 60)),
)


@dataclass(slots=True)
class Run:
    """A pipeline on a case, and what it made of the person in the clip.

    frames and found: frames with the person, and those in which a body was found; t_s: of every frame; joints: limb
    joints (12, 3) m, skeleton (12, 3) m of the body's own joints, rays (12, 2) of the keypoints, rotations (P, 3, 3),
    all NaN where the person was not found; statures_m: estimated in every frame.
    """

    case: Case
    variant: Variant
    pipeline: Pipeline
    truth: Truth
    scorer: Scorer | None
    landmarks: Landmarks
    limbs: list[int]
    bones: list[int] | None
    rest: tuple[F64, float]
    frames: int = 0
    found: int = 0
    t_s: list[float] = field(default_factory=list)
    joints: list[F64] = field(default_factory=list)
    skeleton: list[F64] = field(default_factory=list)
    rays: list[F64] = field(default_factory=list)
    rotations: list[F64] = field(default_factory=list)

    @staticmethod
    def of(case: Case, variant: Variant, models: LoadedModels, truth: Truth, height: int | None) -> Run:
        camera = truth.camera
        if height is not None:
            camera = replace(camera, size=(camera.size[0], height))
        if not case.floor:
            camera = replace(camera, world=None)
        pipeline = Pipeline(models, CameraConfig(calibrated=camera), variant.config)
        body, names = pipeline.mesh.head.body, pipeline.model.keypoint_names
        landmarks = Landmarks(body, names)
        scorer = Scorer(truth, names)
        vertices, joints = body.rest(np.zeros((1, body.shape_dirs.shape[-1]), np.float32))
        limbs = [names.index(name) for name in LIMBS]
        rest = landmarks(vertices, joints)[0, limbs].astype(np.float64), float(np.ptp(vertices[0, :, 1]))
        bones = limb_index(pipeline.model.joint_names)
        return Run(case, variant, pipeline, truth, scorer if case.annotated else None, landmarks, limbs, bones, rest)

    @property
    def shares(self) -> Hashable:
        """Runs of a clip with the same value track the same people."""
        config = self.variant.config
        earlier = tuple(repr(getattr(config, each.name)) for each in fields(config) if each.name not in LATER_STAGES)
        return self.variant.models, earlier, self.case.kind == "cut"

    @property
    def true_joints(self) -> F64:
        """The true limb joints (T, 12, 3) m of the annotated frames."""
        return self.truth.joints[:, require_limbs(self.truth.joint_names, "the truth")].astype(np.float64)

    @property
    def true_lengths(self) -> F64:
        """The person's limb lengths (8,) m."""
        return median_lengths(self.true_joints)

    @property
    def statures_m(self) -> F64:
        """The standing height (T,) that the limbs stand for in every frame, NaN without the person."""
        return statures(np.array(self.joints), *self.rest)

    def add(self, tracked: TrackedFrame) -> None:
        """Recover the meshes of a frame, and record the person of the clip."""
        frame = tracked.frame
        bodies = self.pipeline.recover_meshes(replace(tracked, camera=self.pipeline.camera(frame)))
        points = self.landmarks(bodies.vertices, bodies.joints)
        row = (
            largest(bodies, frame.image.shape[0])
            if self.scorer is None
            else self.scorer.add(frame.index, bodies.keypoints, points)
        )
        self.frames += 1
        self.found += row is not None
        self.t_s.append(frame.t_s)
        nowhere = np.full((len(LIMBS), 3), np.nan)
        self.joints.append(nowhere if row is None else points[row, self.limbs].astype(np.float64))
        known = row is not None and self.bones is not None
        self.skeleton.append(bodies.joints[row, self.bones].astype(np.float64) if known else nowhere)
        rays = tracked.camera.rays(bodies.keypoints[..., :2])[:, self.limbs].astype(np.float64)
        self.rays.append(nowhere[:, :2] if row is None else rays[row])
        rotations = self._rotations(frame, bodies)
        if rotations is not None:
            self.rotations.append(np.full(rotations.shape[1:], np.nan) if row is None else rotations[row])

    def _rotations(self, frame: Frame, bodies: Bodies) -> F64 | None:
        """Local rotations (N, P, 3, 3) of the bodies, None for a body without a rig."""
        if bodies.rotations is not None:
            return bodies.rotations.astype(np.float64)
        posed = self.pipeline.solve_rotations(frame, bodies)
        return None if posed is None else posed.rotations.astype(np.float64)


def largest(bodies: Bodies, height: int) -> int | None:
    """The body whose confident keypoints are widest apart in an image of that height: the man in front, if found."""
    if not len(bodies):
        return None
    confident = bodies.keypoints[..., 2:] >= LEAST_KEYPOINT_SCORE
    low = np.where(confident, bodies.keypoints[..., :2], np.inf).min(axis=1)
    high = np.where(confident, bodies.keypoints[..., :2], -np.inf).max(axis=1)
    extent = (high - low).max(axis=-1)
    row = int(np.argmax(extent))
    return row if extent[row] >= LEAST_EXTENT * height else None


def run_cases(
    cases: list[Case], variants: list[Variant], loaded: Mapping[Models, LoadedModels], max_frames: int | None
) -> list[Run]:
    """Run all variants of all cases but those of kind "overlap", clip after clip."""
    done = []
    for case in cases:
        if case.kind == "people":
            person = walking_person(case.subject)
            done += [run_person(case, variant, loaded[variant.models], person) for variant in variants]
    clips = [case for case in cases if case.kind not in ("people", "overlap")]
    for clip in dict.fromkeys(case.clip for case in clips):
        of_clip = [case for case in clips if case.clip == clip]
        with Reader(open_source(str(MEDIA / clip))) as reader:
            if reader.source.size is None:
                raise RuntimeError(f"{clip}: has no image size")
            truth = load_truth(TRUTH, of_clip[0].subject, reader.source.size)
            height = cut_row(truth)
            runs = [
                Run.of(case, variant, loaded[variant.models], truth, height if case.kind == "cut" else None)
                for variant in variants
                for case in of_clip
            ]
            back: list[Frame] = []
            for frame in islice(reader, max_frames):
                step(runs, frame, height)
                if any(case.kind == "size" for case in of_clip):
                    back.append(frame)
        for frame in backward(back):
            step([run for run in runs if run.case.kind == "size"], frame, height)
        done += runs
    return done


def run_person(case: Case, variant: Variant, models: LoadedModels, person: WalkingPerson) -> Run:
    """A run on a synthetic person: the pipeline without detector, tracker and pose model."""
    run = Run.of(case, variant, models, person.truth, None)
    for tracked in person.frames():
        run.add(tracked)
    return run


def cut_row(truth: Truth) -> int:
    """The height of the image that ends just below the hips."""
    hips = truth.joints[:, [truth.joint_names.index(LIMBS[hip]) for hip in HIPS]]
    lowest = np.nanmax(truth.camera.project(hips)[..., 1])
    return int(lowest + CUT_BELOW_HIPS * truth.camera.size[1])


def step(runs: list[Run], frame: Frame, height: int) -> None:
    """One frame for all runs; the first of those that share their tracks tracks for the others."""
    shared: dict[Hashable, TrackedFrame] = {}
    for run in runs:
        if run.case.kind == "true":
            run.add(true_keypoints(frame, run.truth))
            continue
        tracked = shared.get(run.shares)
        if tracked is None:
            seen = frame
            if run.case.kind == "cut":
                seen = replace(frame, image=np.ascontiguousarray(frame.image[:height]))
            tracked = shared[run.shares] = run.pipeline.track_people(seen)
        run.add(tracked)


def true_keypoints(frame: Frame, truth: Truth) -> TrackedFrame:
    """The person with the projected truth as keypoints, in the place of a detector; unknown ones have score 0."""
    joints = truth.joints[frame.index, [truth.joint_names.index(name) for name in COCO17.joint_names]]
    known = np.isfinite(joints).all(axis=-1)
    keypoints: F32 = np.zeros((len(joints), 3), np.float32)
    if known.any():
        keypoints[known, :2] = truth.camera.project(joints[known])
        keypoints[~known, :2] = keypoints[known, :2].mean(axis=0)
        keypoints[known, 2] = TRUE_SCORE
    return tracked_person(frame, truth.camera, keypoints)


def backward(frames: list[Frame]) -> Iterator[Frame]:
    """The frames from the last but one to the first, as if the clip went on."""
    if len(frames) < 2:
        return
    last, interval_s = frames[-1], frames[-1].t_s - frames[-2].t_s
    for count, frame in enumerate(reversed(frames[:-1]), 1):
        yield replace(frame, index=last.index + count, t_s=last.t_s + count * interval_s)
