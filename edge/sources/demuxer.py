"""Demuxing on a separate thread.

FFmpeg cannot be interrupted while it waits for a slow disk, network or device: it only returns at its timeouts. So the
wait happens on a daemon thread. When the reader stops during a wait, it abandons the thread, which closes its container
at the next packet or timeout.
"""

from __future__ import annotations

import errno
import threading
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import av
from av.stream import Disposition
from av.video.stream import VideoStream

from edge.redaction import redact_text
from edge.sources.base import StopSignal
from edge.sources.geometry import MAX_PIXELS, too_large, too_large_text
from edge.sources.hardware import hwaccel
from edge.sources.http_proxy import FilteringProxy
from edge.sources.input_config import OPEN_TIMEOUT_S, READ_TIMEOUT_S, InputConfig, ReferenceRefused

if TYPE_CHECKING:
    from av.container import InputContainer

_QUEUED_PACKETS = 32
_JOIN_S = 0.2


Verdict = Literal["failed", "refused", "missing", "unreadable", "transport"]


class DemuxError(Exception):
    """The container cannot be opened or read; the message is the reason in a few words.

    verdict: failed (a retry may succeed), refused (a retry will be refused too), missing (not found), unreadable (no
    video that can be decoded), transport (the camera refuses the RTSP transport).
    """

    def __init__(self, reason: str, verdict: Verdict = "failed") -> None:
        super().__init__(reason)
        self.verdict: Verdict = verdict


_REFUSALS = (
    av.error.HTTPBadRequestError,
    av.error.HTTPUnauthorizedError,
    av.error.HTTPForbiddenError,
    av.error.PermissionError,
    av.error.ProtocolNotFoundError,
)
_ABSENCES = (av.error.HTTPNotFoundError, av.error.HTTPOtherClientError, av.error.FileNotFoundError)


class Stopped(Exception):
    """A stop was requested before the container was open."""

    def __init__(self) -> None:
        super().__init__("stopped while opening")


