"""The Unreal plugin without the engine: its core against the golden packets, and the whole of it, compiled against a
stand-in of what it uses of the engine, against a live publisher."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.types import BodyModel, RigPose
from edge.wire.curve_auth import Security
from edge.wire.frames import FrameEncoder
from edge.wire.keys import new_keys
from edge.wire.model import ModelEncoder
from engines.body.body import open_body
from engines.body.rig import rig_of
from meshcast.protocol.rotations import rotmat
from meshcast.transport.curve import read_keys
from tests.support import golden_packets
from tests.support.paths import ROOT, WIRE

PLUGIN = ROOT / "clients/unreal/Meshcast"
MODULE = PLUGIN / "Source/Meshcast"
HERE = ROOT / "tests/clients/unreal"
EXPECTED = json.loads((WIRE / "expected.json").read_text())
BODY = EXPECTED["axes"]["unreal"]
TOLERANCE_CM = 1e-3
CXX = shutil.which("g++")
FLAGS = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-O0", "-fsanitize=address", f"-I{ROOT / 'clients/cpp/include'}"]
HAS_ZMQ = (
    shutil.which("pkg-config") and subprocess.run(["pkg-config", "--exists", "libzmq"], check=False).returncode == 0
)
PATIENCE_S = 60

Sending = Callable[..., Any]  # see conftest.py

pytestmark = pytest.mark.skipif(CXX is None, reason="g++ is not installed (apt-get install g++)")
needs_zmq = pytest.mark.skipif(
    not HAS_ZMQ, reason="libzmq or pkg-config is not installed (apt-get install libzmq3-dev pkg-config)"
)


def compiled(source: Path, program: Path, *options: str | Path) -> Path:
    command = [str(CXX), *FLAGS, *map(str, options[:-1]), str(source), "-o", str(program), *str(options[-1]).split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="session")
def core_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("unreal") / "core_check"
    return compiled(HERE / "core_check.cpp", program, "-std=c++17", f"-I{MODULE / 'Private/Core'}", "")


@pytest.fixture(scope="session")
def plugin_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module's sources with the stand-in for every header that is the engine's or made by its header tool."""
    folder = tmp_path_factory.mktemp("unreal")
    own = {path.name for path in MODULE.rglob("*.h")}
    for source in [*MODULE.rglob("*.h"), *MODULE.rglob("*.cpp")]:
        for name in re.findall(r'#include "([^"]+\.h)"', source.read_text()):
            if name not in own:
                (folder / "engine" / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / "engine" / name).write_text('#include "engine.hpp"\n')
    # As the engine builds modules: without exceptions, run-time type information and warnings of unused parameters.
    options = [
        "-std=c++20",
        "-fno-rtti",
        "-fno-exceptions",
        "-Wno-unused-parameter",
        f"-I{folder / 'engine'}",
        f"-I{HERE}",
    ]
    folders = [f"-I{MODULE / part}" for part in ("Public", "Private")]
    return compiled(HERE / "plugin_check.cpp", folder / "plugin_check", *options, *folders, "-lzmq -lpthread")


def run(program: Path, *arguments: str | Path) -> dict[str, list[str]]:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        name, _, values = line.partition(" ")
        found.setdefault(name, []).append(values)
    return found


def numbers(text: str, width: int) -> Any:
    return np.array(text.split(), float).reshape(-1, width)


def golden(*names: str) -> list[Path]:
    return [WIRE / f"{name}.bin" for name in names]


# The core


@pytest.mark.parametrize("axes", ["unreal", "unity", "opencv"])
def test_skeleton_bones_equal_golden_joints(core_check: Path, axes: str) -> None:
    found = run(core_check, "bones", *golden(f"params_{axes}", f"model_{axes}"))
    tolerance = TOLERANCE_CM if axes == "unreal" else 0.05  # the rotations of other axes were rounded to other levels
    for person, joints in enumerate(BODY["skinned_joints"]):
        np.testing.assert_allclose(numbers(found["joints"][person], 3), joints, atol=tolerance)
        x, y, z, w = numbers(found["quaternions"][person], 4).T
        matrices = np.stack(
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
             2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
             2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], axis=1,
        ).reshape(-1, 3, 3)  # fmt: skip
        turns = rotmat(np.asarray(BODY["rotvecs"][person], np.float32))
        np.testing.assert_allclose(matrices, turns, atol=EXPECTED["rotation_tolerance_rad"])


