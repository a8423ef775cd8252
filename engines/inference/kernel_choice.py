"""The arithmetic that the native kernels use where bfloat16 is allowed: the fastest on this machine, timed once.

bfloat16 is not faster everywhere: on processors whose vectors multiply it no faster than float32, conversions make it
slower. The networks are timed on their real sizes, interleaved, for one person and for a full batch; the result is kept
in the cache folder, for this processor, version and size. A matrix unit is used only where its results agree.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge_kernels import NATIVE, amx_refusal, kernel_threads
from engines.errors import ModelError
from engines.files.atomic import write_atomically
from engines.files.suggestions import unknown
from engines.inference.plan_cache import DamagedPlanError, Key, model_digest, pack, plans_folder, unpack
from engines.pose2mesh.arithmetic import ARITHMETICS, Arithmetic
from meshcast import __version__

if TYPE_CHECKING:
    from engines.pose2mesh.native_session import Pose2MeshKernels

log = logging.getLogger("meshcast.engines")

SWITCH = "MESHCAST_KERNEL"
NETWORKS = ("lifter", "mesh_net")
GAIN = 0.05
"""Part of the time that another arithmetic must save to be chosen, so that noise does not choose."""
ROUNDS = 3
AGREEMENT = 1.5
"""Largest error of the matrix unit, in comparison with that of bfloat16 in vectors."""
LARGEST_FILE = 1 << 16
CPU_INFO = Path("/proc/cpuinfo")

Times = Mapping[str, Sequence[float]]
Calls = Mapping[str, Sequence[Callable[[], None]]]


@dataclass(frozen=True, slots=True)
class KernelChoice:
    """A name of ARITHMETICS for each of NETWORKS, and the milliseconds of each name for one person and a full batch."""

    chosen: dict[str, str]
    times_ms: dict[str, dict[str, list[float]]]

    def arithmetic(self, network: str) -> Arithmetic:
        """What a network computes with."""
        return ARITHMETICS[self.chosen[network]]

    def __str__(self) -> str:
        return "; ".join(
            f"{network} {name}" + (f" ({_listed(self.times_ms[network])})" if network in self.times_ms else "")
            for network, name in self.chosen.items()
        )


def time_interleaved(calls: Calls) -> dict[str, list[float]]:
    """Seconds of each call, the least of ROUNDS after a first one."""
    least = {name: [math.inf] * len(row) for name, row in calls.items()}
    for turn in range(1 + ROUNDS):
        for name, row in calls.items():
            for index, call in enumerate(row):
                begin = time.perf_counter()
                call()
                if turn:
                    least[name][index] = min(least[name][index], time.perf_counter() - begin)
    return least


def choose_kernels(
    joints: int,
    vertices: int,
    make: Callable[[Arithmetic], Pose2MeshKernels],
    folder: Path | None = None,
    timer: Callable[[Calls], dict[str, list[float]]] = time_interleaved,
) -> KernelChoice:
    """The fastest arithmetic of Pose2Mesh's networks on this machine; the first call on a machine times them.

    Args:
        joints: Keypoints of a person.
        vertices: Vertices of the mesh.
        make: Makes the networks with the same arithmetic for both.
        folder: Folder of the cached choices; None is that of the plans.
        timer: Seconds of each call.

    Raises:
        UnknownNameError: MESHCAST_KERNEL names no arithmetic.
        ModelError: MESHCAST_KERNEL asks for a matrix unit that cannot be used.
    """
    wanted = os.environ.get(SWITCH, "auto")
    if wanted != "auto":
        return KernelChoice(dict.fromkeys(NETWORKS, _wanted(wanted)), {})
    if not NATIVE:
        return KernelChoice(dict.fromkeys(NETWORKS, "bf16"), {})
    cached = cached_kernels(joints, vertices, folder)
    if cached is not None:
        return cached
    begin = time.monotonic()
    choice = _time_networks(joints, {name: make(ARITHMETICS[name]) for name in _candidates()}, timer)
    log.info("pose2mesh: kernels timed once for this machine, in %.1f s: %s", time.monotonic() - begin, choice)
    _keep(_key(joints, vertices), choice, folder)
    return choice


def cached_kernels(joints: int, vertices: int, folder: Path | None = None) -> KernelChoice | None:
    """The choice of an earlier call on this machine; None where there is none that is whole."""
    folder = folder or plans_folder()
    if folder is None:
        return None
    key = _key(joints, vertices)
    path = folder / key.file_name
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > LARGEST_FILE:
            raise DamagedPlanError("too large")
        return _parsed(unpack(path.read_bytes(), key))
    except OSError:
        return None
    except DamagedPlanError as error:
        log.info("%s: %s; the kernels are timed again", path, error)
        return None


def fastest(times: Times) -> str:
    """The name with the least time, which must be clearly faster than the names before it, and slower than the first
    for no batch."""
    names = iter(times)
    best = first = next(names)
    for name in names:
        ratios = [mine / others for mine, others in zip(times[name], times[best], strict=True)]
        slower = any(mine > others for mine, others in zip(times[name], times[first], strict=True))
        if sum(ratios) / len(ratios) < 1 - GAIN and not slower:
            best = name
    return best


def _time_networks(
    joints: int, networks: dict[str, Pose2MeshKernels], timer: Callable[[Calls], dict[str, list[float]]]
) -> KernelChoice:
    """Times both networks with each arithmetic; a matrix unit with other results than float32's is left out."""
    some = next(iter(networks.values()))
    batches = sorted({1, some.together})
    random = np.random.default_rng(0)
    inputs = {
        "lifter": random.normal(0, 1, (some.together, joints, 2)).astype(np.float32),
        "mesh_net": random.normal(0, 1, (some.together, joints, 5)).astype(np.float32),
    }
    chosen, times_ms = {}, {}
    for network in NETWORKS:
        results: dict[str, NDArray[np.float32]] = {}
        calls: dict[str, list[Callable[[], None]]] = {}
        for name, session in networks.items():
            plan = getattr(session, network)
            points = joints if network == "lifter" else session.vertex_count
            out = results[name] = np.zeros((some.together, points, 3), np.float32)
            calls[name] = [partial(plan, inputs[network][:n], out[:n]) for n in batches]
        times = timer(calls)
        if "amx" in results and not agrees(results):
            log.warning("%s: the matrix unit (AMX) has other results than float32; it is not used", network)
            del times["amx"]
        times_ms[network] = {name: [round(1e3 * second, 3) for second in row] for name, row in times.items()}
        chosen[network] = fastest(times)
    return KernelChoice(chosen, times_ms)


