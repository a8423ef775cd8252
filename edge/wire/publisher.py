"""Publishes bodies over ZeroMQ; a subscriber that is slow, stuck or gone never holds it up."""

from __future__ import annotations

import os
import secrets
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

import zmq

from calibration.camera import Camera
from edge.stages.fit import Fit
from edge.types import Bodies, BodyModel, Frame
from edge.wire.audience import Audience
from edge.wire.binding import check_socket_file
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.guard import HANDSHAKE_BYTES, Guard, Security, check
from edge.wire.model import ModelEncoder
from edge.wire.status import encode_status
from meshcast.address import address_error, check_address, context_for
from meshcast.layout import Kind, topic

HIGH_WATER_MARK = 8  # messages kept for a subscriber that does not keep up; later ones are dropped for it
SEND_BUFFER_BYTES = 256 << 10  # more would only make a slow subscriber's pictures older
STUCK_MS = 4000  # a subscriber that takes nothing for so long is cut off, which frees what was kept for it
LINGER_MS = 500  # how long close() waits for what is on its way
MAX_REQUEST_BYTES = HANDSHAKE_BYTES  # subscribers send topics only; longer messages end their connection
MAX_REQUESTS = 1000  # read at a time, so that a flood of subscriptions cannot hold up the frames
HEARTBEAT_MS = 2000
STATUS_S = 1.0
REPEAT_S = 10.0


