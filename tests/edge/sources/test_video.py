"""Video files, made here: frame i has brightness 10 + 6 i, white at the top left, dark noise at the bottom left."""

from __future__ import annotations

import itertools
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import open_source

FPS = 30


def image(index: int, size: tuple[int, int]) -> np.ndarray:
    width, height = size
    image = np.full((height, width, 3), 10 + 6 * index, np.uint8)
    image[: height // 2, : width // 2] = 255
    noise = image[height // 2 :, : width // 2]
    noise[:] = np.random.default_rng(index).integers(0, 100, noise.shape)
    return image


def write_video(
    path: Path,
    frames: int = 30,
    *,
    size: tuple[int, int] = (64, 48),
    codec: str = "mpeg4",
    pix_fmt: str = "yuv420p",
    pts_ms: list[int] | None = None,
    options: dict[str, str] | None = None,
    audio_s: float = 0.0,
) -> Path:
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=FPS)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        if codec == "mpeg4":
            stream.options = {"qmin": "1", "qmax": "2", "g": "6"}
        if pts_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        sound = container.add_stream("aac", rate=8000) if audio_s else None
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(image(index, size), format="bgr24")
            if pts_ms is not None:
                frame.pts, frame.time_base = pts_ms[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            block = av.AudioFrame.from_ndarray(np.zeros((1, round(audio_s * 8000)), np.float32), "fltp", "mono")
            block.sample_rate = 8000
            container.mux(sound.encode(block))
            container.mux(sound.encode(None))
    return path


def brightness(image: np.ndarray) -> float:
    return float(image[-8:, -8:].mean())


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mp4")


def test_video_delivers_every_frame_in_order(clip: Path) -> None:
    with open_source(str(clip)) as source:
        assert (source.name, source.live, source.size, source.frame_count, source.fps) == (
            "clip",
            False,
            (64, 48),
            30,
            30.0,
        )
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.t_s for frame in frames] == pytest.approx([index / FPS for index in range(30)], abs=1e-3)
    assert [brightness(frame.image) for frame in frames] == pytest.approx([10 + 6 * i for i in range(30)], abs=5)
    assert {frame.stream for frame in frames} == {"clip"}
    assert np.all(np.diff([frame.t_capture_ns for frame in frames]) >= 0)
    assert all(f.image.shape == (48, 64, 3) and f.image.dtype == np.uint8 for f in frames)
    assert all(frame.image.flags.c_contiguous for frame in frames)
    assert source.problems == []


def test_video_frames_do_not_share_memory(clip: Path) -> None:
    with open_source(str(clip)) as source:
        first, second = itertools.islice(source, 2)
    first.image[:] = 0
    assert brightness(second.image) > 5


def test_video_camera_name_is_used(clip: Path) -> None:
    with open_source(str(clip), camera="left door") as source:
        assert source.name == "left door"
        assert next(iter(source)).stream == "left door"


def test_video_can_be_read_twice(clip: Path) -> None:
    with open_source(str(clip)) as source:
        assert len(list(source)) == len(list(source)) == 30


@pytest.mark.parametrize("size", [(101, 75), (33, 64), (2, 2), (48, 86)])
def test_video_odd_and_vertical_sizes_are_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    write_video(tmp_path / "odd.mkv", 5, size=size, codec="ffv1", pix_fmt="bgr0")
    with open_source(str(tmp_path / "odd.mkv")) as source:
        assert source.size == size
        for index, frame in enumerate(source):
            np.testing.assert_array_equal(frame.image, image(index, size))
            assert frame.image.flags.c_contiguous
    assert source.problems == []


@pytest.mark.parametrize(
    ("codec", "pix_fmt"),
    [("ffv1", "gray"), ("ffv1", "yuv420p10le"), ("ffv1", "yuv444p"), ("ffv1", "gray10le"), ("mjpeg", "yuvj420p")],
)
def test_video_pixel_formats_decode(tmp_path: Path, codec: str, pix_fmt: str) -> None:
    write_video(tmp_path / "clip.mkv", 5, codec=codec, pix_fmt=pix_fmt)
    with open_source(str(tmp_path / "clip.mkv")) as source:
        images = [frame.image for frame in source]
    assert [brightness(image) for image in images] == pytest.approx([10, 16, 22, 28, 34], abs=2)
    assert all(image.shape == (48, 64, 3) and image[0, 0].min() >= 253 for image in images)


def test_video_variable_frame_rate_keeps_times(tmp_path: Path) -> None:
    pts_ms = [0, 40, 60, 260, 270, 1000, 1033]
    write_video(tmp_path / "vfr.mkv", len(pts_ms), codec="ffv1", pix_fmt="bgr0", pts_ms=pts_ms)
    with open_source(str(tmp_path / "vfr.mkv")) as source:
        assert [frame.t_s for frame in source] == pytest.approx([ms / 1000 for ms in pts_ms], abs=2e-3)


def test_video_loop_continues(clip: Path) -> None:
    with open_source(str(clip), loop=True) as source:
        frames = list(itertools.islice(source, 75))
    assert [frame.index for frame in frames] == list(range(75))
    assert np.diff([frame.t_s for frame in frames]) == pytest.approx(1 / FPS, abs=2e-3)
    assert brightness(frames[30].image) == brightness(frames[0].image)


def test_video_truncated_mp4_delivers_decodable_frames(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", 40, options={"movflags": "faststart"})
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 6 // 10])
    with open_source(str(clip)) as source:
        frames = list(source)
    assert 10 < len(frames) < 35
    assert [brightness(frame.image) for frame in frames] == pytest.approx(
        [10 + 6 * i for i in range(len(frames))], abs=5
    )
    assert source.problems == [f"{clip}: truncated after {len(frames)} of 40 frames"]


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_video_truncated_container_is_reported(tmp_path: Path, suffix: str) -> None:
    clip = write_video(tmp_path / f"clip{suffix}", 40)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 6 // 10])
    with open_source(str(clip)) as source:
        delivered = len(list(source))
    assert 5 < delivered < 38
    assert source.problems == [f"{clip}: truncated after {delivered} of 40 frames"]


def test_video_truncated_loop_is_reported_once(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", 40, options={"movflags": "faststart"})
    clip.write_bytes(clip.read_bytes()[:-1500])
    with open_source(str(clip), loop=True) as source:
        list(itertools.islice(source, 150))
    assert len(source.problems) == 1


@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}, {"movflags": "frag_keyframe+empty_moov"}])
@pytest.mark.parametrize("audio_s", [0.0, 3.0])
def test_video_complete_file_has_no_problems(tmp_path: Path, options: dict[str, str], audio_s: float) -> None:
    clip = write_video(tmp_path / "clip.mp4", options=options, audio_s=audio_s)
    with open_source(str(clip)) as source:
        assert len(list(source)) == 30
    assert source.problems == []


