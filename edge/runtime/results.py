"""What a stream of a run writes to its outputs: the results of a source's pipeline, or those of a room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Protocol

from edge.pipeline import CameraConfig
from edge.runtime.async_pipeline import FrameResult
from edge.timing import Timings
from engines.device.metered import DeviceCounts


class SourceState(Protocol):
    """The source of a stream."""

    @property
    def name(self) -> str: ...

    @property
    def live(self) -> bool: ...

    @property
    def reconnects(self) -> int: ...

    @property
    def decode_level(self) -> int: ...

    @property
    def problems(self) -> list[str]: ...

    @property
    def warnings(self) -> list[str]: ...


class ReaderState(Protocol):
    """The reader of a stream. latest_s: monotonic clock when it read the latest frame."""

    @property
    def source(self) -> SourceState: ...

    @property
    def pace(self) -> str: ...

    @property
    def latest_s(self) -> float | None: ...


class PipelineState(Protocol):
    """The pipeline of a stream."""

    @property
    def timings(self) -> Timings: ...

    @property
    def camera_config(self) -> CameraConfig: ...

    @property
    def dropped_people(self) -> int: ...

    @property
    def device_counts(self) -> DeviceCounts | None: ...


class StreamResults(Protocol):
    """Iterates over results; see edge.runtime.async_pipeline.AsyncPipeline."""

    @property
    def reader(self) -> ReaderState: ...

    @property
    def pipeline(self) -> PipelineState: ...

    @property
    def captured(self) -> int: ...

    @property
    def drops(self) -> Mapping[str, int]: ...

    @property
    def waiting(self) -> Mapping[str, int]: ...

    @property
    def problems(self) -> list[str]: ...

    def __iter__(self) -> Iterator[FrameResult]: ...

    def stop(self) -> None: ...

    def close(self, timeout_s: float | None = None) -> None: ...

    def __enter__(self) -> StreamResults: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
