"""The supervisor with cameras and a proxy that a test controls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.errors import ConfigError
from edge.fleet.backoff import FIRST_S
from edge.fleet.config import MAX_CAMERAS, FleetConfig, Resources, check_cameras
from edge.fleet.events import Ended, Event, Launch, Order, Prepare, Ready, Report, Started
from edge.fleet.supervisor import QUIET_S, ROOM_S, SILENT_S, Supervisor
from edge.wire.upstream import UpstreamConfig
from tests.support.fleets import fleet_of, spec


class FakeCamera:
    usable = True

    def __init__(self, order: Order) -> None:
        self.order = order
        self.node = "here"
        self.events: list[Event] = []
        self.closed = False

    def poll(self, *, silent: bool = False) -> list[Event]:
        self.silent = silent
        events, self.events = self.events, []
        return events

    def launch(self, launch: Launch) -> None:
        self.order = launch

    def stop(self) -> None:
        self.events.append(Ended("it was stopped", whole=True))

    def close(self) -> None:
        self.closed = True


class FakeNodes:
    def __init__(self) -> None:
        self.cameras: list[FakeCamera] = []
        self.why = ""

    def start(self, order: Order, resources: Resources) -> FakeCamera:
        self.cameras.append(FakeCamera(order))
        return self.cameras[-1]

    def problem(self, resources: Resources) -> str:
        return self.why

    def close(self) -> None:
        return None

    def last(self, name: str) -> FakeCamera:
        return next(camera for camera in reversed(self.cameras) if name_of(camera) == name)

    @property
    def standbys(self) -> list[FakeCamera]:
        return [camera for camera in self.cameras if isinstance(camera.order, Prepare) and not camera.closed]


def name_of(camera: FakeCamera) -> str:
    return camera.order.name if isinstance(camera.order, Launch) else ""


class FakeProxy:
    def __init__(self) -> None:
        self.upstreams: list[UpstreamConfig] = []
        self.silence_s = 0.0

    def silent_s(self, stream: str) -> float:
        return self.silence_s

    def set_upstreams(self, upstreams: list[UpstreamConfig]) -> None:
        self.upstreams = upstreams


class Stage:
    """A fleet with a clock that the test sets."""

    def __init__(self, config: FleetConfig) -> None:
        self.now_s = 0.0
        self.nodes, self.proxy = FakeNodes(), FakeProxy()
        self.supervisor = Supervisor(config, self.nodes, self.proxy, lambda: self.now_s)
        self.supervisor.step()

    def publish(self, name: str, port: int = 1) -> None:
        self.nodes.last(name).events.append(Started(f"tcp://127.0.0.1:{port}", b"k" * 40, "here", 7))
        self.supervisor.step()

    def state(self, name: str) -> str:
        return next(camera.state for camera in self.supervisor.status() if camera.name == name)


def test_supervisor_routes_only_published_cameras() -> None:
    stage = Stage(fleet_of("a", "b"))
    assert stage.proxy.upstreams == []
    stage.publish("b", 5)
    (upstream,) = stage.proxy.upstreams
    assert (upstream.address, upstream.streams) == ("tcp://127.0.0.1:5", frozenset({"b"}))
    assert upstream.curve is not None
    launch = stage.nodes.last("b").order
    assert isinstance(launch, Launch)
    assert upstream.curve.keys.public == launch.proxy
    assert (stage.state("a"), stage.state("b")) == ("starting", "live")


def test_supervisor_failed_camera_is_closed_before_the_next_one_starts() -> None:
    stage = Stage(fleet_of("a"))
    stage.publish("a")
    first = stage.nodes.last("a")
    first.events.append(Ended("its node has died"))
    stage.supervisor.step()
    assert first.closed
    assert stage.proxy.upstreams == []
    assert stage.state("a") == "waiting"
    assert len(stage.nodes.cameras) == 1
    stage.now_s += FIRST_S
    stage.supervisor.step()
    assert len(stage.nodes.cameras) == 2
    (status,) = stage.supervisor.status()
    assert (status.restarts, status.reason) == (1, "its node has died")


def test_supervisor_repeated_failures_wait_longer() -> None:
    stage = Stage(fleet_of("a"))
    waits = []
    for _ in range(7):
        stage.nodes.last("a").events.append(Ended("broken"))
        stage.supervisor.step()
        (status,) = stage.supervisor.status()
        waits.append(status.next_start_s)
        stage.now_s += 61
        stage.supervisor.step()
    assert waits[-1] > 10 * max(waits[0], 0.1)


def test_supervisor_camera_without_reports_is_started_again() -> None:
    stage = Stage(fleet_of("a"))
    stage.publish("a")
    stage.now_s += SILENT_S
    stage.nodes.last("a").events.append(Report(10))
    stage.supervisor.step()
    assert stage.state("a") == "live"
    stage.now_s += SILENT_S + 1
    stage.supervisor.step()
    assert stage.state("a") == "waiting"


def test_supervisor_source_at_its_end_is_not_started_again() -> None:
    stage = Stage(fleet_of("a"))
    stage.publish("a")
    stage.nodes.last("a").events.append(Ended("its source has ended", whole=True))
    stage.supervisor.step()
    stage.now_s += 1000
    stage.supervisor.step()
    assert stage.supervisor.finished
    assert len(stage.nodes.cameras) == 1


def test_supervisor_without_a_node_that_fits_says_why() -> None:
    stage = Stage(fleet_of("a"))
    stage.nodes.why = "9 GPUs: none of the 3 nodes has that"
    stage.nodes.last("a").events.append(Ended("broken"))
    stage.supervisor.step()
    stage.now_s += 1
    stage.supervisor.step()
    (status,) = stage.supervisor.status()
    assert status.reason == "9 GPUs: none of the 3 nodes has that"
    assert len(stage.nodes.cameras) == 1


def test_supervisor_reload_leaves_unchanged_cameras_alone() -> None:
    config = fleet_of("same", "gone", "changed")
    stage = Stage(config)
    for name in ("same", "gone", "changed"):
        stage.publish(name, ord(name[0]))
    before = {name: stage.nodes.last(name) for name in ("same", "gone", "changed")}
    new = replace(config, cameras=(spec("changed", fps=5), spec("new"), spec("same")), host="node")
    assert stage.supervisor.reload(new) == [
        "fleet.host: needs a restart; ignored",
        "gone: removed",
        "changed: changed; it starts again",
        "new: added",
    ]
    stage.supervisor.step()
    assert {name for name, camera in before.items() if camera.closed} == {"gone", "changed"}
    assert stage.nodes.last("same") is before["same"]
    assert [camera.name for camera in stage.supervisor.status()] == ["changed", "new", "same"]
    assert [set(upstream.streams) for upstream in stage.proxy.upstreams] == [{"same"}]
    assert stage.supervisor.reload(new) == ["fleet.host: needs a restart; ignored"]


def test_supervisor_standby_takes_over_at_the_next_start() -> None:
    stage = Stage(replace(fleet_of("a", "b"), standby=1))
    assert not stage.nodes.standbys  # cameras have the first choice
    stage.publish("a")
    stage.publish("b")
    (standby,) = stage.nodes.standbys
    assert stage.supervisor.standbys == 0
    standby.events.append(Ready())
    stage.supervisor.step()
    assert stage.supervisor.standbys == 1
    stage.nodes.last("a").events.append(Ended("its node has died"))
    stage.supervisor.step()
    stage.now_s += FIRST_S
    stage.supervisor.step()
    assert stage.nodes.last("a") is standby
    assert not stage.nodes.standbys  # not before the camera publishes
    stage.publish("a", 9)
    assert len(stage.nodes.standbys) == 1
    assert {upstream.address for upstream in stage.proxy.upstreams} == {"tcp://127.0.0.1:1", "tcp://127.0.0.1:9"}
    stage.supervisor.close()
    assert all(camera.closed for camera in stage.nodes.cameras)


@pytest.mark.parametrize("usable", [False, True])
def test_supervisor_standby_that_is_of_no_use_is_not_taken(usable: bool) -> None:
    stage = Stage(replace(fleet_of("a"), standby=1))
    stage.publish("a")
    (standby,) = stage.nodes.standbys
    standby.usable = usable
    if not usable:
        standby.events.append(Ready())
    stage.nodes.last("a").events.append(Ended("its node has died"))
    stage.supervisor.step()
    stage.now_s += FIRST_S
    stage.supervisor.step()
    assert stage.nodes.last("a") is not standby


def test_supervisor_standby_gives_its_room_to_a_camera_that_waits() -> None:
    stage = Stage(replace(fleet_of("a"), standby=2))
    stage.publish("a")
    stage.supervisor.step()
    assert len(stage.nodes.standbys) == 2
    stage.nodes.last("a").events.append(Ended("its node has died"))
    stage.supervisor.step()
    stage.now_s += FIRST_S
    stage.supervisor.step()
    assert len(stage.nodes.standbys) == 2
    stage.now_s += ROOM_S + 1
    stage.supervisor.step()
    assert not stage.nodes.standbys


def test_supervisor_standby_that_fails_is_started_again_later() -> None:
    stage = Stage(replace(fleet_of("a"), standby=1))
    stage.publish("a")
    stage.nodes.standbys[0].events.append(Ended("no such model"))
    stage.supervisor.step()
    assert not stage.nodes.standbys
    stage.now_s += FIRST_S
    stage.supervisor.step()
    assert len(stage.nodes.standbys) == 1


def test_supervisor_reload_changes_the_number_of_standbys() -> None:
    config = fleet_of("a")
    stage = Stage(replace(config, standby=1))
    stage.publish("a")
    assert stage.supervisor.reload(config) == ["fleet.standby: 0"]
    stage.supervisor.step()
    assert not stage.nodes.standbys


def test_supervisor_tells_a_camera_whose_stream_is_silent() -> None:
    stage = Stage(fleet_of("a"))
    stage.proxy.silence_s = QUIET_S + 1
    stage.publish("a")
    stage.supervisor.step()
    assert not stage.nodes.last("a").silent  # its first status is still to come
    stage.now_s += QUIET_S + 1
    stage.supervisor.step()
    assert stage.nodes.last("a").silent
    stage.proxy.silence_s = 0.5
    stage.supervisor.step()
    assert not stage.nodes.last("a").silent


def test_supervisor_close_ends_all_cameras() -> None:
    stage = Stage(fleet_of("a", "b"))
    stage.publish("a")
    stage.supervisor.close()
    assert all(camera.closed for camera in stage.nodes.cameras)


@pytest.mark.parametrize(
    ("names", "said"),
    [((), "no camera"), (("a", "b", "a"), "a: two cameras on one topic"), (("a",) * (MAX_CAMERAS + 1), "at most 1024")],
)
def test_cameras_that_contradict_each_other_are_refused(names: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_cameras([spec(name) for name in names])
