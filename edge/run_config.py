"""The configuration of a run, in parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge.errors import SourceError
from edge.models import Models
from edge.monitoring.observers import MonitoringConfig
from edge.pipeline import CameraConfig
from edge.recording.file_series import Rotation
from edge.recording.stream_recorder import RecordConfig
from edge.room_config import RoomSetup
from edge.runtime.outputs import Sink, StreamFiles
from edge.runtime.schedule import OutputSchedules
from edge.sinks.rerun_target import RerunConfig
from edge.sources import Access, Pace
from edge.sources.uri import parse
from edge.stages.config import PipelineConfig
from edge.stream_names import check_stream_name, distinct
from edge.wire.curve_auth import Security
from edge.wire.previews import PreviewConfig

if TYPE_CHECKING:
    from edge.sources.video_part import VideoPart


@dataclass(frozen=True, slots=True)
class PlaybackConfig:
    """How a source is read.

    Attributes:
        pace: "fast" (no frame is lost) or "realtime" (the latest frame wins); None: fast for files, else realtime.
        loop: repeat a file without end.
        fps: frames per second of images and of videos without timestamps; None: 30.
        max_frames: results of the stream after which it ends; None: no limit.
        part: of a video file, the only frames that are read; None: all.
    """

    pace: Pace | None = None
    loop: bool = False
    fps: float | None = None
    max_frames: int | None = None
    part: VideoPart | None = None


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """The sources of a run.

    Attributes:
        uris: one for each stream, as `meshcast run` takes them.
        names: of the streams, in the order of the sources, "" for the source's own; empty: the sources' own.
        playback: one for all sources, or one for each.
        access: credentials and transport of network sources.
        decode: "cpu", or "gpu": videos and network streams are decoded on the GPU of the models, where images stay.
    """

    uris: tuple[str, ...]
    names: tuple[str, ...] = ()
    playback: tuple[PlaybackConfig, ...] = (PlaybackConfig(),)
    access: Access = field(default_factory=Access)
    decode: Literal["cpu", "gpu"] = "cpu"

    @property
    def shown(self) -> tuple[str, ...]:
        """The sources without secrets, for messages, logs and reports. Raises SourceError."""
        return tuple(parse(uri).label for uri in self.uris)

    def playbacks(self) -> tuple[PlaybackConfig, ...]:
        """One for each source. Raises SourceError when their number does not match."""
        sources, playbacks = len(self.uris), len(self.playback)
        if playbacks not in (1, sources):
            raise SourceError(f"{sources} sources and {playbacks} playback settings: give one for all or one for each")
        return self.playback * (sources // playbacks)

    def stream_names(self) -> list[str]:
        """The distinct names of the streams.

        Raises:
            SourceError: their number is wrong, or two sources are the same pipe.
            UsageError: a name cannot be used.
        """
        if self.names and len(self.names) != len(self.uris):
            raise SourceError(
                f"{len(self.uris)} sources and {len(self.names)} names: give --stream once for each source"
            )
        addresses = [parse(uri) for uri in self.uris]
        pipes = Counter(address.target for address in addresses if address.kind == "pipe")
        if any(count > 1 for count in pipes.values()):
            raise SourceError("two sources are the same pipe, which can be read only once; leave one out")
        given = [name and check_stream_name(name) for name in self.names or ("",) * len(addresses)]
        repeated = {name for name, count in Counter(filter(None, given)).items() if count > 1}
        if repeated:
            raise SourceError(
                f"two streams cannot both be called {', '.join(sorted(repeated))}; choose another --stream"
            )
        unnamed = [address.name for name, address in zip(given, addresses, strict=True) if not name]
        own = iter(distinct(unnamed, taken=filter(None, given)))
        return [name or next(own) for name in given]


@dataclass(frozen=True, slots=True)
class PublishConfig:
    """The publisher of a run.

    Attributes:
        address: to bind, for example "tcp://127.0.0.1:5556".
        axes: coordinate system of everything published: "opencv", "unity", "unreal" or "gltf".
        security: keys of the publisher and of authorized clients.
        previews: previews of the camera's images for subscribers that ask for them; None: none are sent.
        on_bound: called with the bound address, with the port that the system chose.
    """

    address: str
    axes: str = "opencv"
    security: Security = field(default_factory=Security)
    previews: PreviewConfig | None = None
    on_bound: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """The outputs of a run; None: not written. {stream} in `save`, `overlay` and `record` stands for the stream's name.

    Attributes:
        publish: the publisher.
        viewer: a second publisher, of the viewer's page.
        save: path of the .npz file of each stream.
        overlay: path of the overlay video or folder of each stream.
        overlay_encoder: encoder of overlay videos, see edge.sinks.encoders.
        summary: path of the JSON report of the run.
        record: the recording of each stream.
        rotation: when recordings go on in new files.
        rerun: what is shown in Rerun.
        window: whether a window of Open3D shows each stream.
        schedules: when the streams are published, recorded and saved.
        make_sink: makes one more sink for the results of each stream.
    """

    publish: PublishConfig | None = None
    viewer: PublishConfig | None = None
    save: Path | None = None
    overlay: Path | None = None
    overlay_encoder: str = "auto"
    summary: Path | None = None
    record: RecordConfig | None = None
    rotation: Rotation | None = None
    rerun: RerunConfig | None = None
    window: bool = False
    schedules: OutputSchedules = field(default_factory=OutputSchedules)
    make_sink: Callable[[], Sink] | None = None

    @property
    def files(self) -> StreamFiles:
        """The files and displays of a stream, with {stream} in their paths."""
        return StreamFiles(
            *(self.save, self.overlay, self.overlay_encoder, self.record, self.rotation, self.rerun, self.window),
            schedules=self.schedules,
            make_sink=self.make_sink,
        )


@dataclass(frozen=True, slots=True)
class RunConfig:
    """A run: its sources, models and outputs.

    Attributes:
        sources: the sources of the streams.
        models: the models that all streams share.
        cameras: one for all sources, or one for each.
        pipeline: settings of the stages.
        outputs: publisher and files.
        monitoring: trace, metrics and profiler ranges.
        quiet: show no progress.
        room: the rig whose cameras the sources are, and which are fused to one more stream; None: no fusion.
    """

    sources: SourceConfig
    models: Models = field(default_factory=Models)
    cameras: tuple[CameraConfig, ...] = (CameraConfig(),)
    pipeline: PipelineConfig = field(default_factory=PipelineConfig)
    outputs: OutputConfig = field(default_factory=OutputConfig)
    monitoring: MonitoringConfig = field(default_factory=MonitoringConfig)
    quiet: bool = False
    room: RoomSetup | None = None

    def camera_configs(self) -> tuple[CameraConfig, ...]:
        """One camera for each source. Raises SourceError when their number does not match."""
        if self.room is not None:
            return tuple(CameraConfig(calibrated=camera.camera) for camera in self.room.cameras())
        sources, cameras = len(self.sources.uris), len(self.cameras)
        if cameras not in (1, sources):
            raise SourceError(f"{sources} sources and {cameras} of --camera: give one for all or one for each")
        return self.cameras * (sources // cameras)
