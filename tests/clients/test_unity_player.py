"""The Unity package's components and its sample, played without Unity: unity_stubs does for them what Unity would do.

What they are given comes from the real publisher; what is looked at is what they write to meshes and bones.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from numpy.typing import NDArray

from edge.types import Bodies, BodyModel, Frame, RigPose
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from engines.body.body import open_body
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.protocol.rotations import rotmat
from meshcast.protocol.skinning import skin
from tests.support.mono import CORE, STRICT, Source, client, compile_cs, needs_mono, receiving, sources

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

pytestmark = [needs_mono, receiving]

TO_UNITY = np.diag([1.0, -1.0, 1.0])
# A quarter turn about y, and where the camera stands in the scene.
TURN, PLACE = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]), np.array([1.0, 2, 3])


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folders = (
        *CORE,
        "clients/unity/Runtime/Components",
        "clients/unity/Samples~/Live",
        "tests/clients/unity_stubs",
        "tests/clients/unity_player",
    )
    files = [name for name in sources(*folders) if not name.endswith(("NetMQ.cs", "UnityEditor.cs"))]
    files += [name for name in sources("tests/clients/unity_checker") if name.endswith("Json.cs")]
    # Unity fills fields that it shows; this compiler does not know.
    options = (*STRICT, "-nowarn:649")
    return compile_cs(tmp_path_factory.mktemp("unity") / "player.exe", files, options=options)


@pytest.fixture(scope="module")
def model() -> BodyModel:
    body = open_body()
    return BodyModel(
        body.name,
        body.faces,
        body.v_template,
        body.parents,
        body.joint_names,
        (),
        rig=rig_of(body),
        uv=body.uv,
        lod=lod_of(body),
    )


@pytest.fixture(scope="module")
def people(model: BodyModel) -> Callable[..., Bodies]:
    """Bodies at rest, one for each id, facing the camera."""

    def make(*ids: int) -> Bodies:
        assert model.rig is not None
        flip = np.array([1, -1, -1], np.float32)
        away = np.array([[0.7 * i, 0.1, 3 + i] for i in range(len(ids))], np.float32).reshape(-1, 1, 3)
        root = model.rig.rest_joints[:1]
        joints = (model.rig.rest_joints - root) * flip + away
        return Bodies(
            ids=np.array(ids, np.int32),
            scores=np.ones(len(ids), np.float32),
            keypoints=np.zeros((len(ids), 0, 3), np.float32),
            joints=joints,
            vertices=(model.rest_vertices - root) * flip + away,
            translation=joints[:, 0],
        )

    return make


def world(points: Any) -> F64:
    placed: F64 = np.asarray(points, np.float64) @ TO_UNITY.T @ TURN.T + PLACE
    return placed


def drawn(body: dict[str, Any]) -> tuple[F64, F64, F64]:
    """Corners (C, 3) and normals (C, 3) in the scene, and triangles (F, 3)."""
    assert body["layout"] == ["0 Position 3", "0 Normal 3", "1 TexCoord0 2"]
    corners = np.array(body["corners"]).reshape(-1, 6)
    x, y, z, w = body["turned"]
    assert (x, z, y, w) == pytest.approx((0, 0, 0.5**0.5, 0.5**0.5), abs=1e-6)
    triangles = np.array(body["triangles"]).reshape(-1, 3)
    return corners[:, :3] @ TURN.T + body["at"], corners[:, 3:] @ TURN.T, triangles


def smooth(vertices: F64, faces: I32) -> F64:
    """Normals weighted by area, of faces that are counter-clockwise in right-handed axes."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normals = np.zeros_like(vertices)
    for corner in faces.T:
        np.add.at(normals, corner, np.cross(b - a, c - a))
    length: F64 = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / length


