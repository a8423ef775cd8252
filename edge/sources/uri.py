"""What the user calls a source, taken apart. Nothing is opened here."""

from __future__ import annotations

import glob
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from edge.errors import SourceError
from edge.redaction import redact_path, redact_text, redact_url, secrets_of
from edge.stream_names import clean_stream_name, url_name

Kind = Literal["video", "pictures", "pipe", "network", "http", "v4l2", "csi", "gst", "synthetic"]

KINDS = (
    "a video file, a picture, a folder or glob of pictures, - (standard input), a FIFO, rtsp://, rtsps://, http://, "
    "https://, tcp://, udp://, v4l2:///dev/video0 or 0, csi://0, gst:PIPELINE, synthetic:"
)
HEIF_SUFFIXES = frozenset((".heic", ".heif", ".hif", ".avif"))
IMAGE_SUFFIXES = HEIF_SUFFIXES | frozenset(
    ".png .jpg .jpeg .jpe .jfif .bmp .webp .tif .tiff .pbm .pgm .ppm .pnm .jp2".split()  # noqa: SIM905
)

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_CAMERA_OPTIONS = ("width", "height", "fps", "format")
_HOSTED = ("rtsp", "rtsps", "http", "https", "tcp", "udp")
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_ENCODE = "percent-encode /, ?, # and @ in a user name or password as %2F, %3F, %23 and %40"


@dataclass(frozen=True)
class Address:
    """A parsed source: target is a path, glob, URL, device, sensor number or pipeline, as the kind needs it.

    shown: the source without its secrets; messages, logs and reports have nothing else. target may hold a password and
    goes into the call that opens the source only; secrets are the texts in it that libraries must not repeat.
    """

    kind: Kind
    target: str = field(repr=False)
    name: str
    shown: str = ""
    options: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def parse(uri: str) -> Address:
    """Say what kind of source a URI is. Raises SourceError for one that is none, or a path that does not exist."""
    text = uri.strip()
    if not text:
        raise SourceError(f"the source is empty; a source is {KINDS}")
    if text == "-":
        return _parse_descriptor(0, "-")
    if text.isascii() and text.isdigit():
        return Address("v4l2", f"/dev/video{int(text)}", f"video{int(text)}", text)
    if text.lower().startswith("gst:"):
        pipeline = text[4:].strip()
        return Address("gst", pipeline, "gst", redact_text(text), secrets=secrets_of(pipeline))
    if text.lower().startswith("synthetic:"):
        return Address("synthetic", text, "synthetic", text)
    if re.match(r"file:/", text, re.IGNORECASE):
        return _parse_file(text)
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _parse_path(text)
    name = scheme[1].lower()
    return _parse_url(name, f"{name}{text[len(name) :]}")


def _parse_url(scheme: str, text: str) -> Address:
    shown = redact_url(text)
    if scheme in _HOSTED:
        return _parse_hosted(scheme, text, shown)
    parts = _split(text, shown)
    host = parts.hostname or ""
    if scheme == "v4l2":
        device = parts.path if not host else f"/dev/{host}"
        if not device.startswith("/dev/"):
            raise SourceError(f"{shown}: names no device, expected v4l2:///dev/video0")
        return Address("v4l2", device, clean_stream_name(Path(device).name), shown, _camera_options(parts, text))
    if scheme == "csi":
        if not host.isdigit() or parts.path.strip("/"):
            raise SourceError(f"{shown}: names no sensor, expected csi://0")
        return Address("csi", host, f"csi{host}", shown, _camera_options(parts, text))
    raise SourceError(f"{scheme}:// is no kind of source; a source is {KINDS}")


def _parse_hosted(scheme: str, text: str, shown: str) -> Address:
    if any(ord(letter) < 32 or letter == "\x7f" for letter in text):
        raise SourceError(f"{' '.join(shown.split())}: not a valid address; it holds a control character")
    text = text.replace(" ", "%20")
    parts = _split(text, shown)
    host = parts.hostname or ""
    if parts.username is None and "@" in text and not host:
        raise SourceError(f"{shown}: names no host; {_ENCODE}")
    if scheme in ("tcp", "udp"):
        if parts.port is None or (scheme == "tcp" and not host):
            raise SourceError(f"{shown}: names no host and port, expected {scheme}://HOST:PORT")
        return Address(
            "network", text, clean_stream_name(f"{host or 'udp'}-{parts.port}"), shown, secrets=_userinfo(parts)
        )
    if not host:
        raise SourceError(f"{shown}: names no host, expected {scheme}://HOST/PATH")
    kind: Kind = "http" if scheme.startswith("http") else "network"
    return Address(kind, _encoded(parts), url_name(host, shown), shown, secrets=_userinfo(parts))


