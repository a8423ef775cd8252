"""A machine on which one thing is broken on purpose: `meshcast doctor` finds it and names a remedy."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import edge_kernels
from edge.cli import doctor
from edge.doctor import checks, network, probes, storage, system
from edge.doctor.finding import Finding
from engines.cards.card import load_card

Break = Callable[[pytest.MonkeyPatch, Path], object]


@dataclass(frozen=True)
class Fault:
    """A thing that is broken, where the doctor finds it and what it says about it."""

    name: str
    destroy: Break
    topic: str
    state: str
    text: str
    remedy: str
    probe: str | None = None  # that finds it; None: a check in this process
    check: Callable[[], Iterator[Finding]] = field(default=storage.folders)


def package(folder: Path, name: str, version: str) -> None:
    """A distribution that hides the real one."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def damaged_model(patch: pytest.MonkeyPatch, folder: Path) -> None:
    card = own_model(patch, folder)
    weights = card.with_name("broken.fp16w.onnx")
    weights.write_bytes(weights.read_bytes()[:-100])


def damaged_card(patch: pytest.MonkeyPatch, folder: Path) -> None:
    own_model(patch, folder).write_text("name = ")


def own_model(patch: pytest.MonkeyPatch, folder: Path) -> Path:
    """The card of an imported model."""
    patch.setenv("XDG_DATA_HOME", str(folder))
    own = folder / "meshcast/models"
    own.mkdir(parents=True)
    bundled = load_card("nanodet_g").path
    for path in [*bundled.parent.glob("nanodet_g.*"), bundled.parent / "licenses"]:
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, own / path.name.replace("nanodet_g", "broken"))
    text = bundled.read_text().replace("nanodet_g", "broken").replace('aliases = ["nanodet"]', "aliases = []")
    (own / "broken.toml").write_text(text)
    return own / "broken.toml"


