"""One shape, and with it one size, for each person: estimated while the person is new, constant afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.stages.body_config import BodyShapeConfig
from edge.stages.body_skeleton import F64, BodySkeleton
from edge.stages.placement import Placements, solve_placements
from edge.stages.shape_estimate import ShapeEstimate
from edge.types import F32, BodyModel, TrackedFrame
from engines.errors import ModelError
from engines.heads.base import RootMesh


@dataclass(frozen=True, slots=True)
class SizedPeople:
    """The shapes of the people of a frame, and where people of such shapes stand.

    Attributes:
        shape: (N, B) float32.
        shape_cov: (N, B, B) float64, its covariance.
        stature_m: (N,) float64. stature_sigma_m: (N,) float64, its standard deviation.
        factors: (N,) float64, by which the mesh of each person must grow to be of that size.
        placements: roots by shape.
    """

    shape: F32
    shape_cov: F64
    stature_m: F64
    stature_sigma_m: F64
    factors: F64
    placements: Placements


class BodyShapes:
    """(t_s, TrackedFrame, RootMesh) -> SizedPeople. Keeps the evidence of each id.

    Shapes have a standard normal distribution around the neutral figure. A person's proportions change it; the stature
    follows from the height at which the feet would be if the person had it, where the floor is known, or from
    `BodyShapeConfig.height_m`. Proportions alone say little of the stature and are not used for it.
    """

    def __init__(self, model: BodyModel, neutral: F32, config: BodyShapeConfig | None = None) -> None:
        """
        Args:
            model: a body that `edge.stages.body_skeleton.can_size` accepts.
            neutral: (B,), the shape of a person of whom nothing is known.
            config: settings.

        Raises:
            ModelError: a given shape has more entries than the body has directions.
        """
        self._config = config or BodyShapeConfig()
        shapes = self._config.shapes
        if shapes is not None and shapes.entries > len(neutral):
            raise ModelError(
                f"a given shape has {shapes.entries} entries; the body {model.name} has {len(neutral)} shape directions"
            )
        self._skeleton = BodySkeleton(model, neutral, self._config.directions)
        self._people: dict[int, ShapeEstimate] = {}

    def __call__(self, t_s: float, tracked: TrackedFrame, mesh: RootMesh) -> SizedPeople:
        """Shapes of the people of `tracked.pose`, row for row with `mesh`. t_s: the stream's time in seconds."""
        skeleton, pose, camera = self._skeleton, tracked.pose, tracked.camera
        ids = pose.ids.tolist()
        people = [self._person(t_s, identity) for identity in ids]
        expected = np.array([p.shape for p in people]).reshape(-1, len(skeleton.neutral))
        rays = camera.rays(pose.keypoints)
        placements = solve_placements(skeleton, mesh, rays, pose.scores, expected, camera.floor, self._config.placement)
        for row, person in enumerate(people):
            if mesh.usable[row]:
                person.observe(t_s, placements, row)
        shape = np.array([p.shape for p in people]).reshape(expected.shape)
        cov = np.array([p.cov for p in people]).reshape(len(ids), len(skeleton.neutral), len(skeleton.neutral))
        variance = np.einsum("b,nbc,c->n", skeleton.stature_dirs, cov, skeleton.stature_dirs)
        return SizedPeople(
            shape=shape.astype(np.float32),
            shape_cov=cov,
            stature_m=skeleton.stature(shape),
            stature_sigma_m=np.sqrt(variance),
            factors=skeleton.size_factors(mesh, shape),
            placements=placements,
        )

    def reset(self) -> None:
        """Forget all people."""
        self._people.clear()

    def _person(self, t_s: float, identity: int) -> ShapeEstimate:
        person = self._people.pop(identity, None)
        if person is None:
            kept = {i: p for i, p in self._people.items() if t_s - p.t_s <= self._config.forget_s}
            surplus = max(len(kept) + 1 - self._config.max_people, 0)
            self._people = dict(list(kept.items())[surplus:])
            person = ShapeEstimate(self._skeleton, self._config, identity)
        self._people[identity] = person  # the person seen last is the last one
        person.t_s = t_s
        return person
