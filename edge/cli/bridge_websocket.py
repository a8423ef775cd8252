"""`meshcast bridge websocket ADDRESS`: serve the streams of a publisher, and a page that shows them, to browsers."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge import console
from edge.cli.options import add_address_argument, add_client_curve_options, curve_from, positive
from edge.errors import EXIT_WHOLE

LISTEN = "127.0.0.1:8765"
BEAT_S = 1.0  # heartbeat interval of the event loop


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `websocket` bridge to `meshcast bridge`."""
    parser = subparsers.add_parser(
        "websocket",
        help="show people in browsers over WebSocket",
        description="Show the people of the publisher at ADDRESS in browsers. The page is at http://HOST:PORT. Other "
        "pages connect to ws://HOST:PORT/stream?levels=mesh-lod,params&stream=NAME and receive the messages of the "
        "publisher unchanged: the model first, then only the newest message of each topic (clients/web).",
        epilog="exit codes: 0 stopped by Ctrl-C, 1 unusable address, page or certificate, 2 usage error",
    )
    add_address_argument(parser)
    parser.add_argument(
        "--listen", default=LISTEN, metavar="HOST:PORT", help="address that browsers connect to (default: %(default)s)"
    )
    pages = parser.add_mutually_exclusive_group()
    pages.add_argument("--page", type=Path, metavar="DIR", help="serve the page in this folder (default: bundled page)")
    pages.add_argument("--no-page", action="store_true", help="serve the stream only, no page")
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
    add_client_curve_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Forward until Ctrl-C. Returns the exit code; raises MeshcastError."""
    import asyncio
    import signal
    import threading

    from edge.bridges.websocket.access import Token, read_token
    from edge.bridges.websocket.endpoint import Endpoint, tls_context
    from edge.bridges.websocket.server import Bridge
    from edge.bridges.websocket.static_files import BUNDLED_PAGE, StaticFiles
    from edge.runtime.health import Heartbeat
    from edge.runtime.supervision import Supervision

    tls = tls_context(*args.tls) if args.tls else None
    listen = Endpoint.parse(args.listen, tls=tls, token=args.token_file is not None, insecure=args.insecure)
    token = None if args.token_file is None else Token(read_token(args.token_file))
    page = None if args.no_page else StaticFiles(args.page or BUNDLED_PAGE)
    bridge = Bridge(
        args.address,
        listen,
        page=page,
        origins=args.origin,
        max_clients=args.max_clients,
        curve=curve_from(args),
        token=token,
        hosts=args.host,
    )

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
            console.note(f"serving {args.address} at {bridge.link} - stop with Ctrl-C", "bridge")
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
