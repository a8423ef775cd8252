"""Publishes bodies over ZeroMQ; a subscriber that is slow, stuck or gone never holds it up."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

import zmq

from calibration.camera import Camera
from edge.types import Bodies, BodyModel, Frame
from edge.wire.address import address_error, check_address, check_socket_file, context_for
from edge.wire.layout import Kind, topic
from edge.wire.model import ModelEncoder
from edge.wire.packet import Stamp, encode_bodies

HIGH_WATER_MARK = 8  # messages kept for a subscriber that does not keep up; later ones are dropped for it
LINGER_MS = 500  # how long close() waits for what is on its way
MAX_REQUEST_BYTES = 256  # subscribers send topics only; longer messages end their connection
MAX_REQUESTS = 1000  # read per publish, so that a flood of subscriptions cannot hold up the frames
HEARTBEAT_MS = 2000


@dataclass(slots=True)
class _Stream:
    """Where one stream is: the next numbers of its packets and of its models, and when its model is due."""

    model_topic: bytes
    model_due_ns: int
    seq: int = 0
    model_seq: int = 0


class Publisher:
    """Binds `address` and publishes the bodies of some streams, and their model.

    A frame belongs to the stream that its camera names. The model goes out with a stream's first frame after each new
    subscription and every `repeat_s` seconds. Any thread may publish. `address` is the real one, with the port that was
    found when 0 was asked for. Raises PublishError when the address cannot be bound and WireError when a stream's or
    the model's name does not fit.
    """

    def __init__(
        self,
        address: str,
        model: BodyModel,
        *,
        streams: Sequence[str],
        high_water_mark: int = HIGH_WATER_MARK,
        repeat_s: float = 2.0,
    ) -> None:
        self._model = ModelEncoder(model)
        self._session = secrets.randbits(32)
        self._repeat_ns = round(repeat_s * 1e9)
        now_ns = time.monotonic_ns()
        self._streams = {name: _Stream(topic(Kind.MODEL, name), now_ns) for name in streams}
        self._lock = threading.Lock()
        check_address(address)
        check_socket_file(address)
        self._context, self._own_context = context_for(address)
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.set(zmq.XPUB_VERBOSE, 1)  # every subscription is seen, not only the first to a topic
        self._socket.set(zmq.SNDHWM, high_water_mark)
        self._socket.set(zmq.MAXMSGSIZE, MAX_REQUEST_BYTES)
        self._socket.set(zmq.LINGER, LINGER_MS)
        self._socket.set(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        self._socket.set(zmq.IPV6, int("[" in address))
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise address_error(address, error) from None
        self.address = self._socket.get_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def publish(self, frame: Frame, bodies: Bodies, camera: Camera | None = None) -> None:
        """Send the bodies of one frame, none of them included. Never waits. Raises WireError (see encode_bodies)."""
        name, stream = frame.camera, self._streams[frame.camera]
        # Encoding is most of the work and needs no lock: a stream's frames come from one thread.
        stamp = Stamp.now(name, stream.seq, self._session, self._model.model_id, self._model.name)
        packet = encode_bodies(frame, bodies, stamp, camera)
        with self._lock:
            self._see_new_subscribers()
            now_ns = time.monotonic_ns()
            if now_ns >= stream.model_due_ns:
                stream.model_due_ns = now_ns + self._repeat_ns
                self._send(self._model.encode(stream=name, seq=stream.model_seq, session=self._session))
                stream.model_seq += 1
            self._send(packet)
        stream.seq += 1

    def close(self) -> None:
        """Unbind; waits up to half a second until what was published has left. May be called twice."""
        self._socket.close()
        if self._own_context:
            self._context.term()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, message: bytes) -> None:
        self._socket.send(message, zmq.DONTWAIT)

    def _see_new_subscribers(self) -> None:
        """A model is due where someone subscribed to it: a request is 1 and the start of a topic."""
        for _ in range(MAX_REQUESTS):
            try:
                request = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            for stream in self._streams.values():
                if request[:1] == b"\x01" and stream.model_topic.startswith(request[1:]):
                    stream.model_due_ns = 0
