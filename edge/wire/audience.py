"""Who listens to what."""

from __future__ import annotations


class Audience:
    """The topics that are subscribed to, from the requests that an XPUB socket with XPUB_VERBOSE hands out: 1 and the
    start of a topic for every subscription, 0 and the same when its last subscriber has gone."""

    def __init__(self) -> None:
        self._prefixes: set[bytes] = set()

    def hear(self, request: bytes) -> bytes | None:
        """Take note of a request; the start of a topic when somebody has just subscribed to it."""
        mark, prefix = request[:1], request[1:]
        if mark == b"\x01":
            self._prefixes.add(prefix)
            return prefix
        if mark == b"\x00":
            self._prefixes.discard(prefix)
        return None

    def wants(self, topic: bytes) -> bool:
        """Whether somebody would receive a message of this topic."""
        return any(topic.startswith(prefix) for prefix in self._prefixes)
