"""Runs on videos with non-square pixels or without timestamps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from edge.errors import EXIT_USAGE, EXIT_WHOLE
from edge.types import U8
from tests.support.commands import Command, load, report


def write_narrow(path: Path, images: list[U8]) -> Path:
    """A video of 180 x 640 pixels that are twice as wide as they are high."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 180, 640, "yuv420p"
        stream.options = {"qmin": "1", "qmax": "2"}
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        for image in images:
            narrow = cv2.resize(image, (180, 640), interpolation=cv2.INTER_AREA)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(narrow, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def test_run_camera_file_of_stored_or_square_pixels(meshcast: Command, person_images: list[U8], tmp_path: Path) -> None:
    clip = write_narrow(tmp_path / "narrow.mp4", person_images[:3])
    cameras = {
        "square": "width = 360\nheight = 640\nfx = 600\nfy = 600\ncx = 179.5\ncy = 319.5\n",
        "stored": "width = 180\nheight = 640\nfx = 300\nfy = 600\ncx = 89.5\ncy = 319.5\n",
    }
    found = {}
    for name, text in cameras.items():
        (tmp_path / f"{name}.toml").write_text(text)
        said = meshcast("run", clip, "--camera", tmp_path / f"{name}.toml", "--save", tmp_path / f"{name}.npz")
        assert said.code == EXIT_WHOLE
        found[name] = load(tmp_path / f"{name}.npz")
    assert set(found["square"]["frame"].tolist()) == {0, 1, 2}
    assert found["stored"]["image_size"].tolist() == [360, 640]
    np.testing.assert_allclose(found["stored"]["translation"], found["square"]["translation"], atol=1e-4)


def test_run_summary_contains_source_warnings(meshcast: Command, person_images: list[U8], tmp_path: Path) -> None:
    clip = write_narrow(tmp_path / "narrow.mp4", person_images[:2])
    said = meshcast("run", clip, "--fps", "10", "--summary", tmp_path / "s.json")
    assert said.code == EXIT_WHOLE
    summary = report(tmp_path / "s.json")
    assert summary["problems"] == []
    assert summary["source_warnings"] == [
        f"{clip}: pixels are not square; 180 x 640 is resampled to 360 x 640",
        f"{clip}: --fps is ignored; the video has timestamps",
    ]


def test_run_fps_of_raw_stream(meshcast: Command, person_images: list[U8], tmp_path: Path) -> None:
    encoded = [cv2.imencode(".jpg", image)[1].tobytes() for image in person_images[:3]]
    (tmp_path / "raw.mjpeg").write_bytes(b"".join(encoded))
    said = meshcast("run", tmp_path / "raw.mjpeg", "--fps", "8", "--save", tmp_path / "a.npz")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    np.testing.assert_allclose(np.unique(load(tmp_path / "a.npz")["t_s"]), [0, 0.125, 0.25])


@pytest.mark.parametrize("text", ["0", "-5", "nan", "many"])
def test_run_invalid_fps_is_an_error(meshcast: Command, blank_clip: Path, text: str) -> None:
    said = meshcast("run", blank_clip, "--fps", text)
    assert said.code == EXIT_USAGE
    assert "--fps" in said.err
