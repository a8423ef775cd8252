"""Names of streams: they become topics on the wire, parts of file names and labels of metrics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from edge.errors import UsageError

MAX_LENGTH = 30  # what a stream's name on the wire may have

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")


def check_stream_name(name: str) -> str:
    """The name, if it can go anywhere. Raises UsageError."""
    if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH or not name.strip("."):
        raise UsageError(
            f"the stream's name {name!r}: use 1 to {MAX_LENGTH} letters, digits, '.', '_' and '-', not dots alone"
        )
    return name


def clean_stream_name(text: str) -> str:
    """A name that check_stream_name takes, as near to a text as can be."""
    name = _FOREIGN.sub("_", text).strip("_")[:MAX_LENGTH]
    return name if name.strip(".") else "camera"


def distinct(names: Sequence[str]) -> list[str]:
    """The names, with a number added to those that come more than once; none longer than MAX_LENGTH."""
    repeated = {name for name, count in Counter(names).items() if count > 1}
    taken = set(names) - repeated
    found = []
    for number, name in enumerate(names, 1):
        if name in repeated:
            ending = f"-{number}"
            while (name[: MAX_LENGTH - len(ending)] + ending) in taken:
                ending += "x"
            name = name[: MAX_LENGTH - len(ending)] + ending
            taken.add(name)
        found.append(name)
    return found
