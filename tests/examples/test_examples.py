"""The programs in examples/ run with the clips of tests/media."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import EXAMPLES, MEDIA, ZOO
from tests.support.sockets import free_port

PATIENCE_S = 120  # a limit for failures only
MESHCAST = Path(sys.executable).with_name("meshcast")
ENVIRONMENT = {**os.environ, "PATH": f"{MESHCAST.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Address of a run that publishes two clips in a loop."""
    chosen = f"tcp://127.0.0.1:{free_port()}"
    clips = [str(MEDIA / name) for name in ("balance_cam01.mp4", "balance_cam03.mp4")]
    command = [MESHCAST, "run", *clips, "--loop", "--pace", "realtime", "--publish", chosen, "--quiet"]
    with subprocess.Popen(command, env=ENVIRONMENT) as run:
        yield chosen
        run.terminate()
        run.wait(PATIENCE_S)


def first_lines(command: list[object], count: int) -> list[str]:
    """Lines that a program prints first; it is ended after them."""
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(count)]
        process.kill()
    return lines


def test_every_example_is_tested_and_listed() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.is_file()} - {"README.md"}
    tests = Path(__file__).read_text(encoding="utf-8")
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert not [name for name in files if f'"{name}"' not in tests or f"({name})" not in index]


# First: the publisher of the other tests takes all processors.
def test_own_detector_finds_the_person_with_a_copy_of_the_bundled_model(tmp_path: Path) -> None:
    shutil.copy(ZOO / "nanodet_g.fp16w.onnx", tmp_path / "my_detector.onnx")
    shutil.copy(EXAMPLES / "my_detector.toml", tmp_path)
    command = [sys.executable, EXAMPLES / "own_detector.py", MEDIA / "balance_cam01.mp4", tmp_path / "my_detector.onnx"]
    lines = first_lines(command, 3)
    assert [line.partition(":")[0] for line in lines] == ["frame 0", "frame 1", "frame 2"]
    assert all(int(line.split()[2]) >= 1 for line in lines)


def test_read_stream_prints_people_in_front_of_the_camera(address: str) -> None:
    for line in first_lines([sys.executable, EXAMPLES / "read_stream.py", address], 5):
        match = re.fullmatch(r"balance_cam0[13] frame \d+: person \d+ at \S+ \S+ (\S+)\n", line)
        assert match is not None, line
        assert float(match[1]) > 1


def test_read_stream_has_ten_lines_of_code() -> None:
    program = (EXAMPLES / "read_stream.py").read_text(encoding="utf-8").rpartition('"""')[2]
    assert len([line for line in program.splitlines() if line]) <= 10


def test_two_cameras_prints_both_streams(address: str) -> None:
    for line in first_lines([sys.executable, EXAMPLES / "two_cameras.py", address], 3):
        assert re.fullmatch(r"balance_cam01: \d .* \| balance_cam03: \d .* \| \d+ ms apart\n", line), line


def test_record_to_blender_writes_recording_and_animations(address: str, tmp_path: Path) -> None:
    first_lines([sys.executable, EXAMPLES / "read_stream.py", address], 1)  # the publisher has started
    script = [EXAMPLES / "record_to_blender.sh", address, "balance_cam03", "3"]
    options = {"env": ENVIRONMENT, "cwd": tmp_path, "timeout": PATIENCE_S, "text": True}
    subprocess.run(script, check=True, **options)
    assert (tmp_path / "balance_cam03.mcap").read_bytes().startswith(b"\x89MCAP")
    assert (tmp_path / "balance_cam03.glb").read_bytes().startswith(b"glTF")
    # A slow machine skips frames, and the clip starts over: the man then may have several ids, each with a file.
    skeletons = list(tmp_path.glob("balance_cam03-*.bvh"))
    assert skeletons
    assert all(path.read_text(encoding="utf-8").startswith("HIERARCHY") for path in skeletons)
