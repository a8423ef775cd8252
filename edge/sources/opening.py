"""How FFmpeg opens each kind of source: its options, and what it may read and connect to from there.

FFmpeg guesses a container from its first bytes, and some containers are lists of addresses: playlists, session
descriptions, concatenations. Here each kind of source has the containers and the protocols that it needs, and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import urlsplit

from edge.sources.address_policy import AddressPolicy, Server

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 5.0

RtspTransport = Literal["auto", "tcp", "udp"]

_TIMEOUT_US = str(int(READ_TIMEOUT_S * 1e6))
# Containers that hold all of what they show.
_WHOLE = (
    "3dostr,4xm,amv,anm,apng,asf,asf_o,av1,avi,avs,avs2,avs3,bethsoftvid,bfi,bink,c93,cavsvideo,cdxl,cine,dhav,dirac,"
    "dnxhd,dsicin,dv,dxa,ea,evc,film_cpk,filmstrip,flic,flv,gif,gxf,h261,h263,h264,hevc,hnm,idcin,iff,ingenient,ipmovie,"
    "ipu,iv8,ivf,ivr,jpegxl_anim,jv,kux,live_flv,lmlm4,lvf,lxf,m4v,matroska,mgsts,mjpeg,mjpeg_2000,mm,moflex,mov,mpeg,"
    "mpegts,mpegvideo,mpjpeg,msnwctcp,mtv,mv,mvi,mxf,mxg,nc,nsv,nut,nuv,obu,ogg,paf,pmp,psxstr,pva,qcp,r3d,rl2,rm,roq,"
    "rpl,sdr2,ser,sga,siff,smjpeg,smk,smush,swf,thp,tiertexseq,tmv,ty,usm,vc1,vc1test,vidc,vividas,vivo,vmd,vvc,wc3movie,"
    "webm,wsvqa,wtv,wve,xmv,yop,yuv4mpegpipe"
)
_PICTURES = (
    "bmp_pipe,dds_pipe,dpx_pipe,exr_pipe,gif_pipe,hdr_pipe,j2k_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,pam_pipe,pbm_pipe,"
    "pgm_pipe,png_pipe,ppm_pipe,qoi_pipe,tiff_pipe,webp_pipe,webp"
)
# Not "fflags nobuffer": it throws away what was looked at while opening, and the next key frame may be seconds away.
# The packets kept instead are decoded in a burst, after which the stream is as fresh.
_LOW_LATENCY = {"flags": "low_delay", "analyzeduration": "500000"}


class ReferenceRefused(Exception):
    """A playlist refers to something that it must not; the message says to what."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What FFmpeg is told, for Link. url: with its secrets. policy: of the connections of http and https.

    reader: makes the file to read instead of the URL. check: of the files that a playlist refers to.
    secrets: texts that must not be in a message.
    """

    url: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    container_format: str | None = None
    policy: AddressPolicy | None = None
    reader: Callable[[], Any] | None = None
    nested: Callable[[str, int, dict[str, str]], BinaryIO] | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def limited(self) -> bool:
        """Whether only some containers are read."""
        return "format_whitelist" in self.options


def file_opening(path: str) -> Opening:
    """A local file: containers that are whole, and playlists of files that lie beside or below the playlist."""
    absolute = Path(path).absolute()
    url = f"file:{absolute}"
    options = {"protocol_whitelist": "file,crypto,data", "format_whitelist": f"{_WHOLE},{_PICTURES}"}
    kind = _playlist(absolute)
    if kind is None:
        return Opening(url, options)
    options["format_whitelist"] += f",{kind}"
    if kind == "concat":
        return Opening(url, {**options, "safe": "1"})  # FFmpeg takes relative paths without .. only
    return Opening(url, options, nested=_Beside(absolute))


def http_opening(url: str, policy: AddressPolicy, secrets: tuple[str, ...] = ()) -> Opening:
    """A file, a live stream or an HLS playlist behind http or https."""
    options = {
        **_LOW_LATENCY,
        "protocol_whitelist": "http,https,tcp,tls,httpproxy,crypto,data",
        "format_whitelist": f"{_WHOLE},{_PICTURES},hls",
        "http_persistent": "0",  # of HLS: each request is a connection, and each connection is checked
    }
    return Opening(url, options, policy=policy, secrets=secrets)


def rtsp_opening(url: str, transport: Literal["tcp", "udp"], secrets: tuple[str, ...] = ()) -> Opening:
    """An RTSP stream, its media in the RTSP connection or in UDP packets."""
    options = {
        **_LOW_LATENCY,
        "rtsp_transport": transport,
        "timeout": _TIMEOUT_US,
        "protocol_whitelist": "rtsp,rtsps,rtp,srtp,udp,tcp,tls",
        "format_whitelist": "rtsp,asf,mpegts",
    }
    return Opening(url, options, secrets=secrets)


def socket_opening(url: str, secrets: tuple[str, ...] = ()) -> Opening:
    """A stream of bytes at tcp:// or udp://."""
    if url.startswith("udp:"):
        # FFmpeg's UDP reader does not look at the interrupt callback, only at its own time-out.
        options = {"timeout": _TIMEOUT_US, "overrun_nonfatal": "1", "protocol_whitelist": "udp"}
        return Opening(url, {**_LOW_LATENCY, **options, "format_whitelist": "mpegts"}, "mpegts", secrets=secrets)
    options = {"tcp_nodelay": "1", "protocol_whitelist": "tcp", "format_whitelist": _WHOLE}
    return Opening(url, {**_LOW_LATENCY, **options}, secrets=secrets)


def pipe_opening(reader: Callable[[], Any]) -> Opening:
    """What comes out of a pipe."""
    return Opening("", {"protocol_whitelist": "data", "format_whitelist": f"{_WHOLE},{_PICTURES}"}, reader=reader)


def http_policy(url: str, *, allow_private: bool) -> AddressPolicy:
    """The policy of an address that the user named."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    named = Server(parts.hostname or "", parts.port or (443 if secure else 80))
    return AddressPolicy(named, upgrade=not secure and named.port == 80, allow_private=allow_private)


class _Beside:
    """Opens the files that a playlist in a folder refers to, when they are in that folder or below it."""

    def __init__(self, playlist: Path) -> None:
        self._folder = playlist.parent.resolve()

    def __call__(self, url: str, flags: int, options: dict[str, str]) -> BinaryIO:
        if ":" in url.partition("/")[0] and not url.startswith("file:"):
            raise ReferenceRefused(
                f"the playlist refers to {url.partition(':')[0]}:, a playlist in a file to files only"
            )
        path = Path(url.removeprefix("file:"))
        resolved = (path if path.is_absolute() else self._folder / path).resolve()
        if not resolved.is_relative_to(self._folder):
            raise ReferenceRefused("the playlist refers to a file that is not in its own folder")
        if not resolved.is_file():
            raise ReferenceRefused(f"the playlist refers to {resolved.name}, which is no file")
        return open(resolved, "rb")


def _playlist(path: Path) -> str | None:
    """FFmpeg's name for the kind of playlist that a file is, by its first bytes and, as FFmpeg does it, its name."""
    try:
        if not path.is_file():
            return None
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError:
        return None
    if head.startswith(b"ffconcat version"):
        return "concat"
    if head.startswith(b"#EXTM3U") and path.suffix.lower() in (".m3u8", ".m3u"):
        return "hls"
    return None
