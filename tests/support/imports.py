"""The project's modules and the imports between them, read from the source files."""

from __future__ import annotations

import ast
import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import PYTHON_CLIENT, ROOT

# Imports go down this list, never up.
PACKAGES = {
    "edge": ROOT / "edge",
    "calibration": ROOT / "calibration",
    "engines": ROOT / "engines",
    "edge_kernels": ROOT / "kernels" / "edge_kernels",
    "meshcast": PYTHON_CLIENT / "meshcast",
}
COMPILED = {"edge_kernels._native"}  # modules without a Python file


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `from a.b import c` imports "a.b.c", also where c is no module.

    `deferred` imports run inside of a function; `typing_only` ones are never run.
    """

    name: str
    line: int
    deferred: bool = False
    typing_only: bool = False


def imports_of(source: str) -> Iterator[Import]:
    """All imports of a module, also by import_module, importorskip and __import__ with a literal name."""
    yield from _imports(ast.parse(source), deferred=False, typing_only=False)


def _imports(node: ast.AST, *, deferred: bool, typing_only: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno, deferred, typing_only) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield from (Import(f"{node.module}.{alias.name}", node.lineno, deferred, typing_only) for alias in node.names)
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function in ("import_module", "importorskip", "__import__"):
            yield Import(str(node.args[0].value), node.lineno, deferred, typing_only)
    inside = deferred or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        for child in node.body:
            yield from _imports(child, deferred=inside, typing_only=True)
        for child in node.orelse:
            yield from _imports(child, deferred=inside, typing_only=typing_only)
        return
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, deferred=inside, typing_only=typing_only)


@functools.cache
def modules() -> Mapping[str, Path]:
    """Path of every module of the packages by dotted name."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@dataclass(frozen=True, slots=True)
class Arrow:
    """Module `source` imports module `target`."""

    source: str
    target: str
    line: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line} imports {self.target}"


@functools.cache
def arrows(*, deferred: bool) -> tuple[Arrow, ...]:
    """Imports between the project's modules. Those for type checkers alone are left out: they never run.

    Args:
        deferred: Include imports inside of functions.
    """
    known = modules()
    return tuple(
        Arrow(source, target, entry.line)
        for source, path in known.items()
        for entry in imports_of(path.read_text(encoding="utf-8"))
        if not entry.typing_only and (deferred or not entry.deferred)
        if entry.name not in COMPILED
        for target in [entry.name if entry.name in known else entry.name.rpartition(".")[0]]
        if target in known
    )


def cycle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """The nodes of one cycle in order, the first one repeated at the end; empty if there is none."""
    following = defaultdict(list)
    for source, target in edges:
        following[source].append(target)
    finished: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node not in finished:
            for target in following.get(node, ()):
                if found := visit(target, [*path, node]):
                    return found
            finished.add(node)
        return []

    return next((found for node in list(following) if (found := visit(node, []))), [])


def part(module: str) -> str:
    """The subfolder or top-level module of its package that a module belongs to: "wire" of "edge.wire.frames"."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"
