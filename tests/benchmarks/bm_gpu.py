"""Everything on a CUDA device as one table with what it should reach: python tests/benchmarks/bm_gpu.py

Times are the device's own, medians, many calls in one CUDA graph unless a row says otherwise. A lower bound is the
bytes of the work over the measured bandwidth or its products over the measured rate, whichever is longer; the plan
counts the work itself. Needs torch with CUDA and edge_kernels built with CUDA; `make gpu` runs it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from device import Rates, enqueued, graphed, rates, stream
from metric import Metric, note

import edge_kernels
from edge_kernels import Skinning, SkinningModel
from edge_kernels.reference.skinning import workspace_floats
from engines.body.body import open_body
from engines.joint_sets import COCO19
from engines.networks.pose2mesh import build
from engines.pose2mesh.native_session import Pose2MeshKernels
from meshcast.protocol.rotations import rotmat

MANY = 64
BODY = open_body()
VERTICES, JOINTS = len(BODY.v_template), len(COCO19)


@dataclass(frozen=True, slots=True)
class Barred:
    """A metric and what its ratio to the reference should be: at most, or at least."""

    metric: Metric
    at_most: float | None = None
    at_least: float | None = None

    def row(self) -> str:
        metric, ratio = self.metric, self.metric.ratio
        bar = "" if self.at_most is None else f"<= {self.at_most:.3g}"
        bar = bar if self.at_least is None else f">= {self.at_least:.3g}"
        met = self.met()
        verdict = "" if met is None else "met" if met else "MISSED"
        shown = "" if ratio is None else f"{ratio:.3f}"
        reference = "" if metric.reference is None else f"{metric.reference:.5g}"
        return f"{metric.name:<66}{metric.value:>11.5g} {metric.unit:<9}{reference:>10}{shown:>9}{bar:>10} {verdict}"

    def met(self) -> bool | None:
        ratio = self.metric.ratio
        if ratio is None or (self.at_most is None and self.at_least is None):
            return None
        return (self.at_most is None or ratio <= self.at_most) and (self.at_least is None or ratio >= self.at_least)


Section = Callable[[Rates, bool], Iterator[Barred]]


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the kernels on a CUDA device.")
    parser.add_argument("--output", type=Path, metavar="OUT.json", help="write the metrics")
    parser.add_argument("--quick", action="store_true", help="without torch.compile, which takes a minute")
    args = parser.parse_args()
    if not torch.cuda.is_available() or not edge_kernels.cuda_device_count():
        note("error: there is no CUDA device, or torch or edge_kernels was built without CUDA")
        return 1
    with torch.inference_mode():
        measured = rates()
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
        print(f"{'metric':<66}{'value':>11} {'unit':<9}{'reference':>10}{'ratio':>9}{'bar':>10}")
        metrics = []
        for section in (lower_bounds, mesh_net, crowd, lifter, whole, skinning, vision):
            for barred in unbroken(section, measured, args.quick):
                print(barred.row(), flush=True)
                metrics.append(barred)
    if args.output is not None:
        entries = [barred.metric.entry() | {"met": barred.met()} for barred in metrics]
        args.output.write_text(json.dumps(entries, indent=2, allow_nan=False) + "\n")
    return 1 if any("failed" in barred.metric.name for barred in metrics) else 0


def unbroken(section: Section, measured: Rates, quick: bool) -> Iterator[Barred]:
    """A section's rows; where it fails, a row with that name, and the others go on."""
    try:
        yield from section(measured, quick)
    except Exception as error:
        note(f"error: {section.__name__} failed: {error!r}")
        yield Barred(Metric(f"{section.__name__} failed", float("nan"), ""))


def lower_bounds(measured: Rates, quick: bool) -> Iterator[Barred]:
    yield Barred(Metric("copying 1 GiB, read and written", measured.bandwidth / 1e12, "TB/s"))
    yield Barred(Metric("torch's matrix product, bfloat16", 2 * measured.products_bf16 / 1e12, "TFLOP/s"))
    yield Barred(Metric("torch's matrix product, float32", 2 * measured.products_f32 / 1e12, "TFLOP/s"))


def network(bf16: bool, together: int = 4) -> Pose2MeshKernels:
    torch.manual_seed(0)
    weights = {key: value.numpy() for key, value in build(COCO19, BODY.faces, VERTICES).state_dict().items()}
    return Pose2MeshKernels(weights, COCO19, BODY.faces, VERTICES, bf16=bf16, device="cuda:0", together=together)


