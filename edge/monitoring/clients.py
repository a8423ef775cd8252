"""Counters of a publisher's clients, for the metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clients:
    """Counters of a publisher: current `subscribers`, and connections `refused` since the start."""

    subscribers: Callable[[], int]
    refused: Callable[[], int]
