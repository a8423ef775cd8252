"""What each connected peer may ask of a publisher, and what it has asked so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from meshcast.protocol.layout import TOPIC_SIZE


@dataclass(frozen=True, slots=True)
class Limits:
    """How much peers may take of a publisher.

    connections: at a time. newcomers: of them, that have subscribed to nothing yet; with more, the oldest goes. busy:
    connections that libzmq has subscriptions of which were not seen yet; with more, none is accepted. handshake_ms:
    from the connection to the end of ZMTP's handshake. idle_s: until the first subscription. topics_cost: of one peer's
    subscriptions, where a topic costs its bytes and TOPIC_COST; all_topics_cost: of all peers together. sent_bytes: of
    one peer at once, whatever they are; sent_bytes_per_s: in the long run. recheck_s: between two looks at the keys
    that may connect; a peer whose key is missing twice is cut off.
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


HANDSHAKE_BYTES = 128  # of ZMTP's without keys
TOPIC_COST = 32  # of libzmq's tree of topics, whose nodes are 32 bytes for each byte of a topic and 2 kB at a fork


@dataclass(slots=True, eq=False)
class Peer:
    """One connection. identity: of the socket behind the descriptor, None when it was gone before it was looked at.
    key: of an encrypted connection's client, Z85."""

    descriptor: int
    identity: tuple[int, int] | None
    since_s: float
    topics: set[bytes] = field(default_factory=set)
    cost: int = 0
    subscribed: bool = False
    key: str = ""
    cut: bool = False
    sent_bytes: float = 0.0  # less what the rate allows, at the time sent_s
    sent_s: float = 0.0
    total_bytes: int = 0  # as the system counted them


class Peers:
    """The connected peers by descriptor, and which of them go too far. Knows no sockets and no clock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._peers: dict[int, Peer] = {}
        self._holders: dict[bytes, set[Peer]] = {}
        self._cost = 0

    def __len__(self) -> int:
        return len(self._peers)

    def get(self, descriptor: int) -> Peer | None:
        """The peer that is connected with this descriptor."""
        return self._peers.get(descriptor)

    @property
    def subscribed(self) -> int:
        """How many have subscribed to something."""
        return sum(peer.subscribed and not peer.cut for peer in self._peers.values())

    def keys(self) -> set[str]:
        """Of the encrypted connections that have subscribed."""
        return {peer.key for peer in self._peers.values() if peer.key and not peer.cut}

    def of_keys(self, keys: set[str]) -> list[Peer]:
        """The peers that have connected with one of these keys."""
        return [peer for peer in self._peers.values() if peer.key in keys and not peer.cut]

    def connect(self, descriptor: int, identity: tuple[int, int] | None, now_s: float) -> Peer | None:
        """A peer has connected. Returns the one that has to make room for it, which may be itself."""
        self.disconnect(descriptor)
        self._peers[descriptor] = Peer(descriptor, identity, now_s)
        staying = [peer for peer in self._peers.values() if not peer.cut]
        newcomers = [peer for peer in staying if not peer.subscribed]
        crowded = len(staying) > self._limits.connections or len(newcomers) > self._limits.newcomers
        return newcomers[0] if crowded else None

    def newcomer(self) -> Peer | None:
        """The oldest connection that has subscribed to nothing."""
        return next((peer for peer in self._peers.values() if not (peer.subscribed or peer.cut)), None)

    @property
    def jammed(self) -> bool:
        """Whether so many are sending subscriptions, or have sent some and are not gone, that others have to wait."""
        busy = (
            peer
            for peer in self._peers.values()
            if peer.total_bytes > HANDSHAKE_BYTES or (peer.cut and peer.total_bytes)
        )
        return sum(peer.cut or not peer.subscribed for peer in busy) > self._limits.busy

    def disconnect(self, descriptor: int) -> Peer | None:
        """A peer has gone."""
        peer = self._peers.pop(descriptor, None)
        if peer is not None:
            self._release(peer)
        return peer

    def cut(self, peer: Peer) -> None:
        """A peer is being disconnected: what it holds counts no more."""
        peer.cut = True
        self._release(peer)

    def request(self, descriptor: int, request: bytes, key: str) -> Peer | None:
        """A peer has sent a request (see Audience). Returns the peer that goes too far with it."""
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
        """A peer has sent so many bytes. Returns it when they are too many."""
        peer = self._peers.get(descriptor)
        if peer is None or peer.cut:
            return None
        drained = (now_s - peer.sent_s) * self._limits.sent_bytes_per_s
        peer.sent_bytes, peer.sent_s = max(0.0, peer.sent_bytes - drained) + more_bytes, now_s
        return peer if peer.sent_bytes > self._limits.sent_bytes else None

    def forget(self, topic: bytes) -> None:
        """The last subscription to a topic has ended."""
        for peer in self._holders.pop(topic, set()):
            peer.topics.discard(topic)
            self._charge(peer, -_cost(topic))

    def idle(self, now_s: float) -> list[Peer]:
        """The peers that have been connected for idle_s without subscribing to anything."""
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
