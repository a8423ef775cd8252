"""Types of arguments: what a number on the command line may be, with messages that say so."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A whole number from `low` to `high`, both included."""

    low: int = 1
    high: int | None = None

    def __call__(self, text: str) -> int:
        """The number. Raises ArgumentTypeError."""
        try:
            number = int(text)
        except ValueError:
            number = self.low - 1
        if number < self.low or (self.high is not None and number > self.high):
            upper = "up" if self.high is None else f"to {self.high}"
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {self.low} {upper}")
        return number


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number from `low` to `high`, both included; above: `low` itself is not one."""

    low: float = 0.0
    high: float = math.inf
    above: bool = False

    def __call__(self, text: str) -> float:
        """The number. Raises ArgumentTypeError."""
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        good = math.isfinite(number) and self.low <= number <= self.high and not (self.above and number == self.low)
        if not good:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number {self._range()}")
        return number

    def _range(self) -> str:
        if self.above:
            return f"above {self.low:g}" + ("" if self.high == math.inf else f", at most {self.high:g}")
        return f"from {self.low:g} " + ("up" if self.high == math.inf else f"to {self.high:g}")


positive = WholeNumber(1)
seconds = Number(0, 1e9, above=True)
frame_rate = Number(0.001, 10_000)
