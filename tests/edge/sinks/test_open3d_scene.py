"""The scene of the desktop window, drawn off screen by Open3D on a software driver of Vulkan."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.paths import ROOT

DRIVERS = Path("/usr/share/vulkan/icd.d")
# In a process of its own: a graphics driver that fails ends the process.
SCRIPT = """
import sys
import numpy as np
import open3d as o3d
from edge.sinks.open3d_people import ScenePeople
from edge.sinks.open3d_scene import SceneView

K = np.array([[100.0, 0, 79.5], [0, 100.0, 59.5], [0, 0, 1]])
floor = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), np.array([0.0, 1.0, 0])
image = np.full((120, 160, 3), (0, 0, 200), np.uint8)
image[:60] = (0, 200, 0)
box = o3d.geometry.TriangleMesh.create_box(1.0, 1.0, 1.0)
vertices = np.asarray(box.vertices, np.float32)[None] + np.array([-1.0, -0.5, 2.0], np.float32)
bones = np.array([[[[0.2, -0.5, 2.0], [0.2, 0.5, 2.0]]]], np.float32)
faces = np.asarray(box.triangles, np.int32)
renderer = o3d.visualization.rendering.OffscreenRenderer(160, 120)
view = SceneView(renderer.scene, faces)


def draw(name):
    o3d.io.write_image(f"{sys.argv[1]}/{name}.png", renderer.render_to_image())


view.update(ScenePeople(image, K, (160, 120), floor, np.array([1], np.int32), vertices, bones, ""))
draw("camera")
view.toggle_skeletons()
draw("skeleton")
view.toggle_skeletons()
view.leave()
renderer.scene.camera.look_at([0.0, 0.0, 0.6], [0.0, -0.2, -1.0], [0.0, -1.0, 0.0])
draw("free")
none = np.zeros((0, 8, 3), np.float32), np.zeros((0, 1, 2, 3), np.float32)
view.update(ScenePeople(None, K, (160, 120), floor, np.zeros(0, np.int32), *none, ""))
view.look()
draw("empty")
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The drawn scenes (120, 160, 3) BGR by name."""
    if importlib.util.find_spec("open3d") is None:
        pytest.skip("open3d is not installed")
    if not (list(DRIVERS.glob("*.json")) or os.environ.get("VK_DRIVER_FILES")):
        pytest.skip("no driver of Vulkan (Debian: mesa-vulkan-drivers)")
    folder = tmp_path_factory.mktemp("scenes")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, timeout=300, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-2000:]
    images = {path.stem: cv2.imread(str(path)) for path in folder.iterdir()}
    return {name: image.astype(int) for name, image in images.items() if image is not None}


def is_green(pixels: np.ndarray) -> np.ndarray:
    """Whether pixels are those of the upper half of the image, whatever the tone mapping."""
    return (pixels[..., 1] > 150) & (pixels[..., 1] > pixels[..., [0, 2]].max(-1) + 80)


def is_blue(pixels: np.ndarray) -> np.ndarray:
    """Whether pixels are those of the lower half of the image."""
    return (pixels[..., 0] > 150) & (pixels[..., 0] > pixels[..., 1:].max(-1) + 80)


def test_scene_from_the_camera_has_the_person_over_its_pixels(drawn: dict[str, np.ndarray]) -> None:
    image, empty = drawn["camera"], drawn["empty"]
    changed = np.abs(image - empty).max(2) > 30
    rows, columns = np.flatnonzero(changed.sum(1) > 10), np.flatnonzero(changed.sum(0) > 10)
    # The front face of the box is 2 m away: 50 px a meter from the middle of the image.
    assert (rows.min(), rows.max()) == (pytest.approx(34.5, abs=1.5), pytest.approx(84.5, abs=1.5))
    assert (columns.min(), columns.max()) == (pytest.approx(29.5, abs=1.5), pytest.approx(79.5, abs=1.5))
    assert image[60, 55, 2] > image[60, 55, 0] + 20  # the person of id 1 is red


def test_scene_without_people_is_the_image_with_its_colors(drawn: dict[str, np.ndarray]) -> None:
    assert is_green(drawn["empty"][30, 80])
    assert is_blue(drawn["empty"][90, 80])


def test_scene_skeleton_is_drawn_in_place_of_the_surface(drawn: dict[str, np.ndarray]) -> None:
    assert np.abs(drawn["skeleton"][60, 55] - drawn["empty"][60, 55]).max() < 12
    assert np.abs(drawn["skeleton"][40:80, 88:91] - drawn["empty"][40:80, 88:91]).max() > 50


def test_scene_from_elsewhere_shows_the_image_upright_before_its_camera(drawn: dict[str, np.ndarray]) -> None:
    above, below = np.argwhere(is_green(drawn["free"])), np.argwhere(is_blue(drawn["free"]))
    assert len(above) > 50
    assert len(below) > 50
    assert above[:, 0].max() < below[:, 0].min() + 2
