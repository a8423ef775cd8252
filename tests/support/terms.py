"""Words that the project replaced by standard terms, and where they still occur.

`PYTHONPATH=. python tests/support/terms.py` prints the occurrences; with `--update` it removes the entries of
tests/data/retired_words.txt that are no longer needed.
"""

from __future__ import annotations

import argparse
import ast
import functools
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.paths import DATA, ROOT

REMAINING = DATA / "retired_words.txt"
BRITISH = (
    "analyse|artefact|authoris|behaviour|catalogue|centimetre|centre|colour|favour|grey|honour|initialis|labell|licence|"
    "localis|maximis|metre|millimetre|minimis|modell(?:ed|ing)|neighbour|normalis|optimis(?:e|ing|ation)|organis|quantis|"
    "rasteris|recognis|sanitis|serialis|summaris|synchronis|visualis"
)
# Parts of identifiers: a_b, aB and AB are split into a and b.
PARTS = re.compile(
    "attendants?|audiences?|contestants?|embod(?:y|ies|ied)|footage|glimpses?|impostors?|judged?|judges|jur(?:y|ies)|"
    "likeness|nobody|outlets?|pictures?|remarks?|somebody|strangers?|unfound|unlikeness|wardrobe|whoever|anew|"
    rf"(?:{BRITISH})\w*"
)
# Whole identifiers, which are ordinary words elsewhere.
NAMES = frozenset(
    """Audience Cast Fit Guard Jury Mailbox Moment Outcome Outlet Overlapped Place Played Posed Poser Recipe Repeats
    Restamp ROWS_TOGETHER Seen SharedSession Tally Ticker Wanted Wardrobe Way live_model live_weights telling_line
    view_of views_of""".split()  # noqa: SIM905
)
# Words and phrases of texts that users read: messages, help, documents.
TEXT = re.compile(
    r"\b(?:whoever|nobody|somebody|anew|for ever|so many|embod(?:y|ies|ied|ying)|glimpses?|impostors?|jur(?:y|ies)|"
    r"the house|in turns|remarks?|broke off|pictures?|may watch|is told|lets in|where the bodies go|figures|"
    rf"contestants?|audiences?|outlets?|strangers?|footage|unlikeness|likeness|(?:{BRITISH})\w*)\b",
    re.IGNORECASE,
)
# What must keep a retired word, with the reason.
PERMITTED = {
    ("tests/support/terms.py", None): "the list itself",
    ("tests/test_terms.py", None): "the tests of the list",
    ("engines/cards/renamed_keys.py", "licence"): "the old key of a card, read with a warning",
    ("engines/cards/renamed_keys.py", "licence_files"): "the old key of a card, read with a warning",
    ("engines/cards/renamed_keys.py", "colour"): "the old key of a card, read with a warning",
    ("engines/cards/renamed_keys.py", "centre"): "the old value of a card's key, read with a warning",
    ("engines/cards/accuracy_gate.py", "footage"): "a key of published cards",
    ("engines/cards/accuracy_gate.py", "figures"): "a key of published cards",
    ("edge/runtime/report.py", "remarks"): "the old name of a report's entry, written for one more release",
}
CPP_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|[A-Za-z_]\w*', re.DOTALL)


class Occurrence(NamedTuple):
    """A retired word in a file; `path` is relative to the repository."""

    path: str
    line: int
    word: str


def parts_of(identifier: str) -> list[str]:
    """The words of an identifier in lower case: RootMesh_2D gives root, mesh, 2 and d."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)]


@functools.cache
def in_identifier(identifier: str) -> list[str]:
    """The retired words in an identifier."""
    return [identifier] * (identifier in NAMES) + [word for word in parts_of(identifier) if PARTS.fullmatch(word)]


def in_text(text: str) -> Iterator[tuple[int, str]]:
    """The retired words in a text in lower case, each with the lines before it."""
    for match in TEXT.finditer(text):
        yield text.count("\n", 0, match.start()), match[0].lower()


def in_python(source: str, *, texts: bool) -> Iterator[tuple[int, str]]:
    """Line and word of each occurrence in identifiers, and in string literals where `texts` is set."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            yield from ((token.start[0], word) for word in in_identifier(token.string))
    if texts:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from ((node.lineno + lines, word) for lines, word in in_text(node.value))


def in_cpp(source: str) -> Iterator[tuple[int, str]]:
    """Line and word of each occurrence in identifiers and string literals; comments are left out."""
    for match in CPP_TOKEN.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        if match[0][0] == '"':
            yield from ((line, word) for _, word in in_text(match[0]))
        elif match[0][0] not in "/'":
            yield from ((line, word) for word in parts_of(match[0]) if PARTS.fullmatch(word))


def _found(path: Path) -> Iterator[tuple[int, str]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".py", ".pyi"):
        yield from in_python(text, texts="tests" not in path.relative_to(ROOT).parts)
    elif path.suffix in (".cpp", ".hpp", ".cu", ".cuh"):
        yield from in_cpp(text)
    else:
        yield from ((lines + 1, word) for lines, word in in_text(text))


def sources() -> Iterator[Path]:
    """The files that are checked."""
    for folder in ("edge", "calibration", "engines", "kernels", "clients/python", "tests", "tools", "examples"):
        for pattern in ("*.py", "*.pyi", "*.cpp", "*.hpp", "*.cu", "*.cuh"):
            yield from sorted((ROOT / folder).rglob(pattern))
    yield from (path for path in sorted(ROOT.glob("*.md")) if path.name != "CHANGELOG.md")  # it names what was renamed
    yield from sorted((ROOT / "docs").rglob("*.md"))
    for client in ("cpp", "python", "unity", "unreal", "web"):
        yield ROOT / "clients" / client / "README.md"


@functools.cache
def occurrences() -> list[Occurrence]:
    """All occurrences of retired words that are not permitted."""
    found = []
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if (name, None) not in PERMITTED:
            found += [Occurrence(name, line, word) for line, word in _found(path) if (name, word) not in PERMITTED]
    return found


def remaining() -> set[tuple[str, str]]:
    """The (path, word) pairs that were there when the check was introduced and may only become fewer."""
    lines = REMAINING.read_text(encoding="utf-8").splitlines() if REMAINING.exists() else []
    return {(path, word) for path, _, word in (line.partition(": ") for line in lines)}


def write_remaining(pairs: set[tuple[str, str]]) -> None:
    """Write the file of remaining pairs, sorted."""
    REMAINING.write_text("".join(f"{path}: {word}\n" for path, word in sorted(pairs)), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="Print where retired words occur.")
    parser.add_argument("--update", action="store_true", help="remove entries that are no longer needed")
    arguments = parser.parse_args()
    found = occurrences()
    pairs = {(path, word) for path, _, word in found}
    for path, line, word in found:
        print(f"{path}:{line}: {word}{'' if (path, word) in remaining() else ' (new)'}")
    if arguments.update:
        write_remaining(pairs & remaining())
    return int(bool(pairs - remaining()))


if __name__ == "__main__":
    sys.exit(main())
