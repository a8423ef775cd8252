"""How much memory files from others may ask for: one budget for a job, reserved before anything is allocated.

A few megabytes of a file can announce any number of gigabytes. Every reader reserves what a file announces, or the size
of a file that it reads whole, and refuses it in one line when that is more than the job may use.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from engines.errors import ModelError

LIMIT_BYTES = 2 << 30  # four times the largest body model in use, twice the largest checkpoint
VARIABLE = "MESHCAST_MEMORY_LIMIT"
_SIZE = re.compile(r"(\d{1,9})([KMG]?)", re.ASCII | re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class MemoryBudgetError(ModelError):
    """A file asks for more memory than its job may use."""


class MemoryBudget:
    """Bytes that what is read from files may take, of which `used_bytes` are reserved.

    limit_bytes: None takes MESHCAST_MEMORY_LIMIT (for example 8G), else 2 GiB or half of this machine's memory,
    whichever is less.
    """

    __slots__ = ("limit_bytes", "used_bytes")

    def __init__(self, limit_bytes: int | None = None) -> None:
        self.limit_bytes = _default_limit() if limit_bytes is None else limit_bytes
        self.used_bytes = 0

    def reserve(self, count: int, what: str) -> None:
        """Take `count` bytes for `what`, which the message begins with. Raises MemoryBudgetError before it is too late:
        nothing has been allocated."""
        if count < 0 or self.used_bytes + count > self.limit_bytes:
            raise MemoryBudgetError(
                f"{what}: reading it takes {_text(self.used_bytes + count)} of memory, and files may take "
                f"{_text(self.limit_bytes)}; if you trust it, set {VARIABLE} to more"
            )
        self.used_bytes += count

    def release(self, count: int) -> None:
        """Give back what was reserved."""
        self.used_bytes -= count

    @contextmanager
    def reserved(self, count: int, what: str) -> Iterator[None]:
        """reserve() for as long as the block runs."""
        self.reserve(count, what)
        try:
            yield
        finally:
            self.release(count)


_job: ContextVar[MemoryBudget | None] = ContextVar("meshcast_memory_budget", default=None)


@contextmanager
def job_budget(limit_bytes: int | None = None) -> Iterator[MemoryBudget]:
    """One budget for everything that is read within the block (and on this thread)."""
    budget = MemoryBudget(limit_bytes)
    token = _job.set(budget)
    try:
        yield budget
    finally:
        _job.reset(token)


def current_budget() -> MemoryBudget:
    """The budget of the job that runs, or a new one where a file is read outside of any."""
    return _job.get() or MemoryBudget()


def _default_limit() -> int:
    if text := os.environ.get(VARIABLE, ""):
        size = _SIZE.fullmatch(text)
        if size is None:
            raise MemoryBudgetError(f"{VARIABLE}: {text!r} is not a size; write for example 4G")
        return int(size[1]) * _UNITS[size[2].upper()]
    return min(LIMIT_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)


def _text(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.1f} MiB"