class Demuxer:
    """One container. Call `open()`, iterate `packets()`, then `close()`, all from one thread.

    open() and packets() raise DemuxError.
    """

    def __init__(self, input_config: InputConfig, stop: StopSignal) -> None:
        self._input_config = input_config
        self._stop = stop
        self._filter: FilteringProxy | None = None
        self._packets: deque[av.Packet[VideoStream]] = deque()
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._error: DemuxError | None = None
        self._reading = False
        self._closing = False
        self._done = False
        self._thread = threading.Thread(target=self._run, name="meshcast-demuxer", daemon=True)

    def open(self) -> tuple[InputContainer, VideoStream]:
        """Wait until the container and its best video stream are open. Raises DemuxError or Stopped."""
        if self._thread.ident is None:
            self._thread.start()
        if not self._stop.wait_for(lambda: self._stream is not None or self._done):
            raise Stopped
        if self._container is None or self._stream is None:
            raise self._error or DemuxError("cannot open the container")
        return self._container, self._stream

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """Yield the packets of the video stream in order, followed by the empty one that flushes a decoder."""
        condition = self._stop.condition
        with condition:
            self._reading = True
            condition.notify_all()
        while self._stop.wait_for(lambda: bool(self._packets) or self._done):
            with condition:
                if not self._packets:
                    break
                packet = self._packets.popleft()
                condition.notify_all()
            yield packet
        if self._error is not None and not self._stop.is_set():
            raise self._error

    def close(self) -> None:
        """Let go of the container; closed here if the thread is through with it, else by the thread."""
        with self._stop.condition:
            self._closing = True
            self._packets.clear()
            self._stop.condition.notify_all()
            gate = self._filter
        if gate is not None:
            gate.close()  # also ends FFmpeg's waiting for it
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    def __enter__(self) -> Demuxer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        condition = self._stop.condition
        container: InputContainer | None = None
        try:
            container = self._open_container()
            stream = _video_stream(container)
            with condition:
                self._container, self._stream = container, stream
                condition.notify_all()
            self._read(container, stream)
            if self._filter is not None and self._filter.refusal is not None and self._filter.refusal.final:
                raise DemuxError(redact_text(self._filter.refusal.reason), "refused")  # FFmpeg skipped this part
        except DemuxError as error:
            self._error = error
        except ReferenceRefused as error:
            self._error = DemuxError(redact_text(str(error), self._input_config.secrets), "refused")
        except (av.FFmpegError, OSError, ValueError) as error:
            self._error = self._demux_error(error, opened=self._container is not None)
        finally:
            with condition:
                self._done = True
                condition.notify_all()
                condition.wait_for(lambda: self._closing)
            if container is not None:
                container.close()
            if self._filter is not None:
                self._filter.close()

    def _open_container(self) -> InputContainer:
        input_config = self._input_config
        options = {"max_pixels": str(MAX_PIXELS), **input_config.options}
        if input_config.policy is not None:
            gate = FilteringProxy(input_config.policy)
            with self._stop.condition:
                self._filter = gate
                if self._closing:
                    raise DemuxError("closed while opening")
            options["http_proxy"] = gate.url
        # A reader object waits without a timeout and returns when a stop is requested.
        timeout = (OPEN_TIMEOUT_S, READ_TIMEOUT_S) if input_config.reader is None else None
        container: InputContainer = av.open(
            input_config.url if input_config.reader is None else input_config.reader(),
            "r",
            format=input_config.container_format,
            options=options,
            timeout=timeout,
            io_open=input_config.nested,
            hwaccel=hwaccel(input_config.decode_on) if input_config.decode_on is not None else None,
        )
        return container

    def _demux_error(self, error: Exception, *, opened: bool) -> DemuxError:
        refusal = self._filter.refusal if self._filter is not None else None
        if refusal is not None:
            return DemuxError(redact_text(refusal.reason), "refused" if refusal.final else "failed")
        if isinstance(error, av.error.ArgumentError) and self._input_config.limited and not opened:
            return DemuxError("no readable video", "unreadable")  # perhaps a list of addresses, which is not allowed
        made = _demux_error(error)
        return DemuxError(redact_text(str(made), self._input_config.secrets), made.verdict)

    def _read(self, container: InputContainer, stream: VideoStream) -> None:
        with self._stop.condition:
            self._stop.condition.wait_for(lambda: self._reading or self._closing)
        if self._closing:
            return
        if self._input_config.seek_pts is not None:
            container.seek(self._input_config.seek_pts, stream=stream)
        for packet in container.demux(stream):
            if not self._enqueue(packet):
                return

    def _enqueue(self, packet: av.Packet[VideoStream]) -> bool:
        with self._stop.condition:
            self._stop.condition.wait_for(lambda: len(self._packets) < _QUEUED_PACKETS or self._closing)
            self._packets.append(packet)
            self._stop.condition.notify_all()
            return not self._closing


def _video_stream(container: InputContainer) -> VideoStream:
    # FFmpeg renders any .txt file as a video of a terminal.
    stream = container.streams.best("video") if container.format.name != "tty" else None
    if not isinstance(stream, VideoStream):
        raise DemuxError("no video stream", "unreadable")
    if not _has_decoder(stream):
        raise DemuxError("this FFmpeg build has no decoder for its video", "unreadable")
    context = stream.codec_context
    size = max(context.width, context.coded_width), max(context.height, context.coded_height)
    if too_large(size):
        raise DemuxError(too_large_text(size), "refused")
    if stream.disposition & Disposition.dependent:
        raise DemuxError("tiles of a HEIF image; save the image as a file and use the file as source", "refused")
    return stream


def _has_decoder(stream: Any) -> bool:
    return stream.codec_context is not None


def _demux_error(error: Exception) -> DemuxError:
    if isinstance(error, av.error.ExitError):
        return DemuxError("no answer before the timeout")
    if isinstance(error, av.error.TimeoutError):
        return DemuxError("no data before the timeout")
    if getattr(error, "errno", None) == errno.EPROTONOSUPPORT:
        return DemuxError("the camera refuses the transport", "transport")
    if isinstance(error, av.error.InvalidDataError):
        return DemuxError("no readable video", "unreadable")
    if isinstance(error, av.error.HTTPUnauthorizedError):
        return DemuxError("401 Unauthorized; add user and password to the address, or use --credentials", "refused")
    reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
    verdict: Verdict = "failed"
    if isinstance(error, _REFUSALS):
        verdict = "refused"
    elif isinstance(error, _ABSENCES):
        verdict = "missing"
    return DemuxError(reason[:1].lower() + reason[1:], verdict)
