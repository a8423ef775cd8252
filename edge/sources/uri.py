"""What the user calls a source, taken apart. Nothing is opened here."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from edge.errors import SourceError

Kind = Literal["video", "pictures", "network", "http", "v4l2", "csi", "gst", "synthetic"]

KINDS = (
    "a video file, a picture, a folder or glob of pictures, rtsp://, rtsps://, http://, https://, tcp://, udp://, "
    "v4l2:///dev/video0 or 0, csi://0, gst:PIPELINE, synthetic:"
)
PICTURE_SUFFIXES = frozenset(
    ".png .jpg .jpeg .jpe .jfif .bmp .webp .tif .tiff .pbm .pgm .ppm .pnm .jp2".split()  # noqa: SIM905
)

NAME_LENGTH = 30  # what a stream's name on the wire may have

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_CAMERA_OPTIONS = ("width", "height", "fps", "format")


@dataclass(frozen=True)
class Address:
    """A parsed source: target is a path, glob, URL, device, sensor number or pipeline, as the kind needs it."""

    kind: Kind
    target: str
    name: str
    options: dict[str, str] = field(default_factory=dict)


def parse(uri: str) -> Address:
    """Say what kind of source a URI is. Raises SourceError for one that is none, or a path that does not exist."""
    text = uri.strip()
    if not text:
        raise SourceError(f"the source is empty; a source is {KINDS}")
    if text.isascii() and text.isdigit():
        return Address("v4l2", f"/dev/video{int(text)}", f"video{int(text)}")
    if text.lower().startswith("gst:"):
        return Address("gst", text[4:].strip(), "gst")
    if text.lower().startswith("synthetic:"):
        return Address("synthetic", text, "synthetic")
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _parse_path(text)
    try:
        parts = urlsplit(text)
        return _parse_url(scheme[1].lower(), parts, text, parts.port)
    except ValueError as error:
        raise SourceError(f"{redacted(text)}: not a valid address ({error})") from None


def redacted(url: str) -> str:
    """The URL without user name and password, for messages and logs."""
    return re.sub(r"(://)[^/@]*@(?=[^/])", r"\1", url)


def _parse_url(scheme: str, parts: SplitResult, text: str, port: int | None) -> Address:
    host = parts.hostname or ""
    if scheme == "file":
        return _parse_path(unquote(parts.path))
    if scheme in ("rtsp", "rtsps", "http", "https"):
        if not host:
            raise SourceError(f"{text}: names no host, expected {scheme}://HOST/PATH")
        return Address("http" if scheme.startswith("http") else "network", text, _clean(host))
    if scheme in ("tcp", "udp"):
        if port is None or (scheme == "tcp" and not host):
            raise SourceError(f"{text}: names no host and port, expected {scheme}://HOST:PORT")
        return Address("network", text, _clean(f"{host or 'udp'}-{port}"))
    if scheme == "v4l2":
        device = parts.path if not host else f"/dev/{host}"
        if not device.startswith("/dev/"):
            raise SourceError(f"{text}: names no device, expected v4l2:///dev/video0")
        return Address("v4l2", device, _clean(Path(device).name), _camera_options(parts, text))
    if scheme == "csi":
        if not host.isdigit() or parts.path.strip("/"):
            raise SourceError(f"{text}: names no sensor, expected csi://0")
        return Address("csi", host, f"csi{host}", _camera_options(parts, text))
    raise SourceError(f"{scheme}:// is no kind of source; a source is {KINDS}")


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


def _parse_path(text: str) -> Address:
    try:
        return _parse_existing(text, Path(text))
    except (OSError, ValueError) as error:  # a name that no file can have
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{text[:80]}: not a path ({reason}); a source is {KINDS}") from None


def _parse_existing(text: str, path: Path) -> Address:
    if re.fullmatch(r"/dev/video\d+", text):
        return Address("v4l2", text, path.name)
    if path.is_dir():
        return Address("pictures", text, _clean(path.resolve().name))
    if path.exists():
        return Address("pictures" if path.suffix.lower() in PICTURE_SUFFIXES else "video", text, _clean(path.stem))
    if glob.has_magic(text):
        return Address("pictures", text, _clean(path.parent.resolve().name))
    raise SourceError(f"{text}: no such file or folder; a source is {KINDS}")


def _clean(name: str) -> str:
    """A camera's name that can go anywhere: into topics, file names and metrics."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("_")[:NAME_LENGTH] or "camera"