@pytest.mark.parametrize(
    ("frames", "key"),
    [
        (["mesh_unity", "mesh_unreal", "mesh_gltf"], "vertices"),
        (["mesh-lod_opencv", "mesh-lod_gltf"], "lod_vertices"),
        (["params_unity", "params_unity"], "skinned_vertices"),
    ],
)
def test_surface_in_every_axes_equals_golden_vertices(core_check: Path, frames: list[str], key: str) -> None:
    shown = run(core_check, "surface", *golden("model_unity", *frames))["vertices"]
    assert len(shown) == 4
    for values in shown:  # the same body in other axes does not move, whatever the moment
        np.testing.assert_allclose(numbers(values, 3), BODY[key][1], atol=0.05)


def test_surface_between_frames_is_interpolated(core_check: Path, tmp_path: Path) -> None:
    step = np.float32([0.25, -0.5, 0.125])
    paths = [WIRE / "model_unreal.bin"]
    for number in range(2):
        known, encoder = ModelEncoder(golden_packets.rigged(), "unreal"), FrameEncoder("unreal")
        bodies = golden_packets.bodies(2)
        moved = replace(bodies, vertices=bodies.vertices + number * step)
        paths.append(tmp_path / f"{number}.bin")
        paths[-1].write_bytes(encoder.mesh(golden_packets.frame(), moved, golden_packets.stamp(2, known)))
    between, newest, beyond, still = (numbers(v, 3) for v in run(core_check, "surface", *paths)["vertices"])
    step_cm = 100 * step[[2, 0, 1]] * [1, 1, -1]
    np.testing.assert_allclose(newest, BODY["vertices"][1] + step_cm, atol=0.01)
    np.testing.assert_allclose(newest - between, np.broadcast_to(step_cm / 2, newest.shape), atol=0.01)
    np.testing.assert_allclose(beyond - newest, np.broadcast_to(step_cm / 5, newest.shape), atol=0.01)
    np.testing.assert_allclose(still - newest, np.broadcast_to(step_cm * 2 / 5, newest.shape), atol=0.01)


def test_model_with_wrong_number_is_refused(core_check: Path, tmp_path: Path) -> None:
    body = golden_packets.rigged()
    rig = replace(
        body.rig, joints=body.rig.joints[:6], weights=body.rig.weights[:6], shape_dirs=body.rig.shape_dirs[:6]
    )
    less = replace(body, rest_vertices=body.rest_vertices[:6], faces=body.faces[:2], rig=rig, uv=None, lod=None)
    known, encoder = ModelEncoder(body, "unreal"), FrameEncoder("unreal")
    message = bytearray(golden_packets.model_packet(less, "unreal"))
    message[76:80] = known.model_id.to_bytes(4, "little")
    (tmp_path / "lie.bin").write_bytes(message)
    for people in (1, 2):  # the one that is followed comes with the second
        made = encoder.params(
            golden_packets.frame(),
            golden_packets.bodies(people),
            golden_packets.posed(people),
            golden_packets.stamp(people, known),
        )
        (tmp_path / f"{people}.bin").write_bytes(made)
    paths = [WIRE / "model_unreal.bin", *(tmp_path / name for name in ("1.bin", "lie.bin", "2.bin"))]
    assert run(core_check, "lie", *paths)["error"] == ["a model of 6 vertices has the number of one of 7"]


def test_topology_of_the_model_is_kept(core_check: Path) -> None:
    found = run(core_check, "topology", *golden("model_unreal"))
    model = EXPECTED["models"]["model_unreal.bin"]
    faces = np.asarray(model["faces"])
    sources = [numbers(values, 1).astype(int).ravel() for values in found["sources"]]
    triangles = [numbers(values, 3).astype(int) for values in found["triangles"]]
    np.testing.assert_array_equal(sources[0][triangles[0]], faces)
    # A point is one vertex with one texture coordinate, v down.
    uvs = numbers(found["uvs"][0], 2)[triangles[0]]
    expected = np.asarray(model["uv"]["coordinates"])[np.asarray(model["uv"]["faces"])] * [1, -1] + [0, 1]
    np.testing.assert_allclose(uvs, expected, atol=1e-6)
    assert len(sources[0]) == 9  # vertices 0 and 6 have two each
    np.testing.assert_array_equal(triangles[1], model["lod"]["faces"])


