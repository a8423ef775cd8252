"""Time on a CUDA device, measured there with events, and the rates that it reaches at best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch

ROUNDS = 20


def stream() -> int:
    """The stream that torch works on, as the kernels take it."""
    handle: int = torch.cuda.current_stream().cuda_stream
    return handle


def graphed(call: Callable[[], object], calls: int = 10) -> float:
    """Microseconds of a call, `calls` of them captured in one CUDA graph: what the device alone takes."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(beside)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            call()
    return enqueued(graph.replay, 1) / calls


def enqueued(call: Callable[[], object], calls: int = 10) -> float:
    """Microseconds of a call, `calls` of them enqueued one after the other: with what the host takes to do so."""
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    times = []
    for turn in range(ROUNDS + 3):
        begin.record()
        for _ in range(calls):
            call()
        end.record()
        end.synchronize()
        if turn >= 3:
            times.append(begin.elapsed_time(end) * 1e3 / calls)
    return median(times)


@dataclass(frozen=True, slots=True)
class Rates:
    """What this device does at best: bytes read and written, and multiplications with an addition, a second."""

    bandwidth: float
    products_bf16: float
    products_f32: float

    def lower_bound_us(self, products: float, moved: float, bf16: bool) -> float:
        """Microseconds of this much work: its products or its bytes, whichever take longer."""
        rate = self.products_bf16 if bf16 else self.products_f32
        return max(products / rate, moved / self.bandwidth) * 1e6


def rates() -> Rates:
    """Measured with torch: a copy of 1 GiB, products of square matrices."""
    torch.backends.cuda.matmul.allow_tf32 = False
    a, b = torch.empty((2, 1 << 28), device="cuda")
    bandwidth = 2 * a.nbytes / enqueued(lambda: a.copy_(b), 5) * 1e6
    products = []
    for dtype, size in ((torch.bfloat16, 8192), (torch.float32, 4096)):
        x, y = torch.randn((2, size, size), device="cuda", dtype=dtype)
        out = torch.empty_like(x)
        products.append(size**3 / enqueued(lambda x=x, y=y, out=out: torch.matmul(x, y, out=out), 2) * 1e6)
    return Rates(bandwidth, *products)
