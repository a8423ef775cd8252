"""Publishes bodies over ZeroMQ; a subscriber that is slow, stuck or gone never holds it up."""

from __future__ import annotations

import os
import secrets
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType

from calibration.camera import Camera
from edge.types import Bodies, BodyModel, Frame, RigPose
from edge.wire.curve_auth import Security
from edge.wire.frames import FrameEncoder, Stamp
from edge.wire.model import ModelEncoder
from edge.wire.model_schedule import REPEAT_S, ModelSchedule
from edge.wire.peers import Limits
from edge.wire.publisher_socket import HIGH_WATER_MARK, PublisherSocket
from edge.wire.status import encode_status
from meshcast.protocol.layout import Kind, topic

STATUS_S = 1.0


class Publisher:
    """Binds `address` and publishes the bodies of some streams, their model and their status.

    A frame belongs to the stream that its camera names, and goes out at the levels that somebody subscribed to. The
    model goes out after each new subscription to it and every `repeat_s` seconds, the status every `status_s`. Any
    thread may publish. `address` is the real one, with the port that was found when 0 was asked for. axes: of all
    coordinates. security: who may watch; without, only this machine's processes. limits: of what peers may take.
    Raises AddressError when the address cannot or must not be bound and WireError when a stream's or the model's name
    does not fit.
    """

    def __init__(
        self,
        address: str,
        model: BodyModel,
        *,
        streams: Sequence[str],
        axes: str = "opencv",
        security: Security | None = None,
        limits: Limits | None = None,
        high_water_mark: int = HIGH_WATER_MARK,
        repeat_s: float = REPEAT_S,
        status_s: float = STATUS_S,
    ) -> None:
        session = secrets.randbits(32)
        known, frames = ModelEncoder(model, axes), FrameEncoder(axes, model.lod.vertices if model.lod else None)
        self._streams = {
            name: _Stream(name, session, model, known, frames, ModelSchedule(repeat_s)) for name in streams
        }
        self._status_s = status_s
        self._lock = threading.Lock()
        self._outlet = PublisherSocket(address, high_water_mark=high_water_mark, security=security, limits=limits)
        self.address = self._outlet.address
        self._attendant = _Attendant(self._outlet.fileno(), self._attend)

    def publish(
        self, frame: Frame, bodies: Bodies, camera: Camera | None = None, rig_pose: RigPose | None = None
    ) -> None:
        """Send the bodies of one frame, also when there are none. Never blocks.

        Args:
            frame: names the stream.
            bodies: in meters in the camera's frame.
            camera: the camera of this frame.
            rig_pose: the same bodies as a pose of the model's rig. Without it no message of the level `params` is
                sent; `wants_rotations` says whether a client subscribed to it.

        Raises:
            WireError: see FrameEncoder.
        """
        stream = self._streams[frame.stream]
        with self._lock:
            self._see_subscribers()
            wanted = {kind for kind, words in stream.topics.items() if self._outlet.wants(words)}
        # Encoding is most of the work and needs no lock: a stream's frames come from one thread.
        messages = list(stream.frame_messages(frame, bodies, camera, rig_pose, wanted))
        with self._lock:
            stream.moved()
            self._send_models(time.monotonic())
            for message in messages:
                self._outlet.send(message)

    def wants_rotations(self, stream: str) -> bool:
        """Whether a client subscribed to the level `params` of a stream. Any thread may ask."""
        with self._lock:
            self._see_subscribers()
            return self._outlet.wants(self._streams[stream].topics[Kind.PARAMS])

    def end(self, stream: str, reason: str) -> None:
        """Say that a stream has ended, and why."""
        with self._lock:
            self._streams[stream].end(reason)
            self._outlet.send(self._streams[stream].status_message())

    @property
    def subscribers(self) -> int:
        """How many peers are connected over tcp:// or ipc:// and have subscribed to something."""
        return self._outlet.subscribers

    @property
    def refused(self) -> int:
        """How many connections were cut off, or have failed to shake hands, since the start."""
        return self._outlet.refused

    def close(self) -> None:
        """End the streams that have not, and unbind; waits up to half a second until what was published has left. May
        be called twice."""
        if not self._outlet.closed:
            self._attendant.stop()
            for name, stream in self._streams.items():
                if not stream.ended:
                    self.end(name, "the publisher has closed")
        self._outlet.close()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _see_subscribers(self) -> None:
        """Whoever has subscribed to a model gets it at once."""
        for prefix in self._outlet.subscriptions():
            for stream in self._streams.values():
                if stream.topics[Kind.MODEL].startswith(prefix):
                    stream.repeats.ask()
        self._send_models(time.monotonic())

    def _send_models(self, now_s: float) -> None:
        for stream in self._streams.values():
            if now_s >= stream.repeats.due_s:
                stream.repeats.sent(now_s)
                self._outlet.send(stream.model_message())

    def _attend(self, now_s: float) -> float:
        """What has to be done when nothing moves; returns when to look again at the latest, in s from now."""
        with self._lock:
            self._see_subscribers()
            for stream in self._streams.values():
                if now_s >= stream.status_due_s:
                    stream.status_due_s = now_s + self._status_s
                    self._outlet.send(stream.status_message())
            if self._outlet.more:
                return 0.0
            due_s = [due for stream in self._streams.values() for due in (stream.status_due_s, stream.repeats.due_s)]
            return min(due_s, default=now_s + 1) - now_s


class _Stream:
    """Where one stream is: the next numbers of its messages, when its model and its status are due, and how it does."""

    def __init__(
        self,
        name: str,
        session: int,
        model: BodyModel,
        known: ModelEncoder,
        frames: FrameEncoder,
        repeats: ModelSchedule,
    ) -> None:
        self.name = name
        self.topics = {kind: topic(kind, name) for kind in Kind}
        self.repeats = repeats
        self.status_due_s = 0.0
        self.ended = False
        self._session = session
        self._model, self._frames = known, frames
        self._lod = model.lod is not None
        self._reason = ""
        self._seq = self._model_seq = self._status_seq = self._seq_at_status = 0

    def frame_messages(
        self, frame: Frame, bodies: Bodies, camera: Camera | None, rig_pose: RigPose | None, wanted: set[Kind]
    ) -> Iterator[bytes]:
        """The messages of one frame; the smallest first, which the largest would otherwise hold up."""
        stamp = Stamp.now(self.name, self._seq, self._session, self._model.model_id, self._model.name)
        if Kind.PARAMS in wanted and rig_pose is not None:
            yield self._frames.params(frame, bodies, rig_pose, stamp, camera)
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
        self._wake, self._ring = os.pipe()
        self._polled = select.poll()  # select() takes no descriptors from 1024 on
        for readable in (fd, self._wake):
            self._polled.register(readable, select.POLLIN)
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
            ready = self._polled.poll(max(0.0, left_s) * 1000)
            if any(fd == self._wake for fd, _ in ready):
                return
