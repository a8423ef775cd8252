"""One person at a constant rate, from frames that come when they come."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from edge.bridges.teleop.message import fields_of, pack
from edge.bridges.teleop.smpl_pose import SmplPose, between, check_body, pose_of
from edge.bridges.udp.person_filter import FIRST, PersonFilter
from edge.bridges.udp.skeleton_pose import SkeletonPoser
from edge.bridges.udp.world_frame import WorldFrame
from meshcast.protocol.packets import FramePacket

log = logging.getLogger("meshcast.bridge")

LOST_S = 0.3  # without a frame of the person for longer, nothing is sent
SLOWEST_S = 0.1  # longest interval between frames that is bridged by interpolation
SMOOTHING = 0.1  # share of a new interval in the mean one


class PersonStream:
    """Keeps the two latest poses of one person. Another person never takes the place of the one who was chosen.

    Attributes:
        frames: of the person so far.
    """

    def __init__(self, world: WorldFrame, wanted: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            world: the level frame.
            wanted: a track id, or "first": the first person that is seen.
            clock: monotonic time, s.
        """
        self.frames = 0
        self._poser = SkeletonPoser("gltf", world)
        self._wanted = wanted
        self._filter = PersonFilter(wanted)
        self._clock = clock
        self._lock = threading.Lock()
        self._stream: str | None = None
        self._session: int | None = None
        self._poses: tuple[SmplPose, SmplPose] | None = None
        self._arrived_s = 0.0  # of the latest pose
        self._interval_s = 1 / 30

    def add(self, packet: FramePacket) -> None:
        """Take a frame. Raises WireError for a body without SMPL's joints."""
        if packet.model is None or (self._stream is not None and packet.stream != self._stream):
            return
        if self._session is not None and packet.session != self._session:
            self.forget()  # the publisher has restarted, and its ids with it
        body = self._poser.body(packet)
        check_body(body)
        now, _ = self._filter.update(packet.stream, packet.t_stream_s, packet.people.ids.tolist())
        people = [person for person in self._poser(packet) if person.id in now] if now else []
        pose = pose_of(people[0], body, packet.t_stream_s) if people else None
        if pose is None:
            return
        if self._wanted == FIRST:
            log.info("%s: person %d is sent", packet.stream, people[0].id)
            self._wanted = str(people[0].id)
            self._filter = PersonFilter(self._wanted)
        self._stream, self._session = packet.stream, packet.session
        with self._lock:
            before = self._poses[1] if self._poses is not None else pose
            passed_s = pose.t_s - before.t_s
            if 0 < passed_s <= SLOWEST_S:
                self._interval_s += SMOOTHING * (passed_s - self._interval_s)
            elif passed_s != 0:
                before = pose  # a gap is not bridged
            self._poses, self._arrived_s = (before, pose), self._clock()
        self.frames += 1

    def forget(self) -> None:
        """Send nothing until the person is seen again."""
        with self._lock:
            self._poses = None

    def now(self) -> SmplPose | None:
        """The pose at this moment, one frame interval late, so that it lies between two frames; None without a recent
        one."""
        with self._lock:
            poses, age_s = self._poses, self._clock() - self._arrived_s
            interval_s = self._interval_s
        if poses is None or age_s > LOST_S:
            return None
        before, latest = poses
        return between(before, latest, latest.t_s - interval_s + age_s)


class Sender:
    """Sends the pose of a stream at a constant rate, from a thread of its own.

    Attributes:
        sent: number of messages.
        error: what ended the thread, None as long as it works.
    """

    def __init__(
        self, stream: PersonStream, send: Callable[[bytes], None], *, rate_hz: float, topic: str, version: int
    ) -> None:
        """
        Args:
            stream: gives the poses.
            send: sends a message without blocking; called on the thread.
            rate_hz: messages per second.
            topic: of the messages.
            version: of the protocol, 2 or 3.
        """
        self.sent = 0
        self.error: Exception | None = None
        self._stream, self._send, self._period_s = stream, send, 1 / rate_hz
        self._topic, self._version = topic, version
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="meshcast-teleop", daemon=True)

    def step(self) -> bool:
        """Send the pose of this moment; False without one."""
        pose = self._stream.now()
        if pose is None:
            return False
        self._send(pack(self._topic, self._version, fields_of(pose, self.sent, self._version)))
        self.sent += 1
        return True

    def __enter__(self) -> Sender:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        due_s = time.monotonic()
        try:
            while not self._stop.wait(max(0.0, due_s - time.monotonic())):
                self.step()
                due_s = max(due_s + self._period_s, time.monotonic())
        except Exception as error:  # the command reports it
            self.error = error
