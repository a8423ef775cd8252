"""Statistics of the machine: threads of the process, load and memory of the GPUs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JETSON_LOADS = ("gpu.0/load", "platform/gpu.0/load", "platform/*.gpu/load", "platform/*.ga10b/load", "*.gv11b/load")
"""Where NVIDIA's Jetson boards keep the load of their GPU, in thousandths, under /sys/devices."""
JETSON_CLOCKS = ("devfreq/*.gpu/cur_freq", "devfreq/*.ga10b/cur_freq", "devfreq/gpu-gpc-*/cur_freq")
"""Where they keep its clock, in Hz, under /sys/class."""
JETSON_INPUTS = ("VDD_IN", "VIN_SYS_5V0", "POM_5V_IN", "VIN")
"""Labels of the rail that feeds the whole board."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """The state of one GPU: load 0..1, memory in bytes, clock of its cores in Hz and power in W (on a Jetson board that
    of the whole board), None where unknown."""

    index: int
    name: str
    load: float | None
    used_bytes: int | None = None
    total_bytes: int | None = None
    clock_hz: float | None = None
    power_w: float | None = None


def thread_count() -> int | None:
    """Threads of this process, those of libraries included; None where unknown."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return None


class Gpus:
    """The GPUs of this machine: by nvidia-ml-py where it is installed, and the load of a Jetson board's own GPU."""

    def __init__(self, devices: Path = Path("/sys/devices"), classes: Path = Path("/sys/class")) -> None:
        """devices: the folder of the kernel's devices; classes: that of their kinds."""
        self._jetson = next((path for pattern in JETSON_LOADS for path in sorted(devices.glob(pattern))), None)
        self._clock = next((path for pattern in JETSON_CLOCKS for path in sorted(classes.glob(pattern))), None)
        self._rail = _input_rail(classes)
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
            load, clock_hz = _number(self._jetson, 1e-3), _number(self._clock)
            return [Gpu(0, "jetson", load, clock_hz=clock_hz, power_w=self._board_power())]
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
            self._scaled(1e6, self._nvml.nvmlDeviceGetClockInfo, handle, self._nvml.NVML_CLOCK_SM),
            self._scaled(1e-3, self._nvml.nvmlDeviceGetPowerUsage, handle),
        )

    def _ask(self, question: Callable[..., Any], *about: Any) -> Any:
        """A value of the driver, None where this GPU or driver does not support it."""
        try:
            return question(*about)
        except self._nvml.NVMLError:
            return None

    def _scaled(self, unit: float, question: Callable[..., Any], *about: Any) -> float | None:
        answer = self._ask(question, *about)
        return None if answer is None else answer * unit

    def _board_power(self) -> float | None:
        """Voltage times current of the board's input."""
        if self._rail is None:
            return None
        volts, amperes = (_number(path, 1e-3) for path in self._rail)
        return None if volts is None or amperes is None else volts * amperes


def _input_rail(classes: Path) -> tuple[Path, Path] | None:
    """The files of the voltage, mV, and the current, mA, of a Jetson board's input, as its INA3221 measures them."""
    for label in sorted(classes.glob("hwmon/hwmon*/in*_label")):
        if _text(label.with_name("name")) == "ina3221" and _text(label) in JETSON_INPUTS:
            number = label.name.removeprefix("in").removesuffix("_label")
            return label.with_name(f"in{number}_input"), label.with_name(f"curr{number}_input")
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _number(path: Path | None, unit: float = 1.0) -> float | None:
    """The number in a file, in other units; None where there is none."""
    try:
        return None if path is None else int(path.read_text()) * unit
    except (OSError, ValueError):
        return None
