"""What `make` says while pip installs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.paths import ROOT

SCRIPT = ROOT / "tools" / "install.py"


@pytest.fixture(scope="module")
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Collecting openvino>=2025.0 (from meshcast==0.1.0)", "looking for openvino>=2025.0"),
        (
            "  Downloading openvino-2026.4.1-20001-cp311-cp311-manylinux2014_x86_64.whl (52.3 MB)",
            "downloading openvino (52.3 MB)",
        ),
        (
            "  Downloading https://files.example/ab/cd/opencv_python-5.0.0.93-cp37-abi3-any.whl (50.0 MB)",
            "downloading opencv_python (50.0 MB)",
        ),
        (
            "  [12/39] Building CXX object isa_avx2.dir/kernels/graph_conv/graph_conv_isa.cpp.o",
            "compiling 12 of 39",
        ),
        ("  Building editable for meshcast (pyproject.toml): started", "building meshcast"),
        ("  Installing build dependencies: started", "installing the build tools"),
        ("Installing collected packages: zstandard, numpy", "installing what was downloaded"),
        (
            "  no C++ compiler was found: the native operators are not built, the slower NumPy",
            "no C++ compiler: the slower NumPy operators are used",
        ),
        ("WARNING: Location 'file:///x' is ignored: it is neither a file nor a directory.", None),
        ("Looking in indexes: https://example.org/simple", None),
        ("", None),
    ],
)
def test_step_of_a_pip_line_is_its_text(install: ModuleType, line: str, said: str | None) -> None:
    assert install.step(line) == said


def test_progress_prints_a_step_once_and_repeats_it_after_seconds(
    install: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [100.0]
    monkeypatch.setattr(install.time, "monotonic", lambda: now_s[0])
    progress = install.Progress()
    for now_s[0] in (101.0, 102.0):
        progress.show("compiling 1 of 2")
        progress.still()
    now_s[0] = 107.0
    progress.still()
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["     1 s  compiling 1 of 2", "     7 s  still compiling 1 of 2"]


def test_install_failure_shows_end_of_the_log_and_exit_code(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--no-index", "--no-cache-dir", str(tmp_path / "none-1-py3-none-any.whl")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "none-1-py3-none-any.whl" in done.stderr
    assert "is ignored" not in done.stdout + done.stderr
    assert done.stderr.splitlines()[-1].endswith("its whole output is in build/install.log")
    assert (tmp_path / "build" / "install.log").is_file()
