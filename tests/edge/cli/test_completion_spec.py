"""What the parser says about words that can follow."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge.cli.completion_spec import Command, Option, commands_in, plain


def test_commands_in_describes_commands_options_and_arguments() -> None:
    top = argparse.ArgumentParser(prog="tool", add_help=False)
    below = top.add_subparsers().add_parser("do", help="does it (default: no)", add_help=False)
    below.add_argument("file", metavar="OUT.npz")
    below.add_argument("-q", "--quiet", action="store_true", help="say nothing; ever")
    below.add_argument("--axes", choices=("a", "b"))
    below.add_argument("--folder", type=Path)
    below.add_argument("--hidden", help=argparse.SUPPRESS)
    assert commands_in(top) == (
        Command("tool", (("do", "does it"),), (), (), False),
        Command(
            "tool do",
            (),
            (
                Option(("-q", "--quiet"), "say nothing", False, (), False),
                Option(("--axes",), "", True, ("a", "b"), False),
                Option(("--folder",), "", True, (), True),
            ),
            (),
            True,
        ),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("height, for example 1.78 (default: 1.70)", "height"),
        ('it\'s `quoted` $HOME "text" [a]', "it s quoted HOME text a"),
        ("camera: calibrated", "camera"),
    ],
)
def test_plain_text_has_nothing_that_shells_expand(text: str, expected: str) -> None:
    assert plain(text) == expected
