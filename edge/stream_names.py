"""Names of streams: they become topics on the wire, parts of file names and labels of metrics."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from edge.errors import UsageError
from edge.redaction import HIDDEN

MAX_LENGTH = 30  # what a stream's name on the wire may have
_HOST_LENGTH = 15  # an IPv4 address; where host and path are too long together, the path's end tells streams apart
_DEFAULT = "camera"

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")


def check_stream_name(name: str) -> str:
    """The name, if it is valid as topic, file name and label. Raises UsageError."""
    if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH or not name.strip("."):
        raise UsageError(
            f"the stream's name {name!r}: use 1 to {MAX_LENGTH} letters, digits, '.', '_' and '-', not dots alone"
        )
    return name


def clean_stream_name(text: str) -> str:
    """A valid name similar to a text."""
    return _usable(_replaced(text))


def url_name(host: str, shown: str) -> str:
    """A name from the host and the path of an address that is redacted already: two channels of one recorder differ."""
    path = re.split(r"[?#]", shown.partition("://")[2].partition("/")[2])[0]
    clean_host = _replaced(host)
    clean_path = _replaced(unquote(path).replace(f"={HIDDEN}", ""))
    if clean_path and len(clean_host) + 1 + len(clean_path) > MAX_LENGTH:
        clean_host = clean_host[:_HOST_LENGTH].strip("_")
        clean_path = clean_path[-(MAX_LENGTH - len(clean_host) - 1) :].strip("_")
    return _usable("_".join(part for part in (clean_host, clean_path) if part))


def distinct(names: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """The names in their order, those that occur several times with a number: their position, or the next free one.

    taken: names that other streams have.
    """
    others = set(taken)
    repeated = {name for name, count in Counter(names).items() if count > 1 or name in others}
    used = others | set(names)
    found = []
    for position, name in enumerate(names, 1):
        if name not in repeated:
            found.append(name)
            continue
        suffixes = (f"-{number}" for number in itertools.count(position))
        numbered = (f"{name[: MAX_LENGTH - len(suffix)]}{suffix}" for suffix in suffixes)
        found.append(next(candidate for candidate in numbered if candidate not in used))
        used.add(found[-1])
    return found


def _replaced(text: str) -> str:
    return _FOREIGN.sub("_", text).strip("_")


def _usable(name: str) -> str:
    name = name[:MAX_LENGTH].strip("_")
    return name if name.strip(".") else _DEFAULT