@pytest.mark.skipif("libx264" not in av.codecs_available, reason="this FFmpeg cannot write H.264")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi", ".flv"])
def test_video_h264_reordered_frames_are_in_order(tmp_path: Path, suffix: str) -> None:
    clip = write_video(tmp_path / f"clip{suffix}", codec="libx264")
    with open_source(str(clip)) as source:
        frames = list(source)
    assert len(frames) == 30
    assert np.all(np.diff([brightness(frame.image) for frame in frames]) > 0)
    assert source.problems == []


def test_video_damage_is_reported(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", 40, size=(160, 128))
    data = bytearray(clip.read_bytes())
    middle = (data.index(b"mdat") + data.rindex(b"moov")) // 2
    data[middle : middle + 300] = np.random.default_rng(0).bytes(300)
    clip.write_bytes(data)
    with open_source(str(clip)) as source:
        assert len(list(source)) == 40
    assert source.problems == [f"{clip}: 1 corrupted frames, 0 undecodable packets"]


def test_video_text_file_raises(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("this is not a video\n" * 100)
    with pytest.raises(SourceError, match=r"text\.mp4: no readable video") as caught:
        open_source(str(tmp_path / "text.mp4"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["empty.mp4", "notes.txt", "sound.mp4", "head.mp4"])
def test_video_file_without_video_raises(tmp_path: Path, name: str, clip: Path) -> None:
    path = tmp_path / name
    if name == "notes.txt":
        path.write_text("hello\n" * 20000)  # FFmpeg itself would play it as a terminal
    elif name == "sound.mp4":
        with av.open(str(path), "w") as container:
            sound = container.add_stream("aac", rate=8000)
            block = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
            block.sample_rate = 8000
            container.mux(sound.encode(block))
            container.mux(sound.encode(None))
    else:
        path.write_bytes(b"" if name == "empty.mp4" else clip.read_bytes()[:500])
    with pytest.raises(SourceError, match=r"^[^\n]*no (readable video|video stream)[^\n]*$"):
        open_source(str(path))


def test_video_path_with_colon_is_opened(tmp_path: Path) -> None:
    write_video(tmp_path / "http:clip 1%20.mp4", 3)
    with open_source(str(tmp_path / "http:clip 1%20.mp4")) as source:
        assert len(list(source)) == 3


def test_video_close_ends_iteration(clip: Path) -> None:
    source = open_source(str(clip), loop=True)
    seen = 0
    for _ in source:
        seen += 1
        if seen == 5:
            source.close()
    assert seen == 5
    assert source.problems == []
    assert list(source) == []


def test_video_stop_event_ends_iteration(clip: Path) -> None:
    stop = threading.Event()
    seen = 0
    for _ in open_source(str(clip), loop=True, stop=stop):
        seen += 1
        if seen == 5:
            stop.set()
    assert 5 <= seen <= 6


def test_video_abandoned_iteration_leaves_no_thread(clip: Path) -> None:
    before = threading.active_count()
    source = open_source(str(clip))
    frames = iter(source)
    next(frames)
    del frames
    source.close()
    assert threading.active_count() == before
