"""Bones as lines."""

from __future__ import annotations

import numpy as np

from edge.render.skeleton import bone_lines, bones


def test_bone_lines_join_parents_and_children() -> None:
    parents = np.array([-1, 0, 1, 0], np.int32)
    assert bones(parents).tolist() == [[0, 1], [1, 2], [0, 3]]
    joints = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    lines = bone_lines(joints, parents)
    assert lines.shape == (2, 3, 2, 3)
    assert lines[1, 1].tolist() == [joints[1, 1].tolist(), joints[1, 2].tolist()]
