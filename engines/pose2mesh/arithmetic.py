"""What a network computes with on the native kernels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The storage of weights and features, and what computes their products.

    bf16: bfloat16 with float32 sums, else float32. kernel: "vector", or for bfloat16 on a CPU "amx", its matrix unit.
    """

    bf16: bool
    kernel: str = "vector"


ARITHMETICS = {"fp32": Arithmetic(False), "bf16": Arithmetic(True), "amx": Arithmetic(True, "amx")}
"""By name; the first is the one that the others must be faster than."""
