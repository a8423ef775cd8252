"""Publishes bodies over ZeroMQ; a subscriber that is slow, stuck or gone never holds it up."""

from __future__ import annotations

import secrets
import time
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


class Publisher:
    """Binds `address` and publishes the bodies of one stream, and their model.

    The model goes out with the first frame after each new subscription and every `repeat_s` seconds. Call it from
    one thread. `address` is the real one, with the port that was found when 0 was asked for. Raises PublishError
    when the address cannot be bound and WireError when the stream's or the model's name does not fit.
    """

    def __init__(
        self,
        address: str,
        model: BodyModel,
        *,
        stream: str,
        high_water_mark: int = HIGH_WATER_MARK,
        repeat_s: float = 2.0,
    ) -> None:
        self._stream = stream
        self._model = ModelEncoder(model)
        self._model_topic = topic(Kind.MODEL, stream)
        self._session = secrets.randbits(32)
        self._repeat_ns = round(repeat_s * 1e9)
        self._seq = self._model_seq = 0
        self._model_due_ns = time.monotonic_ns()
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
        asked = self._new_subscriber()
        now_ns = time.monotonic_ns()
        if asked or now_ns >= self._model_due_ns:
            self._model_due_ns = now_ns + self._repeat_ns
            self._send(self._model.encode(stream=self._stream, seq=self._model_seq, session=self._session))
            self._model_seq += 1
        stamp = Stamp.now(self._stream, self._seq, self._session, self._model.model_id, self._model.name)
        self._send(encode_bodies(frame, bodies, stamp, camera))
        self._seq += 1

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

    def _new_subscriber(self) -> bool:
        """Whether someone subscribed to the model since the last call: a request is 1 and the start of a topic."""
        asked = False
        for _ in range(MAX_REQUESTS):
            try:
                request = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                break
            asked |= request[:1] == b"\x01" and self._model_topic.startswith(request[1:])
        return asked
