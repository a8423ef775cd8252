"""How far the joints of a human body turn: soft limits for bodies that rest in a T-pose, Y up and facing +Z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.body.body import Body
from meshcast.protocol.body import F32, I32

X, Y = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
HYPEREXTENSION = 0.1  # rad
FLEXION = 2.6  # rad, of elbows and knees

# Joint, axis and range in radians of the left side and of the middle. Elbows and knees bend one way. The other limits
# are wide: nearly all recorded and procedural poses are inside.
LEFT: tuple[tuple[str, tuple[float, float, float], float, float], ...] = (
    ("left_knee", X, -HYPEREXTENSION, FLEXION),
    ("left_elbow", Y, -FLEXION, HYPEREXTENSION),
    ("left_hip", X, -2.4, 0.8),
    ("left_hip", Y, -1.1, 1.3),
    ("left_shoulder", X, -2.2, 2.0),
    ("left_ankle", X, -0.9, 0.9),
)
MIDDLE: tuple[tuple[str, tuple[float, float, float], float, float], ...] = (
    ("neck", X, -0.8, 0.9),
    ("neck", Y, -1.0, 1.0),
    ("head", X, -0.8, 0.8),
    ("head", Y, -1.0, 1.0),
)


@dataclass(frozen=True, slots=True)
class JointLimits:
    """Limits of joints' turns about axes: joints (L,) int32, axes (L, 3), unit, in the axes of the joint's parent, and
    ranges (L, 2) float32 in radians, of the twist in -pi to pi of the swing-twist decomposition."""

    joints: I32
    axes: F32
    ranges: F32


def joint_limits(body: Body) -> JointLimits:
    """The limits of those joints that the body has; none for a body of another kind, such as a hand."""
    index = {name: j for j, name in enumerate(body.joint_names)}
    rows = []
    for name, axis, low, high in (*LEFT, *MIDDLE):
        rows.append((name, axis, low, high))
        if name.startswith("left_"):  # mirrored at x = 0: turns about x stay, those about y change their sign
            mirrored = (low, high) if axis == X else (-high, -low)
            rows.append((name.replace("left_", "right_"), axis, *mirrored))
    rows = [row for row in rows if row[0] in index]
    return JointLimits(
        np.array([index[name] for name, *_ in rows], np.int32),
        np.array([axis for _, axis, _, _ in rows], np.float32).reshape(-1, 3),
        np.array([limits for _, _, *limits in rows], np.float32).reshape(-1, 2),
    )
