"""Files with the results of a part of a video."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from calibration.camera import Camera
from edge.batch.part_file import PartWriter, read_part
from edge.errors import OutputError
from edge.runtime.async_pipeline import FrameResult
from edge.types import F32, Bodies, Frame, RigPose


def result(index: int, ids: list[int], begin: int = 0) -> FrameResult:
    """A frame with seeded people."""
    rng = np.random.default_rng(index)
    n = len(ids)

    def values(*shape: int) -> F32:
        return rng.normal(size=(n, *shape)).astype(np.float32)

    image = np.zeros((48, 64, 3), np.uint8)
    frame = Frame("door", index, time.monotonic_ns(), index / 10, image, (32, 48))
    bodies = Bodies(
        np.array(ids, np.int32), values(), values(17, 3), values(24, 3), values(50, 3), values(3), values(24, 3, 3),
        visibility=values(24), contacts=values(2),
    )  # fmt: skip
    return FrameResult(frame, Camera.from_fov((64, 48), 60), bodies, RigPose(values(24, 3, 3), values(10), values()))


@pytest.mark.parametrize("surface", [True, False])
def test_part_file_returns_what_was_written(tmp_path: Path, surface: bool) -> None:
    path = tmp_path / "a.part"
    written = [result(index, list(range(index % 3))) for index in range(4, 9)]
    writer = PartWriter(path, begin=6, surface=surface)
    for each in written:
        writer.write(each)
    assert not path.exists()
    assert writer.close()
    read = list(read_part(path))
    for each, got in zip(written, read, strict=True):
        whole = each.frame.index >= 6
        assert (got.frame.stream, got.frame.index, got.frame.t_s, got.frame.raster) == (
            "door",
            each.frame.index,
            each.frame.t_s,
            (32, 48),
        )
        assert got.frame.image.shape == (48, 64, 3)
        assert (got.rig_pose is not None) == whole
        for field in fields(Bodies):
            before, after = getattr(each.bodies, field.name), getattr(got.bodies, field.name)
            if field.name == "vertices" and not (whole and surface):
                before = before[:, :0]
            assert (after is None) == (before is None), field.name
            assert before is None or (np.array_equal(before, after) and before.dtype == after.dtype), field.name
        for field in fields(RigPose):
            if got.rig_pose is not None:
                assert np.array_equal(getattr(each.rig_pose, field.name), getattr(got.rig_pose, field.name))


def test_part_file_damaged_or_missing_raises_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.part"
    writer = PartWriter(path, begin=0, surface=True)
    writer.write(result(0, [1]))
    writer.close()
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(OutputError, match=r"a\.part: damaged: "):
        list(read_part(path))
    path.write_bytes(b"\xff" * 64)
    with pytest.raises(OutputError, match=r"a\.part: damaged: the record is too long"):
        list(read_part(path))
    path.unlink()
    with pytest.raises(OutputError, match=r"a\.part: cannot be read again: No such file"):
        list(read_part(path))


def test_part_file_without_frames_leaves_no_file(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path / "a.part", begin=0, surface=True)
    assert not writer.close()
    assert list(tmp_path.iterdir()) == []
