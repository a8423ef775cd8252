"""The sizes of Pose2Mesh's networks (Choi, Moon, Lee, ECCV 2020), for all who build them."""

from __future__ import annotations

from typing import TypeAlias

from engines.joint_sets import MANO21, JointSet

Plan: TypeAlias = tuple[tuple[int, ...], ...]

# Channels of the graph convolutions, one row a block: the joint graph, then one block a mesh level from coarse to
# fine, then a last one at the finest level.
BODY_PLAN: Plan = (
    (5, 32, 64, 64),
    (64, 128, 256),
    *((256, 256, 256),) * 4,
    (256, 128, 128),
    *((128, 128, 128),) * 2,
    (128, 64, 3),
)
HAND_PLAN: Plan = ((5, 32, 64, 64), (64, 128, 256), *((256, 256, 256),) * 3, (256, 128, 128), (128, 64, 3))
ORDER = 3  # Chebyshev polynomials per convolution
LIFTER_WIDTH = 4096
MM_PER_M = 1000.0
BATCH_NORM_EPS = 1e-5


def plan_for(joints: JointSet) -> Plan:
    """The hand's plan for MANO's joints, else the body's."""
    return HAND_PLAN if joints == MANO21 else BODY_PLAN
