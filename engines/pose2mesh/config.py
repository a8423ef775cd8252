"""The sizes of Pose2Mesh's networks (Choi, Moon, Lee, ECCV 2020), for torch and for the native kernels."""

from __future__ import annotations

from typing import TypeAlias

from engines.joint_sets import MANO21, JointSet

Channels: TypeAlias = tuple[tuple[int, ...], ...]

# Channels of the graph convolutions, one row for each block: the joint graph, then a block for each mesh level from
# coarse to fine, then a last one at the finest level.
BODY_CHANNELS: Channels = (
    (5, 32, 64, 64),
    (64, 128, 256),
    *((256, 256, 256),) * 4,
    (256, 128, 128),
    *((128, 128, 128),) * 2,
    (128, 64, 3),
)
HAND_CHANNELS: Channels = ((5, 32, 64, 64), (64, 128, 256), *((256, 256, 256),) * 3, (256, 128, 128), (128, 64, 3))
ORDER = 3  # Chebyshev polynomials per convolution
LIFTER_WIDTH = 4096
MM_PER_M = 1000.0
BATCH_NORM_EPS = 1e-5


def channels_for(joints: JointSet) -> Channels:
    """The channels of the hand network for MANO's joints, else those of the body network."""
    return HAND_CHANNELS if joints == MANO21 else BODY_CHANNELS
