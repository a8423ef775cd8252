"""Dependency rules, light imports, sizes of modules, and the layout of the tests."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.imports import PACKAGES, arrows, cycle, imports_of, modules, part
from tests.support.paths import ROOT, TESTS

ENGINE_LIBRARIES = {"torch", "onnx", "openvino", "onnxruntime", "tensorrt", "tensorrt_rtx"}
HEAVY = {"cv2", "av", "zmq", "scipy", "rich", "websockets", *ENGINE_LIBRARIES}
CLIENT_USERS = {"edge", "engines"}  # the packages that may import the client package `meshcast`
LONGEST_MODULE = 400
TEST_FOLDERS = ("edge", "engines", "calibration", "kernels")
LONG_TEST_MODULES = {"edge/stages/test_keypoint_decoders.py", "kernels/test_skinning.py"}

# Layers of a package from top to bottom: a module imports from its own folder and from lower layers only.
LAYERS: dict[str, Sequence[set[str]]] = {
    "edge": (
        {"__init__"},
        {"cli"},
        {"api", "batch", "benchmark", "bridges", "doctor", "evaluation", "fleet", "quantization"},
        {"run", "fuse", "ray_cluster"},
        {"run_config"},
        {"monitoring"},
        {"room_config"},
        {"runtime"},
        {"recording", "gpu"},
        {"pipeline", "sinks", "wire", "console", "room"},
        {"stages", "models", "sources", "log_format"},
        {"render", "timing", "bounded_queue", "stream_names", "text"},
        {"types", "errors", "redaction"},
    ),
    "engines": (
        {"__init__"},
        {"importing"},
        {"heads", "training"},
        {"evaluation"},
        {"inference"},
        {"onnx_tools"},
        {"networks"},
        {"pose2mesh"},
        {"body"},
        {"cards"},
        {"onnx_file", "files", "device"},
        {"joint_sets", "backend_errors"},
        {"errors"},
    ),
}
ENGINES_TOP_LEVEL = {"__init__", "errors", "backend_errors", "joint_sets"}

# Test modules without a module of the same name, and what they test.
TESTS_OF_SEVERAL_MODULES = {
    "edge/cli/test_source_options.py": "secrets of sources in all commands",
    "edge/doctor/test_broken_machine.py": "all checks on a machine with a fault",
    "edge/recording/test_replay_transport.py": "replays over sockets",
    "edge/runtime/test_levels_on_demand.py": "surfaces that follow the subscriptions",
    "edge/runtime/test_process_end.py": "a process that ends while streams run",
    "edge/sources/test_rtsp.py": "network sources with an RTSP server",
    "edge/sources/test_times.py": "time stamps of all file sources",
    "edge/test_run_errors.py": "unusable models, cameras and outputs of a run",
    "edge/test_run_gpu.py": "runs on a GPU's streams",
    "edge/gpu/test_cuda_kernels.py": "the pipeline with emulated CUDA kernels",
    "edge/gpu/test_async_gpu.py": "streams of frames on a GPU",
    "edge/gpu/test_device_frames.py": "frames from decoders on a GPU",
    "edge/test_run_failures.py": "failures that a run survives",
    "edge/test_run_inputs.py": "videos and images of a run",
    "edge/test_run_interrupts.py": "live streams and signals of a run",
    "edge/test_run_record.py": "recordings of a run",
    "edge/test_run_room.py": "rigs of a run",
    "edge/test_run_sources.py": "source options of a run",
    "edge/test_run_streams.py": "several sources of a run",
    "edge/wire/test_access.py": "addresses and keys that a publisher accepts",
    "edge/test_half_bodies.py": "people cut by the image, through the whole pipeline",
    "edge/wire/test_document.py": "docs/wire.md against the layout",
    "edge/wire/test_packets.py": "encoders against the golden packets",
    "edge/wire/test_publisher_address.py": "binding of a publisher",
    "edge/wire/test_reconnect.py": "publisher and subscriber that restart",
    "engines/cards/test_folder.py": "the user's models folder",
    "engines/device/test_emulation.py": "the emulated device of the tests",
    "engines/heads/test_heads.py": "all heads",
    "engines/importing/test_body_file_damage.py": "damaged body files",
    "engines/importing/test_import_image_training.py": "checkpoints of trainings on images",
    "engines/inference/backends/test_openvino.py": "sessions on OpenVINO",
    "engines/inference/backends/test_tensorrt.py": "sessions on TensorRT and TensorRT-RTX",
    "engines/inference/backends/test_torch.py": "sessions on torch",
    "engines/training/test_bvh.py": "motion files as training data",
}


def wrong_imports(package: str, source: str) -> list[str]:
    """Imports that a module of `package` with this source must not have, as LINE imports NAME."""
    order = list(PACKAGES)
    banned = {*order[: order.index(package)], "kernels", "tests"}
    if package != "engines":
        banned |= ENGINE_LIBRARIES
    if package not in CLIENT_USERS | {"meshcast"}:
        banned.add("meshcast")
    return [
        f"{entry.line} imports {entry.name}"
        for entry in imports_of(source)
        if entry.name.split(".")[0] in banned  # deferred ones and those for type checkers included
    ]


def test_packages_import_lower_packages_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for name, path in modules().items()
        for line in wrong_imports(name.split(".")[0], path.read_text(encoding="utf-8"))
    ]
    assert {name.split(".")[0] for name in modules()} == set(PACKAGES)
    assert not wrong


@pytest.mark.parametrize(
    ("package", "source", "wrong"),
    [
        ("engines", "from edge.types import Frame", True),
        ("edge_kernels", "import engines.body.body", True),
        ("calibration", "def f():\n    import edge", True),
        ("edge", "import torch", True),
        ("edge", "import importlib\nimportlib.import_module('openvino.runtime')", True),
        ("edge_kernels", "import torch", True),
        ("edge_kernels", "from meshcast.protocol.layout import SHAPE_STEP", True),
        ("calibration", "import meshcast", True),
        ("meshcast", "from edge.types import Bodies", True),
        ("edge", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", True),
        ("engines", "import torch", False),
        ("engines", "from meshcast.protocol.rotations import rotmat", False),
        ("edge", "from calibration.camera import Camera", False),
    ],
)
def test_wrong_imports_are_found(package: str, source: str, wrong: bool) -> None:
    assert bool(wrong_imports(package, source)) is wrong


def test_modules_have_no_import_cycle() -> None:
    edges = [(arrow.source, arrow.target) for arrow in arrows(deferred=True)]
    assert len(edges) > 500
    assert cycle(edges) == []


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([("a", "b"), ("b", "c"), ("a", "c")], []),
        ([("a", "b"), ("b", "c"), ("c", "b")], ["b", "c", "b"]),
        ([("x", "y"), ("a", "a")], ["a", "a"]),
    ],
)
def test_cycle_is_found(edges: list[tuple[str, str]], found: list[str]) -> None:
    assert cycle(edges) == found


@pytest.mark.parametrize("package", LAYERS)
def test_layers_name_every_part_of_the_package(package: str) -> None:
    """A new folder or top-level module needs a place in LAYERS."""
    named = [name for layer in LAYERS[package] for name in layer]
    assert len(named) == len(set(named))
    assert set(named) == {part(module) for module in modules() if module.split(".")[0] == package}


@pytest.mark.parametrize("package", LAYERS)
def test_folders_import_lower_layers_only(package: str) -> None:
    """Imports within functions count too."""
    depth = {name: index for index, layer in enumerate(LAYERS[package]) for name in layer}
    inside = [
        arrow
        for arrow in arrows(deferred=True)
        if arrow.source.split(".")[0] == arrow.target.split(".")[0] == package
        and part(arrow.source) != part(arrow.target)
        and arrow.target != package
    ]
    assert inside
    assert not [str(arrow) for arrow in inside if depth[part(arrow.source)] >= depth[part(arrow.target)]]


def test_engines_has_four_top_level_modules() -> None:
    assert {path.stem for path in (ROOT / "engines").glob("*.py")} == ENGINES_TOP_LEVEL


def test_modules_are_at_most_400_lines_long() -> None:
    paths = [*modules().values(), *(TESTS / "support").glob("*.py"), *(ROOT / "tools").glob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert not {name: length for name, length in lengths.items() if length > LONGEST_MODULE}


def test_test_modules_are_at_most_400_lines_long() -> None:
    paths = [path for folder in TEST_FOLDERS for path in (TESTS / folder).rglob("test_*.py")]
    long = {
        path.relative_to(TESTS).as_posix()
        for path in paths
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_MODULE
    }
    assert long <= LONG_TEST_MODULES


def test_tests_mirror_the_folders() -> None:
    """tests/edge/wire/test_keys.py tests edge/wire/keys.py; TESTS_OF_SEVERAL_MODULES are the exceptions."""
    found = [path for package in ("edge", "engines", "calibration") for path in (TESTS / package).rglob("test_*.py")]
    without = {
        str(relative)
        for relative in (path.relative_to(TESTS) for path in found)
        if not (ROOT / relative.with_name(relative.name.removeprefix("test_"))).is_file()
        and not (ROOT / relative.with_name(relative.stem.removeprefix("test_"))).is_dir()
    }
    assert without == set(TESTS_OF_SEVERAL_MODULES)


def test_tests_import_nothing_from_conftest() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{entry.line}"
        for path in TESTS.rglob("*.py")
        for entry in imports_of(path.read_text(encoding="utf-8"))
        if "conftest" in entry.name.split(".")
    ]
    assert not wrong


def prints(path: Path) -> list[int]:
    """Lines of a file that call print()."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def test_library_code_does_not_print() -> None:
    paths = [path for path in modules().values() if (ROOT / "edge" / "cli") not in path.parents]
    assert not [f"{path.relative_to(ROOT)}:{line}" for path in paths for line in prints(path)]


