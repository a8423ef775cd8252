"""The two distributions: their content, their metadata, and installation without an index or a compiler."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from importlib.metadata import entry_points, version
from pathlib import Path, PurePosixPath

import pytest

import meshcast
from edge.cli.main import main

ROOT = Path(__file__).parents[1]
CLIENT = ROOT / "clients" / "python"
MODULES = {"edge", "engines", "calibration", "edge_kernels"}
# The compiled extension is not part of these checks; without it the wheel is made in a second.
PIPELINE_BUILD = """
import sys
from scikit_build_core import build
print(getattr(build, sys.argv[1])(sys.argv[2], {"wheel.cmake": "false"}))
"""
CLIENT_BUILD = """
import sys
from hatchling import build
print(getattr(build, sys.argv[1])(sys.argv[2]))
"""


def built(hook: str, folder: Path, source: Path = ROOT, code: str = PIPELINE_BUILD) -> Path:
    """The wheel or source distribution that a build hook makes of a project, built in this environment."""
    done = subprocess.run(
        [sys.executable, "-c", code, hook, str(folder)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.split()[-1]


def zoo() -> set[str]:
    return {str(path.relative_to(ROOT)) for path in (ROOT / "engines" / "zoo").rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def pure_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel without the compiled operators, which takes a second."""
    return built("build_wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("build_wheel", tmp_path_factory.mktemp("client_wheel"), CLIENT, CLIENT_BUILD)


def content(wheel: Path) -> tuple[set[str], set[str]]:
    """The installed files of a wheel, and those of its metadata."""
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    info = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    return names - info, info


def wheel_metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(opened.read(name))


def test_wheels_hold_each_package_once(pure_wheel: Path, client_wheel: Path) -> None:
    assert {name.split("/")[0] for name in content(pure_wheel)[0]} == MODULES
    assert {name.split("/")[0] for name in content(client_wheel)[0]} == {"meshcast"}


def test_wheel_holds_models_licenses_and_types(pure_wheel: Path) -> None:
    names, info = content(pure_wheel)
    assert zoo() <= names
    assert {f"edge/bridges/websocket/static/{name}" for name in ("index.html", "page.css", "page.js")} <= names
    assert {"edge_kernels/py.typed", "edge_kernels/_native.pyi", "edge/types.py"} <= names
    assert "engines/training/poses/sample_poses.npz" in names
    licenses = {"BSD-3-Clause-pose2sim.txt", "MIT-human-models.txt", "MIT-three.js.txt", "MIT-uPlot.txt"}
    assert {"LICENSE", "NOTICE", *licenses} <= {PurePosixPath(name).name for name in info}


def test_client_wheel_holds_license_and_types(client_wheel: Path) -> None:
    names, info = content(client_wheel)
    assert {"meshcast/py.typed", "meshcast/protocol/body.py", "meshcast/transport/curve.py"} <= names
    assert "LICENSE" in {PurePosixPath(name).name for name in info}
    assert (CLIENT / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


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


def test_installed_wheels_without_index_and_compiler_work(pure_wheel: Path, client_wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", target]
    pip += [pure_wheel, client_wheel]
    assert subprocess.run(pip, capture_output=True, check=False, env=os.environ | {"CXX": "/none"}).returncode == 0
    # Without site, whose hooks would bring the editable installation.
    python = [sys.executable, "-S", "-E", "-c", INSTALLED, target, sysconfig.get_path("purelib")]
    done = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{target}/edge/__init__.py False True"
    assert done.stdout.splitlines()[1].startswith("4800 ")
    assert done.stdout.endswith("-m pip install 'meshcast[onnxruntime]'\n")
    assert "the slower NumPy reference is used" in done.stderr


def venv_pip(python: Path, *arguments: object) -> None:
    """Run this environment's pip on another one."""
    command = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def importable(python: Path, *names: str) -> set[str]:
    code = (
        "import sys; from importlib.util import find_spec; print(*(name for name in sys.argv[1:] if find_spec(name)))"
    )
    command = [python, "-I", "-c", code, *names]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [("meshcast", "meshcast-client", {"meshcast"}), ("meshcast-client", "meshcast", MODULES)],
)
def test_uninstalling_one_distribution_leaves_the_other_whole(
    pure_wheel: Path, client_wheel: Path, tmp_path: Path, first: str, second: str, left: set[str]
) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    venv_pip(python, "install", "--no-deps", "--no-index", "--no-compile", pure_wheel, client_wheel)
    assert importable(python, *MODULES, "meshcast") == MODULES | {"meshcast"}

    venv_pip(python, "uninstall", "--yes", first)
    assert importable(python, *MODULES, "meshcast") == left
    wheel = client_wheel if left == {"meshcast"} else pure_wheel
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert {name for name in files if name.split("/")[0] in left} == content(wheel)[0]

    venv_pip(python, "uninstall", "--yes", second)
    assert not list(site.iterdir())


def test_client_alone_says_how_to_install_the_pipeline(client_wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(client_wheel) as wheel:  # as good as an installation, and quicker
        wheel.extractall(tmp_path)
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]; import meshcast; print(meshcast.__version__); meshcast.stream('a')"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code, tmp_path], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{meshcast.__version__}\n"
    assert done.stderr.splitlines()[-1].startswith(
        "meshcast.errors.PipelineMissingError: meshcast.stream: only the client is installed; install the pipeline "
    )


def test_client_sdist_builds_the_same_wheel(client_wheel: Path, tmp_path: Path) -> None:
    sdist = built("build_sdist", tmp_path, CLIENT, CLIENT_BUILD)
    shutil.unpack_archive(sdist, tmp_path / "unpacked")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert content(built("build_wheel", tmp_path, source, CLIENT_BUILD)) == content(client_wheel)


def test_sdist_holds_sources_and_no_build_output(tmp_path: Path) -> None:
    with tarfile.open(built("build_sdist", tmp_path)) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "kernels").rglob("*.?pp")}
    version = "clients/python/meshcast/version.py"
    assert zoo() | sources | {"CMakeLists.txt", "pyproject.toml", "LICENSE", "NOTICE", version} <= names
    assert not [name for name in names if name.startswith((".venv", "build/", "out/", "tests/media/"))]