def mesh_call(kernels: Pose2MeshKernels, batch: int) -> Callable[[], None]:
    plan, joints = kernels.mesh_net, torch.randn(batch, JOINTS, 5, device="cuda")
    vertices = torch.empty(batch, VERTICES, 3, device="cuda")
    return lambda: plan(joints, vertices, stream())


def mesh_net(measured: Rates, quick: bool) -> Iterator[Barred]:
    """One person: against torch.sparse launched one by one, torch.compile in a CUDA graph, and the lower bound."""
    joints = torch.randn(1, JOINTS, 5, device="cuda")
    sparse = build(COCO19, BODY.faces, VERTICES).eval().cuda().pose2mesh
    eager = enqueued(lambda: sparse(joints), 3)
    for bf16 in (True, False):
        kernels, name = network(bf16), f"MeshNet {'bf16' if bf16 else 'fp32'}, batch 1"
        products, _, moved = kernels.mesh_net.work(1)
        call = mesh_call(kernels, 1)
        ours = graphed(call)
        yield Barred(Metric(f"{name}: torch.sparse fp32, eager, over ours", eager, "us", ours), at_least=20)
        work = f"{2 * products / 1e9:.2f} GFLOP, {moved / 1e6:.1f} MB"
        yield Barred(
            Metric(f"{name}: over its lower bound, {work}", ours, "us", measured.lower_bound_us(products, moved, bf16)),
            4,
        )
        yield Barred(Metric(f"{name}: enqueued call by call", enqueued(call), "us", ours))
        if bf16 and not quick:
            yield from compiled(name, joints, ours)


def compiled(name: str, joints: torch.Tensor, ours: float) -> Iterator[Barred]:
    """torch.compile knows no sparse products: it gets the same network with gathered neighbors, in bfloat16."""
    gathering = build(COCO19, BODY.faces, VERTICES, gather=True).eval().cuda().to(torch.bfloat16).pose2mesh
    given = joints.to(torch.bfloat16)
    fast = torch.compile(gathering, fullgraph=True)
    theirs = graphed(lambda: fast(given), 3)
    yield Barred(Metric(f"{name}: torch.compile bf16 + CUDA graph over ours", theirs, "us", ours), at_least=5)


def crowd(measured: Rates, quick: bool) -> Iterator[Barred]:
    """Many people: the share of the measured rate or bandwidth, whichever binds."""
    kernels = network(True, together=MANY)
    products, sums, moved = kernels.mesh_net.work(MANY)
    ours = graphed(mesh_call(kernels, MANY), 3)
    bound_us = measured.lower_bound_us(products, moved, True)
    name = f"MeshNet bf16, batch {MANY}: {2 * products / 1e9:.0f} GFLOP, {moved / 1e9:.2f} GB"
    yield Barred(Metric(f"{name}: lower bound over ours", bound_us, "us", ours), at_least=0.5)
    yield Barred(Metric(f"MeshNet bf16, batch {MANY}: with its sums over neighbours", ours, "us"))
    yield Barred(Metric("  of which sums", 2 * sums / 1e9, "GFLOP"))


def lifter(measured: Rates, quick: bool) -> Iterator[Barred]:
    for batch in (1, 4):
        kernels = network(True)
        pose2d, pose = (torch.randn(batch, JOINTS, axes, device="cuda") for axes in (2, 3))
        plan = kernels.lifter
        products, _, moved = plan.work(batch)
        ours = graphed(lambda plan=plan, x=pose2d, out=pose: plan(x, out, stream()))
        yield Barred(
            Metric(
                f"lifter bf16, batch {batch}: over its lower bound, {moved / 1e6:.0f} MB",
                ours,
                "us",
                measured.lower_bound_us(products, moved, True),
            )
        )


def whole(measured: Rates, quick: bool) -> Iterator[Barred]:
    """Keypoints in host memory to vertices in host memory, by the host's clock."""
    for bf16 in (True, False):
        kernels, pose2d = network(bf16), np.zeros((1, JOINTS, 2), np.float32)
        times = []
        for turn in range(30):
            begin = time.perf_counter()
            kernels(pose2d)
            if turn >= 5:
                times.append((time.perf_counter() - begin) * 1e6)
        name = f"Pose2Mesh {'bf16' if bf16 else 'fp32'}, one person, from and to host memory"
        yield Barred(Metric(name, median(times), "us"))


