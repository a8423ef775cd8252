"""`meshcast bridge websocket ADDRESS`: a publisher's streams for browsers, with a page that shows them."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge import console
from edge.cli.argument_types import positive
from edge.cli.curve_options import add_client_options, curve_of
from edge.errors import EXIT_WHOLE

LISTEN = "127.0.0.1:8765"
BEAT_S = 1.0  # how often the event loop shows that it moves


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `websocket` bridge to the bridges of the command line."""
    parser = subparsers.add_parser(
        "websocket",
        help="browsers, over WebSocket",
        description="Show the people of the publisher at ADDRESS in browsers: the page is at http://HOST:PORT. Pages "
        "of your own connect to ws://HOST:PORT/stream?levels=mesh-lod,params&stream=NAME, which gives the publisher's "
        "messages unchanged, the model first, and never more than the newest of each kind (clients/web).",
        epilog="exit codes: 0 ended by Ctrl-C, 1 an address, page or certificate cannot be used, 2 usage",
    )
    parser.add_argument("address", metavar="ADDRESS", help="of the publisher, for example tcp://127.0.0.1:5556")
    parser.add_argument("--listen", default=LISTEN, metavar="HOST:PORT", help=f"where browsers connect ({LISTEN})")
    pages = parser.add_mutually_exclusive_group()
    pages.add_argument(
        "--page", type=Path, metavar="DIR", help="serve the page in this folder instead of Meshcast's own"
    )
    pages.add_argument("--no-page", action="store_true", help="serve no page, only the stream")
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages from elsewhere connect, for example https://example.org; may be given several times",
    )
    parser.add_argument("--max-clients", type=positive, default=64, metavar="N", help="browsers at a time (64)")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="PEM files: serve https and wss")
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="let in who knows the token in this file, which is made where there is none; needed to listen for other "
        "machines",
    )
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name of this machine that browsers may use, besides loopback's and the address of --listen; may be "
        "given several times",
    )
    parser.add_argument(
        "--insecure", action="store_true", help="listen for other machines without --token-file and --tls"
    )
    add_client_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Forward until Ctrl-C. Returns the exit code; raises MeshcastError."""
    import asyncio
    import signal
    import threading

    from edge.bridges.websocket.access import Token, read_token
    from edge.bridges.websocket.endpoint import Endpoint, tls_context
    from edge.bridges.websocket.server import Bridge
    from edge.bridges.websocket.static_files import SHIPPED, StaticFiles
    from edge.runtime.health import Heartbeat
    from edge.runtime.supervision import Supervision

    tls = tls_context(*args.tls) if args.tls else None
    listen = Endpoint.parse(args.listen, tls=tls, token=args.token_file is not None, insecure=args.insecure)
    token = None if args.token_file is None else Token(read_token(args.token_file))
    page = None if args.no_page else StaticFiles(args.page or SHIPPED)
    bridge = Bridge(
        args.address,
        listen,
        page=page,
        origins=args.origin,
        max_clients=args.max_clients,
        curve=curve_of(args),
        token=token,
        hosts=args.host,
    )

    heartbeat = Heartbeat(lambda: f"{bridge.watching} browsers at {bridge.url}", slack_s=5 * BEAT_S)

    async def beat() -> None:
        while True:
            heartbeat.beat()
            await asyncio.sleep(BEAT_S)

    async def forward() -> None:
        this = asyncio.current_task()
        assert this is not None
        if threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
        beating = asyncio.create_task(beat())
        async with bridge:
            supervision.ready()
            console.note(f"{args.address} is at {bridge.link}, Ctrl-C ends", "bridge")
            try:
                await bridge.run()
            finally:
                beating.cancel()
                supervision.stopping()

    with Supervision(heartbeat) as supervision:
        try:
            asyncio.run(forward())
        except (KeyboardInterrupt, asyncio.CancelledError):  # Ctrl-C or SIGTERM
            return EXIT_WHOLE
    return EXIT_WHOLE
