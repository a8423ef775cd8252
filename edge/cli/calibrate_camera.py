"""`meshcast calibrate camera SOURCE --chessboard 4x7 --square 60mm`: intrinsics of a camera from views of a board."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edge import console
from edge.cli.board_arguments import add_board_arguments, board_of, check_size
from edge.cli.calibrate_live import add_live_options, calibration_page, collect_live
from edge.cli.options import FloatRange, positive
from edge.errors import EXIT_WHOLE, UsageError
from engines.errors import MeshcastError

if TYPE_CHECKING:
    from calibration.boards import Board, View
    from calibration.camera import Camera
    from calibration.intrinsics import Intrinsics
    from calibration.lens import LensModel
    from calibration.world import WorldPose
    from edge.bridges.websocket.calibration_page import CalibrationPage
    from edge.sources import Source

Found: TypeAlias = "tuple[list[View], tuple[int, int], int]"  # views, size of the images, images that were searched

MOST_FRAMES = 300  # of a video that are searched, evenly spread

EPILOG = """\
examples:
  meshcast calibrate camera photographs/ --chessboard 4x7 --square 60mm
  meshcast calibrate camera board.mp4 --charuco 4x5 --square 54mm --marker 40.5mm --dictionary DICT_4X4_50
  meshcast calibrate camera v4l2:///dev/video0 --chessboard 9x6 --square 25mm --out camera.toml --image coverage.png
  meshcast calibrate camera photographs/ --chessboard 4x7 --square 60mm --floor board_on_the_floor.jpg
  meshcast run SOURCE --camera camera.toml

A live camera, or a video with --view, opens a page that shows the camera's image, what is covered and where to hold
the board next, until its Finish button or Ctrl-C.

