"""Guards against slower kernels: ratios to a reference in the same run, with wide limits. `make bench-quick` runs it.

A ratio above its limit is measured again, at most TRIES times: other load on the machine passes, a regression stays.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from bench import conditions, metrics_of
from metric import Metric, note

TRIES = 3


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a metric of bm_BENCHMARK.py may be in comparison with its reference.

    against: name of the metric that is the reference; None: the metric's own.
    needs: a flag of the processor in /proc/cpuinfo without which the limit does not apply.
    """

    benchmark: str
    name: str
    most: float
    against: str | None = None
    needs: str | None = None

    @property
    def label(self) -> str:
        return f"{self.name} / {self.against}" if self.against else self.name

    def ratio(self, metrics: Mapping[str, Metric]) -> float:
        """Raises KeyError where there is no such metric, and ValueError where it has no reference."""
        metric = metrics[self.name]
        ratio = metric.value / metrics[self.against].value if self.against else metric.ratio
        if ratio is None:
            raise ValueError(f"{self.name}: no reference")
        return ratio


def _mesh_net(batch: int, precision: str) -> str:
    return f"MeshNet batch {batch}, kernels {precision}: median of 15"


BF16 = "avx512_bf16"
LIMITS = (
    Limit("crop", "crops 4 x 256 x 256, people 150 px", 0.9),
    Limit("crop", "letterbox 1088 x 1920 to 416", 0.9),
    Limit("heatmap", "heatmap dark 4 x 17 x 64 x 48", 0.2),
    Limit("heatmap", "nms 300 boxes of 60 people", 0.1),
    Limit("skinning", "skinning float32, batch 1: best, reference smplx", 0.3),
    Limit("refine_pose", "refine_pose, 24 joints, 17 keypoints, 3 steps, a person", 0.1),
    Limit("graph_conv", _mesh_net(1, "fp32"), 0.5),
    Limit("graph_conv", _mesh_net(4, "fp32"), 0.3),
    Limit("graph_conv", _mesh_net(1, "bf16"), 0.3, needs=BF16),
    Limit("graph_conv", _mesh_net(4, "bf16"), 0.2, needs=BF16),
    Limit("graph_conv", "lifter batch 4, one thread, processor time, kernels fp32: median of 5", 0.8),
    Limit("graph_conv", _mesh_net(1, "bf16"), 1.0, against=_mesh_net(1, "fp32"), needs=BF16),
    Limit("graph_conv", _mesh_net(4, "bf16"), 1.0, against=_mesh_net(4, "fp32"), needs=BF16),
)


def least_ratios(limits: Sequence[Limit], measure: Callable[[str], Iterable[Metric]]) -> dict[Limit, float]:
    """The least ratio of each limit; a benchmark is repeated while one of its limits is exceeded."""
    found: dict[Limit, float] = {}
    for benchmark in dict.fromkeys(limit.benchmark for limit in limits):
        own = [limit for limit in limits if limit.benchmark == benchmark]
        for _ in range(TRIES):
            metrics = {metric.name: metric for metric in measure(benchmark)}
            for limit in own:
                found[limit] = min(limit.ratio(metrics), found.get(limit, float("inf")))
            if all(found[limit] <= limit.most for limit in own):
                break
    return found


def processor_flags() -> frozenset[str]:
    """The instruction sets of the processor; none where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())


def in_own_process(benchmark: str) -> list[Metric]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(metrics_of, benchmark).result()


def main() -> int:
    """Measures and prints; 1 when a ratio stays above its limit."""
    begin = time.monotonic()
    flags = processor_flags()
    limits = [limit for limit in LIMITS if limit.needs is None or limit.needs in flags]
    print("\n".join(conditions()[:2]), f"{'ratio to the reference':<104}{'ratio':>8}{'limit':>8}", sep="\n", flush=True)
    ratios = least_ratios(limits, in_own_process)
    for limit, ratio in ratios.items():
        print(f"{limit.label:<104}{ratio:>8.3f}{limit.most:>8.2f}")
    print(f"{time.monotonic() - begin:.0f} s")
    exceeded = [limit for limit, ratio in ratios.items() if ratio > limit.most]
    for limit in exceeded:
        note(f"error: {limit.label}: {ratios[limit]:.3f} times its reference; at most {limit.most} are allowed")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
