"""Live streams from the network: RTSP, MPEG-TS over TCP and UDP, HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from edge.errors import SourceError
from edge.sources.base import Source, Stop
from edge.sources.decoder import Decoder, Picture
from edge.sources.demuxer import Demuxer, DemuxError, Stopped
from edge.sources.live import LiveSource, log
from edge.sources.opening import Opening, RtspTransport, http_opening, http_policy, rtsp_opening, socket_opening
from edge.sources.video import VideoSource

if TYPE_CHECKING:
    import threading


class NetworkSource(LiveSource):
    """Frames of a live stream, without end: where no server answers, or the stream dies or ends, it is tried again.

    Iterating raises SourceError only where asking again is pointless: wrong credentials, or (HTTP) no such page,
    a page that is no video, or an address that must not be asked.
    """

    def __init__(self, opening: Opening, *, name: str, shown: str, stop: threading.Event | None = None) -> None:
        super().__init__(name=name, shown=shown, stop=stop)
        self._opening = opening

    def _play(self) -> Iterator[Picture]:
        return self._connect(self._opening)

    def _connect(self, opening: Opening) -> Iterator[Picture]:
        with Demuxer(opening, self._stop) as link:
            _, stream = link.open()
            rate = stream.average_rate or stream.guessed_rate
            self.fps = float(rate) if rate else self.fps
            yield from Decoder(stream, low_delay=True).pictures(link.packets())

    def _is_final(self, error: DemuxError) -> bool:
        # A web page stays what it is; other servers may still be given the stream. Later on anything may come back.
        final = error.verdict != "failed" if self._opening.policy is not None else error.verdict == "refused"
        return final and self._index == 0


class RtspSource(NetworkSource):
    """An RTSP stream. transport "auto" asks for the media in the RTSP connection (TCP), which loses nothing; a camera
    that refuses is asked for UDP packets at once, and that is remembered. A later refusal changes it back."""

    def __init__(
        self,
        opening: Callable[[Literal["tcp", "udp"]], Opening],
        *,
        name: str,
        shown: str,
        transport: RtspTransport = "auto",
        stop: threading.Event | None = None,
    ) -> None:
        self._automatic = transport == "auto"
        self._transport: Literal["tcp", "udp"] = "udp" if transport == "udp" else "tcp"
        self._make_opening = opening
        self._mismatched = False
        super().__init__(opening(self._transport), name=name, shown=shown, stop=stop)

    def _play(self) -> Iterator[Picture]:
        begin = self._index
        try:
            yield from self._connect(self._make_opening(self._transport))
        except DemuxError as error:
            if self._index > begin or not self._may_change(error):
                raise self._explained(error) from None
        else:
            return
        refused, self._transport = self._transport, _other(self._transport)
        try:
            yield from self._connect(self._make_opening(self._transport), refused)
        except DemuxError as error:
            self._transport = refused
            if error.verdict == "transport":
                raise DemuxError("the camera refuses RTP over TCP and over UDP", "refused") from None
            raise

    def _connect(self, opening: Opening, refused: str = "") -> Iterator[Picture]:
        for picture in super()._connect(opening):
            if refused:
                log.warning(
                    "%s: the camera refuses RTP over %s; taking %s",
                    self._shown,
                    refused.upper(),
                    self._transport.upper(),
                )
                refused = ""
            yield picture

    def _may_change(self, error: DemuxError) -> bool:
        """Whether the other transport is worth a try; where the server only answers nonsense that is tried once."""
        if not self._automatic:
            return False
        if error.verdict == "unreadable" and self._index == 0 and not self._mismatched:
            self._mismatched = True
            return True
        return error.verdict == "transport"

    def _explained(self, error: DemuxError) -> DemuxError:
        if error.verdict != "transport":
            return error
        other = _other(self._transport)
        return DemuxError(
            f"the camera refuses RTP over {self._transport.upper()}; try --rtsp-transport {other} or auto", "refused"
        )


def open_network(
    url: str,
    *,
    name: str,
    shown: str,
    secrets: tuple[str, ...] = (),
    transport: RtspTransport = "auto",
    stop: threading.Event | None = None,
) -> Source:
    """A live stream at rtsp(s)://, tcp:// or udp://. Raises SourceError for a transport that cannot be."""
    if not url.startswith("rtsp"):
        return NetworkSource(socket_opening(url, secrets), name=name, shown=shown, stop=stop)
    if url.startswith("rtsps:"):
        if transport == "udp":
            raise SourceError(f"{shown}: encrypted RTSP goes over TCP; leave --rtsp-transport udp out")
        transport = "tcp"
    return RtspSource(
        lambda wanted: rtsp_opening(url, wanted, secrets), name=name, shown=shown, transport=transport, stop=stop
    )


def open_http(
    url: str,
    *,
    name: str,
    shown: str,
    loop: bool,
    secrets: tuple[str, ...] = (),
    allow_private: bool = False,
    fps: float | None = None,
    stop: threading.Event | None = None,
) -> Source:
    """A finite file where the server tells its length and the container its duration, else a live stream.

    Asks the server, so it takes as long as that does. A server that does not answer counts as live and is tried
    again while iterating. Raises SourceError where the answer is no video.
    """
    wish = Stop(stop)
    opening = http_opening(url, http_policy(url, allow_private=allow_private), secrets)
    try:
        with Demuxer(opening, wish) as link:
            container, _ = link.open()
            finite = container.duration is not None and container.size > 0
    except DemuxError as error:
        if error.verdict != "failed":
            raise SourceError(f"{shown}: {error}") from None
        finite = False
    except Stopped:
        finite = False
    if finite:
        return VideoSource(opening, name=name, title=shown, loop=loop, fps=fps, stop=stop)
    return NetworkSource(opening, name=name, shown=shown, stop=stop)


def _other(transport: Literal["tcp", "udp"]) -> Literal["tcp", "udp"]:
    return "udp" if transport == "tcp" else "tcp"
