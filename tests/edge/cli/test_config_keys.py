"""The table of keys against the options of `meshcast run`."""

from __future__ import annotations

import argparse
import re
from collections import Counter

from edge.cli import main
from edge.cli.config_keys import NOT_IN_FILE, SOURCE, TABLES, Key, actions_of, keys
from edge.cli.parser import commands_of
from edge.cli.run import actions
from tests.support.paths import ROOT


def run_options() -> set[str]:
    (parser,) = [parser for parser in commands_of(main.parser()) if parser.prog == "meshcast run"]
    return {action.dest for action in parser._actions}


def test_every_option_of_a_run_is_a_key_or_named_as_none() -> None:
    """A new option needs a Key in TABLES, or its reason in NOT_IN_FILE."""
    assert run_options() == {key.dest for _, key in keys()} | set(NOT_IN_FILE)


def test_keys_stand_for_options_that_exist_and_are_no_others() -> None:
    assert not {key.dest for _, key in keys()} & set(NOT_IN_FILE)
    assert {key.dest for _, key in keys()} <= set(actions())


def test_every_option_has_one_key_outside_of_the_sources() -> None:
    counts = Counter(key.dest for table, key in keys() if table != SOURCE)
    assert set(counts.values()) == {1}
    assert {key.dest for key in TABLES[SOURCE]} - set(counts) == {"sources", "stream"}


def test_keys_without_default_have_an_example() -> None:
    options = actions()

    def has_default(key: Key) -> bool:
        return options[key.dest].default not in (None, [])

    assert not [key.name for _, key in keys() if not has_default(key) and not key.example]


def test_reference_page_lists_every_key() -> None:
    page = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    for table, entries in TABLES.items():
        title = f"[[{table}]]" if table == SOURCE else f"[{table}]"
        section = page.partition(f"\n## `{title}`\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [key.name for key in entries]


def test_actions_of_prefers_the_option_with_a_value() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-smooth", dest="smooth", action="store_false")
    parser.add_argument("--smooth", choices=("off", "light"))
    assert actions_of(parser)["smooth"].option_strings == ["--smooth"]
