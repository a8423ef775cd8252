"""Scores of predicted meshes on a data set: of everything, of each joint and of each action."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.skinning import Skinner
from engines.errors import ModelError
from engines.evaluation import body_scores
from engines.evaluation.dense_keypoints import DenseKeypoints, dense_distance
from engines.evaluation.metrics import distances, procrustes
from engines.training.body_points import BodyPoints
from engines.training.sample import COCO, H36M, POINTS, SMPL, Sample, finite

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
PCK_MM = 150.0
ACTION = re.compile(r"(?:^|[/\\])S\d+_([A-Za-z]+)")  # of Human3.6M's file names: S9_Directions 1.54138969_000001.jpg
NUMBERED_ACTION = re.compile(
    r"(?:^|[/\\])s_\d+_act_(\d+)_"
)  # of the JSON toolkits: s_09_act_02_subact_01_ca_01_000001.jpg
NUMBERED_ACTIONS = (  # from number 2 on
    *("Directions", "Discussion", "Eating", "Greeting", "Phoning", "Posing", "Purchases", "Sitting", "SittingDown"),
    *("Smoking", "Photo", "Waiting", "Walking", "WalkDog", "WalkTogether"),
)
FRAME = re.compile(r"(\d+)\.\w+$")


@dataclass(frozen=True, slots=True)
class JointSubset:
    """The joints that errors are of, and the points whose mean both poses are relative to, as indices of POINTS."""

    joints: tuple[int, ...]
    root: tuple[int, ...]


# The first one that is annotated and that the body has: the 14 joints of Human3.6M in the mesh papers, SMPL's 24 joints
# as in DCT, or the 12 of COCO's limbs.
SUBSETS = (
    JointSubset(tuple(H36M.start + k for k in body_scores.H36M_14), (H36M.start,)),
    JointSubset(tuple(range(SMPL.start, SMPL.stop)), (SMPL.start,)),
    JointSubset(tuple(range(COCO.start + 5, COCO.stop)), (COCO.start + 11, COCO.start + 12)),
)


class DatasetScores:
    """Collects the metrics of predicted meshes of one body, person by person."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._points = BodyPoints(body)
        self._rest = Skinner(body, min(10, body.shape_dirs.shape[2]))
        self._dense = DenseKeypoints(body)
        self._values: dict[str, list[float]] = {}
        self._joints: dict[str, list[float]] = {}
        self._actions: dict[str, dict[str, list[float]]] = {}
        self._clip: list[tuple[F32, F32]] = []  # predicted and true joints of consecutive frames
        self._last = ("", -2)

    def add(self, sample: Sample, vertices: F32, shape: F32 | None = None) -> None:
        """Compares vertices (V, 3) m, in camera axes at any place, with a sample's. Annotations that are not finite
        count as missing.

        Raises ModelError for another mesh.
        """
        if vertices.shape != self._body.v_template.shape:
            raise ModelError(
                f"predictions have {len(vertices)} vertices, the body {len(self._body.v_template)}; use the same body"
            )
        sample = finite(sample)
        found: dict[str, float] = {}
        made, joints = self._of(vertices)
        points = self._points(made, joints)
        if sample.points_3d is not None:
            found |= self._of_joints(sample, points, sample.points_3d)
        if sample.vertices is not None:
            true, _ = self._of(sample.vertices)
            found["pve"] = float(body_scores.vertex_error(made[None], true[None])[0])
            found["pa_pve"] = float(body_scores.aligned_vertex_error(made[None], true[None])[0])
        if shape is not None and sample.shape is not None:
            found["pve_t"] = self._straight_error(shape, sample.shape)
        dense = sample.dense
        if dense is None and sample.parts is not None and sample.uv is not None:
            dense = self._dense.of_maps(sample.parts, sample.uv)
        if dense is not None:
            found["dkd"] = dense_distance(made, dense, sample.image.shape[1])
        action = action_of(sample.name)
        for name, value in found.items():
            self._values.setdefault(name, []).append(value)
            if action is not None:
                self._actions.setdefault(action, {}).setdefault(name, []).append(value)

    def summary(self) -> dict[str, body_scores.Score]:
        """Means with intervals."""
        self._end_clip()
        return body_scores.summarize({name: np.array(values) for name, values in self._values.items()})

    def joint_rows(self) -> dict[str, dict[str, body_scores.Score]]:
        """The error of each joint by its name."""
        return {name: {"mpjpe": body_scores.bootstrap(np.array(values))} for name, values in self._joints.items()}

    def action_rows(self) -> dict[str, dict[str, body_scores.Score]]:
        """The metrics of each action of Human3.6M by its name."""
        return {
            action: body_scores.summarize({name: np.array(values) for name, values in found.items()})
            for action, found in sorted(self._actions.items())
        }

    def _of_joints(self, sample: Sample, points: F32, truth: F32) -> dict[str, float]:
        known = (truth[:, 3] > 0) & self._points.known
        subset = next((each for each in SUBSETS if known[[*each.joints, *each.root]].all()), None)
        if subset is None:
            return {}
        if subset is SUBSETS[1] and sample.vertices is not None:  # regressed from both meshes alike
            truth = self._points(*self._of(sample.vertices))
        root = list(subset.root)
        made, true = (each - each[root].mean(0) for each in (points, truth[:, :3]))
        chosen = list(subset.joints)
        made, true = made[chosen], true[chosen]
        off = distances(made, true) * body_scores.MM
        for k, error in zip(chosen, off.tolist(), strict=True):
            self._joints.setdefault(POINTS[k].split("_", 1)[1], []).append(error)
        self._add_frame(sample.name, made, true)
        return {
            "mpjpe": float(off.mean()),
            "pa_mpjpe": float(distances(procrustes(made, true), true).mean() * body_scores.MM),
            "pck": float(100 * body_scores.pck(off, PCK_MM)),
            "auc": float(100 * body_scores.auc(off, PCK_MM)),
        }

    def _straight_error(self, shape: F32, truth: F32) -> float:
        straight = np.tile(np.eye(3, dtype=np.float32), (1, len(self._body.parents), 1, 1))
        count = min(10, self._body.shape_dirs.shape[2])
        a, b = (self._rest(straight, each[None, :count].astype(np.float32))[0] for each in (shape, truth))
        return float(body_scores.vertex_error(a, b)[0])

    def _add_frame(self, name: str, made: F32, true: F32) -> None:
        """Frames whose files are numbered one after another are a clip, which has an acceleration error."""
        number = FRAME.search(PurePath(name).name)
        place = (name[: -len(number.group())], int(number.group(1))) if number else (name, -2)
        if place != (self._last[0], self._last[1] + 1):
            self._end_clip()
        self._last = place
        if number:
            self._clip.append((made, true))

    def _end_clip(self) -> None:
        if len(self._clip) >= 3:
            made, true = (np.stack([frame[k] for frame in self._clip]) for k in (0, 1))
            self._values.setdefault("accel", []).extend(body_scores.acceleration_error(made, true).tolist())
        self._clip = []

    def _of(self, vertices: F32) -> tuple[F32, F32]:
        """Vertices and joints relative to the pelvis, joints regressed from the mesh."""
        joints = self._body.joint_regressor @ vertices
        return vertices - joints[0], (joints - joints[0]).astype(np.float32)


