"""The fusion of cameras that publish on any machines: subscriptions in, one stream of the room out."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, SourceError
from edge.monitoring.clients import Clients
from edge.monitoring.observers import MonitoringConfig, Observers
from edge.monitoring.progress import Progress
from edge.room.alignment import Sample
from edge.room.coverage import check_common_view
from edge.room.fusion import RoomFusion
from edge.room_config import RoomSetup
from edge.run_config import OutputConfig
from edge.runtime.destinations import check_outputs, plan_outputs
from edge.runtime.outputs import Outputs
from edge.runtime.room_feed import FeedConfig, Feeds
from edge.runtime.room_results import ROOM, RoomResults
from edge.runtime.signals import interruptible
from edge.runtime.stream import StreamRun
from edge.timing import Timings
from edge.types import BodyModel
from edge.wire.publisher import Publisher
from engines.body.body import Body, open_body
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from engines.body.select import select_body
from engines.errors import ModelError
from meshcast.transport.curve import Curve

POLL_S = 0.1
FPS = 30.0  # nominal

log = logging.getLogger("meshcast.fuse")


@dataclass(frozen=True, slots=True)
class FuseConfig:
    """A fusion of published streams.

    Attributes:
        room: the rig and the cameras of it that are used.
        addresses: of the publishers.
        outputs: publisher and files of the fused stream.
        curve: keys for encrypted publishers.
        timeout_s: time without a frame of any camera after which it ends, s; None: never.
        monitoring: metrics and probes.
        quiet: show no progress.
    """

    room: RoomSetup
    addresses: tuple[str, ...]
    outputs: OutputConfig
    curve: Curve | None = None
    timeout_s: float | None = None
    monitoring: MonitoringConfig = field(default_factory=MonitoringConfig)
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class FuseResult:
    """How a fusion ended: its exit code, number of moments, written files and problems, one line each."""

    exit_code: int
    frames: int
    written: tuple[Path, ...]
    problems: tuple[str, ...]


def fuse(config: FuseConfig) -> FuseResult:
    """Fuse until all streams have ended, nothing arrives for timeout_s, or SIGINT or SIGTERM; results are kept.

    Raises:
        MeshcastError: nothing could be fused.
    """
    with ExitStack() as cleanup:
        interrupt = cleanup.enter_context(interruptible())
        setup = config.room
        cameras = setup.cameras()
        for line in check_common_view(cameras, str(setup.path)):
            log.warning("%s", line)
        outputs = config.outputs
        (files,) = plan_outputs([ROOM], outputs.files, fused=ROOM)
        check_outputs(files.paths, (), [setup.path])
        observers = cleanup.enter_context(Observers(config.monitoring))
        inbox = _Inbox()
        feeds = Feeds(FeedConfig(config.addresses, setup.names, config.curve), setup.rig, inbox.put, inbox.finish)
        cleanup.callback(feeds.close)
        feeds.start()
        wait_s = config.timeout_s if config.timeout_s is not None else float("inf")
        received = feeds.wait_for_model(wait_s, lambda: interrupt.asked)
        if received is None:
            raise SourceError(_nothing(config, feeds))
        body, model = body_of(received)
        fusion = RoomFusion(body, model, cameras, setup.fusion)
        results = RoomResults(fusion, Timings(observers.listener(ROOM)), live=True, realtime=True)
        cleanup.callback(results.close)
        publisher = None
        if outputs.publish is not None:
            publish = outputs.publish
            publisher = cleanup.enter_context(
                Publisher(publish.address, model, streams=[ROOM], axes=publish.axes, security=publish.security)
            )
        written = Outputs(files, model, results.pipeline.timings, FPS, publisher, stream=ROOM, cameras=results.names)
        cleanup.callback(written.abort)
        results.wants_rotations = partial(written.wants_rotations, ROOM)
        fusion.surface_use = partial(written.surface_use, ROOM)
        stream = StreamRun(" + ".join(config.addresses), results, written, None, lambda: None)
        cleanup.callback(stream.close)
        clients = Clients(lambda: publisher.subscribers, lambda: publisher.refused) if publisher is not None else None
        observers.watch([stream], None, clients, results)
        progress = cleanup.enter_context(Progress([stream], config.quiet))
        stream.start()
        inbox.open(results)
        while stream.running and not interrupt.asked:
            for poll in (progress.refresh, observers.poll, results.poll):
                poll()
            if config.timeout_s is not None and inbox.quiet_s > config.timeout_s:
                break
            time.sleep(POLL_S)
        observers.ending()
        feeds.close()
        inbox.close(results)
        stream.close()
        progress.close()
        problems = list(dict.fromkeys([*feeds.problems, *stream.problems]))
        if not stream.frames and not interrupt.asked:
            raise SourceError(problems[0] if problems else _nothing(config, feeds))
        problems += [f"{name}: no frame arrived" for name in feeds.missing()]
        code = EXIT_INPUT if not stream.frames else EXIT_PARTIAL if problems else EXIT_WHOLE
        return FuseResult(code, stream.frames, tuple(stream.written), tuple(problems))


def body_of(received: BodyModel) -> tuple[Body, BodyModel]:
    """The body of this machine that publishers use, and its model with their joints and keypoints.

    Raises:
        ModelError: the body is not here, or has no rig.
    """
    bundled = open_body()
    body: Body = bundled if received.name == bundled.name else select_body(received.name)
    if len(body.v_template) != len(received.rest_vertices) or rig_of(body) is None:
        raise ModelError(f"the body {received.name} of the publishers is not that of this machine, or has no rig")
    model = BodyModel(
        name=body.name,
        faces=body.faces,
        rest_vertices=body.v_template,
        parents=body.parents,
        joint_names=received.joint_names,
        keypoint_names=received.keypoint_names,
        rig=rig_of(body),
        uv=body.uv,
        lod=lod_of(body),
    )
    return body, model


def _nothing(config: FuseConfig, feeds: Feeds) -> str:
    problems = "; ".join(feeds.problems[:1])
    if problems:
        return problems
    addresses, names = ", ".join(config.addresses), ", ".join(config.room.names)
    return (
        f"{addresses}: no stream of {names} received; check that publishers run there with these names "
        "(meshcast run --stream NAME --publish ADDRESS)"
    )


class _Inbox:
    """Frames before the room exists are dropped; afterwards they go to it. Counts the time without a frame."""

    def __init__(self) -> None:
        self._results: RoomResults | None = None
        self._lock = threading.Lock()
        self._ended: set[int] = set()
        self._latest_s = time.monotonic()

    @property
    def quiet_s(self) -> float:
        """Time since the last frame, s."""
        return time.monotonic() - self._latest_s

    def put(self, camera: int, sample: Sample) -> None:
        self._latest_s = time.monotonic()
        with self._lock:
            results = self._results
            self._ended.discard(camera)
        if results is not None:
            results.add(camera, sample)

    def finish(self, camera: int) -> None:
        with self._lock:
            self._ended.add(camera)
            results = self._results
        if results is not None:
            results.finish(camera)

    def open(self, results: RoomResults) -> None:
        """From now on frames go to the room."""
        with self._lock:
            self._results = results
            ended = sorted(self._ended)
        for camera in ended:
            results.finish(camera)

    def close(self, results: RoomResults) -> None:
        """No camera gives frames any more."""
        for camera in range(len(results.names)):
            results.finish(camera)