class Publisher:
    """Binds `address` and publishes the bodies of some streams, their model and their status.

    A frame belongs to the stream that its camera names, and goes out at the levels that somebody subscribed to. The
    model goes out after each new subscription to it and every `repeat_s` seconds, the status every `status_s`. Any
    thread may publish. `address` is the real one, with the port that was found when 0 was asked for. axes: of all
    coordinates. security: who may watch; without, only this machine's processes. Raises AddressError when the address
    cannot or must not be bound and WireError when a stream's or the model's name does not fit.
    """

    def __init__(
        self,
        address: str,
        model: BodyModel,
        *,
        streams: Sequence[str],
        axes: str = "opencv",
        security: Security | None = None,
        high_water_mark: int = HIGH_WATER_MARK,
        repeat_s: float = REPEAT_S,
        status_s: float = STATUS_S,
    ) -> None:
        session = secrets.randbits(32)
        known, frames = ModelEncoder(model, axes), FrameEncoder(axes, model.lod.vertices if model.lod else None)
        self._streams = {name: _Stream(name, session, model, known, frames) for name in streams}
        self._repeat_s, self._status_s = repeat_s, status_s
        self._audience = Audience()
        self._lock = threading.Lock()
        security = security or Security()
        check_address(address)
        check(address, security)
        check_socket_file(address)
        self._context, self._own_context = context_for(address)
        self._guard: Guard | None = None
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.set(zmq.XPUB_VERBOSE, 1)  # every subscription is seen, not only the first to a topic
        self._socket.set(zmq.SNDHWM, high_water_mark)
        self._socket.set(zmq.SNDBUF, SEND_BUFFER_BYTES)
        self._socket.set(zmq.TCP_MAXRT, STUCK_MS)
        self._socket.set(zmq.MAXMSGSIZE, MAX_REQUEST_BYTES)
        self._socket.set(zmq.LINGER, LINGER_MS)
        self._socket.set(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        self._socket.set(zmq.IPV6, int("[" in address))
        # Within the process there is nothing to encrypt.
        if security.keys is not None and security.allowed is not None and self._own_context:
            self._guard = Guard(self._context, security.keys, security.allowed)
            self._guard.secure_server(self._socket)
        try:
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self._release()
            raise address_error(address, error) from None
        self.address = self._socket.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        self._attendant = _Attendant(int(self._socket.get(zmq.FD)), self._attend)

    def publish(self, frame: Frame, bodies: Bodies, camera: Camera | None = None) -> None:
        """Send the bodies of one frame, none of them included. Never waits. Raises WireError (see FrameEncoder)."""
        stream = self._streams[frame.camera]
        with self._lock:
            self._see_subscribers()
            wanted = {kind for kind, words in stream.topics.items() if self._audience.wants(words)}
        # Encoding is most of the work and needs no lock: a stream's frames come from one thread.
        messages = list(stream.frame_messages(frame, bodies, camera, wanted))
        with self._lock:
            stream.moved()
            self._send_models(time.monotonic())
            for message in messages:
                self._send(message)

    def end(self, stream: str, reason: str) -> None:
        """Say that a stream has ended, and why."""
        with self._lock:
            self._streams[stream].end(reason)
            self._send(self._streams[stream].status_message())

    def close(self) -> None:
        """End the streams that have not, and unbind; waits up to half a second until what was published has left. May
        be called twice."""
        if not self._socket.closed:
            self._attendant.stop()
            for name, stream in self._streams.items():
                if not stream.ended:
                    self.end(name, "the publisher has closed")
        self._release()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _release(self) -> None:
        self._socket.close()
        if self._guard is not None:
            self._guard.close()
        if self._own_context:
            self._context.term()

    def _send(self, message: bytes) -> None:
        self._socket.send(message, zmq.DONTWAIT)

    def _see_subscribers(self) -> None:
        """Whoever has subscribed to a model gets it now."""
        for _ in range(MAX_REQUESTS):
            try:
                request = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                break
            prefix = self._audience.hear(request)
            for stream in self._streams.values():
                if prefix is not None and stream.topics[Kind.MODEL].startswith(prefix):
                    stream.model_due_s = 0.0
        self._send_models(time.monotonic())

    def _send_models(self, now_s: float) -> None:
        for stream in self._streams.values():
            if now_s >= stream.model_due_s:
                stream.model_due_s = now_s + self._repeat_s
                self._send(stream.model_message())

    def _attend(self, now_s: float) -> float:
        """What has to be done when nothing moves; returns when to look again at the latest, in s from now."""
        with self._lock:
            self._see_subscribers()
            for stream in self._streams.values():
                if now_s >= stream.status_due_s:
                    stream.status_due_s = now_s + self._status_s
                    self._send(stream.status_message())
            return min((stream.status_due_s for stream in self._streams.values()), default=now_s + 1) - now_s


class _Stream:
    """Where one stream is: the next numbers of its messages, when its model and its status are due, and how it does."""

    def __init__(self, name: str, session: int, model: BodyModel, known: ModelEncoder, frames: FrameEncoder) -> None:
        self.name = name
        self.topics = {kind: topic(kind, name) for kind in Kind}
        self.model_due_s = self.status_due_s = 0.0
        self.ended = False
        self._session = session
        self._model, self._frames = known, frames
        self._fit = Fit(model) if model.rig is not None else None
        self._lod = model.lod is not None
        self._reason = ""
        self._seq = self._model_seq = self._status_seq = self._seq_at_status = 0

    def frame_messages(self, frame: Frame, bodies: Bodies, camera: Camera | None, wanted: set[Kind]) -> Iterator[bytes]:
        """The messages of one frame; the smallest first, which the largest would otherwise hold up."""
        stamp = Stamp.now(self.name, self._seq, self._session, self._model.model_id, self._model.name)
        if Kind.PARAMS in wanted and self._fit is not None:
            yield self._frames.params(frame, bodies, self._fit(frame.t_s, bodies), stamp, camera)
        if Kind.JOINTS in wanted:
            yield self._frames.joints(frame, bodies, stamp, camera)
        if Kind.MESH_LOD in wanted and self._lod:
            yield self._frames.mesh_lod(frame, bodies, stamp, camera)
        if Kind.MESH in wanted:
            yield self._frames.mesh(frame, bodies, stamp, camera)

    def moved(self) -> None:
        """A frame has come: it counts, whether or not somebody gets it."""
        self._seq += 1
        self.ended = False

    def end(self, reason: str) -> None:
        self.ended, self._reason = True, reason

    def model_message(self) -> bytes:
        self._model_seq += 1
        return self._model.encode(stream=self.name, seq=self._model_seq - 1, session=self._session)

    def status_message(self) -> bytes:
        idle = self._seq == self._seq_at_status
        message = encode_status(
            self._model,
            stream=self.name,
            seq=self._status_seq,
            session=self._session,
            state="ended" if self.ended else "idle" if idle else "live",
            next_seq=self._seq,
            reason=self._reason if self.ended else "",
        )
        self._status_seq += 1
        self._seq_at_status = self._seq
        return message


class _Attendant:
    """A thread that calls `attend` when a socket has something to read, and when it is time."""

    def __init__(self, fd: int, attend: Callable[[float], float]) -> None:
        self._attend = attend
        self._fd = fd
        self._wake, self._ring = os.pipe()
        self._thread = threading.Thread(target=self._work, name="publisher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        os.write(self._ring, b"\0")
        self._thread.join()
        os.close(self._ring)
        os.close(self._wake)

    def _work(self) -> None:
        while True:
            left_s = self._attend(time.monotonic())
            ready, _, _ = select.select([self._fd, self._wake], [], [], max(0.0, left_s))
            if self._wake in ready:
                return