def agrees(results: Mapping[str, NDArray[np.float32]]) -> bool:
    """Whether the matrix unit is as near to float32 as bfloat16 in vectors is."""
    exact = results["fp32"].astype(np.float64)
    allowed, error = (np.abs(results[name] - exact).max() for name in ("bf16", "amx"))
    return bool(error <= AGREEMENT * allowed + 1e-6 * np.abs(exact).max())


def _wanted(name: str) -> str:
    if name not in ARITHMETICS:
        raise unknown(SWITCH, name, ("auto", *ARITHMETICS))
    if name == "amx" and (refusal := amx_refusal()):
        raise ModelError(f"{SWITCH}=amx: cannot be used ({refusal}); set it to auto")
    return name


def _candidates() -> list[str]:
    """The names that can run here. A refused matrix unit is logged, except where the processor has none."""
    refusal = amx_refusal()
    if refusal and "no AMX" not in refusal:
        log.warning("pose2mesh: the matrix unit (AMX) is not used; %s", refusal)
    return [name for name in ARITHMETICS if name != "amx" or not refusal]


def _key(joints: int, vertices: int) -> Key:
    shapes = f"{joints} joints, {vertices} vertices"
    return Key(
        model=model_digest(shapes.encode()),
        backend="kernels",
        version=__version__,
        device=_processor(),
        precision="bf16",
        shapes=shapes,
        settings=json.dumps({"threads": kernel_threads(), "candidates": [*ARITHMETICS][: 2 if amx_refusal() else 3]}),
    )


def _processor() -> str:
    """The processor's name, and a digest of its instruction sets."""
    fields: dict[str, str] = {}
    with suppress(OSError):
        for line in CPU_INFO.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    name = fields.get("model name") or f"{platform.machine()} {fields.get('CPU part', '')}".strip()
    flags = " ".join(sorted((fields.get("flags") or fields.get("Features") or "").split()))
    return f"{name}, {hashlib.sha256(flags.encode()).hexdigest()[:16]}"


def _parsed(payload: bytes) -> KernelChoice:
    """Raises DamagedPlanError for anything that _keep() does not write."""
    try:
        data = json.loads(payload)
        chosen = {network: str(data["chosen"][network]) for network in NETWORKS}
        times = {
            network: {str(name): [float(value) for value in row] for name, row in data["times_ms"][network].items()}
            for network in NETWORKS
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DamagedPlanError("no choice of kernels") from None
    if any(chosen[network] not in ARITHMETICS or chosen[network] not in times[network] for network in NETWORKS):
        raise DamagedPlanError("an unknown kernel")
    return KernelChoice(chosen, times)


def _keep(key: Key, choice: KernelChoice, folder: Path | None) -> None:
    folder = folder or plans_folder()
    if folder is None:
        return
    payload = json.dumps({"chosen": choice.chosen, "times_ms": choice.times_ms}).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / key.file_name, pack(key, payload))
    except OSError as error:
        log.info("%s: the choice of kernels cannot be cached (%s)", folder, error.strerror)


def _listed(times: Mapping[str, Sequence[float]]) -> str:
    return ", ".join(f"{name} {' and '.join(f'{value:.1f}' for value in row)} ms" for name, row in times.items())
