"""A memory budget for reading untrusted files: one budget for a job, reserved before memory is allocated.

A file of a few megabytes can declare arrays of any size. Every reader reserves the declared size, or the size of a file
that it reads whole, and raises an error when the budget is exceeded.
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
    """A file needs more memory than the budget of its job."""


class MemoryBudget:
    """The bytes that data read from files may take, of which `used_bytes` are reserved.

    limit_bytes: None takes the environment variable MESHCAST_MEMORY_LIMIT (for example 8G), else 2 GiB or half of this
    machine's memory, whichever is less.
    """

    __slots__ = ("limit_bytes", "used_bytes")

    def __init__(self, limit_bytes: int | None = None) -> None:
        self.limit_bytes = _default_limit() if limit_bytes is None else limit_bytes
        self.used_bytes = 0

    def reserve(self, count: int, what: str) -> None:
        """Reserves `count` bytes for `what`, the subject of the message. Raises MemoryBudgetError before any
        allocation."""
        if count < 0 or self.used_bytes + count > self.limit_bytes:
            raise MemoryBudgetError(
                f"{what}: reading it takes {_text(self.used_bytes + count)} of memory, more than the limit of "
                f"{_text(self.limit_bytes)}; if you trust the file, set {VARIABLE} to more"
            )
        self.used_bytes += count

    def release(self, count: int) -> None:
        """Releases reserved bytes."""
        self.used_bytes -= count

    @contextmanager
    def reserved(self, count: int, what: str) -> Iterator[None]:
        """Reserves bytes within the block."""
        self.reserve(count, what)
        try:
            yield
        finally:
            self.release(count)


_job: ContextVar[MemoryBudget | None] = ContextVar("meshcast_memory_budget", default=None)


@contextmanager
def job_budget(limit_bytes: int | None = None) -> Iterator[MemoryBudget]:
    """One budget for all files that are read within the block, on this thread."""
    budget = MemoryBudget(limit_bytes)
    token = _job.set(budget)
    try:
        yield budget
    finally:
        _job.reset(token)


def current_budget() -> MemoryBudget:
    """The budget of the running job, or a new one outside of a job."""
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
