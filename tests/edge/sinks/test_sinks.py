import resource
import shutil
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from calibration.camera import Camera
from edge.errors import OutputError
from edge.sinks.encoders import AUTO, GPL, choose_encoder
from edge.sinks.fragments import truncate_to_complete
from edge.sinks.npz import NpzWriter
from edge.sinks.output_file import OutputFile
from edge.sinks.overlay import OverlayWriter
from edge.stages.inverse_kinematics import RigFitter
from edge.types import Bodies, BodyModel, Frame
from engines.errors import UnknownNameError
from meshcast.protocol.rotations import rotmat
from tests.support import golden_packets
from tests.support.small_disk import SmallDisk

rigged, rigged_bodies = golden_packets.rigged, golden_packets.bodies

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
        lambda p: NpzWriter(p / "a.npz", body_model()),
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
        NpzWriter(tmp_path / "a.npy", body_model())


def test_a_folder_or_a_device_is_no_target(tmp_path: Path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="regular file"):
        OutputFile(tmp_path / "a.png")
    with pytest.raises(OutputError, match="regular file"):
        OutputFile("/dev/null")


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path):
    target = tmp_path / "a.json"
    target.write_text("old")
    new = OutputFile(target)
    assert target.read_text() == "old"
    new.write(b"new")
    assert target.read_text() == "new"
    OutputFile(target).discard()
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_stays_a_link(tmp_path: Path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    OutputFile(tmp_path / "link.json").write(b"new")
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
    assert caplog.messages == [f"{tmp_path / 'a.mp4'}: gaps of more than 60 s are shortened to one frame"]


@pytest.mark.parametrize(("size", "coded"), [((63, 47), (64, 48)), ((64, 47), (64, 48)), ((48, 64), (48, 64))])
def test_odd_sizes_are_padded_by_one_pixel(tmp_path: Path, size: tuple[int, int], coded: tuple[int, int]):
    write_all(tmp_path / "a.mp4", [make_frame(size=size, level=90)])
    (image,), _, _ = decode(tmp_path / "a.mp4")
    assert image.shape == (coded[1], coded[0], 3)
    assert np.abs(image.astype(int) - 90).max() < 6


def test_overlay_video_keeps_colors(tmp_path: Path):
    image = np.empty((64, 64, 3), np.uint8)
    image[:] = (40, 90, 220)
    writer = OverlayWriter(tmp_path / "a.mp4", 30)
    writer.write(make_frame(), image)
    writer.close()
    (seen,), _, _ = decode(tmp_path / "a.mp4")
    assert np.abs(seen.astype(int) - image).max() <= 6


def test_overlay_images_of_other_size_are_scaled(tmp_path: Path):
    write_all(tmp_path / "a.mp4", [make_frame(0, 0.0, (64, 48), 200), make_frame(1, 0.1, (24, 48), 200)])
    (_, second), _, _ = decode(tmp_path / "a.mp4")
    assert second.shape == (48, 64, 3)
    assert second[:, 24:40].mean() > 190
    assert second[:, :12].mean() < 10


def noise_frames(count: int, seed: int = 0) -> list[Frame]:
    rng = np.random.default_rng(seed)
    return [Frame("cam", i, 0, i / 10, rng.integers(0, 255, (48, 64, 3), np.uint8)) for i in range(count)]


def write_until_full(target: OutputFile) -> tuple[int, bool]:
    """How many of 60 frames, six seconds, a disk took before it was full, and whether something is kept."""
    writer = OverlayWriter(target, 10)
    taken: list[int] = []

    def write() -> None:
        for frame in noise_frames(60):
            writer.write(frame, frame.image)
            taken.append(frame.index)
        writer.close()

    with pytest.raises(OutputError, match=r"a\.mp4: the video cannot be .*: No space left on device") as error:
        write()
    return len(taken), writer.close() or "all but its last second is kept" in str(error.value)


def test_a_video_on_a_full_disk_is_kept_up_to_its_last_second(tmp_path: Path):
    write_all(tmp_path / "whole.mp4", noise_frames(60), fps=10)
    whole = (tmp_path / "whole.mp4").stat().st_size
    # The last rooms are used up by the index, when all frames are written.
    for room in (10, 2_000, whole // 3, whole // 2, whole - 400, whole - 10):
        folder = tmp_path / str(room)
        folder.mkdir()
        taken, kept = write_until_full(SmallDisk(folder / "a.mp4", room, salvageable=True))
        assert kept == (room > 2_000)
        assert [path.name for path in folder.iterdir()] == (["a.mp4"] if kept else [])
        if kept:
            images, times, _ = decode(folder / "a.mp4")
            assert taken - 12 <= len(images) <= taken
            assert times == pytest.approx([i / 10 for i in range(len(images))], abs=1e-3)


def test_a_video_is_ordinary_when_it_is_finished_and_plays_before(tmp_path: Path):
    writer = OverlayWriter(tmp_path / "a.mp4", 10)
    for frame in noise_frames(35):
        writer.write(frame, frame.image)
    part = tmp_path / "a.mp4.part"
    assert len(decode(part)[0]) >= 20
    assert b"moof" in boxes(part)
    assert writer.close()
    assert boxes(tmp_path / "a.mp4").count(b"moov") == 1
    assert b"moof" not in boxes(tmp_path / "a.mp4")
    _, times, duration = decode(tmp_path / "a.mp4")
    assert len(times) == 35
    assert duration == pytest.approx(3.5, abs=0.01)


def boxes(path: Path) -> list[bytes]:
    """The types of the top-level boxes of an MP4 file."""
    data, place, found = path.read_bytes(), 0, []
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        found.append(kind)
        place += size
    return found


def test_a_video_that_a_killed_program_left_is_kept_and_plays(tmp_path: Path):
    writer = OverlayWriter(tmp_path / "b.mp4", 10)
    for frame in noise_frames(35):
        writer.write(frame, frame.image)
    left = (tmp_path / "b.mp4.part").read_bytes()
    writer.abort()
    (tmp_path / "a.mp4.part").write_bytes(left + b"\0\0\1\0moof cut off")
    write_all(tmp_path / "a.mp4", noise_frames(2), fps=10)
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "a-recovered-1.mp4"}
    assert (tmp_path / "a-recovered-1.mp4").read_bytes() == left
    assert len(decode(tmp_path / "a-recovered-1.mp4")[0]) >= 20


@pytest.mark.parametrize(
    "content", [b"", b"abc", b"\0\0\0\0moov", b"\0\0\0\1mdat\0", b"\0\0\0\x10mdat01234567", b"\xff" * 40]
)
def test_what_holds_no_whole_fragment_is_not_cut(tmp_path: Path, content: bytes):
    (tmp_path / "a").write_bytes(content)
    with (tmp_path / "a").open("r+b", buffering=0) as file:
        assert not truncate_to_complete(file)
    assert (tmp_path / "a").read_bytes() == content


@pytest.mark.parametrize("name", [name for name in AUTO if name in av.codecs_available])
def test_overlay_every_encoder_keeps_times_and_images(tmp_path: Path, name: str):
    times = [0.0, 0.04, 0.05, 0.30, 0.9, 1.0, 2.6]
    writer = OverlayWriter(tmp_path / "a.mp4", 25, name)
    for index, t_s in enumerate(times):
        frame = make_frame(index, t_s, level=30 * index)
        writer.write(frame, frame.image)
    assert writer.close()
    images, seen, duration = decode(tmp_path / "a.mp4")
    assert seen == pytest.approx(times, abs=1e-3)
    assert [int(image.mean()) for image in images] == pytest.approx([30 * i for i in range(len(times))], abs=5)
    assert duration == pytest.approx(2.64, abs=0.02)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.color_range != ColorRange.JPEG


def test_the_encoder_is_a_permissive_one_where_there_is_one(monkeypatch: pytest.MonkeyPatch):
    assert choose_encoder() not in GPL
    monkeypatch.setattr(av, "codecs_available", {"libx264", "mpeg4"})
    assert choose_encoder() == "mpeg4"
    monkeypatch.setattr(av, "codecs_available", {"libx264"})
    assert choose_encoder() == "libx264"
    monkeypatch.setattr(av, "codecs_available", set())
    with pytest.raises(OutputError, match="has none of the encoders"):
        choose_encoder()


def test_an_encoder_that_there_is_not_or_that_does_not_work_is_found_before_the_run(tmp_path: Path):
    for name in ("nonesuch", "aac", ""):
        with pytest.raises(UnknownNameError, match="unknown video encoder"):
            OverlayWriter(tmp_path / "a.mp4", 30, name)
    with pytest.raises(OutputError, match=r"encoder \w+ does not work here"):
        OverlayWriter(tmp_path / "a.mp4", 30, "h264_v4l2m2m" if "h264_v4l2m2m" in av.codecs_available else "gif")
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
    gray = sheet[..., 0]
    # The middle of each tile, away from its caption; the paper between them is darker than any frame.
    tiles = {int(v) for v in np.unique(gray) if v > 45 and (gray == v).sum() > 160 * 60}
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


def test_frames_without_people_make_a_file_without_rows(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    saver.add(make_frame(), make_bodies([]), CAMERA)
    assert saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert z["vertices"].shape == (0, 5, 3)
        assert z["keypoints"].shape == (0, 3, 3)
        assert z["frame"].shape == (0,)


def test_no_frame_at_all_leaves_no_file(tmp_path: Path):
    assert not NpzWriter(tmp_path / "a.npz", body_model()).close()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_between_two_columns_keeps_the_rows_before(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    saver.add(make_frame(0), make_bodies([7]), CAMERA)
    with pytest.raises(ValueError, match="body model"):
        saver.add(make_frame(1), make_bodies([8], vertices=4), CAMERA)
    saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert {len(z[c]) for c in ("frame", "id", "joints", "vertices", "translation", "row_K")} == {1}
        assert z["id"].tolist() == [7]


def test_an_aborted_save_leaves_the_old_file(tmp_path: Path):
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
def test_people_on_a_full_disk_are_kept(tmp_path: Path, room: int):
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


def test_people_beyond_a_limit_on_file_sizes_are_kept(tmp_path: Path):
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


def test_a_frame_that_cannot_be_saved_leaves_no_half_row(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    saver.add(make_frame(0), make_bodies([7]), CAMERA)
    with pytest.raises(ValueError, match="body model"):
        saver.add(make_frame(1), make_bodies([8], vertices=4), CAMERA)
    saver.add(make_frame(2), make_bodies([9]), CAMERA)
    saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        assert (z["id"].tolist(), z["frame"].tolist(), z["frames"].item()) == ([7, 9], [0, 2], 2)


def test_visibility_and_contacts_are_saved_and_unknown_ones_are_nan(tmp_path: Path):
    saver = NpzWriter(tmp_path / "a.npz", body_model())
    known = replace(make_bodies([7]), visibility=np.float32([[0, 0.5]]), contacts=np.float32([[1, 0.25]]))
    saver.add(make_frame(0), known, CAMERA)
    saver.add(make_frame(1), make_bodies([7]), CAMERA)
    saver.close()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as z:
        np.testing.assert_array_equal(z["visibility"], np.float32([[0, 0.5], [np.nan] * 2]))
        np.testing.assert_array_equal(z["contacts"], np.float32([[1, 0.25], [np.nan] * 2]))


def test_rotations_and_shape_of_a_rig_make_the_saved_joints(tmp_path: Path):
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
def test_people_can_be_saved_again_when_there_is_room_again(tmp_path: Path, room: int):
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


@pytest.mark.parametrize("name", ["a.npz", "a.mp4", "a.png"])
def test_a_folder_that_is_removed_is_one_line(tmp_path: Path, name: str):
    folder = tmp_path / "out"
    folder.mkdir()
    sink = NpzWriter(folder / name, body_model()) if name == "a.npz" else OverlayWriter(folder / name, 30)
    if isinstance(sink, NpzWriter):
        sink.add(make_frame(), make_bodies([1]), CAMERA)
    else:
        sink.write(make_frame(), make_frame().image)
    shutil.rmtree(folder)
    with pytest.raises(OutputError, match=rf"{name}: cannot be written: No such file or directory$"):
        sink.close()
    assert list(tmp_path.iterdir()) == []


def test_a_finished_file_whose_place_is_taken_is_kept_under_another_name(tmp_path: Path):
    target = OutputFile(tmp_path / "a.json")
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OutputError, match=r"a\.json: cannot be written: .*; it is kept as a-recovered-1\.json"):
        target.write(b"{}")
    assert (tmp_path / "a-recovered-1.json").read_bytes() == b"{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-recovered-1.json", "a.json"]
