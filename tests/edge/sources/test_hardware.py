"""Images of FFmpeg's CUDA decoder as surfaces, on stand-ins for its frames."""

from __future__ import annotations

import types
import weakref
from typing import Any

import pytest
from av.video.reformatter import ColorRange, Colorspace

from edge.errors import SourceError
from edge.sources.hardware import UNSPECIFIED, hwaccel, surface_of


class HardwareFrame:
    """As much of a frame in a device's memory as a surface needs."""

    def __init__(self, **values: Any) -> None:
        self.format = types.SimpleNamespace(name=values.get("format", "cuda"))
        self.sw_format = types.SimpleNamespace(name=values.get("stored", "nv12"))
        self.width, self.height = values.get("size", (1920, 1080))
        self.colorspace = values.get("colorspace", UNSPECIFIED)
        self.color_range = values.get("color_range", ColorRange.MPEG)
        self.planes = ["luma", "chroma"]


@pytest.mark.parametrize(
    ("values", "bt709"),
    [
        ({}, True),
        ({"size": (640, 480)}, False),
        ({"colorspace": Colorspace.ITU601}, False),
        ({"size": (640, 480), "colorspace": Colorspace.ITU709}, True),
    ],
)
def test_surface_has_the_color_space_of_its_frame(values: dict[str, Any], bt709: bool) -> None:
    frame = HardwareFrame(**values)
    surface = surface_of(frame, "cuda:1")
    assert surface is not None
    assert (surface.device, surface.size, surface.planes) == ("cuda:1", (frame.width, frame.height), ("luma", "chroma"))
    assert surface.bt709 is bt709


def test_surface_keeps_its_frame_until_it_is_released() -> None:
    frame = HardwareFrame()
    held = weakref.ref(frame)
    surface = surface_of(frame, "cuda:0")
    del frame
    assert held() is not None
    assert surface is not None
    surface.release()
    assert held() is None


def test_frame_that_the_processor_decoded_has_no_surface() -> None:
    assert surface_of(HardwareFrame(format="yuv420p"), "cuda:0") is None


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"stored": "p010le"}, "its images are p010le"),
        ({"color_range": ColorRange.JPEG}, "its images are full range"),
        ({"size": (641, 480)}, "its images have an odd size"),
    ],
)
def test_surface_of_another_format_is_one_line(values: dict[str, Any], what: str) -> None:
    with pytest.raises(SourceError, match=f"^{what}, which is not read on the GPU; decode it without --decode gpu$"):
        surface_of(HardwareFrame(**values), "cuda:0")


def test_hwaccel_names_the_device() -> None:
    assert hwaccel("cuda:1") is not None
