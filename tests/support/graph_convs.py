"""Random graph convolutions: constants of a layer, and its inputs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from edge_kernels import CsrMatrix, SkipRows
from edge_kernels.bfloat16 import to_bf16


class Case(NamedTuple):
    constants: dict[str, Any]
    x: np.ndarray
    skip: np.ndarray | None


def random_hops(rng: np.random.Generator, rows: int, sources: int, width: int) -> CsrMatrix:
    count = rng.integers(0, width + 1, rows)
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    indices = rng.integers(0, sources, indptr[-1]).astype(np.int32)
    return CsrMatrix(indptr, indices, rng.normal(0, 0.4, indptr[-1]).astype(np.float32))


def case(
    rows: int, sources: int, batch: int, channels: tuple[int, int], skip: int, relu: bool, bf16: bool, seed: int = 0
) -> Case:
    rng = np.random.default_rng(seed)
    cin, cout = channels
    one, two = random_hops(rng, rows, sources, 8), random_hops(rng, rows, sources, 21)
    constants = {
        "self_rows": rng.integers(0, sources, rows).astype(np.int32),
        "one_hop": one,
        "two_hops": two,
        "weight": rng.normal(0, (3 * cin) ** -0.5, (3 * cin, cout)).astype(np.float32),
        "bias": rng.normal(0, 0.3, cout).astype(np.float32),
        "sources": sources,
        "skip": SkipRows(rng.integers(0, sources + 1, rows).astype(np.int32), sources + 1, skip) if skip else None,
        "relu": relu,
        "bf16": bf16,
    }
    store = to_bf16 if bf16 else np.asarray
    x = store(rng.normal(0, 1, (sources, batch, cin)).astype(np.float32))
    before = store(rng.normal(0, 1, (sources + 1, batch, skip)).astype(np.float32)) if skip else None
    return Case(constants, x, before)
