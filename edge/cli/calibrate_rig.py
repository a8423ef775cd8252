"""`meshcast calibrate rig SOURCES... --charuco 4x5 --square 54mm`: poses of several cameras in one room."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.board_arguments import FloorFrame, NamedSeconds, add_board_arguments, board_of
from edge.cli.options import FloatRange
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calibration.boards import Board, View
    from calibration.camera import Camera
    from calibration.rig.calibrate import RigCalibration
    from calibration.rig.world_frame import WorldFrame
    from calibration.rig_file import Rig
    from edge.cli.rig_recordings import Recording

EPILOG = """\
examples:
  meshcast calibrate rig a.mp4 b.mp4 c.mp4 --charuco 4x5 --square 54mm --marker 40.5mm --out rig.toml
  meshcast calibrate rig a.mp4 b.mp4 --camera a.toml --camera b.toml --chessboard 4x7 --square 60mm --floor last
  meshcast calibrate rig rtsp://left/ch1 rtsp://right/ch1 --charuco 4x5 --square 54mm --marker 40.5mm
  meshcast calibrate rig a.mp4 b.mp4 --start rough.toml --people --height 1.78 --out rig.toml
  meshcast run a.mp4 --camera rig.toml#a

Carry the board through the room so that every camera sees it together with another one, near and far and tilted, then
lay it on the floor for a second where two cameras see it. Recordings of equal length are taken to be in step; otherwise
the motion of the board says when each begins. Without --camera, intrinsics are solved from the same recordings. With
live cameras, the command says where to show the board, and ends when it has enough views and the board has lain still
for 3 seconds; Ctrl-C ends earlier.
"""


def add_parser(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `calibrate rig` to the kinds of calibrations."""
    parser = kinds.add_parser(
        "rig",
        help="poses of several cameras in one room, from a board that pairs of them see",
        description="Calibrate the poses of several cameras from recordings or live images of a board that "
        "pairs of cameras see at the same time, or refine them by the people whom they see. Writes a rig file.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sources", metavar="SOURCE", nargs="+", help="recordings, folders of photographs, or live cameras, one a camera"
    )
    add_board_arguments(parser, required=False)
    parser.add_argument(
        "--camera",
        action="append",
        default=[],
        metavar="FILE",
        help="intrinsics of the cameras, one file for each source in their order",
    )
    parser.add_argument(
        "--refine-intrinsics", action="store_true", help="improve the intrinsics of the camera files, too"
    )
    parser.add_argument(
        "--stream",
        action="append",
        default=[],
        metavar="NAME",
        help="names of the cameras (default: those of the sources)",
    )
    parser.add_argument(
        "--sync",
        choices=("auto", "frames", "times", "motion"),
        default="auto",
        help="how frames belong together: by number, by time, or by the motion of the board (default: auto)",
    )
    parser.add_argument(
        "--offset",
        action="append",
        type=NamedSeconds(),
        default=[],
        metavar="NAME=SECONDS",
        help="what the times of a recording are ahead of those of the first one",
    )
    parser.add_argument(
        "--floor",
        type=FloorFrame(),
        default="auto",
        metavar="WHERE",
        help="where the floor is: under the board in the frame first, last or N; under the first camera (camera); with "
        "--people also feet (default: a still board at the end or the beginning, else the first camera)",
    )
    parser.add_argument("--start", type=Path, metavar="FILE", help="rig file to start from, with --people")
    parser.add_argument(
        "--people", action="store_true", help="refine the poses of --start by the people in the recordings"
    )
    parser.add_argument(
        "--height",
        type=FloatRange(0.5, 2.6),
        metavar="M",
        help="with --people: stature of the person, which sets the scale",
    )
    parser.add_argument("--out", type=Path, default=Path("rig.toml"), metavar="FILE", help="default: rig.toml")
    parser.add_argument("--image", type=Path, metavar="FILE.png", help="also draw the rig from above and from the side")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Calibrate, print the result and write the file. Returns the exit code."""
    if len(args.sources) < 2:
        raise UsageError("a rig has at least two cameras; give a recording of each")
    if args.people:
        from edge.cli.rig_from_people import refine_from_people

        return refine_from_people(args)
    for option, value in (("--start", args.start), ("--height", args.height)):
        if value is not None:
            raise UsageError(f"{option} needs --people")
    board = board_of(args)
    return _calibrate(args, board)


def _calibrate(args: argparse.Namespace, board: Board) -> int:
    from calibration.rig.board_poses import symmetries
    from calibration.rig.calibrate import calibrate_rig
    from edge.cli.rig_live import are_live, collect_rig
    from edge.cli.rig_recordings import aligned, read_recordings
    from edge.sources import open_source

    names = camera_names(args)
    offsets = dict(args.offset)
    for name in offsets:
        if name not in names:
            raise UsageError(f"--offset {name}: no such camera; there are: {', '.join(names)}")
    given = _given_cameras(args, names)
    if are_live(args.sources):
        if args.sync == "frames":
            raise UsageError("--sync frames is for recordings; images of live cameras are matched by their times")
        opened = [open_source(uri) for uri in args.sources]
        recordings = collect_rig(opened, names, lambda: board_of(args), [name for name in names if name not in given])
    else:
        recordings = read_recordings(
            args.sources,
            names,
            board,
            board.corner_count,
            in_step=lambda counts: len(set(counts)) == 1 and args.sync in ("auto", "frames") and not offsets,
        )
    for recording in recordings:
        console.out(f"{recording.name}: {len(recording.track.views)} views of the board{_variants(recording)}")
    cameras = _intrinsics(args, recordings, given)
    turns = symmetries(board)
    seen, said = aligned(recordings, turns, offsets, args.sync, LARGEST_OFFSET_S)
    for line in said:
        console.out(line)
    refine = [name for name in names if name not in given or args.refine_intrinsics]
    calibration = calibrate_rig(cameras, seen, refine)
    frame = _world(args, calibration, board, seen.times_s, given)
    rig = _rig(calibration, frame, given)
    console.out(_table(calibration, rig, frame))
    from edge.cli.rig_output import write_result

    warnings = _warnings(calibration, frame)
    for line in warnings:
        console.line(line)
    write_result(args, rig, calibration, frame, board)
    return EXIT_PARTIAL if calibration.unconnected or calibration.moved else EXIT_WHOLE


LARGEST_OFFSET_S = 60.0


def camera_names(args: argparse.Namespace) -> list[str]:
    """The names of the cameras: --stream, or those of the sources."""
    from calibration.rig_file import MOST_CAMERAS
    from edge.sources import open_source
    from edge.stream_names import check_stream_name, distinct

    if len(args.sources) > MOST_CAMERAS:
        raise UsageError(f"{len(args.sources)} sources; a rig has at most {MOST_CAMERAS} cameras")
    if args.stream:
        if len(args.stream) != len(args.sources):
            raise UsageError(f"{len(args.stream)} names for {len(args.sources)} sources; give one --stream for each")
        if len(set(args.stream)) != len(args.stream):
            raise UsageError("two cameras have the same name; give each camera its own --stream")
        return [check_stream_name(name) for name in args.stream]
    names = []
    for uri in args.sources:
        with open_source(uri) as source:
            names.append(source.name)
    return distinct(names)


def _given_cameras(args: argparse.Namespace, names: Sequence[str]) -> dict[str, Camera]:
    from calibration.camera import Camera

    if args.camera and len(args.camera) != len(names):
        raise UsageError(f"{len(args.camera)} camera files for {len(names)} sources; give one --camera for each")
    return {name: Camera.load(file) for name, file in zip(names, args.camera, strict=False)}


def _variants(recording: Recording) -> str:
    variants = {view.variant for view in recording.track.views.values()}
    return "" if variants == {"as printed"} else f" ({', '.join(sorted(variants))})"


def _intrinsics(
    args: argparse.Namespace, recordings: Sequence[Recording], given: Mapping[str, Camera]
) -> dict[str, Camera]:
    """The intrinsics of each camera: its file, at the size of the recording, or solved from its views."""
    from calibration.camera import CameraError
    from calibration.intrinsics import CalibrationError, calibrate
    from calibration.rig.lens_check import contradicted, exchanged, focal_lengths

    cameras = {}
    for recording in recordings:
        views = list(recording.track.views.values())
        if recording.name in given:
            try:
                cameras[recording.name] = given[recording.name].at(recording.size)
            except CameraError as error:
                raise CameraError(f"{recording.name}: {error}") from None
            continue
        try:
            solved = calibrate(views, recording.size, "fisheye" if args.fisheye else "pinhole")
        except CalibrationError as error:
            raise CalibrationError(f"{recording.name}: {error}; or give camera files (--camera)") from None
        cameras[recording.name] = solved.camera
        console.out(
            f"{recording.name}: focal length {solved.camera.K[0, 0]:.1f} +- {solved.focal_std_px[0]:.1f} px, "
            f"{solved.rms_px:.2f} px rms"
        )
    by_name: dict[str, list[View]] = {recording.name: list(recording.track.views.values()) for recording in recordings}
    lengths = focal_lengths({name: cameras[name] for name in given}, by_name)
    for first, second in exchanged(cameras, lengths):
        raise CalibrationError(
            f"cameras {first} and {second}: their camera files seem to be exchanged "
            f"({_length(lengths, first)}; {_length(lengths, second)}); give the files in the order of the sources"
        )
    if not args.refine_intrinsics:
        for name in contradicted(lengths):
            console.line(
                f"{name}: its views contradict its camera file ({_length(lengths, name)}): it was refocused, or the "
                "file is of another camera; use --refine-intrinsics, or calibrate it again"
            )
    return cameras


def _length(lengths: Mapping[str, object], name: str) -> str:
    from calibration.rig.lens_check import FocalLength

    length = lengths[name]
    assert isinstance(length, FocalLength)
    return f"{name} has {length.given_px:.0f} px, its views say {length.seen_px:.0f} +- {length.std_px:.0f}"


def _world(
    args: argparse.Namespace,
    calibration: RigCalibration,
    board: Board,
    times_s: Mapping[int, float],
    given: Mapping[str, Camera],
) -> WorldFrame:
    from calibration.rig.world_frame import from_board, from_first_camera, still_board

    solution = calibration.solution
    first = given.get(solution.names[0])
    if args.floor == "feet":
        raise UsageError("--floor feet needs --people; first calibrate with the board, then refine its rig file")
    if args.floor == "camera":
        return from_first_camera(first.world if first is not None else None)
    if args.floor != "auto":
        return from_board(solution, board.center, args.floor)
    still = still_board(solution, board.center, times_s)
    return still or from_first_camera(first.world if first is not None else None)


def _rig(calibration: RigCalibration, frame: WorldFrame, given: Mapping[str, Camera]) -> Rig:
    from dataclasses import replace

    from calibration.rig_file import Rig

    solution = calibration.solution
    cameras = {
        name: replace(camera, world=frame.pose(pose))
        for name, camera, pose in zip(solution.names, solution.bundle.cameras, solution.bundle.poses, strict=True)
    }
    notes = {
        "world": frame.text,
        "rms_px": solution.rms_px(),
        "frames": len(solution.frames),
        "cameras": list(solution.names),
        "camera_rms_px": [solution.rms_px(name) for name in solution.names],
        "camera_views": [len(solution.frames_of(name)) for name in solution.names],
        "intrinsics": ["camera file" if name in given else "solved" for name in solution.names],
    }
    return Rig(cameras, calibration.uncertainty, notes)


def _table(calibration: RigCalibration, rig: Rig, frame: WorldFrame) -> str:
    from calibration.rig.report import rig_table

    return rig_table(calibration, rig, frame.text)


def _warnings(calibration: RigCalibration, frame: WorldFrame) -> list[str]:
    from calibration.rig.report import findings

    lines = findings(calibration)
    if frame.assumed:
        lines.append(f"the floor is {frame.text}; show the board lying on the floor at the end, or give --floor FRAME")
    return lines