def test_tests_do_not_print() -> None:
    paths = TESTS.rglob("test_*.py")
    assert not [f"{path.relative_to(ROOT)}:{line}" for path in paths for line in prints(path)]


def run(code: str, cwd: Path) -> str:
    """Output of a Python program."""
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_import_edge_loads_no_heavy_library(tmp_path: Path) -> None:
    code = "import edge, sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    names = set(run(code, tmp_path).split())
    assert "edge" in names
    assert not names & HEAVY


def test_help_loads_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys; from edge.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('\\nMODULES', *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    shown, _, names = run(code, tmp_path).partition("MODULES")
    assert "usage: " in shown
    assert "edge" in names.split()
    assert not set(names.split()) & (HEAVY | {"numpy"})


def test_kernels_folder_does_not_shadow_the_package_of_that_name(tmp_path: Path) -> None:
    # Another well-known package is called kernels. An editable install puts the project's root on the path, where a
    # folder without Python files is at most an empty namespace: the other package comes first wherever it is installed.
    assert not list((ROOT / "kernels").glob("*.py"))
    other = tmp_path / "site" / "kernels"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("NAME = 'the other one'")
    code = f"import sys; sys.path.append({str(other.parent)!r}); import kernels; print(kernels.NAME)"
    assert run(code, tmp_path) == "the other one\n"


CHECKING_METHODS = {"raises", "warns", "deprecated_call", "fail", "compare"}  # of pytest, and Goldens.compare


def asserts(function: ast.AST, helpers: set[str]) -> bool:
    """Whether a function asserts, by itself or through one of the helpers."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CHECKING_METHODS | helpers or name.startswith("assert_"):
                return True
            if any(keyword.arg == "check" and ast.unparse(keyword.value) == "True" for keyword in node.keywords):
                return True  # subprocess.run(..., check=True)
    return False


def without_assertion(source: str) -> list[str]:
    """Names of the tests in a module that cannot fail but by an error."""
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    helpers: set[str] = set()
    while found := {
        function.name
        for function in functions
        if not function.name.startswith("test_") and function.name not in helpers and asserts(function, helpers)
    }:
        helpers |= found
    return [
        function.name for function in functions if function.name.startswith("test_") and not asserts(function, helpers)
    ]


def test_every_test_asserts() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in TESTS.rglob("test_*.py")
        for name in without_assertion(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_tests_without_assertion_are_found() -> None:
    source = (
        "def check_all(x): assert x\ndef deep(x): check_all(x)\ndef idle(x): print(x)\n"
        "def test_a(): deep(1)\ndef test_b(): idle(1)\ndef test_c():\n    with pytest.raises(ValueError): int('')\n"
    )
    assert without_assertion(source) == ["test_b"]