Show the board in all parts of the image, large, and tilted by 30 to 45 degrees in different directions, at the focus
and the resolution that will be used. Views that contradict the others are left out and named. A chessboard is counted
in inner corners, a ChArUco board in squares. --floor or --camera-height add the camera's pose in the world.
"""


def add_parser(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `calibrate camera` to the kinds of calibrations."""
    parser = kinds.add_parser(
        "camera",
        help="focal length, distortion and pose of a camera, from views of a board",
        description="Calibrate a camera from photographs, a video or a live camera that show a chessboard or a ChArUco "
        "board. Writes a camera file for --camera.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="folder of photographs, video, or live camera")
    add_board_arguments(parser, required=True)
    parser.add_argument("--floor", metavar="FILE", help="image in which the board lies flat on the floor")
    parser.add_argument(
        "--camera-height", type=FloatRange(0, 100, above=True), metavar="M", help="height above the floor, m"
    )
    parser.add_argument(
        "--tilt", type=FloatRange(-90, 90), metavar="DEG", help="how far the camera looks down, degrees"
    )
    parser.add_argument("--max-views", type=positive, default=60, metavar="N", help="views to collect (default: 60)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("camera.toml"),
        metavar="FILE",
        help="file to write (default: camera.toml)",
    )
    parser.add_argument(
        "--image", type=Path, metavar="FILE.png", help="also draw where the board was seen, and the errors"
    )
    add_live_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Collect views, calibrate, print the result and write the file. Returns the exit code."""
    from edge.redaction import redact_url
    from edge.sources import open_source

    if args.floor and args.camera_height is not None:
        raise UsageError("--floor and --camera-height both describe the camera's pose; give one of them")
    if args.tilt is not None and args.camera_height is None:
        raise UsageError("--tilt needs --camera-height")
    board = board_of(args)
    with ExitStack() as cleanup:
        source = cleanup.enter_context(open_source(args.source))
        if not (source.live or args.view):
            _finish(args, board, _found(args.source, _collect(source, board, args.max_views)))
            return EXIT_WHOLE
        page = None if args.view is False else cleanup.enter_context(calibration_page(args, redact_url(args.source)))
        model: LensModel = "fisheye" if args.fisheye else "pinhole"
        try:
            found = collect_live(source, board, args.max_views, page, model)
            _finish(args, board, _found(args.source, found), page)
        except MeshcastError as error:
            if page is not None:
                page.finish([str(error)], None)
            raise
    return EXIT_WHOLE


def _finish(args: argparse.Namespace, board: Board, found: Found, page: CalibrationPage | None = None) -> None:
    """Calibrate, print the result, write the file and show both on the page."""
    from calibration.coverage_image import coverage_image
    from calibration.intrinsics import calibrate
    from calibration.world import WorldPose

    views, size, searched = found
    console.out(f"{len(views)} views of the board in {searched} images{_variants(views)}")
    result = calibrate(views, size, "fisheye" if args.fisheye else "pinhole")
    pose: WorldPose | None = None
    if args.floor:
        pose = _floor_pose(args.floor, board, result.camera)
    elif args.camera_height is not None:
        pose = WorldPose.of_height(args.camera_height, args.tilt or 0.0)
    text = _table(result, pose)
    console.out(text)
    _write(args, result, pose)
    if page is not None:
        page.finish([*text.splitlines(), f"wrote {args.out}"], coverage_image(result))


def _found(uri: str, found: Found) -> Found:
    """What was found. Raises CalibrationError where no image shows the board."""
    from calibration.intrinsics import CalibrationError
    from edge.redaction import redact_url

    views, _, searched = found
    if not views:
        raise CalibrationError(
            f"{redact_url(uri)}: the board was not found in {searched} images; check its size "
            "(--chessboard counts inner corners, --charuco squares) and that all of it is in the image"
        )
    return found


def _collect(source: Source, board: Board, most: int) -> Found:
    """Views of the board in a file, the size of its images, and the number of images that were searched.

    Raises CalibrationError when the images differ in size.
    """
    import cv2
    import numpy as np

    from edge.cli.status_line import StatusLine
    from edge.sources.images import ImageSource

    views: list[View] = []
    size = (0, 0)
    searched = 0
    with StatusLine() as status:
        photographs = isinstance(source, ImageSource)
        step = 1 if photographs or not source.frame_count else max(1, -(-source.frame_count // MOST_FRAMES))
        for frame in source:
            if frame.index % step:
                continue
            name = f"frame {frame.index}"
            if isinstance(source, ImageSource) and source.path is not None:
                name = source.path.name
            if searched:
                check_size(name, frame.image, size)
            size = (frame.image.shape[1], frame.image.shape[0])
            searched += 1
            gray = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
            view = board.find(gray, name, thorough=photographs)
            if view is not None:
                views.append(view)
            elif photographs:
                console.line(f"{name}: the board was not found")
            status.show(f"{len(views)} views in {searched} images")
            if len(views) >= most:
                break
    return views, size, searched


def _variants(views: list[View]) -> str:
    variants = {view.variant for view in views}
    return "" if variants == {"as printed"} else f" (the board is {', '.join(sorted(variants))})"


def _floor_pose(file: str, board: Board, camera: Camera) -> WorldPose:
    from calibration.intrinsics import CalibrationError, board_pose
    from edge.sources import open_source

    with open_source(file) as source:
        views, size, _ = _found(file, _collect(source, board, 1))
    if size != camera.size:
        calibrated = f"{camera.size[0]} x {camera.size[1]}"
        raise CalibrationError(f"{file}: {size[0]} x {size[1]} pixels; the camera was calibrated at {calibrated}")
    return board_pose(views[0], camera)


def _table(result: Intrinsics, pose: WorldPose | None) -> str:
    K, std = result.camera.K, result.focal_std_px
    distortion = ", ".join(f"{number:.4f}" for number in result.camera.distortion)
    lines = [
        f"focal length       {K[0, 0]:.1f} +- {std[0]:.1f} px (fx), {K[1, 1]:.1f} +- {std[1]:.1f} px (fy)",
        f"principal point    {K[0, 2]:.1f}, {K[1, 2]:.1f} px",
        f"distortion         {distortion} ({result.camera.model})",
        f"field of view      {result.camera.fov_deg:.1f} degrees",
        f"error              {result.rms_px:.2f} px rms over {len(result.views)} views",
        f"coverage           {result.coverage:.0%} of the image",
    ]
    if pose is not None:
        floor = pose.floor
        lines.append(
            f"pose               {floor.height_m:.2f} m above the floor, looks down by {floor.tilt_deg:.1f} degrees"
        )
    lines.extend(f"left out           {view.name}: {view.reason}" for view in result.left_out)
    return "\n".join(lines)


def _write(args: argparse.Namespace, result: Intrinsics, pose: WorldPose | None) -> None:
    import cv2

    from calibration.camera_file import camera_toml
    from calibration.coverage_image import coverage_image
    from engines.files.atomic import write_atomically

    table = {
        **replace(result.camera, world=pose).table(),
        "calibration": {
            "rms_px": result.rms_px,
            "fx_std_px": result.focal_std_px[0],
            "fy_std_px": result.focal_std_px[1],
            "views": len(result.views),
            "coverage": result.coverage,
        },
    }
    write_atomically(args.out, camera_toml(table, ("Written by meshcast calibrate camera.",)).encode())
    if args.image is not None:
        good, data = cv2.imencode(".png", coverage_image(result))
        assert good
        write_atomically(args.image, data.tobytes())
        console.out(f"wrote {args.image}")
    console.out(f"wrote {args.out}: meshcast run SOURCE --camera {args.out}")
