"""Publishes bodies over ZeroMQ. A slow, stalled or vanished subscriber never blocks it."""

from __future__ import annotations

import logging
import os
import secrets
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from calibration.camera import Camera
from edge.types import Bodies, BodyModel, Frame, RigPose
from edge.wire.curve_auth import Security
from edge.wire.frames import FrameEncoder
from edge.wire.model import ModelEncoder
from edge.wire.model_schedule import REPEAT_S, ModelSchedule
from edge.wire.peers import Limits
from edge.wire.previews import Pace, PreviewConfig, PreviewEncoder, PreviewThread
from edge.wire.publisher_socket import HIGH_WATER_MARK, PublisherSocket
from edge.wire.stream_messages import OF_SURFACE, StreamMessages
from meshcast.protocol.layout import Kind

log = logging.getLogger("meshcast.publisher")

STATUS_S = 1.0
LATE_S = 0.05  # close() reads subscriptions for so long before it sends the end of the streams


class Publisher:
    """Binds `address` and publishes the bodies of some streams, their model and their status.

    A frame is sent on the stream that it names, at the levels that have a subscriber. The model is sent after each new
    subscription to it and every `repeat_s` seconds, the status every `status_s`. Any thread may publish. After
    construction, `address` is the bound one, with the port that the system chose for port 0.

    Args:
        address: `tcp://HOST:PORT`, `ipc://PATH` or `inproc://NAME`.
        model: The body model of all streams.
        streams: Names of the streams, 1 to 30 letters, digits, '.', '_' and '-'.
        axes: Axes of all coordinates: "opencv", "unity", "unreal" or "gltf".
        security: Access control; without it only processes of this machine can connect.
        limits: Resource limits of the peers.
        previews: Send previews of the camera's images to subscribers that ask for them; None: none are sent.
        high_water_mark: Messages queued for a slow subscriber.
        repeat_s: Seconds between two model messages.
        status_s: Seconds between two status messages.

    Raises:
        AddressError: The address cannot be bound.
        PublishError: The address is public and neither encrypted nor declared insecure.
        WireError: The name of a stream or of the model does not fit, or the model cannot be encoded.
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
        previews: PreviewConfig | None = None,
        high_water_mark: int = HIGH_WATER_MARK,
        repeat_s: float = REPEAT_S,
        status_s: float = STATUS_S,
    ) -> None:
        session = secrets.randbits(32)
        models, frames = ModelEncoder(model, axes), FrameEncoder(axes, model.lod.vertices if model.lod else None)
        self._streams = {
            name: _Stream(StreamMessages(name, session, model, models, frames), ModelSchedule(repeat_s))
            for name in streams
        }
        self._status_s = status_s
        self._previews: PreviewThread | None = None
        if previews is not None:
            encoder = PreviewEncoder(previews)
            self._previews = PreviewThread(lambda frame, camera: self._send_preview(frame, camera, encoder))
            for stream in self._streams.values():
                stream.pace = Pace(previews.fps)
        self._warned = False
        self._lock = threading.Lock()
        self._socket = PublisherSocket(address, high_water_mark=high_water_mark, security=security, limits=limits)
        self.address = self._socket.address
        self._housekeeping = _Housekeeping(self._socket.fileno(), self._work_due)

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
        entry = self._streams[frame.stream]
        stream = entry.messages
        with self._lock:
            self._read_subscriptions()
            wanted = {kind for kind, name in stream.topics.items() if self._socket.wants(name)}
            entry.camera = camera
        previews, pace = self._previews, entry.pace
        if (
            previews is not None
            and all(frame.pixels.shape)  # a room has no image
            and pace is not None
            and Kind.PREVIEW in wanted
            and pace.takes(frame.t_capture_ns / 1e9)
        ):
            previews.offer(frame, camera)
        # Encoding is most of the work and needs no lock: a stream's frames come from one thread.
        messages = list(stream.frame(frame, bodies, camera, rig_pose, wanted))
        with self._lock:
            stream.count_frame()
            self._send_models(time.monotonic())
            for message in messages:
                self._socket.send(message)

    def wants_rotations(self, stream: str) -> bool:
        """Whether a client subscribed to the level `params` of a stream. Any thread may ask."""
        with self._lock:
            self._read_subscriptions()
            return self._socket.wants(self._streams[stream].messages.topics[Kind.PARAMS])

    def wants_surface(self, stream: str) -> bool:
        """Whether a client subscribed to a level that is made of the bodies' surface. Any thread may ask."""
        topics = self._streams[stream].messages.topics
        with self._lock:
            self._read_subscriptions()
            return any(self._socket.wants(topics[kind]) for kind in OF_SURFACE)

    def wants_mesh(self, stream: str) -> bool:
        """Whether a client subscribed to the level `mesh` of a stream. Any thread may ask."""
        with self._lock:
            self._read_subscriptions()
            return self._socket.wants(self._streams[stream].messages.topics[Kind.MESH])

    def describe(self, stream: str, values: Callable[[], Mapping[str, Any]]) -> None:
        """Send what `values` returns once a second to subscribers of the stream's stats; it is called on a thread of
        the publisher."""
        with self._lock:
            self._streams[stream].values = values

    def end(self, stream: str, reason: str) -> None:
        """Send the end of a stream, with the reason."""
        with self._lock:
            self._streams[stream].messages.end(reason)
            self._socket.send(self._streams[stream].messages.status())

    @property
    def subscribers(self) -> int:
        """Number of peers over tcp:// or ipc:// with a subscription."""
        return self._socket.subscribers

    @property
    def refused(self) -> int:
        """Number of connections since the start that exceeded a limit or failed the handshake."""
        return self._socket.refused

    def close(self) -> None:
        """End the open streams and unbind, after waiting up to half a second for messages in flight. Idempotent."""
        if not self._socket.closed:
            if self._previews is not None:
                self._previews.stop()
            self._housekeeping.stop()
            self._read_late_subscriptions()
            for name, stream in self._streams.items():
                if not stream.messages.ended:
                    self.end(name, "the publisher has closed")
        self._socket.close()

    def _read_late_subscriptions(self) -> None:
        """Read the requests that arrive in the next moments: a new client's reach the socket a few at a time, and
        without them it would not receive the end of the streams."""
        poller = select.poll()
        poller.register(self._socket.fileno(), select.POLLIN)
        deadline_s = time.monotonic() + LATE_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            with self._lock:
                self._read_subscriptions()
            poller.poll(1000 * left_s)

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_subscriptions(self) -> None:
        """Send the model immediately for each new subscription to it."""
        for prefix in self._socket.subscriptions():
            for stream in self._streams.values():
                if stream.messages.topics[Kind.MODEL].startswith(prefix):
                    stream.schedule.ask()
        self._send_models(time.monotonic())

    def _send_models(self, now_s: float) -> None:
        for stream in self._streams.values():
            if now_s >= stream.schedule.due_s:
                stream.schedule.sent(now_s)
                self._socket.send(stream.messages.model())

    def _send_preview(self, frame: Frame, camera: Camera | None, encoder: PreviewEncoder) -> None:
        """On the thread of the previews."""
        message = self._streams[frame.stream].messages.preview(frame, camera, encoder)
        with self._lock:
            if not self._socket.closed:
                self._socket.send(message)

    def _stats(self, stream: _Stream) -> bytes | None:
        """The stats message of a stream, None where there is none."""
        try:
            return stream.messages.stats({**stream.values(), **camera_stats(stream.camera)})
        except Exception as error:
            if not self._warned:
                log.warning("%s: no statistics: %s", stream.messages.name, error)
            self._warned = True
            return None

    def _work_due(self, now_s: float) -> float:
        """Send due models and statuses; returns the longest wait until the next call, in s."""
        with self._lock:
            self._read_subscriptions()
            for stream in self._streams.values():
                if now_s >= stream.status_due_s:
                    stream.status_due_s = now_s + self._status_s
                    self._socket.send(stream.messages.status())
                    if self._socket.wants(stream.messages.topics[Kind.STATS]) and (stats := self._stats(stream)):
                        self._socket.send(stats)
            if self._socket.more:
                return 0.0
            due_s = [due for stream in self._streams.values() for due in (stream.status_due_s, stream.schedule.due_s)]
            return min(due_s, default=now_s + 1) - now_s


@dataclass(slots=True)
class _Stream:
    """The messages of a stream, when its model (see schedule) and its status are due, the rate of its previews, its
    latest camera, and where its stats come from."""

    messages: StreamMessages
    schedule: ModelSchedule
    status_due_s: float = 0.0
    pace: Pace | None = None
    camera: Camera | None = None
    values: Callable[[], Mapping[str, Any]] = dict


def camera_stats(camera: Camera | None) -> dict[str, Any]:
    """Values of the stats message about a camera: whether its focal length is assumed, its lens, and the floor."""
    if camera is None:
        return {}
    values: dict[str, Any] = {"camera_assumed": camera.assumed, "lens": camera.model}
    if camera.floor is not None:
        values["floor"] = {"up": camera.floor.up.tolist(), "height_m": camera.floor.height_m}
    return values


class _Housekeeping:
    """A thread that calls `work` when a descriptor is readable, and when the wait that it returned is over."""

    def __init__(self, fd: int, work: Callable[[float], float]) -> None:
        self._callback = work
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
            left_s = self._callback(time.monotonic())
            ready = self._polled.poll(max(0.0, left_s) * 1000)
            if any(fd == self._wake for fd, _ in ready):
                return
