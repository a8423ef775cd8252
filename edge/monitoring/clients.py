"""What a publisher knows of its clients, for the metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clients:
    """What a publisher knows of those who connect: `subscribers` now, and `refused` ones since the start."""

    subscribers: Callable[[], int]
    refused: Callable[[], int]
