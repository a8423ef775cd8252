"""`meshcast view SOURCE|ADDRESS|RECORDING`: show the people of a source, a publisher or a recording in the browser."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli import bridge_websocket
from edge.cli import run as run_command
from edge.cli.options import (
    add_body_options,
    add_camera_options,
    add_client_curve_options,
    add_model_options,
    add_network_source_options,
    curve_from,
)
from edge.cli.page_options import (
    LINKING,
    LISTEN,
    add_open_option,
    add_page_options,
    add_preview_options,
    bridge_from,
)
from edge.cli.run_page import ANY_PORT, announce, viewer
from edge.errors import EXIT_WHOLE, PublishError, UsageError

if TYPE_CHECKING:
    from edge.bridges.websocket.server import Bridge

RECORDINGS = ".mcap", ".mcap.part"
PUBLISHERS = "tcp://", "ipc://"
EPILOG = """\
meshcast view clip.mp4              a video, a camera or anything else that meshcast run takes
meshcast view tcp://127.0.0.1:5556  a publisher: meshcast run SOURCE --publish tcp://127.0.0.1:5556 --preview
meshcast view recording.mcap        a recording: pause, step and search all of it

exit codes: 0 stopped by Ctrl-C; 1 unusable source, recording, address or certificate; 2 usage error; 3 partial output
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `view` command to the command line."""
    parser = subparsers.add_parser(
        "view",
        help="show people in the browser",
        description="Show people in 3D on a web page, with the camera's image, charts and a timeline. Starts what is "
        "needed and opens the page; only this machine can reach it unless --listen says otherwise.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="source(s), a publisher's address or a recording")
    page = parser.add_argument_group(LINKING)
    add_open_option(page)
    add_page_options(page)
    group = parser.add_argument_group("previews of SOURCE")
    group.add_argument("--no-preview", action="store_true", help="send no previews of the camera's images to the page")
    add_preview_options(group)
    run_command.add_playback_options(parser)
    add_network_source_options(parser)
    add_camera_options(parser)
    add_body_options(parser)
    add_model_options(parser)
    add_client_curve_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C. Returns the exit code; raises MeshcastError."""
    special = [source for source in args.sources if source.startswith(PUBLISHERS) or source.endswith(RECORDINGS)]
    if special and len(args.sources) > 1:
        raise UsageError(f"{special[0]}: a publisher or a recording is shown alone; leave the other sources out")
    if not special:
        return _view_sources(args)
    if special[0].endswith(RECORDINGS):
        return _view_recording(args, Path(special[0]))
    return _view_publisher(args, special[0])


def _view_publisher(args: argparse.Namespace, address: str) -> int:
    about = {"mode": "live", "source": address, "publisher": True}
    curve = curve_from(args)

    def bridge(listen: str) -> Bridge:
        return bridge_from(args, address, about=about, listen=listen, curve=curve)

    return _serve(args, address, bridge)


def _view_recording(args: argparse.Namespace, path: Path) -> int:
    from edge.bridges.websocket.library import Library
    from edge.recording.mcap_index import RecordingIndex

    index = RecordingIndex(path)
    if index.truncated:
        console.warn(f"{path}: truncated; shown up to the last complete chunk", "view")
    about = {"mode": "recording", "source": path.name}

    def bridge(listen: str) -> Bridge:
        return bridge_from(args, None, about=about, listen=listen, resources=[Library(index)])

    return _serve(args, str(path), bridge)


def _serve(args: argparse.Namespace, what: str, bridge: Callable[[str], Bridge]) -> int:
    """Run the bridge that listens at an address until Ctrl-C; at any port where another page has the usual one."""

    def on_ready(link: str) -> None:
        announce(link, what, args.open_page)

    try:
        return bridge_websocket.serve(bridge(args.listen), on_ready)
    except PublishError:
        if args.listen != LISTEN:
            raise
    return bridge_websocket.serve(bridge(ANY_PORT), on_ready)


def _view_sources(args: argparse.Namespace) -> int:
    from edge.run import run as run_sources

    values = vars(run_command.options_parser().parse_args([])) | vars(args)
    values |= {"pace": args.pace or "realtime", "view": True, "curve": None, "insecure": False, "quiet": False}
    options = argparse.Namespace(**values)
    with viewer(options, args) as page:
        result = run_sources(run_command.run_config(options, viewer=page.address), on_start=page.announce)
        for problem in result.report["problems"]:
            if problem not in result.logged:
                console.warn(problem)
        if not result.interrupted:
            console.note("the source has ended; the page keeps its last minute; stop with Ctrl-C", "view")
            _wait()
    return EXIT_WHOLE if result.interrupted else result.exit_code


def _wait() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    import threading

    from edge.runtime.signals import interruptible

    with interruptible() as interrupt:
        try:
            with interrupt.welcome():
                threading.Event().wait()
        except KeyboardInterrupt:
            return
