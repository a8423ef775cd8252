"""`meshcast run SOURCE`: people in a source become meshes, drawn, saved and published."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import console
from edge.cli.argument_types import frame_rate, positive
from edge.cli.curve_options import add_security_options, security_of
from edge.cli.source_options import access_of, add_access_options
from edge.errors import EXIT_PARTIAL, UsageError
from edge.text import one_line

if TYPE_CHECKING:
    from edge.models import Models
    from edge.pipeline import CameraConfig

SOURCES = """\
SOURCE is one of
  clip.mp4                    a video file
  photo.jpg, folder/, '*.png' pictures
  -, a FIFO                   a video from standard input or a pipe, read once
  rtsp://host/path            a network camera; also rtsps://, http(s)://, tcp:// and udp:// (MPEG-TS)
  0, v4l2:///dev/video0       a USB camera
  csi://0, gst:PIPELINE       a CSI camera, any GStreamer pipeline
  synthetic:                  a rendered walking body; synthetic:?people=2&frames=100

exit codes: 0 everything was done; 1 something cannot be used, nothing was produced; 2 usage; 3 part was done
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `run` command to the command line."""
    parser = subparsers.add_parser(
        "run",
        help="turn a video, a camera or pictures into meshes",
        description="Find the people in SOURCE and turn them into 3D meshes in metres.",
        epilog=SOURCES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="where the frames come from, see below")
    out = parser.add_argument_group("results")
    out.add_argument("--publish", metavar="ADDRESS", help="publish on ZeroMQ, for example tcp://127.0.0.1:5556")
    out.add_argument(
        "--axes",
        choices=("opencv", "unity", "unreal", "gltf"),
        default="opencv",
        help="of the coordinates that are published (opencv: x right, y down, z forward, metres)",
    )
    out.add_argument("--save", type=Path, metavar="OUT.npz", help="save every person of every frame")
    out.add_argument("--overlay", type=Path, metavar="OUT.mp4|png", help="draw the meshes over the pictures")
    out.add_argument(
        "--overlay-encoder",
        default="auto",
        metavar="NAME",
        help="FFmpeg's name of the encoder of OUT.mp4 (default: one under a permissive license, libvpx-vp9 if there)",
    )
    out.add_argument("--overlay-attention", action="store_true", help="also draw where the mesh model looked (PARE)")
    out.add_argument("--summary", type=Path, metavar="OUT.json", help="write people, fps and times as JSON")
    out.add_argument(
        "--stream",
        metavar="NAME",
        action="append",
        default=[],
        help="the stream's name in packets (default: from SOURCE)",
    )
    out.add_argument("-q", "--quiet", action="store_true", help="no progress and no table")
    add_security_options(parser)
    add_access_options(parser)
    watch = parser.add_argument_group("watching how it runs")
    watch.add_argument(
        "--trace", type=Path, metavar="OUT.json", help="write every stage of every frame, for ui.perfetto.dev"
    )
    watch.add_argument(
        "--metrics",
        metavar="HOST:PORT",
        help="serve Prometheus metrics and probes (/healthz, /readyz) over HTTP, for example 127.0.0.1:9464",
    )
    watch.add_argument(
        "--metrics-token-file",
        type=Path,
        metavar="FILE",
        help="the bearer token that reading them needs; --metrics for other machines needs it, or --insecure",
    )
    watch.add_argument("--nvtx", action="store_true", help="open an NVTX range for every stage, for NVIDIA's profilers")
    play = parser.add_argument_group("playing")
    play.add_argument("--pace", choices=("fast", "realtime"), help="default: files fast, cameras newest frame first")
    play.add_argument("--loop", action="store_true", help="play files again and again")
    play.add_argument(
        "--fps",
        type=frame_rate,
        metavar="N",
        help="frames per second of pictures (30) and of videos without timestamps, such as raw .h264",
    )
    play.add_argument("--max-frames", type=positive, metavar="N", help="end after N frames")
    add_model_options(parser)
    parser.set_defaults(run=run)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """The options that choose camera and models, for every command that runs the pipeline."""
    view = parser.add_argument_group("camera")
    view.add_argument(
        "--camera", type=Path, metavar="CAMERA.toml", action="append", default=[], help="a calibrated camera"
    )
    view.add_argument("--fov", type=float, metavar="DEG", help="else: horizontal field of view (60 is assumed)")
    models = parser.add_argument_group("models")
    models.add_argument("--detector", default="nanodet_g", metavar="NAME", help="see: meshcast models")
    models.add_argument("--pose", default="movenet_thunder", metavar="NAME")
    models.add_argument("--mesh", default="pose2mesh_open", metavar="NAME")
    models.add_argument(
        "--body", metavar="NAME", help="of a mesh model without one of its own (default: an imported one)"
    )
    models.add_argument(
        "--refine", metavar="NAME", help="of heatmap peaks: none, quarter or dark (default: the card's)"
    )
    models.add_argument("--flip-test", action="store_true", help="average the pose with that of the mirrored crop")
    models.add_argument(
        "--backend",
        default="auto",
        metavar="NAME",
        help="openvino, onnxruntime, torch, tensorrt, tensorrt_rtx or torch_tensorrt (default: the device's best)",
    )
    models.add_argument("--device", default="auto", metavar="NAME", help="cpu or cuda:N (default: a GPU, if usable)")
    models.add_argument(
        "--precision", default="auto", metavar="NAME", help="fp32, bf16, fp16 or int8, of detector and pose model"
    )
    models.add_argument("--threads", type=positive, metavar="N", help="threads of the engines (default: all cores)")
    models.add_argument("--detect-every", type=positive, default=8, metavar="N", help="frames between detections (8)")
    models.add_argument("--no-smooth", dest="smooth", action="store_false", help="leave out the smoothing")


def model_options(args: argparse.Namespace) -> tuple[Models, tuple[CameraConfig, ...]]:
    """What `add_model_options` was told."""
    from edge.models import Models
    from edge.pipeline import CameraConfig

    models = Models(
        args.detector,
        args.pose,
        args.mesh,
        args.backend,
        args.device,
        args.precision,
        args.threads,
        args.body,
        args.refine,
        args.flip_test,
    )
    return models, tuple(CameraConfig(camera, args.fov) for camera in args.camera or [None])


def run(args: argparse.Namespace) -> int:
    """Run the job and print its table. Returns the exit code."""
    from edge.monitoring.observers import MonitoringConfig
    from edge.run import run as run_streams
    from edge.run_config import OutputConfig, PublishConfig, RunConfig, SourceConfig
    from edge.stages.config import PipelineConfig

    if args.metrics_token_file is not None and args.metrics is None:
        raise UsageError("--metrics-token-file needs --metrics HOST:PORT")
    models, cameras = model_options(args)
    security = security_of(args)  # also without --publish: options that contradict each other are an error
    publish = PublishConfig(args.publish, args.axes, security) if args.publish is not None else None
    outcome = run_streams(
        RunConfig(
            sources=SourceConfig(
                uris=tuple(args.sources),
                names=tuple(args.stream),
                pace=args.pace,
                loop=args.loop,
                fps=args.fps,
                max_frames=args.max_frames,
                access=access_of(args),
            ),
            models=models,
            cameras=cameras,
            pipeline=PipelineConfig.of(
                detect_every=args.detect_every, smooth=args.smooth, attention=args.overlay_attention
            ),
            outputs=OutputConfig(publish, args.save, args.overlay, args.overlay_encoder, args.summary),
            monitoring=MonitoringConfig(args.trace, args.nvtx, args.metrics, args.metrics_token_file, args.insecure),
            quiet=args.quiet,
        )
    )
    if not args.quiet:
        console.out(table(outcome.report))
        for path in outcome.written:
            console.out(f"wrote {one_line(str(path))}")
    for problem in outcome.report["problems"]:
        if problem not in outcome.logged:
            console.warn(problem)
    if outcome.exit_code == EXIT_PARTIAL:
        console.warn("what was made so far is kept")
    return outcome.exit_code


def table(report: dict[str, Any]) -> str:
    """A run's report as text: people, frames per second, the milliseconds of each stage, and the models."""
    lines = []
    for name, stream in report.get("streams", {"": report}).items():
        lines += [*([f"{name}:"] if name else []), *_stream_lines(stream), ""]
    if "streams" in report:
        lines += [*_times(report["engines_ms"]), ""]
    for task, use in report["models"].items():
        weights = "" if use["weights"] == "trained" else f", {use['weights']}"
        lines.append(f"{task:<10}{use['name']} ({use['backend']}, {use['device']}, {use['precision']}{weights})")
    lines += [f"note      {one_line(remark)}" for remark in report["remarks"]]
    return "\n".join(lines)


def _stream_lines(report: dict[str, Any]) -> list[str]:
    counts = (
        f"{report['frames']} frames, {report['frames_with_people']} with people, {len(report['ids'])} ids",
        f"{report['fps']:.1f} fps, {report['dropped_frames']} frames dropped",
    )
    rows = dict(report["stages_ms"])
    rows["capture to publish"] = report["latency_ms"]
    lines = [", ".join(counts)]
    if report["camera"]["source"] == "assumed":
        lines.append(
            f"a horizontal field of view of {report['camera']['fov_deg']:g} degrees is assumed, and all distances with "
            "it; say what it is with --fov or --camera"
        )
    return [*lines, "", *_times(rows)]


def _times(rows: dict[str, dict[str, float]]) -> list[str]:
    lines = [f"{'stage':<20}{'runs':>7}{'median ms':>11}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}"]
    for stage, times in rows.items():
        if times:
            p50, p95, p99, most = (times[key] for key in ("p50", "p95", "p99", "max"))
            lines.append(f"{stage:<20}{times['count']:>7}{p50:>11.2f}{p95:>9.2f}{p99:>9.2f}{most:>9.2f}")
    return lines
