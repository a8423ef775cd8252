"""Live network streams: RTSP, MPEG-TS over TCP and UDP, HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from edge.errors import SourceError
from edge.sources.base import Source, StopSignal
from edge.sources.decoder import DecodedImage, Decoder
from edge.sources.demuxer import Demuxer, DemuxError, Stopped
from edge.sources.input_config import InputConfig, RtspTransport, http_input, http_policy, rtsp_input, socket_input
from edge.sources.live import LiveSource, log
from edge.sources.video import VideoSource

if TYPE_CHECKING:
    import threading


class NetworkSource(LiveSource):
    """Frames of a live stream without end: it reconnects if the server does not answer or the stream fails or ends.

    Iterating raises SourceError only if a retry is pointless: wrong credentials or, over HTTP, an unknown page, a page
    that is not a video, or a forbidden address.
    """

    def __init__(
        self, input_config: InputConfig, *, name: str, label: str, stop: threading.Event | None = None
    ) -> None:
        super().__init__(name=name, label=label, stop=stop)
        self._input_config = input_config

    def _decode_stream(self) -> Iterator[DecodedImage]:
        return self._connect(self._input_config)

    def _connect(self, input_config: InputConfig) -> Iterator[DecodedImage]:
        with Demuxer(replace(input_config, decode_on=self.decode_on), self._stop) as demuxer:
            _, stream = demuxer.open()
            rate = stream.average_rate or stream.guessed_rate
            self.fps = float(rate) if rate else self.fps
            decoder = Decoder(stream, self.decoding, low_delay=True, decode_on=self.decode_on)
            yield from decoder.decode(demuxer.packets())

    def _is_final(self, error: DemuxError) -> bool:
        # A web page will not become a video, but an RTSP or TCP server may get its stream later. After the first
        # frame any error may be temporary.
        final = error.verdict != "failed" if self._input_config.policy is not None else error.verdict == "refused"
        return final and self._frame_count == 0


class RtspSource(NetworkSource):
    """An RTSP stream. transport "auto" requests the media over TCP, which loses no packets; if the camera refuses, it
    switches to UDP at once and keeps UDP until that is refused."""

    def __init__(
        self,
        input_config: Callable[[Literal["tcp", "udp"]], InputConfig],
        *,
        name: str,
        label: str,
        transport: RtspTransport = "auto",
        stop: threading.Event | None = None,
    ) -> None:
        self._automatic = transport == "auto"
        self._transport: Literal["tcp", "udp"] = "udp" if transport == "udp" else "tcp"
        self._make_input_config = input_config
        self._tried_other = False
        super().__init__(input_config(self._transport), name=name, label=label, stop=stop)

    def _decode_stream(self) -> Iterator[DecodedImage]:
        begin = self._frame_count
        try:
            yield from self._connect(self._make_input_config(self._transport))
        except DemuxError as error:
            if self._frame_count > begin or not self._should_switch(error):
                raise self._with_advice(error) from None
        else:
            return
        refused, self._transport = self._transport, _other(self._transport)
        try:
            yield from self._connect(self._make_input_config(self._transport), refused)
        except DemuxError as error:
            self._transport = refused
            if error.verdict == "transport":
                raise DemuxError("the camera refuses RTP over both TCP and UDP", "refused") from None
            raise

    def _connect(self, input_config: InputConfig, refused: str = "") -> Iterator[DecodedImage]:
        for decoded in super()._connect(input_config):
            if refused:
                log.warning(
                    "%s: the camera refuses RTP over %s; using %s",
                    self._label,
                    refused.upper(),
                    self._transport.upper(),
                )
                refused = ""
            yield decoded

    def _should_switch(self, error: DemuxError) -> bool:
        """Whether to try the other transport; an unreadable answer justifies one try."""
        if not self._automatic:
            return False
        if error.verdict == "unreadable" and self._frame_count == 0 and not self._tried_other:
            self._tried_other = True
            return True
        return error.verdict == "transport"

    def _with_advice(self, error: DemuxError) -> DemuxError:
        if error.verdict != "transport":
            return error
        other = _other(self._transport)
        return DemuxError(
            f"the camera refuses RTP over {self._transport.upper()}; use --rtsp-transport {other} or auto", "refused"
        )


def open_network(
    url: str,
    *,
    name: str,
    label: str,
    secrets: tuple[str, ...] = (),
    transport: RtspTransport = "auto",
    stop: threading.Event | None = None,
) -> Source:
    """Open a live stream at rtsp(s)://, tcp:// or udp://. Raises SourceError for an unsupported transport."""
    if not url.startswith("rtsp"):
        return NetworkSource(socket_input(url, secrets), name=name, label=label, stop=stop)
    if url.startswith("rtsps:"):
        if transport == "udp":
            raise SourceError(f"{label}: encrypted RTSP needs TCP; remove --rtsp-transport udp")
        transport = "tcp"
    return RtspSource(
        lambda wanted: rtsp_input(url, wanted, secrets), name=name, label=label, transport=transport, stop=stop
    )


def open_http(
    url: str,
    *,
    name: str,
    label: str,
    loop: bool,
    secrets: tuple[str, ...] = (),
    allow_private: bool = False,
    fps: float | None = None,
    stop: threading.Event | None = None,
) -> Source:
    """Open a URL: a finite file if the server reports a length and the container a duration, else a live stream.

    Waits for the answer of the server. A server that does not answer counts as live, and the source reconnects while
    iterating. Raises SourceError if the answer is not a video.
    """
    stop_signal = StopSignal(stop)
    input_config = http_input(url, http_policy(url, allow_private=allow_private), secrets)
    try:
        with Demuxer(input_config, stop_signal) as demuxer:
            container, _ = demuxer.open()
            finite = container.duration is not None and container.size > 0
    except DemuxError as error:
        if error.verdict != "failed":
            raise SourceError(f"{label}: {error}") from None
        finite = False
    except Stopped:
        finite = False
    if finite:
        return VideoSource(input_config, name=name, label=label, loop=loop, fps=fps, stop=stop)
    return NetworkSource(input_config, name=name, label=label, stop=stop)


def _other(transport: Literal["tcp", "udp"]) -> Literal["tcp", "udp"]:
    return "udp" if transport == "tcp" else "tcp"