def test_topology_leaves_out_degenerate_triangles(core_check: Path, tmp_path: Path) -> None:
    body = golden_packets.rigged()
    faces = body.faces.copy()
    faces[1] = [2, 2, 3]
    (tmp_path / "model.bin").write_bytes(golden_packets.model_packet(replace(body, faces=faces), "unreal"))
    found = run(core_check, "topology", tmp_path / "model.bin")
    sources = numbers(found["sources"][0], 1).astype(int).ravel()
    np.testing.assert_array_equal(sources[numbers(found["triangles"][0], 3).astype(int)], faces[[0, 2, 3]])


def test_retarget_moves_character_like_the_skeleton(core_check: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    body = open_body()
    model = BodyModel("body", body.faces, body.v_template, body.parents, body.joint_names, (), rig=rig_of(body))
    known, encoder = ModelEncoder(model, "unreal"), FrameEncoder("unreal")
    P, B = len(body.parents), model.rig.shape_dirs.shape[2]
    turns = rotmat(rng.normal(0, 0.5, (1, P, 3)).astype(np.float32))
    posed = RigPose(turns, rng.normal(0, 1, (1, B)).astype(np.float32), np.zeros(1, np.float32))
    root = np.float32([[0.5, -0.25, 4]])
    bodies = replace(
        golden_packets.bodies(1), joints=np.zeros((1, P, 3), np.float32), vertices=np.zeros((1, 0, 3), np.float32),
        keypoints=np.zeros((1, 0, 3), np.float32), translation=root,
    )  # fmt: skip
    paths = tmp_path / "params.bin", tmp_path / "model.bin"
    paths[0].write_bytes(encoder.params(golden_packets.frame(), bodies, posed, golden_packets.stamp(1, known)))
    paths[1].write_bytes(known.encode(stream="golden-cam.0", seq=0, session=1, t_publish_unix_ns=0))
    joints = numbers(run(core_check, "bones", *paths)["joints"][0], 3)
    np.testing.assert_allclose(joints[0], 100 * root[0, [2, 0, 1]] * [1, 1, -1], atol=0.01)
    found = run(core_check, "retarget", *paths)
    turned = joints @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])  # the character is turned by 90 degrees
    np.testing.assert_allclose(numbers(found["character"][0], 3), turned, atol=0.05)
    np.testing.assert_allclose(numbers(found["root"][0], 3)[0], 2 * turned[0], atol=0.05)


def test_timeline_slots_and_rotations_hold(core_check: Path) -> None:
    assert run(core_check, "rules") == {}


# The plugin, with a stand-in for the engine


@needs_zmq
@pytest.mark.parametrize(
    ("level", "key", "axes"),
    [("mesh", "vertices", "unity"), ("mesh-lod", "lod_vertices", "opencv"), ("params", "skinned_vertices", "unreal")],
)
def test_body_component_draws_published_body(
    plugin_check: Path, sending: Sending, level: str, key: str, axes: str
) -> None:
    with sending(axes=axes) as sender:
        found = run(plugin_check, "body", sender.address, level)
    vertices = numbers(found["vertices"][0], 3)
    if level == "params":  # fitted by the publisher: of the same size, not the same
        assert vertices.shape == np.shape(BODY[key][0])
        assert np.isfinite(vertices).all()
    else:
        np.testing.assert_allclose(vertices, BODY[key][0], atol=0.02)
    model = EXPECTED["models"]["model_unreal.bin"]
    np.testing.assert_array_equal(
        numbers(found["triangles"][0], 3), model["lod"]["faces"] if level == "mesh-lod" else model["faces"]
    )
    lengths = np.linalg.norm(numbers(found["normals"][0], 3), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-4)
    assert found["uv_triangles"][0].split() == [] if level == "mesh-lod" else len(found["uv_triangles"][0].split()) > 0
    assert found["made"] == ["1"]  # once; all frames after the first moved it
    assert found["material"] == ["set"]
    assert found["after"] == ["nothing"]


@needs_zmq
def test_body_component_with_keys_receives(plugin_check: Path, sending: Sending, tmp_path: Path) -> None:
    server, server_pub = new_keys(tmp_path / "server")
    allowed = tmp_path / "clients"
    allowed.mkdir()
    own, _ = new_keys(allowed / "headset")
    with sending(security=Security(read_keys(server), allowed)) as sender:
        assert run(plugin_check, "body", sender.address, "mesh", server_pub, own)["made"] == ["1"]


