"""Live streams from the network: RTSP, MPEG-TS over TCP and UDP, HTTP. They are connected to again and again."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge.errors import SourceError
from edge.sources.clock import LiveClock
from edge.sources.decode import Decoder
from edge.sources.link import READ_TIMEOUT_S, Link, LinkError, Stopped
from edge.sources.source import Source, Stop
from edge.sources.uri import redacted
from edge.sources.video import VideoSource
from edge.types import U8, Frame

if TYPE_CHECKING:
    import threading

log = logging.getLogger("meshcast.sources")

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0

_TIMEOUT_US = str(int(READ_TIMEOUT_S * 1e6))
# Not "fflags nobuffer": it throws away what was looked at while opening, and the next key frame may be seconds away.
# The packets kept instead are decoded in a burst, after which the stream is as fresh.
_LOW_LATENCY = {"flags": "low_delay", "analyzeduration": "500000"}
_OPTIONS = {
    "rtsp": {"rtsp_transport": "tcp", "timeout": _TIMEOUT_US},
    "rtsps": {"rtsp_transport": "tcp", "timeout": _TIMEOUT_US},
    "tcp": {"tcp_nodelay": "1"},
    # FFmpeg's UDP reader does not look at the interrupt callback, only at its own time-out.
    "udp": {"timeout": _TIMEOUT_US, "overrun_nonfatal": "1"},
    "http": {},
    "https": {},
}


class NetworkSource(Source):
    """Frames of a live stream, without end: where nobody answers, or the stream dies or ends, it is tried again.

    The pauses between two attempts grow from 0.5 s to 8 s and start over once a frame has arrived; each attempt is
    one line of the log "meshcast.sources". reconnects counts them. Frames are numbered on over all connections.
    Iterating raises SourceError only where asking again is pointless: wrong credentials, or (HTTP) no such page,
    or a page that is no video.
    """

    def __init__(self, url: str, *, name: str, stop: threading.Event | None = None) -> None:
        super().__init__(name, live=True, stop=stop)
        self._url = url
        self._shown = redacted(url)
        self._index = 0
        self._pause_s = FIRST_PAUSE_S
        self._clock = LiveClock()

    def __iter__(self) -> Iterator[Frame]:
        while not self._stop.is_set():
            reason = "the stream ended"
            try:
                for pts_s, image in self._play():
                    now_ns = time.monotonic_ns()
                    yield Frame(self.name, self._index, now_ns, self._clock.stamp(pts_s, now_ns), image)
                    self._index += 1
                    self._pause_s = FIRST_PAUSE_S
            except Stopped:
                return
            except LinkError as error:
                if self._index == 0 and _is_final(self._url, error):
                    raise SourceError(f"{self._shown}: {error}") from None
                reason = "no video came" if error.verdict == "unreadable" else str(error)
            if self._stop.is_set():
                return
            log.warning("%s: %s; trying again in %.1f s", self._shown, reason, self._pause_s)
            self.reconnects += 1
            if self._stop.wait(self._pause_s):
                return
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def _play(self) -> Iterator[tuple[float | None, U8]]:
        self._clock.restart()
        with network_link(self._url, self._stop) as link:
            _, stream = link.open()
            rate = stream.average_rate or stream.guessed_rate
            self.fps = float(rate) if rate else self.fps
            for pts_s, image in Decoder(stream, low_delay=True).pictures(link.packets()):
                self.size = image.shape[1], image.shape[0]
                yield pts_s, image


def open_http(url: str, *, name: str, loop: bool, stop: threading.Event | None) -> Source:
    """A finite file where the server tells its length and the container its duration, else a live stream.

    Asks the server, so it takes as long as that does. A server that does not answer counts as live and is tried
    again while iterating. Raises SourceError where the answer is no video.
    """
    wish = Stop(stop)
    shown = redacted(url)
    try:
        with network_link(url, wish) as link:
            container, _ = link.open()
            finite = container.duration is not None and container.size > 0
    except LinkError as error:
        if _is_final(url, error):
            raise SourceError(f"{shown}: {error}") from None
        finite = False
    except Stopped:
        finite = False
    if finite:
        return VideoSource(url, name=name, title=shown, loop=loop, stop=stop)
    return NetworkSource(url, name=name, stop=stop)


def network_link(url: str, stop: Stop) -> Link:
    """A link with the options that suit the address."""
    scheme = url.partition("://")[0].lower()
    options = {**_LOW_LATENCY, **_OPTIONS[scheme]}
    return Link(url, stop, container_format="mpegts" if scheme == "udp" else None, options=options)


def _is_final(url: str, error: LinkError) -> bool:
    """Whether asking again is pointless. An RTSP server may still be given the stream, a web page stays what it is."""
    if url.lower().startswith("http"):
        return error.verdict != "failed"
    return error.verdict == "refused"
