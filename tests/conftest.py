"""A seeded generator, the option --quick, and skipping of GPU tests where there is no GPU."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

import edge_kernels
from engines.inference.compiled_cache import SWITCH
from tests.support import quick

# How long an example takes says something about the machine and what else runs on it, nothing about the code.
settings.register_profile("meshcast", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)
settings.load_profile("meshcast")

# A shell's background jobs ignore Ctrl-C, and so would the programs that tests start and end with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240607)


def _missing_gpu() -> str | None:
    if not edge_kernels.CUDA:
        return "edge_kernels was built without CUDA (MESHCAST_CUDA=ON builds it)"
    if edge_kernels.cuda_device_count() == 0:
        return "there is no CUDA device"
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out engines, browsers, sockets and other processes")


def pytest_configure(config: pytest.Config) -> None:
    os.environ[SWITCH] = "off"  # of the processes that tests start too: no test depends on graphs of another run
    if config.getoption("--quick"):
        settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if is_test and config.getoption("--quick") and not quick.is_quick(collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        left_out = [
            item
            for item in items
            if item.get_closest_marker("slow") or quick.FIXTURES & set(getattr(item, "fixturenames", ()))
        ]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    gpu_items = [item for item in items if item.get_closest_marker("gpu")]
    reason = _missing_gpu() if gpu_items else None
    if reason:
        for item in gpu_items:
            item.add_marker(pytest.mark.skip(reason=reason))
