"""The claims of the papers in the small: variants of each method trained alike on rendered people.

    meshcast data render --out out/people --count 2000 --size 96
    meshcast data render --out out/people-test --count 256 --size 96 --test
    python tests/benchmarks/bm_claims.py out/people out/people-test --out out/claims --steps 600

`--only` chooses runs: `--only pare "pare global"`.

Each run has the same samples in the same order, steps, seed and size of its trunk. An interrupted campaign continues;
OUT/results.json has the errors of every held-out person. In the end, or alone with `--report`, the tables are printed:
means, and differences of the same people, with 95 % bootstrap intervals.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from bm_methods import MeanPose

from engines.body.body import open_body
from engines.evaluation.body_scores import bootstrap, part_iou
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
    found: list[float] = []
    for batch in batches:
        with torch.no_grad():
            parts = trained.predict(batch).maps["parts"]
        truth = torch.nn.functional.interpolate(batch.parts[:, None].float(), parts.shape[1:], mode="nearest")[:, 0]
        found += part_iou(parts.numpy().astype(np.int64), truth.numpy().astype(np.int64)).tolist()
    return found


# What a claim compares: runs and a metric; the difference is that of the second run less the first.
CLAIMS = (
    ("(a) attention to global pooling", "pare", "pare global", "sensitivity_mean"),
    ("(a) attention to global pooling", "pare", "pare global", "sensitivity_max"),
    ("(a) attention to global pooling", "pare", "pare global", "mpjpe"),
    ("(a) parts off late to parts kept", "pare", "pare parts kept", "mpjpe"),
    ("(a) parts off late to parts kept", "pare", "pare parts kept", "sensitivity_mean"),
    ("(a) parts off late to parts kept", "pare", "pare parts kept", "part_iou"),
    ("(b) full 3D to 20 % 3D", "dct", "dct 20% 3d", "pve"),
    ("(b) full 3D to dense + sparse", "dct", "dct dense+sparse", "pve"),
    ("(b) full 3D to sparse", "dct", "dct sparse", "pve"),
    ("(b) dense + sparse to sparse", "dct dense+sparse", "dct sparse", "pa_mpjpe"),
    ("(d) with to without L_imag, L_cons", "imphmr", "imphmr alone", "views"),
    ("(d) with to without L_imag, L_cons", "imphmr", "imphmr alone", "mpjpe"),
    ("(e) dense to global features", "decomr", "decomr global", "pve"),
)
COLUMNS = ("mpjpe", "pa_mpjpe", "pve", "pve_t")


def report(results: dict[str, dict[str, list[float]]], baseline: dict[str, np.ndarray]) -> None:
    """Prints the table of all runs, their differences from the mean pose, and the differences of the claims."""
    print("| run | MPJPE | PA-MPJPE | PVE | PVE-T |\n| --- | --- | --- | --- | --- |")
    for name, found in {"mean pose, upright": baseline, **results}.items():
        cells = (str(bootstrap(np.array(found[key]))) if key in found else "" for key in COLUMNS)
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("\n| run less the mean pose | MPJPE | PA-MPJPE |\n| --- | --- | --- |")
    for name, found in results.items():
        cells = (str(bootstrap(np.array(found[key]) - baseline[key])) for key in ("mpjpe", "pa_mpjpe"))
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("\n| claim | metric | first | second | difference |\n| --- | --- | --- | --- | --- |")
    for label, first, second, key in CLAIMS:
        if first in results and second in results:
            a, b = (np.array(results[name][key]) for name in (first, second))
            digits = 3 if key == "part_iou" else 1
            more = bootstrap(b - a)
            change = f"{more.mean:+.{digits}f} [{more.low:+.{digits}f}, {more.high:+.{digits}f}]"
            print(f"| {label} | {key} | {np.nanmean(a):.{digits}f} | {np.nanmean(b):.{digits}f} | {change} |")


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
    parser.add_argument("--report", action="store_true", help="train nothing, print the tables")
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
    # The mean pose is that of the training set.
    trained_on = ShardedPeople(args.people, body)
    samples = [trained_on[number] for number in range(0, len(trained_on), max(1, len(trained_on) // 256))]
    whole = TorchBody(body)
    baseline = per_sample_metrics(MeanPose(body, [collate(samples, vertices)]), batches, whole)
    path = args.out / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for name in () if args.report else args.only:
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
        print(f"{name}: {cpu_s:.0f} s of CPU", flush=True)
    report(results, baseline)


if __name__ == "__main__":
    main()
