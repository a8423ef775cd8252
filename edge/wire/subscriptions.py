"""The topics that are subscribed to."""

from __future__ import annotations

import re

from meshcast.protocol.layout import MAX_STREAM, TOPIC_PREFIXES, TOPIC_SIZE

_WORDS = tuple(f"{word}/".encode() for word in TOPIC_PREFIXES.values())
_STREAM = re.compile(rb"[A-Za-z0-9._-]{0,%d}\0*" % MAX_STREAM)


class Subscriptions:
    """The topics that are subscribed to, from the requests that an XPUB socket with XPUB_VERBOSE hands out: 1 and the
    start of a topic for every subscription, 0 and the same when its last subscriber has gone.

    Starts of topics that no message of this protocol has are not kept.
    """

    def __init__(self) -> None:
        self._prefixes: set[bytes] = set()

    def update(self, request: bytes) -> bytes | None:
        """Take note of a request; the start of a topic when it is a new subscription to a topic that can exist."""
        mark, prefix = request[:1], request[1:]
        if mark == b"\x01" and can_match(prefix):
            self._prefixes.add(prefix)
            return prefix
        if mark == b"\x00":
            self._prefixes.discard(prefix)
        return None

    def wants(self, topic: bytes) -> bool:
        """Whether a subscription matches a message of this topic. Takes as long for any number of subscriptions."""
        return any(topic[:size] in self._prefixes for size in range(len(topic) + 1))

    def __len__(self) -> int:
        return len(self._prefixes)


def can_match(prefix: bytes) -> bool:
    """Whether the topic of some message may start like this."""
    if len(prefix) > TOPIC_SIZE:
        return False
    for word in _WORDS:
        if word.startswith(prefix) or (prefix.startswith(word) and _STREAM.fullmatch(prefix, len(word))):
            return True
    return False
