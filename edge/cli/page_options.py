"""Options of the commands that serve the page, and the bridge that they describe."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.options import FloatRange, IntegerRange, positive

if TYPE_CHECKING:
    from edge.bridges.websocket.resources import Resource
    from edge.bridges.websocket.server import Bridge
    from edge.wire.previews import PreviewConfig
    from meshcast.transport.curve import Curve

LISTEN = "127.0.0.1:8765"
LINKING = "web page (docs/how-to/watch.md)"


def add_page_options(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """--listen and the access control of a page's server; `bridge_from` reads them."""
    parser.add_argument(
        "--listen", default=LISTEN, metavar="HOST:PORT", help="address that browsers connect to (default: %(default)s)"
    )
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="accept pages from this origin too, for example https://example.org (repeatable)",
    )
    parser.add_argument(
        "--max-clients",
        type=positive,
        default=64,
        metavar="N",
        help="maximum number of connected browsers (default: %(default)s)",
    )
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="serve https and wss with these PEM files")
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="require the token in FILE, which is created if missing; needed for a public --listen address",
    )
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="accept this host name in requests too, besides loopback names and the --listen address (repeatable)",
    )
    parser.add_argument(
        "--insecure", action="store_true", help="allow a public --listen address without --token-file and --tls"
    )


def bridge_from(
    args: argparse.Namespace,
    address: str | None,
    *,
    about: Mapping[str, Any],
    listen: str | None = None,
    page: Path | None = None,
    pageless: bool = False,
    resources: Sequence[Resource] = (),
    curve: Curve | None = None,
) -> Bridge:
    """The bridge that the options of `add_page_options` describe.

    Args:
        args: the options.
        address: of the publisher, None for a recording.
        about: what the page shows, see `About`.
        listen: instead of --listen.
        page: folder of the page, None: the bundled one.
        pageless: serve no page.
        resources: further content.
        curve: keys for an encrypted publisher.

    Raises:
        MeshcastError: an option cannot be used.
    """
    from edge.bridges.websocket.access import Token, read_token
    from edge.bridges.websocket.endpoint import Endpoint, tls_context
    from edge.bridges.websocket.resources import About
    from edge.bridges.websocket.server import Bridge
    from edge.bridges.websocket.static_files import BUNDLED_PAGE, StaticFiles

    tls = tls_context(*args.tls) if args.tls else None
    endpoint = Endpoint.parse(listen or args.listen, tls=tls, token=args.token_file is not None, insecure=args.insecure)
    return Bridge(
        address,
        endpoint,
        resources=(About(about), *resources),
        page=None if pageless else StaticFiles(page or BUNDLED_PAGE),
        origins=args.origin,
        max_clients=args.max_clients,
        curve=curve,
        token=None if args.token_file is None else Token(read_token(args.token_file)),
        hosts=args.host,
    )


def add_open_option(group: argparse._ArgumentGroup) -> None:
    """--no-open, which `open_page` reads."""
    group.add_argument(
        "--no-open",
        dest="open_page",
        action="store_false",
        help="print the address of the page, do not open it in a browser",
    )


def add_preview_options(group: argparse._ArgumentGroup) -> None:
    """--preview-fps, --preview-size and --preview-quality; `previews_from` reads them."""
    group.add_argument(
        "--preview-fps",
        type=FloatRange(0, 120, above=True),
        default=15.0,
        metavar="N",
        help="maximum number of the camera's images a second (default: 15)",
    )
    group.add_argument(
        "--preview-size",
        type=IntegerRange(16, 4096),
        default=960,
        metavar="PX",
        help="longer side of these previews, px; larger images are reduced (default: %(default)s)",
    )
    group.add_argument(
        "--preview-quality",
        type=IntegerRange(1, 100),
        default=80,
        metavar="N",
        help="JPEG quality of these previews, 1 to 100 (default: %(default)s)",
    )


def previews_from(args: argparse.Namespace) -> PreviewConfig:
    """The settings of `add_preview_options`."""
    from edge.wire.previews import PreviewConfig

    return PreviewConfig(args.preview_fps, args.preview_size, args.preview_quality)


def open_page(link: str, wanted: bool) -> None:
    """Open the page in the browser of the desktop, if there is one. A link with a token is only printed: other users of
    this machine can read the command lines of programs."""
    if not wanted or "#token=" in link or not _has_desktop():
        return
    import webbrowser

    webbrowser.open(link)


def _has_desktop() -> bool:
    """Whether a browser with windows can be opened: a text browser would take the terminal."""
    return sys.platform != "linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
