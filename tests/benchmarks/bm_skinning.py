"""Times `Skinning` against smplx and against its memory lower bound: python tests/benchmarks/bm_skinning.py"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import smplx
import torch
from metric import Metric, show
from smplx.utils import Struct

import edge_kernels
from edge_kernels import Skinning
from engines.body.body import open_body
from meshcast.protocol.rotations import rotmat

THREADS = 2
BATCHES = (1, 4, 32)
ROUNDS, CALLS = 10, 10  # a turn is some calls in a row: torch's threads spin for a while after each of its calls
BODY = open_body()
POSE_DIRS = np.random.default_rng(0).normal(0, 0.003, (*BODY.v_template.shape, 207)).astype(np.float32)


def measure() -> list[Metric]:
    """Milliseconds of a call, the fastest; smplx and ours interleaved."""
    torch.set_num_threads(THREADS)
    edge_kernels.set_threads(THREADS)
    skins = {
        "float32": packed(POSE_DIRS, "float32"),
        "int16": packed(POSE_DIRS, "int16"),
        "no pose blend shapes": packed(None, "float32"),
    }
    metrics = [metric for batch in BATCHES for metric in against_smplx(skins, batch)]
    metrics += [lower_bound(name, skin) for name, skin in skins.items()]
    return metrics


def packed(pose_dirs: np.ndarray | None, storage: Any) -> Skinning:
    return Skinning(
        BODY.v_template, BODY.shape_dirs, pose_dirs, BODY.weights, BODY.joint_regressor, BODY.parents, storage=storage
    )


def people(batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations, shape and translation."""
    rng = np.random.default_rng(1)
    rotations = rotmat(rng.normal(0, 0.5, (batch, 24, 3)))
    return rotations, *(rng.normal(0, 1, (batch, n)).astype(np.float32) for n in (10, 3))


def against_smplx(skins: dict[str, Skinning], batch: int) -> list[Metric]:
    """Each storage, and levels to send, with smplx as reference, which has no body without pose blend shapes."""
    rotations, shape, translation = people(batch)
    peer = smplx_model(batch)
    inputs = {
        "betas": torch.from_numpy(shape),
        "body_pose": torch.from_numpy(rotations[:, 1:].copy()),
        "global_orient": torch.from_numpy(rotations[:, :1].copy()),
        "transl": torch.from_numpy(translation),
    }
    joints, bounds = np.empty((batch, 24, 3), np.float32), np.empty((batch, 2, 3), np.float32)
    vertices = np.empty((batch, len(BODY.v_template), 3), np.float32)
    levels = np.empty(vertices.shape, np.uint16)

    def reference() -> None:
        with torch.inference_mode():
            peer(**inputs, pose2rot=False)

    calls: dict[str, Callable[[], object]] = {"smplx": reference}
    for name, skin in skins.items():
        calls[name] = lambda skin=skin: skin(rotations, shape, translation, (vertices, joints))
    for name in ("float32", "no pose blend shapes"):
        calls[f"{name}, quantised"] = lambda skin=skins[name]: skin.quantized(
            rotations, shape, translation, (levels, bounds, joints)
        )
    times = interleaved(calls)
    smplx_ms = times.pop("smplx")
    return [
        Metric(f"skinning {name}, batch {batch}: best, reference smplx", ms, "ms", smplx_ms)
        for name, ms in times.items()
    ]


def smplx_model(batch: int) -> Any:
    """The same body in the smplx package."""
    kintree = np.stack([BODY.parents, np.arange(24)]).astype(np.int64)
    kintree[0, 0] = 2**32 - 1
    data = Struct(
        v_template=BODY.v_template,
        shapedirs=BODY.shape_dirs,
        posedirs=POSE_DIRS,
        J_regressor=BODY.joint_regressor,
        weights=BODY.weights,
        kintree_table=kintree,
        f=BODY.faces.astype(np.uint32),
    )
    return smplx.SMPL("", data_struct=data, batch_size=batch, num_betas=10)


def interleaved(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Milliseconds of the fastest of ROUNDS * CALLS single calls, some in a row, the first of each row left out.

    The median would compare how torch's spinning threads bear other load, which costs them ten times and more.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            call()
            for _ in range(CALLS):
                begin = time.perf_counter()
                call()
                times[name].append((time.perf_counter() - begin) * 1e3)
    return {name: min(row) for name, row in times.items()}


def lower_bound(name: str, skin: Skinning) -> Metric:
    """Milliseconds that reading the constants once takes at the bandwidth of a sum over as many bytes."""
    size = sum(constant.nbytes for constant in skin.model)
    x = torch.ones(size // 4)
    ms = interleaved({"sum": x.sum})["sum"]
    return Metric(
        f"skinning {name}, lower bound: {size / 1e6:.1f} MB of constants at {size / ms / 1e6:.1f} GB/s", ms, "ms"
    )


if __name__ == "__main__":
    show(measure())
