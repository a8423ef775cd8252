"""VMC bundles, read back by python-osc and applied as receivers do: root, then each bone relative to its parent in
Unity's humanoid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket

from edge.bridges.udp.sender import Datagram
from edge.bridges.udp.skeleton_pose import SkeletonPoser
from edge.bridges.udp.vmc import Vmc
from edge.bridges.udp.world_frame import WorldFrame
from edge.types import F32
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Conversion
from meshcast.protocol.packets import FramePacket
from tests.support import bridge_packets

# Unity's humanoid: each bone after its parent, with the joint of SMPL that it is.
AVATAR = {
    "Hips": ("", 0),
    "Spine": ("Hips", 3),
    "Chest": ("Spine", 6),
    "UpperChest": ("Chest", 9),
    "Neck": ("UpperChest", 12),
    "Head": ("Neck", 15),
}
for SIDE, FIRST in (("Left", 1), ("Right", 2)):
    AVATAR |= {
        f"{SIDE}UpperLeg": ("Hips", FIRST),
        f"{SIDE}LowerLeg": (f"{SIDE}UpperLeg", FIRST + 3),
        f"{SIDE}Foot": (f"{SIDE}LowerLeg", FIRST + 6),
        f"{SIDE}Toes": (f"{SIDE}Foot", FIRST + 9),
        f"{SIDE}Shoulder": ("UpperChest", FIRST + 12),
        f"{SIDE}UpperArm": (f"{SIDE}Shoulder", FIRST + 15),
        f"{SIDE}LowerArm": (f"{SIDE}UpperArm", FIRST + 17),
        f"{SIDE}Hand": (f"{SIDE}LowerArm", FIRST + 19),
    }


def encode(bridge: Vmc, packet: FramePacket, world: WorldFrame | None = None) -> list[Datagram]:
    pose = SkeletonPoser(bridge.axes, WorldFrame() if world is None else world)
    return bridge.encode(packet, pose.body(packet), pose(packet))


def messages(data: bytes) -> list[tuple[str, list[Any]]]:
    assert data.startswith(b"#bundle\0")
    return [(message.message.address, list(message.message.params)) for message in OscPacket(data).messages]


def bones(data: bytes) -> dict[str, list[float]]:
    return {words[0]: words[1:] for address, words in messages(data) if address.endswith("/Pos")}


def turn(quaternion: list[float], vector: F32) -> F32:
    """As Unity's Quaternion * Vector3."""
    axis, w = np.array(quaternion[:3]), quaternion[3]
    return vector + 2 * np.cross(axis, np.cross(axis, vector) + w * vector)


def pose_avatar(sent: dict[str, list[float]]) -> dict[str, F32]:
    """Places of the avatar's bones; a bone that it was not sent stays with its parent."""
    chains: dict[str, list[list[float]]] = {"": [sent["root"]]}
    for name, (parent, _) in AVATAR.items():
        chains[name] = [*chains[parent], sent[name]] if name in sent else chains[parent]
    places = {}
    for name, chain in chains.items():
        places[name] = np.zeros(3)
        for transform in reversed(chain):
            places[name] = np.array(transform[:3]) + turn(transform[3:], places[name])
    return places


@pytest.mark.parametrize("upper_chest", [True, False])
def test_vmc_avatar_matches_person(upper_chest: bool) -> None:
    packet, truth = bridge_packets.dancing()
    datagrams = encode(Vmc(upper_chest=upper_chest), packet)
    assert len(datagrams) == 2
    unity = Conversion.between(SYSTEMS["opencv"], SYSTEMS["unity"]).points(truth)
    for (_, data), joints in zip(datagrams, unity, strict=True):
        sent = bones(data)
        assert sent.keys() == {"root", *AVATAR} - (set() if upper_chest else {"UpperChest"})
        places = pose_avatar(sent)
        for name in sent.keys() - {"root"}:
            np.testing.assert_allclose(places[name], joints[AVATAR[name][1]], atol=5e-4, err_msg=name)


def test_vmc_t_pose_is_identity_at_origin() -> None:
    ((_, data),) = encode(Vmc(), bridge_packets.still(), WorldFrame(height_m=1, origin_m=3))
    sent = bones(data)
    np.testing.assert_allclose(sent["root"], [0, 0, 0, 0, 0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(sent["Hips"][:3], [0, 1, 0], atol=1e-6)
    for name in AVATAR:
        np.testing.assert_allclose(sent[name][3:], [0, 0, 0, 1], atol=2e-4, err_msg=name)
    # VRM's T-pose in Unity: looking along z, arms level along x, the left one towards -x.
    for side, sign in (("Left", -1), ("Right", 1)):
        for bone in ("LowerArm", "Hand"):
            offset = np.array(sent[side + bone][:3])
            np.testing.assert_allclose(offset / np.linalg.norm(offset), [sign, 0, 0], atol=0.01)
    assert sent["LeftToes"][2] > 0.1


def test_vmc_bundle_has_availability_and_time() -> None:
    bridge = Vmc()
    ((_, first),), ((_, second),) = (encode(bridge, bridge_packets.still()) for _ in range(2))
    assert ("/VMC/Ext/OK", [1]) in messages(first)
    (before,), (after,) = (
        [words[0] for name, words in messages(each) if name == "/VMC/Ext/T"] for each in (first, second)
    )
    assert 0 <= before < after


def test_vmc_root_is_floor_below_hips() -> None:
    packet, _ = bridge_packets.dancing(5, people=1)
    ((_, data),) = encode(Vmc(), packet, WorldFrame(20, 1.5))
    sent = bones(data)
    assert sent["root"][1] == 0
    assert sent["Hips"][0] == sent["Hips"][2] == 0
    assert sent["root"][3:] == [0, 0, 0, 1]


def test_vmc_person_keeps_port_until_departure() -> None:
    bridge, still = Vmc(), bridge_packets.still
    assert [slot for slot, _ in encode(bridge, still(3, ids=[7, 9, 4]))] == [0, 1, 2]
    ((slot, data),) = bridge.encode_departed("cam", {9})
    assert slot == 1
    assert messages(data)[0] == ("/VMC/Ext/OK", [0])
    assert not bones(data)
    assert [slot for slot, _ in encode(bridge, still(3, ids=[4, 12, 7]))] == [2, 1, 0]
    assert [slot for slot, _ in encode(bridge, still(1, ids=[7], stream="other"))] == [3]
    assert [slot for slot, _ in bridge.encode_departed("cam", {4, 7, 12})] == [2, 0, 1]
    assert bridge.encode_departed("cam", {4}) == []


def test_vmc_body_without_hips_raises() -> None:
    packet = bridge_packets.still()
    names = ("wrist", *packet.model.body.joint_names[1:])
    pose = SkeletonPoser("unity", WorldFrame())
    body = pose.body(packet)
    with pytest.raises(WireError, match="body model open: no pelvis at its root"):
        Vmc().encode(packet, type(body)("open", body.faces, body.rest_vertices, body.parents, names, ()), pose(packet))
