"""The checks of `meshcast doctor`, on this machine and with things broken on purpose."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.doctor import checks, network, probes, storage, system
from edge.doctor.finding import STATES, Finding
from engines.cards import card as card_module
from engines.cards.card import load_card


def only(findings: Iterable[Finding], topic: str) -> Finding:
    (finding,) = [finding for finding in findings if finding.topic == topic]
    return finding


@pytest.mark.parametrize("check", checks.IN_PROCESS, ids=lambda check: check.__name__)
def test_check_on_this_machine_has_well_formed_findings(check: Callable[[], Iterable[Finding]]) -> None:
    for finding in check():
        assert finding.state in STATES
        assert finding.topic
        assert "\n" not in finding.text + finding.remedy
        assert finding.remedy or finding.state in ("ok", "note")


def test_python_too_old_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "OLDEST_PYTHON", (4, 0))
    assert only(system.python(), "Python").state == "error"


def test_packages_of_different_versions_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def distributions(name: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(version="0.1.0" if name == "meshcast" else "0.0.9")]

    monkeypatch.setattr(system.metadata, "distributions", distributions)
    finding = only(system.packages(), "packages")
    assert finding.state == "error"
    assert "meshcast 0.1.0, meshcast-client 0.0.9" in finding.text


def test_packages_without_the_client_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def distributions(name: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(version="0.1.0")] if name == "meshcast" else []

    monkeypatch.setattr(system.metadata, "distributions", distributions)
    assert only(system.packages(), "packages").remedy == "pip install meshcast-client"


def test_processor_without_avx2_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("flags : fpu sse2\n")
    monkeypatch.setattr(system, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(system.platform, "machine", lambda: "x86_64")
    assert "warning" in [finding.state for finding in system.processor() if finding.topic == "processor"]


def test_processor_without_native_operators_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_kernels.NATIVE", False)
    finding = only(system.processor(), "native operators")
    assert finding.state == "warning"
    assert "compiler" in finding.remedy


def test_kernels_say_what_the_matrix_unit_is_and_what_was_timed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for refusal, state in (
        ("the processor or the system has no AMX with bfloat16", "note"),
        ("the system does not permit AMX (Operation not permitted)", "warning"),
        ("", "ok"),
    ):
        monkeypatch.setattr("edge_kernels.amx_refusal", lambda refusal=refusal: refusal)
        monkeypatch.setattr("engines.inference.kernel_choice.amx_refusal", lambda refusal=refusal: refusal)
        assert only(system.kernels(), "matrix unit").state == state
        assert "not timed yet" in only(system.kernels(), "bfloat16 kernels").text


def test_memory_that_is_nearly_full_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 4000000 kB\nMemAvailable:  300000 kB\n")
    monkeypatch.setattr(system, "MEMORY_INFO", tmp_path / "meminfo")
    assert only(system.memory(), "memory").state == "warning"


def test_few_open_files_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda kind: (64, 64))
    assert only(system.memory(), "open files").remedy == "ulimit -n 1024"


def test_clock_of_1970_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.time, "time", lambda: 86400.0)
    finding = only(system.clocks(), "clock")
    assert finding.state == "error"
    assert "1970-01-02" in finding.text


def test_clock_that_is_not_synchronized_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system, "TIME_SYNC", tmp_path / "synchronized")
    assert only(system.clocks(), "clock").state == "warning"
    (tmp_path / "synchronized").touch()
    assert only(system.clocks(), "clock").state == "ok"


def test_full_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda folder: SimpleNamespace(total=1e9, free=1e6))
    assert only(storage.disk(), "disk").state == "warning"


def test_folder_that_is_a_file_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    finding = only(storage.folders(), "cache folder")
    assert finding.state == "warning"
    assert "XDG_CACHE_HOME" in finding.remedy


def test_damaged_weights_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("nanodet_g.toml", "nanodet_g.fp16w.onnx", "nanodet_g.int8.onnx"):
        (tmp_path / name).write_bytes(load_card("nanodet_g").path.with_name(name).read_bytes())
    weights = tmp_path / "nanodet_g.int8.onnx"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    card = load_card(tmp_path / "nanodet_g.toml")
    monkeypatch.setattr(card_module, "cards", lambda: (card,))
    found = list(storage.models())
    assert [finding.state for finding in found] == ["error", "ok"]
    assert "nanodet_g.int8.onnx" in found[0].text


def test_port_in_use_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(network, "PORTS", {taken.getsockname()[1]: "a test"})
        finding = only(network.ports(), "ports")
    assert finding.state == "note"
    assert "is in use (a test)" in finding.text


def test_camera_that_gives_no_images_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    monkeypatch.setattr(probes, "DEVICES", tmp_path)
    finding = only(probes.cameras(), "video0")
    assert finding.state == "warning"
    assert "fuser" in finding.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_camera_without_permission_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "video0").touch(0o000)
    monkeypatch.setattr(probes, "DEVICES", tmp_path)
    assert "usermod" in only(probes.cameras(), "video0").remedy


def test_gpu_without_cuda_core_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.inference.cuda.driver.device_count", lambda: 1)
    monkeypatch.setattr("engines.inference.cuda.driver.gpu", lambda index: SimpleNamespace(name="Orin"))
    monkeypatch.setattr("edge_kernels.CUDA", True)
    monkeypatch.setattr("edge_kernels.cuda_device_count", lambda: 1)
    monkeypatch.setattr(probes, "_has_cuda_core", lambda: False)
    assert only(probes.cuda(), "cuda-core").state == "note"
    monkeypatch.setattr(probes, "_has_cuda_core", lambda: True)
    assert [finding.topic for finding in probes.cuda()] == ["CUDA"]


def test_gpu_whose_driver_does_not_answer_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(probes, "DEVICES", tmp_path)
    monkeypatch.setattr("engines.inference.cuda.driver.device_count", lambda: 0)
    assert only(probes.cuda(), "CUDA").state == "warning"


def test_engine_that_does_not_load_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("libopenvino.so: cannot open shared object file")

    monkeypatch.setitem(sys.modules["engines.inference.session"].BACKENDS, "openvino", broken)
    finding = only(probes.engine("openvino"), "openvino")
    assert finding.state == "warning"
    assert "libopenvino.so" in finding.text


def test_no_engine_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "find_spec", lambda name: None)
    assert only(probes.engine("openvino"), "openvino").state == "error"


@pytest.fixture
def broken_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a package onnxruntime in front of the real one, with the given code."""

    def write(code: str) -> None:
        (tmp_path / "onnxruntime.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return write


def test_run_probe_of_an_engine_that_crashes_says_so(broken_package: Callable[[str], None]) -> None:
    broken_package("import os; os.abort()")
    (finding,) = probes.run_probe("onnxruntime")
    assert finding.state == "error"
    assert "ended by signal 6" in finding.text
    assert "onnxruntime" in finding.remedy


def test_run_probe_of_an_engine_that_hangs_says_so(broken_package: Callable[[str], None]) -> None:
    broken_package("import threading; threading.Event().wait()")
    (finding,) = probes.run_probe("onnxruntime", timeout_s=3.0)
    assert finding.text == "no answer within 3 s"


def test_all_findings_go_on_after_a_check_that_fails() -> None:
    def bad() -> Iterable[Finding]:
        raise ValueError("surprise")

    found = list(checks.all_findings([bad, system.python], []))
    assert found[0].text == "the check failed: ValueError: surprise"
    assert found[1].topic == "Python"
