"""Live Link JSON, its bones chained as Unreal does."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest

from edge.bridges.udp.livelink import LiveLink
from edge.bridges.udp.skeleton_pose import SkeletonPoser
from edge.bridges.udp.world_frame import WorldFrame
from edge.types import F32
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Conversion
from meshcast.protocol.packets import FramePacket
from tests.support import bridge_packets

EXPECTED = json.loads((bridge_packets.WIRE / "expected.json").read_text(encoding="utf-8"))
UDP_LIMIT = 65507


def subjects(bridge: LiveLink, packet: FramePacket) -> dict[str, list[dict[str, Any]]]:
    pose, found = SkeletonPoser(bridge.axes, WorldFrame()), {}
    for offset, data in bridge.encode(packet, pose.body(packet), pose(packet)):
        assert offset == 0
        assert len(data) < UDP_LIMIT / 6
        assert data.isascii()
        found |= json.loads(data)
    return found


def places(skeleton: list[dict[str, Any]]) -> F32:
    """Where the bones are, with FQuat's way of turning a vector."""

    def turn(q: F32, v: F32) -> F32:
        t = 2 * np.cross(q[:3], v)
        return v + q[3] * t + np.cross(q[:3], t)

    found: list[F32] = []
    for bone in skeleton:
        place, at = np.array(bone["Location"]), bone["Parent"]
        while at >= 0:
            place = np.array(skeleton[at]["Location"]) + turn(np.array(skeleton[at]["Rotation"]), place)
            at = skeleton[at]["Parent"]
        found.append(place)
    return np.array(found)


@pytest.mark.parametrize("axes", SYSTEMS)
def test_livelink_golden_people_match(axes: str) -> None:
    found = subjects(LiveLink(person="all"), bridge_packets.golden(axes))
    assert list(found) == ["golden-cam.0_7", "golden-cam.0_47"]
    for skeleton, joints in zip(found.values(), EXPECTED["axes"]["unreal"]["skinned_joints"], strict=True):
        assert [bone["Name"] for bone in skeleton] == ["pelvis", "spine"]
        assert [bone["Parent"] for bone in skeleton] == [-1, 0]
        assert all(bone["Scale"] == [1, 1, 1] for bone in skeleton)
        np.testing.assert_allclose(places(skeleton), joints, atol=0.02)


@pytest.mark.parametrize(("names", "seed"), list(product(["joints", "mannequin"], range(2))))
def test_livelink_dancers_match_body_model(names: str, seed: int) -> None:
    packet, truth = bridge_packets.dancing(seed)
    found = subjects(LiveLink(names=names, person="all"), packet)
    assert list(found) == ["cam_40", "cam_41"]
    body = packet.model.body
    kept = 24 if names == "joints" else 22  # the mannequin has no joint at the knuckles, which come last
    for skeleton, joints in zip(
        found.values(), Conversion.between(SYSTEMS["opencv"], SYSTEMS["unreal"]).points(truth), strict=True
    ):
        assert [bone["Parent"] for bone in skeleton] == body.parents.tolist()[:kept]
        np.testing.assert_allclose(places(skeleton), joints[:kept], atol=0.05)
        written = [bone["Name"] for bone in skeleton]
        if names == "joints":
            assert written == list(body.joint_names)
        else:
            assert written[:3] + written[-2:] == ["pelvis", "thigh_l", "thigh_r", "hand_l", "hand_r"]


def test_livelink_first_person_keeps_subject() -> None:
    for id_ in (3, 8):
        assert list(subjects(LiveLink(person="first"), bridge_packets.still(ids=[id_]))) == ["cam_first"]
    assert list(subjects(LiveLink(person="8"), bridge_packets.still(ids=[8]))) == ["cam_8"]


def test_livelink_departed_people_send_nothing() -> None:
    assert LiveLink().encode_departed("cam", {1}) == []


def test_livelink_unknown_mannequin_names_raise() -> None:
    packet, pose = bridge_packets.golden("opencv"), SkeletonPoser("unreal", WorldFrame())
    body = pose.body(packet)
    hand = type(body)("mano", body.faces, body.rest_vertices, body.parents, ("wrist", "palm"), ())
    with pytest.raises(WireError, match="body model mano: no joint of the mannequin; use --names joints"):
        LiveLink(names="mannequin").encode(packet, hand, pose(packet))
