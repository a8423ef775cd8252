"""Retired words must not come back into identifiers, messages, help texts and documents."""

from __future__ import annotations

import pytest

from tests.support.terms import in_cpp, in_python, in_text, occurrences, parts_of, remaining


def test_retired_words_do_not_come_back() -> None:
    allowed = remaining()
    new = [f"{path}:{line}: {word}" for path, line, word in occurrences() if (path, word) not in allowed]
    assert not new, "use the standard term, see CONTRIBUTING.md"


def test_remaining_words_are_still_there() -> None:
    stale = remaining() - {(path, word) for path, _, word in occurrences()}
    assert not stale, "remove them: PYTHONPATH=. python tests/support/terms.py --update"


@pytest.mark.parametrize(
    ("source", "texts", "words"),
    [
        ("class PoseJury: ...", False, ["jury"]),
        ("def _embody_all(picture, NOBODY): ...", False, ["embody", "picture", "nobody"]),
        ("Seen = 1", False, ["Seen"]),
        ("seen = color = neighbor = judgment = 1", False, []),
        ("normalised = pixel_centre = 1", False, ["normalised", "centre"]),
        ("raise ValueError(f'{name}: the picture has no colour')", True, ["picture", "colour"]),
        ("raise ValueError(f'{name}: the picture has no colour')", False, []),
        ('"""Docs.\n\nTell whoever asks."""', True, ["whoever"]),
        ("x = 1  # nobody", True, []),
    ],
)
def test_retired_words_in_python_are_found(source: str, texts: bool, words: list[str]) -> None:
    assert [word for _, word in in_python(source, texts=texts)] == words


def test_retired_words_in_python_have_their_line() -> None:
    assert list(in_python("x = 1\ny = '''\nin turns'''\n", texts=True)) == [(3, "in turns")]


def test_retired_words_in_cpp_are_found_outside_of_comments() -> None:
    source = '// nobody\nint pixelCentre; /* whoever */\nthrow Error("the picture\\" of somebody");\n'
    assert list(in_cpp(source)) == [(2, "centre"), (3, "picture"), (3, "somebody")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It broke off.", ["broke off"]),
        ("Pictures of the House", ["pictures", "the house"]),
        ("The picturesque household embodiment of a figure", []),
    ],
)
def test_retired_words_in_text_are_found(text: str, words: list[str]) -> None:
    assert [word for _, word in in_text(text)] == words


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("RootMesh", ["root", "mesh"]),
        ("HTTPServer_2d", ["http", "server", "d"]),
        ("_MAX_ROWS", ["max", "rows"]),
    ],
)
def test_identifier_is_split_into_words(identifier: str, parts: list[str]) -> None:
    assert parts_of(identifier) == parts
