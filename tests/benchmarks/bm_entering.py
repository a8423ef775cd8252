"""People who enter the image: the visible share of their width from which they are tracked.

    python tests/benchmarks/bm_entering.py [--vtest VTEST.avi]

On the annotated clips a window moves over the image, so that the man slides into it from each side; on the pedestrians
the image is cut at fixed columns, over which people walk. Where they are comes from a run on the whole image.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from body_overlap import Alone, run_alone
from body_runs import TRUTH, Variant, variant_of
from metric import MEDIA
from numpy.typing import NDArray

from edge.evaluation.truth import load_truth
from edge.models import LoadedModels
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import Reader, open_source
from edge.stages.births import covered
from edge.types import F32, Frame, Tracks

CAMERAS = ("cam01", "cam03")
SIDES = ("left", "right")
FRAMES = 60  # in which a man slides in
LAST_SHARE = 0.6  # of his width that is visible then
WINDOW = 1.4  # width of the window, in heights of the man
CUTS = (150, 250, 350, 450, 550)  # columns at which the image of the pedestrians is cut
LEAST_OVERLAP = 0.4  # intersection over union of a track with the visible part of a person
NEIGHBOR = 0.1  # of the box, covered by another one's at most
SHARES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)


@dataclass(frozen=True, slots=True)
class Entry:
    """The visible share of a person's width at which a track was first on the person; NaN: never."""

    clip: str
    side: str
    share: float


def slide(alone: list[Alone], side: str) -> Iterator[tuple[Frame, F32, float]]:
    """Frames into which the man slides from a side, the box (4,) xyxy px of the man and the visible share."""
    there_and_back = [*range(len(alone)), *range(len(alone) - 2, 0, -1)]
    first = alone[0].frame
    width = first.image.shape[1]
    wide = int(WINDOW * np.median([np.ptp([each.box[0][1], each.box[1][1]]) for each in alone]))
    for index in range(FRAMES):
        share = LAST_SHARE * index / (FRAMES - 1)
        each = alone[there_and_back[index % len(there_and_back)]]
        low, high = each.box
        part = share * (high[0] - low[0])
        left = round(float(low[0] + part)) - wide if side == "right" else round(float(high[0] - part))
        columns = np.clip(np.arange(left, left + wide), 0, width - 1)
        image = np.ascontiguousarray(each.frame.image[:, columns])
        box = np.concatenate([low, high]).astype(np.float32) - np.array([left, 0, left, 0], np.float32)
        yield replace(first, image=image, index=index, t_s=first.t_s + index / 30), box, share


def is_on(tracks: Tracks, box: F32, image: NDArray[np.uint8]) -> bool:
    """Whether a track is on the visible part of a person with this box (4,) xyxy px."""
    low, high = np.zeros(2), np.array(image.shape[1::-1])
    part = np.concatenate([np.clip(box[:2], low, high), np.clip(box[2:], low, high)])
    for track in tracks.boxes:
        seen = np.concatenate([np.clip(track[:2], low, high), np.clip(track[2:], low, high)])
        common = np.prod(np.clip(np.minimum(seen[2:], part[2:]) - np.maximum(seen[:2], part[:2]), 0, None))
        union = np.prod(seen[2:] - seen[:2]) + np.prod(part[2:] - part[:2]) - common
        if common >= LEAST_OVERLAP * max(union, 1e-9):
            return True
    return False


def entries_of_clips(variant: Variant, models: LoadedModels) -> list[Entry]:
    """The man of the annotated clips, sliding in from both sides."""
    result = []
    for camera in CAMERAS:
        clip = f"balance_{camera}.mp4"
        source = open_source(str(MEDIA / clip))
        size = source.size
        source.close()
        if size is None:
            raise RuntimeError(f"{clip}: has no image size")
        alone = run_alone(clip, load_truth(TRUTH, camera, size), variant, models, None)
        for side in SIDES:
            pipeline = Pipeline(models, CameraConfig(), variant.config)
            found = np.nan
            for frame, box, share in slide(alone, side):
                if is_on(pipeline.track_people(frame).tracks, box, frame.image):
                    found = share
                    break
            result.append(Entry(clip, side, found))
    return result


