"""Limits and accounting of the connected peers of a publisher."""

from __future__ import annotations

from dataclasses import dataclass, field

from meshcast.protocol.layout import TOPIC_SIZE


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits of the peers of a publisher (docs/how-to/security.md).

    Attributes:
        connections: Connections at a time.
        newcomers: Connections without a subscription yet; beyond it the oldest one is disconnected.
        busy: Connections whose subscriptions libzmq has received but not delivered; beyond it none is accepted.
        handshake_ms: From the connection to the end of the ZMTP handshake, ms.
        idle_s: From the connection to the first subscription, s.
        topics_cost: Cost of the subscriptions of one peer; a topic costs its bytes plus TOPIC_COST.
        all_topics_cost: Cost of the subscriptions of all peers together.
        sent_bytes: Bytes that one peer may send in a burst.
        sent_bytes_per_s: Bytes per second that one peer may send in the long run.
        recheck_s: Interval of the check of authorized keys, s; a peer whose key is missing twice is disconnected.
    """

    connections: int = 512
    newcomers: int = 128
    busy: int = 16
    handshake_ms: int = 5000
    idle_s: float = 60.0
    topics_cost: int = 32 << 10
    all_topics_cost: int = 128 << 10
    sent_bytes: int = 64 << 10
    sent_bytes_per_s: int = 4 << 10
    recheck_s: float = 10.0


HANDSHAKE_BYTES = 128  # of the ZMTP handshake without keys
TOPIC_COST = 32  # of libzmq's topic trie: a node is 32 bytes per byte of a topic, and 2 kB at a branch


@dataclass(slots=True, eq=False)
class Peer:
    """One connection. identity: of the socket behind the descriptor, None when it had closed before the check.
    key: of the client of an encrypted connection, Z85."""

    descriptor: int
    identity: tuple[int, int] | None
    since_s: float
    topics: set[bytes] = field(default_factory=set)
    cost: int = 0
    subscribed: bool = False
    key: str = ""
    cut: bool = False
    sent_bytes: float = 0.0  # level of the leaky bucket at the time sent_s
    sent_s: float = 0.0
    total_bytes: int = 0  # as counted by the operating system


class Peers:
    """The connected peers by descriptor, and those that exceed the limits. Independent of sockets and clocks."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._peers: dict[int, Peer] = {}
        self._holders: dict[bytes, set[Peer]] = {}
        self._cost = 0

    def __len__(self) -> int:
        return len(self._peers)

    def get(self, descriptor: int) -> Peer | None:
        """The peer with this descriptor."""
        return self._peers.get(descriptor)

    @property
    def subscribed(self) -> int:
        """Number of peers with a subscription."""
        return sum(peer.subscribed and not peer.cut for peer in self._peers.values())

    def keys(self) -> set[str]:
        """Keys of the encrypted connections that have subscribed."""
        return {peer.key for peer in self._peers.values() if peer.key and not peer.cut}

    def of_keys(self, keys: set[str]) -> list[Peer]:
        """The peers with one of these keys."""
        return [peer for peer in self._peers.values() if peer.key in keys and not peer.cut]

    def connect(self, descriptor: int, identity: tuple[int, int] | None, now_s: float) -> Peer | None:
        """Add a peer. Returns the peer to disconnect when a limit is exceeded, which may be the new one."""
        self.disconnect(descriptor)
        self._peers[descriptor] = Peer(descriptor, identity, now_s)
        staying = [peer for peer in self._peers.values() if not peer.cut]
        newcomers = [peer for peer in staying if not peer.subscribed]
        crowded = len(staying) > self._limits.connections or len(newcomers) > self._limits.newcomers
        return newcomers[0] if crowded else None

    def newcomer(self) -> Peer | None:
        """The oldest connection without a subscription."""
        return next((peer for peer in self._peers.values() if not (peer.subscribed or peer.cut)), None)

    @property
    def jammed(self) -> bool:
        """Whether more than `busy` peers have undelivered subscriptions, so that new connections have to wait."""
        busy = (
            peer
            for peer in self._peers.values()
            if peer.total_bytes > HANDSHAKE_BYTES or (peer.cut and peer.total_bytes)
        )
        return sum(peer.cut or not peer.subscribed for peer in busy) > self._limits.busy

    def disconnect(self, descriptor: int) -> Peer | None:
        """Remove a peer."""
        peer = self._peers.pop(descriptor, None)
        if peer is not None:
            self._release(peer)
        return peer

    def cut(self, peer: Peer) -> None:
        """Mark a peer as being disconnected, and release its subscriptions."""
        peer.cut = True
        self._release(peer)

    def request(self, descriptor: int, request: bytes, key: str) -> Peer | None:
        """Account for a request of a peer (see Subscriptions). Returns the peer that exceeds a limit, if any."""
        mark, topic = request[:1], request[1:]
        if mark == b"\x00":
            self.forget(topic)
        peer = self._peers.get(descriptor)
        if peer is None or peer.cut:
            return None
        peer.key = key
        if mark == b"\x01":
            peer.subscribed = True
            if topic not in peer.topics:
                self._hold(topic, peer)
        if peer.cost > self._limits.topics_cost or len(topic) > TOPIC_SIZE:
            return peer
        if self._cost > self._limits.all_topics_cost:
            return max((peer for peer in self._peers.values() if not peer.cut), key=lambda peer: peer.cost)
        return None

    def sent(self, descriptor: int, more_bytes: int, now_s: float) -> Peer | None:
        """Account for bytes that a peer has sent. Returns the peer when it exceeds the limit."""
        peer = self._peers.get(descriptor)
        if peer is None or peer.cut:
            return None
        drained = (now_s - peer.sent_s) * self._limits.sent_bytes_per_s
        peer.sent_bytes, peer.sent_s = max(0.0, peer.sent_bytes - drained) + more_bytes, now_s
        return peer if peer.sent_bytes > self._limits.sent_bytes else None

    def forget(self, topic: bytes) -> None:
        """Release a topic without subscribers."""
        for peer in self._holders.pop(topic, set()):
            peer.topics.discard(topic)
            self._charge(peer, -_cost(topic))

    def idle(self, now_s: float) -> list[Peer]:
        """The peers that have been connected for idle_s without a subscription."""
        begin_s = now_s - self._limits.idle_s
        return [peer for peer in self._peers.values() if not (peer.subscribed or peer.cut) and peer.since_s < begin_s]

    def _hold(self, topic: bytes, peer: Peer) -> None:
        peer.topics.add(topic)
        self._holders.setdefault(topic, set()).add(peer)
        self._charge(peer, _cost(topic))

    def _charge(self, peer: Peer, cost: int) -> None:
        peer.cost += cost
        self._cost += cost

    def _release(self, peer: Peer) -> None:
        for topic in peer.topics:
            holders = self._holders[topic]
            holders.discard(peer)
            if not holders:
                del self._holders[topic]
        self._charge(peer, -peer.cost)
        peer.topics.clear()


def _cost(topic: bytes) -> int:
    return len(topic) + TOPIC_COST
