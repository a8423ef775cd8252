"""Observations of standing people in a source, for the estimate of the floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calibration.floor_from_people import Stances
from edge.errors import SourceError
from edge.pipeline import Pipeline
from edge.types import Bodies, BodyModel, Frame

ANKLES = ("left_ankle", "right_ankle")
TRUNK = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")
TRUNK_SHARES = (0.3, 0.3, 0.2, 0.2)  # of hips and shoulders in the center of mass (Winter, 2009, table 4.1)
MIN_CONTACT, MIN_VISIBILITY = 0.7, 0.5
INTERVAL_S = 0.2  # between two observations of a person
MOST_STANCES = 2000

F64 = NDArray[np.float64]


@dataclass(slots=True)
class StanceCollector:
    """Collects the stances of bodies, frame after frame. Raises SourceError for a mesh model without contacts."""

    model: BodyModel
    people: list[int] = field(default_factory=list)
    feet: list[F64] = field(default_factory=list)
    centers: list[F64] = field(default_factory=list)
    _seen_s: dict[int, float] = field(default_factory=dict)

    def add(self, frame: Frame, bodies: Bodies) -> None:
        """Add the people of a frame who stand on a foot that is seen."""
        if not len(bodies):
            return
        if bodies.contacts is None:
            raise SourceError("the mesh model does not tell which feet stand; use the default one")
        ankles, trunk = (self._joints(names) for names in (ANKLES, TRUNK))
        standing = bodies.contacts > MIN_CONTACT
        if bodies.visibility is not None:
            standing = standing & (bodies.visibility[:, ankles] > MIN_VISIBILITY)
        for row, identity in enumerate(bodies.ids.tolist()):
            elapsed_s = frame.t_s - self._seen_s.get(identity, -np.inf)
            if not standing[row].any() or elapsed_s < INTERVAL_S or len(self.people) >= MOST_STANCES:
                continue
            self._seen_s[identity] = frame.t_s
            joints = bodies.joints[row].astype(np.float64)
            self.people.append(identity)
            self.feet.append(joints[ankles][standing[row]].mean(0))
            self.centers.append(np.array(TRUNK_SHARES) @ joints[trunk])

    def stances(self) -> Stances:
        """The observations so far."""
        ankle = self._joints(ANKLES)[0]
        rig, vertices = self.model.rig, self.model.rest_vertices
        assert rig is not None  # bodies with contacts are posed rigs
        ankle_m = float(rig.rest_joints[ankle, 1] - vertices[:, 1].min())
        feet, centers = (np.array(points, np.float64).reshape(-1, 3) for points in (self.feet, self.centers))
        return Stances(np.array(self.people, np.intp), feet, centers, ankle_m)

    def _joints(self, names: tuple[str, ...]) -> list[int]:
        return [self.model.joint_names.index(name) for name in names]


def collect_stances(
    frames: Iterator[Frame], pipeline: Pipeline, on_frame: Callable[[int, int], None] | None = None
) -> tuple[Stances, Frame | None]:
    """Stances of the people in frames, and the last frame, None without any.

    Args:
        frames: in order.
        pipeline: whose camera has no floor.
        on_frame: called with the number of frames and of stances so far.
    """
    collector, latest = StanceCollector(pipeline.model), None
    for count, frame in enumerate(frames, 1):
        collector.add(frame, pipeline.process(frame))
        latest = frame
        if on_frame is not None:
            on_frame(count, len(collector.people))
    return collector.stances(), latest
