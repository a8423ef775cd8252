"""Exported .glb files, posed here by the rules of the format: vertices are where the messages have them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.world import WorldPose
from edge.recording.export.animation import RecordedPeople, View, read_people
from edge.recording.export.curves import continuous
from edge.recording.export.gltf import glb
from edge.recording.export.scene import scene_of
from edge.recording.mcap_file import Recording, RecordingWriter
from edge.render.palette import PALETTE, linear_rgb
from edge.types import Bodies, Frame, RigPose
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from meshcast.protocol.axes import SYSTEMS
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import COMMON_HEADER, read_header, read_kind
from meshcast.protocol.packets import FramePacket
from meshcast.protocol.rotations import rotmat
from meshcast.protocol.skinning import skin
from tests.support.exports import COMING_AND_GOING, MM, STEP_S, T_NS, Glb, body, record, visibility
from tests.support.people import open_body_model, walker


@pytest.mark.parametrize("axes", list(SYSTEMS))
def test_gltf_poses_match_messages(tmp_path: Path, axes: str) -> None:
    truth = record(tmp_path / "a.mcap", COMING_AND_GOING, axes=axes)
    file = Glb(glb(scene_of(read_people(Recording(tmp_path / "a.mcap")), None)))
    faces = body().faces
    for t_s, identity, vertices, _ in truth:
        found = file.triangles(f"person {identity} mesh", t_s)
        assert np.abs(found - vertices[faces]).max() < 0.1 * MM
    assert len(file.tree["animations"]) == 1
    assert len(file.tree["skins"]) == len(file.tree["meshes"]) == 2


def test_gltf_hides_missing_people(tmp_path: Path) -> None:
    away, missed = round(0.6 / STEP_S), round(0.4 / STEP_S)
    frames = [[0], [0, 1], *[[1]] * away, [0, 1], *[[1]] * missed, [0, 1], *[[0]] * away]
    record(tmp_path / "a.mcap", frames)
    file = Glb(glb(scene_of(read_people(Recording(tmp_path / "a.mcap")), None)))
    back = 2 + away
    hidden = {0: range(2, back), 1: [0, *range(back + missed + 2, len(frames))]}
    for index in range(len(frames)):
        for identity in (0, 1):
            size = np.ptp(file.skinned(f"person {identity} mesh", index * STEP_S), axis=0).max()
            assert (size == 0) if index in hidden[identity] else (size > 0.5)


def test_gltf_interpolation_takes_the_short_rotation(tmp_path: Path) -> None:
    frames = 40
    record(tmp_path / "a.mcap", [[0]] * frames)
    scene = scene_of(read_people(Recording(tmp_path / "a.mcap")), None)
    (person,) = scene.people
    turns = continuous(person.quaternions)
    assert ((turns[1:] * turns[:-1]).sum(-1) > 0.9).all()
    file = Glb(glb(scene))
    pelvis = next(index for index, node in enumerate(file.tree["nodes"]) if node["name"] == "joint 0")
    for index in range(frames - 1):
        a, middle, b = (file.world(pelvis, (index + share) * STEP_S)[:3, :3] for share in (0, 0.5, 1))
        whole, half = (math.acos(min(1, (np.trace(a.T @ turned) - 1) / 2)) for turned in (b, middle))
        assert whole == pytest.approx(9 * STEP_S, abs=0.01)
        assert half == pytest.approx(whole / 2, abs=0.01)


def test_animation_of_meshes_only_is_fitted(tmp_path: Path) -> None:
    """Of a recording without params messages: the open body, within what Fit leaves."""
    made = open_body_model()
    assert made.rig is not None
    joints = len(made.parents)
    rng = np.random.default_rng(5)
    encoder, known = FrameEncoder(), ModelEncoder(made)
    rotvecs = rng.normal(0, 0.2, (joints, 3))
    rotvecs[0] = [np.pi, 0, 0]
    truth = []
    with RecordingWriter(tmp_path / "a.mcap") as writer:

        def add(message: bytes, t_s: float) -> None:
            kind = read_kind(message)
            writer.add(kind, read_header(message, COMMON_HEADER, kind), T_NS + round(t_s * 1e9), message)

        add(known.encode(stream="cam0", seq=0, session=7), 0.0)
        for index in range(4):
            shape = np.zeros((1, made.rig.shape_dirs.shape[2]), np.float32)
            posed = RigPose(rotmat(rotvecs[None].astype(np.float32)), shape, np.zeros(1, np.float32))
            zero = np.zeros((1, 0, 3), np.float32)
            place = np.array([[0.1 * index, 0, 3]], np.float32)
            bodies = Bodies(np.array([5], np.int32), np.ones(1, np.float32), zero, zero, zero, place)
            frame = Frame("cam0", index, 0, index * STEP_S, np.zeros((48, 64, 3), np.uint8))
            stamp = Stamp("cam0", index, 7, known.model_id, known.name, T_NS, 0)
            packet = decode(encoder.params(frame, bodies, posed, stamp))
            assert isinstance(packet, FramePacket)
            vertices, skeleton = skin(made, packet.people)
            bodies = replace(bodies, vertices=vertices, joints=skeleton)
            add(encoder.mesh(frame, bodies, stamp), index * STEP_S)
            truth.append(vertices[0] * [1, -1, -1])
        writer.close()
    file = Glb(glb(scene_of(read_people(Recording(tmp_path / "a.mcap")), None)))
    for index, vertices in enumerate(truth):
        off = np.linalg.norm(file.triangles("person 5 mesh", index * STEP_S) - vertices[made.faces], axis=-1)
        assert np.sqrt((off**2).mean()) < 3 * MM


def test_gltf_people_have_the_colors_of_the_overlay() -> None:
    people = [walker(body(), frames=2, track_id=track_id) for track_id in (3, 4, 3 + len(PALETTE))]
    tree = Glb(glb(scene_of(RecordedPeople("cam0", people, None), None))).tree
    materials = [tree["materials"][mesh["primitives"][0]["material"]] for mesh in tree["meshes"]]
    colors = [material["pbrMetallicRoughness"]["baseColorFactor"] for material in materials]
    assert colors == [[*linear_rgb(3), 1.0], [*linear_rgb(4), 1.0], [*linear_rgb(3), 1.0]]
    assert len(tree["materials"]) == 2
    assert "cameras" not in tree


def test_gltf_level_scene_has_floor_and_camera_at_their_places() -> None:
    """A person 5 m in front of a camera that is 2 m high and looks down by 30 degrees, and the camera's view of it."""
    pose = WorldPose.of_height(2.0, tilt_deg=30)
    view = View(np.array([[60.0, 0, 31.5], [0, 50.0, 23.5], [0, 0, 1]]), (64, 48))
    people = [walker(body(), frames=3)]
    plain = Glb(glb(scene_of(RecordedPeople("cam0", people, view), None)))
    file = Glb(glb(scene_of(RecordedPeople("cam0", people, view), pose)))
    floor = next(node for node in file.tree["nodes"] if node["name"] == "floor")
    (primitive,) = file.tree["meshes"][floor["mesh"]]["primitives"]
    corners = file.array(primitive["attributes"]["POSITION"])
    assert not corners[:, 1].any()
    a, b, c = corners[file.array(primitive["indices"]).astype(int)].reshape(-1, 3, 3).swapaxes(0, 1)
    assert (np.cross(b - a, c - a)[:, 1] > 0).all()  # the front side is up
    for t_s in (0.0, 1 / 30):
        seen, placed = plain.skinned("person 3 mesh", t_s), file.skinned("person 3 mesh", t_s)
        in_camera = seen @ np.diag([1.0, -1.0, -1.0])  # opencv axes
        assert placed[:, 1] == pytest.approx(pose.floor.heights(in_camera), abs=1e-5)
        assert (corners[:, [0, 2]].min(0) < placed[:, [0, 2]].min(0)).all()
        assert (corners[:, [0, 2]].max(0) > placed[:, [0, 2]].max(0)).all()
        camera = next(index for index, node in enumerate(file.tree["nodes"]) if node["name"] == "camera")
        at = file.world(camera, t_s)
        assert (placed - at[:3, 3]) @ at[:3, :3] == pytest.approx(seen, abs=1e-5)
    assert not any(node["name"] == "floor" for node in plain.tree["nodes"])
    lens = file.tree["cameras"][0]["perspective"]
    assert lens["aspectRatio"] == pytest.approx(64 / 48)
    assert 24 / math.tan(lens["yfov"] / 2) == pytest.approx(50)


def test_gltf_extras_hold_visibility_and_contacts(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", [[0, 1], [1], [0, 1]], observed=True)
    scene = scene_of(read_people(Recording(tmp_path / "a.mcap")), None)
    made = Glb(glb(scene))
    for person, frames in zip(scene.people, ([0, 2], [0, 1, 2]), strict=True):
        extras = next(node for node in made.tree["nodes"] if node["name"] == f"person {person.name}")["extras"]
        np.testing.assert_allclose(made.array(extras["times"]), np.array(frames) * STEP_S, atol=1e-6)
        expected = np.array([visibility(index, [int(person.name)])[0] for index in frames])
        found = np.stack([made.array(index) for index in extras["visibility"]], 1)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        expected[0] = 1  # the first frame has no contacts
        np.testing.assert_allclose(np.stack([made.array(i) for i in extras["contacts"]], 1), expected[:, :2], atol=1e-6)


def test_gltf_without_visibility_has_no_extras(tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", [[0], [0]])
    made = Glb(glb(scene_of(read_people(Recording(tmp_path / "a.mcap")), None)))
    assert not any("extras" in node for node in made.tree["nodes"])
