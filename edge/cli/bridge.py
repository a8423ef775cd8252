"""`meshcast bridge KIND ADDRESS`: forward the people of a publisher to other programs."""

from __future__ import annotations

import argparse

from edge.cli import bridge_smpl, bridge_udp, bridge_websocket

BRIDGES = (bridge_udp, bridge_smpl, bridge_websocket)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `bridge` command to the command line."""
    parser = subparsers.add_parser(
        "bridge",
        help="forward people to avatar programs, game engines, robots and browsers",
        description="Subscribe to a publisher and forward its people in the protocol of another program "
        "(docs/how-to/bridges.md).",
    )
    kinds = parser.add_subparsers(title="protocols", metavar="KIND", required=True)
    for module in BRIDGES:
        module.add_parser(kinds)
