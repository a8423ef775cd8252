"""`meshcast watch ADDRESS`: print one line per packet of a publisher."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import (
    add_client_curve_options,
    add_subscriber_options,
    curve_from,
    positive,
    seconds,
)
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE

if TYPE_CHECKING:
    from meshcast.protocol.packets import FramePacket, StatusPacket


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `watch` command to the command line."""
    parser = subparsers.add_parser(
        "watch",
        help="print the packets of a publisher",
        description="Print one line per packet from ADDRESS: stream, sequence number, packets lost since the previous "
        "line, age of the frame when it was published, and id, score and position in meters of each person.",
        epilog="exit codes: 0 success, 1 no packet received or unusable address, 2 usage error, 3 fewer packets than "
        "--count",
    )
    add_subscriber_options(parser)
    parser.add_argument(
        "--level",
        choices=("params", "joints", "mesh", "mesh-lod"),
        default="joints",
        help="level of detail to receive (default: %(default)s)",
    )
    parser.add_argument("--count", type=positive, metavar="N", help="stop after N packets")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="stop after S seconds without a packet")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    add_client_curve_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print packets until --count, --timeout or Ctrl-C. Returns the exit code."""
    from engines.errors import MeshcastError
    from meshcast.protocol.packets import FramePacket, StatusPacket
    from meshcast.subscriber import subscribe_all

    line = json_line if args.json else text_line
    curve = curve_from(args)
    printed, last_s, report_end = 0, time.monotonic(), StreamEnds()
    try:
        with subscribe_all(
            args.address, levels=(args.level,), stream=args.stream, timeout_s=args.timeout, curve=curve
        ) as packets:
            console.note(f"subscribed to {args.address}; stop with Ctrl-C", "watch")
            for packet in packets:
                if isinstance(packet, StatusPacket):
                    report_end(packet)
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
        console.error(
            f"{args.address}: no packet received within {args.timeout:g} s; check that a publisher is running there",
            "watch",
        )
        return EXIT_INPUT
    return EXIT_WHOLE if args.count is None else EXIT_PARTIAL


class StreamEnds:
    """Prints once for each stream that it has ended, and why."""

    def __init__(self) -> None:
        self._ended: set[str] = set()

    def __call__(self, packet: StatusPacket) -> None:
        if packet.state != "ended":
            self._ended.discard(packet.stream)
        elif packet.stream not in self._ended:
            self._ended.add(packet.stream)
            console.note(f"{packet.stream}: stream ended: {packet.reason}", "watch")


def text_line(packet: FramePacket) -> str:
    """Format the packet as a line: `cam0 #12 lost 0 age 31.0 ms 2 people: 1 0.98 (+0.12 -0.30 +4.10) m, ...`."""
    people = packet.people
    entries = [
        f"{id_} {score:.2f} ({x:+.2f} {y:+.2f} {z:+.2f}) {packet.unit}"
        for id_, score, (x, y, z) in zip(people.ids, people.scores, people.translation, strict=True)
    ]
    head = f"{packet.stream} #{packet.seq} lost {packet.lost} age {packet.age_ms:.1f} ms {len(people)} people"
    return f"{head}: {', '.join(entries)}" if entries else head


def json_line(packet: FramePacket) -> str:
    """Format the packet as a JSON object; times in Unix nanoseconds, translation in the axes and unit of the packet."""
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
