"""Keeps the cameras of a fleet running, and tells the proxy where each one publishes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import zmq

from edge.fleet.backoff import Backoff
from edge.fleet.config import CameraSpec, FleetConfig
from edge.fleet.events import Ended, Event, Launch, Report, Started
from edge.fleet.nodes import Camera, Nodes
from edge.fleet.standbys import Standbys
from edge.fleet.status import CameraStatus, State
from edge.wire.upstream import UpstreamConfig
from meshcast.transport.curve import Curve, Keys

SILENT_S = 30.0  # a published camera without a report for longer is started again
QUIET_S = 3.0  # a stream of which the proxy receives nothing for longer is silent
ROOM_S = 15.0  # a camera that starts for longer gets the room of the standby processes
END_S = 8.0  # for all cameras to end their streams

log = logging.getLogger("meshcast.fleet")


class SiteProxy(Protocol):
    """The proxy, as far as the supervisor knows it."""

    def silent_s(self, stream: str) -> float:
        """For how long nothing of a stream has arrived."""
        ...

    def set_upstreams(self, upstreams: list[UpstreamConfig]) -> None:
        """Forward the messages of these publishers."""
        ...


@dataclass(slots=True)
class _Entry:
    """A camera and what is known of it."""

    spec: CameraSpec
    backoff: Backoff = field(default_factory=Backoff)
    camera: Camera | None = None
    state: State = "waiting"
    due_s: float = 0.0  # of the next start
    started: Started | None = None
    launched_s: float = 0.0
    started_s: float = 0.0
    heard_s: float = 0.0
    frames: int = 0
    fps: float = 0.0
    metrics: str = ""
    restarts: int = 0
    reason: str = ""


class Supervisor:
    """Starts cameras, and again with growing pauses after each failure. Call `step` several times a second."""

    def __init__(
        self, config: FleetConfig, nodes: Nodes, proxy: SiteProxy, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._config, self._nodes, self._proxy, self._clock = config, nodes, proxy, clock
        self._keys = Keys(*zmq.curve_keypair())
        self._entries = {spec.name: _Entry(spec) for spec in config.cameras}
        self._standbys = Standbys(nodes, config.standby, clock)

    def step(self) -> None:
        """Handle what has happened, and start what is due."""
        now_s = self._clock()
        for entry in self._entries.values():
            if entry.camera is not None:
                for event in entry.camera.poll(silent=self._is_silent(entry, now_s)):
                    self._handle(entry, event, now_s)
            if entry.state == "live" and now_s - entry.heard_s > SILENT_S:
                self._handle(entry, Ended(f"no report for {SILENT_S:g} s"), now_s)
            if entry.state == "waiting" and now_s >= entry.due_s:
                self._start(entry)
        self._step_standbys(now_s)
        self._route()

    def reload(self, config: FleetConfig) -> list[str]:
        """Take over the cameras of another configuration; returns what has changed, a line each."""
        lines = [
            f"fleet.{name}: needs a restart; ignored"
            for name, value in config.settings.items()
            if value != self._config.settings[name]
        ]
        wanted = {spec.name: spec for spec in config.cameras}
        removed = [name for name in self._entries if name not in wanted]
        changed = [
            name
            for name, spec in wanted.items()
            if name in self._entries and self._entries[name].spec.fingerprint != spec.fingerprint
        ]
        self._end([self._entries[name] for name in (*removed, *changed)])
        lines += [f"{name}: removed" for name in removed]
        for name, spec in wanted.items():
            entry = self._entries.get(name)
            if entry is None:
                self._entries[name] = _Entry(spec)
                lines.append(f"{name}: added")
            elif name in changed:
                self._entries[name] = _Entry(spec, restarts=entry.restarts)
                lines.append(f"{name}: changed; it starts again")
        self._entries = {name: self._entries[name] for name in wanted}
        if config.standby != self._standbys.count:
            lines.append(f"fleet.standby: {config.standby}")
            self._standbys.count = config.standby
        return lines

    def status(self) -> tuple[CameraStatus, ...]:
        """The state of every camera, in the order of the file."""
        now_s = self._clock()
        return tuple(
            CameraStatus(
                name=name,
                state=entry.state,
                source=entry.spec.run.sources.shown[0],
                node="" if entry.camera is None else entry.camera.node,
                address="" if entry.started is None else entry.started.address,
                pid=0 if entry.started is None else entry.started.pid,
                frames=entry.frames,
                fps=round(entry.fps, 2),
                restarts=entry.restarts,
                next_start_s=round(max(0.0, entry.due_s - now_s), 1) if entry.state == "waiting" else 0.0,
                reason=entry.reason,
            )
            for name, entry in list(self._entries.items())
        )

    def metrics(self) -> dict[str, str]:
        """The latest metrics of each camera in Prometheus' text format."""
        return {name: entry.metrics for name, entry in list(self._entries.items()) if entry.metrics}

    @property
    def finished(self) -> bool:
        """Whether all sources have come to their end."""
        return all(entry.state == "ended" for entry in self._entries.values())

    @property
    def standbys(self) -> int:
        """Processes that can take over a camera now."""
        return self._standbys.ready

    def close(self) -> None:
        """End all cameras: their streams end in order if they do so in time."""
        self._standbys.close()
        self._end(list(self._entries.values()))

    def _start(self, entry: _Entry) -> None:
        problem = self._nodes.problem(entry.spec.resources)
        if problem:
            self._fail(entry, problem)
            return
        launch = Launch(entry.spec.name, entry.spec.run, self._config.host, self._config.ports, self._keys.public)
        entry.state, entry.launched_s = "starting", self._clock()
        entry.camera = self._standbys.take(entry.spec)
        if entry.camera is None:
            entry.camera = self._nodes.start(launch, entry.spec.resources)
        else:
            entry.camera.launch(launch)

    def _is_silent(self, entry: _Entry, now_s: float) -> bool:
        long_enough = entry.state == "live" and now_s - entry.started_s > QUIET_S
        return long_enough and self._proxy.silent_s(entry.spec.name) > QUIET_S

    def _step_standbys(self, now_s: float) -> None:
        starting = [entry for entry in self._entries.values() if entry.state == "starting"]
        if any(now_s - entry.launched_s > ROOM_S for entry in starting):
            self._standbys.close()
        self._standbys.step((entry.spec for entry in self._entries.values()), start=not starting)

    def _handle(self, entry: _Entry, event: Event, now_s: float) -> None:
        if isinstance(event, Started):
            entry.started, entry.started_s, entry.heard_s = event, now_s, now_s
            entry.state, entry.reason, entry.frames = "live", "", 0
        elif isinstance(event, Report):
            passed_s = now_s - entry.heard_s
            if passed_s > 0:
                entry.fps = max(0, event.frames - entry.frames) / passed_s
            entry.frames, entry.heard_s = event.frames, now_s
            entry.metrics = event.metrics or entry.metrics
        elif isinstance(event, Ended):
            if entry.started is not None:
                entry.backoff.worked(now_s - entry.started_s)
            self._close(entry)
            if event.whole:
                entry.state, entry.reason = "ended", event.reason
                log.warning("%s: %s", entry.spec.name, event.reason)
            else:
                self._fail(entry, event.reason)

    def _fail(self, entry: _Entry, reason: str) -> None:
        pause_s = entry.backoff.pause_s()
        if reason != entry.reason:
            log.warning("%s: %s; it starts again in %.1f s", entry.spec.name, reason, pause_s)
        entry.state, entry.reason, entry.due_s = "waiting", reason, self._clock() + pause_s
        entry.restarts += 1

    def _close(self, entry: _Entry) -> None:
        if entry.camera is not None:
            entry.camera.close()
        entry.camera, entry.started, entry.fps, entry.metrics = None, None, 0.0, ""

    def _end(self, entries: list[_Entry]) -> None:
        """Ask cameras to end their streams, and close them."""
        running = [entry for entry in entries if entry.camera is not None]
        for entry in running:
            assert entry.camera is not None
            entry.camera.stop()
        end_s = time.monotonic() + END_S
        while running and time.monotonic() < end_s:
            running = [entry for entry in running if not self._has_ended(entry)]
            time.sleep(0.05)
        for entry in entries:
            self._close(entry)

    def _has_ended(self, entry: _Entry) -> bool:
        assert entry.camera is not None
        return any(isinstance(event, Ended) for event in entry.camera.poll())

    def _route(self) -> None:
        self._proxy.set_upstreams(
            [
                UpstreamConfig(
                    entry.started.address, Curve(self._keys, entry.started.key), frozenset({entry.spec.name})
                )
                for entry in self._entries.values()
                if entry.started is not None
            ]
        )
