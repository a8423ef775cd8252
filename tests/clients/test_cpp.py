"""The C++ client: built with warnings as errors under the sanitizers, held against the golden packets, the Python
reader and a live publisher."""

from __future__ import annotations

import json
import re
import shutil
import signal
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.types import Bodies, BodyModel, Frame
from edge.wire.curve_auth import Security
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.keys import new_keys
from edge.wire.model import ModelEncoder
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS
from meshcast.protocol.decoding import decode
from meshcast.protocol.encoding import encode
from meshcast.protocol.packets import StatusPacket
from meshcast.transport.curve import read_keys
from meshcast.transport.latency import LatencyEstimator
from tests.support import golden_packets
from tests.support.paths import ROOT, WIRE

CLIENT = ROOT / "clients/cpp"
EXPECTED = json.loads((WIRE / "expected.json").read_text())
PACKETS = {path.name: path.read_bytes() for path in sorted(WIRE.glob("*.bin"))}
SANITIZED = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-O0", "-fsanitize=address,undefined"]
FATAL = ["-fno-sanitize-recover=all"]
CXX = shutil.which("g++")
CMAKE = shutil.which("cmake")
HAS_ZMQ = (
    shutil.which("pkg-config") and subprocess.run(["pkg-config", "--exists", "libzmq"], check=False).returncode == 0
)
PATIENCE_S = 60

Numbers = dict[str, list[str]]
Sending = Callable[..., Any]  # see conftest.py

pytestmark = pytest.mark.skipif(CXX is None, reason="g++ is not installed (apt-get install g++)")
needs_zmq = pytest.mark.skipif(
    not HAS_ZMQ, reason="libzmq or pkg-config is not installed (apt-get install libzmq3-dev pkg-config)"
)


def build(source: Path, program: Path, *libraries: str) -> Path:
    command = [str(CXX), *SANITIZED, *FATAL, f"-I{CLIENT / 'include'}", str(source), "-o", str(program), *libraries]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="module")
