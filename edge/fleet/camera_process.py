"""The process of a camera: a run that publishes to the proxy of its fleet."""

from __future__ import annotations

import logging
import os
import platform
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import zmq

from edge.fleet.child import Child, ParentPipe
from edge.fleet.config import PortRange
from edge.fleet.events import MAX_METRICS, MAX_REASON, Ended, Event, Launch, Order, Prepare, Ready, Report, Started
from edge.run_config import PlaybackConfig, RunConfig, SourceConfig
from edge.text import one_line
from engines.errors import MeshcastError

if TYPE_CHECKING:
    from edge.models import LoadedModels, Models

MODULE = "edge.fleet.camera_process"
REPORT_S = 1.0
METRICS_S = 5.0
WARM_UP = RunConfig(
    SourceConfig(("synthetic:?people=1",), playback=(PlaybackConfig(max_frames=2),)),
    quiet=True,
)


class CameraProcess:
    """A camera in a process of this machine."""

    def __init__(self, order: Order, module: str = MODULE) -> None:
        """
        Args:
            order: Launch of a camera, or Prepare of a standby process.
            module: with the function that the process calls, see `main`.
        """
        self._child = Child(module)
        self._child.send(order)
        self._ended = False

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    def poll(self) -> list[Event]:
        """What has happened since the last call; Ended comes last."""
        if self._ended:
            return []
        try:
            events: list[Event] = self._child.receive()
        except EOFError:
            self._ended = True
            return [Ended(f"its process {self._child.reason()}")]
        self._ended = any(isinstance(event, Ended) for event in events)
        return events

    def launch(self, launch: Launch) -> None:
        """Run a camera in a standby process that is ready."""
        self._child.send(launch)

    def stop(self) -> None:
        """Ask it to end its stream; `close` waits for it."""
        self._child.terminate()

    def close(self) -> None:
        """End the process. Idempotent."""
        self._child.close()


def main(descriptor: int) -> None:
    """Run the camera whose Launch comes over the pipe with this descriptor, until SIGTERM.

    A Prepare before it loads the models.
    """
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    pipe = ParentPipe(descriptor, lambda message: None)
    order: Order = pipe.receive()
    models = None
    try:
        if isinstance(order, Prepare):
            models = _prepared(order.models)
            pipe.send(Ready())
            order = pipe.receive()
        assert isinstance(order, Launch)
        pipe.start()
        whole = _run(order, models, pipe.send)
        pipe.send(Ended("its source has ended", whole=whole))
    except KeyboardInterrupt:
        pipe.send(Ended("it was stopped", whole=True))
    except MeshcastError as error:
        pipe.send(Ended(one_line(str(error))[:MAX_REASON]))
    except Exception as error:
        pipe.send(Ended(one_line(f"internal error ({type(error).__name__}: {error})")[:MAX_REASON]))


def _prepared(wanted: Models) -> LoadedModels:
    """Loaded models that have computed something, which engines prepare for. Raises MeshcastError."""
    from edge.models import LoadedModels
    from edge.run import run
    from engines.files.memory_budget import job_budget

    with job_budget():
        models = LoadedModels(wanted)
        run(WARM_UP, models=models)
    return models


def _run(launch: Launch, models: LoadedModels | None, send: Callable[[Event], None]) -> bool:
    """Returns whether the source was read to its end. Raises MeshcastError."""
    from edge.errors import EXIT_WHOLE
    from edge.run import run
    from edge.wire.curve_auth import Security
    from engines.files.memory_budget import job_budget
    from meshcast.transport.curve import Keys

    public, secret = zmq.curve_keypair()
    with tempfile.TemporaryDirectory(prefix="meshcast-fleet-") as folder:
        _write_public(Path(folder), launch.proxy)
        outputs = launch.run.outputs
        assert outputs.publish is not None
        publish = replace(
            outputs.publish,
            address=f"tcp://{launch.host}:{free_port(launch.host, launch.ports)}",
            security=Security(Keys(public, secret), Path(folder)),
            on_bound=lambda address: send(Started(address, public, platform.node(), os.getpid())),
        )
        reports = _Reports(send)
        monitoring = replace(launch.run.monitoring, on_metrics=reports.serve)
        config = replace(launch.run, outputs=replace(outputs, publish=publish), monitoring=monitoring, quiet=True)
        with job_budget():
            return run(config, models=models, on_progress=reports.progress).exit_code == EXIT_WHOLE


def free_port(host: str, ports: PortRange | None) -> int:
    """A port of a range that is free now, from a place that differs between processes; 0, any port, without a range.

    Raises MeshcastError when none is free.
    """
    if ports is None:
        return 0
    count = ports.last - ports.first + 1
    for offset in range(count):
        port = ports.first + (os.getpid() + offset) % count
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host.strip("[]"), port))
            except OSError:
                continue
            return port
    raise MeshcastError(f"ports {ports}: none is free at {host} of {platform.node()}; give the fleet more ports")


class _Reports:
    """Sends the number of frames, and now and then the metrics, about once a second."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._due_s = self._metrics_due_s = 0.0
        self._exposition: Callable[[], str] = str
        self._lock = threading.Lock()

    def serve(self, exposition: Callable[[], str]) -> None:
        """Take the metrics from this function."""
        self._exposition = exposition

    def progress(self, frames: int, total: int | None) -> None:
        """Called by the run's main loop."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + REPORT_S
        metrics = ""
        if now_s >= self._metrics_due_s:
            self._metrics_due_s = now_s + METRICS_S
            metrics = self._exposition()
        self._send(Report(frames, metrics if len(metrics) <= MAX_METRICS else ""))


def _write_public(folder: Path, key: bytes) -> None:
    """The key file of the only client."""
    text = f'metadata\ncurve\n    public-key = "{key.decode()}"\n'
    (folder / "proxy.pub").write_text(text, encoding="ascii")
