"""The published Pose2Mesh on the native kernels and in torch: python tests/benchmarks/bm_graph_conv.py

SMPL's sizes: 6890 vertices, padded to 12288; random weights. The lower bound is what the machine can do at best: the
linear layers' arithmetic on the real vertices at the measured rate of a matrix product, the lifter's weights at the
measured rate of reading. The candidates are interleaved. Processor time on one thread says how fast the code is where
other programs use the machine: wall time on all threads says how many cores it got.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from metric import Metric, run_interleaved, show

from edge_kernels import set_threads
from engines.body.body import open_body
from engines.body.mesh_graph import coarsen, mesh_adjacency
from engines.joint_sets import COCO19
from engines.networks.pose2mesh import Pose2Mesh, build
from engines.pose2mesh.config import LIFTER_WIDTH, ORDER, channels_for
from engines.pose2mesh.native_session import Pose2MeshKernels

THREADS = 2
WARM_UP, ROUNDS = 2, 15
ONE_THREAD_ROUNDS = 5
ONE = "one thread, processor time"
LIFTER_WEIGHTS = 4 * LIFTER_WIDTH**2 + LIFTER_WIDTH * len(COCO19) * 5


def measure() -> list[Metric]:
    """Milliseconds of MeshNet and of the lifter, batch 1 and 4; the reference is torch's."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    body = open_body()
    network = build(COCO19, body.faces, len(body.v_template)).eval()
    weights = {key: value.numpy() for key, value in network.state_dict().items()}
    kernels = {
        name: Pose2MeshKernels(weights, COCO19, body.faces, len(body.v_template), bf16=name == "bf16")
        for name in ("fp32", "bf16")
    }
    metrics = []
    for batch in (1, 4):
        metrics += mesh_net(network, kernels, batch)
        metrics += lifter(network, kernels, batch)
    return metrics + lower_bounds()


def mesh_net(network: Pose2Mesh, kernels: dict[str, Pose2MeshKernels], batch: int) -> list[Metric]:
    joints = torch.randn(batch, len(COCO19), 5)
    given, out = joints.numpy(), np.empty((batch, len(open_body().v_template), 3), np.float32)
    calls: dict[str, Callable[[], Any]] = {"torch.sparse fp32": lambda: network.pose2mesh(joints)}
    for name, candidate in kernels.items():
        calls[f"kernels {name}"] = partial(candidate.mesh_net, given, out)
    alone = named(f"MeshNet batch {batch}, {ONE}", on_one_thread(calls), ONE_THREAD_ROUNDS)
    return named(f"MeshNet batch {batch}", turns(calls)) + alone


def lifter(network: Pose2Mesh, kernels: dict[str, Pose2MeshKernels], batch: int) -> list[Metric]:
    pose = torch.randn(batch, 2 * len(COCO19))
    given, out = pose.numpy(), np.empty((batch, 3 * len(COCO19)), np.float32)
    calls: dict[str, Callable[[], Any]] = {"torch fp32": lambda: network.pose_lifter(pose)}
    for name, candidate in kernels.items():
        calls[f"kernels {name}"] = partial(candidate.lifter, given, out)
    alone = named(f"lifter batch {batch}, {ONE}", on_one_thread(calls), ONE_THREAD_ROUNDS)
    return named(f"lifter batch {batch}", turns(calls)) + alone


def named(what: str, times: dict[str, float], rounds: int = ROUNDS) -> list[Metric]:
    reference = next(iter(times.values()))
    return [Metric(f"{what}, {name}: median of {rounds}", value, "ms", reference) for name, value in times.items()]


def turns(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    with torch.inference_mode():
        return run_interleaved(calls, WARM_UP, ROUNDS)


def on_one_thread(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Milliseconds of processor time."""
    torch.set_num_threads(1)
    set_threads(1)
    try:
        with torch.inference_mode():
            return run_interleaved(calls, 1, ONE_THREAD_ROUNDS, time.process_time)
    finally:
        torch.set_num_threads(THREADS)
        set_threads(0)


def lower_bounds() -> list[Metric]:
    """The machine's rates, measured now, and what they allow."""
    hierarchy = coarsen(mesh_adjacency(open_body().faces, len(open_body().v_template)), levels=9)
    plan = channels_for(COCO19)
    work = sum(
        hierarchy.sizes_unpadded[max(len(plan) - 2 - block, 0)] * ORDER * a * b
        for block, channels in enumerate(plan)
        if block
        for a, b in pairwise(channels)
    )
    metrics = []
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        a, b = torch.randn(2048, 768).to(dtype), torch.randn(768, 256).to(dtype)
        seconds = turns({"product": partial(torch.matmul, a, b)})["product"] * 1e-3
        rate = 2048 * 768 * 256 / seconds
        metrics.append(Metric(f"lower bound: torch's matrix product, {name}", rate / 1e9, "GMAC/s"))
        metrics.append(
            Metric(
                f"lower bound of MeshNet batch 1, {name}: {work / 1e9:.2f} GMAC at that rate", work / rate * 1e3, "ms"
            )
        )
    block = np.ones(1 << 26, np.float32)
    seconds = turns({"read": block.sum})["read"] * 1e-3
    bandwidth = block.nbytes / seconds
    metrics.append(Metric("lower bound: reading memory, one thread of NumPy", bandwidth / 1e9, "GB/s"))
    for name, size in (("fp32", 4), ("bf16", 2)):
        what = f"lower bound of the lifter, {name}: {LIFTER_WEIGHTS * size / 1e6:.0f} MB at that rate"
        metrics.append(Metric(what, LIFTER_WEIGHTS * size / bandwidth * 1e3, "ms"))
    return metrics


if __name__ == "__main__":
    show(measure())
