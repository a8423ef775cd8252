"""The options for sources on the network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.sources import Access


def add_access_options(parser: argparse.ArgumentParser) -> None:
    """--rtsp-transport, --credentials and --allow-private-redirects; `access_of` reads them."""
    group = parser.add_argument_group("sources on the network (docs/how-to/security.md)")
    group.add_argument(
        "--rtsp-transport",
        choices=("auto", "tcp", "udp"),
        default="auto",
        help="how RTSP cameras send (default: TCP, and UDP where the camera refuses)",
    )
    group.add_argument(
        "--credentials",
        type=Path,
        metavar="FILE",
        help="users and passwords by host, a TOML file that only you can read (default: $MESHCAST_CREDENTIALS)",
    )
    group.add_argument(
        "--allow-private-redirects",
        action="store_true",
        help="follow redirects and playlists of http sources to private addresses too",
    )


def access_of(args: argparse.Namespace) -> Access:
    """What `add_access_options` was told."""
    from edge.sources import Access

    return Access(args.rtsp_transport, args.credentials, args.allow_private_redirects)
