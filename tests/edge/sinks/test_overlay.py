"""Overlay videos and images."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from edge.errors import OutputError
from edge.sinks.encoders import AUTO
from edge.sinks.fragments import truncate_to_complete
from edge.sinks.output_file import OutputFile
from edge.sinks.overlay import OverlayWriter
from edge.types import Frame
from engines.errors import UnknownNameError
from tests.support.sink_data import make_frame
from tests.support.small_disk import SmallDisk


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


@pytest.mark.parametrize("name", ["a.avi", "a", "a.mp4.txt"])
def test_overlay_unknown_suffix_raises(tmp_path: Path, name: str):
    with pytest.raises(OutputError, match=r"\.mp4.*\.png"):
        OverlayWriter(tmp_path / name, 30)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".png"])
def test_overlay_aborted_keeps_the_old_file(tmp_path: Path, suffix: str):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    writer = OverlayWriter(path, 30)
    writer.write(make_frame(), make_frame().image)
    writer.abort()
    assert not writer.close()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".mp4", ".png", ".jpg"])
def test_overlay_without_frames_leaves_no_file(tmp_path: Path, suffix: str):
    assert not write_all(tmp_path / f"a{suffix}", [])
    assert list(tmp_path.iterdir()) == []


def test_overlay_video_keeps_variable_frame_times(tmp_path: Path):
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
def test_overlay_video_long_gap_is_one_frame(tmp_path: Path, away_s: float, caplog: pytest.LogCaptureFixture):
    times = [0.0, 0.5, 50.0, 50.0 + away_s, 50.5 + away_s, 51.0 + 2 * away_s]
    assert write_all(tmp_path / "a.mp4", [make_frame(i, t_s) for i, t_s in enumerate(times)], fps=10)
    assert decode(tmp_path / "a.mp4")[1] == pytest.approx([0.0, 0.5, 50.0, 50.1, 50.6, 50.7], abs=1e-4)
    assert caplog.messages == [f"{tmp_path / 'a.mp4'}: gaps of more than 60 s are shortened to one frame"]


@pytest.mark.parametrize(("size", "coded"), [((63, 47), (64, 48)), ((64, 47), (64, 48)), ((48, 64), (48, 64))])
def test_overlay_video_odd_size_is_padded(tmp_path: Path, size: tuple[int, int], coded: tuple[int, int]):
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


def test_overlay_video_full_disk_keeps_all_but_the_last_second(tmp_path: Path):
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


def test_overlay_video_is_playable_while_written_and_regular_when_finished(tmp_path: Path):
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


def test_overlay_video_of_killed_process_is_kept_and_playable(tmp_path: Path):
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
def test_truncate_to_complete_without_fragment_keeps_the_file(tmp_path: Path, content: bytes):
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


def test_overlay_unusable_encoder_raises(tmp_path: Path):
    for name in ("nonesuch", "aac", ""):
        with pytest.raises(UnknownNameError, match="unknown video encoder"):
            OverlayWriter(tmp_path / "a.mp4", 30, name)
    with pytest.raises(OutputError, match=r"encoder \w+ does not work here"):
        OverlayWriter(tmp_path / "a.mp4", 30, "h264_v4l2m2m" if "h264_v4l2m2m" in av.codecs_available else "gif")
    assert list(tmp_path.iterdir()) == []


def test_overlay_image_single_frame_is_written_unchanged(tmp_path: Path):
    image = np.random.default_rng(0).integers(0, 255, (48, 63, 3), np.uint8)
    writer = OverlayWriter(tmp_path / "a.png", 30)
    writer.write(make_frame(), image)
    drawn = image.copy()
    image[:] = 0  # the caller reuses its picture
    assert writer.close()
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png")), drawn)


@pytest.mark.parametrize("count", [2, 5, 6, 7, 13, 100])
def test_overlay_sheet_covers_the_whole_clip(tmp_path: Path, count: int):
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


def test_overlay_sheet_of_portrait_frames_has_balanced_aspect(tmp_path: Path):
    write_all(tmp_path / "a.jpg", [make_frame(i, i / 30, (90, 160), 128) for i in range(6)])
    height, width, _ = cv2.imread(str(tmp_path / "a.jpg")).shape
    assert 0.7 < width / height < 3.5
