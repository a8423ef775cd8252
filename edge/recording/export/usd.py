"""Export of people as skinned, animated meshes in USD (UsdSkel), with the package usd-core (extra `usd`)."""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from edge.errors import OutputError
from edge.recording.export.animation import Animation
from edge.recording.export.curves import continuous
from edge.recording.export.gltf import FLOOR_COLOR, ROUGHNESS
from edge.recording.export.scene import CameraNode, Scene, floor_extent
from edge.render.palette import PALETTE, linear_rgb
from edge.sinks.output_file import OutputFile
from edge.types import F32, Array
from engines.files.install_hint import install_hint

SUFFIXES = (".usd", ".usda", ".usdc")
DEFAULT_FPS = 30.0
APERTURE_MM = 36.0  # of the camera; only its ratio to the focal length matters


def write_usd(path: str | Path, scene: Scene) -> None:
    """Write people with their animations as a USD file, which appears complete or not at all.

    Units are meters with y up; a time code is a frame of the recording's median frame rate. Each person is a SkelRoot
    with a skeleton, its animation and a skinned mesh in the person's color; it is invisible while the person is not
    visible. The camera and, in level scenes, the floor are beside them. Raises OutputError.
    """
    target = OutputFile(path)
    try:
        with TemporaryDirectory(prefix="meshcast-usd-") as folder:
            made = Path(folder) / f"scene{Path(path).suffix.lower()}"
            _Stage(scene).export(made)
            content = made.read_bytes()
    except ImportError:
        target.discard()
        raise OutputError(f"{path}: USD needs the package usd-core; {install_hint('usd')}") from None
    except OSError as error:
        target.discard()
        raise target.error(error) from None
    target.write(content)


