"""People at a desk, cut off by the image: python tests/benchmarks/bm_desk.py CLIP... [--sheet SHEET.png]

There is no truth: measured is how far the mesh lies beside its own confident keypoints, in shares of the shoulder
width, whether the hands continue the forearms, and how often the person is found.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path

import numpy as np
from body_runs import Figures, Variant, largest, variant_of
from body_sheet import Sheet
from metric import Metric, show

from edge.evaluation.limbs import LIMBS, SHOULDERS, finite_mean
from edge.models import LoadedModels
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import Reader, open_source
from edge.types import F32, Bodies, BodyModel
from engines.heads.landmarks import Landmarks

CONFIDENT = 0.5  # score of a keypoint
KINDS = ("shoulder", "elbow", "wrist", "hip")
SIDES = ("left", "right")


class Desk:
    """Distances between the mesh's points and the keypoints of one person, frame by frame.

    distances: (12,) px a frame, NaN where the keypoint is not confident; shoulders: their distance in px; angles:
    (2,) degrees between forearm and hand.
    """

    def __init__(self, model: BodyModel) -> None:
        self._limbs = [model.keypoint_names.index(name) for name in LIMBS]
        self._hands = hand_joints(model)
        self.frames = 0
        self.distances: list[F32] = []
        self.shoulders: list[float] = []
        self.angles: list[F32] = []

    def add(self, bodies: Bodies, row: int | None, projected: F32) -> None:
        """One frame; row: of the person, None where that is not found; projected (12, 2): the mesh's limb joints."""
        self.frames += 1
        if row is None:
            return
        keypoints = bodies.keypoints[row, self._limbs]
        known = keypoints[:, 2] >= CONFIDENT
        self.distances.append(np.where(known, np.linalg.norm(projected - keypoints[:, :2], axis=-1), np.nan))
        if known[SHOULDERS].all():
            self.shoulders.append(float(np.linalg.norm(np.diff(keypoints[SHOULDERS, :2], axis=0))))
        if self._hands is not None:
            elbows, wrists, hands = (bodies.joints[row, list(each)] for each in self._hands)
            self.angles.append(angle_deg(wrists - elbows, hands - wrists))

    def figures(self) -> Figures:
        distances = np.array(self.distances).reshape(-1, len(LIMBS))
        width = float(np.median(self.shoulders)) if self.shoulders else float("nan")
        result = {"found, %": 100 * len(distances) / max(self.frames, 1), "shoulder width, px": width}
        for kind in KINDS:
            values = distances[:, [LIMBS.index(f"{side}_{kind}") for side in SIDES]].ravel()
            known = values[np.isfinite(values)]
            median = float(np.median(known)) if known.size else float("nan")
            result[f"{kind} beside its keypoint, % of the shoulder width"] = 100 * median / width
        angles = np.array(self.angles).ravel()
        result["angle between hand and forearm, degrees"] = float(np.median(angles)) if angles.size else float("nan")
        result["the same, mean, degrees"] = finite_mean(angles)
        return result


def hand_joints(model: BodyModel) -> tuple[list[int], list[int], list[int]] | None:
    """The places of elbows, wrists and hands among the skeleton's joints, None for a body without hands."""
    place = {name: index for index, name in enumerate(model.joint_names)}
    parts = ([place.get(f"{side}_{part}", -1) for side in SIDES] for part in ("elbow", "wrist", "hand"))
    elbows, wrists, hands = parts
    return None if -1 in [*elbows, *wrists, *hands] else (elbows, wrists, hands)


def angle_deg(a: F32, b: F32) -> F32:
    """Angles (N,) between vectors (N, 3), degrees."""
    cosine = (a * b).sum(axis=-1) / np.maximum(np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1), 1e-9)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def desk(
    clip: Path,
    variant: Variant,
    models: LoadedModels,
    frames: int | None = None,
    camera: Path | None = None,
    sheet: Path | None = None,
) -> Figures:
    """Figures of a clip; sheet: an image of six frames with the bodies and their keypoints."""
    pipeline = Pipeline(models, CameraConfig(camera), variant.config)
    landmarks = Landmarks(pipeline.mesh.head.body, pipeline.model.keypoint_names)
    limbs = [pipeline.model.keypoint_names.index(name) for name in LIMBS]
    measured = Desk(pipeline.model)
    with Reader(open_source(str(clip))) as reader, Sheet(sheet, pipeline) as drawn:
        for frame in islice(reader, frames):
            bodies = pipeline.process(frame)
            row = largest(bodies, frame.image.shape[0])
            projected = np.zeros((len(LIMBS), 2), np.float32)
            if row is not None:
                points = landmarks(bodies.vertices[row : row + 1], bodies.joints[row : row + 1])[0, limbs]
                projected = pipeline.camera(frame).project(points)
            measured.add(bodies, row, projected)
            drawn.add(frame, bodies)
    return measured.figures()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    parser.add_argument(
        "--camera", type=Path, nargs="+", default=[], metavar="FILE", help="a camera file for each clip"
    )
    parser.add_argument("--sheet", type=Path, nargs="+", default=[], metavar="IMAGE", help="an image to write for each")
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames of each clip")
    parser.add_argument("--variant", nargs="+", default=[], metavar="KEY=VALUE", help="settings")
    args = parser.parse_args()
    for name in ("camera", "sheet"):
        given = getattr(args, name)
        if given and len(given) != len(args.clips):
            parser.error(f"--{name}: needs one for each clip")
    variant = variant_of(" ".join(args.variant), args.variant)
    models = LoadedModels(variant.models)
    cameras, sheets = ([*given, *[None] * len(args.clips)] for given in (args.camera, args.sheet))
    metrics = []
    for clip, camera, sheet in zip(args.clips, cameras, sheets, strict=False):
        for figure, value in desk(clip, variant, models, args.frames, camera, sheet).items():
            name, _, unit = figure.rpartition(", ")
            metrics.append(Metric(f"{clip.stem}: {name}", value, unit))
    show(metrics)


if __name__ == "__main__":
    main()
