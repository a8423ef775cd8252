"""The cameras of a room on other machines: keypoints and poses of their publishers, one thread for each address."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from calibration.rig_file import Rig
from edge.room.alignment import Sample
from edge.room.views import ViewPeople, rig_pixels
from edge.types import BodyModel
from engines.errors import MeshcastError
from engines.files.suggestions import did_you_mean
from meshcast.protocol.axes import convert_frame, convert_model
from meshcast.protocol.packets import FramePacket, ModelPacket, Packet, StatusPacket
from meshcast.protocol.rotations import rotmat
from meshcast.subscriber import Subscription, subscribe_all
from meshcast.transport.curve import Curve

LEVELS = ("joints", "params")  # keypoints, visibility and contacts; rotations and shape
MOST_PROBLEMS = 100
WAITING = 32  # halves of frames that wait for the other level
CLOCK_LIMIT_S = 2.0  # difference between the clocks of two machines
FOCAL_TOLERANCE = 0.02  # largest relative difference of a publisher's focal length from the rig's

log = logging.getLogger("meshcast.room")


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """Where the cameras come from.

    addresses: of publishers; names: of the rig's cameras, which are those of their streams; curve: keys for encrypted
    publishers.
    """

    addresses: tuple[str, ...]
    names: tuple[str, ...]
    curve: Curve | None = None


class Feeds:
    """Subscribes to all publishers and hands the frames of the rig's cameras on.

    Attributes:
        model: the body model of the cameras, once one has arrived.
        problems: lines about streams that cannot be used, each once.
    """

    def __init__(
        self,
        config: FeedConfig,
        rig: Rig,
        put: Callable[[int, Sample], None],
        ended: Callable[[int], None],
    ) -> None:
        """
        Args:
            config: addresses and names.
            rig: the cameras.
            put: takes the frames of each camera, by its index in `names`.
            ended: called when a camera's stream has ended.
        """
        self._config, self._rig = config, rig
        self._put, self._ended = put, ended
        self._index = {name: index for index, name in enumerate(config.names)}
        self._lock = threading.Condition()
        self._stopping = False
        self._origin: dict[str, str] = {}  # address of each camera's stream
        self.model: BodyModel | None = None
        self.problems: list[str] = []
        self._shifts_s: dict[str, float] = {}  # of streams whose clocks differ by far
        self._reported: set[tuple[str, str]] = set()
        self.received: dict[str, int] = dict.fromkeys(config.names, 0)
        self._threads = [
            threading.Thread(target=self._receive, args=(address,), name=f"meshcast-feed-{n}", daemon=True)
            for n, address in enumerate(config.addresses)
        ]

    def start(self) -> None:
        """Connect; addresses are checked here. Raises AddressError."""
        self._subscriptions = [
            subscribe_all(address, levels=LEVELS, curve=self._config.curve) for address in self._config.addresses
        ]
        for thread in self._threads:
            thread.start()

    def wait_for_model(self, seconds: float, stopped: Callable[[], bool]) -> BodyModel | None:
        """The body model, None if none arrives in time."""
        deadline_s = time.monotonic() + seconds
        with self._lock:
            while self.model is None and not stopped() and time.monotonic() < deadline_s:
                self._lock.wait(0.1)
            return self.model

    def close(self) -> None:
        """Disconnect. May be called twice."""
        self._stopping = True
        for subscription in getattr(self, "_subscriptions", []):
            subscription.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(2.0)

    def missing(self) -> list[str]:
        """Cameras without any frame."""
        return [name for name, count in self.received.items() if not count]

    def _receive(self, address: str) -> None:
        lanes: dict[str, _Lane] = {}
        packets = self._subscriptions[self._config.addresses.index(address)]
        while not self._stopping and self._read(address, packets, lanes):
            pass

    def _read(self, address: str, packets: Subscription[Packet], lanes: dict[str, _Lane]) -> bool:
        """Take packets until the subscription ends (False) or one cannot be read."""
        try:
            for packet in packets:
                self._take(address, packet, lanes)
        except MeshcastError as error:
            self._report(address, "unreadable", str(error))
            return True
        return False

    def _take(self, address: str, packet: Packet, lanes: dict[str, _Lane]) -> None:
        camera = self._index.get(packet.stream)
        if camera is None:
            if isinstance(packet, FramePacket) and packet.people.views is None:
                hint = did_you_mean(packet.stream, self._config.names)
                problem = f"its stream {packet.stream} is no camera of the rig{hint}; it is ignored"
                self._report(address, packet.stream, problem)
            return
        if not self._owns(address, packet):
            return
        if isinstance(packet, ModelPacket):
            self._take_model(packet)
        elif isinstance(packet, StatusPacket):
            if packet.state == "ended":
                self._ended(camera)
        elif isinstance(packet, FramePacket):
            lane = lanes.setdefault(packet.stream, _Lane())
            whole = lane.add(convert_frame(packet, "opencv"))
            if whole is not None:
                self._hand_on(camera, *whole)

    def _owns(self, address: str, packet: Packet) -> bool:
        """Whether the stream comes from one publisher only."""
        with self._lock:
            owner = self._origin.setdefault(packet.stream, address)
        if owner == address:
            return True
        self._report(packet.stream, address, f"comes from {owner} and from {address}; the second one is ignored")
        return False

    def _take_model(self, packet: ModelPacket) -> None:
        body = convert_model(packet, "gltf").body
        with self._lock:
            known = self.model
            if known is None:
                self.model = body
                self._lock.notify_all()
                return
        if (body.name, body.keypoint_names) != (known.name, known.keypoint_names):
            own, others = (f"{one.name}, {len(one.keypoint_names)} keypoints" for one in (body, known))
            self._report(packet.stream, "model", f"its models ({own}) are not those of the other cameras ({others})")

    def _hand_on(self, camera: int, joints: FramePacket, params: FramePacket) -> None:
        model = self.model
        people, posed = joints.people, params.people
        if model is None or people.keypoints.shape[1] != len(model.keypoint_names) or not self._fits(joints):
            return
        rotations = rotmat(posed.rotvecs).astype(np.float32)
        view = ViewPeople(
            people.ids,
            rig_pixels(people.keypoints, joints.size, self._rig.cameras[joints.stream]),
            rotations,
            posed.shape,
            posed.translation,
            people.visibility,
            people.contacts,
        )
        captured_s = joints.t_capture_unix_ns * 1e-9 + self._clock_shift_s(joints)
        age_s = time.time() - captured_s
        self.received[joints.stream] += 1
        captured_ns = time.monotonic_ns() - round(age_s * 1e9)
        self._put(camera, Sample(captured_s, joints.frame_index, captured_ns, view))

    def _clock_shift_s(self, packet: FramePacket) -> float:
        """What is added to a stream's times: packets arrive soon after they were published, if the clocks agree."""
        late_s = time.time() - packet.t_publish_unix_ns * 1e-9
        if abs(late_s) <= CLOCK_LIMIT_S:
            self._shifts_s.pop(packet.stream, None)
            return 0.0
        side = "behind" if late_s > 0 else "ahead of"
        self._report(
            packet.stream,
            "clock",
            f"the clock of its publisher is {abs(late_s):.1f} s {side} this machine's; its frames are taken "
            "to be of the time when they arrive; synchronize both with NTP or PTP",
        )
        shift_s = self._shifts_s.get(packet.stream, late_s)
        # The packet that was the quickest says best how the clocks differ; a jump of a clock begins again.
        shift_s = late_s if abs(late_s - shift_s) > CLOCK_LIMIT_S else min(shift_s, late_s)
        self._shifts_s[packet.stream] = shift_s
        return shift_s

    def _fits(self, packet: FramePacket) -> bool:
        """Whether a publisher's images are those of the rig's camera."""
        camera = self._rig.cameras[packet.stream]
        try:
            expected = camera.at(packet.size)
        except MeshcastError:
            there, here = (f"{width} x {height}" for width, height in (camera.size, packet.size))
            self._report(packet.stream, "size", f"the rig's camera is for {there} pixels, its publisher has {here}")
            return False
        if packet.camera is not None:
            focal = packet.camera.K[0, 0] / expected.K[0, 0]
            if abs(focal - 1) > FOCAL_TOLERANCE:
                used, wanted = packet.camera.K[0, 0], expected.K[0, 0]
                self._report(
                    packet.stream,
                    "camera",
                    f"its publisher uses a focal length of {used:.0f} px, the rig {wanted:.0f} px; give it the camera "
                    f"with --camera RIG.toml#{packet.stream}",
                )
        return True

    def _report(self, subject: str, kind: str, problem: str) -> None:
        """Keep and log a line, once for each kind of a subject."""
        with self._lock:
            if (subject, kind) in self._reported or len(self._reported) >= MOST_PROBLEMS:
                return
            self._reported.add((subject, kind))
            self.problems.append(f"{subject}: {problem}")
        log.warning("%s: %s", subject, problem)


class _Lane:
    """Pairs the two levels of a stream's frames."""

    def __init__(self) -> None:
        self._halves: OrderedDict[tuple[int, int], FramePacket] = OrderedDict()

    def add(self, packet: FramePacket) -> tuple[FramePacket, FramePacket] | None:
        """The frame at the levels joints and params, once both are there."""
        key = packet.session, packet.seq
        other = self._halves.pop(key, None)
        if other is None or other.level == packet.level:
            self._halves[key] = packet
            while len(self._halves) > WAITING:
                self._halves.popitem(last=False)
            return None
        return (packet, other) if packet.level == "joints" else (other, packet)