class _Stage:
    """The stage of a scene. Types of pxr are only known at run time."""

    def __init__(self, scene: Scene) -> None:
        from pxr import Gf, Sdf, Usd, UsdGeom, UsdShade, UsdSkel, Vt

        self.gf, self.sdf, self.geom, self.shade, self.skel, self.vt = Gf, Sdf, UsdGeom, UsdShade, UsdSkel, Vt
        self._stage = Usd.Stage.CreateInMemory()
        UsdGeom.SetStageUpAxis(self._stage, UsdGeom.Tokens.y)
        UsdGeom.SetStageMetersPerUnit(self._stage, 1.0)
        self._fps = _frame_rate(scene)
        self._stage.SetTimeCodesPerSecond(self._fps)
        self._stage.SetFramesPerSecond(self._fps)
        ends = [float(person.times[-1]) for person in scene.people]
        self._stage.SetStartTimeCode(0.0)
        self._stage.SetEndTimeCode(self._code(max(ends)))
        self._stage.SetDefaultPrim(UsdGeom.Xform.Define(self._stage, "/World").GetPrim())
        for person in scene.people:
            self._add_person(person)
        if scene.level:
            self._add_floor(*floor_extent(scene.people))
        if scene.camera.view is not None:
            self._add_camera(scene.camera)

    def export(self, path: Path) -> None:
        if not self._stage.GetRootLayer().Export(str(path)):
            raise OSError(0, "the USD library cannot write it")

    def _code(self, t_s: float) -> float:
        return round(t_s * self._fps, 6)

    def _add_person(self, person: Animation) -> None:
        path = f"/World/person_{person.name.replace('.', '_')}"
        root = self.skel.Root.Define(self._stage, path)
        vertices, rest = person.rest()
        joints = self._joints(person)
        offsets = rest - np.where((person.body.parents >= 0)[:, None], rest[person.body.parents], np.float32(0))
        skeleton = self.skel.Skeleton.Define(self._stage, f"{path}/skeleton")
        skeleton.CreateJointsAttr(joints)
        skeleton.CreateBindTransformsAttr(self._translations(rest))
        skeleton.CreateRestTransformsAttr(self._translations(offsets))
        self._animate(person, f"{path}/animation", joints, offsets)
        binding = self.skel.BindingAPI.Apply(skeleton.GetPrim())
        binding.CreateAnimationSourceRel().SetTargets([self.sdf.Path(f"{path}/animation")])
        self._add_mesh(person, f"{path}/mesh", vertices, skeleton)
        visibility = root.CreateVisibilityAttr()
        if person.seen != ((0.0, math.inf),):
            visibility.Set(self.geom.Tokens.invisible, 0.0)
            for begin_s, end_s in person.seen:
                visibility.Set(self.geom.Tokens.inherited, self._code(begin_s))
                if end_s < math.inf:
                    visibility.Set(self.geom.Tokens.invisible, self._code(end_s))

    def _joints(self, person: Animation) -> list[str]:
        """The paths of the joints, whose parts are the names from the root on."""
        paths: list[str] = []
        for index, parent in enumerate(person.body.parents.tolist()):
            name = "".join(letter if letter.isalnum() else "_" for letter in person.body.joint_names[index])
            paths.append(f"{paths[parent]}/{name}" if parent >= 0 else name)
        return paths

    def _translations(self, offsets: F32) -> Any:
        matrices = np.tile(np.eye(4), (len(offsets), 1, 1))
        matrices[:, 3, :3] = offsets  # USD multiplies rows
        return self.vt.Matrix4dArray([self.gf.Matrix4d(matrix) for matrix in matrices])

    def _animate(self, person: Animation, path: str, joints: list[str], offsets: F32) -> None:
        animation = self.skel.Animation.Define(self._stage, path)
        animation.CreateJointsAttr(joints)
        animation.CreateScalesAttr(self.vt.Vec3hArray(len(joints), self.gf.Vec3h(1, 1, 1)))
        translations, rotations = animation.CreateTranslationsAttr(), animation.CreateRotationsAttr()
        quaternions = continuous(person.quaternions).astype(np.float32)
        for index, t_s in enumerate(person.times.tolist()):
            places = offsets.copy()
            places[0] = person.translation[index]
            translations.Set(self.vt.Vec3fArray.FromNumpy(places), self._code(t_s))
            values = [self.gf.Quatf(w, x, y, z) for x, y, z, w in quaternions[index].tolist()]
            rotations.Set(self.vt.QuatfArray(values), self._code(t_s))

    def _add_mesh(self, person: Animation, path: str, vertices: F32, skeleton: Any) -> None:
        rig = person.body.rig
        assert rig is not None
        color = linear_rgb(person.track_id)
        mesh = self._mesh(path, vertices, person.body.faces, color)
        binding = self.skel.BindingAPI.Apply(mesh.GetPrim())
        binding.CreateSkeletonRel().SetTargets([skeleton.GetPath()])
        influences = rig.weights.shape[1]
        joints = np.where(rig.weights > 0, rig.joints, 0).astype(np.int32)
        indices = self.vt.IntArray.FromNumpy(joints.ravel())
        binding.CreateJointIndicesPrimvar(constant=False, elementSize=influences).Set(indices)
        weights = self.vt.FloatArray.FromNumpy(rig.weights.astype(np.float32).ravel())
        binding.CreateJointWeightsPrimvar(constant=False, elementSize=influences).Set(weights)
        binding.CreateGeomBindTransformAttr(self.gf.Matrix4d(1.0))
        self._paint(mesh, f"person_color_{person.track_id % len(PALETTE)}", color)

    def _add_floor(self, low: Array, high: Array) -> None:
        corners = np.array([[x, 0, z] for z in (low[1], high[1]) for x in (low[0], high[0])], np.float32)
        color = (FLOOR_COLOR[0], FLOOR_COLOR[1], FLOOR_COLOR[2])
        mesh = self._mesh("/World/floor", corners, np.array([[0, 2, 1], [1, 2, 3]], np.int32), color)
        mesh.CreateDoubleSidedAttr(True)
        self._paint(mesh, "floor", color)

    def _mesh(self, path: str, vertices: F32, faces: Array, color: tuple[float, float, float]) -> Any:
        mesh = self.geom.Mesh.Define(self._stage, path)
        mesh.CreatePointsAttr(self.vt.Vec3fArray.FromNumpy(np.ascontiguousarray(vertices, np.float32)))
        mesh.CreateFaceVertexCountsAttr(self.vt.IntArray(len(faces), 3))
        mesh.CreateFaceVertexIndicesAttr(self.vt.IntArray.FromNumpy(np.ascontiguousarray(faces, np.int32).ravel()))
        mesh.CreateSubdivisionSchemeAttr(self.geom.Tokens.none)
        mesh.CreateExtentAttr([self.gf.Vec3f(*corner.tolist()) for corner in (vertices.min(0), vertices.max(0))])
        mesh.CreateDisplayColorAttr([self.gf.Vec3f(*color)])
        return mesh

    def _paint(self, mesh: Any, name: str, color: tuple[float, float, float]) -> None:
        path = f"/World/materials/{name}"
        material = self.shade.Material.Define(self._stage, path)
        shader = self.shade.Shader.Define(self._stage, f"{path}/surface")
        shader.CreateIdAttr("UsdPreviewSurface")
        types = self.sdf.ValueTypeNames
        shader.CreateInput("diffuseColor", types.Color3f).Set(self.gf.Vec3f(*color))
        shader.CreateInput("roughness", types.Float).Set(ROUGHNESS)
        material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")
        self.shade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(material)

    def _add_camera(self, node: CameraNode) -> None:
        assert node.view is not None
        (width, height), K = node.view.size, node.view.K
        camera = self.geom.Camera.Define(self._stage, "/World/camera")
        camera.CreateHorizontalApertureAttr(APERTURE_MM)
        camera.CreateVerticalApertureAttr(APERTURE_MM * height / width * K[0, 0] / K[1, 1])
        camera.CreateFocalLengthAttr(APERTURE_MM * K[0, 0] / width)
        matrix = np.eye(4)
        matrix[:3, :3], matrix[3, :3] = node.rotation.T, node.position
        camera.AddTransformOp().Set(self.gf.Matrix4d(matrix))


def _frame_rate(scene: Scene) -> float:
    """Frames per second of all people's median frame time, whole if it is nearly."""
    steps = np.concatenate([np.diff(person.times) for person in scene.people])
    fps = 1 / float(np.median(steps)) if len(steps) else DEFAULT_FPS
    return float(round(fps)) if abs(fps - round(fps)) < 0.01 * fps else round(fps, 3)
