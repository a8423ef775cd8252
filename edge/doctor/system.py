"""Checks of Python, the packages, the processor, memory, limits and clocks."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from edge.doctor.finding import Finding

CPU_INFO = Path("/proc/cpuinfo")
MEMORY_INFO = Path("/proc/meminfo")
TIME_SYNC = Path("/run/systemd/timesync/synchronized")
OLDEST_PYTHON = (3, 10)
MIN_MEMORY_GB = 2.0
MIN_OPEN_FILES = 1024
FEATURES = ("avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8", "asimd", "bf16", "i8mm")
AT_LEAST = re.compile(r"(?P<name>[\w.-]+)>=(?P<least>[\d.]+)")
RELEASED = time.mktime((2026, 1, 1, 0, 0, 0, 0, 0, 0))  # no right clock is before it
NO_MATRIX_UNIT = ("the processor or the system has no AMX with bfloat16", "this build has no code for AMX")
LAST_YEAR = 2100  # or after it
INSTALLED = Path(__file__)
DAY_S = 86400.0


def python() -> Iterator[Finding]:
    """The version of Python, and whether it is a virtual environment."""
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        yield Finding("Python", "error", f"{version}; 3.10 or newer is needed", "make demo PYTHON=python3.12")
    else:
        yield Finding("Python", "ok", f"{version}, {platform.machine()}, {platform.system()} {platform.release()}")


def packages() -> Iterator[Finding]:
    """The two distributions, which must have one version."""
    versions = {}
    for name in ("meshcast", "meshcast-client"):
        found = next(iter(metadata.distributions(name=name)), None)
        if found is None:
            yield Finding("packages", "error", f"{name} is not installed", f"pip install {name}")
        else:
            versions[name] = found.version
    if len(versions) == 2 and len(set(versions.values())) > 1:
        listed = ", ".join(f"{name} {version}" for name, version in versions.items())
        yield Finding(
            "packages", "error", f"versions differ: {listed}", "pip install --upgrade meshcast meshcast-client"
        )
    elif len(versions) == 2:
        yield Finding("packages", "ok", f"meshcast {versions['meshcast']} with its client")


def requirements() -> Iterator[Finding]:
    """The packages that every run needs: installed, and new enough."""
    try:
        lines = metadata.requires("meshcast") or []
    except metadata.PackageNotFoundError:
        return  # packages() reports it
    needed = [match for line in lines if "extra ==" not in line and (match := AT_LEAST.match(line))]
    found = 0
    for match in needed:
        name, least = match["name"], match["least"]
        installed = next(iter(metadata.distributions(name=name)), None)
        if installed is None and "python_version" not in match.string:
            yield Finding("packages", "error", f"{name} is not installed", f"pip install '{name}>={least}'")
        elif installed is not None and _numbers(installed.version) < _numbers(least):
            text = f"{name} {installed.version} is too old; {least} or newer is needed"
            yield Finding("packages", "error", text, f"pip install --upgrade '{name}>={least}'")
        else:
            found += 1
    if needed and found == len(needed):
        yield Finding("requirements", "ok", f"{found} packages are installed and new enough")


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version at its front, for comparison."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def processor() -> Iterator[Finding]:
    """Cores and instruction sets, and whether the native operators were built."""
    import edge_kernels

    words = set(CPU_INFO.read_text(errors="replace").split()) if CPU_INFO.is_file() else set()
    features = [name for name in FEATURES if name in words]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding("processor", "ok", f"{cores} cores; {', '.join(features) or 'no known instruction sets'}")
    if platform.machine() in ("x86_64", "AMD64") and words and "avx2" not in words:
        yield Finding("processor", "warning", "no AVX2: several times slower", "use a processor from 2013 or later")
    if edge_kernels.NATIVE:
        yield Finding("native operators", "ok", f"built{', with CUDA' if edge_kernels.CUDA else ''}")
    else:
        remedy = "install a C++17 compiler, then: pip install --force-reinstall --no-deps meshcast"
        yield Finding("native operators", "warning", "not built: NumPy stands in, several times slower", remedy)


def kernels() -> Iterator[Finding]:
    """The matrix unit, and the kernels that were timed on this machine for networks in bfloat16."""
    from edge_kernels import NATIVE, amx_refusal
    from engines.body.body import open_body
    from engines.inference.kernel_choice import cached_kernels
    from engines.joint_sets import COCO19

    if not NATIVE:
        return
    refusal = amx_refusal()
    if not refusal:
        yield Finding("matrix unit", "ok", "AMX with bfloat16; its products equal the emulation")
    elif refusal in NO_MATRIX_UNIT:
        yield Finding("matrix unit", "note", refusal)
    else:
        yield Finding("matrix unit", "warning", refusal)
    choice = cached_kernels(len(COCO19), len(open_body().v_template))
    timed = (
        f"fastest for pose2mesh: {choice}" if choice else "not timed yet; pose2mesh in bf16 does it at its first start"
    )
    yield Finding("bfloat16 kernels", "ok" if choice else "note", timed)


def memory() -> Iterator[Finding]:
    """Available memory and the limit of open files."""
    import resource

    available = _available_gb()
    if available is not None:
        enough = available >= MIN_MEMORY_GB
        yield Finding(
            "memory",
            "ok" if enough else "warning",
            f"{available:.1f} GB available" + ("" if enough else f"; a run needs about {MIN_MEMORY_GB:g}"),
            "" if enough else "end other programs, or add swap space",
        )
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < MIN_OPEN_FILES:
        yield Finding(
            "open files", "warning", f"limit of {soft}: many subscribers will be refused", f"ulimit -n {MIN_OPEN_FILES}"
        )


def _available_gb() -> float | None:
    if not MEMORY_INFO.is_file():
        return None
    for line in MEMORY_INFO.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1e6
    return None


def clocks() -> Iterator[Finding]:
    """Whether the clock is set, and whether something keeps it right."""
    now, installed = time.time(), INSTALLED.stat().st_mtime
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    remedy = "timedatectl set-ntp true"
    if now < RELEASED or time.gmtime(now).tm_year >= LAST_YEAR:
        yield Finding("clock", "error", f"it says {day}: certificates and stamps are refused", remedy)
    elif now < installed - DAY_S:
        before = time.strftime("%Y-%m-%d", time.gmtime(installed))
        yield Finding("clock", "error", f"it says {day}, but Meshcast was installed on {before}", remedy)
    elif TIME_SYNC.parent.is_dir() and not TIME_SYNC.exists():
        yield Finding("clock", "warning", "not synchronized: several machines' cameras drift apart", remedy)
    else:
        yield Finding("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now)))
