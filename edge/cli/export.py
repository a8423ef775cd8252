"""`meshcast export OUT.mcap out.glb`: convert a recording to an animation for 3D programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge import console
from edge.errors import EXIT_WHOLE
from edge.text import one_line

SUFFIXES = (".glb", ".bvh")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `export` command to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="convert a recording to glTF or BVH",
        description="Write the people of a recording (meshcast record) as skinned, animated meshes (.glb, in meters), "
        "or the motion of one person as a skeleton (.bvh, in centimeters).",
        epilog="exit codes: 0 success, 1 unusable input or output, 2 usage error, or unknown stream or person",
    )
    parser.add_argument("recording", type=Path, metavar="RECORDING", help=".mcap file, complete or .part")
    parser.add_argument("out", type=Path, metavar="OUT", help="output file, .glb or .bvh")
    parser.add_argument("--stream", default="", metavar="NAME", help="stream to export, if the recording has several")
    parser.add_argument("--person", default="", metavar="ID", help="person to export (default: all; .bvh holds one)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export. Returns the exit code; raises OutputError, RecordingError and UnknownNameError."""
    from edge.errors import OutputError, RecordingError

    suffix = args.out.suffix.lower()
    if suffix not in SUFFIXES:
        raise OutputError(f"{args.out}: unknown file type; use {' or '.join(SUFFIXES)}")

    from edge.recording.export.animation import read_animations
    from edge.recording.export.bvh import write_bvh
    from edge.recording.export.gltf import write_glb
    from edge.recording.mcap_file import Recording

    people = read_animations(Recording(args.recording), stream=args.stream, person=args.person)
    if suffix == ".glb":
        write_glb(args.out, people)
    elif len(people) == 1:
        write_bvh(args.out, people[0])
    else:
        known = ", ".join(f"{person.name} ({len(person.times)} frames)" for person in people)
        raise RecordingError(f"{args.out}: BVH holds one person; choose one with --person: {known}")
    console.out(f"wrote {one_line(str(args.out))}")
    for person in people:
        begin_s, end_s = person.times[0], person.times[-1]
        console.out(f"person {person.name}: {len(person.times)} frames, {begin_s:.2f} to {end_s:.2f} s")
    return EXIT_WHOLE
