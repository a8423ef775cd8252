"""Writes the golden packets and their numbers: `PYTHONPATH=. python tests/support/golden_packets.py`.

The numbers of the mesh, joints, model and status messages are exact in float32, so that every language's decoder must
find the same; rotations and shapes are whole levels.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from calibration.camera import Camera
from edge.types import Bodies, BodyModel, Frame, RigPose
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from meshcast.protocol.axes import SYSTEMS, Conversion, convert_body
from meshcast.protocol.body import Lod, Rig, UvMap
from meshcast.protocol.decoding import decode
from meshcast.protocol.encoding import encode
from meshcast.protocol.layout import ROTATION_STEP, SHAPE_STEP
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from meshcast.protocol.rotations import rotmat
from meshcast.protocol.skinning import skin

DATA = Path(__file__).parents[1] / "data/wire"
STREAM, SESSION, T_UNIX_NS, T_MONOTONIC_NS = "golden-cam.0", 0xC0FFEE01, 1_800_000_000_123_456_789, 5_000_000_000
AGE_NS = 31_250_000
V, J, K, P, B = 7, 3, 2, 2, 2
CAMERA = Camera(
    (640, 480),
    np.array([[500.5, 0.25, 319.5], [0, 501.0, 239.5], [0, 0, 1]]),
    np.array([-0.25, 0.125, 0.0009765625, -0.001953125, 0.03125]),
)
ROTATION_LEVELS = np.int16([[[32767, 0, 0], [1000, -2000, 3000]], [[-4096, 8192, -16384], [0, 0, 0]]])
VISIBILITY = np.float32([[0, 51, 255], [102, 255, 153]]) / 255
CONTACTS = np.float32([[255, 0], [204, 51]]) / 255
SHAPE_LEVELS = np.int16([[1500, -250], [0, 32767]])


def model() -> BodyModel:
    """A body of 7 vertices without a rig."""
    rest = (np.arange(V * 3, dtype=np.float32) / 8 - 1).reshape(V, 3)
    faces = np.array([[0, 1, 2], [2, 3, 4], [4, 5, 6], [6, 0, 2]], np.int32)
    parents = np.array([-1, 0], np.int32)
    return BodyModel("golden_body", faces, rest, parents, ("pelvis", "spine", "tête"), ("nose", "left_eye"))


def rigged() -> BodyModel:
    """The same body with everything that a model message can hold."""
    body = model()
    share = np.float32([[0, 65535], [13107, 52428], [26214, 39321], [65535, 0], [39321, 26214], [1, 65534], [0, 65535]])
    joints = np.tile(np.uint8([0, 1, 0, 0]), (V, 1))
    weights = np.concatenate([share, np.zeros((V, 2), np.float32)], 1) / np.float32(65535)
    dirs = (np.arange(V * 3 * B).reshape(V, 3, B) % 5 - 2).astype(np.float32)
    dirs[0, 0] = 32767  # so that a level is a power of two
    dirs *= np.float32([2**-18, 2**-19])
    rest_joints = np.float32([[0, 0.5, 0.25], [0.125, 1.0, -0.25]])
    joint_dirs = np.arange(P * 3 * B, dtype=np.float32).reshape(P, 3, B) / 128
    uv = UvMap(
        (np.arange(18, dtype=np.float32) / 32).reshape(9, 2),
        np.array([[0, 1, 2], [2, 3, 4], [4, 5, 6], [7, 8, 2]], np.int32),
    )
    lod = Lod(np.array([0, 2, 4, 6], np.int32), np.array([[0, 1, 2], [2, 3, 0]], np.int32))
    return replace(body, rig=Rig(rest_joints, joints, weights, dirs, joint_dirs), uv=uv, lod=lod)


def bodies(people: int) -> Bodies:
    n = np.arange(people, dtype=np.float32)[:, None, None]
    grid = np.arange(V * 3, dtype=np.float32).reshape(1, V, 3)
    joints = np.arange(J * 3, dtype=np.float32).reshape(1, J, 3) / 16 + n
    keypoints = np.broadcast_to(np.float32([[100.5, 200.25, 0.75], [110.0, 190.0, 0.0]]), (people, K, 3)) + n * 8
    return Bodies(
        ids=np.arange(people, dtype=np.int32) * 40 + 7,
        scores=0.5 + n[:, 0, 0] / 4,
        keypoints=keypoints.astype(np.float32),
        joints=joints,
        vertices=grid / 32 + n * 0.5,
        translation=joints[:, 0],
    )


def posed(people: int) -> RigPose:
    """Rotations that are whole levels in opencv axes."""
    rotvecs = ROTATION_LEVELS[:people] * np.float32(ROTATION_STEP)
    shape = SHAPE_LEVELS[:people] * np.float32(SHAPE_STEP)
    return RigPose(rotmat(rotvecs), shape, np.float32([2.5, 0.125])[:people])


def frame() -> Frame:
    return Frame("golden", 1234, T_MONOTONIC_NS - AGE_NS, 41.125, np.zeros((480, 640, 3), np.uint8))


def stamp(people: int, known: ModelEncoder) -> Stamp:
    return Stamp(STREAM, 99 + people, SESSION, known.model_id, known.name, T_UNIX_NS, T_MONOTONIC_NS)


def mesh_packet(people: int, *, camera: bool, made: Bodies | None = None) -> bytes:
    made = bodies(people) if made is None else made
    return FrameEncoder().mesh(frame(), made, stamp(people, ModelEncoder(model())), CAMERA if camera else None)


def observed_packets() -> dict[str, bytes]:
    """Frames with visibilities, with contacts and with both; `None` is what a publisher does not know."""
    both = replace(bodies(2), visibility=VISIBILITY, contacts=CONTACTS)
    at = stamp(2, ModelEncoder(rigged()))
    return {
        "mesh_visibility.bin": mesh_packet(2, camera=True, made=both),
        "mesh_visibility_0_people.bin": mesh_packet(
            0, camera=True, made=replace(bodies(0), visibility=VISIBILITY[:0], contacts=CONTACTS[:0])
        ),
        "mesh_visibility_only.bin": mesh_packet(2, camera=True, made=replace(both, contacts=None)),
        "mesh_contacts_only.bin": mesh_packet(2, camera=True, made=replace(both, visibility=None)),
        "mesh_visibility_future.bin": from_the_future(mesh_packet(2, camera=True, made=both)),
        "params_visibility.bin": FrameEncoder().params(frame(), both, posed(2), at, CAMERA),
    }


def status_packet(state: str, reason: str = "") -> bytes:
    known = ModelEncoder(rigged())
    return encode(
        StatusPacket(STREAM, 12, SESSION, T_UNIX_NS, T_MONOTONIC_NS, known.model_id, state, 1 << 33, reason, known.name)
    )


def model_packet(body: BodyModel, axes: str = "opencv") -> bytes:
    return ModelEncoder(body, axes).encode(stream=STREAM, seq=3, session=SESSION, t_publish_unix_ns=T_UNIX_NS)


def from_the_future(message: bytes) -> bytes:
    """The message as a later publisher might send it: four more fields in the header, one more array."""
    header_size, size = int.from_bytes(message[48:52], "little"), len(message) + 16 + 8
    sizes = (header_size + 16).to_bytes(4, "little") + size.to_bytes(4, "little")
    return message[:48] + sizes + message[56:header_size] + bytes(range(1, 17)) + message[header_size:] + b"\xff" * 8


def packets() -> dict[str, bytes]:
    body, two = rigged(), bodies(2)
    found = {
        "mesh_0_people.bin": mesh_packet(0, camera=True),
        "mesh_1_person.bin": mesh_packet(1, camera=False),
        "mesh_2_people.bin": mesh_packet(2, camera=True),
        "mesh_future.bin": from_the_future(mesh_packet(2, camera=True)),
        "model_bare.bin": model_packet(model()),
        "status_live.bin": status_packet("live"),
        "status_ended.bin": status_packet("ended", "the end of clip “ä”.mp4"),
        **observed_packets(),
    }
    for axes in SYSTEMS:
        known = ModelEncoder(body, axes)
        encoder = FrameEncoder(axes, body.lod.vertices if body.lod else None)
        at = stamp(2, known)
        found |= {
            f"model_{axes}.bin": model_packet(body, axes),
            f"mesh_{axes}.bin": encoder.mesh(frame(), two, at, CAMERA),
            f"mesh-lod_{axes}.bin": encoder.mesh_lod(frame(), two, at, CAMERA),
            f"joints_{axes}.bin": encoder.joints(frame(), two, at, CAMERA),
            f"params_{axes}.bin": encoder.params(frame(), two, posed(2), at, CAMERA),
        }
    return found


def arrays_of(owner: object, *names: str) -> dict[str, object]:
    return {name: getattr(owner, name).tolist() for name in names}


def numbers() -> dict[str, object]:
    """What the packets must decode to. Everything but the rotations and what skinning makes of them comes from the
    arrays above and not from a decoder."""
    bare = model()
    head = {
        "stream": STREAM,
        "session": SESSION,
        "frame_index": 1234,
        "t_stream_s": 41.125,
        "t_publish_unix_ns": T_UNIX_NS,
        "t_capture_unix_ns": T_UNIX_NS - AGE_NS,
        "t_capture_monotonic_ns": T_MONOTONIC_NS - AGE_NS,
        "age_ms": AGE_NS / 1e6,
        "size": [640, 480],
        "space": "camera",
    }
    mesh = {}
    for count, name in ((0, "mesh_0_people.bin"), (1, "mesh_1_person.bin"), (2, "mesh_2_people.bin")):
        made = bodies(count)
        people = arrays_of(made, "ids", "scores", "translation", "joints", "keypoints", "vertices")
        mesh[name] = {"seq": 99 + count, "camera": count != 1, "people": people}
    for name in ("mesh_future", "mesh_visibility", "mesh_visibility_only", "mesh_contacts_only"):
        mesh[f"{name}.bin"] = mesh["mesh_2_people.bin"]
    mesh["mesh_visibility_future.bin"] = mesh["mesh_2_people.bin"]
    mesh["mesh_visibility_0_people.bin"] = mesh["mesh_0_people.bin"]
    return {
        "tolerance": 2e-5,
        "rotation_tolerance_rad": 1e-4,
        "header": head,
        "K": CAMERA.K.tolist(),
        "distortion": CAMERA.distortion.tolist(),
        "bare_model_id": ModelEncoder(bare).model_id,
        "mesh": mesh,
        "observed": observed_numbers(),
        "models": {"model_bare.bin": model_numbers(bare, "opencv")}
        | {f"model_{axes}.bin": model_numbers(rigged(), axes) for axes in SYSTEMS},
        "axes": {axes: axes_numbers(axes) for axes in SYSTEMS},
        "status": {
            "status_live.bin": {"state": "live", "reason": ""},
            "status_ended.bin": {"state": "ended", "reason": "the end of clip “ä”.mp4"},
        },
        "status_header": {
            "stream": STREAM,
            "seq": 12,
            "session": SESSION,
            "model_id": ModelEncoder(rigged()).model_id,
            "next_seq": 1 << 33,
            "t_publish_unix_ns": T_UNIX_NS,
            "t_publish_monotonic_ns": T_MONOTONIC_NS,
        },
    }


def observed_numbers() -> dict[str, object]:
    """Visibilities and contacts of the packets that have them or not."""
    visibility, contacts = VISIBILITY.tolist(), CONTACTS.tolist()
    both = {"visibility": visibility, "contacts": contacts}
    return {
        "mesh_2_people.bin": {"visibility": None, "contacts": None},
        "mesh_future.bin": {"visibility": None, "contacts": None},
        "mesh_visibility.bin": both,
        "mesh_visibility_future.bin": both,
        "mesh_visibility_only.bin": {"visibility": visibility, "contacts": None},
        "mesh_contacts_only.bin": {"visibility": None, "contacts": contacts},
        "params_visibility.bin": both,
    }


def model_numbers(body: BodyModel, axes: str) -> dict[str, object]:
    system = SYSTEMS[axes]
    made = convert_body(body, Conversion.between(SYSTEMS["gltf"], system))
    found = {
        "seq": 3,
        "model_id": ModelEncoder(body, axes).model_id,
        "model_name": body.name,
        "axes": system.model_name,
        "unit": system.unit,
        "joint_names": body.joint_names,
        "keypoint_names": body.keypoint_names,
        **arrays_of(made, "rest_vertices", "faces", "parents"),
    }
    if made.rig and made.uv and made.lod:
        found["rig"] = arrays_of(made.rig, "rest_joints", "joints", "weights", "shape_dirs", "joint_shape_dirs")
        found["uv"] = arrays_of(made.uv, "coordinates", "faces")
        found["lod"] = arrays_of(made.lod, "vertices", "faces")
    return found


def axes_numbers(axes: str) -> dict[str, object]:
    """Two people in these axes: as mesh, coarser mesh and joints, and skinned from the params message."""
    conversion, made = Conversion.between(SYSTEMS["opencv"], SYSTEMS[axes]), bodies(2)
    params, known = decode(packets()[f"params_{axes}.bin"]), decode(model_packet(rigged(), axes))
    assert isinstance(params, FramePacket)
    assert isinstance(known, ModelPacket)
    vertices, joints = skin(known.body, params.people)
    return {
        "unit": SYSTEMS[axes].unit,
        "model_id": known.model_id,
        "seq": 101,
        **arrays_of(made, "ids", "scores", "keypoints"),
        "translation": conversion.points(made.translation).tolist(),
        "joints": conversion.points(made.joints).tolist(),
        "vertices": conversion.points(made.vertices).tolist(),
        "lod_vertices": conversion.points(made.vertices[:, [0, 2, 4, 6]]).tolist(),
        "rotvecs": params.people.rotvecs.tolist(),
        "shape": (SHAPE_LEVELS * SHAPE_STEP).tolist(),
        "error_mm": [2.5, 0.125],
        "skinned_vertices": vertices.tolist(),
        "skinned_joints": joints.tolist(),
    }


if __name__ == "__main__":
    for old in DATA.glob("*.bin"):
        old.unlink()
    for name, data in packets().items():
        (DATA / name).write_bytes(data)
    (DATA / "expected.json").write_text(json.dumps(numbers(), ensure_ascii=False) + "\n")
