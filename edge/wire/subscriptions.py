"""Active subscriptions."""

from __future__ import annotations

import re

from meshcast.protocol.layout import MAX_STREAM, TOPIC_PREFIXES, TOPIC_SIZE

_PREFIXES = tuple(f"{known}/".encode() for known in TOPIC_PREFIXES.values())
_STREAM = re.compile(rb"[A-Za-z0-9._-]{0,%d}\0*" % MAX_STREAM)


class Subscriptions:
    """Topic prefixes with at least one subscriber.

    They come from the requests of an XPUB socket with XPUB_VERBOSE: byte 1 and a prefix for every subscription, byte 0
    and the prefix when its last subscriber is gone. Prefixes that match no message of this protocol are ignored.

    Attributes:
        changes: number of prefixes added and removed so far.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._prefixes: set[bytes] = set()

    def update(self, request: bytes) -> bytes | None:
        """Process a request; returns the prefix of a new subscription that can match a message, else None."""
        mark, prefix = request[:1], request[1:]
        if mark == b"\x01" and can_match(prefix):
            self.changes += prefix not in self._prefixes
            self._prefixes.add(prefix)
            return prefix
        if mark == b"\x00" and prefix in self._prefixes:
            self.changes += 1
            self._prefixes.remove(prefix)
        return None

    def wants(self, topic: bytes) -> bool:
        """Whether a subscription matches a message of this topic. The time is independent of their number."""
        return any(topic[:size] in self._prefixes for size in range(len(topic) + 1))

    def __len__(self) -> int:
        return len(self._prefixes)


def can_match(prefix: bytes) -> bool:
    """Whether the topic of a message can start with this prefix."""
    if len(prefix) > TOPIC_SIZE:
        return False
    for known in _PREFIXES:
        if known.startswith(prefix) or (prefix.startswith(known) and _STREAM.fullmatch(prefix, len(known))):
            return True
    return False
