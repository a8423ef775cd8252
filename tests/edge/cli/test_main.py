"""The command line: usage, names and exit codes in this process, signals and start-up in the real one."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import PATIENCE_S, Command, CommandResult, load, report
from tests.support.paths import MEDIA, STARTER

CLIP = MEDIA / "balance_cam01.mp4"
TRUTH = MEDIA / "balance.npz"


def command_line(*words: str | Path) -> list[str]:
    """The installed command, or the module that it runs where the package is not installed."""
    installed = shutil.which("meshcast", path=str(Path(sys.executable).parent))
    program = [installed] if installed else [sys.executable, "-m", "edge.cli.main"]
    return [*program, *(str(word) for word in words)]


def call(*words: str | Path) -> CommandResult:
    """`meshcast WORDS` as a process of its own."""
    done = subprocess.run(command_line(*words), capture_output=True, text=True, timeout=120, check=False)
    return CommandResult(done.returncode, done.stdout, done.stderr)


class Running:
    """`meshcast WORDS` as a process that a test talks to."""

    def __init__(self, *words: str | Path) -> None:
        self.process = subprocess.Popen(
            command_line(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )

    def error_lines(self) -> Iterator[str]:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            yield line.rstrip("\n")

    def interrupt(self, number: int = signal.SIGINT) -> tuple[int, float]:
        """Exit code after the signal, and the seconds that it took."""
        begin_s = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(30)
        return code, time.monotonic() - begin_s

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def port() -> int:
    """A port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# Usage


def test_help_lists_commands_and_exit_codes(meshcast: Command) -> None:
    said = meshcast("--help")
    assert said.code == EXIT_WHOLE
    for word in (
        "run",
        "watch",
        "models",
        "eval",
        "data",
        "train",
        "explain",
        "exit codes: 0 ",
        "1 unusable",
        "2 usage error",
        "3 partial",
    ):
        assert word in said.out
    said = meshcast("run", "--help")
    assert said.code == EXIT_WHOLE
    for word in ("rtsp://", "csi://0", "synthetic:", "v4l2://", "--publish", "--fov", "--loop", "exit codes: 0 "):
        assert word in said.out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["run"],
        ["fly"],
        ["run", "a.mp4", "--nonsense"],
        ["run", "a.mp4", "--fov", "wide"],
        ["run", "a.mp4", "--max-frames", "0"],
        ["run", "a.mp4", "--max-frames", "many"],
        ["run", "a.mp4", "--pace", "slow"],
        ["eval", "a.mp4"],
        ["train", "pose2mesh"],
    ],
)
def test_main_wrong_usage_is_one_line(words: list[str], meshcast: Command) -> None:
    said = meshcast(*words)
    assert (said.code, said.out) == (EXIT_USAGE, "")
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("meshcast")


def test_main_version_prints_version(meshcast: Command) -> None:
    said = meshcast("--version")
    assert said.code == EXIT_WHOLE
    assert said.out.startswith("meshcast 0.")


# Names


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--detector", "unknown detector 'nonsense'; there are: nanodet_g"),
        ("--pose", "unknown pose 'nonsense'; there are: efficientpose_i, movenet_thunder"),
        ("--mesh", "unknown mesh 'nonsense'; there are: pose2mesh_open"),
        ("--backend", "unknown backend 'nonsense'; there are: openvino, onnxruntime"),
        ("--device", "unknown device 'nonsense'; there are: cpu, cuda:N"),
        ("--precision", "unknown precision 'nonsense'; there are: "),
    ],
)
def test_run_unknown_name_lists_available_names(
    option: str, says: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    said = meshcast("run", blank_clip, option, "nonsense", "--save", tmp_path / "a.npz")
    assert said.code == EXIT_USAGE
    assert said.err.startswith(f"meshcast: {says}")
    assert len(said.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_run_model_of_another_task_is_usage_error(meshcast: Command, blank_clip: Path) -> None:
    said = meshcast("run", blank_clip, "--pose", "nanodet_g")
    assert said.code == EXIT_USAGE
    assert said.err.startswith(
        "meshcast: nanodet_g is a detector model, not a pose model; there are: efficientpose_i, movenet_thunder, "
        "hrnet_w32_256x192"
    )


def test_models_lists_cards_by_task(meshcast: Command) -> None:
    said = meshcast("models")
    assert said.code == EXIT_WHOLE
    lines = said.out.splitlines()
    assert lines[0].split() == ["TASK", "NAME", "WEIGHTS", "LICENSE", "TITLE"]
    rows = [line.split() for line in lines[1:]]
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), key=("detector", "pose", "mesh", "body").index)
    assert ["mesh", "pare_hrnet_w32", "-"] in [row[:3] for row in rows]
    assert "Apache-2.0" in lines[1]


