"""`meshcast watch ADDRESS`: one line for every packet that a publisher sends."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING

from edge import console
from edge.cli.argument_types import positive, seconds
from edge.cli.curve_options import add_client_options, curve_of
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE

if TYPE_CHECKING:
    from meshcast.protocol.packets import FramePacket, StatusPacket

SEVERAL_STREAMS = "all streams of the address"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `watch` command to the command line."""
    parser = subparsers.add_parser(
        "watch",
        help="print what a publisher sends",
        description="Print one line for every packet from ADDRESS: stream, sequence number, packets lost since the "
        "last line, age of the picture when it was published, and for each person id, score and position in metres.",
        epilog="exit codes: 0 whole, 1 nothing arrived or the address cannot be used, 2 usage, 3 fewer than --count",
    )
    parser.add_argument("address", metavar="ADDRESS", help="where to connect, for example tcp://127.0.0.1:5556")
    parser.add_argument("--stream", default="", metavar="NAME", help=f"only this stream (default: {SEVERAL_STREAMS})")
    parser.add_argument(
        "--level", choices=("params", "joints", "mesh", "mesh-lod"), default="joints", help="what to receive (joints)"
    )
    parser.add_argument("--count", type=positive, metavar="N", help="end after N packets")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="end after S seconds without a packet")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    add_client_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print packets until --count, --timeout or Ctrl-C. Returns the exit code."""
    from engines.errors import MeshcastError
    from meshcast.protocol.packets import FramePacket, StatusPacket
    from meshcast.subscriber import subscribe_all

    line = json_line if args.json else text_line
    curve = curve_of(args)
    printed, last_s, says = 0, time.monotonic(), Ends()
    try:
        with subscribe_all(
            args.address, levels=(args.level,), stream=args.stream, timeout_s=args.timeout, curve=curve
        ) as packets:
            console.note(f"listening to {args.address}, Ctrl-C ends", "watch")
            for packet in packets:
                if isinstance(packet, StatusPacket):
                    says(packet)
                    if args.timeout is not None and time.monotonic() - last_s > args.timeout:
                        break
                if not isinstance(packet, FramePacket):
                    continue
                last_s = time.monotonic()
                printed += 1
                if not console.out(line(packet)) or printed == args.count:
                    return EXIT_WHOLE
    except MeshcastError as error:
        console.error(str(error), "watch")
        return EXIT_PARTIAL if printed else EXIT_INPUT
    except KeyboardInterrupt:
        return EXIT_WHOLE
    if printed == 0:
        console.error(f"{args.address}: no packet within {args.timeout:g} s; is a publisher running there?", "watch")
        return EXIT_INPUT
    return EXIT_WHOLE if args.count is None else EXIT_PARTIAL


class Ends:
    """Says once of each stream that it has ended, and why."""

    def __init__(self) -> None:
        self._ended: set[str] = set()

    def __call__(self, packet: StatusPacket) -> None:
        if packet.state != "ended":
            self._ended.discard(packet.stream)
        elif packet.stream not in self._ended:
            self._ended.add(packet.stream)
            console.note(f"{packet.stream} has ended: {packet.reason}", "watch")


def text_line(packet: FramePacket) -> str:
    """The packet as a line to read: `cam0 #12 lost 0 age 31.0 ms 2 people: 1 0.98 (+0.12 -0.30 +4.10) m, ...`."""
    people = packet.people
    bodies = [
        f"{id_} {score:.2f} ({x:+.2f} {y:+.2f} {z:+.2f}) {packet.unit}"
        for id_, score, (x, y, z) in zip(people.ids, people.scores, people.translation, strict=True)
    ]
    head = f"{packet.stream} #{packet.seq} lost {packet.lost} age {packet.age_ms:.1f} ms {len(people)} people"
    return f"{head}: {', '.join(bodies)}" if bodies else head


def json_line(packet: FramePacket) -> str:
    """The packet as a JSON object; times in Unix nanoseconds, translation in the packet's axes and unit."""
    people = packet.people
    return json.dumps(
        {
            "stream": packet.stream,
            "session": packet.session,
            "seq": packet.seq,
            "lost": packet.lost,
            "reordered": packet.reordered,
            "frame_index": packet.frame_index,
            "age_ms": packet.age_ms,
            "t_capture_unix_ns": packet.t_capture_unix_ns,
            "t_publish_unix_ns": packet.t_publish_unix_ns,
            "size": packet.size,
            "model": packet.model_name,
            "axes": packet.axes,
            "unit": packet.unit,
            "people": [
                {"id": id_, "score": round(score, 4), "translation": [round(value, 4) for value in translation]}
                for id_, score, translation in zip(
                    people.ids.tolist(), people.scores.tolist(), people.translation.tolist(), strict=True
                )
            ],
        }
    )
