"""The options that protect a stream: for commands that bind an address, and for those that connect to one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import UsageError

if TYPE_CHECKING:
    from edge.wire.curve_auth import Security
    from meshcast.transport.curve import Curve


def add_security_options(parser: argparse.ArgumentParser) -> None:
    """--curve, --allow and --insecure, for commands that bind; `security_of` reads them."""
    group = parser.add_argument_group("who may watch (docs/how-to/security.md)")
    group.add_argument("--curve", type=Path, metavar="SERVER.key", help="encrypt with this key (see: meshcast keys)")
    group.add_argument("--allow", type=Path, metavar="FOLDER", help="the .pub files of the clients that may watch")
    group.add_argument("--insecure", action="store_true", help="let everyone who reaches this machine watch")


def security_of(args: argparse.Namespace) -> Security:
    """What `add_security_options` was told. Raises UsageError for half of it, KeyFileError for a bad file."""
    from edge.wire.curve_auth import Security
    from meshcast.transport.curve import read_keys

    if args.curve is None:
        if args.allow is not None:
            raise UsageError("--allow needs --curve SERVER.key; make one with meshcast keys new server")
        return Security(insecure=args.insecure)
    if args.insecure:
        raise UsageError("--insecure and --curve contradict each other; leave one out")
    if args.allow is None:
        raise UsageError("--curve needs --allow FOLDER, with the .pub files of the clients that may watch")
    return Security(read_keys(args.curve), args.allow)


def add_client_options(parser: argparse.ArgumentParser) -> None:
    """--curve and --server, for commands that connect; `curve_of` reads them."""
    group = parser.add_argument_group("a publisher with --curve (docs/how-to/security.md)")
    group.add_argument("--curve", type=Path, metavar="CLIENT.key", help="your key, which the publisher knows")
    group.add_argument("--server", type=Path, metavar="SERVER.pub", help="the publisher's public key")


def curve_of(args: argparse.Namespace) -> Curve | None:
    """What `add_client_options` was told. Raises UsageError for half of it, KeyFileError for a bad file."""
    from meshcast.transport.curve import Curve, read_keys, read_public

    if args.curve is None and args.server is None:
        return None
    if args.curve is None:
        raise UsageError("--server needs --curve CLIENT.key, your own; make one with meshcast keys new NAME")
    if args.server is None:
        raise UsageError("--curve needs --server SERVER.pub, the publisher's public key; ask who runs it")
    return Curve(read_keys(args.curve), read_public(args.server))
