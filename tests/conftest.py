"""What every test may use: a seeded generator, and the reason why a test that needs a GPU is skipped."""

from __future__ import annotations

import signal

import numpy as np
import pytest
from hypothesis import settings

import edge_kernels

# How long an example takes says something about the machine and what else runs on it, nothing about the code.
settings.register_profile("meshcast", deadline=None)
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    gpu_items = [item for item in items if item.get_closest_marker("gpu")]
    reason = _missing_gpu() if gpu_items else None
    if reason:
        for item in gpu_items:
            item.add_marker(pytest.mark.skip(reason=reason))
