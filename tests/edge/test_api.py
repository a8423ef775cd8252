from __future__ import annotations

import dataclasses
import inspect
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
from edge.models import Models
from engines.errors import MeshcastError, UnknownNameError
from tests.support.paths import MEDIA


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("meshcast-reader")]


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_stream_yields_frames_and_bodies(backend: str, engines: Callable[..., Any], person_clip: Path) -> None:
    pairs = list(islice(edge.stream(person_clip, fov_deg=36, backend=backend), 3))
    assert [frame.index for frame, _ in pairs] == [0, 1, 2]
    for frame, bodies in pairs:
        assert frame.image.shape == (640, 360, 3)
        assert len(bodies) >= 1
        assert bodies.vertices.shape[0] == bodies.joints.shape[0] == len(bodies.ids)
        np.testing.assert_allclose(bodies.translation, bodies.joints[:, 0], atol=1e-5)
        assert np.all((bodies.translation[:, 2] > 1) & (bodies.translation[:, 2] < 12))


def test_stream_field_of_view_scales_depth(engines: Callable[..., Any], person_clip: Path) -> None:
    depth = {fov: next(edge.stream(str(person_clip), fov_deg=fov))[1].translation[0, 2] for fov in (36, 72)}
    assert depth[36] / depth[72] == pytest.approx(np.tan(np.radians(36)) / np.tan(np.radians(18)), rel=0.25)


def test_stream_with_camera_file_yields_bodies(engines: Callable[..., Any]) -> None:
    clip, camera = MEDIA / "balance_cam01.mp4", MEDIA / "balance_cam01.toml"
    _, bodies = next(edge.stream(clip, camera=camera))
    assert len(bodies) >= 1


def test_stream_height_scales_depth(engines: Callable[..., Any], person_clip: Path) -> None:
    depth = {height: next(edge.stream(person_clip, height_m=height))[1].translation[0, 2] for height in (1.5, 1.9)}
    assert depth[1.9] / depth[1.5] == pytest.approx(1.9 / 1.5, rel=0.05)


def test_stream_shape_file_is_used(engines: Callable[..., Any], person_clip: Path, tmp_path: Path) -> None:
    with pytest.raises(MeshcastError, match=r"shape\.toml: cannot be read"):
        next(edge.stream(person_clip, shape=tmp_path / "shape.toml"))


def test_stream_close_ends_reader(engines: Callable[..., Any], person_clip: Path) -> None:
    stream = edge.stream(person_clip, loop=True)
    next(stream)
    assert readers()
    stream.close()
    assert not readers()


def test_stream_missing_file_raises(engines: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no\.mp4: no such file"):
        next(edge.stream(tmp_path / "no.mp4"))
    assert not readers()


def test_stream_unknown_model_raises(engines: Callable[..., Any], person_clip: Path) -> None:
    with pytest.raises(UnknownNameError, match="there are: efficientpose_i, movenet_thunder"):
        next(edge.stream(person_clip, pose="no_such_model"))
    assert not readers()


def test_stream_camera_of_another_size_raises(engines: Callable[..., Any], blank_clip: Path) -> None:
    with pytest.raises(CameraError, match=r"1080 x 1920.*160 x 120|160 x 120.*1080 x 1920"):
        next(edge.stream(blank_clip, camera=MEDIA / "balance_cam01.toml"))
    assert not readers()


def test_stream_unknown_option_raises_type_error_at_the_call(person_clip: Path) -> None:
    options: dict[str, Any] = {"posse": "movenet_thunder"}
    with pytest.raises(TypeError, match="posse"):
        edge.stream(person_clip, **options)


def test_stream_model_options_are_those_of_models() -> None:
    options = inspect.signature(edge.stream).parameters
    fields = {field.name: field.default for field in dataclasses.fields(Models)}
    assert {name: options[name].default for name in fields} == fields


def test_edge_unknown_attribute_raises() -> None:
    with pytest.raises(AttributeError, match="no attribute 'streams'"):
        edge.streams  # noqa: B018


def test_edge_import_loads_no_heavy_library() -> None:
    heavy = "{'numpy', 'cv2', 'av', 'zmq', 'rich', 'scipy', 'openvino', 'onnxruntime', 'torch', 'onnx'}"
    script = f"import sys, edge, edge.cli.main; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_dir_lists_lazy_names() -> None:
    script = (
        "import sys, edge, meshcast\n"
        "assert {'stream', 'subscribe'} <= set(dir(edge)), dir(edge)\n"
        "assert {'aio', 'subscribe', 'FramePacket'} <= set(dir(meshcast)), dir(meshcast)\n"
        "assert not {'zmq', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