def _split(text: str, shown: str) -> SplitResult:
    """The parts of a URL; Python's own words on a bad one are not passed on, as they may quote half a password."""
    try:
        parts = urlsplit(text)
        if parts.port is None or parts.port >= 0:
            return parts
    except ValueError:
        pass
    problem = f"the host or port is wrong; {_ENCODE}" if "@" in text else "the host or port is wrong"
    raise SourceError(f"{shown}: not a valid address; {problem}")


def _encoded(parts: SplitResult) -> str:
    """The URL with its user name and password percent-encoded, as FFmpeg reads them."""
    userinfo, at, server = parts.netloc.rpartition("@")
    if not at:
        return parts.geturl()
    user, colon, password = userinfo.partition(":")
    encoded = "".join((quote(unquote(user), safe=""), colon, quote(unquote(password), safe="")))
    return parts._replace(netloc=f"{encoded}@{server}").geturl()


def _userinfo(parts: SplitResult) -> tuple[str, ...]:
    password = parts.password
    if not password:
        return ()
    plain = unquote(password)
    return tuple(dict.fromkeys((password, plain, quote(plain, safe=""))))


def _camera_options(parts: SplitResult, text: str) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for key, value in options.items():
        if key not in _CAMERA_OPTIONS:
            raise SourceError(f"{text}: {key} is no option of a camera; there are {', '.join(_CAMERA_OPTIONS)}")
        if key != "format" and not (value.isascii() and value.isdigit() and int(value) > 0):
            raise SourceError(f"{text}: {key} must be a whole number greater than 0, not {value!r}")
    if ("width" in options) != ("height" in options):
        raise SourceError(f"{text}: width and height go together")
    return options


def _parse_file(text: str) -> Address:
    """A file: URI (RFC 8089). What follows the host is the path, # and ? in it too."""
    rest = text[len("file:") :]
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host.lower() not in ("", "localhost"):
            raise SourceError(f"{redact_url(text)}: names a file on another machine; give a path on this one")
        rest = slash + path
    return _parse_path(unquote(rest))


def _parse_path(text: str) -> Address:
    path = Path(text)
    if re.fullmatch(r"/dev/video\d+", text):
        return Address("v4l2", text, path.name, text)
    descriptor = _DESCRIPTOR.fullmatch(text)
    if descriptor is not None or text == "/dev/stdin":
        return _parse_descriptor(int(descriptor[1]) if descriptor else 0, text)
    try:
        return _parse_existing(text, path)
    except (OSError, ValueError) as error:  # a folder on the way that may not be searched, a name that no file can have
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SourceError(f"{redact_path(text[:80])}: cannot be looked at: {reason[:1].lower()}{reason[1:]}") from None


def _parse_existing(text: str, path: Path) -> Address:
    if path.is_fifo():
        return Address("pipe", text, clean_stream_name(path.stem), text)
    if path.is_dir():
        return Address("pictures", text, clean_stream_name(path.resolve().name), text)
    if path.exists():
        kind: Kind = "pictures" if path.suffix.lower() in IMAGE_SUFFIXES else "video"
        return Address(kind, text, clean_stream_name(path.stem), text)
    if glob.has_magic(text):
        return Address("pictures", text, clean_stream_name(path.parent.resolve().name), text)
    raise SourceError(f"{redact_path(text)}: no such file or folder; a source is {KINDS}")


def _parse_descriptor(number: int, text: str) -> Address:
    """A descriptor that this process has already: standard input, or the shell's process substitution."""
    shown = "standard input" if number == 0 else text
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        raise SourceError(f"{shown}: is not open; pipe a video into the program") from None
    name = "stdin" if number == 0 else f"fd{number}"
    if stat.S_ISREG(mode):  # redirected from a file, which can be opened as often as needed
        return Address("video", f"/proc/self/fd/{number}", name, shown)
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise SourceError(
            f"{shown}: is no pipe; pipe a video into the program, for example cat clip.ts | meshcast run -"
        )
    return Address("pipe", str(number), name, shown)
