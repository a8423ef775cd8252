"""Parts of a video: their frames are those of the whole one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from edge.sources import open_source
from edge.sources.video_part import VideoPart, plan_parts
from edge.types import U8

FRAMES = 90


def images(count: int = FRAMES) -> list[U8]:
    rng = np.random.default_rng(0)
    return [np.kron(rng.integers(0, 255, (6, 8, 1), np.uint8), np.ones((8, 8, 3), np.uint8)) for _ in range(count)]


def write(
    path: Path, count: int = FRAMES, codec: str = "mpeg4", group: int = 10, pts_ms: list[int] | None = None
) -> Path:
    """A video with a key frame in each group."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.options = 64, 48, "yuv420p", {"g": str(group)}
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, image in enumerate(images(count)):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = pts_ms[index] if pts_ms is not None else 40 * index, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.mark.parametrize(
    ("name", "codec", "irregular"),
    [("a.mp4", "libx264", False), ("b.mkv", "libx264", True), ("c.mp4", "mpeg4", True)],  # libx264: with B frames
)
def test_plan_parts_frames_are_those_of_the_whole_video(folder: Path, name: str, codec: str, irregular: bool) -> None:
    pts_ms = [200 + 40 * index + (7 * index % 13 if irregular else 0) for index in range(FRAMES)]
    path = write(folder / name, codec=codec, pts_ms=pts_ms)
    with open_source(str(path)) as source:
        whole = list(source)
    parts = plan_parts(path, 1.0, 0.3)
    assert parts[0].begin == 0
    assert len(parts) == 4
    assert parts[-1].end == len(whole) == FRAMES
    assert [part.begin for part in parts[1:]] == [part.end for part in parts[:-1]]
    assert parts[0].first == 0
    for part in parts:
        assert whole[part.begin].t_s - whole[part.first].t_s >= (0.3 if part.begin else 0)
        with open_source(str(path), part=part) as source:
            got = list(source)
            assert source.problems == []
            assert source.frame_count == len(got) == part.decoded
        for frame, expected in zip(got, whole[part.first : part.end], strict=True):
            assert (frame.index, frame.t_s) == (expected.index, expected.t_s)
            assert np.array_equal(frame.image, expected.image)


def test_plan_parts_max_frames_bounds_the_last_part(folder: Path) -> None:
    path = write(folder / "bounded.mp4")
    assert plan_parts(path, 1.0, 0.3, max_frames=60)[-1].end == 60
    assert plan_parts(path, 1.0, 0.3, max_frames=20) == ()
    assert {part.first for part in plan_parts(path, 1.0, 20.0)} == {0}  # the overlap begins with the video


@pytest.mark.parametrize("name", ["short.mp4", "sparse.mp4", "slots.avi", "timeless.h264", "cut.mp4", "none.mp4"])
def test_plan_parts_of_unsuitable_videos_is_empty(folder: Path, name: str) -> None:
    path = folder / name
    if name == "none.mp4":
        path.write_bytes(b"no video")
    elif name == "cut.mp4":
        whole = write(folder / "whole.mkv").read_bytes()
        path.write_bytes(whole[: len(whole) // 8])
    else:
        count = 20 if name == "short.mp4" else FRAMES
        codec = "libx264" if name == "timeless.h264" else "mpeg4"
        write(path, count, codec, group=300 if name == "sparse.mp4" else 10)
    assert plan_parts(path, 1.0, 0.1) == ()


def test_source_part_that_has_other_frames_reports_it(folder: Path) -> None:
    path = write(folder / "other.mp4")
    part = plan_parts(path, 1.0, 0.3)[-1]
    more = VideoPart(part.first, part.begin, part.end + 5, part.first_pts, None, part.before_s, part.origin_s)
    with open_source(str(path), part=more) as source:
        assert len(list(source)) == part.decoded
        assert source.problems == [f"{path}: truncated after {part.decoded} of {more.decoded} frames"]
