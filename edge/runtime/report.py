"""The report of a run as plain data, for scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from edge.models import LoadedModels
from edge.pipeline import DEFAULT_FOV_DEG, CameraConfig
from edge.runtime.stream import StreamRun
from edge.timing import StageStats


def run_report(
    streams: Sequence[StreamRun], models: LoadedModels, exit_status: int, problems: Sequence[str]
) -> dict[str, Any]:
    """The report of a run: that of its only stream, or one for each stream under "streams"."""
    common = {
        "engines_ms": stage_table(models.timings.stages.stats()),
        "models": {role: asdict(use) for role, use in models.uses.items()},
        "warnings": list(models.warnings),
        "remarks": list(models.warnings),  # the old name of "warnings", written until 0.2
    }
    if len(streams) == 1:
        return {**_stream_report(streams[0], exit_status, problems), **common}
    rows = {stream.name: _stream_report(stream, exit_status, stream.problems) for stream in streams}
    return {"exit_status": exit_status, "streams": rows, **common, "problems": list(problems)}


def _stream_report(stream: StreamRun, exit_status: int, problems: Sequence[str]) -> dict[str, Any]:
    wall_s = stream.ended_s - stream.began_s
    drops = stream.results.drops
    pipeline = stream.results.pipeline
    counts = pipeline.device_counts
    ages = stage_table(pipeline.timings.ages.stats())
    return {
        "source": stream.title,
        "camera": _camera(pipeline.camera_config),
        "exit_status": exit_status,
        "captured_frames": stream.results.captured,
        "frames": stream.frames,
        "frames_with_people": stream.frames_with_people,
        "ids": sorted(stream.ids),
        "dropped_frames": sum(drops.values()),
        "drops": drops,
        "decode_level": int(stream.results.reader.source.decode_level),
        "dropped_people": pipeline.dropped_people,
        "wall_s": round(wall_s, 3),
        "fps": round(stream.frames / wall_s, 2) if wall_s > 0 else 0.0,
        "latency_ms": ages.get("latency", {}),
        "worked_ms": ages.get("worked", {}),
        "waited_ms": ages.get("waited", {}),
        "stages_ms": stage_table(pipeline.timings.stages.stats()),
        "queues_ms": stage_table(pipeline.timings.queues.stats()),
        **({} if counts is None else {"gpu_per_frame": counts.per_frame(stream.frames)}),
        "problems": list(problems),
        "source_warnings": stream.results.reader.source.warnings,
    }


def _camera(camera_config: CameraConfig) -> dict[str, Any]:
    """Origin of the intrinsics: a "calibrated" camera, or a "given" or "assumed" field of view, in degrees."""
    if camera_config.camera is not None or camera_config.calibrated is not None:
        return {"source": "calibrated"}
    fov_deg = DEFAULT_FOV_DEG if camera_config.fov_deg is None else camera_config.fov_deg
    return {"source": "assumed" if camera_config.assumed else "given", "fov_deg": fov_deg}


def stage_table(stats: Mapping[str, StageStats]) -> dict[str, dict[str, float]]:
    """Milliseconds of each stage, rounded to the microsecond."""
    return {
        stage: {
            "count": s.count,
            "mean": round(s.mean_ms, 3),
            "p50": round(s.p50_ms, 3),
            "p95": round(s.p95_ms, 3),
            "p99": round(s.p99_ms, 3),
            "max": round(s.max_ms, 3),
        }
        for stage, s in stats.items()
    }