def run_whole(clip: Path, variant: Variant, models: LoadedModels, frames: int | None) -> list[Tracks]:
    """The tracks in the frames of a clip."""
    with Reader(open_source(str(clip))) as reader:
        pipeline = Pipeline(models, CameraConfig(), variant.config)
        return [pipeline.track_people(frame).tracks for frame in islice(reader, frames)]


def entries_of_cut(
    clip: Path, column: int, side: str, whole: list[Tracks], variant: Variant, models: LoadedModels
) -> tuple[list[Entry], int]:
    """People who walk over a column at which the image is cut, and the number of ids in the cut image.

    side: where the edge is; whole: the tracks in the whole image."""
    shares: dict[int, list[tuple[float, bool, bool]]] = {}
    ids: set[int] = set()
    with Reader(open_source(str(clip))) as reader:
        pipeline = Pipeline(models, CameraConfig(), variant.config)
        for frame, people in zip(reader, whole, strict=False):
            left = column if side == "left" else 0
            image = np.ascontiguousarray(frame.image[:, left : None if side == "left" else column])
            tracks = pipeline.track_people(replace(frame, image=image)).tracks
            ids |= set(tracks.ids.tolist())
            boxes = people.boxes - np.array([left, 0, left, 0], np.float32)
            beside = covered(boxes, boxes) - np.eye(len(boxes), dtype=np.float32)
            for identity, box, other in zip(people.ids.tolist(), boxes, beside.max(axis=1, initial=0), strict=True):
                inside = np.clip(box[[0, 2]], 0, image.shape[1])
                share = float((inside[1] - inside[0]) / max(box[2] - box[0], 1e-6))
                on = is_on(tracks, box, image)
                shares.setdefault(identity, []).append((share, on, bool(other > NEIGHBOR)))
    entries = [found for each in shares.values() if (found := entry(clip.name, side, each)) is not None]
    return entries, len(ids)


def entry(clip: str, side: str, seen: list[tuple[float, bool, bool]]) -> Entry | None:
    """The entry of a person with these visible shares, whether there was a track and a neighbor, frame for frame; None
    without an entry, or beside a neighbor."""
    outside = [index for index, (share, _, _) in enumerate(seen) if share < SHARES[0]]
    if not outside:
        return None
    after = seen[outside[-1] + 1 :]
    come_in = next((index for index, (share, _, _) in enumerate(after) if share >= LAST_SHARE), None)
    if come_in is None or any(neighbor for _, _, neighbor in after[: come_in + 1]):
        return None
    return Entry(clip, side, next((share for share, on, _ in after[: come_in + 1] if on), np.nan))


def shares_found(entries: list[Entry]) -> str:
    """In words: which share of the people is found at which visible share, and the median."""
    values = np.array([each.share for each in entries])
    median = np.median(np.where(np.isnan(values), 1.0, values)) if len(values) else np.nan
    parts = [f"{share:.0%}: {np.mean(values <= share):.0%}" for share in SHARES] if len(values) else []
    return f"{len(values)} people, median {median:.0%}; found at {', '.join(parts)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--vtest", type=Path, help="OpenCV's vtest.avi, or another clip of people who walk")
    parser.add_argument("--cuts", type=int, nargs="+", default=CUTS, help="columns at which its image is cut")
    parser.add_argument("--frames", type=int, help="stop after as many frames of it")
    parser.add_argument("--variant", nargs="+", default=[], metavar="KEY=VALUE", help="settings")
    args = parser.parse_args()
    variant = variant_of(" ".join(args.variant), args.variant)
    models = LoadedModels(variant.models)
    for each in entries_of_clips(variant, models):
        print(f"{each.clip}, from the {each.side}: found at {each.share:.0%} of the width")
    if args.vtest is None:
        return
    whole = run_whole(args.vtest, variant, models, args.frames)
    everyone: list[Entry] = []
    for column in args.cuts:
        for side in SIDES:
            entries, ids = entries_of_cut(args.vtest, column, side, whole, variant, models)
            print(f"cut at {column}, edge on the {side}: {ids} ids; {shares_found(entries)}", flush=True)
            everyone += entries
    print(f"all: {shares_found(everyone)}")


if __name__ == "__main__":
    main()
