"""What can follow on a command line, read from the argument parser: commands, options and their values."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.cli.parser import commands_of

FILES = ("SOURCE", "CLIP", "FILE", "FOLDER", "PATH", "DIR", "RECORDING", "VIDEO", "SOURCE_OR_FOLDER")  # of metavars


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command.

    Attributes:
        names: its spellings.
        about: its help text.
        takes_value: whether a value follows.
        choices: the values that are valid; empty: any.
        files: the value is a path.
    """

    names: tuple[str, ...]
    about: str
    takes_value: bool
    choices: tuple[str, ...]
    files: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command with what may follow it.

    Attributes:
        path: its words, for example "meshcast models show".
        commands: the commands below it, with their help texts.
        options: its options.
        words: values of its positional argument that are valid; empty: any.
        files: its positional arguments are paths.
    """

    path: str
    commands: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]
    words: tuple[str, ...]
    files: bool


def commands_in(top: argparse.ArgumentParser) -> tuple[Command, ...]:
    """All commands of a parser, itself first."""
    return tuple(_command(parser) for parser in (top, *commands_of(top)))


def _command(parser: argparse.ArgumentParser) -> Command:
    below: list[tuple[str, str]] = []
    options: list[Option] = []
    words: tuple[str, ...] = ()
    files = False
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below += _listed(action)
        elif action.help == argparse.SUPPRESS:
            continue
        elif action.option_strings:
            choices = tuple(map(str, action.choices or ()))
            about = plain(action.help or "")
            options.append(Option(tuple(action.option_strings), about, action.nargs != 0, choices, _is_path(action)))
        else:
            words += tuple(map(str, action.choices or ()))
            files = files or _is_path(action)
    return Command(parser.prog, tuple(below), tuple(options), words, files)


def _listed(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> Iterator[tuple[str, str]]:
    about = {action.dest: plain(action.help or "") for action in commands._choices_actions}
    for name in commands.choices:
        yield name, about.get(name, "")


def _is_path(action: argparse.Action) -> bool:
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    return action.type is Path or metavar in FILES or re.search(r"\w\.\w", metavar) is not None


def plain(text: str) -> str:
    """A help text as a short description, without the default and without characters that shells treat specially."""
    first = text.partition(", for example")[0].partition(" (")[0].partition("; ")[0].partition(": ")[0]
    kept = "".join(letter if letter.isalnum() or letter in " ,./-+=" else " " for letter in first)
    return " ".join(kept.split())