@pytest.mark.parametrize(("level", "topic"), [("Mesh", "mesh/"), ("MeshLod", "mesh-lod/"), ("Params", "params/")])
def test_body_surface_shows_each_person(
    player: Path, model: BodyModel, people: Callable[..., Bodies], level: str, topic: str
) -> None:
    assert model.lod is not None
    two = people(4, 9)
    kept = model.lod.vertices if level == "MeshLod" else np.arange(len(model.rest_vertices))
    faces = model.lod.faces if level == "MeshLod" else model.faces
    with (
        closing(Source(model=model, bodies=two)) as source,
        client(player, "live", source.address, level, "0") as unity,
    ):
        source.wait_for_subscribers(topic)
        source.publish(2)
        state = unity.ask("seq 1")
    assert state["text"]
    assert [body["id"] for body in state["bodies"]] == [4, 9]
    for number, body in enumerate(state["bodies"]):
        assert body["shown"]
        assert body["material"]
        np.testing.assert_allclose(body["at"], world(two.translation[number]), atol=1e-5)
        corners, normals, triangles = drawn(body)
        vertices = two.vertices[number].astype(np.float64)[kept]
        # The fit of rotations and shape to the vertices is not exact.
        near = 6e-3 if level == "Params" else 1e-4
        np.testing.assert_allclose(corners[: len(kept)], world(vertices), atol=near)
        # Unity draws the clockwise ones: the second and third corner change places.
        np.testing.assert_allclose(corners[triangles][:, [0, 2, 1]], world(vertices)[faces], atol=near)
        outward = smooth(vertices, faces) @ TO_UNITY.T @ TURN.T
        cosine = (normals[: len(kept)] * outward).sum(1)
        assert np.percentile(cosine, 0.5) > 0.99
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-4)
        if model.uv is not None and level != "MeshLod":
            uvs = np.array(body["uvs"]).reshape(-1, 2)
            np.testing.assert_array_equal(uvs[triangles][:, [0, 2, 1]], model.uv.coordinates[model.uv.faces])
        # Else Unity would leave out what it believes to be out of sight.
        local = np.array(body["corners"]).reshape(-1, 6)[:, :3]
        np.testing.assert_allclose([body["low"], body["high"]], [local.min(0), local.max(0)], atol=1e-6)
        assert body["part_low"] == body["low"]
        assert body["part"] == [0, triangles.size, 0, len(local)]
        assert body["renderers_know"]


def shown(state: dict[str, Any]) -> list[int]:
    return sorted(body["id"] for body in state["bodies"] if body["shown"])


def test_stream_component_creates_and_destroys_bodies(
    player: Path, model: BodyModel, people: Callable[..., Bodies]
) -> None:
    first = Source(model=model, bodies=people(4, 9))
    with closing(first), client(player, "live", first.address, "MeshLod", "0") as unity:
        first.wait_for_subscribers("mesh-lod/")
        first.publish()
        assert shown(unity.ask("seq 0")) == [4, 9]
        first.publish(bodies=people(9, 11, 12))
        assert shown(unity.ask("seq 1")) == [9, 11, 12]
        first.publish(bodies=people())
        assert shown(unity.ask("seq 2")) == []
        first.publish(bodies=people(12))
        state = unity.ask("seq 3")
        assert shown(state) == [12]
        # Those who left made room for those who came later.
        assert len(state["bodies"]) == 4
        first.publisher.end("cam0", "that was all")
        state = unity.ask("gone")
        assert (shown(state), state["shows"]) == ([], False)
        first.close()
        with closing(Source(first.address, model=model, bodies=people(1, 2))) as second:
            second.wait_for_subscribers("mesh-lod/")
            second.publish()
            assert shown(unity.ask("back")) == [1, 2]
            assert not unity.ask("quit")["shows"]


def test_body_of_briefly_missing_person_stays(player: Path, model: BodyModel, people: Callable[..., Bodies]) -> None:
    source = Source(model=model, bodies=people(4, 9))
    with closing(source), client(player, "live", source.address, "MeshLod", "1000") as unity:
        source.wait_for_subscribers("mesh-lod/")
        source.publish()
        before = unity.ask("seq 0")
        source.publish(bodies=people(9, 11))
        now = unity.ask("seq 1")
        assert shown(now) == [4, 9, 11]
        places = [{body["id"]: body["corners"] for body in state["bodies"]} for state in (before, now)]
        assert places[1][4] == places[0][4]
        source.publish(bodies=people(4, 9, 11))
        assert shown(unity.ask("seq 2")) == [4, 9, 11]
        source.publisher.end("cam0", "that was all")
        assert shown(unity.ask("gone")) == []


def test_stream_component_in_the_background_stops_receiving(
    player: Path, model: BodyModel, people: Callable[..., Bodies]
) -> None:
    source = Source(model=model, bodies=people(4))
    with closing(source), client(player, "live", source.address, "MeshLod", "0") as unity:
        source.wait_for_subscribers("mesh-lod/")
        source.publish()
        assert shown(unity.ask("seq 0")) == [4]
        unity.ask("pause")
        source.publish(2)
        unity.ask("resume")
        # Only the status, which comes with the connection, can tell of the last two.
        assert unity.ask("lost 2")["lost"] == 2
        source.wait_for_subscribers("mesh-lod/")
        source.publish()
        state = unity.ask("seq 3")
        assert (shown(state), state["lost"]) == ([4], 2)


