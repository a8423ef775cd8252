"""`meshcast completion SHELL`: print a script with which a shell completes commands, options and values."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from edge import console
from edge.errors import EXIT_WHOLE

SHELLS = ("bash", "zsh", "fish")

EPILOG = """\
to install:
  bash   meshcast completion bash > ~/.local/share/bash-completion/completions/meshcast
         or, in ~/.bashrc:  source <(meshcast completion bash)
  zsh    meshcast completion zsh > FOLDER/_meshcast, a folder of $fpath
         or, in ~/.zshrc after compinit:  source <(meshcast completion zsh)
  fish   meshcast completion fish > ~/.config/fish/completions/meshcast.fish
"""


def add_parser(subparsers: argparse._SubParsersAction[Any], top: argparse.ArgumentParser) -> None:
    """Add the `completion` command to the command line; it describes all commands of `top`."""
    parser = subparsers.add_parser(
        "completion",
        help="print a completion script for bash, zsh or fish",
        description="Print a script with which a shell completes commands, options and their values.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")
    parser.set_defaults(run=partial(run, top))


def run(top: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    """Print the script. Returns the exit code."""
    from edge.cli.completion_scripts import SCRIPTS
    from edge.cli.completion_spec import commands_in

    console.out(SCRIPTS[args.shell](commands_in(top)).rstrip("\n"))
    return EXIT_WHOLE
