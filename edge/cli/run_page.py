"""The page of a run: a second publisher within the process, and the bridge that serves it."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge import console
from edge.cli.page_options import LISTEN, add_page_options, bridge_from, open_page
from edge.errors import PublishError

if TYPE_CHECKING:
    from edge.bridges.websocket.server import Bridge

ANY_PORT = "127.0.0.1:0"


@dataclass(frozen=True, slots=True)
class Page:
    """A served page.

    Attributes:
        address: for the publisher of the page.
        announce: prints the page's link and opens it.
    """

    address: str
    announce: Callable[[], None]


@contextmanager
def viewer(options: argparse.Namespace, serving: argparse.Namespace | None = None) -> Iterator[Page]:
    """Serve the page of a run.

    Args:
        options: of the run.
        serving: options of the page's server, None for those of a page on this machine.

    Raises:
        MeshcastError: the page cannot be served.
    """
    from edge.bridges.websocket.background import BackgroundBridge
    from edge.sources.uri import parse

    if serving is None:
        parser = argparse.ArgumentParser()
        add_page_options(parser)
        serving = parser.parse_args([])
    label = ", ".join(parse(uri).label for uri in options.sources)
    address = f"inproc://meshcast-view-{secrets.token_hex(8)}"

    def bridge(listen: str | None = None) -> Bridge:
        return bridge_from(serving, address, about={"mode": "live", "source": label}, listen=listen)

    with ExitStack() as cleanup:
        try:
            page = cleanup.enter_context(BackgroundBridge(bridge()))
        except PublishError:
            if serving.listen != LISTEN:
                raise
            page = cleanup.enter_context(BackgroundBridge(bridge(ANY_PORT)))  # another page has the usual port
        yield Page(address, lambda: announce(page.link, label, options.open_page))


def announce(link: str, what: str, opened: bool) -> None:
    """Print the link of a page, and open it if `opened`."""
    console.note(f"{what}: {link} - stop with Ctrl-C", "view")
    open_page(link, opened)
