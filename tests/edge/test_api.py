from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from calibration.camera import CameraError
from edge.errors import SourceError
from engines.errors import UnknownNameError
from tests.support.paths import MEDIA


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("meshcast-reader")]


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_frames_and_bodies(backend: str, engines: Callable[..., Any], person_clip: Path) -> None:
    pairs = list(islice(edge.stream(person_clip, fov_deg=36, backend=backend), 3))
    assert [frame.index for frame, _ in pairs] == [0, 1, 2]
    for frame, bodies in pairs:
        assert frame.image.shape == (640, 360, 3)
        assert len(bodies) >= 1
        assert bodies.vertices.shape[0] == bodies.joints.shape[0] == len(bodies.ids)
        np.testing.assert_allclose(bodies.translation, bodies.joints[:, 0], atol=1e-5)
        assert np.all((bodies.translation[:, 2] > 1) & (bodies.translation[:, 2] < 12))


def test_the_field_of_view_scales_the_distance(engines: Callable[..., Any], person_clip: Path) -> None:
    depth = {fov: next(edge.stream(str(person_clip), fov_deg=fov))[1].translation[0, 2] for fov in (36, 72)}
    assert depth[36] / depth[72] == pytest.approx(np.tan(np.radians(36)) / np.tan(np.radians(18)), rel=0.25)


def test_a_calibrated_camera(engines: Callable[..., Any]) -> None:
    clip, camera = MEDIA / "balance_cam01.mp4", MEDIA / "balance_cam01.toml"
    _, bodies = next(edge.stream(clip, camera=camera))
    assert len(bodies) >= 1


def test_an_iterator_that_is_closed_lets_go(engines: Callable[..., Any], person_clip: Path) -> None:
    stream = edge.stream(person_clip, loop=True)
    next(stream)
    assert readers()
    stream.close()
    assert not readers()


def test_mistakes_are_said(engines: Callable[..., Any], person_clip: Path, blank_clip: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no\.mp4: no such file"):
        next(edge.stream(tmp_path / "no.mp4"))
    with pytest.raises(UnknownNameError, match="there are: movenet_thunder"):
        next(edge.stream(person_clip, pose="no_such_model"))
    with pytest.raises(CameraError, match=r"1080 x 1920.*160 x 120|160 x 120.*1080 x 1920"):
        next(edge.stream(blank_clip, camera=MEDIA / "balance_cam01.toml"))
    with pytest.raises(TypeError, match="posse"):
        next(edge.stream(person_clip, posse="movenet_thunder"))
    with pytest.raises(AttributeError, match="no attribute 'streams'"):
        edge.streams  # noqa: B018
    assert not readers()


def test_importing_edge_is_light() -> None:
    heavy = "{'numpy', 'cv2', 'av', 'zmq', 'rich', 'scipy', 'openvino', 'onnxruntime', 'torch', 'onnx'}"
    script = f"import sys, edge, edge.cli.main; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_dir_lists_what_is_loaded_on_first_use() -> None:
    script = (
        "import sys, edge, meshcast\n"
        "assert {'stream', 'subscribe'} <= set(dir(edge)), dir(edge)\n"
        "assert {'aio', 'subscribe', 'FramePacket'} <= set(dir(meshcast)), dir(meshcast)\n"
        "assert not {'zmq', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
