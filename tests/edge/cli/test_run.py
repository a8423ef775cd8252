"""`meshcast run`: camera, file names, log and service manager."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from edge.errors import EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import Command, report

ASSUMPTION = "camera: distances assume a horizontal field of view of 60 degrees; set it with --fov or --camera"


@pytest.mark.parametrize(
    ("options", "camera"),
    [
        ((), {"source": "assumed", "fov_deg": 60.0}),
        (("--fov", "60"), {"source": "given", "fov_deg": 60.0}),
    ],
)
def test_run_assumed_field_of_view_is_in_table_and_summary(
    options: tuple[str, ...], camera: dict[str, object], meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    said = meshcast("run", blank_clip, "--summary", tmp_path / "s.json", *options)
    assert said.code == EXIT_WHOLE
    assert (ASSUMPTION in said.out) == (camera["source"] == "assumed")
    assert report(tmp_path / "s.json")["camera"] == camera


def test_run_non_utf8_name_is_escaped_in_summary(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    clip = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    shutil.copy(blank_clip, clip)
    said = meshcast("run", clip, "--summary", tmp_path / "s.json", "--save", tmp_path / os.fsdecode(b"caf\xe9.npz"))
    assert said.code == EXIT_WHOLE
    assert r"caf\xe9.npz" in said.out
    assert report(tmp_path / "s.json")["source"].endswith(r"caf\xe9.mp4")


def test_run_metrics_token_without_metrics_is_usage_error(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", blank_clip, "--metrics-token-file", tmp_path / "token")
    assert (said.code, said.err) == (EXIT_USAGE, "meshcast: --metrics-token-file: needs --metrics HOST:PORT\n")


def test_run_json_log_contains_closing_line(meshcast: Command, blank_clip: Path) -> None:
    said = meshcast("run", blank_clip, "--log-format", "json")
    assert said.code == EXIT_WHOLE
    (line,) = said.err.splitlines()
    assert json.loads(line)["message"].startswith("5 frames in ")


def test_run_notifies_service_manager(
    meshcast: Command, blank_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "10000000")
        assert meshcast("run", blank_clip, "-q").code == EXIT_WHOLE
        heard = []
        while not heard or not heard[-1].startswith("STOPPING=1"):
            heard.append(manager.recv(4096).decode())
    assert heard[0].startswith("READY=1\nSTATUS=1 source, ")
    assert "WATCHDOG=1" in heard


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--tilt", "10"), "--tilt: needs the camera's height"),
        (("--camera", "none.toml", "--camera-height", "2"), "--camera-height: a camera file has the pose itself"),
        (("--camera-height", "0"), "not a number above 0"),
        (("--camera-height", "2", "--tilt", "91"), "not a number from -90 to 90"),
        (("--height", "178"), "not a number from 0.5 to 2.5"),
        (("--height", "1.8", "--shape", "none.toml"), "--height: contradicts --shape"),
    ],
)
def test_run_wrong_camera_pose_or_size_is_usage_error(
    options: tuple[str, ...], says: str, meshcast: Command, blank_clip: Path
) -> None:
    said = meshcast("run", blank_clip, *options)
    assert said.code == EXIT_USAGE
    assert says in said.err
    assert len(said.err.splitlines()) == 1
