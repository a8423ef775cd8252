"""`meshcast batch SOURCES... --out PLACE`: process an archive of recorded videos with several workers."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import console
from edge.cli.options import (
    FloatRange,
    add_body_options,
    add_camera_options,
    add_model_options,
    body_shape_from,
    cameras_from,
    frame_rate,
    models_from,
    positive,
)
from edge.cli.status_line import StatusLine
from edge.cli.termination import exit_code
from edge.errors import EXIT_INPUT, OutputError, UsageError
from edge.redaction import redact_path
from edge.text import one_line

if TYPE_CHECKING:
    from edge.batch.batch import BatchResult
    from edge.batch.executor import Executor, Load
    from edge.batch.processing import Processing
    from edge.batch.progress import BatchProgress

FORMATS = ("mcap", "npz", "parquet")  # edge.batch.processing.FORMATS
CORES_PER_WORKER = 2
LISTED = 20  # failures that are printed; the manifest has all
LOGGED_S = 60.0  # between two lines of progress where there is no terminal

EPILOG = """\
SOURCE is a video file, a folder (searched recursively), a glob, an object, prefix or pattern of s3:// or gs://, or
@LIST.txt with one of these per line.

PLACE receives for each video NAME.mcap, NAME.npz or NAME.parquet with the results, NAME.json with counts and timings,
and one manifest.jsonl of all. The same command again resumes: finished videos with intact outputs are skipped.

exit codes: 0 all videos are done; 1 unusable input or output, nothing done; 2 usage error; 3 some videos failed or are
            incomplete, or the batch was interrupted; what is done is kept
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `batch` command to the command line."""
    parser = subparsers.add_parser(
        "batch",
        help="process an archive of recorded videos with several workers; resumable",
        description="Recover the people of many recorded videos, several at a time, into one folder.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="videos, see below")
    group = parser.add_argument_group("output")
    group.add_argument(
        "--out", metavar="PLACE", required=True, help="folder of the outputs, made if missing, or s3:// or gs:// URL"
    )
    group.add_argument(
        "--format",
        default="mcap",
        metavar="NAME,...",
        help="of the results: mcap (a recording for meshcast replay and export), npz (arrays with all vertices), "
        "parquet (a table with a row per person and frame) or several (default: %(default)s)",
    )
    group.add_argument(
        "--record-levels",
        default="params,joints",
        metavar="LEVEL,...",
        help="levels of detail of recordings: params, joints, mesh-lod, mesh, and preview for the images (default: "
        "%(default)s)",
    )
    group.add_argument(
        "--axes",
        choices=("opencv", "unity", "unreal", "gltf"),
        default="opencv",
        help="coordinate system of recordings (default: opencv: x right, y down, z forward, meters)",
    )
    group.add_argument(
        "--split",
        type=FloatRange(0, 1440),
        default=10.0,
        metavar="MINUTES",
        help="length of the parts into which long videos are split, which workers process at the same time; 0: none is "
        "(default: %(default)g)",
    )
    group.add_argument(
        "--redo", action="store_true", help="process all videos again, also where the folder has other settings"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="suppress progress and closing lines")
    group = parser.add_argument_group("workers")
    group.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="videos at a time (default: one for each two cores, or what the Ray cluster has room for)",
    )
    group = parser.add_argument_group("playback")
    group.add_argument("--fps", type=frame_rate, metavar="N", help="frame rate of videos without timestamps (.h264)")
    group.add_argument("--max-frames", type=positive, metavar="N", help="process the first N frames of each video")
    group = parser.add_argument_group("Ray cluster (docs/how-to/batch.md)")
    group.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="run the workers on a Ray cluster: HOST:PORT of its head node, or auto for the one on this machine",
    )
    group.add_argument(
        "--cpus-per-worker",
        type=positive,
        metavar="N",
        help=f"CPUs of the cluster that a worker takes, also its inference threads (default: {CORES_PER_WORKER})",
    )
    group.add_argument(
        "--gpus-per-worker",
        type=FloatRange(0, 16),
        metavar="N",
        help="GPUs of the cluster that a worker takes, for example 0.5 (default: 0, which hides them from the worker)",
    )
    add_camera_options(parser)
    add_body_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Process the videos. Returns the exit code; raises MeshcastError for what cannot be started."""
    from edge.batch.batch import BatchConfig, run_batch
    from edge.batch.videos import find_videos

    out = _place(args.out)
    processing = _processing(args)
    found = find_videos(args.sources)
    for problem in found.problems:
        console.warn(problem)
    if not found.videos:
        console.error("no video to process; name video files or folders that have some", "batch")
        return EXIT_INPUT
    config = BatchConfig(out, processing.suffixes, _settings(args, processing), args.redo)
    make_executor = _executor(args, processing)
    with StatusLine() as status:
        progress = _Progress(status, args.quiet)
        result = run_batch(found.videos, config, make_executor, progress.show)
    _report(result, len(found.problems), args)
    code = result.exit_code(len(found.problems))
    if result.interruption is not None and not result.progress.done:
        return exit_code(result.interruption)
    return code


class _Progress:
    """The line of progress, and a log line every LOGGED_S where there is no terminal."""

    def __init__(self, status: StatusLine, quiet: bool) -> None:
        self._status, self._quiet = status, quiet
        self._due_s = time.monotonic() + LOGGED_S

    def show(self, progress: BatchProgress) -> None:
        if self._quiet:
            return
        self._status.show(progress.line())
        now_s = time.monotonic()
        if not console.interactive() and now_s >= self._due_s:
            self._due_s = now_s + LOGGED_S
            console.note(progress.line(), "batch")


