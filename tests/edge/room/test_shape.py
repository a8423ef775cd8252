"""Shapes from limb lengths."""

from __future__ import annotations

import numpy as np

from edge.room.config import ShapeConfig
from edge.room.rig_points import RigKeypoints
from edge.room.shape import LimbLengths, RoomShape
from edge.sources.synthetic.walk_cycle import gait
from engines.joint_sets import COCO17
from tests.support.rooms import body_and_model


def test_shape_of_exact_points_is_found_whatever_the_assumed_one() -> None:
    body, model = body_and_model()
    keypoints = RigKeypoints(body, model)
    config = ShapeConfig(length_sigma_m=0.001, prior_sigma=3.0)
    lengths = LimbLengths(keypoints, COCO17.joint_names, config)
    true = np.zeros(keypoints.shapes, np.float32)
    true[:2] = 1.5, -0.8
    shape = RoomShape(np.zeros_like(true), config)
    for frame in range(40):
        rotations = gait(frame / 20).astype(np.float32)
        points = keypoints(rotations[None], true[None], np.zeros((1, 3), np.float32))[0].astype(np.float64)
        covariance = np.tile(1e-6 * np.eye(3), (len(points), 1, 1))
        equations = lengths.equations(rotations, shape.shape, points, covariance)
        shape.observe(frame * 0.1, equations, np.zeros_like(true))
        shape.move(frame * 0.1)
    assert abs(keypoints.stature(shape.shape) - keypoints.stature(true)) < 0.01
    assert not shape.wants(4.0)


def test_shape_ignores_points_that_were_not_triangulated() -> None:
    body, model = body_and_model()
    keypoints = RigKeypoints(body, model)
    lengths = LimbLengths(keypoints, COCO17.joint_names, ShapeConfig())
    unknown = np.full((17, 3), np.nan)
    zero = np.zeros(keypoints.shapes, np.float32)
    equations = lengths.equations(gait(0.0).astype(np.float32), zero, unknown, np.tile(np.eye(3), (17, 1, 1)))
    assert not equations.any()
