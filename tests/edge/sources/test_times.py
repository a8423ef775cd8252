"""Frame times of videos in containers with wrong, missing or restarting timestamps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import Reader, Source, open_source

needs_h264 = pytest.mark.skipif("libx264" not in av.codecs_available, reason="this FFmpeg cannot write H.264")


def write_video(
    path: Path,
    frames: int = 30,
    *,
    fps: int = 30,
    codec: str = "mpeg2video",
    pts_ms: list[int] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Noise that grows brighter from frame to frame, so that there is something to predict."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = {"ffv1": "bgr0", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        stream.options = options or {}
        if pts_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        noise = np.random.default_rng(0).integers(0, 60, (48, 64, 3))
        for index in range(frames if pts_ms is None else len(pts_ms)):
            image = np.roll(noise, index, axis=1) + 3 * index
            frame = av.VideoFrame.from_ndarray(image.astype(np.uint8), format="bgr24")
            if pts_ms is not None:
                frame.pts, frame.time_base = pts_ms[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def copy_stream(source: Path, target: Path) -> Path:
    with av.open(str(source)) as given, av.open(str(target), "w") as container:
        stream = given.streams.video[0]
        made = container.add_stream_from_template(stream)
        for packet in given.demux(stream):
            if packet.size:
                packet.stream = made
                container.mux(packet)
    return target


def times(source: Source) -> list[float]:
    with source:
        return [frame.t_s for frame in source]


@needs_h264
@pytest.mark.parametrize("copied", [False, True])
def test_avi_reordered_frames_have_even_times(tmp_path: Path, copied: bool) -> None:
    begin = tmp_path / ("clip.ts" if copied else "clip.avi")
    path = write_video(begin, 50, codec="libx264", options={"bf": "3", "b-pyramid": "normal"})
    if copied:
        path = copy_stream(path, tmp_path / "copy.avi")
    source = open_source(str(path))
    assert times(source) == pytest.approx([index / 30 for index in range(50)])
    assert (source.fps, source.frame_count, source.problems) == (30, 50, [])


def test_video_restarting_timestamps_continue_with_warning(tmp_path: Path) -> None:
    once = write_video(tmp_path / "once.ts").read_bytes()
    (tmp_path / "again.ts").write_bytes(once * 3)
    source = open_source(str(tmp_path / "again.ts"))
    assert times(source) == pytest.approx([index / 30 for index in range(90)], abs=1e-6)
    assert source.problems == []
    assert source.warnings == [f"{tmp_path / 'again.ts'}: timestamps restart 2 times; frame times continue"]


def test_playlist_segments_with_restarting_timestamps_are_complete(tmp_path: Path) -> None:
    write_video(tmp_path / "part.ts")
    entry = "#EXTINF:1.0,\npart.ts\n"
    (tmp_path / "list.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n{entry}#EXT-X-DISCONTINUITY\n{entry}#EXT-X-ENDLIST\n"
    )
    source = open_source(str(tmp_path / "list.m3u8"))
    assert times(source) == pytest.approx([index / 30 for index in range(60)], abs=1e-6)
    assert source.problems == []


def test_video_timestamp_jump_is_shortened_with_warning(tmp_path: Path) -> None:
    stamps = [*range(0, 400, 40), *range(7_200_000, 7_200_400, 40)]
    path = write_video(tmp_path / "jump.mkv", fps=25, codec="ffv1", pts_ms=stamps)
    source = open_source(str(path), fps=None)
    with Reader(source, "realtime") as reader:  # takes two hours where the gap is kept
        last = [frame.t_s for frame in reader][-1]
    assert 0.7 <= last < 1.2
    (warning,) = source.warnings
    assert warning.endswith(": 1 gaps of more than 60 s in the timestamps; each is shortened to one frame")
    assert source.problems == []


def test_video_timestamp_gap_of_seconds_is_kept(tmp_path: Path) -> None:
    stamps = [0, 40, 90, 25_000, 25_010, 80_000]
    path = write_video(tmp_path / "slow.mkv", fps=25, codec="ffv1", pts_ms=stamps)
    source = open_source(str(path))
    assert times(source) == pytest.approx([pts / 1000 for pts in stamps])
    assert source.warnings == []


@needs_h264
def test_elementary_stream_uses_its_own_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "raw.h264", 20, fps=50, codec="libx264")
    source = open_source(str(path))
    assert times(source) == pytest.approx([index / 50 for index in range(20)])
    assert (source.fps, source.warnings) == (50, [])


@needs_h264
def test_elementary_stream_uses_the_given_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "raw.h264", 20, codec="libx264")
    source = open_source(str(path), fps=12.5)
    assert times(source) == pytest.approx([index / 12.5 for index in range(20)])
    assert (source.fps, source.warnings) == (12.5, [])


def test_elementary_stream_without_rate_assumes_25_with_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_video(tmp_path / "raw.mjpeg", 5, codec="mjpeg")
    source = open_source(str(path), loop=True)
    for frame in source:
        if frame.index == 11:
            source.close()
    assert source.fps == 25
    assert frame.t_s == pytest.approx(11 / 25)
    assert caplog.messages == source.warnings
    (warning,) = source.warnings
    assert "assuming 25 frames per second; set the rate with --fps" in warning


def test_video_with_timestamps_ignores_fps_with_warning(tmp_path: Path) -> None:
    source = open_source(str(write_video(tmp_path / "clip.ts")), fps=10)
    assert times(source)[-1] == pytest.approx(29 / 30, abs=1e-6)
    assert source.warnings == [f"{tmp_path / 'clip.ts'}: --fps is ignored; the video has timestamps"]


@pytest.mark.parametrize("fps", [0.0, -1.0, 1e6, float("nan")])
def test_video_fps_out_of_range_raises(tmp_path: Path, fps: float) -> None:
    with pytest.raises(SourceError, match="frame rate must be from"):
        open_source(str(write_video(tmp_path / "clip.ts", 2)), fps=fps)


def test_network_stream_ignores_fps_with_warning(caplog: pytest.LogCaptureFixture) -> None:
    open_source("tcp://127.0.0.1:9", fps=10).close()
    assert caplog.messages == [
        "tcp://127.0.0.1:9: --fps is ignored; it applies to images and to videos without timestamps"
    ]
