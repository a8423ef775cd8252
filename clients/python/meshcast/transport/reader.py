"""Decodes the messages of a subscription and keeps its state between them, independent of the socket."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from meshcast.errors import WireError
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import EXTRAS, LEVELS, TOPIC_PREFIXES, TOPIC_SIZE, Kind, topic
from meshcast.protocol.packets import FramePacket, ModelPacket, Packet
from meshcast.transport.latency import STALE_S, LatencyEstimator
from meshcast.transport.loss import LossCounter


def topics(levels: Sequence[str], stream: str) -> list[bytes]:
    """The topics of some levels of one stream, or of all streams when `stream` is empty. Raises WireError.

    levels: levels of detail, and "preview" and "stats"."""
    known = LEVELS | EXTRAS
    if unknown := [level for level in levels if level not in known]:
        raise WireError(f"unknown level {unknown[0]!r}; choose from {', '.join(LEVELS)}")
    # The model first: a publisher that reads all requests at once sends it before its next frame.
    kinds = [Kind.MODEL, Kind.STATUS, *(known[level] for level in levels)]
    return [topic(kind, stream) if stream else f"{TOPIC_PREFIXES[kind]}/".encode() for kind in kinds]


def newest(messages: Iterable[bytes]) -> list[bytes]:
    """The last message of each topic, in order of arrival."""
    last: dict[bytes, bytes] = {}
    for message in messages:
        last.pop(message[:TOPIC_SIZE], None)
        last[message[:TOPIC_SIZE]] = message
    return list(last.values())


class Reader:
    """Decodes messages and adds to each frame its model, its delay and the frames lost before it.

    latest: drop frames that have waited in a queue for more than half a second, as after a stall, and reordered ones.
    """

    def __init__(self, address: str, *, latest: bool = False) -> None:
        self._address = address
        self._latest = latest
        self._models: dict[str, ModelPacket] = {}
        self._losses: defaultdict[tuple[str, str], LossCounter] = defaultdict(LossCounter)
        self._delays: defaultdict[str, LatencyEstimator] = defaultdict(LatencyEstimator)

    def read(self, message: bytes, t_receive_s: float | None = None) -> Packet | None:
        """The packet of a message that arrived at `t_receive_s` (monotonic, default now), None when it is too late.

        Raises WireError, of the type that `decode` raises."""
        try:
            packet = decode(message)
        except WireError as error:
            raise type(error)(f"{self._address}: {error}") from None
        if isinstance(packet, ModelPacket):
            self._models[packet.stream] = packet
        if not isinstance(packet, FramePacket):
            return packet
        t_publish_s = packet.t_capture_monotonic_ns / 1e9 + packet.age_ms / 1e3
        late_s = self._delays[packet.stream].of(
            packet.session, t_publish_s, time.monotonic() if t_receive_s is None else t_receive_s
        )
        if self._latest and late_s > STALE_S:
            return None
        lost, reordered = self._losses[packet.stream, packet.level].step(packet.session, packet.seq)
        if self._latest and reordered:
            return None
        model = self._models.get(packet.stream)
        if model is not None and model.model_id != packet.model_id:
            model = None
        return replace(packet, model=model, lost=lost, reordered=reordered, delay_ms=late_s * 1e3)
