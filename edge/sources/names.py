"""Names of streams: they go into topics, file names and metrics, so letters, digits, . _ and - only."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import unquote

from edge.redaction import HIDDEN

NAME_LENGTH = 30  # what a stream's name on the wire may have
_HOST_LENGTH = 15  # an IPv4 address; where host and path are too long together, the path's end tells streams apart


def clean_name(name: str) -> str:
    """The name with everything replaced that a stream's name may not have."""
    return _replaced(name)[:NAME_LENGTH].strip("_") or "camera"


def url_name(host: str, shown: str) -> str:
    """A name from the host and the path of an address that is redacted already: two channels of one recorder differ."""
    path = re.split(r"[?#]", shown.partition("://")[2].partition("/")[2])[0]
    clean_host = _replaced(host)
    clean_path = _replaced(unquote(path).replace(f"={HIDDEN}", ""))
    if not clean_path:
        return clean_host[:NAME_LENGTH].strip("_") or "camera"
    if len(clean_host) + 1 + len(clean_path) > NAME_LENGTH:
        clean_host = clean_host[:_HOST_LENGTH].strip("_")
        clean_path = clean_path[-(NAME_LENGTH - len(clean_host) - 1) :].strip("_")
    return "_".join(part for part in (clean_host, clean_path) if part) or "camera"


def distinct_names(names: Sequence[str]) -> list[str]:
    """The names in their order, those that occur several times with a number: their position, or the next free one."""
    repeated = {name for name, count in Counter(names).items() if count > 1}
    taken = set(names)
    distinct = []
    for position, name in enumerate(names, 1):
        if name not in repeated:
            distinct.append(name)
            continue
        suffixes = (f"-{number}" for number in itertools.count(position))
        numbered = (f"{name[: NAME_LENGTH - len(suffix)]}{suffix}" for suffix in suffixes)
        distinct.append(next(candidate for candidate in numbered if candidate not in taken))
        taken.add(distinct[-1])
    return distinct


def _replaced(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", text).strip("_")