def skinning(measured: Rates, quick: bool) -> Iterator[Barred]:
    pose_dirs = np.random.default_rng(0).normal(0, 0.003, (VERTICES, 3, 207)).astype(np.float32)
    for name, dirs, storage in (
        ("float32", pose_dirs, "float32"),
        ("int16", pose_dirs, "int16"),
        ("without pose blend shapes", None, "float32"),
    ):
        for batch in (1, 32, 1024):
            yield pose_bodies(measured, name, packed(dirs, storage), batch)


def packed(pose_dirs: np.ndarray | None, storage: Any) -> Skinning:
    return Skinning(
        BODY.v_template, BODY.shape_dirs, pose_dirs, BODY.weights, BODY.joint_regressor, BODY.parents, storage=storage
    )


def pose_bodies(measured: Rates, name: str, skin: Skinning, batch: int) -> Barred:
    rng = np.random.default_rng(1)
    drawn = rotmat(rng.normal(0, 0.5, (batch, 24, 3))), rng.normal(0, 1, (batch, 10)), rng.normal(0, 1, (batch, 3))
    constants = SkinningModel(*(torch.from_numpy(constant).cuda() for constant in skin.model))
    inputs = [torch.from_numpy(array.astype(np.float32)).cuda() for array in drawn]
    directions = skin.model.pose_dirs.shape[1]
    columns = workspace_floats(len(skin.model.template), 24, directions, False)
    outputs = [torch.empty(batch, *shape, device="cuda") for shape in ((columns,), (VERTICES, 3), (24, 3))]
    ours = graphed(lambda: edge_kernels.skinning(constants, *inputs, *outputs, None, stream()))
    if batch == 1:
        return Barred(Metric(f"skinning {name}, batch 1, of 20 us", ours, "us", 20.0), at_most=1)
    moved = sum(array.nbytes for array in (*constants, *inputs, *outputs[1:]))
    bound_us = moved / measured.bandwidth * 1e6
    products = batch * VERTICES * 3 * (10 + directions + 24)
    bound = products / measured.products_f32 * 1e6
    label = f"skinning {name}, batch {batch}: lower bound by bandwidth over ours ({bound:.0f} us of products)"
    return Barred(Metric(label, bound_us, "us", ours), at_least=0.6 if batch == 1024 else None)


def vision(measured: Rates, quick: bool) -> Iterator[Barred]:
    """What comes before the mesh: four people of 700 px in a 1088 x 1920 image, against torch in a CUDA graph."""
    image = torch.randint(0, 256, (1088, 1920, 3), device="cuda", dtype=torch.uint8)
    centers = torch.tensor([[240.0 + 460 * i, 544.0] for i in range(4)], device="cuda")
    scales = torch.full((4,), 256 / 875, device="cuda")
    out = torch.empty(4, 3, 256, 256, device="cuda")
    mean, std = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    ours = graphed(lambda: edge_kernels.crop(mean, std, image, centers, scales, out, stream=stream()))
    grid = torch.rand(4, 256, 256, 2, device="cuda") * 2 - 1
    offset, factor = (torch.tensor(values, device="cuda").reshape(1, 3, 1, 1) for values in (mean, std))

    def sampled() -> torch.Tensor:
        planes = image.permute(2, 0, 1).float()[None].expand(4, -1, -1, -1)
        return (torch.nn.functional.grid_sample(planes, grid, align_corners=False) - offset) / factor

    yield Barred(Metric("crops 4 x 256 x 256, reference grid_sample", ours, "us", graphed(sampled)))
    box = torch.empty(1, 3, 416, 416, device="cuda")
    window = (0, 90, 416, 236)
    ours = graphed(lambda: edge_kernels.letterbox(mean, std, image, box, window, 2, stream=stream()))
    yield Barred(Metric("letterbox to 416", ours, "us"))
    maps = torch.rand(4, 17, 64, 48, device="cuda")
    places, scores = torch.empty(4, 17, 2, device="cuda"), torch.empty(4, 17, device="cuda")
    theirs = graphed(lambda: maps.flatten(2).max(2))
    for refine in ("quarter", "dark"):
        ours = graphed(lambda refine=refine: edge_kernels.heatmap(maps, places, scores, refine, 11, stream()))
        yield Barred(Metric(f"heatmaps 4 x 17 x 64 x 48, {refine}, reference max", ours, "us", theirs))
    low = torch.rand(300, 2, device="cuda") * 400
    boxes, kept = torch.cat([low, low + 40], 1), torch.empty(300, device="cuda", dtype=torch.int32)
    rank = torch.rand(300, device="cuda")
    yield Barred(Metric("nms of 300", graphed(lambda: edge_kernels.nms(boxes, rank, kept, 0.5, stream())), "us"))


if __name__ == "__main__":
    sys.exit(main())
