"""What an installation holds, and that it works on a machine without a compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from importlib.metadata import entry_points, metadata
from pathlib import Path, PurePosixPath

import pytest

from tests.support.paths import ROOT

# The compiled extension is not part of these checks; without it the wheel is made in a second.
BUILD = """
import sys
from scikit_build_core import build
print(getattr(build, sys.argv[1])(sys.argv[2], {"wheel.cmake": "false"}))
"""


def built(hook: str, folder: Path) -> Path:
    pytest.importorskip("scikit_build_core")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, hook, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.split()[-1]


def zoo() -> set[str]:
    return {str(path.relative_to(ROOT)) for path in (ROOT / "engines" / "zoo").rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def pure_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel without the compiled operators, which takes a second."""
    return built("build_wheel", tmp_path_factory.mktemp("wheel"))


def test_wheel_holds_the_packages_and_the_models_only(pure_wheel: Path) -> None:
    with zipfile.ZipFile(pure_wheel) as wheel:
        names = set(wheel.namelist())
    info = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert {name.split("/")[0] for name in names - info} == {
        "edge",
        "engines",
        "calibration",
        "edge_kernels",
        "meshcast",
    }
    assert zoo() <= names
    assert {f"edge/bridges/websocket/static/{name}" for name in ("index.html", "page.css", "page.js")} <= names
    assert {"edge_kernels/py.typed", "edge_kernels/_native.pyi", "edge/types.py", "meshcast/protocol/body.py"} <= names
    assert "engines/training/poses/sample_poses.npz" in names
    licenses = {"BSD-3-Clause-pose2sim.txt", "MIT-human-models.txt", "MIT-three.js.txt"}
    assert {"LICENSE", "NOTICE", *licenses} <= {PurePosixPath(name).name for name in info}


INSTALLED = """
import sys
sys.path[:0] = [sys.argv[1]]  # before anything else; what it depends on comes from this environment
sys.path.append(sys.argv[2])
import edge, edge_kernels
from engines.cards.card import load_card, read_weights
from engines.files.install_hint import install_hint
from engines.training.poses import load_poses
print(edge.__file__, edge_kernels.NATIVE, len(read_weights(load_card("pose2mesh_open").variants[0])) > 1e6)
print(len(load_poses(["sample"])), install_hint("onnxruntime"))
"""


def test_installed_wheel_works_without_index_and_compiler(pure_wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", target, pure_wheel]
    assert subprocess.run(pip, capture_output=True, check=False, env=os.environ | {"CXX": "/none"}).returncode == 0
    # Without site, whose hooks would bring the editable installation.
    python = [sys.executable, "-S", "-E", "-c", INSTALLED, target, sysconfig.get_path("purelib")]
    done = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{target}/edge/__init__.py False True"
    assert done.stdout.splitlines()[1].startswith("4800 ")
    assert done.stdout.endswith("-m pip install 'meshcast[onnxruntime]'\n")
    assert "the slower NumPy reference is used" in done.stderr


def test_sdist_can_build_the_wheel(tmp_path: Path) -> None:
    with tarfile.open(built("build_sdist", tmp_path)) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "kernels").rglob("*.?pp")}
    assert zoo() | sources | {"CMakeLists.txt", "pyproject.toml", "LICENSE", "NOTICE"} <= names
    assert not [name for name in names if name.startswith((".venv", "build/", "out/", "tests/media/"))]


def test_metadata() -> None:
    package = metadata("meshcast")
    assert package["License-Expression"] == "Apache-2.0"
    assert package["Requires-Python"] == ">=3.10"
    (script,) = entry_points(group="console_scripts", name="meshcast")
    assert script.value == "edge.cli.main:main"
    required = [line for line in package.get_all("Requires-Dist") or [] if "extra ==" not in line]
    assert not [line for line in required if line.startswith(("torch", "onnx", "matplotlib", "open3d"))]


def configure(build: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).with_name("cmake")
    cmake = str(beside) if beside.exists() else shutil.which("cmake")
    if cmake is None:
        pytest.skip("cmake is not installed")
    native = environment.pop("MESHCAST_NATIVE", "AUTO")
    return subprocess.run(
        [cmake, "-S", ROOT, "-B", build, f"-DPython_EXECUTABLE={sys.executable}", f"-DMESHCAST_NATIVE={native}"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_compiler_the_configuration_succeeds_and_says_what_is_missing(tmp_path: Path) -> None:
    done = configure(tmp_path, CXX=str(tmp_path / "no-compiler"))
    assert done.returncode == 0, done.stderr
    assert "no C++ compiler was found" in " ".join(done.stderr.split())
    assert not list(tmp_path.rglob("build.ninja")) or "_native" not in (tmp_path / "build.ninja").read_text()


def test_a_compiler_that_came_later_is_found(tmp_path: Path) -> None:
    if shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler")
    assert "no C++ compiler was found" in configure(tmp_path, CXX=str(tmp_path / "no-compiler")).stderr
    done = configure(tmp_path, CXX=os.environ.get("CXX", "c++"))
    assert done.returncode == 0, done.stderr
    assert "The CXX compiler identification is" in done.stdout


def test_native_on_fails_without_a_compiler(tmp_path: Path) -> None:
    done = configure(tmp_path, CXX=str(tmp_path / "no-compiler"), MESHCAST_NATIVE="ON")
    assert done.returncode != 0
    assert "no C++ compiler was found" in " ".join(done.stderr.split())


def test_an_unknown_option_value_is_refused(tmp_path: Path) -> None:
    done = configure(tmp_path, MESHCAST_NATIVE="MAYBE")
    assert done.returncode != 0
    assert "MESHCAST_NATIVE is MAYBE, but must be AUTO, ON or OFF" in " ".join(done.stderr.split())
