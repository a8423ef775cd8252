"""Image files of all color and bit depths, and folders of images."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import open_source
from edge.sources.images import read_image


def painted(height: int = 20, width: int = 30) -> np.ndarray:
    """Black, with a blue (BGR 255, 0, 0) quarter at the top left."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = (255, 0, 0)
    return image


def write(path: Path, image: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


def only(path: Path) -> np.ndarray:
    with open_source(str(path)) as source:
        (frame,) = source
        assert source.problems == []
        assert source.size == (frame.image.shape[1], frame.image.shape[0])
        assert source.frame_count == 1
        assert not source.live
    assert frame.image.dtype == np.uint8
    assert frame.image.flags.c_contiguous
    assert (frame.index, frame.t_s) == (0, 0.0)
    return frame.image


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".PNG", ".ppm"])
def test_load_image_lossless_color_is_exact(tmp_path: Path, suffix: str) -> None:
    np.testing.assert_array_equal(only(write(tmp_path / f"a{suffix}", painted())), painted())


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_load_image_lossy_color_is_close(tmp_path: Path, suffix: str) -> None:
    image = only(write(tmp_path / f"a{suffix}", painted()))
    assert image.shape == (20, 30, 3)
    np.testing.assert_allclose(image[2:7, 2:12].astype(int), painted()[2:7, 2:12], atol=12)


def test_load_image_gray_has_three_equal_channels(tmp_path: Path) -> None:
    gray = np.arange(200, dtype=np.uint8).reshape(10, 20)
    np.testing.assert_array_equal(only(write(tmp_path / "a.png", gray)), np.dstack([gray] * 3))


def test_load_image_alpha_is_dropped(tmp_path: Path) -> None:
    alpha = np.full((20, 30), 7, np.uint8)
    np.testing.assert_array_equal(only(write(tmp_path / "a.png", np.dstack([painted(), alpha]))), painted())


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_load_image_16_bit_keeps_the_upper_8(tmp_path: Path, suffix: str) -> None:
    deep = np.full((4, 5, 3), (0x1234, 0x8001, 0xFFFF), np.uint16)
    image = only(write(tmp_path / f"a{suffix}", deep))
    np.testing.assert_allclose(image.astype(int), np.full((4, 5, 3), (0x12, 0x80, 0xFF)), atol=1)


def test_load_image_16_bit_gray_keeps_upper_bits(tmp_path: Path) -> None:
    image = only(write(tmp_path / "a.png", np.full((4, 5), 0x8001, np.uint16)))
    np.testing.assert_allclose(image.astype(int), np.full((4, 5, 3), 0x80), atol=1)


def test_load_image_one_pixel(tmp_path: Path) -> None:
    np.testing.assert_array_equal(only(write(tmp_path / "a.png", np.full((1, 1, 3), 9, np.uint8)))[0, 0], 9)


def test_images_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 9, 2, 1, 100):
        write(tmp_path / f"frame{number}.png", np.full((number, 3, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture, and not called one")
    (tmp_path / ".hidden.png").write_bytes(b"x")
    with open_source(str(tmp_path)) as source:
        assert (source.frame_count, source.size) == (5, (3, 1))
        frames = list(source)
    assert [frame.image.shape[0] for frame in frames] == [1, 2, 9, 10, 100]
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.t_s for frame in frames] == pytest.approx([i / 30 for i in range(5)])
    assert source.problems == []


def test_images_fps_sets_times(tmp_path: Path) -> None:
    for name in ("1.png", "2.png", "3.png"):
        write(tmp_path / name, painted())
    with open_source(str(tmp_path), fps=4) as source:
        assert [frame.t_s for frame in source] == pytest.approx([0, 0.25, 0.5])
        assert (source.fps, source.warnings) == (4, [])


def test_images_glob_matches_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a1.png", "a2.png", "b1.png"):
        write(tmp_path / name, painted())
    with open_source(str(tmp_path / "a*.png")) as source:
        assert len(list(source)) == 2
    monkeypatch.chdir(tmp_path)
    with open_source("*1.png") as source:
        assert len(list(source)) == 2


def test_images_unreadable_files_are_skipped_and_reported_once(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_text("no picture")
    (tmp_path / "2.jpg").write_bytes(b"")
    write(tmp_path / "3.png", painted())
    with open_source(str(tmp_path), loop=True) as source:
        frames = list(itertools.islice(source, 4))
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert source.problems == [
        f"{tmp_path / '1.png'}: not a readable image; skipped",
        f"{tmp_path / '2.jpg'}: not a readable image; skipped",
    ]


@pytest.mark.parametrize("content", ["text", "nothing", "folder", "glob", "list"])
def test_images_without_readable_image_raise(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.png"
    if content == "text":
        path.write_text("no picture")
    elif content == "nothing":
        path.write_bytes(b"")
    elif content == "list":
        path.write_text("no picture")
        path = tmp_path
    else:
        path = tmp_path if content == "folder" else tmp_path / "*.png"
    with pytest.raises(SourceError, match=r"^[^\n]*no readable image[^\n]*$"):
        open_source(str(path))


def test_images_loop_repeats_image(tmp_path: Path) -> None:
    with open_source(str(write(tmp_path / "a.png", painted())), loop=True) as source:
        frames = list(itertools.islice(source, 3))
    assert [frame.t_s for frame in frames] == pytest.approx([0, 1 / 30, 2 / 30])
    frames[0].image[:] = 0
    np.testing.assert_array_equal(frames[1].image, painted())


def test_images_close_ends_the_loop(tmp_path: Path) -> None:
    source = open_source(str(write(tmp_path / "a.png", painted())), loop=True)
    for frame in source:
        if frame.index == 3:
            source.close()
    assert frame.index == 3


def test_images_removed_while_looping_raise(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", painted())
    frames = iter(open_source(str(path), loop=True))
    next(frames)
    path.unlink()
    with pytest.raises(SourceError, match="any more"):
        next(frames)


def test_read_image_of_folder_returns_none(tmp_path: Path) -> None:
    assert read_image(tmp_path) is None
