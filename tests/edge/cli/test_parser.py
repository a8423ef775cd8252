"""Errors of the command line: one line with a suggestion."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from edge import console
from edge.cli import models
from edge.cli.main import main
from edge.cli.options import add_model_options
from edge.errors import EXIT_USAGE
from engines.cards.card import load_card


@pytest.fixture(autouse=True)
def restored_log_format() -> Iterator[None]:
    """The log format of a command line stays set in this process."""
    yield
    console.configure(logging.WARNING, None)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("rnu a.mp4", "meshcast: rnu: no such command; did you mean run?"),
        ("run --detectr x", "meshcast run: --detectr: no such option; did you mean --detector?"),
        ("run a.mp4 --detectr=x", "meshcast run: --detectr: no such option; did you mean --detector?"),
        ("run a.mp4 --axes unitiy", "meshcast run: --axes: 'unitiy' is not a valid choice; did you mean unity?"),
        ("run a.mp4 --smooth stong", "meshcast run: --smooth: 'stong' is not a valid choice; did you mean strong?"),
        ("run a.mp4 --pace slow", "meshcast run: --pace: 'slow' is not a valid choice; choose from fast, realtime"),
        ("run a.mp4 --axes UNITY", "meshcast run: --axes: 'UNITY' is not a valid choice; did you mean unity?"),
        ("run a.mp4 -fov 60", "meshcast run: -fov: no such option; did you mean --fov?"),
        ("-version", "meshcast: -version: no such option; did you mean --version?"),
        (
            "--trace t.json run a.mp4",
            "meshcast: --trace: no such option; write it after its command, it is an option of meshcast run",
        ),
        (
            "--detector x run a.mp4",
            "meshcast: --detector: no such option; write it after its command, it is an option of meshcast run,",
        ),
        ("clip.mp4 --save a.npz", "meshcast: clip.mp4: no such command; did you mean meshcast run SOURCE?"),
        ("rtsp://me:s3cret@host/a", "meshcast: rtsp://host/a: no such command; did you mean meshcast run SOURCE?"),
        ("0", "meshcast: 0: no such command; did you mean meshcast run SOURCE?"),
        ("zebra", "meshcast: zebra: no such command; choose from run, view, config, "),
        ("models shwo", "meshcast: unknown model 'shwo'"),
        ("bridge vcm a", "meshcast bridge: vcm: no such "),
        ("calibrate camrea a", "meshcast calibrate: camrea: no such kind; did you mean camera?"),
        ("models --task psoe", "meshcast models: --task: 'psoe' is not a valid choice; did you mean pose?"),
        ("models --tsk pose", "meshcast models: --tsk: no such option; did you mean --task?"),
        ("--vesion", "meshcast: --vesion: no such option; did you mean --version?"),
        ("run", "meshcast run: SOURCE: missing; see meshcast run --help"),
        ("keys show a b", "meshcast keys show: b: unexpected argument; see meshcast keys show --help"),
        (
            "run a.mp4 --max-frames 0",
            "meshcast run: --max-frames: '0' is not a whole number from 1 up; see meshcast run --help",
        ),
        (
            "replay a --publish b --speed fast",
            "meshcast replay: --speed: 'fast' is not a number from 0.01 to 100; see meshcast replay --help",
        ),
        ("watch a --timeout nan", "meshcast watch: --timeout: 'nan' is not a number above 0, at most 1e+09"),
        (
            "bridge vmc a --person me",
            "meshcast bridge vmc: --person: 'me' is not a person; use first, all",
        ),
        ("run a.mp4 --fov \x1b[2J", "meshcast run: --fov: '\\x1b[2J' is not a number"),
    ],
)
def test_parser_wrong_command_line_suggests_in_one_line(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split(" ")) == EXIT_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(says)
    assert len(said.err.splitlines()) == 1


def test_parser_log_options_work_before_and_after_command(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--log-format", "json", "models", "nope"], ["models", "--log-format=json", "nope"]):
        assert main(words) == EXIT_USAGE
        assert '"level": "error"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "smooth", "warns"),
    [
        ("", "light", False),
        ("--smooth strong", "strong", False),
        ("--smooth off", "off", False),
        ("--no-smooth", "off", True),
    ],
)
def test_model_options_smooth_and_its_deprecated_spelling(
    words: str, smooth: str, warns: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_model_options(parser)
    assert parser.parse_args(words.split()).smooth == smooth
    assert ("--no-smooth is deprecated; use --smooth off" in capsys.readouterr().err) == warns


def test_models_card_texts_are_escaped() -> None:
    card = replace(load_card("nanodet_g"), title="\x1b[2J\nforged", license="a\nb", source="c\td\x9b", notes="\x07")
    for text, lines in ((models.table_text((card,)), 2), (models.card_text(card), None)):
        assert not set(text) & {"\x1b", "\x9b", "\x07", "\t"}
        assert "\nforged" not in text
        assert lines is None or len(text.splitlines()) == lines
