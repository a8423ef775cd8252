"""The recording that `meshcast export` reads: the given file, or one made of a video or camera and removed again."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import (
    access_from,
    add_body_options,
    add_camera_options,
    add_model_options,
    add_network_source_options,
    body_shape_from,
    cameras_from,
    frame_rate,
    models_from,
    positive,
)
from edge.errors import EXIT_WHOLE, UsageError

if TYPE_CHECKING:
    from calibration.world import WorldPose
    from edge.recording.mcap_file import Recording

SUFFIXES = (".mcap", ".part")


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """The options of a source that is not a recording, and the camera of both."""
    add_camera_options(parser)
    group = parser.add_argument_group("sources other than recordings")
    group.add_argument(
        "--fps",
        type=frame_rate,
        metavar="N",
        help="frame rate of images (default: 30) and of videos without timestamps, such as raw .h264",
    )
    group.add_argument("--max-frames", type=positive, metavar="N", help="stop after N frames")
    group.add_argument("-q", "--quiet", action="store_true", help="suppress the progress bar")
    add_network_source_options(parser)
    add_body_options(parser)
    add_model_options(parser)


def is_recording(source: str) -> bool:
    """Whether a source is a recording, by its name or its first bytes."""
    from mcap.writer import MCAP0_MAGIC

    path = Path(source)
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(MCAP0_MAGIC)) == MCAP0_MAGIC
    except (OSError, ValueError):
        return False


@contextmanager
def recording_of(args: argparse.Namespace) -> Iterator[tuple[Recording, int]]:
    """Open the recording of the command, and the exit code of the run that made it.

    A source that is not a recording is processed first; its recording, of the level params only, is removed at the
    end. Raises MeshcastError.
    """
    from edge.recording.mcap_file import Recording
    from edge.sources.uri import parse
    from engines.errors import MeshcastError

    if is_recording(args.source):
        if args.fov is not None:
            raise UsageError("--fov: the camera of a recording is in it; remove the option")
        yield Recording(args.source), EXIT_WHOLE
        return
    with TemporaryDirectory(prefix="meshcast-export-") as folder:
        path = Path(folder) / "source.mcap"
        try:
            code = _record(args, path)
            yield Recording(path), code
        except MeshcastError as error:
            error.args = (str(error).replace(str(path), parse(args.source).label),)
            raise


def pose_of(args: argparse.Namespace) -> WorldPose | None:
    """The camera's pose in the options, None without. Raises CameraError and UsageError."""
    from calibration.camera import Camera, CameraError
    from calibration.world import WorldPose

    (camera,) = cameras_from(args)
    if camera.camera_height_m is not None:
        return WorldPose.of_height(camera.camera_height_m, camera.tilt_deg)
    if camera.camera is None:
        return None
    pose = Camera.load(camera.camera).world
    if pose is None and is_recording(args.source):
        raise CameraError(
            f"{camera.camera}: has no pose of the camera; add camera_height and tilt, or rotation and translation"
        )
    return pose


def _record(args: argparse.Namespace, path: Path) -> int:
    """Process the source. Returns the exit code of the run."""
    from edge.cli.run import camera_note
    from edge.recording.stream_recorder import RecordConfig
    from edge.run import run
    from edge.run_config import OutputConfig, PlaybackConfig, RunConfig, SourceConfig
    from edge.stages.config import PipelineConfig

    result = run(
        RunConfig(
            sources=SourceConfig(
                uris=(args.source,),
                names=(args.stream,) if args.stream else (),
                playback=(PlaybackConfig(fps=args.fps, max_frames=args.max_frames),),
                access=access_from(args),
            ),
            models=models_from(args),
            cameras=cameras_from(args),
            pipeline=PipelineConfig.of(
                detect_every=args.detect_every,
                smooth=args.smooth,
                small_people=args.small_people,
                body_shape=body_shape_from(args),
            ),
            outputs=OutputConfig(record=RecordConfig(path, ("params",))),
            quiet=args.quiet,
        )
    )
    if note := camera_note(result.report):
        console.out(note)
    for problem in result.report["problems"]:
        if problem not in result.logged:
            console.warn(problem)
    return result.exit_code
