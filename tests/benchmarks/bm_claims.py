"""The claims of the papers in the small: variants of each method trained alike on rendered people.

    meshcast data render --out out/people --count 2000 --size 96
    meshcast data render --out out/people-test --count 256 --size 96 --test
    python tests/benchmarks/bm_claims.py out/people out/people-test --out out/claims --steps 600

Each run has the same samples in the same order, steps, seed and size of its trunk. An interrupted campaign continues;
OUT/results.json has the errors of every held-out person, for `--report`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from engines.body.body import open_body
from engines.files.atomic import write_atomically
from engines.training.batch import Batch, collate
from engines.training.image_config import DataConfig, ImageTrainConfig
from engines.training.image_training import per_sample_metrics, train_images
from engines.training.loop import Reports
from engines.training.losses.imphmr import turned_points
from engines.training.methods.base import Method, MethodConfig
from engines.training.methods.imphmr import ImphmrMethod
from engines.training.mixture import KeptSamples
from engines.training.occlusion_sensitivity import OccluderConfig, occlusion_errors
from engines.training.rendered.shards import ShardedPeople
from engines.training.sample import SMPL
from engines.training.torch_body import TorchBody

# name: method, network, weights of losses, supervision, share of 3D
RUNS = {
    "dct": ("dct", {}, {}, "3d+dense+sparse", 1.0),
    "pare": ("pare", {}, {}, "3d+dense+sparse", 1.0),
    "pare global": ("pare", {"attend": False}, {}, "3d+dense+sparse", 1.0),
    "decomr": ("decomr", {"width": 64, "map_side": 32}, {}, "3d+dense+sparse", 1.0),
    "imphmr": ("imphmr", {}, {}, "3d+dense+sparse", 1.0),
    "pose2mesh": ("pose2mesh", {"width": 512, "divide": 8}, {}, "3d+dense+sparse", 1.0),
    "dct sparse": ("dct", {}, {}, "sparse", 1.0),
    "dct dense+sparse": ("dct", {}, {}, "dense+sparse", 1.0),
    "dct 20% 3d": ("dct", {}, {}, "3d+dense+sparse", 0.2),
    "decomr global": ("decomr", {"width": 64, "map_side": 32, "dense": False}, {}, "3d+dense+sparse", 1.0),
    "imphmr alone": ("imphmr", {}, {"imagined": 0.0, "consistency": 0.0}, "3d+dense+sparse", 1.0),
    "pare parts kept": ("pare", {}, {"parts_until": 1.0}, "3d+dense+sparse", 1.0),
}
SENSITIVITY = 24  # people of the occlusion sensitivity
POSITIONS = 7
VIEWS_RAD = tuple(np.deg2rad((45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0)))


def agreement_of_views(trained: ImphmrMethod, batches: list[Batch]) -> list[float]:
    """The mean distance in mm of the joints from imagined views, turned back, to the canonical ones, a person each."""
    found: list[float] = []
    for batch in batches:
        with torch.no_grad():
            first = trained.predict(batch).points[:, SMPL]
            errors = []
            for angle in VIEWS_RAD:
                turned = turned_points(first, torch.full((len(batch),), angle))
                errors.append((trained.predict(batch, angle).points[:, SMPL] - turned).norm(dim=-1).mean(1) * 1e3)
        found += torch.stack(errors).mean(0).tolist()
    return found


def sensitivity(trained: Method, people: KeptSamples, size: int, vertices: int) -> dict[str, list[float]]:
    """How much a sliding occluder raises the mean error of a person over that without it: mean and largest rise, mm."""
    mean, largest = [], []
    for number in range(SENSITIVITY):
        sample = people[number]
        whole = occlusion_errors(trained, sample, size, vertices, OccluderConfig(side=0.0, positions=2)).mean()
        errors = occlusion_errors(trained, sample, size, vertices, OccluderConfig(positions=POSITIONS)).mean(-1)
        mean.append(float(np.abs(errors - whole).mean()))
        largest.append(float(errors.max() - whole))
    return {"sensitivity_mean": mean, "sensitivity_max": largest}


def part_overlap(trained: Method, batches: list[Batch]) -> list[float]:
    """The part IoU of each person."""
    from engines.evaluation.body_scores import part_iou

    found: list[float] = []
    for batch in batches:
        with torch.no_grad():
            parts = trained.predict(batch).maps["parts"]
        truth = torch.nn.functional.interpolate(batch.parts[:, None].float(), parts.shape[1:], mode="nearest")[:, 0]
        found += part_iou(parts.numpy().astype(np.int64), truth.numpy().astype(np.int64)).tolist()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path)
    parser.add_argument("tests", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out/claims"))
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--backbone", default="tiny")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=RUNS, default=list(RUNS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    body = open_body()
    vertices = len(body.v_template)
    tests = ShardedPeople(args.tests, body)
    people = KeptSamples(tests, len(tests))
    batches = [
        collate([people[n] for n in range(first, min(first + 32, len(tests)))], vertices)
        for first in range(0, len(tests), 32)
    ]
    path = args.out / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for name in args.only:
        if name in results:
            continue
        family, options, weights, supervision, share = RUNS[name]
        config = ImageTrainConfig(
            family,
            args.out / name.replace(" ", "-").replace("%", ""),
            (DataConfig(str(args.people), supervision=supervision, share_3d=share, keep=1 << 20),),
            test=DataConfig(str(args.tests), keep=1 << 20),
            steps=args.steps,
            batch=args.batch,
            size=args.size,
            seed=args.seed,
            evaluation_samples=32,
            resume=True,
            learning_rate=1e-3,
            averaging=0.99,
            warm_up_steps=50,
            network=MethodConfig(backbone=args.backbone, weights=weights, **options),
        )
        began = time.process_time()
        trained = train_images(config, Reports(lambda line: print(line, flush=True), every_s=120.0))
        cpu_s = time.process_time() - began
        found = {
            key: values.tolist()
            for key, values in per_sample_metrics(trained.method.predict, batches, TorchBody(body)).items()
        }
        if family == "pare":
            found["part_iou"] = part_overlap(trained.method, batches)
        if family != "pose2mesh":
            found |= sensitivity(trained.method, people, args.size, vertices)
        if isinstance(trained.method, ImphmrMethod):
            found["views"] = agreement_of_views(trained.method, batches)
        results[name] = {"cpu_s": cpu_s, **found}
        write_atomically(path, json.dumps(results).encode())
        print(name, f"{cpu_s:.0f} s", {key: round(float(np.mean(each)), 2) for key, each in found.items()}, flush=True)


if __name__ == "__main__":
    main()
