"""Writes the golden packets and their numbers: `PYTHONPATH=. python tests/data/wire/make.py`.

Every number is exact in float32, so that every language's decoder must find the same.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from calibration.camera import Camera
from edge.types import Bodies, BodyModel, Frame
from edge.wire.model import ModelEncoder
from edge.wire.packet import Stamp, encode_bodies

HERE = Path(__file__).parent
STREAM, SESSION, T_UNIX_NS, T_MONOTONIC_NS = "golden-cam.0", 0xC0FFEE01, 1_800_000_000_123_456_789, 5_000_000_000
AGE_NS = 31_250_000
V, J, K = 7, 3, 2
CAMERA = Camera(
    (640, 480),
    np.array([[500.5, 0.25, 319.5], [0, 501.0, 239.5], [0, 0, 1]]),
    np.array([-0.25, 0.125, 0.0009765625, -0.001953125, 0.03125]),
)


def model() -> BodyModel:
    rest = (np.arange(V * 3, dtype=np.float32) / 8 - 1).reshape(V, 3)
    faces = np.array([[0, 1, 2], [2, 3, 4], [4, 5, 6], [6, 0, 2]], np.int32)
    parents = np.array([-1, 0], np.int32)
    return BodyModel("golden_body", faces, rest, parents, ("pelvis", "spine", "tête"), ("nose", "left_eye"))


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


def mesh_packet(people: int, *, camera: bool) -> bytes:
    frame = Frame("golden", 1234, T_MONOTONIC_NS - AGE_NS, 41.125, np.zeros((480, 640, 3), np.uint8))
    encoder = ModelEncoder(model())
    stamp = Stamp(STREAM, 99 + people, SESSION, encoder.model_id, encoder.name, T_UNIX_NS, T_MONOTONIC_NS)
    return encode_bodies(frame, bodies(people), stamp, CAMERA if camera else None)


def packets() -> dict[str, bytes]:
    model_packet = ModelEncoder(model()).encode(stream=STREAM, seq=3, session=SESSION, t_publish_unix_ns=T_UNIX_NS)
    return {
        "mesh_0_people.bin": mesh_packet(0, camera=True),
        "mesh_1_person.bin": mesh_packet(1, camera=False),
        "mesh_2_people.bin": mesh_packet(2, camera=True),
        "model.bin": model_packet,
    }


def numbers() -> dict[str, object]:
    body = model()
    frame = {
        "stream": STREAM,
        "session": SESSION,
        "model_id": ModelEncoder(body).model_id,
        "model_name": body.name,
        "axes": "opencv",
        "unit": "m",
        "space": "camera",
        "frame_index": 1234,
        "t_stream_s": 41.125,
        "t_publish_unix_ns": T_UNIX_NS,
        "t_capture_unix_ns": T_UNIX_NS - AGE_NS,
        "t_capture_monotonic_ns": T_MONOTONIC_NS - AGE_NS,
        "age_ms": AGE_NS / 1e6,
        "size": [640, 480],
    }
    people = {}
    for count, name in ((0, "mesh_0_people.bin"), (1, "mesh_1_person.bin"), (2, "mesh_2_people.bin")):
        made = bodies(count)
        fields = ("ids", "scores", "translation", "joints", "keypoints", "vertices")
        arrays = {field: getattr(made, field).tolist() for field in fields}
        people[name] = {"seq": 99 + count, "camera": count != 1, "people": arrays}
    return {
        "vertex_tolerance_m": 2e-5,
        "header": frame,
        "K": CAMERA.K.tolist(),
        "distortion": CAMERA.distortion.tolist(),
        "mesh": people,
        "model": {
            "seq": 3,
            "axes": "gltf",
            "rest_vertices": body.rest_vertices.tolist(),
            "faces": body.faces.tolist(),
            "parents": body.parents.tolist(),
            "joint_names": body.joint_names,
            "keypoint_names": body.keypoint_names,
        },
    }


if __name__ == "__main__":
    for name, data in packets().items():
        (HERE / name).write_bytes(data)
    (HERE / "expected.json").write_text(json.dumps(numbers(), indent=1) + "\n")
