"""The walls of the house: who may import whom, what stays light, and that library code does not print."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

# Imports go down this list, never up.
PACKAGES = {
    "edge": ROOT / "edge",
    "calibration": ROOT / "calibration",
    "engines": ROOT / "engines",
    "edge_kernels": ROOT / "kernels" / "edge_kernels",
    "meshcast": ROOT / "clients" / "python" / "meshcast",
}
ENGINE_LIBRARIES = {"torch", "onnx", "openvino", "onnxruntime", "tensorrt", "tensorrt_rtx"}
HEAVY = {"cv2", "av", "zmq", "scipy", "rich", "websockets", *ENGINE_LIBRARIES}


def modules() -> list[tuple[str, Path]]:
    return [(package, path) for package, folder in PACKAGES.items() for path in sorted(folder.rglob("*.py"))]


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Top-level names that a module imports anywhere in it, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0], node.lineno
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__"):
                yield str(node.args[0].value).split(".")[0], node.lineno


def wrong_imports(package: str, path: Path) -> list[str]:
    order = list(PACKAGES)
    above = set(order[: order.index(package)]) | {"kernels", "tests"}
    if package != "engines":
        above |= ENGINE_LIBRARIES
    return [f"{path}:{line} imports {name}" for name, line in imported(ast.parse(path.read_text())) if name in above]


def test_imports_go_one_way() -> None:
    found = modules()
    assert {package for package, _ in found} == set(PACKAGES)
    assert not [wrong for package, path in found for wrong in wrong_imports(package, path)]


@pytest.mark.parametrize(
    ("package", "line", "wrong"),
    [
        ("engines", "from edge.types import Frame", True),
        ("edge_kernels", "import engines.body.body", True),
        ("calibration", "def f():\n    import edge", True),
        ("edge", "import torch", True),
        ("edge", "import importlib\nimportlib.import_module('openvino.runtime')", True),
        ("edge_kernels", "import torch", True),
        ("engines", "import torch", False),
        ("edge", "from calibration.camera import Camera", False),
    ],
)
def test_the_wall_stops_what_it_should(tmp_path: Path, package: str, line: str, wrong: bool) -> None:
    module = tmp_path / "module.py"
    module.write_text(line)
    assert bool(wrong_imports(package, module)) is wrong


def test_library_code_does_not_print() -> None:
    printed = [
        f"{path}:{node.lineno}"
        for _, path in modules()
        if (ROOT / "edge" / "cli") not in path.parents
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printed


def run(code: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_import_edge_is_light(tmp_path: Path) -> None:
    code = "import edge, sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    names = set(run(code, tmp_path).split())
    assert "edge" in names
    assert not names & HEAVY


def test_kernels_is_no_package_of_ours(tmp_path: Path) -> None:
    # Another well-known package has that name. An editable install puts the project's root on the path, where a folder
    # without Python files is at most an empty namespace: the other package, wherever it is installed, comes first.
    assert not list((ROOT / "kernels").glob("*.py"))
    other = tmp_path / "site" / "kernels"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("NAME = 'the other one'")
    code = f"import sys; sys.path.append({str(other.parent)!r}); import kernels; print(kernels.NAME)"
    assert run(code, tmp_path) == "the other one\n"


def test_help_loads_no_heavy_library(tmp_path: Path) -> None:
    """Which is what makes it quick, on any machine."""
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
