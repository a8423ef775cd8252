"""Reads the TOML files that users write: model cards and camera files."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from engines.errors import MeshcastError, ModelError
from engines.files.regular_file import read_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST = 1 << 18  # bytes; the bundled cards have at most 4 KiB
LONGEST_KEY = 64  # parts of a dotted key: the time of parsers grows with its square
LONGEST_REASON = 200  # characters of a parser's text, which may quote the file
_TOKENS = re.compile(
    r"""(?P<part>[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')|(?P<dot>\.)|(?P<space>[ \t]+)|(?P<other>[^ \t.])"""
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_toml(
    path: str | Path, what: str, error: type[MeshcastError] = ModelError, *, pipes: bool = False
) -> dict[str, Any]:
    """The top table of a TOML file in UTF-8, with or without a byte order mark.

    Args:
        path: The file.
        what: The expected kind of file, for the message ("a model card").
        error: The type of error to raise.
        pipes: Whether a pipe is read too; the call waits for it.

    Raises:
        MeshcastError: `error`, in one line, when the file cannot be read, is not a regular file, is larger than
        LARGEST,
            is in another encoding, or is not TOML.
    """
    data = read_file(path, error, limit_bytes=LARGEST, pipes=pipes)
    if data.startswith(_UTF16) or b"\x00" in data[:4]:
        raise error(f"{path}: not {what}: it is in UTF-16 or UTF-32; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = data.count(b"\n", 0, reason.start) + 1
        raise error(f"{path}: not {what}: line {line} is not UTF-8; save it as UTF-8") from None
    if _longest_key(text) > LONGEST_KEY:
        raise error(f"{path}: not {what}: it has a key of more than {LONGEST_KEY} parts")
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise error(f"{path}: not {what}: its tables or lists are nested too deeply") from None
    except ValueError as reason:  # TOMLDecodeError, or a number or date that Python does not take
        raise error(f"{path}: not {what} ({one_line(str(reason))})") from None
    return table


def _longest_key(text: str) -> int:
    """The largest number of parts of a possible dotted key in the text."""
    longest = run = 0
    dotted = False
    for token in _TOKENS.finditer(text) if text.count(".") >= LONGEST_KEY else ():
        kind = token.lastgroup
        if kind == "part":
            run = run + 1 if dotted else 1
            longest, dotted = max(longest, run), False
        elif kind == "dot":
            dotted = run > 0 and not dotted
        elif kind == "other":
            run, dotted = 0, False
    return longest


def one_line(text: str, longest: int = LONGEST_REASON) -> str:
    """A text as part of a message: one line, without control characters, shortened."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 3]}..."
