import resource
import tracemalloc
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from edge.errors import OutputError
from edge.sinks.overlay import OverlayWriter
from edge.sinks.save import NpzSaver
from edge.sinks.target import Target
from edge.types import Bodies, BodyModel, Frame

JOINTS, KEYPOINTS = ("pelvis", "head"), ("nose", "left_eye", "right_eye")
CAMERA = Camera.from_fov((64, 48), 60)


def body_model(vertices: int = 5) -> BodyModel:
    faces = np.array([[0, 1, 2], [2, 3, 4]], np.int32)
    return BodyModel("tiny", faces, np.zeros((vertices, 3), np.float32), np.array([-1, 0], np.int32), JOINTS, KEYPOINTS)


def make_bodies(ids: list[int], seed: int = 0, vertices: int = 5) -> Bodies:
    rng = np.random.default_rng(seed)
    n = len(ids)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=(n, *shape)).astype(np.float32)

    return Bodies(np.array(ids, np.int32), draw(), draw(3, 3), draw(2, 3), draw(vertices, 3), draw(3))


def make_frame(index: int = 0, t_s: float = 0.0, size: tuple[int, int] = (64, 48), level: int = 0) -> Frame:
    image = np.full((size[1], size[0], 3), level, np.uint8)
    return Frame("cam", index, 0, t_s, image)


def write_all(path: Path, frames: list[Frame], fps: float = 30) -> bool:
    writer = OverlayWriter(path, fps)
    for frame in frames:
        writer.write(frame, frame.image)
    return writer.close()


def decode(path: Path) -> tuple[list[np.ndarray], list[float], float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        duration = float(stream.duration * stream.time_base)
    return [f.to_ndarray(format="bgr24") for f in frames], [float(f.pts * f.time_base) for f in frames], duration


# ---- files appear whole or not at all ----


@pytest.mark.parametrize(
    "make",
    [
        lambda p: OverlayWriter(p / "a.mp4", 30),
        lambda p: OverlayWriter(p / "a.png", 30),
        lambda p: NpzSaver(p / "a.npz", body_model()),
    ],
)
def test_a_missing_folder_is_found_before_the_run(tmp_path: Path, make):
    with pytest.raises(OutputError, match="does not exist"):
        make(tmp_path / "nowhere")
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot be written"):
        make(tmp_path / "file")


@pytest.mark.parametrize("name", ["a.avi", "a", "a.mp4.txt"])
def test_an_unknown_overlay_suffix_is_refused(tmp_path: Path, name: str):
    with pytest.raises(OutputError, match=r"\.mp4.*\.png"):
        OverlayWriter(tmp_path / name, 30)
    assert list(tmp_path.iterdir()) == []


def test_people_are_saved_as_npz_only(tmp_path: Path):
    with pytest.raises(OutputError, match=r"\.npz"):
        NpzSaver(tmp_path / "a.npy", body_model())


def test_a_folder_or_a_device_is_no_target(tmp_path: Path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="ordinary file"):
        Target(tmp_path / "a.png")
    with pytest.raises(OutputError, match="ordinary file"):
        Target("/dev/null")


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path):
    target = tmp_path / "a.json"
    target.write_text("old")
    new = Target(target)
    assert target.read_text() == "old"
    new.write(b"new")
    assert target.read_text() == "new"
    Target(target).discard()
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_stays_a_link(tmp_path: Path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    Target(tmp_path / "link.json").write(b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


@pytest.mark.parametrize("suffix", [".mp4", ".png"])
def test_an_aborted_overlay_leaves_the_old_file(tmp_path: Path, suffix: str):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    writer = OverlayWriter(path, 30)
    writer.write(make_frame(), make_frame().image)
    writer.abort()
    assert not writer.close()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".mp4", ".png", ".jpg"])
def test_no_frame_leaves_no_overlay(tmp_path: Path, suffix: str):
    assert not write_all(tmp_path / f"a{suffix}", [])
    assert list(tmp_path.iterdir()) == []


# ---- video ----


def test_a_video_keeps_the_times_of_a_variable_frame_rate(tmp_path: Path):
    times = [0.0, 0.04, 0.05, 0.30, 0.30, 1.0]  # two frames at one time are kept one after the other
    levels = [0, 40, 80, 120, 160, 200]
    frames = [make_frame(i, t, level=level) for i, (t, level) in enumerate(zip(times, levels, strict=True))]
    assert write_all(tmp_path / "a.mp4", frames, fps=25)
    images, seen, duration = decode(tmp_path / "a.mp4")
    assert seen == pytest.approx(times, abs=1e-3)
    assert [int(im.mean()) for im in images] == pytest.approx(levels, abs=4)
    assert duration == pytest.approx(1.0 + 1 / 25, abs=0.02)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("away_s", [61.0, 40_000.0, 1e9])
def test_a_long_gap_becomes_one_frame(tmp_path: Path, away_s: float, caplog: pytest.LogCaptureFixture):
    times = [0.0, 0.5, 50.0, 50.0 + away_s, 50.5 + away_s, 51.0 + 2 * away_s]
    assert write_all(tmp_path / "a.mp4", [make_frame(i, t_s) for i, t_s in enumerate(times)], fps=10)
    assert decode(tmp_path / "a.mp4")[1] == pytest.approx([0.0, 0.5, 50.0, 50.1, 50.6, 50.7], abs=1e-4)
    assert caplog.messages == [f"{tmp_path / 'a.mp4'}: gaps of more than 60 s are left out of it"]


