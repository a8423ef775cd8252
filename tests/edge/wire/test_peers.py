"""Resource limits of peers, without sockets."""

from __future__ import annotations

import pytest

from edge.wire.peers import HANDSHAKE_BYTES, TOPIC_COST, Limits, Peer, Peers
from edge.wire.subscriptions import Subscriptions, can_match
from meshcast.protocol.layout import TOPIC_SIZE

LIMITS = Limits(
    connections=4, newcomers=3, busy=1, idle_s=10, topics_cost=300, all_topics_cost=500, sent_bytes=100,
    sent_bytes_per_s=10,
)  # fmt: skip
TOPIC = b"mesh/camera"  # costs 43


def peers(subscribed: int = 0, new: int = 0) -> Peers:
    """Descriptors from 0 on: first those that have subscribed to the same topic."""
    made = Peers(LIMITS)
    for descriptor in range(subscribed + new):
        assert made.connect(descriptor, (0, descriptor), float(descriptor)) is None
        if descriptor < subscribed:
            assert made.request(descriptor, b"\1mesh/", "") is None
    return made


def descriptor(peer: Peer | None) -> int | None:
    return None if peer is None else peer.descriptor


def test_peers_too_many_newcomers_returns_the_oldest() -> None:
    made = peers(new=3)
    oldest = made.connect(3, (0, 3), 3.0)
    assert descriptor(oldest) == 0
    assert oldest is not None
    made.cut(oldest)
    assert descriptor(made.connect(4, (0, 4), 4.0)) == 1


def test_peers_full_of_subscribers_returns_the_newest() -> None:
    made = peers(subscribed=4)
    assert descriptor(made.connect(4, (0, 4), 4.0)) == 4
    assert made.subscribed == 4


def test_peers_idle_returns_peers_without_subscription() -> None:
    made = peers(subscribed=1, new=2)
    assert [peer.descriptor for peer in made.idle(11.5)] == [1]
    assert [peer.descriptor for peer in made.idle(12.5)] == [1, 2]


def test_peers_request_beyond_topics_cost_returns_the_peer() -> None:
    made = peers(new=1)
    allowed = LIMITS.topics_cost // (len(TOPIC) + 1 + TOPIC_COST)
    for number in range(allowed):
        request = b"\1" + TOPIC + bytes([number])
        assert made.request(0, request, "") is None
        assert made.request(0, request, "") is None  # the same again costs nothing
    assert descriptor(made.request(0, b"\1" + TOPIC + b"!", "")) == 0


def test_peers_request_beyond_all_topics_cost_returns_the_largest_peer() -> None:
    made = peers(new=3)
    for who, topics in ((0, 4), (1, 5), (2, 2)):
        for number in range(topics):
            assert made.request(who, b"\1" + TOPIC + bytes([who, number]), "") is None
    largest = made.request(2, b"\1mesh/", "")
    assert descriptor(largest) == 1
    assert largest is not None
    made.cut(largest)
    assert made.request(2, b"\1mesh/x", "") is None  # what the one that goes held counts no more


def test_peers_request_of_too_long_topic_returns_the_peer() -> None:
    made = peers(new=1)
    assert made.request(0, b"\1" + b"x" * TOPIC_SIZE, "") is None
    assert descriptor(made.request(0, b"\1" + b"x" * (TOPIC_SIZE + 1), "")) == 0


def test_peers_repeated_subscription_has_constant_cost() -> None:
    made = peers(new=1)
    for number in range(1000):
        topic = TOPIC + str(number).encode()
        assert made.request(0, b"\1" + topic, "") is None
        assert made.request(0, b"\0" + topic, "") is None
    assert made.get(0) is not None
    assert made.get(0).cost == 0  # type: ignore[union-attr]


def test_peers_topic_without_subscribers_is_released() -> None:
    made = peers(subscribed=2)
    assert made.request(-1, b"\0mesh/", "") is None  # libzmq's own, when a connection has gone
    assert all(peer is not None and peer.cost == 0 for peer in map(made.get, range(2)))


def test_peers_sent_beyond_the_rate_returns_the_peer() -> None:
    made = peers(new=2)
    assert all(made.sent(0, 10, second) is None for second in range(1, 1000))
    assert made.sent(1, 100, 1.0) is None
    assert descriptor(made.sent(1, 100, 2.0)) == 1


def test_peers_jammed_counts_peers_with_undelivered_subscriptions() -> None:
    made = peers(subscribed=1, new=2)
    for number in range(3):
        peer = made.get(number)
        assert peer is not None
        peer.total_bytes = HANDSHAKE_BYTES + 1
        assert made.jammed is (number == 2)
    made.disconnect(1)
    assert not made.jammed


def test_peers_of_keys_returns_subscribed_peers() -> None:
    made = peers(new=3)
    for who, key in enumerate(("a", "b", "a")):
        made.request(who, b"\1mesh/", key)
    assert made.keys() == {"a", "b"}
    assert [peer.descriptor for peer in made.of_keys({"a"})] == [0, 2]


@pytest.mark.parametrize(
    ("prefix", "matches"),
    [
        (b"", True),
        (b"m", True),
        (b"mesh", True),
        (b"mesh/", True),
        (b"mesh-lod/cam0\0", True),
        (b"status/cam0\0\0\0", True),
        (b"mesh/cam0\0x", False),
        (b"mesh/a b", False),
        (b"meshes", False),
        (b"x", False),
        (b"mesh/" + b"x" * 31, False),
        (b"mesh/cam" + bytes(TOPIC_SIZE - 8), True),
        (b"mesh/cam" + bytes(TOPIC_SIZE - 7), False),
    ],
)
def test_subscriptions_keeps_only_prefixes_that_can_match(prefix: bytes, matches: bool) -> None:
    subscriptions = Subscriptions()
    assert can_match(prefix) is matches
    assert subscriptions.update(b"\1" + prefix) == (prefix if matches else None)
    assert len(subscriptions) == matches
    if matches:
        assert subscriptions.wants(prefix + b"cam")
        assert subscriptions.update(b"\0" + prefix) is None
        assert not subscriptions.wants(prefix + b"cam")
