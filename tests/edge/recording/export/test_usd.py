"""Exported USD files, read back and skinned by the library: vertices are where the exported .glb has them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pxr import Usd, UsdGeom, UsdShade, UsdSkel

from calibration.world import WorldPose
from edge.errors import OutputError
from edge.recording.export.animation import RecordedPeople, View
from edge.recording.export.gltf import glb
from edge.recording.export.scene import Scene, scene_of
from edge.recording.export.usd import SUFFIXES, write_usd
from edge.render.palette import linear_rgb
from tests.support.exports import Glb, body
from tests.support.people import walker

FPS = 30
VIEW = View(np.array([[60.0, 0, 31.5], [0, 50.0, 23.5], [0, 0, 1]]), (64, 48))


def scene(pose: WorldPose | None = None) -> Scene:
    people = [walker(body(), frames=6, track_id=3), walker(body(), frames=9, track_id=4, seed=8)]
    people[0] = replace(people[0], seen=((0.0, 4 / FPS),))
    return scene_of(RecordedPeople("cam0", people, VIEW), pose)


def skinned(stage: Any, person: str, code: float) -> Any:
    root = UsdSkel.Root(stage.GetPrimAtPath(f"/World/{person}"))
    cache = UsdSkel.Cache()
    cache.Populate(root, Usd.TraverseInstanceProxies())
    skeleton = UsdSkel.Skeleton(stage.GetPrimAtPath(f"/World/{person}/skeleton"))
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath(f"/World/{person}/mesh"))
    transforms = cache.GetSkelQuery(skeleton).ComputeSkinningTransforms(code)
    points = mesh.GetPointsAttr().Get()
    query = cache.GetSkinningQuery(mesh.GetPrim())
    assert query.ComputeSkinnedPoints(transforms, points, code)
    return np.array(points)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_usd_people_are_where_the_glb_has_them(tmp_path: Path, suffix: str) -> None:
    made = scene(WorldPose.of_height(2.0, 30))
    write_usd(tmp_path / f"a{suffix}", made)
    stage, file = Usd.Stage.Open(str(tmp_path / f"a{suffix}")), Glb(glb(made))
    assert stage.GetTimeCodesPerSecond() == FPS
    assert stage.GetEndTimeCode() == 8
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1
    faces = body().faces
    for track_id, frames in ((3, 4), (4, 9)):
        for index in (0, frames - 1):
            expected = file.triangles(f"person {track_id} mesh", index / FPS)
            assert skinned(stage, f"person_{track_id}", index)[faces] == pytest.approx(expected, abs=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


def test_usd_scene_has_colors_visibility_camera_and_floor(tmp_path: Path) -> None:
    pose = WorldPose.of_height(2.0, 30)
    write_usd(tmp_path / "a.usdc", scene(pose))
    stage = Usd.Stage.Open(str(tmp_path / "a.usdc"))
    root = UsdGeom.Imageable(stage.GetPrimAtPath("/World/person_3"))
    assert [root.ComputeVisibility(code) for code in (0, 3, 4, 8)] == ["inherited"] * 2 + ["invisible"] * 2
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath("/World/person_3/mesh"))
    assert np.array(mesh.GetDisplayColorAttr().Get())[0] == pytest.approx(linear_rgb(3), abs=1e-6)
    material, _ = UsdShade.MaterialBindingAPI(mesh.GetPrim()).ComputeBoundMaterial()
    shader = material.ComputeSurfaceSource()[0]
    assert np.array(shader.GetInput("diffuseColor").Get()) == pytest.approx(linear_rgb(3), abs=1e-6)
    floor = UsdGeom.Mesh(stage.GetPrimAtPath("/World/floor"))
    assert not np.array(floor.GetPointsAttr().Get())[:, 1].any()
    camera = UsdGeom.Camera(stage.GetPrimAtPath("/World/camera")).GetCamera(0)
    assert camera.horizontalAperture / camera.focalLength == pytest.approx(64 / 60)
    assert camera.verticalAperture / camera.focalLength == pytest.approx(48 / 50)
    matrix = np.array(camera.transform)
    assert matrix[3, :3] == pytest.approx([0, 2, 0])
    assert -matrix[2, :3] == pytest.approx([0, -0.5, -np.sqrt(0.75)])  # looks down by 30 degrees


def test_usd_unknown_pose_has_no_floor(tmp_path: Path) -> None:
    write_usd(tmp_path / "a.usdc", scene())
    assert not Usd.Stage.Open(str(tmp_path / "a.usdc")).GetPrimAtPath("/World/floor").IsValid()


def test_usd_without_the_library_is_an_error_without_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(OutputError, match=r"a\.usdc: USD needs the package usd-core; .*\[usd\]"):
        write_usd(tmp_path / "a.usdc", scene())
    assert not list(tmp_path.iterdir())
