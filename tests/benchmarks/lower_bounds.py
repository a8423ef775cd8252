"""What boards could give at best, a projection from their published rates: python tests/benchmarks/lower_bounds.py

Nothing here is measured. The work is counted by the plans that run (SMPL's sizes, 6890 vertices, bfloat16; skinning
float32 with 16-bit pose blend shapes). A lower bound is its bytes over the board's bandwidth or its products over the
board's rate, whichever is longer. Rates are dense, from the modules' data sheets: of INT8 with sparsity bfloat16 is a
quarter, of FP4 with sparsity an eighth; float32 is two operations a CUDA core and clock.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge_kernels import Skinning
from engines.body.body import open_body
from engines.joint_sets import COCO19
from engines.networks.pose2mesh import build
from engines.pose2mesh.native_session import Pose2MeshKernels


class Board(NamedTuple):
    name: str
    bandwidth: float  # bytes a second
    bf16: float  # operations a second, a multiplication with an addition being two
    f32: float


class Work(NamedTuple):
    name: str
    products: float
    moved: float  # bytes
    bf16: bool


BOARDS = (
    Board("Orin Nano 8 GB, 25 W", 102e9, 67e12 / 4, 2 * 1024 * 1.02e9),
    Board("Orin NX 16 GB, 25 W", 102.4e9, 60e12 / 4, 2 * 1024 * 0.918e9),
    Board("AGX Orin 64 GB", 204.8e9, 170e12 / 4, 2 * 2048 * 1.3e9),
    Board("AGX Thor T5000", 273e9, 2070e12 / 8, 2 * 2560 * 1.57e9),
)


def networks() -> list[Work]:
    """MeshNet and the lifter, for one person and for four."""
    body = open_body()
    count = len(body.v_template)
    weights = {key: value.numpy() for key, value in build(COCO19, body.faces, count).state_dict().items()}
    kernels = Pose2MeshKernels(weights, COCO19, body.faces, count, bf16=True)
    work = []
    for people in (1, 4):
        for name, plan in (("lifter", kernels.lifter), ("MeshNet", kernels.mesh_net)):
            products, sums, moved = plan.work(people)
            work.append(Work(f"{name}, {people}", products + sums, moved, True))
    return work


def skinning() -> list[Work]:
    """A body, and 32 of them, with 207 pose blend shapes."""
    body = open_body()
    pose_dirs = np.zeros((*body.v_template.shape, 207), np.float32)
    skin = Skinning(
        body.v_template,
        body.shape_dirs,
        pose_dirs,
        body.weights,
        body.joint_regressor,
        body.parents,
        storage="int16",
    )
    constants = sum(constant.nbytes for constant in skin.model)
    blended = skin.model.weights.size * 12  # weights of bones, times a transform
    shapes = skin.model.shape_dirs.size + skin.model.pose_dirs.size
    person = 4 * (24 * 9 + 10 + 3 + 3 * skin.vertices + 3 * 24)
    return [
        Work(f"skinning, {people}", people * (blended + shapes), constants + people * person, False)
        for people in (1, 32)
    ]


def lower_bound_ms(board: Board, work: Work) -> float:
    operations = board.bf16 if work.bf16 else board.f32
    return max(2 * work.products / operations, work.moved / board.bandwidth) * 1e3


def main() -> None:
    print("Projected lower bounds in ms, not measured.")
    print("| work, people | GFLOP | MB | " + " | ".join(board.name for board in BOARDS) + " |")
    print("| --- " + "| ---: " * (2 + len(BOARDS)) + "|")
    for work in (*networks(), *skinning()):
        lower_bounds = " | ".join(f"{lower_bound_ms(board, work):.2f}" for board in BOARDS)
        print(f"| {work.name} | {2e-9 * work.products:.2f} | {work.moved / 1e6:.1f} | {lower_bounds} |")


if __name__ == "__main__":
    main()
