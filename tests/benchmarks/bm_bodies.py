"""How believable bodies are on the annotated clips: python tests/benchmarks/bm_bodies.py

Errors, motion, limb lengths, T-poses and people cut at the hips, each with the floor known and without. `--variant`
changes settings, `--ablation` switches the levers of LEVERS off, one at a time.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from body_runs import CASES, TRUTH, Case, Run, Variant, run_cases
from metric import Metric

from edge.evaluation.evaluate import frame_interval_s
from edge.evaluation.limbs import (
    SHOULDERS,
    UPPER_BODY,
    WRISTS,
    compare_lengths,
    finite_mean,
    limb_index,
    limb_lengths,
    median_lengths,
)
from edge.evaluation.motion import rotation_second_difference_deg, second_difference
from edge.evaluation.variants import with_setting
from edge.models import Models
from edge.stages.config import PipelineConfig
from engines.files.npz import read_npz

# What can be switched off alone: a name, and the settings (of PipelineConfig, or models.* of Models) that do it.
LEVERS: Mapping[str, tuple[str, ...]] = {
    "smoothing": ("smooth=off",),
}
SETTLED_S = 2.0  # after which the size of a body should be known
MM_PER_M = 1000.0
Figures = dict[str, float]


def balance(run: Run, _: Run | None) -> Figures:
    """Errors against the truth, motion beside that of the truth, and limb lengths."""
    if run.scorer is None:
        raise RuntimeError(f"{run.case.name}: has no truth")
    score = run.scorer.result(frame_interval_s(run.t_s))
    motion, true, limbs = score.motion, score.true_motion, score.limbs
    return {
        "found, %": 100 * score.matched / max(score.frames, 1),
        "MPJPE, mm": score.mpjpe_mm,
        "PA-MPJPE, mm": score.pa_mpjpe_mm,
        "root error, m": score.root_error_m,
        "second difference, mm": motion.second_difference_mm,
        "true second difference, mm": true.second_difference_mm,
        "root depth residual, mm": motion.root_depth_residual_mm,
        "true root depth residual, mm": true.root_depth_residual_mm,
        "planted ankle median, mm/s": motion.planted_ankle_mm_s,
        "planted ankle mean, mm/s": motion.planted_ankle_mean_mm_s,
        "true planted ankle mean, mm/s": true.planted_ankle_mean_mm_s,
        "delay, ms": score.delay_ms,
        "rotation jitter, degrees": rotation_jitter(run),
        **lengths(run, slice(None)),
        "mean limb length spread, %": limbs.mean_spread_pct,
        "worst limb length spread, %": limbs.worst_spread_pct,
        "mean bone length spread, %": bone_spread(run),
    }


def size(run: Run, _: Run | None) -> Figures:
    """Limb lengths once the size of the body should be known."""
    late = np.array(run.t_s) >= SETTLED_S
    return lengths(run, late)


def t_pose(run: Run, _: Run | None) -> Figures:
    """Limb lengths of the man in a T-pose, and the distance between his wrists."""
    joints = np.array(run.joints)
    wrists = np.linalg.norm(joints[:, WRISTS[0]] - joints[:, WRISTS[1]], axis=-1)
    shoulders = np.linalg.norm(joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]], axis=-1)
    arms = limb_lengths(joints)[:, :4].sum(axis=-1)
    true_span = true_lengths()[:4].sum() + true_shoulders()
    return {
        "found, %": 100 * run.found / max(run.frames, 1),
        **lengths(run, slice(None)),
        "wrist to wrist error, %": 100 * (finite_median(wrists) / true_span - 1),
        "arms and shoulders error, %": 100 * (finite_median(arms + shoulders) / true_span - 1),
        "worst limb length spread, %": compare_lengths(joints, true_lengths()).worst_spread_pct,
    }


def cut(run: Run, whole: Run | None) -> Figures:
    """The visible part of the man without his legs in the image, compared with the run on the whole image."""
    if run.scorer is None or whole is None or whole.scorer is None:
        raise RuntimeError(f"{run.case.name}: needs the run on the whole image")
    score = run.scorer.result(frame_interval_s(run.t_s))
    part, same = (each.scorer.joints[:, UPPER_BODY] for each in (run, whole) if each.scorer is not None)
    truth = run.scorer.truth[:, UPPER_BODY]
    both = np.isfinite(part).all(axis=(1, 2)) & np.isfinite(same).all(axis=(1, 2))
    errors = [finite_mean(upper_error(points[both], truth[both])) for points in (part, same)]
    jitters = [
        finite_mean(np.linalg.norm(second_difference(np.where(both[:, None, None], points, np.nan)), axis=-1))
        for points in (part, same)
    ]
    return {
        "found, %": 100 * score.matched / max(score.frames, 1),
        "upper body error, mm": MM_PER_M * errors[0],
        "upper body error of the whole image, mm": MM_PER_M * errors[1],
        "upper body error ratio, 1": errors[0] / errors[1] if errors[1] else float("nan"),
        "upper body second difference, mm": MM_PER_M * jitters[0],
        "upper body second difference of the whole image, mm": MM_PER_M * jitters[1],
        "upper body second difference ratio, 1": jitters[0] / jitters[1] if jitters[1] else float("nan"),
        "root error, m": score.root_error_m,
    }


KINDS: Mapping[str, tuple[str, Callable[[Run, Run | None], Figures]]] = {
    "balance": ("balance: errors and motion", balance),
    "size": (f"size: the same clip forward and backward, after {SETTLED_S:g} s", size),
    "tpose": ("T-pose: against the man's own lengths (stature 1.72 m)", t_pose),
    "cut": ("cut below the hips: the visible part around the neck", cut),
}


def lengths(run: Run, chosen: slice | np.ndarray) -> Figures:
    """Errors of the limb lengths in the chosen frames, and the stature."""
    joints = np.array(run.joints)[chosen]
    limbs = compare_lengths(joints, true_lengths())
    statures = run.statures_m[chosen]
    known = statures[np.isfinite(statures)]
    return {
        "mean limb length error, %": limbs.mean_error_pct,
        "worst limb length error, %": limbs.worst_error_pct,
        "signed mean limb length error, %": limbs.bias_pct,
        "stature, m": float(np.median(known)) if known.size else float("nan"),
        "range of the stature, m": float(np.ptp(known)) if known.size else float("nan"),
    }


def upper_error(points: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances (T, 6) of shoulders, elbows and wrists around the middle of the shoulders."""
    relative = [each - each[:, SHOULDERS].mean(axis=1, keepdims=True) for each in (points, truth)]
    return np.linalg.norm(relative[0] - relative[1], axis=-1)


