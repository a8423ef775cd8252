"""One person at a constant rate."""

from __future__ import annotations

import numpy as np
import pytest

from edge.bridges.teleop.stream import LOST_S, PersonStream, Sender
from edge.bridges.udp.world_frame import WorldFrame
from tests.support.bridge_packets import FACING, people_packet
from tests.support.pose_messages import unpack


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def packet(t_s: float, x_m: float, ids: list[int], session: int = 1) -> object:
    rotations = np.tile(np.eye(3, dtype=np.float32), (len(ids), 24, 1, 1))
    rotations[:, 0] = FACING
    places = np.tile(np.float32([x_m, 0, 3]), (len(ids), 1))
    return people_packet(rotations, places, ids=ids, t_s=t_s, session=session)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def stream(clock: Clock, wanted: str = "first") -> PersonStream:
    return PersonStream(WorldFrame(), wanted, clock=clock)


def x_of(made: PersonStream) -> float | None:
    pose = made.now()
    return None if pose is None else float(pose.root[0])


def test_person_stream_interpolates_between_frames(clock: Clock) -> None:
    made = stream(clock)
    for index in range(60):
        made.add(packet(index * 0.05, index * 0.1, [3]))
        clock.now_s += 0.05
    clock.now_s -= 0.05  # the last frame has just arrived
    seen = []
    for _ in range(5):
        seen.append(x_of(made))
        clock.now_s += 0.0125
    assert seen == pytest.approx([5.8, 5.825, 5.85, 5.875, 5.9], abs=0.005)
    clock.now_s += LOST_S
    assert x_of(made) is None
    assert made.frames == 60


def test_person_stream_another_person_never_takes_the_place(clock: Clock) -> None:
    made = stream(clock)
    made.add(packet(0.0, 0.0, [3, 5]))
    for index in range(1, 80):
        clock.now_s += 0.05
        made.add(packet(index * 0.05, 1.0, [5]))
    assert x_of(made) is None
    assert made.frames == 1
    made.add(packet(4.05, 2.0, [3, 5]))
    assert x_of(made) == pytest.approx(2.0, abs=1e-4)


def test_person_stream_a_gap_is_not_bridged(clock: Clock) -> None:
    made = stream(clock, "3")
    made.add(packet(0.0, 0.0, [3]))
    clock.now_s += 2.0
    made.add(packet(2.0, 4.0, [3]))
    assert x_of(made) == pytest.approx(4.0, abs=1e-4)


def test_person_stream_restarted_publisher_is_silence(clock: Clock) -> None:
    made = stream(clock)
    made.add(packet(5.0, 1.0, [3]))
    made.add(packet(0.0, 2.0, [7], session=2))
    assert x_of(made) is None


def test_sender_numbers_its_messages(clock: Clock) -> None:
    made, sent = stream(clock), []
    sender = Sender(made, sent.append, rate_hz=50, topic="body", version=3)
    assert not sender.step()
    made.add(packet(0.0, 1.0, [3]))
    assert sender.step()
    assert sender.step()
    numbers = [unpack(message, "body")[1]["frame_index"].tolist() for message in sent]
    assert numbers == [[0], [1]]
