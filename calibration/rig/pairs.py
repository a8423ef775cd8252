"""The relative pose of two cameras that see a board in the same frames: the one that most frames agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from calibration.boards import View
from calibration.camera import Camera
from calibration.rig.board_poses import BoardPose, FrameViews, extreme, inverse, moved, project

F64 = NDArray[np.float64]
Poses = Mapping[tuple[int, str], list[BoardPose]]
LEAST_FRAMES = 3  # that two cameras share and agree on
AGREES = 0.02  # rms error of the corners of one camera when the board's pose comes from the other, of the image's width
MOST_HYPOTHESES = 240
MOST_FRAMES = 80  # of a pair that vote


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cameras and what their common views say.

    Attributes:
        first, second: their names.
        transform: (4, 4), from the first camera's frame to the second's.
        frames: in which both see the board and agree.
        shared: in which both see the board (as far as they were compared).
    """

    first: str
    second: str
    transform: F64
    frames: tuple[int, ...]
    shared: tuple[int, ...]


def find_pairs(
    views: FrameViews, cameras: Mapping[str, Camera], poses: Poses, turns: Sequence[F64]
) -> tuple[list[Pair], dict[tuple[str, str], int]]:
    """The pairs of cameras whose views agree, and the number of shared frames of those that share some but disagree.

    Args:
        views: of the board.
        cameras: intrinsics by name.
        poses: of the board in each view.
        turns: the board's symmetries.
    """
    pairs, without = [], {}
    for first, second in combinations(cameras, 2):
        shared = [frame for frame in views if (frame, first) in poses and (frame, second) in poses]
        if not shared:
            continue
        pair = _agreement(first, second, shared, views, cameras, poses, turns)
        if pair is not None:
            pairs.append(pair)
        elif len(shared) >= LEAST_FRAMES:
            without[first, second] = len(shared)
    return pairs, without


def _agreement(
    first: str,
    second: str,
    shared: Sequence[int],
    views: FrameViews,
    cameras: Mapping[str, Camera],
    poses: Poses,
    turns: Sequence[F64],
) -> Pair | None:
    voters = [shared[index] for index in np.unique(np.linspace(0, len(shared) - 1, MOST_FRAMES).astype(int))]
    hypotheses: list[F64] = []
    for frame in voters:
        for one in poses[frame, first]:
            for other in poses[frame, second]:
                hypotheses.extend(other.transform @ turn @ inverse(one.transform) for turn in turns)
    chosen = np.unique(np.linspace(0, len(hypotheses) - 1, MOST_HYPOTHESES).astype(int))
    forward = _Transfer(voters, first, second, views, cameras, poses, turns)
    backward = _Transfer(voters, second, first, views, cameras, poses, turns)
    limits = np.array([AGREES * cameras[name].size[0] for name in (second, first)])
    best, best_score, best_errors = None, -1.0, np.zeros(0)
    for index in chosen:
        hypothesis = hypotheses[index]
        errors = np.minimum(forward.errors(hypothesis) / limits[0], backward.errors(inverse(hypothesis)) / limits[1])
        score = float(np.maximum(1 - np.square(errors), 0).sum())
        if score > best_score:
            best, best_score, best_errors = hypothesis, score, errors
    agreeing = [frame for frame, error in zip(voters, best_errors, strict=True) if error < 1]
    if best is None or len(agreeing) < LEAST_FRAMES:
        return None
    return Pair(first, second, best, tuple(agreeing), tuple(voters))


class _Transfer:
    """Corners of one camera, predicted from the board's poses in another one."""

    def __init__(
        self,
        frames: Sequence[int],
        source: str,
        target: str,
        views: FrameViews,
        cameras: Mapping[str, Camera],
        poses: Poses,
        turns: Sequence[F64],
    ) -> None:
        self.camera = cameras[target]
        points, pixels, owners = [], [], []
        for number, frame in enumerate(frames):
            view = views[frame][target]
            corners = extreme(view.points)
            for pose in poses[frame, source]:
                for turn in turns:
                    points.append(moved(pose.transform @ turn, view.points[corners].astype(np.float64)))
                    pixels.append(view.corners[corners])
                    owners.append(number)
        self.points, self.pixels, self.owners = np.stack(points), np.stack(pixels), np.array(owners)
        self.count = len(frames)

    def errors(self, transform: F64) -> F64:
        """The smallest rms errors (F,) px of any pose of the board in each frame."""
        error = project(self.camera, moved(transform, self.points)) - self.pixels
        rms = np.sqrt(np.square(error).sum(axis=2).mean(axis=1))
        best = np.full(self.count, np.inf)
        np.minimum.at(best, self.owners, rms)
        return best


def groups_of(pairs: Sequence[Pair], names: Sequence[str]) -> list[list[str]]:
    """Cameras that are connected by pairs, the largest group first; cameras without a pair are groups of one."""
    number = {name: index for index, name in enumerate(names)}
    rows = [number[pair.first] for pair in pairs]
    columns = [number[pair.second] for pair in pairs]
    graph = csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(len(names), len(names)))
    count, labels = connected_components(graph, directed=False)
    groups = [[name for name, label in zip(names, labels, strict=True) if label == group] for group in range(count)]
    return sorted(groups, key=len, reverse=True)


def chained_poses(pairs: Sequence[Pair], names: Sequence[str]) -> F64:
    """Poses (C, 4, 4) of connected cameras relative to the first one, along the pairs with most common views."""
    number = {name: index for index, name in enumerate(names)}
    used = [pair for pair in pairs if pair.first in number and pair.second in number]
    cost = np.array([1 / len(pair.frames) for pair in used])
    ends = np.array([[number[pair.first], number[pair.second]] for pair in used])
    tree = minimum_spanning_tree(csr_matrix((cost, (ends[:, 0], ends[:, 1])), shape=(len(names), len(names))))
    order, parents = breadth_first_order(tree, 0, directed=False)
    relative = {(number[pair.first], number[pair.second]): pair.transform for pair in used}
    poses = np.tile(np.eye(4), (len(names), 1, 1))
    for node in order[1:]:
        parent = int(parents[node])
        step = relative.get((parent, int(node)))
        poses[node] = (inverse(relative[int(node), parent]) if step is None else step) @ poses[parent]
    return poses


def view_error(view: View, camera: Camera, transform: F64) -> float:
    """The rms reprojection error of a view at a pose (4, 4) of its board, px."""
    error = project(camera, moved(transform, view.points.astype(np.float64))) - view.corners
    return float(np.sqrt(np.square(error).sum(axis=1).mean()))
