"""People, their camera and the floor as a scene of Open3D, in a window or off screen."""

from __future__ import annotations

from typing import Any

import numpy as np
import open3d as o3d
from numpy.typing import NDArray

from edge.render.palette import linear_rgb
from edge.sinks.open3d_people import ScenePeople
from edge.types import I32

F64 = NDArray[np.float64]

NEAR_M, FAR_M = 0.05, 200.0
IMAGE_M = 0.6  # distance of the image in front of its camera, in the free view
FLOOR_M = 10.0  # reach of the floor's grid
BACKGROUND = (0.10, 0.11, 0.13, 1.0)


class SceneView:
    """Shows people in a scene of Open3D, from their camera (over its image) or freely.

    Attributes:
        from_camera: whether the scene is seen from the camera.
        skeletons: whether bones are shown in place of surfaces.
    """

    def __init__(self, scene: Any, faces: I32) -> None:
        """
        Args:
            scene: an open3d.visualization.rendering.Open3DScene.
            faces: (F, 3) int32 triangles of every person.
        """
        self.from_camera = True
        self.skeletons = False
        self._scene = scene
        self._faces = faces
        self._image: Any = None
        self._latest: ScenePeople | None = None
        rendering = o3d.visualization.rendering
        self._skin = rendering.MaterialRecord()
        self._skin.shader = "defaultLit"
        self._skin.base_roughness = 0.7
        self._lines = rendering.MaterialRecord()
        self._lines.shader = "unlitLine"
        self._lines.line_width = 3.0
        scene.set_lighting(scene.LightingProfile.MED_SHADOWS, np.array([0.4, 0.8, 0.6], np.float32))
        scene.set_background(np.array(BACKGROUND, np.float32))
        linear = rendering.ColorGrading(rendering.ColorGrading.Quality.HIGH, rendering.ColorGrading.ToneMapping.LINEAR)
        scene.view.set_color_grading(linear)  # images keep their colors

    def update(self, people: ScenePeople) -> None:
        """Show another frame."""
        before, self._latest = self._latest, people
        if people.image is not None:
            self._image = o3d.geometry.Image(np.ascontiguousarray(people.image))
        self._show_people(people)
        if before is None or before.size != people.size or not np.array_equal(before.K, people.K):
            self.look()
        else:
            self._show_image()

    def look(self) -> None:
        """Look from the camera."""
        people = self._latest
        if people is None:
            return
        camera = self._scene.camera
        width, height = people.size
        camera.set_projection(people.K, NEAR_M, FAR_M, float(width), float(height))
        camera.look_at([0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, -1.0, 0.0])
        self.from_camera = True
        self._show_image()

    def leave(self) -> None:
        """Show the camera itself with its image and the floor, for a view from elsewhere."""
        if self.from_camera:
            self.from_camera = False
            self._show_image()

    def toggle_skeletons(self) -> None:
        """Show bones in place of surfaces, or surfaces again."""
        self.skeletons = not self.skeletons
        if self._latest is not None:
            self._show_people(self._latest)

    def _show_people(self, people: ScenePeople) -> None:
        self._replace("surfaces", None if self.skeletons else _surfaces(people, self._faces), self._skin)
        self._replace("bones", _bones(people) if self.skeletons else None, self._lines)

    def _show_image(self) -> None:
        people = self._latest
        assert people is not None
        if self.from_camera:
            self._scene.set_background(np.array(BACKGROUND, np.float32), self._image)
            for name in ("frustum", "image", "floor"):
                self._replace(name, None, None)
            return
        self._scene.set_background(np.array(BACKGROUND, np.float32))
        corners = _corners(people, IMAGE_M)
        self._replace("frustum", _frustum(corners), self._lines)
        self._replace("floor", None if people.floor is None else _floor(*people.floor), self._lines)
        if self._image is not None:
            material = o3d.visualization.rendering.MaterialRecord()
            material.shader = "defaultUnlit"
            material.albedo_img = self._image
            self._replace("image", _textured(corners), material)

    def _replace(self, name: str, geometry: Any, material: Any) -> None:
        if self._scene.has_geometry(name):
            self._scene.remove_geometry(name)
        if geometry is not None:
            self._scene.add_geometry(name, geometry, material)


def _surfaces(people: ScenePeople, faces: I32) -> Any:
    """One mesh of all people in their colors, None without people."""
    count, vertices = people.vertices.shape[:2]
    if not count:
        return None
    all_faces = (faces + (np.arange(count, dtype=np.int32) * vertices)[:, None, None]).reshape(-1, 3)
    mesh = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(people.vertices.reshape(-1, 3).astype(np.float64)),
        o3d.utility.Vector3iVector(all_faces),
    )
    colors = np.array([linear_rgb(identity) for identity in people.ids.tolist()])
    mesh.vertex_colors = o3d.utility.Vector3dVector(np.repeat(colors, vertices, axis=0))
    mesh.compute_vertex_normals()
    return mesh


def _bones(people: ScenePeople) -> Any:
    count, bones = people.bones.shape[:2]
    if not count or not bones:
        return None
    colors = np.repeat([linear_rgb(identity) for identity in people.ids.tolist()], bones, axis=0)
    return _line_set(people.bones.reshape(-1, 2, 3).astype(np.float64), colors)


def _frustum(corners: F64) -> Any:
    """The edges of the camera's view up to its image."""
    edges = [(np.zeros(3), corner) for corner in corners] + [(corners[i], corners[i - 1]) for i in range(4)]
    return _line_set(np.array(edges), np.full((8, 3), 0.75))


def _floor(rotation: F64, translation: F64) -> Any:
    """A grid of meters on the floor, around the place below the camera."""
    camera = -rotation.T @ translation
    middle = np.round([camera[0], camera[1]])
    steps = np.arange(-FLOOR_M, FLOOR_M + 0.5)
    ends = np.full_like(steps, FLOOR_M)
    zero = np.zeros_like(steps)
    along = np.stack([np.stack([steps, -ends, zero], 1), np.stack([steps, ends, zero], 1)], 1)
    world = np.concatenate([along, along[..., [1, 0, 2]]])
    world[..., :2] += middle
    return _line_set(world @ rotation.T + translation, np.full((len(world), 3), 0.35))


def _corners(people: ScenePeople, depth_m: float) -> F64:
    """The corners (4, 3) of the image at a depth, clockwise from the top left."""
    width, height = people.size
    pixels = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64) - [0.5, 0.5, 0]
    rays: F64 = pixels @ np.linalg.inv(people.K).T
    return rays * depth_m


def _textured(corners: F64) -> Any:
    """A rectangle with the image on it, seen from both sides."""
    mesh = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(corners),
        o3d.utility.Vector3iVector([[0, 2, 1], [0, 3, 2], [0, 1, 2], [0, 2, 3]]),
    )
    places = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float64)  # v up
    mesh.triangle_uvs = o3d.utility.Vector2dVector(places[np.asarray(mesh.triangles).ravel()])
    mesh.compute_vertex_normals()
    return mesh


def _line_set(lines: F64, colors: F64) -> Any:
    found = o3d.geometry.LineSet(
        o3d.utility.Vector3dVector(lines.reshape(-1, 3)),
        o3d.utility.Vector2iVector(np.arange(2 * len(lines)).reshape(-1, 2)),
    )
    found.colors = o3d.utility.Vector3dVector(colors)
    return found
