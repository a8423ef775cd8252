"""Statistics of the machine: threads of the process, load and memory of the GPUs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JETSON_LOADS = ("gpu.0/load", "platform/gpu.0/load", "platform/*.gpu/load", "platform/*.ga10b/load", "*.gv11b/load")
"""Where NVIDIA's Jetson boards keep the load of their GPU, in thousandths, under /sys/devices."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """The state of one GPU: load 0..1 and memory in bytes, None where unknown."""

    index: int
    name: str
    load: float | None
    used_bytes: int | None = None
    total_bytes: int | None = None


def thread_count() -> int | None:
    """Threads of this process, those of libraries included; None where unknown."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return None


class Gpus:
    """The GPUs of this machine: by nvidia-ml-py where it is installed, and the load of a Jetson board's own GPU."""

    def __init__(self, devices: Path = Path("/sys/devices")) -> None:
        """devices: the folder of the kernel's devices."""
        self._jetson = next((path for pattern in JETSON_LOADS for path in sorted(devices.glob(pattern))), None)
        self._nvml: Any = None
        self._handles: list[Any] = []
        try:
            import pynvml
        except ImportError:
            return
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:  # there is no GPU, or no driver for it
            return
        self._nvml = pynvml
        count = self._ask(pynvml.nvmlDeviceGetCount) or 0
        self._handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]

    def read(self) -> list[Gpu]:
        """The current state."""
        if self._jetson is not None:
            return [Gpu(0, "jetson", self._jetson_load())]
        return [self._gpu(index, handle) for index, handle in enumerate(self._handles)]

    def close(self) -> None:
        """Release the driver. May be called twice."""
        if self._nvml is not None:
            self._ask(self._nvml.nvmlShutdown)
        self._nvml, self._handles = None, []

    def _gpu(self, index: int, handle: Any) -> Gpu:
        name = self._ask(self._nvml.nvmlDeviceGetName, handle)
        rates = self._ask(self._nvml.nvmlDeviceGetUtilizationRates, handle)
        memory = self._ask(self._nvml.nvmlDeviceGetMemoryInfo, handle)
        return Gpu(
            index,
            name.decode() if isinstance(name, bytes) else str(name or "unknown"),
            rates.gpu / 100 if rates is not None else None,
            memory.used if memory is not None else None,
            memory.total if memory is not None else None,
        )

    def _ask(self, question: Callable[..., Any], *about: Any) -> Any:
        """A value of the driver, None where this GPU or driver does not support it."""
        try:
            return question(*about)
        except self._nvml.NVMLError:
            return None

    def _jetson_load(self) -> float | None:
        try:
            return int((self._jetson or Path()).read_text()) / 1000
        except (OSError, ValueError):
            return None
