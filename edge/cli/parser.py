"""Argument parser whose errors are one line with a suggestion."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from edge import console
from edge.errors import EXIT_USAGE
from edge.redaction import redact_path
from engines.files.suggestions import closest

MAX_CHOICES = 20  # maximum number of names in a message
MAX_OWNERS = 3  # maximum number of commands in a message


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose messages read `meshcast run: --detectr: no such option; did you mean --detector?`.

    The parsed command line has the attribute `given`: the attributes that words of the command line set, not defaults.
    """

    _given: set[str]

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Like argparse, but unknown options are reported by the command that they follow."""
        self._given = set()
        if args is not None:
            self._reject_unknown_options(args)
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            problem = "no such option" if rest[0].startswith("-") else "unexpected argument"
            self.error(f"{rest[0]}: {problem}; see {self.prog} --help")
        known.given = frozenset(self._given) | getattr(known, "given", frozenset())
        return known, rest

    def error(self, message: str) -> NoReturn:
        """Print one line on standard error and exit."""
        message = message.removeprefix("argument ")
        missing = re.fullmatch(r"the following arguments are required: (.*)", message)
        if missing is not None:
            message = f"{missing.group(1)}: missing"
        remedy = "" if "; " in message else f"; see {self.prog} --help"
        console.error(f"{message}{remedy}", self.prog.removeprefix("meshcast").strip())
        raise SystemExit(EXIT_USAGE)

    def _reject_unknown_options(self, args: Iterable[str]) -> None:
        known = [option for option in self._option_string_actions if option.startswith("--")]
        for word in args:
            if word == "--" or (self._subparsers is not None and not word.startswith("-")):
                return  # the rest are arguments, or belong to a command
            name = word.partition("=")[0]
            if f"-{name}" in known:  # -fov
                self.error(f"{name}: no such option; did you mean -{name}?")
            if not name.startswith("--") or " " in name or any(option.startswith(name) for option in known):
                continue
            hint = suggestion(name, known) or self._option_of_a_command(name) or f"; see {self.prog} --help"
            self.error(f"{name}: no such option{hint}")

    def _option_of_a_command(self, name: str) -> str:
        """Where an option that stands before its command belongs; empty for another one."""
        owners = [command.prog for command in commands_of(self) if name in command._option_string_actions]
        if not owners:
            return ""
        listed = owners[0] if len(owners) == 1 else f"{', '.join(owners[:MAX_OWNERS])} and others"
        listed = " and ".join(owners) if 1 < len(owners) <= MAX_OWNERS else listed
        return f"; write it after its command, it is an option of {listed}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(choice) for choice in action.choices]
        kind = (action.metavar if isinstance(action.metavar, str) else "command").lower()
        if isinstance(action, argparse._SubParsersAction):
            argument, message = None, f"{value}: no such {kind}"
        else:
            argument, message = action, f"{str(value)!r} is not a valid choice"
        similar = suggestion(str(value), names)
        if argument is None and not similar and _like_a_source(str(value)) and "run" in names:
            message, similar = f"{redact_path(str(value))}: no such {kind}", f"; did you mean {self.prog} run SOURCE?"
        remedy = similar or f"; choose from {', '.join(names[:MAX_CHOICES])}"
        raise argparse.ArgumentError(argument, f"{message}{remedy}")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        if action.option_strings or arg_strings:
            self._given.add(action.dest)
        return super()._get_values(action, arg_strings)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            if not error.message.startswith("invalid "):
                raise
            kind = {"int": "a whole number", "float": "a number"}.get(
                getattr(action.type, "__name__", ""), "a valid value"
            )
            raise argparse.ArgumentError(action, f"{arg_string!r} is not {kind}") from None

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:
            console.out(message.rstrip("\n"))


def suggestion(word: str, names: Iterable[str]) -> str:
    """Return `; did you mean NAME?` for a similar name, else an empty string."""
    similar = closest(word, names)
    return f"; did you mean {similar}?" if similar is not None else ""


def _like_a_source(word: str) -> bool:
    """Whether a word could be a file, an address or a camera rather than a command."""
    return word == "-" or word.isdigit() or any(mark in word for mark in "./:")


def commands_of(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers of all subcommands, recursively."""
    children = [
        child
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for child in dict.fromkeys(action.choices.values())
    ]
    return [*children, *(command for child in children for command in commands_of(child))]
