"""`meshcast bridge KIND ADDRESS`: sends what a publisher says on to other programs."""

from __future__ import annotations

import argparse

from edge.cli import bridge_udp, bridge_websocket

BRIDGES = (bridge_udp, bridge_websocket)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `bridge` command to the command line."""
    parser = subparsers.add_parser(
        "bridge",
        help="drive avatars and skeletons of other programs, or show bodies in browsers",
        description="Subscribe to a publisher and send its people on in a protocol that other programs know "
        "(docs/how-to/bridges.md).",
    )
    kinds = parser.add_subparsers(title="protocols", metavar="KIND", required=True)
    for module in BRIDGES:
        module.add_parser(kinds)
