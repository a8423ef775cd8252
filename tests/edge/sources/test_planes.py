"""Planes of decoded images have the colors that FFmpeg converts them to."""

from __future__ import annotations

import platform
from typing import Any, TypeGuard

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from edge.sources.decoder import Decoder
from edge.sources.pending import PendingFrame
from edge.sources.planes import TOLERANCE, planes_of
from edge.stages.crops import Cropper
from edge.types import PlanarFrame, Planes
from engines.cards.card import load_card
from tests.support.paths import MEDIA


def random_frame(width: int, height: int, kind: str = "yuv420p") -> av.VideoFrame:
    frame = av.VideoFrame(width, height, kind)
    rng = np.random.default_rng(width)
    for plane in frame.planes:
        plane.update(rng.integers(0, 256, plane.buffer_size, np.uint8).tobytes())
    return frame


def usable(planes: Planes | None) -> TypeGuard[Planes]:
    """Whether planes are read; on other processors FFmpeg may round otherwise, so that whole images are converted."""
    assert planes is not None or platform.machine() not in ("x86_64", "AMD64")
    return planes is not None


def converted(frame: av.VideoFrame) -> np.ndarray:
    return VideoReformatter().reformat(frame, format="bgr24").to_ndarray()


@pytest.mark.parametrize("size", [(64, 32), (1080, 64), (90, 166), (2, 2), (1922, 34)])
@pytest.mark.parametrize("colorspace", [Colorspace.ITU601, Colorspace.ITU709, 2])
@pytest.mark.parametrize("color_range", [ColorRange.MPEG, ColorRange.JPEG, ColorRange.UNSPECIFIED])
def test_planes_have_ffmpegs_colors(size: tuple[int, int], colorspace: Any, color_range: Any) -> None:
    frame = random_frame(*size)
    frame.colorspace, frame.color_range = colorspace, color_range
    planes = planes_of(frame)
    if not usable(planes):
        return
    difference = planes[:, :].astype(int) - converted(frame)
    assert planes.shape == (size[1], size[0], 3)
    assert np.abs(difference).max() <= 2 * TOLERANCE  # a vector's remainder may be rounded otherwise


@pytest.mark.parametrize(
    ("width", "height", "kind"), [(64, 33, "yuv420p"), (63, 32, "yuv420p"), (64, 32, "yuv422p"), (64, 32, "gray")]
)
def test_planes_of_other_formats_are_not_read(width: int, height: int, kind: str) -> None:
    assert planes_of(random_frame(width, height, kind)) is None


def test_planes_are_read_by_rows_and_columns_like_an_image() -> None:
    planes = planes_of(random_frame(90, 166))
    if not usable(planes):
        return
    image, rng = planes[:, :], np.random.default_rng(0)
    rows, columns = rng.integers(0, 166, (3, 4)), rng.integers(0, 90, (3, 4))
    np.testing.assert_array_equal(planes[rows, columns], image[rows, columns])
    np.testing.assert_array_equal(planes[rows[:, :1], columns[0]], image[rows[:, :1], columns[0]])
    np.testing.assert_array_equal(planes[5::7, 3::2], image[5::7, 3::2])


def test_decoder_crops_of_planes_equal_those_of_the_image_which_is_converted_once() -> None:
    with av.open(str(MEDIA / "pedestrians.mp4")) as container:
        stream = container.streams.video[0]
        decoded = next(iter(Decoder(stream, low_delay=True).decode(container.demux(stream))))
    calls: list[None] = []
    assert callable(decoded.pixels)
    convert = decoded.pixels

    def counted() -> np.ndarray:
        calls.append(None)
        return convert()

    pending = PendingFrame("camera", 3, 4, 0.5, counted, None, decoded.planes)
    frame = pending.converted().frame()
    if not usable(decoded.planes):
        return
    assert isinstance(frame, PlanarFrame)
    crop = Cropper(load_card("movenet_thunder"))
    boxes = np.array([[100, 50, 300, 500], [-20, -30, 90, 80]], np.float32)
    crops = crop(frame.pixels, boxes)[0].copy()
    assert not calls
    np.testing.assert_allclose(crops, crop(frame.image, boxes)[0], atol=TOLERANCE)
    assert frame.image is frame.image
    assert len(calls) == 1
    assert (frame.stream, frame.index, frame.t_capture_ns, frame.t_s) == ("camera", 3, 4, 0.5)