def _report(result: BatchResult, problems: int, args: argparse.Namespace) -> None:
    from edge.batch.progress import duration

    for title, entries in (("incomplete", result.partial), ("failed", result.failed)):
        for name, problem in list(entries.items())[:LISTED]:
            console.warn(f"{name}: {title}: {problem}")
        if len(entries) > LISTED:
            console.warn(f"{len(entries) - LISTED} more videos {title}; see {args.out}/manifest.jsonl")
    if result.stopped:
        console.error(f"{result.stopped}; the same command resumes", "batch")
    elif result.interruption is not None:
        console.warn("interrupted; the same command resumes", "batch")
    if args.quiet:
        return
    counts = result.progress
    line = f"{counts.done} of {counts.total} videos done"
    line += f", {counts.skipped} of them before" if counts.skipped else ""
    line += f"; {counts.frames} frames in {duration(counts.elapsed_s)}, {counts.fps:.1f} fps"
    console.out(line)
    if counts.failed:
        console.out(f"{counts.failed} failed")
    if problems:
        console.out(f"{problems} of the sources cannot be read")
    if result.peak_rss_mb:
        largest = max(result.peak_rss_mb.values()) / 1000
        console.out(f"{len(result.peak_rss_mb)} workers, at most {largest:.1f} GB of memory each")
    console.out(f"wrote {one_line(args.out)}")


def _executor(args: argparse.Namespace, processing: Processing) -> Callable[[int], Executor]:
    """Makes the workers for a number of videos. Raises UsageError for options that do not go together."""
    if args.ray is not None:
        return _on_ray(args, processing)
    for name in ("cpus_per_worker", "gpus_per_worker"):
        if getattr(args, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')}: needs a cluster too; add --ray ADDRESS")
    cores = len(os.sched_getaffinity(0))

    def make(videos: int) -> Executor:
        from edge.batch.process_pool import ProcessPool

        workers = min(videos, args.workers or max(1, cores // CORES_PER_WORKER))
        return ProcessPool(_load(args, _with_threads(processing, max(1, cores // workers))), workers)

    return make


def _on_ray(args: argparse.Namespace, processing: Processing) -> Callable[[int], Executor]:
    cpus = args.cpus_per_worker or CORES_PER_WORKER

    def make(videos: int) -> Executor:
        from edge.batch.ray_pool import RayPool, WorkerResources

        resources = WorkerResources(cpus, args.gpus_per_worker or 0.0)
        load = _load(args, _with_threads(processing, cpus))
        return RayPool(load, args.ray, workers=min(videos, args.workers or videos), resources=resources)

    return make


def _load(args: argparse.Namespace, processing: Processing) -> Load:
    """Loads a worker for these sources and this place."""
    from edge.batch.spool import Spooled

    out = _place(args.out)
    return Spooled(processing.load, out if isinstance(out, str) else "")


def _place(text: str) -> Path | str:
    """The output folder, or the URL of a store. Raises UsageError for other URLs."""
    from edge.batch.store import is_store, scheme_of
    from edge.sources.uri import file_path, is_file_uri

    if is_store(text):
        return text.rstrip("/")
    if is_file_uri(text):
        return Path(file_path(text))
    if scheme_of(text) is not None:
        raise UsageError(f"--out: {redact_path(text)}: not a folder or a prefix of s3:// or gs://")
    return Path(text)


def _with_threads(processing: Processing, threads: int) -> Processing:
    """With this number of inference threads unless --threads gives another one."""
    return replace(processing, models=replace(processing.models, threads=processing.models.threads or threads))


def _processing(args: argparse.Namespace) -> Processing:
    """How the videos are processed. Raises UsageError for options that do not go together."""
    from edge.batch.executor import VideoTask
    from edge.batch.processing import Processing
    from edge.batch.video import Video
    from edge.run_config import PlaybackConfig
    from edge.stages.config import PipelineConfig

    cameras = cameras_from(args)
    if len(cameras) > 1:
        raise UsageError("--camera: one for all videos of a batch; process those of each camera on their own")
    formats = tuple(dict.fromkeys(args.format.split(",")))
    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"--format: {name!r} is not a format; choose from {', '.join(FORMATS)}")
    processing = Processing(
        formats=formats,
        levels=tuple(args.record_levels.split(",")),
        axes=args.axes,
        models=models_from(args),
        camera=cameras[0],
        pipeline=PipelineConfig.of(
            detect_every=args.detect_every,
            smooth=args.smooth,
            small_people=args.small_people,
            body_shape=body_shape_from(args),
        ),
        playback=PlaybackConfig(fps=args.fps, max_frames=args.max_frames),
        split_s=60.0 * args.split or None,
    )
    processing.run_config(VideoTask(Video(Path("a"), "a", 0, 0), Path()))  # levels are checked before the workers start
    return processing


def _settings(args: argparse.Namespace, processing: Processing) -> dict[str, Any]:
    """What the results depend on: options, models and files with their hashes. Raises MeshcastError."""
    from edge.batch.processing import describe_models
    from edge.batch.task_files import sha256_of

    def hashed(path: Path | None) -> str | None:
        try:
            return None if path is None else sha256_of(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}") from None

    names = (
        *(
            "axes",
            "fps",
            "max_frames",
            "fov",
            "camera_height",
            "tilt",
            "height",
            "refine",
            "flip_test",
            "backend",
            "view_angle",
        ),
        *("device", "precision", "detect_every", "small_people", "smooth"),
    )
    settings = {
        "format": list(processing.formats),
        "record_levels": list(processing.levels) if processing.formats != ("npz",) else None,
        **{name: getattr(args, name) for name in names},
        "split": args.split,
        "camera": hashed(processing.camera.camera),
        "shape": hashed(args.shape),
        "models": describe_models(processing.models),
    }
    return dict(json.loads(json.dumps(settings)))
