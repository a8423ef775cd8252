"""How believable bodies are: python tests/benchmarks/bm_bodies.py

Errors, motion, limb lengths, T-poses and people cut at the hips on the annotated clips, each with the floor known and
without; synthetic people of other sizes; two overlapping people; with `--desk`, people at a desk. `--variant` changes
settings, `--ablation` switches the levers of LEVERS off, one at a time, and `--markdown` writes the documentation.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from bm_desk import desk
from body_figures import KINDS
from body_overlap import Alone, overlap, run_alone
from body_runs import CASES, TRUTH, Case, Figures, Run, Variant, run_cases, variant_of
from body_tables import DESK, tables_of, variants_tables, write_block
from metric import MEDIA, Metric

from calibration.camera import Camera
from edge.evaluation.truth import load_truth
from edge.models import LoadedModels, Models
from edge.sources import open_source

# What can be switched off alone: a name, and the settings (of PipelineConfig, or models.* of Models) that do it.
LEVERS: Mapping[str, tuple[str, ...]] = {
    "refinement": ("refine=off",),
    "posed rigs": ("surface=network",),
    "bone directions": ("inverse_kinematics.bone_directions=off",),
    "root of the rig": ("inverse_kinematics.localize_rig=off",),
    "smoothing": ("smooth=off",),
    "leg odometry": ("rig_smoothing.odometry.enabled=off",),
    "foot lock": ("foot_lock.enabled=off",),
    "second pose": ("models.second_pose=none",),
    "neighbor masks": ("pose.mask_neighbors=off",),
    "hidden keypoints": ("visibility.mask_keypoints=off",),
    "room for cut legs": ("cut.extension=0",),
    "resting pose": ("unseen_pose.rest=off",),
    "straight hands": ("unseen_pose.straight_hands=off",),
    "level feet": ("unseen_pose.flat_feet=off",),
    "one size": ("size_people=off",),
    "proportions": ("body_shape.proportions=off",),
    "known floor": ("body_shape.floor=off", "localization.floor=off"),
}
PAGE = Path(__file__).parents[2] / "docs/reference/accuracy.md"
BY_VARIANT = dict[str, dict[str, Figures]]


def figures_of(
    cases: list[Case],
    variants: list[Variant],
    frames: int | None = None,
    desks: Sequence[Path] = (),
    sheets: Path | None = None,
) -> BY_VARIANT:
    """Figures by variant and case; desks: clips of people at a desk; sheets: a folder for images."""

    def sheet(variant: Variant, name: str) -> Path | None:
        return None if sheets is None else sheets / f"{name}_{variants.index(variant)}.png"

    loaded: dict[Models, LoadedModels] = {}
    for variant in variants:
        if variant.models not in loaded:
            loaded[variant.models] = LoadedModels(variant.models)
    result = figures_of_runs(run_cases(cases, variants, loaded, frames), variants)
    for variant in variants:
        models = loaded[variant.models]
        of_variant = result[variant.name]
        for case, alone, camera in overlaps(cases, variant, models, frames):
            image = sheet(variant, case.name)
            of_variant[case.name] = overlap(alone, case.gap_pct / 100, camera, variant, models, image)
        for clip in desks:
            name = f"{DESK}_{clip.stem}"
            of_variant[name] = desk(clip, variant, models, frames, sheet=sheet(variant, name))
    return result


def figures_of_runs(runs: list[Run], variants: list[Variant]) -> BY_VARIANT:
    found = {(run.variant.name, run.case): run for run in runs}
    result: BY_VARIANT = {variant.name: {} for variant in variants}
    for (variant, case), run in found.items():
        whole = found.get((variant, Case("balance", case.subject, case.floor)))
        result[variant][case.name] = KINDS[case.kind](run, whole)
    return result


def overlaps(
    cases: list[Case], variant: Variant, models: LoadedModels, frames: int | None
) -> Iterator[tuple[Case, list[Alone], Camera]]:
    """The cases of kind "overlap" with the man alone, who is found once for each clip, and the camera."""
    chosen = [case for case in cases if case.kind == "overlap"]
    for subject in dict.fromkeys(case.subject for case in chosen):
        of_clip = [case for case in chosen if case.subject == subject]
        clip = of_clip[0].clip
        source = open_source(str(MEDIA / clip))
        size = source.size
        source.close()
        if size is None:
            raise RuntimeError(f"{clip}: has no image size")
        truth = load_truth(TRUTH, subject, size)
        alone = run_alone(clip, truth, variant, models, frames)
        yield from ((case, alone, truth.camera) for case in of_clip)


def chosen_cases(patterns: list[str]) -> list[Case]:
    """The cases whose names start with or match one of the patterns, with what they are compared with."""
    chosen = {case for case in CASES for pattern in patterns or ["*"] if fnmatch(case.name, pattern + "*")}
    chosen |= {Case("balance", case.subject, case.floor) for case in chosen if case.kind == "cut"}
    return [case for case in CASES if case in chosen]


def measure() -> list[Metric]:
    """The figures of the default pipeline as metrics."""
    figures = figures_of(list(CASES), [variant_of("default", ())])["default"]
    return [
        Metric(f"bodies {case}: {figure.rpartition(', ')[0] or figure}", value, figure.partition(", ")[2])
        for case, each in figures.items()
        for figure, value in each.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = ", ".join(case.name for case in CASES)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=f"cases, by pattern: {names}")
    parser.add_argument("--desk", nargs="+", type=Path, default=[], metavar="CLIP", help="clips of people at a desk")
    parser.add_argument(
        "--sheets",
        type=Path,
        metavar="FOLDER",
        help="write images of overlapping people and desks, one for each variant",
    )
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames of each clip")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures by variant and case")
    parser.add_argument(
        "--markdown",
        type=Path,
        nargs="?",
        const=PAGE,
        metavar="PAGE",
        help=f"write the tables into a page ({PAGE.relative_to(PAGE.parents[2])})",
    )
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
    if args.sheets is not None:
        args.sheets.mkdir(parents=True, exist_ok=True)
    variants = [variant_of(" ".join(settings), settings) for settings in args.variant]
    if args.ablation:
        variants.insert(0, variant_of("default", ()))
        variants += [variant_of(f"without {name}", settings) for name, settings in LEVERS.items()]
    figures = figures_of(cases, variants or [variant_of("default", ())], args.frames, args.desk, args.sheets)
    if len(figures) == 1:
        block, tables = "bodies", tables_of(next(iter(figures.values())))
        print("\n\n".join(table.text() for table in tables))
    else:
        short, long = variants_tables(figures)
        block, tables = "ablation", [long]
        print(short.text())
    if args.json is not None:
        args.json.write_text(json.dumps(plain(figures), indent=2) + "\n")
    if args.markdown is not None:
        write_block(args.markdown, block, "\n\n".join(table.markdown() for table in tables))


def plain(figures: BY_VARIANT) -> dict[str, dict[str, dict[str, float | None]]]:
    """The figures for JSON, which has no NaN."""
    return {
        variant: {
            case: {name: value if math.isfinite(value) else None for name, value in each.items()}
            for case, each in cases.items()
        }
        for variant, cases in figures.items()
    }


if __name__ == "__main__":
    main()