def golden_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT / "tests/clients/cpp/golden_check.cpp", tmp_path_factory.mktemp("cpp") / "golden_check")


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with CMake where there is one, else as the README says it goes without."""
    folder = tmp_path_factory.mktemp("cpp")
    if CMAKE is None:
        return build(CLIENT / "example/watch.cpp", folder / "watch", "-lzmq", "-pthread")
    flags = " ".join([*SANITIZED[1:], *FATAL])
    cmake(
        "-S",
        CLIENT,
        "-B",
        folder,
        "-DCMAKE_BUILD_TYPE=None",
        f"-DCMAKE_CXX_COMPILER={CXX}",
        f"-DCMAKE_CXX_FLAGS={flags}",
    )
    cmake("--build", folder)
    return folder / "watch"


def cmake(*arguments: str | Path) -> None:
    command = [str(CMAKE), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run(program: Path, *arguments: str | Path, given: bytes = b"") -> str:
    done = subprocess.run([program, *arguments], input=given, capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def tables(lines: list[str]) -> Numbers:
    found: Numbers = {}
    for line in lines:
        name, _, values = line.partition(" ")
        found.setdefault(name, []).append(values)
    return found


def shown(program: Path, *names: str) -> dict[str, Numbers]:
    text = run(program, "show", *(WIRE / name for name in names))
    parts = [part.splitlines() for part in text.split("file ")[1:]]
    return {Path(lines[0]).name: tables(lines[1:]) for lines in parts}


def same(found: Numbers, name: str, expected: Any, tolerance: float = 0.0) -> None:
    """The printed numbers are the expected ones; tolerance is relative to the largest."""
    numbers = np.array([float(value) for value in found[name][0].split()])
    wanted = np.asarray(expected, np.float64).ravel()
    assert numbers.shape == wanted.shape, name
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    np.testing.assert_allclose(numbers, wanted, rtol=0, atol=tolerance * scale, err_msg=name)


def matrices(rotvecs: Any) -> Any:
    from meshcast.protocol.rotations import rotmat

    return rotmat(np.asarray(rotvecs, np.float32))


@pytest.fixture(scope="module")
def golden(golden_check: Path) -> dict[str, Numbers]:
    return shown(golden_check, *PACKETS)


@pytest.mark.parametrize("name", EXPECTED["mesh"])
def test_decode_mesh_message_gives_golden_numbers(golden: dict[str, Numbers], name: str) -> None:
    found, expected, head = golden[name], EXPECTED["mesh"][name], EXPECTED["header"]
    assert found["kind"] == ["mesh"]
    assert found["stream"] == [head["stream"]]
    assert found["space"] == [head["space"]]
    for key in ("session", "frame_index", "t_publish_unix_ns", "t_capture_unix_ns", "t_capture_monotonic_ns"):
        assert int(found[key][0]) == head[key], key
    assert int(found["seq"][0]) == expected["seq"]
    assert int(found["age_us"][0]) == head["age_ms"] * 1000
    assert int(found["model_id"][0]) == EXPECTED["bare_model_id"]
    same(found, "t_stream_s", head["t_stream_s"])
    same(found, "size", head["size"])
    (fx, skew, cx), (_, fy, cy), _ = EXPECTED["K"]
    same(found, "camera", [fx, skew, cx, fy, cy, *EXPECTED["distortion"]] if expected["camera"] else np.zeros(10))
    for key, values in expected["people"].items():
        same(found, key, values, EXPECTED["tolerance"] if key == "vertices" else 0)


@pytest.mark.parametrize("name", EXPECTED["observed"])
def test_decode_visibility_and_contacts_give_golden_numbers(golden: dict[str, Numbers], name: str) -> None:
    for key, values in EXPECTED["observed"][name].items():
        same(golden[name], key, [] if values is None else values, 1e-7)


@pytest.mark.parametrize("name", EXPECTED["models"])
def test_decode_model_message_gives_golden_numbers(golden: dict[str, Numbers], name: str) -> None:
    found, expected = golden[name], EXPECTED["models"][name]
    for key in ("model_name", "axes", "unit"):
        assert found[key] == [expected[key]], key
    assert int(found["seq"][0]) == expected["seq"]
    assert int(found["model_id"][0]) == expected["model_id"]
    assert found["joint_name"] == expected["joint_names"]
    assert found["keypoint_name"] == expected["keypoint_names"]
    for key in ("faces", "parents"):
        same(found, key, expected[key])
    for part in ("uv", "lod"):
        for key, values in expected.get(part, {}).items():
            same(found, f"{part}.{key}", values)
    if "rig" in expected:
        same(found, "rig.joints", expected["rig"]["joints"])
        same(found, "rig.weights", expected["rig"]["weights"], EXPECTED["tolerance"])
    for axes in SYSTEMS:
        if name == "model_bare.bin":
            continue
        wanted = EXPECTED["models"][f"model_{axes}.bin"]
        same(found, f"rest_vertices@{axes}", wanted["rest_vertices"], EXPECTED["tolerance"])
        same(found, f"rest_joints@{axes}", wanted["rig"]["rest_joints"], EXPECTED["tolerance"])
        for key in (
            "shape_dirs",
            "joint_shape_dirs",
        ):  # printed a vector for each shape, not a shape for each component
            same(found, f"{key}@{axes}", np.swapaxes(wanted["rig"][key], 1, 2), EXPECTED["tolerance"])


@pytest.mark.parametrize("name", EXPECTED["status"])
def test_decode_status_message_gives_golden_numbers(golden: dict[str, Numbers], name: str) -> None:
    found = golden[name]
    assert found["kind"] == ["status"]
    for key, value in (EXPECTED["status_header"] | EXPECTED["status"][name]).items():
        assert found[key] == [str(value)], key


@pytest.mark.parametrize("source", SYSTEMS)
@pytest.mark.parametrize("level", ["mesh", "mesh-lod", "joints", "params"])
def test_convert_between_axes_gives_golden_numbers(golden: dict[str, Numbers], source: str, level: str) -> None:
    found = golden[f"{level}_{source}.bin"]
    own = EXPECTED["axes"][source]
    assert found["axes"] == [source]
    assert found["unit"] == [own["unit"]]
    assert int(found["model_id"][0]) == own["model_id"]
    same(found, "ids", own["ids"])
    same(found, "scores", own["scores"])
    for axes in SYSTEMS:
        expected, tolerance = EXPECTED["axes"][axes], EXPECTED["tolerance"]
        same(found, f"translation@{axes}", expected["translation"], tolerance)
        if level == "params":
            turns = matrices(expected["rotvecs"])
            same(found, f"matrices@{axes}", turns, EXPECTED["rotation_tolerance_rad"])
            vectors = np.array(found[f"rotvecs@{axes}"][0].split(), float).reshape(2, 2, 3)
            np.testing.assert_allclose(matrices(vectors), turns, atol=EXPECTED["rotation_tolerance_rad"])
            continue
        same(found, f"joints@{axes}", expected["joints"], tolerance)
        if level != "joints":
            vertices = expected["lod_vertices" if level == "mesh-lod" else "vertices"]
            same(found, f"vertices@{axes}", vertices, tolerance)
    if level == "params":
        same(found, "shape", own["shape"], EXPECTED["tolerance"])
        same(found, "error_mm", own["error_mm"])


@pytest.mark.parametrize("source", SYSTEMS)
def test_skin_of_params_gives_golden_surface(golden_check: Path, source: str) -> None:
    paths = [WIRE / f"{kind}_{source}.bin" for kind in ("params", "model")]
    found = tables(run(golden_check, "skin", *paths).splitlines())
    for axes in SYSTEMS:
        # The rotations of other axes were rounded to other levels.
        tolerance = EXPECTED["tolerance"] if axes == source else EXPECTED["rotation_tolerance_rad"]
        for key in ("skinned_vertices", "skinned_joints"):
            same(found, f"{key}@{axes}", EXPECTED["axes"][axes][key], tolerance)


def test_skin_with_foreign_or_bare_model_is_refused(golden_check: Path) -> None:
    foreign = run(golden_check, "skin", WIRE / "params_unity.bin", WIRE / "model_unreal.bin")
    bare = run(golden_check, "skin", WIRE / "params_unity.bin", WIRE / "model_bare.bin")
    assert "fit the body model" in foreign
    assert "golden_body has no rig: subscribe to mesh/" in bare


def broken(rng: np.random.Generator) -> list[bytes]:
    """Golden packets with something wrong: cut, extended, with other counts, numbers and text; some stay good."""
    found: list[bytes] = [b"", b"MCST", b"\0" * 300]
    values = [0, 1, 2, 3, 7, 127, 128, 255]
    for message in PACKETS.values():
        sized = [message[:cut] for cut in rng.integers(0, len(message), 8)] + [message + b"\0" * 4]
        # As a publisher that lies would do it, the size agrees with what was cut.
        found += sized + [m[:52] + struct.pack("<I", len(m)) + m[56:] for m in sized if len(m) >= 56]
        for number in (0xFFFFFFFF, 0x7FFFFFFF, 0x10000):
            for at in (48, 52, 108, 112, 124, 128, 132, 136, 140, 192, 196, 200, 204, 208):
                if at + 4 <= len(message):
                    found.append(message[:at] + struct.pack("<I", number) + message[at + 4 :])
        for at in rng.integers(0, len(message), 120):
            found.append(message[:at] + bytes([rng.choice(values)]) + message[at + 1 :])
        for at in 4 * rng.integers(52, max(53, len(message) // 4), 12):
            float_ = rng.choice(np.float32([np.nan, np.inf, -np.inf, 1e30, -1e30, 9e29, -1.0])).tobytes()
            found.append(message[:at] + float_ + message[at + 4 :])
    return found


def python_refusal(message: bytes) -> str:
    try:
        decode(message)
    except WireError as error:
        return str(error)
    return ""


def test_decode_damaged_message_is_refused_like_in_python(golden_check: Path, rng: np.random.Generator) -> None:
    messages = broken(rng)
    verdicts = run(golden_check, "check", given=b"".join(struct.pack("<I", len(m)) + m for m in messages)).splitlines()
    assert len(verdicts) == len(messages)
    expected = [python_refusal(message) for message in messages]
    for message, verdict, refusal in zip(messages, verdicts, expected, strict=True):
        if "cameras" in refusal:  # of a room, which this client does not read
            continue
        assert verdict.startswith("error ") == bool(refusal), (message, verdict, refusal)
        assert refusal == "" or len(verdict) > 20
    refused = sum(refusal != "" for refusal in expected)
    assert refused > 1000
    assert len(messages) - refused > 500


def test_latency_estimator_equals_python(golden_check: Path, rng: np.random.Generator) -> None:
    sent = np.cumsum(rng.uniform(0.01, 0.05, 400))
    received = sent + 1000 + rng.uniform(0, 0.02, 400)
    received[100:130] = received[130]  # a backlog, read at once
    received[250:] += 20  # a clock stood still
    sessions = [1] * 350 + [2] * 50
    lines = "".join(f"{n} {s!r} {r!r}\n" for n, s, r in zip(sessions, sent.tolist(), received.tolist(), strict=True))
    late = [float(line.split()[1]) for line in run(golden_check, "delay", given=lines.encode()).splitlines()]
    delay = LatencyEstimator()
    expected = [delay.of(*row) for row in zip(sessions, sent.tolist(), received.tolist(), strict=True)]
    assert max(expected) > 0.5
    np.testing.assert_allclose(late, expected, atol=1e-9)


def inbox_lines(program: Path, folder: Path, script: list[tuple[float, bytes] | None]) -> list[str]:
    """What an inbox hands out, given (time of arrival, message) to put and None to take."""
    lines = []
    for number, step in enumerate(script):
        if step is None:
            lines.append("take")
            continue
        path = folder / f"{number}.bin"
        path.write_bytes(step[1])
        lines.append(f"put {step[0]} {path}")
    return run(program, "inbox", given="\n".join(lines).encode()).splitlines()


def test_inbox_returns_newest_packets_and_counts_lost_ones(golden_check: Path, tmp_path: Path) -> None:
    known = ModelEncoder(golden_packets.rigged())
    encoder = FrameEncoder()

    def mesh(seq: int, sent_s: float, *, session: int = 1, stream: str = "cam0") -> bytes:
        now = int(sent_s * 1e9)
        frame = Frame(stream, seq, now, 0.0, np.zeros((4, 4, 3), np.uint8))
        return encoder.mesh(
            frame, golden_packets.bodies(1), Stamp(stream, seq, session, known.model_id, known.name, 0, now)
        )

    def status(next_seq: int) -> bytes:
        return encode(StatusPacket("cam0", 0, 1, 0, 0, known.model_id, "ended", next_seq, "", known.name))

    model = known.encode(stream="cam0", seq=0, session=1, t_publish_unix_ns=0)
    script: list[tuple[float, bytes] | None] = [
        (10.0, mesh(0, 1.0)), None,
        (10.1, mesh(1, 1.1)), (10.2, mesh(2, 1.2)), (10.2, model), (10.3, mesh(3, 1.3)), None, None, None,
        (10.4, mesh(1, 1.1)), None,  # overtaken on its way
        (10.4, mesh(4, 1.4)), (10.4, mesh(3, 1.3)), None, None,  # also by one that waits
        (10.5, mesh(4, 1.4, stream="cam1")), None,  # other streams count for themselves
        (11.5, mesh(5, 1.5)), None,  # has waited for too long
        (11.6, mesh(6, 2.5)), None,
        (11.7, status(9)), None,
        (12.0, mesh(0, 50.0, session=2)), None,
        (12.1, b"nonsense"), None, None,
    ]  # fmt: skip
    assert inbox_lines(golden_check, tmp_path, script) == [
        "mesh #0 lost 0 missing 0 model 0 late 0.000",
        "model #0 lost 0 missing 0 model 0 late 0.000",
        "mesh #3 lost 2 missing 0 model 1 late 0.000",
        "nothing ",
        "nothing ",
        "mesh #4 lost 0 missing 0 model 1 late 0.000",
        "nothing ",
        "mesh #4 lost 0 missing 0 model 0 late 0.000",
        "nothing ",
        "mesh #6 lost 1 missing 0 model 1 late 0.100",
        "status #0 lost 0 missing 2 model 0 late 0.000",
        "mesh #0 lost 0 missing 0 restarted model 1 late 0.000",
        "error not a Meshcast message (8 bytes): is something else publishing at this address?",
        "nothing ",
    ]


def test_inbox_with_many_stream_names_stays_bounded(golden_check: Path, tmp_path: Path) -> None:
    known = ModelEncoder(golden_packets.model())
    messages = [known.encode(stream=f"s{i}", seq=0, session=1, t_publish_unix_ns=0) for i in range(70)]
    script: list[tuple[float, bytes] | None] = [(1.0, message) for message in messages]
    lines = inbox_lines(golden_check, tmp_path, script + [None] * 70)
    assert sum(line.startswith("model") for line in lines) == 64


def test_fuzzer_of_the_decoder_finds_no_crash(tmp_path: Path) -> None:
    """For some seconds, always the same messages; `make fuzz` takes minutes, and others each time."""
    program, corpus = tmp_path / "decode_fuzz", tmp_path / "corpus"
    command = [CLIENT / "fuzz/fuzz.sh", program, corpus, "-seed=1", "-runs=30000"]
    done = subprocess.run(command, capture_output=True, timeout=2 * PATIENCE_S, check=False)
    said = done.stderr.decode(errors="replace")
    if done.returncode == 77:
        pytest.skip(said.strip())
    assert done.returncode == 0, said[-4000:]
    assert "Done 30000 runs" in said
    assert len(list(corpus.iterdir())) > len(PACKETS)  # it found its way further than the seeds go
    assert not list(tmp_path.glob("decode_fuzz-*"))


@needs_zmq
def test_readme_example_compiles(tmp_path: Path) -> None:
    code = re.findall(r"```cpp\n(.*?)```", (CLIENT / "README.md").read_text(), re.DOTALL)
    assert len(code) == 1
    (tmp_path / "readme.cpp").write_text(code[0])
    command = [str(CXX), *SANITIZED, "-fsyntax-only", f"-I{CLIENT / 'include'}", str(tmp_path / "readme.cpp")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr


@needs_zmq
def test_cmake_install_provides_headers(watch: Path, tmp_path: Path) -> None:
    if CMAKE is None:
        pytest.skip("cmake is not installed (apt-get install cmake)")
    cmake("--install", watch.parent, "--prefix", tmp_path)
    headers = {path.name for path in (CLIENT / "include/meshcast").iterdir()}
    assert {path.name for path in (tmp_path / "include/meshcast").iterdir()} == headers


# What follows runs the example against a publisher.


@contextmanager
def watching(
    program: Path, address: str, *options: str
) -> Iterator[tuple[subprocess.Popen[str], Callable[[str], str]]]:
    """The example as a process, and a function that reads its output up to a line that holds some words."""
    process = subprocess.Popen(
        [program, address, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    guard = threading.Timer(PATIENCE_S, process.kill)
    guard.start()
    assert process.stdout is not None

    def until(words: str) -> str:
        assert process.stdout is not None
        for line in process.stdout:
            if words in line:
                return line.rstrip()
        raise AssertionError(f"no line with {words!r}; exit code {process.wait()}")

    try:
        yield process, until
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def seq_of(line: str) -> int:
    match = re.match(r"cam0 #(\d+) lost \d+ age [\d.]+ ms 2 people: 7 0\.50 ", line)
    assert match, line
    return int(match[1])


@needs_zmq
def test_watch_with_axes_prints_converted_frames(watch: Path, sending: Sending) -> None:
    with (
        sending(axes="unity") as sender,
        watching(watch, sender.address, "--axes", "unreal", "--count", "3") as (process, until),
    ):
        line = until("cam0 #")
        assert line.endswith("2 people: 7 0.50 (+12.50 +0.00 -6.25) cm, 47 0.75 (+112.50 +100.00 -106.25) cm")
        first, second = seq_of(line), seq_of(until("cam0 #"))
        assert second > first
        until("cam0 #")
        assert process.wait(PATIENCE_S) == 0


@needs_zmq
@pytest.mark.parametrize("level", ["mesh", "mesh-lod", "params"])
def test_watch_with_obj_option_writes_file(watch: Path, sending: Sending, tmp_path: Path, level: str) -> None:
    path = tmp_path / "out.obj"
    # The first frames may come before their model.
    with sending() as sender:
        run(watch, sender.address, "--level", level, "--obj", path, "--count", "8")
    lines = path.read_text().splitlines()
    assert [line for line in lines if line.startswith("o ")] == ["o person_7", "o person_47"]
    vertices = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    faces = [line for line in lines if line.startswith("f ")]
    body = golden_packets.rigged()
    kept = body.lod.vertices if level == "mesh-lod" else np.arange(7)
    assert faces[0] == "f 1 2 3"
    assert faces[len(faces) // 2] == f"f {len(kept) + 1} {len(kept) + 2} {len(kept) + 3}"
    if level == "params":  # the fit's business
        assert vertices.shape == (14, 3)
        return
    expected = np.asarray(EXPECTED["axes"]["gltf"]["vertices"])[:, kept].reshape(-1, 3)
    np.testing.assert_allclose(vertices, expected, atol=1e-4)


def grid_body(V: int) -> tuple[BodyModel, Bodies]:
    rng = np.random.default_rng(3)
    bodies = replace(golden_packets.bodies(2), vertices=rng.random((2, V, 3)).astype(np.float32))
    return replace(golden_packets.model(), rest_vertices=np.zeros((V, 3), np.float32)), bodies


@needs_zmq
def test_watch_after_a_pause_reports_lost_packets_and_continues(watch: Path, sending: Sending) -> None:
    model, bodies = grid_body(6890)
    with sending(model=model, bodies=bodies) as sender:
        with watching(watch, sender.address) as (process, until):
            last = seq_of(until("cam0 #"))
            process.send_signal(signal.SIGSTOP)
            sender.pause()
            sender.send(400)  # 33 MB: more than fits between the two
            sender.resume()
            process.send_signal(signal.SIGCONT)
            lost = 0
            while lost < 100:
                line = until("cam0 #")
                here = int(line.split("lost ")[1].split()[0])
                assert seq_of(line) == last + 1 + here
                last, lost = seq_of(line), lost + here
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)
        sender.pause()
        before = sender.sent
        sender.send(20)
        sender.resume()
        with watching(watch, sender.address) as (_, until):
            assert seq_of(until("cam0 #")) >= before + 20


@needs_zmq
def test_watch_continues_after_publisher_restart_and_ends_with_it(watch: Path, sending: Sending) -> None:
    first = sending()
    with watching(watch, first.address) as (process, until):
        until("cam0 #")
        first.close()
        assert "lost at the end: the publisher has closed" in until("cam0 has ended")
        with sending(first.address) as second:
            until("started again")
            until("cam0 #")
            second.pause()
            second.publisher.end("cam0", "the end of “clip”.mp4")
            assert until("cam0 has ended").endswith("the end of “clip”.mp4")
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0


@needs_zmq
def test_watch_with_keys_receives_and_without_authorized_key_does_not(
    watch: Path, sending: Sending, tmp_path: Path
) -> None:
    server, server_pub = new_keys(tmp_path / "server")
    allowed = tmp_path / "clients"
    allowed.mkdir()
    phone, _ = new_keys(allowed / "phone")
    unauthorized, unauthorized_pub = new_keys(tmp_path / "unauthorized")
    with sending(security=Security(read_keys(server), allowed)) as sender:
        assert "cam0 #" in run(watch, sender.address, "--curve", phone, "--server", server_pub, "--count", "1")
        for keys in (
            [],
            ["--curve", phone, "--server", unauthorized_pub],
            ["--curve", unauthorized, "--server", server_pub],
        ):
            command = [watch, sender.address, *keys, "--timeout", "0.5"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
            assert done.returncode == 1
            assert done.stdout == ""
            assert "no frame within 0.5 s" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a key file"),
        ('curve\n    public-key = "short"\n', "not a key file"),
        (f'curve\n    public-key = "{"a" * 40}"\n', "holds a public key only"),
        (f"curve\n    public-key = '{'a' * 40}'\n    secret-key = \"{'~' * 40}\"\n", "keys are not usable"),
    ],
)
@needs_zmq
def test_watch_with_invalid_key_file_exits_with_message(watch: Path, tmp_path: Path, content: str, words: str) -> None:
    own, server = tmp_path / "own.key", tmp_path / "server.pub"
    own.write_text(content)
    server.write_text(f"# \"\ncurve\n    public-key = '{'b' * 40}' # its key\n")
    command = [watch, "tcp://127.0.0.1:1", "--curve", own, "--server", server]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


@needs_zmq
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "usage"),
        (["tcp://127.0.0.1:1", "--level", "face"], 2, "usage"),
        (["tcp://127.0.0.1:1", "--curve", "a"], 2, "usage"),
        (["127.0.0.1:5556"], 1, "not an address; use tcp://HOST:PORT"),
        (["tcp://*:5556"], 1, "nothing can connect to this"),
        (["tcp://127.0.0.1:70000"], 1, "nothing can connect to this"),
        (["tcp://127.0.0.1:1", "--stream", "a/b"], 1, "stream name a/b"),
        (["tcp://127.0.0.1:1", "--curve", "/nowhere", "--server", "/nowhere"], 1, "/nowhere: cannot be read"),
    ],
)
def test_watch_with_wrong_arguments_exits_with_message(
    watch: Path, arguments: list[str], code: int, words: str
) -> None:
    done = subprocess.run([watch, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == code
    assert words in done.stderr
