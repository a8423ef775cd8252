"""The Unity package's decoder and receiver, which need no Unity: compiled and run under Mono.

They are run against the golden packets and the real publisher. What needs Unity or NetMQ is compiled here, against
signatures of theirs (unity_stubs); test_unity_player.py runs it.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from scipy.spatial.transform import Rotation
from zmq.utils import z85

from edge.wire.curve_auth import Security
from edge.wire.model import ModelEncoder
from engines.body.body import open_body
from meshcast.protocol.body import BodyModel, Lod
from meshcast.protocol.layout import ROTATION_STEP
from meshcast.protocol.rotations import rotmat
from meshcast.transport.curve import read_keys
from meshcast.transport.latency import LatencyEstimator
from tests.support import golden_packets
from tests.support.mono import (
    CORE,
    PACKAGE,
    PATIENCE_S,
    STRICT,
    Client,
    Source,
    client,
    compile_cs,
    needs_mono,
    receiving,
    sources,
)
from tests.support.paths import ROOT, WIRE

EXPECTED = json.loads((WIRE / "expected.json").read_text())
AXES = ("opencv", "unity", "unreal", "gltf")
LEVELS = {"mesh": "vertices", "mesh-lod": "lod_vertices", "joints": None, "params": None}

pytestmark = needs_mono


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_cs(tmp_path_factory.mktemp("unity") / "Meshcast.Core.dll", sources(*CORE), options=STRICT)


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Together with the core, so that the checks see what is internal.
    files = sources(*CORE, "tests/clients/unity_checker")
    return compile_cs(tmp_path_factory.mktemp("unity") / "checker.exe", files, options=STRICT)


def run(checker: Path, *arguments: object) -> Any:
    words = ["mono", str(checker), *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def assert_close(got: Any, wanted: Any, what: str, tolerance: float = 0.0) -> None:
    found, true = np.array(got, np.float64).ravel(), np.array(wanted, np.float64).ravel()
    assert found.shape == true.shape, what
    np.testing.assert_allclose(found, true, rtol=1e-6 if tolerance else 0, atol=tolerance, err_msg=what)


def meters(axes: str) -> float:
    tolerance: float = EXPECTED["tolerance"]
    return 100 * tolerance if axes == "unreal" else tolerance


def assert_same_rotations(got: Any, wanted: Any, what: str) -> None:
    true = np.array(wanted, np.float32)
    matrices = rotmat(np.array(got, np.float32).reshape(true.shape))
    np.testing.assert_allclose(matrices, rotmat(true), atol=EXPECTED["rotation_tolerance_rad"], rtol=0, err_msg=what)


def test_all_assemblies_compile_against_unity_stubs(core: Path, tmp_path: Path) -> None:
    stubs = compile_cs(tmp_path / "UnityEngine.dll", sources("tests/clients/unity_stubs"))
    engine = (core, stubs)
    # Unity fills fields that it shows; this compiler does not know.
    fields = (*STRICT, "-nowarn:649")
    components = compile_cs(
        tmp_path / "Components.dll", sources("clients/unity/Runtime/Components"), *engine, options=fields
    )
    assert compile_cs(tmp_path / "NetMQ.dll", sources("clients/unity/Runtime/NetMQ"), *engine, options=STRICT).is_file()
    assert compile_cs(tmp_path / "Editor.dll", sources("clients/unity/Editor"), *engine, options=STRICT).is_file()
    live = sources("clients/unity/Samples~/Live")
    assert compile_cs(tmp_path / "Live.dll", live, *engine, components, options=fields).is_file()


@pytest.fixture(scope="module")
def decoded(checker: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = run(checker, "decode", WIRE)
    assert set(found) == {path.name for path in WIRE.glob("*.bin")}
    return found


def assert_head(packet: dict[str, Any], camera: bool) -> None:
    head = EXPECTED["header"]
    assert {name: packet[name] for name in head} == head
    assert packet["camera"] is camera
    if camera:
        (fx, skew, cx), (_, fy, cy), _ = EXPECTED["K"]
        assert packet["intrinsics"] == [fx, fy, cx, cy, skew]
        assert packet["distortion"] == EXPECTED["distortion"]


@pytest.mark.parametrize("name", EXPECTED["mesh"])
def test_decode_mesh_message_gives_golden_numbers(decoded: dict[str, dict[str, Any]], name: str) -> None:
    wanted, packet = EXPECTED["mesh"][name], decoded[name]
    assert_head(packet, wanted["camera"])
    assert packet["seq"] == wanted["seq"]
    assert packet["model_id"] == EXPECTED["bare_model_id"]
    for field, values in wanted["people"].items():
        assert_close(packet[field], values, field, EXPECTED["tolerance"] if field == "vertices" else 0)


@pytest.mark.parametrize("name", EXPECTED["observed"])
def test_decode_visibility_and_contacts_give_golden_numbers(decoded: dict[str, dict[str, Any]], name: str) -> None:
    for field, values in EXPECTED["observed"][name].items():
        assert_close(decoded[name][field], [] if values is None else values, field, 1e-7)


def assert_level(packet: dict[str, Any], level: str, axes: str, *, exact: bool) -> None:
    wanted = EXPECTED["axes"][axes]
    assert_head(packet, True)
    assert (packet["kind"], packet["axes"], packet["unit"]) == (level.replace("-", ""), axes, wanted["unit"])
    assert packet["seq"] == wanted["seq"]
    rounding = 0 if exact else meters(axes)
    for field in ("ids", "scores"):
        assert packet[field] == wanted[field]
    assert_close(packet["translation"], wanted["translation"], "translation", rounding)
    for field in ("joints", "keypoints"):
        values = [] if level == "params" else wanted[field]
        assert_close(packet[field], values, field, rounding)
    vertices = LEVELS[level]
    assert_close(packet["vertices"], wanted[vertices] if vertices else [], "vertices", meters(axes))
    if level == "params":
        assert_same_rotations(packet["rotvecs"], wanted["rotvecs"], f"{level} {axes}")
        assert_close(packet["shape"], wanted["shape"], "shape", 1e-6)
        assert packet["error_mm"] == wanted["error_mm"]
    else:
        assert not packet["rotvecs"]


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("level", LEVELS)
def test_decode_every_level_and_axes_gives_golden_numbers(
    decoded: dict[str, dict[str, Any]], level: str, axes: str
) -> None:
    packet = decoded[f"{level}_{axes}.bin"]
    assert packet["model_id"] == EXPECTED["axes"][axes]["model_id"]
    assert_level(packet, level, axes, exact=True)
    if level == "params":
        assert_close(packet["rotvecs"], EXPECTED["axes"][axes]["rotvecs"], "rotvecs", ROTATION_STEP / 100)
        q = np.array(packet["quaternions"]).reshape(-1, 4)
        v = np.array(packet["rotvecs"]).reshape(-1, 3)
        angle = np.linalg.norm(v, axis=1)
        np.testing.assert_allclose(q[:, 3], np.cos(angle / 2), atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(q, axis=1), 1, atol=1e-6)


def assert_model(packet: dict[str, Any], wanted: dict[str, Any], tolerance: float = 0) -> None:
    parts = {f"{part}.{name}": v for part in ("rig", "uv", "lod") for name, v in wanted.get(part, {}).items()}
    for name, values in (wanted | parts).items():
        if name in ("seq", "model_id", "model_name", "axes", "unit"):
            assert packet[name] == values, name
        elif name.endswith("_names"):
            assert packet[name] == list(values)
        elif name not in ("rig", "uv", "lod"):
            near = tolerance or (1e-7 if name == "rig.weights" else 0)
            assert_close(packet[name], values, name, near)
    for part in ("rig", "uv", "lod"):
        assert any(name.startswith(part + ".") for name in packet) == (part in wanted)


@pytest.mark.parametrize("name", EXPECTED["models"])
def test_decode_model_message_gives_golden_numbers(decoded: dict[str, dict[str, Any]], name: str) -> None:
    assert_model(decoded[name], EXPECTED["models"][name])


@pytest.mark.parametrize("name", EXPECTED["status"])
def test_decode_status_message_gives_golden_numbers(decoded: dict[str, dict[str, Any]], name: str) -> None:
    wanted = EXPECTED["status_header"] | EXPECTED["status"][name]
    assert {field: decoded[name][field] for field in wanted} == wanted


def test_convert_between_axes_gives_golden_numbers(checker: Path) -> None:
    found = run(checker, "convert", WIRE)
    for source in AXES:
        for target in AXES:
            for level in LEVELS:
                assert_level(found[f"{level}_{source}.bin to {target}"], level, target, exact=source == target)
            wanted = EXPECTED["models"][f"model_{target}.bin"]
            # The id names the bytes that were sent.
            wanted = wanted | {"model_id": EXPECTED["models"][f"model_{source}.bin"]["model_id"]}
            assert_model(found[f"model_{source}.bin to {target}"], wanted, meters(target))


def test_skin_in_every_axes_gives_golden_surface(checker: Path) -> None:
    found = run(checker, "skin", WIRE)
    for source in AXES:
        for target in AXES:
            got, wanted = found[f"{source} to {target}"], EXPECTED["axes"][target]
            tolerance = meters(target)
            if source != target:
                # Each publisher has rounded its own rotations; the body is about two meters long.
                tolerance += 2 * EXPECTED["rotation_tolerance_rad"] * (100 if target == "unreal" else 1)
            assert_close(got["vertices"], wanted["skinned_vertices"], f"{source} to {target}", tolerance)
            assert_close(got["joints"], wanted["skinned_joints"], f"{source} to {target}", tolerance)
            assert got["reshaped"] == 0


def put(data: bytes, at: int, value: int, size: int = 4) -> bytes:
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


def test_decode_damaged_message_raises_one_line(checker: Path, tmp_path: Path) -> None:
    mesh, model = (WIRE / "mesh_unity.bin").read_bytes(), (WIRE / "model_unity.bin").read_bytes()
    status = (WIRE / "status_ended.bin").read_bytes()
    cases = {
        "short": (mesh[:-4], "arrived of"),
        "long": (mesh + b"\0" * 4, "arrived of"),
        "header": (put(mesh[:150], 52, 150), "too few"),
        "empty": (b"", "not a Meshcast message"),
        "foreign": (b"x" * 400, "not a Meshcast message"),
        "version": (put(mesh, 44, 2, 2), "wire version 2"),
        "kind": (put(mesh, 46, 9, 2), "unknown kind 9"),
        "people": (put(mesh, 192, 2**32 - 1), "at most 4096"),
        "vertices": (put(mesh, 196, 2**20), "would end at byte"),
        "joints": (put(mesh, 200, 65535, 2), "would end at byte"),
        "left over": (put(mesh, 196, 6), "its arrays need"),
        "axes": (put(mesh, 104, 7, 1), "unknown axes"),
        "topic": (b"MESH/cam".ljust(40, b"\0") + mesh[40:], "topic"),
        "nan": (put(mesh, 216, 0x7FC00000), "not a finite number"),
        "huge": (put(mesh, 216, 0x7F000000), "not a finite number"),
        "camera": (put(mesh, 152, 0xBF800000), "camera"),
        "header size": (put(mesh, 48, 2**32 - 4), "header size"),
        "faces": (put(model, 112, 2**32 - 1), "faces would end"),
        "face": (put(model, 144 + 7 * 12, 7), "faces out of range"),
        "parent": (put(model, 144 + 7 * 12 + 4 * 12 + 4, 1), "parents out of range"),
        "names": (put(model, 124, 2**32 - 1), "names would end"),
        "influences": (put(model, 128, 5, 2), "5 joints a vertex"),
        "uvs": (put(model, 132, 2**32 - 1), "would end at byte"),
        "reason": (put(status, 128, 2**32 - 1), "reason would end"),
        "utf8": (put(status, 136, 0xFFFFFFFF), "UTF-8"),
        "state": (put(status, 108, 3, 1), "unknown state"),
    }
    for name, (data, _) in cases.items():
        (tmp_path / name).write_bytes(data)
    errors = run(checker, "refuse", tmp_path)
    for name, (_, words) in cases.items():
        assert errors[name] is not None, name
        assert words in errors[name], (name, errors[name])
        assert "\n" not in errors[name]


def test_decode_mutated_packet_never_raises_another_exception(checker: Path) -> None:
    found = run(checker, "mutate", WIRE, 20240607, 6000)
    assert found["strange"] == []
    assert min(found["read"], found["refused"]) > 500
    assert found["largest"] < 1 << 20


def test_decode_of_frames_allocates_nothing(checker: Path) -> None:
    found = run(checker, "allocations", WIRE, 10_000)
    assert (found["rounds"], found["people"]) == (10_000, 2)
    assert (found["bytes"], found["collections"]) == (0, 0)


@pytest.fixture(scope="module")
def blended(checker: Path) -> dict[str, Any]:
    found: dict[str, Any] = run(checker, "blend")
    return found


def test_blend_between_and_beyond_frames_moves_linearly(blended: dict[str, Any]) -> None:
    t, x, vertex, rx, ry, rz, shape, beyond, visibility, left, right = np.array(blended["moving"]).T
    # In frames: held before the first, straight in between, 30 ms further after the last, then held.
    frames = np.clip(t, 0, 2 * 0.04 + 0.03) / 0.04
    np.testing.assert_allclose(x, 0.2 * frames, atol=1e-6)
    np.testing.assert_allclose(vertex, 3 + frames, atol=1e-5)
    np.testing.assert_allclose(shape, 0.1 * frames, atol=1e-6)
    np.testing.assert_allclose(beyond, np.maximum(0, t - 0.08), atol=1e-6)
    assert (np.diff(x) >= -1e-7).all()
    assert np.abs([rx, ry]).max() == 0
    # A rotation vector is at most pi long: the angle goes on from -pi.
    np.testing.assert_allclose(np.unwrap(rz), 1.2 * frames, atol=2e-4)
    # Visibility and contacts are those of the frame before.
    shown = np.clip(np.floor(t / 0.04 + 1e-6), 0, 2)
    np.testing.assert_allclose([visibility, right], [shown / 5, shown / 5], atol=1e-6)
    assert (left == 1).all()


def test_blend_shows_people_of_their_frames_only(blended: dict[str, Any]) -> None:
    before, first, second, between, last, later = blended["people"]
    assert [set(row) for row in blended["people"]] == [{"7"}, {"7"}, {"7", "8"}, {"7", "8"}, {"8"}, {"8"}]
    # 7 is the second person in the second frame, which stands three further on.
    assert (before["7"], second["7"]) == pytest.approx((0.0, 3.2))
    assert first["7"] == pytest.approx(1.6)
    # 7 is in no later frame: it stands still, while 8 goes on to its next place.
    assert (between["7"], between["8"], last["8"]) == pytest.approx((3.2, 0.3, 0.4))
    # Beyond the newest frame by 40 ms at most, as far as the two newest frames are apart.
    assert later["8"] == pytest.approx(0.6)


def test_slerp_follows_the_geodesic(blended: dict[str, Any]) -> None:
    for row in blended["slerp"]:
        a, b, share, q = Rotation.from_quat(row[:4]), Rotation.from_quat(row[4:8]), row[8], row[9:]
        true = a * Rotation.from_rotvec(share * (a.inv() * b).as_rotvec())
        assert (true.inv() * Rotation.from_quat(q)).magnitude() < 1e-6


def test_display_clock_never_runs_backwards(blended: dict[str, Any]) -> None:
    now, shown, frame = np.array(blended["clock"]).T
    steady = (frame > 60) & (frame < 250)
    speed = np.diff(shown[steady]) / np.diff(now[steady])
    assert speed.min() > 0.9 - 1e-9
    assert speed.max() < 1.1 + 1e-9
    # Hardly ever ahead of the newest frame that has come, so that there are frames on both sides; and not much behind.
    lag = now - (shown - 1000)
    calm = (frame > 60) & (frame < 150)
    assert (shown[calm] <= 1000 + (frame[calm] - 1) * 0.04).mean() > 0.9
    assert lag[calm].max() < 0.12
    assert lag[(frame > 160) & (frame < 170)].max() < 0.35
    # A clock that was set is followed at once.
    assert np.abs(lag[frame > 260] + 500).max() < 0.2


def test_blend_after_new_session_starts_over(blended: dict[str, Any]) -> None:
    assert blended["sessions"] == {"seqs": [5, 0], "empty": False}


def test_latency_and_loss_equal_python(checker: Path) -> None:
    found = run(checker, "times")
    delay = LatencyEstimator()
    publish = [0, 1, 2, 3, 3.1, 5, 5.2, 5.4, 9]
    receive = [10, 11.02, 12, 14, 14.2, 17, 17.2, 18.5, 22]
    wanted = [delay.of(1, p, r) for p, r in zip(publish, receive, strict=True)]
    np.testing.assert_allclose(found["delays"], wanted, atol=1e-9)
    assert found["seen"] == [True, True, True, False, True, False]
    assert {name: found[name] for name in ("lost", "lost_after", "reordered", "restarts", "received")} == {
        "lost": 5, "lost_after": 5, "reordered": 2, "restarts": 1, "received": 7
    }  # fmt: skip


def test_surface_topology_splits_vertices_at_seams(checker: Path, tmp_path: Path) -> None:
    found = run(checker, "topology", WIRE / "model_unity.bin")
    wanted = EXPECTED["models"]["model_unity.bin"]
    faces, uv_faces = np.array(wanted["faces"]), np.array(wanted["uv"]["faces"])
    source, uvs = np.array(found["source"]), np.array(found["uvs"]).reshape(-1, 2)
    triangles = np.array(found["triangles"]).reshape(-1, 3)[:, [0, 2, 1]]
    assert len(set(zip(source.tolist(), map(tuple, uvs.tolist()), strict=True))) == len(source)
    assert source[:7].tolist() == list(range(7))
    assert np.array_equal(source[triangles], faces)
    assert np.array_equal(uvs[triangles], np.array(wanted["uv"]["coordinates"])[uv_faces])
    assert np.array_equal(np.array(found["lod_triangles"]).reshape(-1, 3)[:, [0, 2, 1]], wanted["lod"]["faces"])


def test_surface_normals_point_outward(checker: Path, tmp_path: Path) -> None:
    body = open_body()
    lod = Lod(np.arange(3, dtype=np.int32), np.array([[0, 1, 2]], np.int32))
    model = BodyModel(body.name, body.faces, body.v_template, np.array([-1], np.int32), ("pelvis",), (), lod=lod)
    path = tmp_path / "body.bin"
    path.write_bytes(ModelEncoder(model).encode(stream="cam", seq=0, session=1))
    found = run(checker, "topology", path)
    rest, normals = np.array(found["rest"]).reshape(-1, 3), np.array(found["normals"]).reshape(-1, 3)
    assert len(rest) == 6890
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    # The divergence theorem, with what Unity's own rule makes of the triangles: a volume that is positive.
    a, b, c = (rest[np.array(found["triangles"]).reshape(-1, 3)[:, i]] for i in range(3))
    area = np.cross(b - a, c - a) / 2
    volume = np.einsum("fi,fi->", area, (a + b + c) / 9)
    assert 0.04 < volume < 0.2
    around = np.zeros_like(rest)
    for corner in np.array(found["triangles"]).reshape(-1, 3).T:
        np.add.at(around, corner, area)
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    np.testing.assert_allclose(normals, around, atol=1e-3)


def test_human_rig_maps_joints_of_the_body() -> None:
    text = (PACKAGE / "Runtime/Components/HumanRig.cs").read_text()
    pairs = re.findall(r'Pair\("(\w+)", HumanBodyBones\.(\w+)\)', text)
    assert len(pairs) == len({bone for _, bone in pairs}) == 22
    order = [open_body().joint_names.index(joint) for joint, _ in pairs]
    # Each bone is set after its parent, which would move it otherwise.
    assert order == sorted(order)
    assert all(
        ("left" in joint) == ("Left" in bone) and ("right" in joint) == ("Right" in bone) for joint, bone in pairs
    )


def test_keys_of_certificate_files_are_read(checker: Path, tmp_path: Path) -> None:
    public, _ = zmq.curve_keypair()
    mine, secret = zmq.curve_keypair()
    server, client = certificates(tmp_path, public, mine, secret)
    found = run(checker, "keys", server, client)
    assert bytes(found["server"]) == z85.decode(public)
    assert bytes(found["secret"]) == z85.decode(secret)
    assert "a certificate without secret-key" in found["error"]


def certificates(folder: Path, server: bytes, public: bytes, secret: bytes) -> tuple[Path, Path]:
    head = "#   ZeroMQ CURVE Certificate\nmetadata\ncurve\n"
    (folder / "server.pub").write_text(f'{head}    public-key = "{server.decode()}"\n')
    (folder / "me.key").write_text(
        f'{head}    public-key = "{public.decode()}"\n    secret-key = "{secret.decode()}"\n'
    )
    return folder / "server.pub", folder / "me.key"


@receiving
def test_receiver_gets_frames_of_the_publisher(checker: Path) -> None:
    with closing(Source()) as source, client(checker, "receive", source.address, "Mesh") as reader:
        source.wait_for_subscribers()
        assert reader.ask("model")["model"]["axes"] == "unity"
        source.publish()
        known = reader.ask("frame 0")
        wanted = EXPECTED["axes"]["unity"]
        assert (known["stream"], known["received"], known["lost"], known["errors"]) == ("cam0", 1, 0, 0)
        assert known["ids"] == wanted["ids"]
        assert_close(known["vertices"], wanted["vertices"], "vertices", meters("unity"))
        assert_close(known["translation"], wanted["translation"], "translation", meters("unity"))
        converted = {name: EXPECTED["models"]["model_unity.bin"][name] for name in ("axes", "rest_vertices", "rig")}
        wanted_model = EXPECTED["models"]["model_opencv.bin"] | converted | {"seq": known["model"]["seq"]}
        assert_model(known["model"], wanted_model, meters("unity"))
        assert 0 <= known["latency_ms"] < 500
        assert reader.ask("state Idle")["state"] == "idle"
        source.publisher.end("cam0", "that was all")
        ended = reader.ask("state Ended")
        assert (ended["state"], ended["reason"]) == ("ended", "that was all")


@receiving
def test_receiver_after_a_burst_keeps_newest_frame(checker: Path) -> None:
    with closing(Source()) as source, client(checker, "receive", source.address, "MeshLod") as reader:
        source.wait_for_subscribers("mesh-lod/")
        source.publish(5)
        known = reader.ask("frame 4")
        assert (known["seq"], known["received"], known["lost"]) == (4, 5, 0)
        assert_close(known["vertices"], EXPECTED["axes"]["unity"]["lod_vertices"], "vertices", meters("unity"))


@receiving
def test_receiver_after_a_stop_counts_lost_frames(checker: Path) -> None:
    with closing(Source()) as source, client(checker, "receive", source.address, "Mesh") as reader:
        source.wait_for_subscribers()
        source.publish(2)
        assert reader.ask("frame 1")["lost"] == 0
        stopped = reader.ask("stop")
        assert not stopped["running"]
        source.publish(7)
        assert reader.ask("start")["running"]
        # The status, which comes with the connection, names what was missed; then frames go on.
        assert reader.ask("seq 8")["lost"] == 7
        source.wait_for_subscribers()
        source.publish()
        known = reader.ask("frame 9")
        assert (known["seq"], known["lost"], known["restarts"]) == (9, 7, 0)


@receiving
def test_receiver_reconnects_after_publisher_restart(checker: Path) -> None:
    first = Source()
    with closing(first), client(checker, "receive", first.address, "Mesh") as reader:
        first.wait_for_subscribers()
        first.publish(3)
        assert reader.ask("frame 2")["seq"] == 2
        first.close()
        with closing(Source(first.address)) as second:
            second.wait_for_subscribers()
            second.publish()
            known = reader.ask("restarts 1")
            assert (known["restarts"], known["lost"], known["seq"]) == (1, 0, 0)


@receiving
def test_killed_client_does_not_disturb_publisher_and_others(checker: Path) -> None:
    with closing(Source()) as source, client(checker, "receive", source.address, "Params") as other:
        victim = Client(checker, "receive", source.address, "Mesh")
        source.wait_for_subscribers()
        source.wait_for_subscribers("params/")
        source.publish()
        victim.ask("frame 0")
        os.kill(victim.process.pid, signal.SIGKILL)
        victim.process.wait()
        source.publish(3)
        known = other.ask("frame 3")
        assert (known["received"], known["lost"]) == (4, 0)
        assert_close(known["translation"], EXPECTED["axes"]["unity"]["translation"], "translation", meters("unity"))
        with client(checker, "receive", source.address, "Mesh") as again:
            source.wait_for_subscribers()
            source.publish()
            assert again.ask("frame 4")["seq"] == 4


@receiving
def test_receiver_counts_damaged_messages_and_skips_them(checker: Path) -> None:
    mesh = (WIRE / "mesh_unity.bin").read_bytes()
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with context, context.socket(zmq.XPUB) as socket:
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        with client(checker, "receive", f"tcp://127.0.0.1:{port}", "Mesh") as reader:
            requests = {socket.recv() for _ in range(3)}
            assert requests == {b"\1model/", b"\1status/", b"\1mesh/"}
            socket.send(mesh[:-2])
            socket.send(b"mesh/ is what this begins with")
            assert reader.ask("error")["errors"] >= 1
            socket.send(mesh)
            known = reader.ask("frame 0")
            assert (known["errors"], known["received"]) == (2, 1)


@receiving
def test_receiver_skips_frames_that_waited_in_a_queue(checker: Path) -> None:
    mesh = (WIRE / "mesh_unity.bin").read_bytes()
    captured = EXPECTED["header"]["t_capture_monotonic_ns"]
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with context, context.socket(zmq.XPUB) as socket:
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        with client(checker, "receive", f"tcp://127.0.0.1:{port}", "Mesh") as reader:
            for _ in range(3):
                socket.recv()
            socket.send(mesh)
            assert reader.ask("frame 101")["stale"] == 0
            # The publisher says that this one was captured four seconds before the one that came a moment ago.
            socket.send(put(put(mesh, 56, 102, 8), 128, captured - 4_000_000_000, 8))
            assert reader.ask("stale 1")["received"] == 2
            socket.send(put(put(mesh, 56, 103, 8), 128, captured + 20_000_000, 8))
            known = reader.ask("frame 103")
            assert (known["stale"], known["received"], known["lost"]) == (1, 3, 0)


@receiving
def test_receiver_with_keys_connects_to_encrypted_socket(checker: Path, tmp_path: Path) -> None:
    server, server_secret = zmq.curve_keypair()
    mine, secret = zmq.curve_keypair()
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with context, context.socket(zmq.XPUB) as socket:
        socket.curve_server = True
        socket.curve_secretkey = server_secret
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        keys = certificates(tmp_path, server, mine, secret)
        with client(checker, "receive", f"tcp://127.0.0.1:{port}", "Mesh", *keys) as reader:
            for _ in range(3):
                socket.recv()
            socket.send((WIRE / "mesh_unity.bin").read_bytes())
            assert reader.ask("frame 0")["received"] == 1


@receiving
def test_receiver_gets_frames_once_publisher_authorizes_its_key(checker: Path, tmp_path: Path) -> None:
    allowed = tmp_path / "clients"
    allowed.mkdir()
    for name in ("server", "phone", "other"):
        made = subprocess.run(
            [sys.executable, "-m", "edge.cli.main", "keys", "new", name, "--folder", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert made.returncode == 0, made.stderr
    shutil.copy(tmp_path / "other.pub", allowed)
    security = Security(read_keys(tmp_path / "server.key"), allowed)
    keys = tmp_path / "server.pub", tmp_path / "phone.key"
    with (
        closing(Source(security=security)) as source,
        client(checker, "receive", source.address, "Mesh", *keys) as reader,
    ):
        refused = reader.ask("error")
        assert "nothing comes" in refused["last_error"]
        assert "stream" not in refused
        shutil.copy(tmp_path / "phone.pub", allowed)
        source.wait_for_subscribers()
        source.publish()
        known = reader.ask("frame 0")
        assert (known["received"], known["errors"], known["last_error"]) == (1, 0, "")
        assert_close(known["vertices"], EXPECTED["axes"]["unity"]["vertices"], "vertices", meters("unity"))


@receiving
def test_live_stream_adds_and_removes_people(checker: Path) -> None:
    made = golden_packets.bodies
    with closing(Source()) as source, client(checker, "receive", source.address, "Mesh") as reader:
        source.wait_for_subscribers()
        for seq, people in enumerate((2, 0, 3, 1)):
            source.publish(bodies=made(people))
            known = reader.ask(f"frame {seq}")
            assert known["ids"] == made(people).ids.tolist()
            assert len(known["vertices"]) == people * 7 * 3


@receiving
def test_live_stream_separates_streams(checker: Path) -> None:
    made = golden_packets.bodies
    with closing(Source(streams=("cam0", "cam01"))) as source:
        with client(checker, "receive", source.address, "Mesh") as reader:
            source.wait_for_subscribers(stream="cam01")
            # Not all at once, which may be more than a publisher keeps for a reader.
            reader.ask("of cam0")
            source.publish(3)
            first = reader.ask("frame 2")
            reader.ask("of cam01")
            source.publish(2, bodies=made(1), stream="cam01")
            second = reader.ask("frame 1")
        assert (first["stream"], first["received"], first["lost"], len(first["ids"])) == ("cam0", 3, 0, 2)
        assert (second["stream"], second["received"], second["lost"], len(second["ids"])) == ("cam01", 2, 0, 1)


@receiving
def test_receiver_with_unusable_address_reports_error(checker: Path) -> None:
    with client(checker, "receive", "nonsense", "Mesh") as reader:
        known = reader.ask("error")
        assert "nonsense: cannot be connected to" in known["last_error"]


def test_every_asset_has_a_meta_file() -> None:
    tool = runpy.run_path(str(PACKAGE / "Tools~/meta.py"))
    assets = tool["assets"]()
    guids = []
    for asset in assets:
        text = tool["meta_path"](asset).read_text()
        guids += re.findall(r"^guid: ([0-9a-f]{32})$", text, re.MULTILINE)
        assert text.split("\n", 2)[2] == tool["meta"](asset).split("\n", 2)[2]
    assert len(set(guids)) == len(assets)
    # None is left of an asset that is gone.
    left = set(PACKAGE.rglob("*.meta")) - {tool["meta_path"](asset) for asset in assets}
    assert not left


def test_package_manifest_names_license_and_samples() -> None:
    manifest = json.loads((PACKAGE / "package.json").read_text())
    assert manifest["name"] == "com.meshcast.unity"
    for sample in manifest["samples"]:
        assert list((PACKAGE / sample["path"]).glob("*.cs"))
    assert (PACKAGE / "LICENSE.md").read_text() == (ROOT / "LICENSE").read_text()
    names = {json.loads(path.read_text())["name"] for path in PACKAGE.rglob("*.asmdef")}
    for path in PACKAGE.rglob("*.asmdef"):
        definition = json.loads(path.read_text())
        assert path.stem == definition["name"]
        assert set(definition["references"]) <= names
