"""The last step of a long video: its outputs and its report from the results of its parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.batch.executor import OnFrames, Stitch, VideoTask
from edge.batch.part_file import SUFFIX
from edge.batch.part_ids import stitched
from edge.errors import OutputError
from edge.gpu.pipeline import make_pipeline
from edge.models import LoadedModels
from edge.pipeline import FrameCameras
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.outputs import Outputs
from edge.timing import Timings

if TYPE_CHECKING:
    from edge.batch.processing import Processing

SUMMARY = ".json"
FPS = 30.0  # of an overlay, which a batch does not write
TELL_FRAMES = 256  # between two reports of the progress
# Parts of reports that tell of one part alone: distributions of times cannot be joined.
OF_PARTS = ("latency_ms", "worked_ms", "waited_ms", "stages_ms", "queues_ms", "engines_ms", "gpu_per_frame")


def stitch(
    config: Processing, models: LoadedModels, task: VideoTask, step: Stitch, on_frames: OnFrames
) -> dict[str, Any]:
    """Write the outputs of a video.

    Args:
        config: of the batch.
        models: of the worker, for the body model.
        task: with the folder of the outputs.
        step: the parts and their files.
        on_frames: called with the frames that are done.

    Returns:
        The report of the video.

    Raises:
        OutputError: a file cannot be written, or one of a part cannot be read.
    """
    run = config.run_config(task)
    pipeline = make_pipeline(models, None, config.camera, config.pipeline, Timings(), None)
    cameras = FrameCameras(config.camera)
    stream = run.sources.stream_names()[0]
    outputs = Outputs(run.outputs.files, pipeline.model, Timings(), FPS, None, stream=stream)
    frames = with_people = 0
    ids: set[int] = set()
    total = step.parts[-1].end
    try:
        for entry in stitched(step.parts, [path.with_suffix(SUFFIX) for path in step.files]):
            outputs.write(FrameResult(entry.frame, cameras(entry.frame), entry.bodies, entry.rig_pose))
            if outputs.problems:
                raise OutputError(outputs.problems[0].partition("; ")[0])
            frames += 1
            with_people += len(entry.bodies) > 0
            ids.update(entry.bodies.ids.tolist())
            if frames % TELL_FRAMES == 0:
                on_frames(frames, total)
        outputs.close()
    finally:
        outputs.abort()
        pipeline.close()
    if outputs.problems:
        raise OutputError(outputs.problems[0].partition("; ")[0])
    reports = [_report(path.with_suffix(SUMMARY)) for path in step.files]
    counts = {"frames": frames, "frames_with_people": with_people, "ids": sorted(ids)}
    return joined_report(reports, counts)


def joined_report(parts: list[dict[str, Any]], counts: Mapping[str, Any]) -> dict[str, Any]:
    """The report of a video: that of a run with `counts`, without distributions of times, which "parts" have."""
    first = {key: value for key, value in parts[0].items() if key not in OF_PARTS}
    wall_s = round(sum(part["wall_s"] for part in parts), 3)
    drops: dict[str, int] = {}
    for part in parts:
        for where, count in part["drops"].items():
            drops[where] = drops.get(where, 0) + count
    return {
        **first,
        **counts,
        "captured_frames": counts["frames"],
        "dropped_frames": sum(drops.values()),
        "drops": drops,
        "dropped_people": sum(part["dropped_people"] for part in parts),
        "wall_s": wall_s,
        "fps": round(counts["frames"] / wall_s, 2) if wall_s > 0 else 0.0,
        "problems": list(dict.fromkeys(line for part in parts for line in part["problems"])),
        "source_warnings": list(dict.fromkeys(line for part in parts for line in part["source_warnings"])),
        "parts": [{key: part[key] for key in ("frames", "wall_s", *OF_PARTS) if key in part} for part in parts],
    }


def _report(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be read again: {error}") from None
