"""`meshcast export RECORDING|SOURCE out.glb`: people as animations for 3D programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.export_source import add_source_options, is_recording, pose_of, recording_of
from edge.errors import UsageError
from edge.text import one_line

if TYPE_CHECKING:
    from edge.recording.export.animation import Animation
    from edge.recording.export.scene import Scene

SCENES = (".glb", ".usd", ".usda", ".usdc")  # hold all people; edge.recording.export.usd.SUFFIXES
MCAP, PARQUET = ".mcap", ".parquet"
SUFFIXES = (*SCENES, ".bvh", ".npz", MCAP, PARQUET)
FIELD = "{person}"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `export` command to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="convert a recording or a video to glTF, USD, BVH, AMASS, Parquet or Foxglove's schemas",
        description="Write the people of a recording (meshcast record, or run --record), or of a video or another "
        "source of meshcast run, as skinned, animated meshes (.glb or .usdc, in meters), or the motion of one person "
        "as a skeleton (.bvh, in centimeters) or as rotations with the keys of AMASS (.npz), or all streams with the "
        "schemas of Foxglove (.mcap) for viewers that know them or as a table of people and frames (.parquet).",
        epilog="exit codes: 0 success, 1 unusable input or output, 2 usage error, or unknown stream or person, 3 the "
        "source ended early and what came before was exported",
    )
    parser.add_argument(
        "source", metavar="SOURCE", help="a recording, .mcap (complete or .part), or any source of meshcast run"
    )
    parser.add_argument(
        "out",
        type=Path,
        metavar="OUT",
        help=f"output file, {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; {FIELD} in the name of a .bvh or .npz file "
        "writes a file per person",
    )
    parser.add_argument("--stream", default="", metavar="NAME", help="stream to export, if a recording has several")
    parser.add_argument(
        "--person", default="", metavar="ID", help="person to export (default: all; .bvh and .npz hold one)"
    )
    parser.add_argument(
        "--surface",
        action="store_true",
        help="write surfaces beside skeletons to .mcap and .parquet (about 40 times as large)",
    )
    add_source_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export. Returns the exit code; raises CameraError, OutputError, RecordingError and UnknownNameError."""
    from edge.errors import OutputError

    if args.out.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{args.out}: unknown file type; use {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")

    from edge.recording.camera_pose import read_camera_pose
    from edge.recording.export.animation import read_people
    from edge.recording.export.scene import scene_of
    from edge.sinks.output_file import check_writable

    check_writable(args.out)
    if args.out.suffix.lower() in (MCAP, PARQUET):
        return _write_streams(args)
    if args.surface:
        raise UsageError("--surface: is for .mcap and .parquet; the other formats have surfaces or are skeletons")
    several = args.out.suffix.lower() not in SCENES and not args.person and FIELD not in args.out.name
    if several and not is_recording(args.source):
        each = f"{args.out.stem}-{FIELD}{args.out.suffix}"
        raise UsageError(f"{args.out}: holds one person, and the source may show several; write {each}")
    pose = pose_of(args)
    with recording_of(args) as (recording, code):
        recorded = read_people(recording, stream=args.stream, person=args.person)
        scene = scene_of(recorded, pose or read_camera_pose(recording, recorded.stream))
    for path in _write(args.out, scene):
        console.out(f"wrote {one_line(str(path))}")
    for person in scene.people:
        begin_s, end_s = person.times[0], person.times[-1]
        console.out(f"person {person.name}: {len(person.times)} frames, {begin_s:.2f} to {end_s:.2f} s")
    if not scene.level:
        console.out("the camera's pose is unknown: axes are those of the camera, without a floor; see --camera-height")
    return code


def _write_streams(args: argparse.Namespace) -> int:
    """Write all streams, with the schemas of Foxglove or as a table. Returns the exit code."""
    from edge.recording.export.columns import write_columns
    from edge.recording.export.foxglove import write_foxglove

    table = args.out.suffix.lower() == PARQUET
    if args.person:
        raise UsageError(f"--person: {args.out.suffix} holds all people; remove the option")
    if table and args.surface and not is_recording(args.source):
        raise UsageError("--surface: the source has none in its parameters; export a recording of --record-levels mesh")
    pose = pose_of(args)
    with recording_of(args) as (recording, code):
        if table:
            counts = write_columns(args.out, recording, stream=args.stream, surface=args.surface)
        else:
            counts = write_foxglove(args.out, recording, stream=args.stream, surface=args.surface, pose=pose)
    console.out(f"wrote {one_line(str(args.out))}")
    for stream, count in counts.items():
        console.out(f"stream {stream}: {count} {'rows' if table else 'frames'}")
    return code


def _write(out: Path, scene: Scene) -> list[Path]:
    """Write the files; returns their paths."""
    if out.suffix.lower() in SCENES:
        if FIELD in out.name:
            raise UsageError(f"{out}: this format holds all people; remove {FIELD} or choose one with --person")
        _write_scene(out, scene)
        return [out]
    if len(scene.people) > 1 and FIELD not in out.name:
        known = ", ".join(f"{person.name} ({len(person.times)} frames)" for person in scene.people)
        each = f"{out.stem}-{FIELD}{out.suffix}"
        raise UsageError(f"{out}: holds one person; choose one with --person, or write {each} for all: {known}")
    paths = [out.with_name(out.name.replace(FIELD, person.name)) for person in scene.people]
    for path, person in zip(paths, scene.people, strict=True):
        _write_person(path, person, level=scene.level)
    return paths


def _write_scene(path: Path, scene: Scene) -> None:
    from edge.recording.export.gltf import write_glb
    from edge.recording.export.usd import write_usd

    if path.suffix.lower() == ".glb":
        write_glb(path, scene)
    else:
        write_usd(path, scene)


def _write_person(path: Path, person: Animation, *, level: bool) -> None:
    from edge.recording.export.amass import write_amass
    from edge.recording.export.bvh import write_bvh

    if path.suffix.lower() == ".npz":
        write_amass(path, person, level=level)
    else:
        write_bvh(path, person)
