"""The systemd unit: what systemd says about it, and the notifications of the command that it starts."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import main
from edge.errors import EXIT_USAGE, EXIT_WHOLE
from tests.support.deployment import DEPLOY, needs, run_tool
from tests.support.paths import MEDIA, ROOT

UNIT = DEPLOY / "systemd/meshcast@.service"
MOST_EXPOSED = 3.0  # of 10: "OK" ends at 5
PATIENCE_S = 120.0  # a limit for failures only
needs_systemd = needs("systemd-analyze", "the package systemd")


def settings(path: Path = UNIT) -> dict[str, str]:
    """The settings of a unit by name."""
    return dict(re.findall(r"^(\w+)=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit with its change for Jetson boards and a program that exists here."""
    text = UNIT.read_text(encoding="utf-8").replace("/opt/meshcast/bin/meshcast", "/bin/true")
    (tmp_path / "meshcast@.service").write_text(text)
    (tmp_path / "meshcast@.service.d").mkdir()
    shutil.copy(DEPLOY / "systemd/jetson.conf", tmp_path / "meshcast@.service.d")
    return tmp_path / "meshcast@hall.service"


@needs_systemd
def test_systemd_accepts_the_unit(installed: Path) -> None:
    done = run_tool("systemd-analyze", "verify", "--man=no", installed)
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "meshcast" in line]


@needs_systemd
def test_unit_is_hardened(installed: Path) -> None:
    done = run_tool("systemd-analyze", "security", "--offline=true", "--no-pager", installed)
    exposed = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposed is not None, done.stderr
    assert float(exposed[1]) <= MOST_EXPOSED


def test_unit_hides_neither_cameras_nor_gpus_nor_compiled_code() -> None:
    hiding = {"PrivateDevices", "DeviceAllow", "DevicePolicy", "ProtectClock", "MemoryDenyWriteExecute", "ProcSubset"}
    assert not settings().keys() & {*hiding, "PrivateNetwork"}


def test_unit_starts_a_command_that_exists_and_restarts_what_a_restart_can_mend() -> None:
    unit = settings()
    program, *arguments = shlex.split(unit["ExecStart"].replace("%i", "hall"))
    assert program == "/opt/meshcast/bin/meshcast"
    assert callable(main.parser().parse_args(arguments).run)
    assert unit["Restart"] == "on-failure"
    assert unit["RestartPreventExitStatus"] == str(EXIT_USAGE)


def test_users_of_sysusers_are_those_of_the_unit() -> None:
    lines = (DEPLOY / "systemd/meshcast.sysusers").read_text(encoding="utf-8").splitlines()
    words = [shlex.split(line) for line in lines if not line.startswith("#")]
    assert words[0] == ["u", settings()["User"], "-", "Meshcast", "/var/lib/meshcast"]
    assert words[1] == ["m", settings()["User"], settings()["SupplementaryGroups"]]


@pytest.mark.parametrize("name", ["meshcast@.service", "jetson.conf", "meshcast.sysusers"])
def test_documentation_installs_the_file(name: str) -> None:
    pages = [ROOT / "docs/how-to" / page for page in ("deployment.md", "jetson.md")]
    assert any(f"deploy/systemd/{name}" in page.read_text(encoding="utf-8") for page in pages)


def test_service_of_the_unit_notifies_systemd_from_the_start_to_the_end(tmp_path: Path) -> None:
    """The command of the unit under a stand-in for systemd: a datagram socket."""
    config = tmp_path / "hall.toml"
    config.write_text(
        f'[[source]]\nuri = "{MEDIA / "balance_cam01.mp4"}"\nname = "hall"\nloop = true\npace = "realtime"\n'
        "[models]\nsecond_pose = 'none'\n"
    )
    _, *arguments = shlex.split(settings()["ExecStart"].replace("/etc/meshcast/%i.toml", str(config)))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000000"}
        service = subprocess.Popen(
            [sys.executable, "-m", "edge.cli.main", *arguments], env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            heard = [manager.recv(4096).decode()]
            assert heard[0].startswith("READY=1\nSTATUS=1 source, ")
            while heard.count("WATCHDOG=1") < 2 or not re.search(r", [1-9]\d*\.\d frames", "".join(heard)):
                heard.append(manager.recv(4096).decode())
            service.send_signal(signal.SIGTERM)
            while not heard[-1].startswith("STOPPING=1"):
                heard.append(manager.recv(4096).decode())
            _, errors = service.communicate(timeout=PATIENCE_S)
        finally:
            service.kill()
    assert service.returncode == EXIT_WHOLE, errors
