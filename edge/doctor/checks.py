"""All checks in order. A check that fails itself is a finding, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from edge.doctor import network, storage, system
from edge.doctor.finding import Finding
from edge.doctor.probes import PROBES, run_probe
from edge.text import one_line

Check = Callable[[], Iterable[Finding]]
IN_PROCESS: tuple[Check, ...] = (
    system.python,
    system.packages,
    system.requirements,
    system.processor,
    system.kernels,
    system.memory,
    system.clocks,
    storage.disk,
    storage.folders,
    storage.models,
    network.ports,
)
AT_ONCE = 2  # probes: each loads an engine


def all_findings(checks: Iterable[Check] = IN_PROCESS, probes: Iterable[str] = tuple(PROBES)) -> Iterator[Finding]:
    """The findings of the checks and of the probes, in their order, each as soon as it is there."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(run_probe, name) for name in probes]
        for check in checks:
            yield from _guarded(check)
        for probe in running:
            yield from probe.result()


def _guarded(check: Check) -> Iterator[Finding]:
    name = getattr(check, "__name__", "check")
    try:
        yield from check()
    except Exception as error:  # of any type: this command must report on machines where anything is broken
        yield Finding(name, "error", f"the check failed: {one_line(f'{type(error).__name__}: {error}')}")