TURNED = {
    "pelvis": (0.2, 2.8, -0.3),
    "left_hip": (-0.9, 0.1, 0.3),
    "right_knee": (1.1, 0, 0),
    "spine1": (0.2, -0.3, 0.1),
    "spine2": (0.1, 0.2, 0.3),
    "spine3": (-0.2, 0.3, 0.1),
    "neck": (0.3, 0.2, -0.1),
    "head": (0.1, 0.6, 0.2),
    "left_collar": (0.1, 0.1, 0.2),
    "left_shoulder": (0.3, -0.8, -0.9),
    "left_elbow": (0.2, -1.4, 0.3),
    "right_shoulder": (-0.5, 0.4, 1.2),
    "right_wrist": (0.4, 0.1, 0.2),
    "left_ankle": (0.3, 0.2, 0),
}
LIMBS = [
    ("LeftUpperLeg", "LeftLowerLeg"),
    ("RightLowerLeg", "RightFoot"),
    ("LeftFoot", "LeftToes"),
    ("LeftUpperArm", "LeftLowerArm"),
    ("LeftLowerArm", "LeftHand"),
    ("RightUpperArm", "RightLowerArm"),
    ("RightLowerArm", "RightHand"),
    ("Neck", "Head"),
    ("LeftShoulder", "RightShoulder"),
    ("Neck", "LeftShoulder"),
]
BONES = {
    "Hips": "pelvis",
    "Spine": "spine1",
    "Chest": "spine2",
    "UpperChest": "spine3",
    "Neck": "neck",
    "Head": "head",
} | {
    side.title() + bone: f"{side}_{joint}"
    for side in ("left", "right")
    for bone, joint in [
        ("UpperLeg", "hip"),
        ("LowerLeg", "knee"),
        ("Foot", "ankle"),
        ("Toes", "foot"),
        ("Shoulder", "collar"),
        ("UpperArm", "shoulder"),
        ("LowerArm", "elbow"),
        ("Hand", "wrist"),
    ]
}


@pytest.mark.parametrize("axes", ["opencv", "unity"])
@pytest.mark.parametrize("spine", [3, 2, 1])
def test_humanoid_character_follows_the_skeleton(
    player: Path, model: BodyModel, people: Callable[..., Bodies], axes: str, spine: int
) -> None:
    rotvecs = np.zeros((1, len(model.parents), 3), np.float32)
    for joint, turn in TURNED.items():
        rotvecs[0, model.joint_names.index(joint)] = turn
    assert model.rig is not None
    posed = RigPose(rotmat(rotvecs), np.zeros((1, model.rig.shape_dirs.shape[2]), np.float32), np.ones(1, np.float32))
    frame = Frame("cam0", 0, 5_000_000_000, 0.0, np.zeros((48, 64, 3), np.uint8))
    known, unity_known = ModelEncoder(model, axes), ModelEncoder(model, "unity")

    def message(known: ModelEncoder, axes: str, bodies: Bodies, posed: RigPose, seq: int) -> bytes:
        stamp = Stamp("cam0", seq, 1, known.model_id, known.name, 0, 5_000_000_000 + seq * 33_000_000)
        return FrameEncoder(axes).params(frame, bodies, posed, stamp)

    one, no_people = people(3), people()
    none = RigPose(posed.rotations[:0], posed.shape[:0], posed.error_mm[:0])
    skeleton = decode(unity_known.encode(stream="cam0", seq=0, session=1))
    packet = decode(message(unity_known, "unity", one, posed, 0))
    assert isinstance(skeleton, ModelPacket)
    assert isinstance(packet, FramePacket)
    joints = skin(skeleton.body, packet.people)[1][0].astype(np.float64) @ TURN.T + PLACE
    wanted = {bone: joints[model.joint_names.index(joint)] for bone, joint in BONES.items()}
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        with client(player, "rig", f"tcp://127.0.0.1:{port}", spine) as unity:
            for _ in range(3):
                socket.recv()
            socket.send(known.encode(stream="cam0", seq=0, session=1))
            socket.send(message(known, axes, one, posed, 0))
            (body,) = unity.ask("seq 0")["bodies"]
            socket.send(message(known, axes, no_people, none, 1))
            (left,) = unity.ask("seq 1")["bodies"]
    assert (body["id"], body["shown"], body["hidden"]) == (3, True, False)
    assert (left["shown"], left["hidden"]) == (False, True)
    bones = {name: np.array(at) for name, at in body["bones"].items()}
    assert set(bones) == set(BONES) - {2: {"UpperChest"}, 1: {"UpperChest", "Chest"}}.get(spine, set())
    np.testing.assert_allclose(bones["Hips"], wanted["Hips"], atol=1e-3)
    for upper, lower in LIMBS:
        np.testing.assert_allclose(
            bones[lower] - bones[upper], wanted[lower] - wanted[upper], atol=1e-3, err_msg=f"{upper} {lower}"
        )
    if spine == 3:
        for name, at in bones.items():
            np.testing.assert_allclose(at, wanted[name], atol=1e-3, err_msg=name)
