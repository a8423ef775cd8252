"""Text from files and peers, escaped for terminals and files."""

from __future__ import annotations

import json
import os
import unicodedata

import pytest

from edge.text import json_bytes, one_line, printable


def test_printable_every_character_that_steers_a_terminal_becomes_an_escape() -> None:
    unsafe = [chr(code) for code in range(0x10FFFF + 1) if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")]
    unsafe += [chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
    unsafe.remove("\n")
    shown = printable("".join(unsafe))
    assert shown.isascii()
    assert all(" " <= character <= "~" for character in shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;PWNED\x07", r"\x1b]0;PWNED\x07"),
        ("a\nb\tc\r", "a\nb\\tc\\r"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202egpj.exe", r"abc\u202egpj.exe"),
        (os.fsdecode(b"caf\xe9.mp4"), r"caf\xe9.mp4"),
        ("é 人 🙂 \u200d", "é 人 🙂 \u200d"),
    ],
)
def test_printable_keeps_newlines_and_letters(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_one_line_a_line_break_begins_no_line() -> None:
    assert one_line("gone\nmeshcast: forged\u2028line\x85") == r"gone\nmeshcast: forged\u2028line\x85"


def test_json_bytes_a_name_that_is_not_utf8_is_read_by_strict_readers() -> None:
    document = json_bytes({os.fsdecode(b"\xe9"): [os.fsdecode(b"caf\xe9.mp4"), "人", "\x1b", 1.5]})
    assert json.loads(document.decode("utf-8")) == {r"\xe9": [r"caf\xe9.mp4", "人", "\x1b", 1.5]}
