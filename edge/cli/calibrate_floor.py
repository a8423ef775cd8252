"""`meshcast calibrate floor SOURCE`: height and tilt of a camera from people who stand and walk in front of it."""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import FloatRange, positive
from edge.errors import EXIT_WHOLE, UsageError

if TYPE_CHECKING:
    from calibration.camera import Camera
    from calibration.floor_from_people import FloorEstimate

EPILOG = """\
examples:
  meshcast calibrate floor walk.mp4 --camera camera.toml --out camera_floor.toml --image floor.jpg
  meshcast calibrate floor rtsp://host/path --fov 70 --max-frames 900
  meshcast run SOURCE --camera camera_floor.toml

People should stand upright or walk with their feet in the image, several of them or at several distances: one person in
one place tells the tilt to some degrees only. The printed deviations say how sure the estimate is; a board on the floor
(meshcast calibrate camera --floor) or a tape measure (--camera-height, --tilt) is better.
"""


def add_parser(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `calibrate floor` to the kinds of calibrations."""
    parser = kinds.add_parser(
        "floor",
        help="height and tilt of a camera, from people who stand and walk",
        description="Estimate how high a camera is above the floor and how far it looks down, from people in a video. "
        "Writes a camera file for --camera.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="video or live camera")
    parser.add_argument("--camera", metavar="FILE", help="calibrated camera, whose pose is replaced")
    parser.add_argument(
        "--fov",
        type=FloatRange(0, 180, above=True),
        metavar="DEG",
        help="horizontal field of view in degrees when no --camera is given (default: 60)",
    )
    parser.add_argument("--max-frames", type=positive, default=1800, metavar="N", help="frames to read (default: 1800)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("camera.toml"),
        metavar="FILE",
        help="file to write (default: camera.toml)",
    )
    parser.add_argument("--image", type=Path, metavar="FILE.jpg", help="also draw the floor into the last frame")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Watch people, estimate the floor, print it and write the file. Returns the exit code."""
    from dataclasses import replace

    from calibration.camera import Camera
    from calibration.floor_from_people import floor_from_people
    from edge.cli.status_line import StatusLine
    from edge.errors import SourceError
    from edge.evaluation.stances import collect_stances
    from edge.models import Models
    from edge.pipeline import DEFAULT_FOV_DEG, CameraConfig, Pipeline
    from edge.redaction import redact_url
    from edge.sources import open_source

    if args.camera and args.fov is not None:
        raise UsageError("--fov: the camera file has the field of view; leave it out")
    known = replace(Camera.load(args.camera), world=None) if args.camera else None
    config = CameraConfig(calibrated=known) if known is not None else CameraConfig(fov_deg=args.fov)
    with open_source(args.source) as source, StatusLine() as status:
        pipeline = Pipeline(Models(), config)
        stances, latest = collect_stances(
            islice(source, args.max_frames),
            pipeline,
            lambda frames, found: status.show(f"{found} stances in {frames} frames"),
        )
    if latest is None:
        raise SourceError(f"{redact_url(args.source)}: has no frames")
    estimate = floor_from_people(stances)
    camera = replace(pipeline.camera(latest), world=estimate.pose)
    console.out(_table(estimate))
    if known is None and args.fov is None:
        console.out(
            f"field of view      {DEFAULT_FOV_DEG:g} degrees, assumed; give --fov or --camera for a better floor"
        )
    _write(args, camera, estimate)
    if args.image is not None:
        import cv2

        from calibration.floor_image import floor_image
        from engines.files.atomic import write_atomically

        good, data = cv2.imencode(".jpg", floor_image(latest.image, camera))
        assert good
        write_atomically(args.image, data.tobytes())
        console.out(f"wrote {args.image}")
    return EXIT_WHOLE


def _table(found: FloorEstimate) -> str:
    return "\n".join(
        [
            f"height             {found.height_m:.2f} +- {found.height_std_m:.2f} m above the floor",
            f"looks down by      {found.tilt_deg:.1f} +- {found.tilt_std_deg:.1f} degrees",
            f"roll               {found.roll_deg:.1f} +- {found.roll_std_deg:.1f} degrees",
            f"estimated from     {found.stances} stances of {found.people} people",
        ]
    )


def _write(args: argparse.Namespace, camera: Camera, found: FloorEstimate) -> None:
    from calibration.camera_file import camera_toml
    from engines.files.atomic import write_atomically

    used = 4 if camera.model == "fisheye" else 5
    table = {
        "width": camera.size[0],
        "height": camera.size[1],
        "fx": float(camera.K[0, 0]),
        "fy": float(camera.K[1, 1]),
        "cx": float(camera.K[0, 2]),
        "cy": float(camera.K[1, 2]),
        **({"model": camera.model} if camera.model != "pinhole" else {}),
        "distortion": camera.distortion[:used].tolist(),
        "camera_height": found.height_m,
        "tilt": found.tilt_deg,
        "roll": found.roll_deg,
        "calibration": {
            "camera_height_std": found.height_std_m,
            "tilt_std": found.tilt_std_deg,
            "roll_std": found.roll_std_deg,
            "people": found.people,
            "stances": found.stances,
        },
    }
    comment = "The pose is estimated from people by meshcast calibrate floor."
    write_atomically(args.out, camera_toml(table, (comment,)).encode())
    console.out(f"wrote {args.out}: meshcast run SOURCE --camera {args.out}")