def test_models_name_shows_its_card(meshcast: Command) -> None:
    said = meshcast("models", "movenet_thunder")
    assert said.code == EXIT_WHOLE
    assert "sha256" in said.out


def test_models_unknown_name_is_usage_error(meshcast: Command) -> None:
    said = meshcast("models", "nonsense")
    assert said.code == EXIT_USAGE
    assert "there are: " in said.err


# Evaluation


def test_eval_clip_matches_ground_truth(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("eval", CLIP, "--truth", TRUTH, "--max-frames", "20", "--json", tmp_path / "e.json")
    assert said.code == EXIT_WHOLE
    assert said.out.splitlines()[0].split()[:3] == ["clip", "frames", "matched"]
    score = json.loads((tmp_path / "e.json").read_text())["balance_cam01.mp4"]
    assert score["frames"] == score["matched"] == 19  # the first frame has no truth
    assert score["pa_mpjpe_mm"] < 100
    assert score["mpjpe_mm"] < 150
    assert score["root_error_m"] < 0.5
    assert 0 < score["true_motion"]["second_difference_mm"] < score["motion"]["second_difference_mm"]
    assert score["limbs"]["errors_pct"].keys() == score["limbs"]["spread_pct"].keys()


@pytest.mark.parametrize(
    ("clip", "truth", "says"),
    [
        (CLIP, MEDIA / "no.npz", "no.npz: cannot be read"),
        (CLIP, CLIP, "not an .npz file"),
        (MEDIA / "pedestrians.mp4", TRUTH, "no camera (camNN) in the file name"),
        (MEDIA / "no_cam01.mp4", TRUTH, "no such file"),
    ],
)
def test_eval_unusable_input_is_one_line(clip: Path, truth: Path, says: str, meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("eval", clip, "--truth", truth, "--json", tmp_path / "e.json")
    assert (said.code, said.out) == (EXIT_INPUT, "")
    assert says in said.errors[0]
    assert len(said.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


# The real process


def test_run_image_in_subprocess_writes_outputs(tmp_path: Path) -> None:
    source = STARTER / "balance_cam03_40.jpg"
    said = call("-v", "run", source, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.png")
    assert (said.code, said.out.splitlines()[0][:24]) == (EXIT_WHOLE, "1 frames, 1 with people,")
    assert "meshcast: movenet_thunder: openvino, cpu, " in said.err
    assert len(load(tmp_path / "a.npz")["frame"]) >= 1
    assert (tmp_path / "o.png").is_file()


def test_run_missing_file_in_subprocess_is_one_line(tmp_path: Path) -> None:
    said = call("run", tmp_path / "no.mp4")
    assert (said.code, said.out) == (EXIT_INPUT, "")
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err


def test_run_unreachable_camera_retries_until_interrupted(port: int, tmp_path: Path) -> None:
    """It is asked again after growing pauses, said on stderr, and Ctrl-C ends it in order."""
    address = f"rtsp://user:secret@127.0.0.1:{port}/live"
    outputs = ("--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json")
    with Running("run", address, *outputs) as run:
        lines = run.error_lines()
        for pause in ("0.5", "1.0"):
            line = next(lines)
            assert line.startswith(f"meshcast: rtsp://127.0.0.1:{port}/live: ")
            assert line.endswith(f"retrying in {pause} s")
        code, took_s = run.interrupt()
        assert run.process.stdout is not None
        said = run.process.stdout.read()
    assert code == EXIT_INPUT  # nothing was produced
    assert took_s < PATIENCE_S
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]
    summary = report(tmp_path / "s.json")
    assert (summary["frames"], summary["exit_status"]) == (0, EXIT_INPUT)
    assert summary["problems"] == ["127.0.0.1_live: no frame arrived"]
    assert "wrote" in said
    assert "a.npz" not in said
    assert "o.mp4" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_signal_ends_published_file_with_partial_output(number: signal.Signals, port: int, tmp_path: Path) -> None:
    """The other end is `meshcast watch`: two processes, one address."""
    address = f"tcp://127.0.0.1:{port}"
    source = "synthetic:?frames=100000&size=320x240"
    with Running("run", source, "--pace", "realtime", "--publish", address, "--save", tmp_path / "a.npz") as run:
        watch = call("watch", address, "--count", "3", "--timeout", "60", "--json")
        code, _ = run.interrupt(number)
        errors = list(run.error_lines())
    assert watch.code == EXIT_WHOLE
    packets = [json.loads(line) for line in watch.out.splitlines()]
    assert len(packets) == 3
    assert {(p["stream"], p["unit"], tuple(p["size"])) for p in packets} == {("synthetic", "m", (320, 240))}
    assert code == EXIT_PARTIAL
    assert "meshcast: interrupted before the end of the source" in errors
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    assert load(tmp_path / "a.npz")["frames"].item() >= 3
