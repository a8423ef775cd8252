"""Packets of a container, read on a thread of their own.

FFmpeg cannot be interrupted while it waits for a slow disk, network or device; it only gives up at its time-outs.
So the wait happens here on a thread that nobody has to wait for: when the reader stops while FFmpeg is waiting,
the thread is left behind, notices at its next packet or time-out, and closes its container itself.
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
from edge.sources.base import Stop
from edge.sources.geometry import MAX_PIXELS, too_large, too_large_text
from edge.sources.http_proxy import Gate
from edge.sources.opening import OPEN_TIMEOUT_S, READ_TIMEOUT_S, Opening, ReferenceRefused

if TYPE_CHECKING:
    from av.container import InputContainer

_QUEUED_PACKETS = 32
_JOIN_S = 0.2


Verdict = Literal["failed", "refused", "missing", "unreadable", "transport"]


class DemuxError(Exception):
    """The container cannot be opened or read on; the message is the reason in a few words.

    verdict: failed (may work another time), refused (it will be refused again), missing (the server knows nothing of
    that name), unreadable (there is something, but no video that can be decoded).
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
    """The stop came before the container was open."""

    def __init__(self) -> None:
        super().__init__("stopped before it was open")


class Demuxer:
    """One opened container. `open()`, then iterate `packets()`, then `close()`; all three from one thread.

    Raises DemuxError from open() and packets().
    """

    def __init__(self, opening: Opening, stop: Stop) -> None:
        self._opening = opening
        self._stop = stop
        self._gate: Gate | None = None
        self._packets: deque[av.Packet[VideoStream]] = deque()
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._error: DemuxError | None = None
        self._reading = False
        self._closing = False
        self._done = False
        self._thread = threading.Thread(target=self._run, name="meshcast-link", daemon=True)

    def open(self) -> tuple[InputContainer, VideoStream]:
        """Wait until the container and its best video stream are open, which they may be already. Raises DemuxError, or
        Stopped."""
        if self._thread.ident is None:
            self._thread.start()
        if not self._stop.wait_for(lambda: self._stream is not None or self._done):
            raise Stopped
        if self._container is None or self._stream is None:
            raise self._error or DemuxError("cannot be opened")
        return self._container, self._stream

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """Packets of the video stream in order, at the end the empty one that flushes a decoder."""
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
            gate = self._gate
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
            if self._gate is not None and self._gate.refusal is not None and self._gate.refusal.final:
                raise DemuxError(redact_text(self._gate.refusal.reason), "refused")  # a part that FFmpeg left out
        except DemuxError as error:
            self._error = error
        except ReferenceRefused as error:
            self._error = DemuxError(redact_text(str(error), self._opening.secrets), "refused")
        except (av.FFmpegError, OSError, ValueError) as error:
            self._error = self._demux_error(error, opened=self._container is not None)
        finally:
            with condition:
                self._done = True
                condition.notify_all()
                condition.wait_for(lambda: self._closing)
            if container is not None:
                container.close()
            if self._gate is not None:
                self._gate.close()

    def _open_container(self) -> InputContainer:
        opening = self._opening
        options = {"max_pixels": str(MAX_PIXELS), **opening.options}
        if opening.policy is not None:
            gate = Gate(opening.policy)
            with self._stop.condition:
                self._gate = gate
                if self._closing:
                    raise DemuxError("closed while it was opened")
            options["http_proxy"] = gate.url
        # What a reader waits for is waited for without an end; it ends by itself when it is told to stop.
        timeout = (OPEN_TIMEOUT_S, READ_TIMEOUT_S) if opening.reader is None else None
        return av.open(
            opening.url if opening.reader is None else opening.reader(),
            "r",
            format=opening.container_format,
            options=options,
            timeout=timeout,
            io_open=opening.nested,
        )

    def _demux_error(self, error: Exception, *, opened: bool) -> DemuxError:
        refusal = self._gate.refusal if self._gate is not None else None
        if refusal is not None:
            return DemuxError(redact_text(refusal.reason), "refused" if refusal.final else "failed")
        if isinstance(error, av.error.ArgumentError) and self._opening.limited and not opened:
            return DemuxError("holds no video that can be read", "unreadable")  # but perhaps a list of addresses
        made = _demux_error(error)
        return DemuxError(redact_text(str(made), self._opening.secrets), made.verdict)

    def _read(self, container: InputContainer, stream: VideoStream) -> None:
        with self._stop.condition:
            self._stop.condition.wait_for(lambda: self._reading or self._closing)
        if self._closing:
            return
        for packet in container.demux(stream):
            if not self._hand_over(packet):
                return

    def _hand_over(self, packet: av.Packet[VideoStream]) -> bool:
        with self._stop.condition:
            self._stop.condition.wait_for(lambda: len(self._packets) < _QUEUED_PACKETS or self._closing)
            self._packets.append(packet)
            self._stop.condition.notify_all()
            return not self._closing


def _video_stream(container: InputContainer) -> VideoStream:
    # FFmpeg draws any .txt file as a moving picture of a terminal, which nobody means when naming a video
    stream = container.streams.best("video") if container.format.name != "tty" else None
    if not isinstance(stream, VideoStream):
        raise DemuxError("holds no video", "unreadable")
    if not _has_decoder(stream):
        raise DemuxError("its video is coded in a way that this FFmpeg cannot decode", "unreadable")
    context = stream.codec_context
    size = max(context.width, context.coded_width), max(context.height, context.coded_height)
    if too_large(size):
        raise DemuxError(too_large_text(size), "refused")
    if stream.disposition & Disposition.dependent:
        raise DemuxError("holds tiles of a picture; save it as a file and name that", "refused")
    return stream


def _has_decoder(stream: Any) -> bool:
    return stream.codec_context is not None


def _demux_error(error: Exception) -> DemuxError:
    if isinstance(error, av.error.ExitError):
        return DemuxError("no answer in time")
    if isinstance(error, av.error.TimeoutError):
        return DemuxError("nothing arrived in time")
    if getattr(error, "errno", None) == errno.EPROTONOSUPPORT:
        return DemuxError("the camera refuses the transport", "transport")
    if isinstance(error, av.error.InvalidDataError):
        return DemuxError("holds no video that can be read", "unreadable")
    if isinstance(error, av.error.HTTPUnauthorizedError):
        return DemuxError("401 Unauthorized; give user and password in the address or by --credentials", "refused")
    reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
    verdict: Verdict = "failed"
    if isinstance(error, _REFUSALS):
        verdict = "refused"
    elif isinstance(error, _ABSENCES):
        verdict = "missing"
    return DemuxError(reason[:1].lower() + reason[1:], verdict)
