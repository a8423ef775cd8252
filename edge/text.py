"""Text from elsewhere (file names, packets, cards, libraries), made safe to show on a terminal and to store."""

from __future__ import annotations

import json
import re
from typing import Any

# Control characters (C0 but newline, DEL, C1), marks that change the direction of what follows, separators that some
# programs take for a line break, and bytes of file names that are not UTF-8 (surrogateescape).
_CONTROLS = "\x00-\x09\x0b-\x1f\x7f-\x9f"
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_BREAKS = "\u2028\u2029"
_SURROGATES = "\ud800-\udfff"
_UNSAFE = re.compile(f"[{_CONTROLS}{_DIRECTIONS}{_BREAKS}{_SURROGATES}]")
_UNSAFE_IN_A_LINE = re.compile(f"[\n{_CONTROLS}{_DIRECTIONS}{_BREAKS}{_SURROGATES}]")
_SURROGATE = re.compile(f"[{_SURROGATES}]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """Text of one or more lines without control sequences for a terminal.

    Args:
        text: any string; newlines stay.

    Returns:
        The text with every control character, direction mark and undecodable byte written as an escape, for example
        `\\x1b`, `\\u202e` and `\\xe9`.
    """
    return _UNSAFE.sub(_escape, text)


def one_line(text: str) -> str:
    """Like `printable`, with newlines written as `\\n` too: for messages, log lines and cells of tables."""
    return _UNSAFE_IN_A_LINE.sub(_escape, text)


def json_bytes(value: Any) -> bytes:
    """A JSON document in UTF-8, indented, with a newline at its end.

    A byte of a file name that is not UTF-8 becomes the four characters `\\xe9` of its hexadecimal value: JSON has no
    other way to hold it that all readers accept.
    """
    document = json.dumps(value, indent=2, ensure_ascii=False)
    return (_SURROGATE.sub(lambda found: "\\" + _escape(found), document) + "\n").encode()


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that surrogateescape let through
        return f"\\x{code - 0xDC00:02x}"
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
