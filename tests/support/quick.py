"""The tests that `make check` runs: those without engines, browsers, sockets and other processes.

A test module is left out for what it imports, itself or through tests.support, before it is imported, so that the
subset needs no list: a new test belongs to it unless it uses one of these. A test in a module of the subset that takes
more than about a second has the marker `slow`.
"""

from __future__ import annotations

import functools
from pathlib import Path

from tests.support.imports import imports_of
from tests.support.paths import TESTS

SUPPORT = TESTS / "support"

# Modules, with everything below them, that make a test slow or dependent on the machine.
LEFT_OUT = (
    "asyncio",
    "edge.api",
    "edge.batch.process_pool",
    "edge.batch.ray_pool",
    "edge.models",
    "edge.pipeline",
    "edge.run",
    "edge.wire.publisher",
    "engines.importing",
    "engines.inference.session",
    "engines.networks",
    "engines.onnx_tools",
    "engines.training",
    "onnx",
    "onnxruntime",
    "openvino",
    "socket",
    "subprocess",
    "tensorrt",
    "tensorrt_rtx",
    "tests.campaign",
    "tests.support.chromium",
    "tests.support.mono",
    "torch",
    "websockets",
    "zmq",
)
FIXTURES = frozenset({"engines", "meshcast", "sending", "person_clip"})


def is_quick(path: Path) -> bool:
    """Whether a test module imports none of LEFT_OUT, neither itself nor through tests.support."""
    return not any(name == module or name.startswith(f"{module}.") for name in _imported(path) for module in LEFT_OUT)


@functools.cache
def _imported(path: Path) -> frozenset[str]:
    names = {entry.name for entry in imports_of(path.read_text(encoding="utf-8"))}
    helpers = {name.split(".")[2] for name in names if name.startswith("tests.support.")}
    files = [SUPPORT / f"{helper}.py" for helper in helpers]
    return frozenset(names).union(*(_imported(file) for file in files if file.is_file()))