def unwritable_cache(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setenv("XDG_CACHE_HOME", "/proc")  # whose permissions let root write, and the kernel does not


def full_cache(patch: pytest.MonkeyPatch, folder: Path) -> None:
    def full(**options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(storage.tempfile, "NamedTemporaryFile", full)
    patch.setenv("XDG_DATA_HOME", str(folder))
    patch.setenv("XDG_CACHE_HOME", str(folder))


def no_home(patch: pytest.MonkeyPatch, folder: Path) -> None:
    def unknown(user: int) -> None:
        raise KeyError(user)

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        patch.delenv(name, raising=False)
    patch.setattr("pwd.getpwuid", unknown)


def full_disk(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setattr(storage.shutil, "disk_usage", lambda path: SimpleNamespace(total=1e9, free=3e6))


def port_in_use(patch: pytest.MonkeyPatch, folder: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    patch.setattr(network, "PORTS", {taken.getsockname()[1]: "--publish in the examples"})
    patch.setattr(network, "_taken", taken, raising=False)  # held until the patch ends


def clock_of(year: int) -> Break:
    moment = time.mktime((year, 6, 1, 0, 0, 0, 0, 0, 0))
    return lambda patch, folder: patch.setattr(system.time, "time", lambda: moment)


def clock_behind_the_installation(patch: pytest.MonkeyPatch, folder: Path) -> None:
    moment = system.INSTALLED.stat().st_mtime - 40 * system.DAY_S
    patch.setattr(system, "RELEASED", 0.0)
    patch.setattr(system.time, "time", lambda: moment)


def old_openvino(patch: pytest.MonkeyPatch, folder: Path) -> None:
    package(folder, "openvino", "2023.0.1")
    patch.syspath_prepend(str(folder))


def no_zmq(patch: pytest.MonkeyPatch, folder: Path) -> None:
    distributions = system.metadata.distributions
    patch.setattr(system.metadata, "distributions", lambda name: () if name == "pyzmq" else distributions(name=name))


def no_native_operators(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setattr(edge_kernels, "NATIVE", False)


def broken_module(name: str, code: str) -> Break:
    """A package in front of the real one, for processes that start now."""

    def destroy(patch: pytest.MonkeyPatch, folder: Path) -> None:
        (folder / f"{name}.py").write_text(code)
        patch.setenv("PYTHONPATH", str(folder))

    return destroy


def locked_camera(patch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "video0").touch()
    patch.setattr(probes, "DEVICES", folder)
    patch.setattr(probes.os, "access", lambda path, mode: False)  # root may open everything


def board_without_gstreamer(patch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "nv_tegra_release").touch()
    patch.setattr(probes, "JETSON", folder / "nv_tegra_release")
    patch.setattr(probes, "find_spec", lambda name: None)


def configuration(text: str) -> Break:
    def destroy(patch: pytest.MonkeyPatch, folder: Path) -> None:
        (folder / "meshcast.toml").write_text(text)
        patch.setenv("MESHCAST_CONFIG", str(folder / "meshcast.toml"))

    return destroy


LIBAV = "raise ImportError('libavformat.so.61: cannot open shared object file')"
MISTYPED = "[[source]]\nuri = '0'\n[publish]\nadress = 'tcp://127.0.0.1:5556'\n"
FAULTS = [
    Fault("model", damaged_model, "models", "warning", "broken", "meshcast models remove broken", check=storage.models),
    Fault(
        "card", damaged_card, "models", "warning", "broken.toml", "meshcast models remove broken", check=storage.models
    ),
    Fault("cache", unwritable_cache, "cache folder", "warning", "/proc/meshcast cannot be", "XDG_CACHE_HOME"),
    Fault("full", full_cache, "data folder", "warning", "(No space left on device)", "make room in"),
    Fault("home", no_home, "data folder", "warning", "none: models cannot be kept", "set HOME or XDG_DATA_HOME"),
    Fault("disk", full_disk, "disk", "warning", "0.0 GB free", "make room", check=storage.disk),
    Fault("port", port_in_use, "ports", "note", "is in use", "ss -ltnp", check=network.ports),
    Fault("clock 1970", clock_of(1970), "clock", "error", "1970-", "timedatectl set-ntp true", check=system.clocks),
    Fault("clock 2150", clock_of(2150), "clock", "error", "2150-", "timedatectl set-ntp true", check=system.clocks),
    Fault(
        "clock behind",
        clock_behind_the_installation,
        "clock",
        "error",
        "but Meshcast was installed on",
        "timedatectl set-ntp true",
        check=system.clocks,
    ),
    Fault(
        "openvino",
        old_openvino,
        "packages",
        "error",
        "openvino 2023.0.1 is too old; 2025.0 or newer",
        "pip install --upgrade 'openvino>=2025.0'",
        check=system.requirements,
    ),
    Fault("pyzmq", no_zmq, "packages", "error", "pyzmq is not", "pip install 'pyzmq>=26'", check=system.requirements),
    Fault("native", no_native_operators, "native operators", "warning", "not built", "C++17", check=system.processor),
    Fault("ffmpeg", broken_module("av", LIBAV), "FFmpeg", "error", "libavformat.so.61", "reinstall av", "video"),
    Fault("opencv", broken_module("cv2", "1 / 0"), "OpenCV", "error", "ZeroDivision", "opencv-python", "images"),
    Fault("zeromq", broken_module("zmq", "import none"), "ZeroMQ", "error", "none", "reinstall pyzmq", "sockets"),
    Fault(
        "engine", broken_module("onnxruntime", "x"), "onnxruntime", "warning", "NameError", "reinstall", "onnxruntime"
    ),
    Fault("camera", locked_camera, "video0", "warning", "no permission", "usermod -aG video", check=probes.cameras),
    Fault(
        "gstreamer",
        board_without_gstreamer,
        "GStreamer",
        "warning",
        "not installed",
        "apt install",
        check=probes.gstreamer,
    ),
    Fault(
        "toml",
        configuration("[[source]\n"),
        "configuration",
        "error",
        "meshcast.toml",
        "meshcast config init",
        check=doctor.configuration,
    ),
    Fault(
        "key",
        configuration(MISTYPED),
        "configuration",
        "error",
        "did you mean address?",
        "meshcast config check",
        check=doctor.configuration,
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_doctor_finds_what_is_broken_and_names_a_remedy(
    fault: Fault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fault.destroy(monkeypatch, tmp_path)
    named = [fault.probe] if fault.probe is not None else []
    found = list(checks.all_findings([] if named else [fault.check], named))
    bad = [finding for finding in found if finding.state != "ok"]
    assert bad
    first = bad[0]
    assert (first.topic, first.state) == (fault.topic, fault.state), bad
    assert fault.text in first.text
    assert fault.remedy in first.remedy


def test_doctor_json_names_what_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration(MISTYPED)(monkeypatch, tmp_path)
    monkeypatch.setattr("edge.doctor.checks.PROBES", {})
    monkeypatch.setattr(checks.all_findings, "__defaults__", (checks.IN_PROCESS, ()))
    assert doctor.run(SimpleNamespace(json=True)) == 1  # type: ignore[arg-type]
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    (error,) = [finding for finding in findings if finding["state"] == "error"]
    assert error.keys() == {"topic", "state", "text", "remedy"}
    assert error["topic"] == "configuration"