def rotation_jitter(run: Run) -> float:
    return rotation_second_difference_deg(np.array(run.rotations)) if run.rotations else float("nan")


def bone_spread(run: Run) -> float:
    """Mean spread of the lengths between the skeleton's own joints, percent."""
    return compare_lengths(np.array(run.skeleton), true_lengths()).mean_spread_pct


def true_joints() -> np.ndarray:
    table = read_npz(TRUTH, "the truth")
    index = limb_index([str(name) for name in table["joint_names"]])
    return np.asarray(table["joints_world_m"][:, index], np.float64)


def true_lengths() -> np.ndarray:
    """The man's limb lengths (8,) m: medians over the clip."""
    return median_lengths(true_joints())


def true_shoulders() -> float:
    joints = true_joints()
    return finite_median(np.linalg.norm(joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]], axis=-1))


def finite_median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


def figures_of(runs: list[Run]) -> dict[str, dict[str, Figures]]:
    """Figures by variant and case."""
    found = {(run.variant.name, run.case): run for run in runs}
    result: dict[str, dict[str, Figures]] = {}
    for (variant, case), run in found.items():
        whole = found.get((variant, Case("balance", case.camera, case.floor)))
        result.setdefault(variant, {})[case.name] = KINDS[case.kind][1](run, whole)
    return result


def print_table(figures: Mapping[str, Figures]) -> None:
    """A section for each kind of case: figures down, cases and their means across, with the floor and without."""
    for kind, (title, _) in KINDS.items():
        groups = []
        for floor, suffix in ((True, ""), (False, " no floor")):
            cases = [case for case in CASES if (case.kind, case.floor) == (kind, floor) and case.name in figures]
            if cases:
                groups.append(
                    (
                        [*(case.camera + suffix for case in cases), "mean" + suffix],
                        [figures[case.name] for case in cases],
                    )
                )
        if not groups:
            continue
        print(f"\n{title:<54}" + "".join(f"{head:>16}" for heads, _ in groups for head in heads))
        for figure in groups[0][1][0]:
            values = []
            for _, group in groups:
                values += [each[figure] for each in group]
                values.append(mean([each[figure] for each in group]))
            print(f"{figure:<54}" + "".join(f"{number(value):>16}" for value in values))


