"""FFmpeg input options of each kind of source, limited to the containers and protocols that the source needs.

FFmpeg guesses the container from the first bytes, and some containers are lists of addresses (playlists, session
descriptions, concatenations), so every input has allowlists.
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
# Containers that do not refer to other files or addresses.
_SELF_CONTAINED = (
    "3dostr,4xm,amv,anm,apng,asf,asf_o,av1,avi,avs,avs2,avs3,bethsoftvid,bfi,bink,c93,cavsvideo,cdxl,cine,dhav,dirac,"
    "dnxhd,dsicin,dv,dxa,ea,evc,film_cpk,filmstrip,flic,flv,gif,gxf,h261,h263,h264,hevc,hnm,idcin,iff,ingenient,ipmovie,"
    "ipu,iv8,ivf,ivr,jpegxl_anim,jv,kux,live_flv,lmlm4,lvf,lxf,m4v,matroska,mgsts,mjpeg,mjpeg_2000,mm,moflex,mov,mpeg,"
    "mpegts,mpegvideo,mpjpeg,msnwctcp,mtv,mv,mvi,mxf,mxg,nc,nsv,nut,nuv,obu,ogg,paf,pmp,psxstr,pva,qcp,r3d,rl2,rm,roq,"
    "rpl,sdr2,ser,sga,siff,smjpeg,smk,smush,swf,thp,tiertexseq,tmv,ty,usm,vc1,vc1test,vidc,vividas,vivo,vmd,vvc,wc3movie,"
    "webm,wsvqa,wtv,wve,xmv,yop,yuv4mpegpipe"
)
_IMAGE_FORMATS = (
    "bmp_pipe,dds_pipe,dpx_pipe,exr_pipe,gif_pipe,hdr_pipe,j2k_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,pam_pipe,pbm_pipe,"
    "pgm_pipe,png_pipe,ppm_pipe,qoi_pipe,tiff_pipe,webp_pipe,webp"
)
# Not "fflags nobuffer": it drops the packets that were probed while opening, and the next key frame may be seconds
# away. The buffered packets are decoded in a burst, after which the latency is the same.
_LOW_LATENCY = {"flags": "low_delay", "analyzeduration": "500000"}


class ReferenceRefused(Exception):
    """A playlist refers to a forbidden file or address, which the message names."""


@dataclass(frozen=True, slots=True)
class InputConfig:
    """What FFmpeg opens, for Demuxer.

    url: includes secrets. options: FFmpeg's. container_format: instead of guessing. policy: of HTTP connections.
    reader: creates a file object that is read instead of the URL. nested: opens files that a playlist refers to.
    secrets: texts to redact from messages. decode_on: device that decodes, "cuda:0"; None: the processor. seek_pts:
    presentation time of the key frame to begin with, in units of the stream; None: the beginning.
    """

    url: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    container_format: str | None = None
    policy: AddressPolicy | None = None
    reader: Callable[[], Any] | None = None
    nested: Callable[[str, int, dict[str, str]], BinaryIO] | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    decode_on: str | None = None
    seek_pts: int | None = None

    @property
    def limited(self) -> bool:
        """Whether an allowlist of containers is set."""
        return "format_whitelist" in self.options


def file_input(path: str) -> InputConfig:
    """A local file: self-contained containers, and playlists of files in the folder of the playlist or below."""
    absolute = Path(path).absolute()
    url = f"file:{absolute}"
    options = {"protocol_whitelist": "file,crypto,data", "format_whitelist": f"{_SELF_CONTAINED},{_IMAGE_FORMATS}"}
    kind = _playlist(absolute)
    if kind is None:
        return InputConfig(url, options)
    options["format_whitelist"] += f",{kind}"
    if kind == "concat":
        return InputConfig(url, {**options, "safe": "1"})  # FFmpeg then accepts only relative paths without ..
    return InputConfig(url, options, nested=_SiblingFiles(absolute))


def http_input(url: str, policy: AddressPolicy, secrets: tuple[str, ...] = ()) -> InputConfig:
    """A file, a live stream or an HLS playlist at an HTTP(S) URL."""
    options = {
        **_LOW_LATENCY,
        "protocol_whitelist": "http,https,tcp,tls,httpproxy,crypto,data",
        "format_whitelist": f"{_SELF_CONTAINED},{_IMAGE_FORMATS},hls",
        "http_persistent": "0",  # HLS: one connection per request, because the proxy checks connections
    }
    return InputConfig(url, options, policy=policy, secrets=secrets)


def rtsp_input(url: str, transport: Literal["tcp", "udp"], secrets: tuple[str, ...] = ()) -> InputConfig:
    """An RTSP stream, with its media over TCP (interleaved) or UDP."""
    options = {
        **_LOW_LATENCY,
        "rtsp_transport": transport,
        "timeout": _TIMEOUT_US,
        "protocol_whitelist": "rtsp,rtsps,rtp,srtp,udp,tcp,tls",
        "format_whitelist": "rtsp,asf,mpegts",
    }
    return InputConfig(url, options, secrets=secrets)


def socket_input(url: str, secrets: tuple[str, ...] = ()) -> InputConfig:
    """A byte stream at tcp:// or udp://."""
    if url.startswith("udp:"):
        # FFmpeg's UDP reader ignores the interrupt callback and honors only its own timeout.
        options = {"timeout": _TIMEOUT_US, "overrun_nonfatal": "1", "protocol_whitelist": "udp"}
        return InputConfig(url, {**_LOW_LATENCY, **options, "format_whitelist": "mpegts"}, "mpegts", secrets=secrets)
    options = {"tcp_nodelay": "1", "protocol_whitelist": "tcp", "format_whitelist": _SELF_CONTAINED}
    return InputConfig(url, {**_LOW_LATENCY, **options}, secrets=secrets)


def pipe_input(reader: Callable[[], Any]) -> InputConfig:
    """A video from a pipe."""
    return InputConfig(
        "", {"protocol_whitelist": "data", "format_whitelist": f"{_SELF_CONTAINED},{_IMAGE_FORMATS}"}, reader=reader
    )


def http_policy(url: str, *, allow_private: bool) -> AddressPolicy:
    """Return the policy for a URL of the user."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    named = Server(parts.hostname or "", parts.port or (443 if secure else 80))
    return AddressPolicy(named, upgrade=not secure and named.port == 80, allow_private=allow_private)


class _SiblingFiles:
    """Opens the files that a playlist refers to, if they are in its folder or below."""

    def __init__(self, playlist: Path) -> None:
        self._folder = playlist.parent.resolve()

    def __call__(self, url: str, flags: int, options: dict[str, str]) -> BinaryIO:
        if ":" in url.partition("/")[0] and not url.startswith("file:"):
            raise ReferenceRefused(
                f"the playlist refers to {url.partition(':')[0]}:; a local playlist may refer to files only"
            )
        path = Path(url.removeprefix("file:"))
        resolved = (path if path.is_absolute() else self._folder / path).resolve()
        if not resolved.is_relative_to(self._folder):
            raise ReferenceRefused("the playlist refers to a file outside its folder")
        if not resolved.is_file():
            raise ReferenceRefused(f"the playlist refers to {resolved.name}, which does not exist")
        return open(resolved, "rb")


def _playlist(path: Path) -> str | None:
    """Return FFmpeg's name of a playlist format, by first bytes and name like FFmpeg; None for other files."""
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