@needs_zmq
def test_live_link_source_pushes_people(plugin_check: Path, sending: Sending) -> None:
    with sending(axes="gltf") as sender:
        found = run(plugin_check, "livelink", sender.address)
        assert found["machine"] == [sender.address]
    model = EXPECTED["models"]["model_unreal.bin"]
    bones = len(model["parents"])
    assert found["subject"] == ["cam0_0", "cam0_1"]
    assert found["bone"] == 2 * model["joint_names"][:bones]
    np.testing.assert_array_equal(numbers(found["parents"][0], 1).ravel(), model["parents"])
    roots = [numbers(values, 3)[0] for values in found["positions"]]
    np.testing.assert_allclose(roots, BODY["translation"], atol=TOLERANCE_CM)
    assert found["recent"] == ["yes", "yes"]
    assert found["status"] == ["Receiving"]
    assert found["valid"] == ["no"]  # once it was shut down


@needs_zmq
def test_retarget_asset_poses_character(plugin_check: Path, sending: Sending) -> None:
    with sending(axes="unreal") as sender:
        found = run(plugin_check, "retarget", sender.address)
    assert float(found["largest"][0]) < 1e-3


# The folder that a user takes


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Where a package manager might have put libzmq, for three platforms at once."""
    found = tmp_path / "prefix"
    for name in ("include/zmq.h", "lib/libzmq.so.5", "lib/libzmq.dylib", "lib/libzmq-mt-4_3_5.lib", "lib/other.lib",
                 "bin/libzmq-mt-4_3_5.dll", "bin/libsodium.dll", "bin/other.dll"):  # fmt: skip
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_text(name)
    (found / "lib/libzmq.so").symlink_to("libzmq.so.5")
    return found


def package(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "clients/unreal/package.sh", *arguments]
    settings = {"PATH": os.environ["PATH"]} | environment
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=settings)


def test_package_script_copies_all_files(tmp_path: Path, prefix: Path) -> None:
    plugins = tmp_path / "My Project/Plugins"
    done = package("--libzmq", prefix, plugins)
    assert done.returncode == 0, done.stderr
    made = plugins / "Meshcast"
    assert done.stdout == f"{made}\n"
    assert sorted(path.name for path in plugins.iterdir()) == ["Meshcast"]
    sources = {path.relative_to(PLUGIN) for path in PLUGIN.rglob("*") if path.is_file()}
    files = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    third = Path("Source/ThirdParty")
    headers = {path.name for path in (ROOT / "clients/cpp/include/meshcast").iterdir()}
    assert files == sources | {Path("README.md"), Path("LICENSE")} | {
        third / "Meshcast/include/meshcast" / name for name in headers
    } | {
        third / "libzmq" / name
        for name in ("include/zmq.h", "lib/Linux/libzmq.so", "lib/Linux/libzmq.so.5", "lib/Mac/libzmq.dylib",
                     "lib/Win64/libzmq-mt-4_3_5.lib", "lib/Win64/libzmq-mt-4_3_5.dll", "lib/Win64/libsodium.dll")
    }  # fmt: skip
    assert not any(path.is_symlink() for path in made.rglob("*"))
    again = package("--libzmq", prefix, plugins)
    assert again.returncode == 1
    assert "exists already; remove it first" in again.stderr


@needs_zmq
def test_package_script_finds_system_libzmq(tmp_path: Path) -> None:
    done = package(tmp_path)
    assert done.returncode == 0, done.stderr
    third = tmp_path / "Meshcast/Source/ThirdParty"
    include = [f"-I{third / 'Meshcast/include'}", f"-I{third / 'libzmq/include'}"]
    (tmp_path / "main.cpp").write_text(
        '#include "meshcast/receiver.hpp"\nint main() { return zmq_has("curve") != 1; }\n'
    )
    libraries = third / "libzmq/lib/Linux"
    command = [str(CXX), "-std=c++17", *include, str(tmp_path / "main.cpp"), "-o", str(tmp_path / "main")]
    subprocess.run([*command, str(libraries / "libzmq.so"), f"-Wl,-rpath,{libraries}"], check=True, timeout=PATIENCE_S)
    assert subprocess.run([tmp_path / "main"], check=False).returncode == 0


def test_package_script_names_missing_files(tmp_path: Path) -> None:
    for arguments, words in (
        (["--libzmq", tmp_path / "nowhere", tmp_path], "no include/zmq.h"),
        (["--libzmq"], "usage"),
        (["--what", tmp_path], "usage"),
    ):
        done = package(*arguments)
        assert done.returncode != 0
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
