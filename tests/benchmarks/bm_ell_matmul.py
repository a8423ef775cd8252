"""Times `Ell` at the sizes of the mesh upsampling and of the graph network: python tests/benchmarks/bm_ell_matmul.py"""

from __future__ import annotations

import timeit
from statistics import median

import numpy as np

import edge_kernels
from edge_kernels import Ell

# batch, rows, entries a row, columns, channels
SIZES = [(1, 6890, 12, 400, 3), (4, 6890, 12, 400, 3), (1, 6890, 8, 6890, 32), (1, 6890, 8, 6890, 128)]


def neighbors(rows: int, width: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Indices near the diagonal, as on a mesh whose vertices are in order."""
    center = np.arange(rows)[:, None] * columns // rows
    return np.asarray((center + rng.integers(-40, 41, (rows, width))) % columns, np.int32)


def measure() -> list[tuple[str, float]]:
    """Names with sizes, and milliseconds: the median of single calls."""
    rng = np.random.default_rng(0)
    table = []
    for batch, rows, width, columns, channels in SIZES:
        values = rng.standard_normal((rows, width)).astype(np.float32)
        ell = Ell(neighbors(rows, width, columns, rng), values, columns)
        x = rng.standard_normal((batch, columns, channels)).astype(np.float32)
        out = np.empty((batch, rows, channels), np.float32)
        seconds = timeit.repeat(lambda ell=ell, x=x, out=out: ell(x, out), number=1, repeat=100)
        size = f"{batch} x {rows} x {width} from {columns}, C = {channels}"
        table.append((f"ell_matmul cpu {size}", median(seconds) * 1e3))
        if edge_kernels.cuda_device_count():
            table.append((f"ell_matmul cuda {size}", on_cuda(ell, x, out)))
    return table


def on_cuda(ell: Ell, x: np.ndarray, out: np.ndarray) -> float:
    """Milliseconds of one call on the device, the mean of 100 in a row."""
    import torch

    arrays = [torch.from_numpy(array).cuda() for array in (ell.indices, ell.values, x, out)]
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    stream = torch.cuda.current_stream()
    for _ in range(10):
        edge_kernels.ell_matmul(*arrays, stream.cuda_stream)
    begin.record(stream)
    for _ in range(100):
        edge_kernels.ell_matmul(*arrays, stream.cuda_stream)
    end.record(stream)
    end.synchronize()
    return float(begin.elapsed_time(end)) / 100


if __name__ == "__main__":
    for name, value in measure():
        print(f"{name:60s} {value:8.3f} ms")