@pytest.mark.parametrize(("size", "coded"), [((63, 47), (64, 48)), ((64, 47), (64, 48)), ((48, 64), (48, 64))])
def test_odd_sizes_are_padded_by_one_pixel(tmp_path: Path, size: tuple[int, int], coded: tuple[int, int]):
    write_all(tmp_path / "a.mp4", [make_frame(size=size, level=90)])
    (image,), _, _ = decode(tmp_path / "a.mp4")
    assert image.shape == (coded[1], coded[0], 3)
    assert np.abs(image.astype(int) - 90).max() < 6


def test_colours_survive(tmp_path: Path):
    image = np.empty((64, 64, 3), np.uint8)
    image[:] = (40, 90, 220)
    writer = OverlayWriter(tmp_path / "a.mp4", 30)
    writer.write(make_frame(), image)
    writer.close()
    (seen,), _, _ = decode(tmp_path / "a.mp4")
    assert np.abs(seen.astype(int) - image).max() <= 6


def test_pictures_of_another_size_are_fitted_into_the_video(tmp_path: Path):
    write_all(tmp_path / "a.mp4", [make_frame(0, 0.0, (64, 48), 200), make_frame(1, 0.1, (24, 48), 200)])
    (_, second), _, _ = decode(tmp_path / "a.mp4")
    assert second.shape == (48, 64, 3)
    assert second[:, 24:40].mean() > 190
    assert second[:, :12].mean() < 10


def test_a_full_disk_is_one_line(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 255, (100, 240, 320, 3), np.uint8)
    writer = OverlayWriter(tmp_path / "a.mp4", 30)

    def write_all_and_close() -> None:
        for i, image in enumerate(noise):
            writer.write(make_frame(i, i / 30), image)
        writer.close()

    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OutputError, match=r"a\.mp4: the video cannot be"):
            write_all_and_close()
        writer.abort()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


# ---- pictures ----


def test_one_frame_is_written_as_it_is(tmp_path: Path):
    image = np.random.default_rng(0).integers(0, 255, (48, 63, 3), np.uint8)
    writer = OverlayWriter(tmp_path / "a.png", 30)
    writer.write(make_frame(), image)
    drawn = image.copy()
    image[:] = 0  # the caller reuses its picture
    assert writer.close()
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png")), drawn)


@pytest.mark.parametrize("count", [2, 5, 6, 7, 13, 100])
def test_a_sheet_is_spread_over_the_whole_clip(tmp_path: Path, count: int):
    levels = np.linspace(50, 250, count)
    frames = [make_frame(i, i / 30, (160, 120), int(level)) for i, level in enumerate(levels)]
    write_all(tmp_path / "a.png", frames)
    sheet = cv2.imread(str(tmp_path / "a.png"))
    grey = sheet[..., 0]
    # The middle of each tile, away from its caption; the paper between them is darker than any frame.
    tiles = {int(v) for v in np.unique(grey) if v > 45 and (grey == v).sum() > 160 * 60}
    assert len(tiles) == min(count, 6)
    assert tiles <= {int(level) for level in levels}
    assert min(tiles) == 50
    assert max(tiles) >= 50 + 200 * 0.8
    gaps = np.diff(sorted(tiles))
    assert gaps.max() <= 2.2 * gaps.min() + 2


def test_a_jpeg_sheet_of_portrait_frames(tmp_path: Path):
    write_all(tmp_path / "a.jpg", [make_frame(i, i / 30, (90, 160), 128) for i in range(6)])
    height, width, _ = cv2.imread(str(tmp_path / "a.jpg")).shape
    assert 0.7 < width / height < 3.5


# ---- people ----


def test_rows_come_back_as_they_were(tmp_path: Path):
    saver = NpzSaver(tmp_path / "a.npz", body_model())
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


def test_frames_without_people_make_a_file_without_rows(tmp_path: Path):
    saver = NpzSaver(tmp_path / "a.npz", body_model())
    saver.add(make_frame(), make_bodies([]), CAMERA)
    assert saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert z["vertices"].shape == (0, 5, 3)
        assert z["keypoints"].shape == (0, 3, 3)
        assert z["frame"].shape == (0,)


def test_no_frame_at_all_leaves_no_file(tmp_path: Path):
    assert not NpzSaver(tmp_path / "a.npz", body_model()).close()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_between_two_columns_keeps_the_rows_before(tmp_path: Path):
    saver = NpzSaver(tmp_path / "a.npz", body_model())
    saver.add(make_frame(0), make_bodies([7]), CAMERA)
    with pytest.raises(ValueError, match="body model"):
        saver.add(make_frame(1), make_bodies([8], vertices=4), CAMERA)
    saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert {len(z[c]) for c in ("frame", "id", "joints", "vertices", "translation", "row_K")} == {1}
        assert z["id"].tolist() == [7]


def test_an_aborted_save_leaves_the_old_file(tmp_path: Path):
    (tmp_path / "a.npz").write_bytes(b"old")
    saver = NpzSaver(tmp_path / "a.npz", body_model())
    saver.add(make_frame(), make_bodies([1]), CAMERA)
    saver.abort()
    assert (tmp_path / "a.npz").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_memory_stays_flat(tmp_path: Path):
    saver = NpzSaver(tmp_path / "a.npz", body_model(6890))
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


def test_a_full_disk_while_saving_is_one_line(tmp_path: Path):
    saver = NpzSaver(tmp_path / "a.npz", body_model(6890))

    def add_ten() -> None:
        for index in range(10):
            saver.add(make_frame(index), make_bodies([1], vertices=6890), CAMERA)

    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match=r"a\.npz: cannot be written"):
            add_ten()
        saver.abort()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
