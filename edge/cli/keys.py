"""`meshcast keys`: makes the key files with which a stream is for known clients only, and shows public keys."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

from edge import console
from edge.errors import EXIT_WHOLE
from edge.text import one_line

EPILOG = """\
meshcast keys new server                      on the publisher's machine
meshcast keys new phone                       on the client's
meshcast run 0 --publish 'tcp://*:5556' --curve server.key --allow clients/
meshcast watch tcp://HOST:5556 --curve phone.key --server server.pub

Hand only .pub files around: phone.pub goes into the publisher's folder clients/, server.pub to its clients.
"""

USE = """\
to publish with it:  --curve {key} --allow clients/
                     clients/ holds the .pub files of those who may watch; give them {pub}
to watch with it:    --curve {key} --server server.pub
                     server.pub is the publisher's; {pub} goes into its folder clients/
hand only .pub files around; {key} stays on the machine that uses it"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `keys` command to the command line."""
    parser = subparsers.add_parser(
        "keys",
        help="make keys, so that only known clients can watch",
        description="Make and show the keys with which a stream is encrypted and for known clients only.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)

    new = commands.add_parser("new", help="write a new pair: NAME.key, which is secret, and NAME.pub")
    new.add_argument("name", metavar="NAME", type=_name, help="whose keys they are: server, phone, headset-2, ...")
    new.add_argument("--folder", type=Path, default=Path(), metavar="DIR", help="where to (default: here)")
    new.set_defaults(run=run_new)

    show = commands.add_parser("show", help="print the public key of a key file")
    show.add_argument("file", type=Path, metavar="FILE")
    show.set_defaults(run=run_show)


def run_new(args: argparse.Namespace) -> int:
    """Write a pair and say what each file is for. Raises OutputError when it cannot; then nothing is written."""
    from edge.wire.keys import new_keys

    key, pub = new_keys(args.folder / args.name)
    console.out(one_line(f"wrote {key} (secret) and {pub} (public)"))
    console.out(USE.format(key=shlex.quote(str(key)), pub=shlex.quote(str(pub))))
    return EXIT_WHOLE


def run_show(args: argparse.Namespace) -> int:
    """Print a file's public key. Raises KeyFileError when it holds none."""
    from meshcast.transport.curve import read_public

    console.out(read_public(args.file).decode())
    return EXIT_WHOLE


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name: use letters, digits, '.', '_' and '-'")
    if text.endswith((".key", ".pub")):
        raise argparse.ArgumentTypeError(f"{text!r}: leave out the ending, both files get theirs")
    return text
