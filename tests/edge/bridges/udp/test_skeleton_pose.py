"""Skeleton poses against the body model and the golden packets."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from edge.bridges.udp.bone_names import HUMANOID, MANNEQUIN, bones_of
from edge.bridges.udp.skeleton_pose import SkeletonPoser
from edge.bridges.udp.world_frame import WorldFrame
from edge.types import F32
from engines.importing.body_file import JOINT_NAMES
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Conversion
from tests.support import bridge_packets, golden_packets

EXPECTED = json.loads((bridge_packets.WIRE / "expected.json").read_text(encoding="utf-8"))
AXES = list(SYSTEMS)


def matrix(quaternion: F32) -> F32:
    x, y, z, w = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


@pytest.mark.parametrize(("sent", "wanted"), list(product(AXES, AXES)))
def test_skeleton_poser_golden_people_match_skinned_joints(sent: str, wanted: str) -> None:
    people = SkeletonPoser(wanted, WorldFrame())(bridge_packets.golden(sent))
    assert [person.id for person in people] == EXPECTED["axes"][wanted]["ids"]
    scale = 1 / SYSTEMS[wanted].unit_m
    for person, joints in zip(people, EXPECTED["axes"][wanted]["skinned_joints"], strict=True):
        np.testing.assert_allclose(person.positions, joints, atol=2e-4 * scale)


@pytest.mark.parametrize(("sent", "wanted"), [("opencv", "unity"), ("unity", "unreal"), ("unreal", "gltf")])
def test_skeleton_poser_random_poses_match_body_model(sent: str, wanted: str) -> None:
    packet, truth = bridge_packets.dancing(axes=sent)
    people = SkeletonPoser(wanted, WorldFrame())(packet)
    conversion = Conversion.between(SYSTEMS["opencv"], SYSTEMS[wanted])
    for person, joints in zip(people, conversion.points(truth), strict=True):
        np.testing.assert_allclose(person.positions, joints, atol=5e-4 / SYSTEMS[wanted].unit_m)


@pytest.mark.parametrize("left_out", [[], ["spine3"], ["pelvis"], ["spine1", "left_elbow", "right_collar"]])
def test_skeleton_poser_local_rotations_chain_to_joints(left_out: list[str]) -> None:
    packet, _ = bridge_packets.dancing(3)
    pose = SkeletonPoser("unity", WorldFrame())
    body, (person, _) = pose.body(packet), pose(packet)
    bones = bones_of(body, {name: name for name in body.joint_names if name not in left_out})
    assert len(bones.names) == 24 - len(left_out)
    turned: list[F32] = []
    places: list[F32] = []
    for parent, quaternion, offset in zip(bones.parents, *bones.local(person), strict=True):
        above, start = (turned[parent], places[parent]) if parent >= 0 else (np.eye(3), np.zeros(3))
        turned.append(above @ matrix(quaternion))
        places.append(start + above @ offset)
    np.testing.assert_allclose(places, person.positions[bones.joints], atol=1e-5)
    np.testing.assert_allclose(turned, person.rotations[bones.joints], atol=1e-5)


def test_skeleton_poser_tilted_camera_gives_level_world() -> None:
    # 2 m up, looking 30 degrees down: the middle of the picture shows the floor 4 m along the ray.
    packet = bridge_packets.people_packet(np.tile(np.eye(3), (1, 24, 1, 1)), np.float32([[0, 0, 4]]))
    ahead = 2 / math.tan(math.radians(30))
    (person,) = SkeletonPoser("unity", WorldFrame(30, 2))(packet)
    np.testing.assert_allclose(person.positions[0], [0, 0, ahead], atol=1e-5)
    (person,) = SkeletonPoser("unreal", WorldFrame(30, 2, 3))(packet)
    np.testing.assert_allclose(person.positions[0], [100 * (3 - ahead), 0, 0], atol=1e-3)
    aside = bridge_packets.people_packet(np.tile(np.eye(3), (1, 24, 1, 1)), np.float32([[0.5, 0, 4]]))
    (person,) = SkeletonPoser("gltf", WorldFrame(30, 2, ahead))(aside)
    np.testing.assert_allclose(person.positions[0], [-0.5, 0, 0], atol=1e-5)


@pytest.mark.parametrize("axes", AXES)
def test_skeleton_poser_rotations_follow_world_frame(axes: str) -> None:
    packet, _ = bridge_packets.dancing(1)
    flat, tilted = (SkeletonPoser(axes, world)(packet)[0] for world in (WorldFrame(), WorldFrame(25, 1.5, 2)))
    turn = tilted.rotations[0] @ flat.rotations[0].T
    np.testing.assert_allclose(np.linalg.det(turn), 1, atol=1e-5)
    offsets = flat.positions - flat.positions[0], tilted.positions - tilted.positions[0]
    np.testing.assert_allclose(offsets[1], offsets[0] @ turn.T, atol=1e-4 / SYSTEMS[axes].unit_m)
    np.testing.assert_allclose(tilted.rotations, turn @ flat.rotations, atol=1e-5)


def test_skeleton_poser_unusable_packet_raises() -> None:
    packet, pose = bridge_packets.still(), SkeletonPoser("unity", WorldFrame())
    with pytest.raises(WireError, match="cam: its body model has not been received yet"):
        pose(replace(packet, model=None))
    golden = bridge_packets.golden("opencv")
    with pytest.raises(WireError, match="body model golden_body: 2 joints do not match 24 rotations"):
        pose(replace(packet, model=golden.model, model_id=golden.model_id))
    with pytest.raises(WireError, match="world frame"):
        SkeletonPoser("opencv", WorldFrame())(replace(packet, space="world"))
    bare = bridge_packets.model_packet(golden_packets.model())
    with pytest.raises(WireError, match="body model golden_body: no rig"):
        pose(replace(packet, model=bare, model_id=bare.model_id))


def test_bone_names_are_unique_and_cover_each_family() -> None:
    for table in (HUMANOID, MANNEQUIN):
        assert len(set(table.values())) == len(table)
        for family in ("smpl", "smplh", "smplx"):
            assert set(JOINT_NAMES[family]) - {"left_hand", "right_hand"} <= set(table)
