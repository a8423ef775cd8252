"""`meshcast keys`: create and show the CURVE keys of encrypted, authenticated streams."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

from edge import console
from edge.errors import EXIT_WHOLE
from edge.text import one_line

EPILOG = """\
examples:
  meshcast keys new server                      on the publisher's machine
  meshcast keys new phone                       on the client's machine
  meshcast run 0 --publish 'tcp://*:5556' --curve server.key --allow clients/
  meshcast watch tcp://HOST:5556 --curve phone.key --server server.pub

Copy only .pub files to other machines: phone.pub into the folder clients/ of the publisher, server.pub to the clients.
"""

USAGE = """\
to publish:    --curve {key} --allow clients/
               clients/ holds the .pub files of authorized clients; copy {pub} to each client
to subscribe:  --curve {key} --server server.pub
               server.pub is the publisher's; copy {pub} into the folder clients/ of the publisher
copy only .pub files; {key} stays on this machine"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `keys` command to the command line."""
    parser = subparsers.add_parser(
        "keys",
        help="create CURVE keys for encrypted, authenticated streams",
        description="Create and show the CURVE keys that encrypt a stream and authenticate its clients.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)

    new = commands.add_parser("new", help="create a key pair: NAME.key (secret) and NAME.pub (public)")
    new.add_argument("name", metavar="NAME", type=_name, help="name of the owner: server, phone, headset-2, ...")
    new.add_argument(
        "--folder", type=Path, default=Path(), metavar="DIR", help="output folder (default: current folder)"
    )
    new.set_defaults(run=run_new)

    show = commands.add_parser("show", help="print the public key of a key file")
    show.add_argument("file", type=Path, metavar="FILE", help="key file, .key or .pub")
    show.set_defaults(run=run_show)


def run_new(args: argparse.Namespace) -> int:
    """Write a key pair and explain each file. Raises OutputError, and then nothing is written."""
    from edge.wire.keys import new_keys

    key, pub = new_keys(args.folder / args.name)
    console.out(one_line(f"wrote {key} (secret) and {pub} (public)"))
    console.out(USAGE.format(key=shlex.quote(str(key)), pub=shlex.quote(str(pub))))
    return EXIT_WHOLE


def run_show(args: argparse.Namespace) -> int:
    """Print the public key of a file. Raises KeyFileError for a file without one."""
    from meshcast.transport.curve import read_public

    console.out(read_public(args.file).decode())
    return EXIT_WHOLE


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name; use letters, digits, '.', '_' and '-'")
    if text.endswith((".key", ".pub")):
        raise argparse.ArgumentTypeError(f"{text!r}: remove the suffix; both files get their own")
    return text
