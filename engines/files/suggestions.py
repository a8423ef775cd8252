"""Messages for a name that does not exist: the most similar one that does, and the list."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from engines.errors import UnknownNameError

SIMILAR = 0.6  # of difflib's ratio; below it, a suggestion is a guess
LONGEST = 80  # characters of a mistyped name that a message repeats


def closest(name: str, known: Iterable[str], similar: float = SIMILAR) -> str | None:
    """The known name that is most similar to `name`, upper and lower case being the same, or None.

    similar: ratio of difflib that it has at least; short names need a higher one.
    """
    by_folded = {entry.casefold(): entry for entry in known}
    found = difflib.get_close_matches(name[:LONGEST].casefold(), by_folded, n=1, cutoff=similar)
    return by_folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ " (did you mean NAME?)" for the most similar known name, to be appended to a message; "" without one."""
    found = closest(name, known)
    return f" (did you mean {found}?)" if found is not None else ""


def unknown(what: str, name: str, known: Iterable[str], listed: str | None = None) -> UnknownNameError:
    """The error for a name that does not exist.

    Args:
        what: What the name is of ("backend").
        name: The name as it was given.
        known: The names that exist, which a suggestion is chosen from.
        listed: The list in the message; None lists `known`.
    """
    known = tuple(known)
    shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
    there = listed if listed is not None else ", ".join(known) or "none"
    return UnknownNameError(f"unknown {what} {shown!r}{did_you_mean(name, known)}; there are: {there}")
