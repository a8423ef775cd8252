"""All image methods trained alike on rendered people, with the mean pose beside them.

    python tests/benchmarks/bm_methods.py --out out/methods --steps 2000 --size 112

Trains PARE, the same network with global pooling, DCT, DecoMR, ImpHMR and Pose2Mesh one after another on people that
are rendered while training, and evaluates each on held-out people (other pose clips, shapes, clothes and views), whole
and with an occluder. An interrupted run continues. Needs hours for useful accuracy on a CPU.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engines.body.body import SurfaceBody, open_body
from engines.evaluation.body_scores import bootstrap
from engines.training.batch import Batch, collate
from engines.training.image_config import DataConfig, ImageTrainConfig
from engines.training.image_data import open_source
from engines.training.image_training import per_sample_metrics, train_images
from engines.training.loop import Reports
from engines.training.methods.base import MethodConfig, Prediction, prediction
from engines.training.torch_body import TorchBody

METHODS = {
    "pare": ("pare", {}),
    "global": ("pare", {"attend": False}),
    "dct": ("dct", {}),
    "decomr": ("decomr", {"width": 128, "map_side": 32}),
    "imphmr": ("imphmr", {}),
    "pose2mesh": ("pose2mesh", {"width": 1024, "divide": 8}),
}
COLUMNS = ("mpjpe", "pa_mpjpe", "pve", "pve_t")


class MeanPose:
    """The mean of the training set: the mean rotations and shape, the root upright."""

    def __init__(self, body: SurfaceBody, batches: list[Batch]) -> None:
        self._body = TorchBody(body)
        rotations = torch.cat([batch.rotations for batch in batches]).mean(0)
        u, _, vt = torch.linalg.svd(rotations)
        self._rotations = (
            u @ torch.diag_embed(torch.stack([torch.ones(24), torch.ones(24), torch.det(u @ vt)], -1)) @ vt
        )
        self._rotations[0] = torch.diag(torch.tensor([1.0, -1.0, -1.0]))

    def __call__(self, batch: Batch) -> Prediction:
        shape: Tensor = torch.zeros(len(batch), 10)
        vertices, joints = self._body(self._rotations.expand(len(batch), -1, -1, -1), shape)
        return prediction(vertices, self._body.points(vertices, joints), shape, None, {})


def batches_of(body: SurfaceBody, size: int, count: int, *, held_out: bool, occluded: float) -> list[Batch]:
    data = DataConfig("rendered", occluded=occluded)
    source = open_source(data, body, size, 0, held_out=held_out, on_progress=lambda line: None)
    return [
        collate([source.samples[n] for n in range(first, min(first + 32, count))], len(body.v_template))
        for first in range(0, count, 32)
    ]


def row(name: str, values: dict[str, np.ndarray]) -> str:
    cells = [str(bootstrap(values[key])) if key in values else "" for key in COLUMNS]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/methods"))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--tests", type=int, default=256)
    parser.add_argument("--only", nargs="*", choices=METHODS, default=list(METHODS))
    args = parser.parse_args()
    body = open_body()
    torch.set_num_threads(1)
    tests = {
        name: batches_of(body, args.size, args.tests, held_out=True, occluded=share)
        for name, share in (("whole", 0.0), ("occluded", 1.0))
    }
    baseline = MeanPose(body, batches_of(body, 32, 256, held_out=False, occluded=0.0))
    print(
        f"{args.steps} steps of {args.batch} at {args.size} px, {args.backbone}, {args.tests} held-out people",
        flush=True,
    )
    print("| method | MPJPE | PA-MPJPE | PVE | PVE-T |\n| --- | --- | --- | --- | --- |")
    for name, batches in tests.items():
        print(row(f"mean pose, {name}", per_sample_metrics(baseline, batches, TorchBody(body))), flush=True)
    for name in args.only:
        family, options = METHODS[name]
        config = ImageTrainConfig(
            family,
            args.out / name,
            (DataConfig("rendered"),),
            steps=args.steps,
            batch=args.batch,
            size=args.size,
            evaluation_samples=32,
            resume=True,
            learning_rate=5e-4,
            network=MethodConfig(backbone=args.backbone, **options),
        )
        began = time.process_time()
        trained = train_images(config, Reports(lambda line: None, every_s=600.0))
        cpu_s = time.process_time() - began
        for kind, people in tests.items():
            values = per_sample_metrics(trained.method.predict, people, TorchBody(body))
            print(row(f"{name}, {kind}", values), flush=True)
        print(f"<!-- {name}: {cpu_s:.0f} s of CPU -->", flush=True)


if __name__ == "__main__":
    main()
