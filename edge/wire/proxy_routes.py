"""Which publisher of a proxy has which stream."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from edge.wire.upstream import Upstream
from meshcast.protocol.layout import MAX_STREAM, TOPIC_PREFIXES, TOPIC_SIZE, Kind, topic

MAX_STREAMS = 4096  # of all publishers together

_STREAM = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_STREAM}}}")
_MODEL = f"{TOPIC_PREFIXES[Kind.MODEL]}/".encode()


@dataclass(frozen=True, slots=True)
class Route:
    """A topic: the kind of its messages, and where they come from."""

    kind: Kind
    upstream: Upstream


class Routes:
    """Streams and their topics, by publisher."""

    def __init__(self) -> None:
        self._owners: dict[str, Upstream] = {}
        self._by_topic: dict[bytes, Route] = {}  # by the first TOPIC_SIZE bytes of messages
        self._topics: defaultdict[Upstream, set[bytes]] = defaultdict(set)  # as subscriptions name them

    def valid(self, stream: str) -> bool:
        """Whether a stream of this name can be had: it is a name, and there is room for it."""
        return stream in self._owners or (len(self._owners) < MAX_STREAMS and _STREAM.fullmatch(stream) is not None)

    def owner(self, stream: str) -> Upstream | None:
        """The publisher of a stream."""
        return self._owners.get(stream)

    def get(self, name: bytes) -> Route | None:
        """The route of messages that start with `name`, TOPIC_SIZE bytes."""
        return self._by_topic.get(name)

    def topics(self, upstream: Upstream) -> set[bytes]:
        """What can be requested of a publisher; its status is requested anyway."""
        return self._topics[upstream]

    def models(self, prefix: bytes) -> Iterator[tuple[bytes, Upstream]]:
        """The models that a subscription with this prefix asks for, with their publishers."""
        if prefix.startswith(_MODEL) or _MODEL.startswith(prefix):
            for stream, upstream in self._owners.items():
                name = topic(Kind.MODEL, stream)
                if name.startswith(prefix):
                    yield name, upstream

    def assign(self, stream: str, upstream: Upstream) -> None:
        """Take the messages of a stream from this publisher only."""
        self._drop(stream)
        self._owners[stream] = upstream
        for kind in Kind:
            name = topic(kind, stream)
            self._by_topic[name.ljust(TOPIC_SIZE, b"\0")] = Route(kind, upstream)
            if kind is not Kind.STATUS:
                self._topics[upstream].add(name)

    def remove(self, upstream: Upstream) -> None:
        """Forget a publisher and its streams."""
        for stream in [name for name, owner in self._owners.items() if owner is upstream]:
            self._drop(stream)
        self._topics.pop(upstream, None)

    def drop(self, stream: str, upstream: Upstream) -> None:
        """Forget a stream if it belongs to this publisher."""
        if self._owners.get(stream) is upstream:
            self._drop(stream)

    def _drop(self, stream: str) -> None:
        upstream = self._owners.pop(stream, None)
        if upstream is None:
            return
        for kind in Kind:
            name = topic(kind, stream)
            self._by_topic.pop(name.ljust(TOPIC_SIZE, b"\0"), None)
            self._topics[upstream].discard(name)
