"""The tests that `make check` runs: those without engines, browsers, sockets and other processes.

A test module is left out for what it imports, before it is imported itself, so that the subset needs no list: a new
test belongs to it unless it uses one of these.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.imports import imports_of

# Modules, with everything below them, that make a test slow or dependent on the machine.
LEFT_OUT = (
    "asyncio",
    "edge.api",
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
    """Whether a test module imports none of LEFT_OUT."""
    names = {entry.name for entry in imports_of(path.read_text(encoding="utf-8"))}
    return not any(name == module or name.startswith(f"{module}.") for name in names for module in LEFT_OUT)
