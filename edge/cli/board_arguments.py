"""Argument types of calibration boards."""

from __future__ import annotations

import argparse
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BoardSize:
    """Argument type: COLUMNSxROWS, two whole numbers."""

    def __call__(self, text: str) -> tuple[int, int]:
        """Parse the argument. Raises ArgumentTypeError."""
        columns, _, rows = text.lower().partition("x")
        if not (columns.isascii() and columns.isdigit() and rows.isascii() and rows.isdigit() and len(text) < 10):
            raise argparse.ArgumentTypeError(f"{text!r} is not COLUMNSxROWS, for example 4x7")
        return int(columns), int(rows)


@dataclass(frozen=True, slots=True)
class Length:
    """Argument type: a length with its unit, mm, cm or m, in meters."""

    def __call__(self, text: str) -> float:
        """Parse the argument. Raises ArgumentTypeError."""
        for unit, meters in (("mm", 1e-3), ("cm", 1e-2), ("m", 1.0)):
            if text.endswith(unit):
                try:
                    length = float(text.removesuffix(unit)) * meters
                except ValueError:
                    break
                if 0 < length < 1e3:
                    return length
                break
        raise argparse.ArgumentTypeError(f"{text!r} is not a length with its unit, for example 60mm, 5.4cm or 0.06m")