# Columns of the table of variants: title, kind, whether with the floor, figure.
COLUMNS = (
    ("MPJPE", "balance", True, "MPJPE, mm"),
    ("PA", "balance", True, "PA-MPJPE, mm"),
    ("root", "balance", True, "root error, m"),
    ("MPJPE-", "balance", False, "MPJPE, mm"),
    ("root-", "balance", False, "root error, m"),
    ("2nd diff", "balance", True, "second difference, mm"),
    ("depth res", "balance", True, "root depth residual, mm"),
    ("ankle", "balance", True, "planted ankle median, mm/s"),
    ("delay", "balance", True, "delay, ms"),
    ("rot jit", "balance", True, "rotation jitter, degrees"),
    ("limb %", "size", True, "mean limb length error, %"),
    ("limb %-", "size", False, "mean limb length error, %"),
    ("spread %", "balance", True, "worst limb length spread, %"),
    ("T found", "tpose", True, "found, %"),
    ("T limb", "tpose", True, "mean limb length error, %"),
    ("cut fnd", "cut", True, "found, %"),
    ("cut err", "cut", True, "upper body error ratio, 1"),
    ("cut jit", "cut", True, "upper body second difference ratio, 1"),
)


def print_variants(figures: Mapping[str, Mapping[str, Figures]]) -> None:
    """A row for each variant: means over the cameras; a title with "-" is without the floor."""
    print(f"{'variant':<34}" + "".join(f"{title:>10}" for title, *_ in COLUMNS))
    for variant, cases in figures.items():
        values = []
        for _, kind, floor, figure in COLUMNS:
            names = [case.name for case in CASES if case.kind == kind and case.floor == floor]
            values.append(mean([cases[name][figure] for name in names if name in cases]))
        print(f"{variant:<34}" + "".join(f"{number(value):>10}" for value in values), flush=True)


def number(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def mean(values: list[float]) -> float:
    return finite_mean(np.array(values, np.float64))


def chosen_cases(patterns: list[str]) -> list[Case]:
    """The cases whose names start with or match one of the patterns, with what they are compared with."""
    chosen = {case for case in CASES for pattern in patterns or ["*"] if fnmatch(case.name, pattern + "*")}
    chosen |= {Case("balance", case.camera, case.floor) for case in chosen if case.kind == "cut"}
    return [case for case in CASES if case in chosen]


def variant_of(name: str, settings: tuple[str, ...] | list[str]) -> Variant:
    """A variant from dotted settings; those that start with `models.` are of Models."""
    config, models = PipelineConfig(), Models()
    for setting in settings:
        if setting.startswith("models."):
            models = with_setting(models, setting.removeprefix("models."))
        else:
            config = with_setting(config, setting)
    return Variant(name, config, models)


def measure() -> list[Metric]:
    """The figures of the default pipeline as metrics."""
    figures = figures_of(run_cases(list(CASES), [variant_of("default", ())], None))["default"]
    return [
        Metric(f"bodies {case}: {figure.rpartition(', ')[0]}", value, figure.rpartition(", ")[2])
        for case, each in figures.items()
        for figure, value in each.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help=f"cases, by pattern: {', '.join(c.name for c in CASES)}"
    )
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames of each clip")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures by variant and case")
    parser.add_argument(
        "--variant",
        nargs="+",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="settings; repeat for more variants",
    )
    parser.add_argument("--ablation", action="store_true", help="the default, then without each lever")
    args = parser.parse_args()
    cases = chosen_cases(args.only)
    if not cases:
        parser.error(f"no case matches {' '.join(args.only)}")
    variants = [variant_of(" ".join(settings), settings) for settings in args.variant]
    if args.ablation:
        variants.insert(0, variant_of("default", ()))
        variants += [variant_of(f"without {name}", settings) for name, settings in LEVERS.items()]
    figures = figures_of(run_cases(cases, variants or [variant_of("default", ())], args.frames))
    if len(figures) == 1:
        print_table(next(iter(figures.values())))
    else:
        print_variants(figures)
    if args.json is not None:
        plain = {
            variant: {
                case: {k: v if math.isfinite(v) else None for k, v in each.items()} for case, each in cases_.items()
            }
            for variant, cases_ in figures.items()
        }
        args.json.write_text(json.dumps(plain, indent=2) + "\n")


if __name__ == "__main__":
    main()
