"""The poses that ship, made by engines.training.poses.motions: `python -m engines.training.poses.sample` writes them.

No recording is in them: they are this project's own and under its license.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from engines.files.atomic import write_atomically
from engines.training.poses.motions import LEFT, MOVES, RIGHT, Angles
from engines.training.poses.pose_set import JOINTS

SAMPLE_FILE = Path(__file__).with_name("sample_poses.npz")
CLIPS, FRAMES, RATE_HZ, SEED = 100, 48, 12.0, 20
SOURCE = "meshcast-sample (procedural)"
ARM_DOWN_RAD = 1.35  # from the T-pose to arms that hang
WANDER_RAD = 0.07  # of every joint, slow: no two steps are the same
KNEE_LIMIT, ELBOW_LIMIT = 2.5, 2.5

F64 = NDArray[np.float64]


def sample_poses(clips: int = CLIPS) -> dict[str, NDArray[np.generic]]:
    """The arrays of the file; fewer clips are its beginning."""
    share = np.cumsum([share for _, share, _ in MOVES])
    poses = []
    for clip in range(clips):
        rng = np.random.default_rng((SEED, clip))
        move, _, (slow, fast) = MOVES[int(np.searchsorted(share, rng.random() * share[-1]))]
        time_s = np.arange(FRAMES) / RATE_HZ
        phase = 2 * np.pi * (rng.uniform(slow, fast) * time_s + rng.random())
        angles = Angles(FRAMES)
        move(rng, phase, angles)
        poses.append(_pose(angles, rng))
    return {
        "pose": np.concatenate(poses).astype(np.float16),
        "source": np.zeros(clips * FRAMES, np.uint8),
        "source_names": np.array([SOURCE]),
        "clip": np.repeat(np.arange(clips, dtype=np.uint16), FRAMES),
        "test": np.repeat(np.arange(clips) % 10 == 9, FRAMES),
        "rate": np.float32(RATE_HZ),
    }


def _pose(angles: Angles, rng: np.random.Generator) -> F64:
    """Rotation vectors (T, 24, 3) of joint angles; see the body's joints in engines.joint_sets."""
    t = angles.frames
    zero = np.zeros(t)

    def trunk(name: str) -> F64:
        return angles.trunk.get(name, zero)

    def limb(name: str, side: int) -> F64:
        return angles.limbs.get(name, np.zeros((t, 2)))[:, side]

    pose = np.zeros((t, JOINTS, 3))
    bend, lean, twist = trunk("bend"), trunk("lean"), trunk("twist")
    pose[:, 0] = np.stack([0.35 * bend, zero, 0.3 * lean], -1)
    for joint, part in ((3, 0.3), (6, 0.3), (9, 0.2)):
        pose[:, joint] = part * np.stack([bend, twist, lean], -1)
    pose[:, 12] = np.stack([-0.15 * bend, -0.3 * twist, zero], -1)
    pose[:, 15] = rng.normal(0, [0.2, 0.35, 0.1]) + np.stack([-0.2 * bend, -0.3 * twist, zero], -1)
    for side in (LEFT, RIGHT):
        sign = 1.0 if side == LEFT else -1.0
        # The leg hangs on a pelvis that leans forward with the trunk.
        flexed, spread = limb("hip", side) + 0.35 * bend, limb("spread", side) + 0.04
        pose[:, 1 + side] = _turns("XZY", -flexed, sign * spread, sign * rng.normal(0.1, 0.15) + zero)
        pose[:, 4 + side, 0] = np.clip(limb("knee", side), 0, KNEE_LIMIT)
        pose[:, 7 + side, 0] = -limb("ankle", side)
        raised = np.clip(limb("away", side), 0, 2.9)
        pose[:, 13 + side, 2] = sign * 0.25 * np.clip(raised - 0.8, 0, None)  # the collar bone follows
        pose[:, 16 + side] = _turns(
            "XZX", -limb("arm", side), sign * (0.87 * raised - ARM_DOWN_RAD), limb("arm_twist", side)
        )
        pose[:, 18 + side, 1] = -sign * np.clip(limb("elbow", side), 0, ELBOW_LIMIT)
        pose[:, 20 + side] = rng.normal(0, 0.15, 3)
    wander = gaussian_filter1d(rng.normal(0, 1, (t + 48, JOINTS, 3)), 8, axis=0)[24:-24]
    pose[:, 1:22] += WANDER_RAD * (wander / wander.std())[:, 1:22]
    pose[:, 0] = _turns("YXZ", rng.uniform(-np.pi, np.pi) + zero, pose[:, 0, 0], pose[:, 0, 2])
    return pose


def _turns(axes: str, *angles: F64) -> F64:
    vectors: F64 = Rotation.from_euler(axes, np.stack(angles, -1)).as_rotvec()
    return vectors


def main() -> None:
    """Write the file that ships."""
    file = io.BytesIO()
    arrays = sample_poses()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    write_atomically(SAMPLE_FILE, file.getvalue())
    sys.stdout.write(f"{SAMPLE_FILE}: {len(arrays['pose'])} poses, {len(file.getvalue()) / 1e6:.2f} MB\n")


if __name__ == "__main__":
    main()
