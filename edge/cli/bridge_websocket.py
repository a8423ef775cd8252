"""`meshcast bridge websocket ADDRESS`: serve the streams of a publisher, and a page that shows them, to browsers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import add_address_argument, add_client_curve_options, curve_from
from edge.cli.page_options import add_page_options, bridge_from
from edge.errors import EXIT_WHOLE

if TYPE_CHECKING:
    from edge.bridges.websocket.server import Bridge

BEAT_S = 1.0  # heartbeat interval of the event loop


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `websocket` bridge to `meshcast bridge`."""
    parser = subparsers.add_parser(
        "websocket",
        help="show people in browsers over WebSocket",
        description="Show the people of the publisher at ADDRESS in browsers. The page is at http://HOST:PORT. Other "
        "pages connect to ws://HOST:PORT/stream?levels=mesh-lod,params&stream=NAME and receive the messages of the "
        "publisher unchanged: the model first, then only the newest message of each topic (clients/web). The levels "
        "preview and stats are the camera's image, if the publisher sends it, and how the pipeline performs.",
        epilog="exit codes: 0 stopped by Ctrl-C, 1 unusable address, page or certificate, 2 usage error",
    )
    add_address_argument(parser)
    pages = parser.add_mutually_exclusive_group()
    pages.add_argument("--page", type=Path, metavar="DIR", help="serve the page in this folder (default: bundled page)")
    pages.add_argument("--no-page", action="store_true", help="serve the stream only, no page")
    add_page_options(parser)
    add_client_curve_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Forward until Ctrl-C. Returns the exit code; raises MeshcastError."""
    bridge = bridge_from(
        args,
        args.address,
        about={"mode": "live", "source": args.address},
        page=args.page,
        pageless=args.no_page,
        curve=curve_from(args),
    )
    return serve(bridge, lambda link: console.note(f"serving {args.address} at {link} - stop with Ctrl-C", "bridge"))


def serve(bridge: Bridge, on_ready: Callable[[str], None]) -> int:
    """Run a bridge until Ctrl-C or SIGTERM. Returns the exit code; raises MeshcastError.

    Args:
        bridge: the bridge.
        on_ready: called with the page's link when it can be opened.
    """
    import asyncio
    import signal
    import threading

    from edge.runtime.health import Heartbeat
    from edge.runtime.supervision import Supervision

    heartbeat = Heartbeat(lambda: f"{bridge.connected} browsers connected", slack_s=5 * BEAT_S)

    async def beat() -> None:
        while True:
            heartbeat.beat()
            await asyncio.sleep(BEAT_S)

    async def forward() -> None:
        task = asyncio.current_task()
        assert task is not None
        if threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        heartbeat_task = asyncio.create_task(beat())
        async with bridge:
            supervision.ready()
            on_ready(bridge.link)
            try:
                await bridge.run()
            finally:
                heartbeat_task.cancel()
                supervision.stopping()

    with Supervision(heartbeat) as supervision:
        try:
            asyncio.run(forward())
        except (KeyboardInterrupt, asyncio.CancelledError):  # Ctrl-C or SIGTERM
            return EXIT_WHOLE
    return EXIT_WHOLE