def test_metadata_of_both_wheels_is_complete(pure_wheel: Path, client_wheel: Path) -> None:
    for wheel in (pure_wheel, client_wheel):
        package = wheel_metadata(wheel)
        assert package["Version"] == meshcast.__version__
        assert package["License-Expression"] == "Apache-2.0"
        assert package["Requires-Python"] == ">=3.10"
        assert package["Author"] == "The Meshcast authors"
        urls = dict(line.split(", ") for line in package.get_all("Project-URL") or [])
        assert urls.keys() == {"Homepage", "Documentation", "Source", "Changelog"}
        assert all(url.startswith("https://") for url in urls.values())
        assert "Typing :: Typed" in (package.get_all("Classifier") or [])


def required(package: Message) -> list[str]:
    return [line for line in package.get_all("Requires-Dist") or [] if "extra ==" not in line]


def test_wheel_requires_the_client_of_its_version_and_no_training_library(pure_wheel: Path, client_wheel: Path) -> None:
    package = required(wheel_metadata(pure_wheel))
    assert f"meshcast-client=={meshcast.__version__}" in package
    assert not [line for line in package if line.startswith(("torch", "onnx", "matplotlib", "open3d"))]
    assert {line.split(">")[0] for line in required(wheel_metadata(client_wheel))} == {"numpy", "pyzmq"}


def test_installed_entry_points_name_the_command_and_the_pipeline() -> None:
    (script,) = entry_points(group="console_scripts", name="meshcast")
    assert script.value == "edge.cli.main:main"
    (pipeline,) = entry_points(group="meshcast.pipeline")
    assert (pipeline.name, pipeline.value) == ("stream", "edge.api:stream")


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("CITATION.cff", r"^version: (\S+)$"),
        ("pyproject.toml", r'"meshcast-client==(\S+)"'),
        ("clients/unity/package.json", r'^\s*"version": "(\S+)"'),
        ("clients/web/package.json", r'^\s*"version": "(\S+)"'),
        ("clients/unreal/Meshcast/Meshcast.uplugin", r'"VersionName": "(\S+)"'),
    ],
)
def test_version_in_other_files_is_that_of_the_package(path: str, pattern: str) -> None:
    found = re.findall(pattern, (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    assert found == [meshcast.__version__]


def test_version_of_the_distributions_and_the_command_is_that_of_the_package(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert version("meshcast") == version("meshcast-client") == meshcast.__version__
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"meshcast {meshcast.__version__}\n"


def test_version_of_the_cmake_project_is_that_of_the_package(tmp_path: Path) -> None:
    assert configure(tmp_path, MESHCAST_NATIVE="OFF").returncode == 0
    assert f"CMAKE_PROJECT_VERSION:STATIC={meshcast.__version__}\n" in (tmp_path / "CMakeCache.txt").read_text()


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


def test_configure_without_a_compiler_succeeds_with_a_warning(tmp_path: Path) -> None:
    done = configure(tmp_path, CXX=str(tmp_path / "no-compiler"))
    assert done.returncode == 0, done.stderr
    assert "no C++ compiler was found" in " ".join(done.stderr.split())
    assert not list(tmp_path.rglob("build.ninja")) or "_native" not in (tmp_path / "build.ninja").read_text()


def test_configure_finds_a_compiler_installed_later(tmp_path: Path) -> None:
    if shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler")
    assert "no C++ compiler was found" in configure(tmp_path, CXX=str(tmp_path / "no-compiler")).stderr
    done = configure(tmp_path, CXX=os.environ.get("CXX", "c++"))
    assert done.returncode == 0, done.stderr
    assert "The CXX compiler identification is" in done.stdout


def test_configure_native_on_without_a_compiler_fails(tmp_path: Path) -> None:
    done = configure(tmp_path, CXX=str(tmp_path / "no-compiler"), MESHCAST_NATIVE="ON")
    assert done.returncode != 0
    assert "no C++ compiler was found" in " ".join(done.stderr.split())


def test_configure_unknown_option_value_fails(tmp_path: Path) -> None:
    done = configure(tmp_path, MESHCAST_NATIVE="MAYBE")
    assert done.returncode != 0
    assert "MESHCAST_NATIVE is MAYBE, but must be AUTO, ON or OFF" in " ".join(done.stderr.split())
