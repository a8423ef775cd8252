"""Bodies saved as .npz files."""

from __future__ import annotations

import resource
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import OutputError
from edge.sinks.npz import NpzWriter
from edge.stages.inverse_kinematics import RigFitter
from meshcast.protocol.rotations import rotmat
from tests.support import golden_packets
from tests.support.sink_data import CAMERA, JOINTS, KEYPOINTS, body_model, make_bodies, make_frame
from tests.support.small_disk import SmallDisk

rigged, rigged_bodies = golden_packets.rigged, golden_packets.bodies


def test_npz_writer_other_suffix_raises(tmp_path: Path):
    with pytest.raises(OutputError, match=r"\.npz"):
        NpzWriter(tmp_path / "a.npy", body_model())


def test_npz_writer_rows_are_read_back(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    given = [make_bodies([1, 2], 0), make_bodies([], 1), make_bodies([2], 2)]
    for index, bodies in enumerate(given):
        saver.add(make_frame(index * 2, index / 30), bodies, CAMERA)
    assert not (tmp_path / "a.npz").exists()
    assert saver.close()
    assert not saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert z["frame"].tolist() == [0, 0, 4]
        assert z["id"].tolist() == [1, 2, 2]
        np.testing.assert_allclose(z["t_s"], [0, 0, 2 / 30])
        for column in ("scores", "keypoints", "joints", "vertices", "translation"):
            expected = np.concatenate([getattr(b, column) for b in given])
            assert z[column.removesuffix("s") if column == "scores" else column].dtype == np.float32
            np.testing.assert_array_equal(z["score" if column == "scores" else column], expected)
        assert tuple(z["joint_names"]) == JOINTS
        assert tuple(z["keypoint_names"]) == KEYPOINTS
        np.testing.assert_array_equal(z["faces"], body_model().faces)
        np.testing.assert_array_equal(z["K"], CAMERA.K)
        np.testing.assert_array_equal(z["row_K"][2], CAMERA.K)
        assert z["image_size"].tolist() == [64, 48]
        assert z["distortion"].shape == (5,)
        assert z["frames"] == 3
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_npz_writer_frames_without_people_have_no_rows(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    saver.add(make_frame(), make_bodies([]), CAMERA)
    assert saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert z["vertices"].shape == (0, 5, 3)
        assert z["keypoints"].shape == (0, 3, 3)
        assert z["frame"].shape == (0,)


def test_npz_writer_without_frames_leaves_no_file(tmp_path: Path):
    assert not NpzWriter(tmp_path / "a.npz", body_model()).close()
    assert list(tmp_path.iterdir()) == []


def test_npz_writer_interrupted_row_keeps_earlier_rows(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    saver.add(make_frame(0), make_bodies([7]), CAMERA)
    with pytest.raises(ValueError, match="body model"):
        saver.add(make_frame(1), make_bodies([8], vertices=4), CAMERA)
    saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert {len(z[c]) for c in ("frame", "id", "joints", "vertices", "translation", "row_K")} == {1}
        assert z["id"].tolist() == [7]


def test_npz_writer_aborted_keeps_the_old_file(tmp_path: Path):
    (tmp_path / "a.npz").write_bytes(b"old")
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    saver.add(make_frame(), make_bodies([1]), CAMERA)
    saver.abort()
    assert (tmp_path / "a.npz").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_npz_memory_is_constant(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model(6890))
    bodies = make_bodies([1, 2], vertices=6890)
    tracemalloc.start()
    for index in range(120):  # 20 MB of vertices
        saver.add(make_frame(index), bodies, CAMERA)
    saver.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6e6
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        np.testing.assert_array_equal(z["vertices"][-2:], bodies.vertices)


def add_until_full(saver: NpzWriter, frames: int = 60) -> int:
    """How many frames of two people, 167 kB each, were saved before the disk was full."""
    added: list[int] = []

    def add() -> None:
        for index in range(frames):
            saver.add(make_frame(index), make_bodies([1, 2], seed=index, vertices=6890), CAMERA)
            added.append(index)

    with pytest.raises(OutputError, match=r"a\.npz: cannot be written: (No space left on device|File too large)$"):
        add()
    return len(added)


@pytest.mark.parametrize("room", [300_000, 2_000_000, 7_654_321])
def test_npz_writer_full_disk_keeps_earlier_rows(tmp_path: Path, room: int):
    saver = NpzWriter(SmallDisk(tmp_path / "a.npz", room), body_model(6890))
    frames = add_until_full(saver)
    assert frames >= (room - 400_000) // 340_000  # each row is on the disk twice at the end
    assert saver.close() == (frames > 0)
    assert [path.name for path in tmp_path.iterdir()] == (["a.npz"] if frames else [])
    if frames:
        with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
            assert z["frame"].tolist() == np.repeat(np.arange(frames), 2).tolist()
            assert z["frames"] == frames
            np.testing.assert_array_equal(
                z["vertices"][-2:], make_bodies([1, 2], seed=frames - 1, vertices=6890).vertices
            )


def test_npz_writer_file_size_limit_keeps_earlier_rows(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model(6890))
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        frames = add_until_full(saver)
        assert saver.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert 5 <= frames < 13
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert z["frames"] == frames
    assert (tmp_path / "a.npz").stat().st_size < 2_000_000


def test_npz_writer_invalid_frame_leaves_no_partial_row(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    saver.add(make_frame(0), make_bodies([7]), CAMERA)
    with pytest.raises(ValueError, match="body model"):
        saver.add(make_frame(1), make_bodies([8], vertices=4), CAMERA)
    saver.add(make_frame(2), make_bodies([9]), CAMERA)
    saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert (z["id"].tolist(), z["frame"].tolist(), z["frames"].item()) == ([7, 9], [0, 2], 2)


def test_npz_writer_rotations_and_shape_reproduce_joints(tmp_path: Path):
    model = rigged()
    bodies = rigged_bodies(2)
    saver = NpzWriter(tmp_path / "a.npz", model)
    posed = RigFitter(model)(0.0, bodies)
    saver.add(make_frame(), bodies, CAMERA, posed)
    saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert z["rotations"].shape == (2, len(model.parents), 3)
        assert z["rotations"].dtype == z["shape"].dtype == z["fit_error_mm"].dtype == np.float32
        np.testing.assert_allclose(rotmat(z["rotations"]), posed.rotations, atol=1e-5)
        np.testing.assert_array_equal(z["shape"], posed.shape)
        np.testing.assert_array_equal(z["fit_error_mm"], posed.error_mm)


@pytest.mark.parametrize("room", range(1_400_000, 1_900_000, 60_000))
def test_npz_writer_continues_when_space_is_available_again(tmp_path: Path, room: int):
    disk = SmallDisk(tmp_path / "a.npz", room)
    saver = NpzWriter(disk, body_model(6890))
    frames = add_until_full(saver)
    disk.room = 1 << 30
    saver.add(make_frame(100), make_bodies([3], seed=100, vertices=6890), CAMERA)
    assert saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert z["id"].tolist() == [1, 2] * frames + [3]
        np.testing.assert_array_equal(z["vertices"][-1:], make_bodies([3], seed=100, vertices=6890).vertices)
        np.testing.assert_array_equal(z["row_image_size"], np.broadcast_to(CAMERA.size, (2 * frames + 1, 2)))


def test_visibility_and_contacts_are_saved_and_unknown_ones_are_nan(tmp_path: Path) -> None:
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    known = replace(make_bodies([7]), visibility=np.float32([[0, 0.5]]), contacts=np.float32([[1, 0.25]]))
    saver.add(make_frame(0), known, CAMERA)
    saver.add(make_frame(1), make_bodies([7]), CAMERA)
    saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        np.testing.assert_array_equal(z["visibility"], np.float32([[0, 0.5], [np.nan] * 2]))
        np.testing.assert_array_equal(z["contacts"], np.float32([[1, 0.25], [np.nan] * 2]))