def action_of(name: str) -> str | None:
    """The action of an image of Human3.6M by its name; None for others."""
    if found := ACTION.search(name):
        return found.group(1)
    number = int(found.group(1)) - 2 if (found := NUMBERED_ACTION.search(name)) else -1
    return NUMBERED_ACTIONS[number] if 0 <= number < len(NUMBERED_ACTIONS) else None


def hand_scores(
    joints: F32, true_joints: F32, vertices: F32 | None = None, true_vertices: F32 | None = None
) -> dict[str, body_scores.Score]:
    """The metrics of FreiHAND for hands (N, 21, 3) and meshes (N, V, 3) in m; all but MPJPE after alignment."""
    aligned = procrustes(joints, true_joints)
    off = distances(aligned, true_joints) * body_scores.MM
    root = [0]
    plain = distances(joints - joints[:, root], true_joints - true_joints[:, root]) * body_scores.MM
    found: dict[str, Sequence[float] | F64] = {
        "mpjpe": plain.mean(-1),
        "pa_mpjpe": off.mean(-1),
        "auc": 100 * body_scores.auc(off, 50.0, 101),
    }
    if vertices is not None and true_vertices is not None:
        moved = np.stack([procrustes(a, b) for a, b in zip(vertices, true_vertices, strict=True)])
        found["pa_pve"] = distances(moved, true_vertices).mean(-1) * body_scores.MM
        found["f5"] = body_scores.f_score(moved, true_vertices, 0.005)
        found["f15"] = body_scores.f_score(moved, true_vertices, 0.015)
    return body_scores.summarize({name: np.asarray(values) for name, values in found.items()})
