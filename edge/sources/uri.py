"""Parsing of source URIs. Nothing is opened here."""

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
from engines.files.suggestions import closest, did_you_mean

Kind = Literal["video", "images", "pipe", "network", "http", "v4l2", "csi", "gst", "synthetic"]

KINDS = (
    "a video file, an image, a folder or glob of images, - (standard input), a FIFO, rtsp://, rtsps://, http://, "
    "https://, tcp://, udp://, v4l2:///dev/video0 or 0, csi://0, gst:PIPELINE, synthetic:"
)
HEIF_SUFFIXES = frozenset((".heic", ".heif", ".hif", ".avif"))
IMAGE_SUFFIXES = HEIF_SUFFIXES | frozenset(
    ".png .jpg .jpeg .jpe .jfif .bmp .webp .tif .tiff .pbm .pgm .ppm .pnm .jp2".split()  # noqa: SIM905
)

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_CAMERA_OPTIONS = ("width", "height", "fps", "format")
_HOSTED = ("rtsp", "rtsps", "http", "https", "tcp", "udp")
SCHEMES = (*_HOSTED, "v4l2", "csi")
SIMILAR_SCHEME = 0.75  # rtp and rstp are rtsp, ftp is not tcp
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_ENCODE_HINT = "percent-encode /, ?, # and @ in a user name or password as %2F, %3F, %23 and %40"


@dataclass(frozen=True)
class Address:
    """A parsed source URI.

    target: path, glob, URL, device, sensor number or pipeline, depending on the kind; may hold a password and is used
    only to open the source. label: the source without secrets, for messages, logs and reports. secrets: texts in
    `target` to redact from messages of libraries.
    """

    kind: Kind
    target: str = field(repr=False)
    name: str
    label: str = ""
    options: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def parse(uri: str) -> Address:
    """Parse a source URI. Raises SourceError for an unsupported URI or a path that does not exist."""
    text = uri.strip()
    if not text:
        raise SourceError(f"the source is empty; use {KINDS}")
    if text == "-":
        return _parse_descriptor(0, "-")
    if text.isascii() and text.isdigit():
        return Address("v4l2", f"/dev/video{int(text)}", f"video{int(text)}", text)
    if text.lower().startswith("gst:"):
        pipeline = text[4:].strip()
        return Address("gst", pipeline, "gst", redact_text(text), secrets=secrets_of(pipeline))
    if text.lower().startswith("synthetic:"):
        return Address("synthetic", text, "synthetic", text)
    if is_file_uri(text):
        return _parse_path(file_path(text))
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _parse_path(text)
    name = scheme[1].lower()
    return _parse_url(name, f"{name}{text[len(name) :]}")


def relative_to(uri: str, folder: Path) -> str:
    """A source URI that a file in `folder` names: relative paths start there, ~ is the home folder, all else stays."""
    text = uri.strip()
    named = re.match(r"gst:|synthetic:|file:/", text, re.IGNORECASE) or _SCHEME.match(text)
    if not text or text == "-" or (text.isascii() and text.isdigit()) or named:
        return text
    return str(folder / os.path.expanduser(text))


def _parse_url(scheme: str, text: str) -> Address:
    label = redact_url(text)
    if scheme in _HOSTED:
        return _parse_hosted(scheme, text, label)
    parts = _split(text, label)
    host = parts.hostname or ""
    if scheme == "v4l2":
        device = parts.path if not host else f"/dev/{host}"
        if not device.startswith("/dev/"):
            raise SourceError(f"{label}: no device; use v4l2:///dev/video0")
        return Address("v4l2", device, clean_stream_name(Path(device).name), label, _camera_options(parts, text))
    if scheme == "csi":
        if not host.isdigit() or parts.path.strip("/"):
            raise SourceError(f"{label}: no sensor number; use csi://0")
        return Address("csi", host, f"csi{host}", label, _camera_options(parts, text))
    similar = closest(scheme, SCHEMES, SIMILAR_SCHEME)
    hint = f" (did you mean {similar}://?)" if similar is not None else ""
    raise SourceError(f"{scheme}://: unsupported source scheme{hint}; use {KINDS}")


def _parse_hosted(scheme: str, text: str, label: str) -> Address:
    if any(ord(letter) < 32 or letter == "\x7f" for letter in text):
        raise SourceError(f"{' '.join(label.split())}: invalid address; remove the control characters")
    text = text.replace(" ", "%20")
    parts = _split(text, label)
    host = parts.hostname or ""
    if parts.username is None and "@" in text and not host:
        raise SourceError(f"{label}: no host; {_ENCODE_HINT}")
    if scheme in ("tcp", "udp"):
        if parts.port is None or (scheme == "tcp" and not host):
            raise SourceError(f"{label}: no host and port; use {scheme}://HOST:PORT")
        return Address(
            "network", text, clean_stream_name(f"{host or 'udp'}-{parts.port}"), label, secrets=_secrets(parts)
        )
    if not host:
        raise SourceError(f"{label}: no host; use {scheme}://HOST/PATH")
    kind: Kind = "http" if scheme.startswith("http") else "network"
    return Address(kind, _percent_encoded(parts), url_name(host, label), label, secrets=_secrets(parts))


def _split(text: str, label: str) -> SplitResult:
    """Split a URL. Python's error message is not used: it may quote a part of the password."""
    try:
        parts = urlsplit(text)
        if parts.port is None or parts.port >= 0:
            return parts
    except ValueError:
        pass
    problem = (
        f"invalid address, check host and port; {_ENCODE_HINT}"
        if "@" in text
        else "invalid address; check host and port"
    )
    raise SourceError(f"{label}: {problem}")


def _percent_encoded(parts: SplitResult) -> str:
    """Return the URL with user name and password percent-encoded, as FFmpeg expects them."""
    userinfo, at, server = parts.netloc.rpartition("@")
    if not at:
        return parts.geturl()
    user, colon, password = userinfo.partition(":")
    encoded = "".join((quote(unquote(user), safe=""), colon, quote(unquote(password), safe="")))
    return parts._replace(netloc=f"{encoded}@{server}").geturl()


def _secrets(parts: SplitResult) -> tuple[str, ...]:
    password = parts.password
    if not password:
        return ()
    plain = unquote(password)
    return tuple(dict.fromkeys((password, plain, quote(plain, safe=""))))


def _camera_options(parts: SplitResult, text: str) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for key, value in options.items():
        if key not in _CAMERA_OPTIONS:
            raise SourceError(
                f"{text}: unknown camera option {key}{did_you_mean(key, _CAMERA_OPTIONS)}; choose from "
                f"{', '.join(_CAMERA_OPTIONS)}"
            )
        if key != "format" and not (value.isascii() and value.isdigit() and int(value) > 0):
            raise SourceError(f"{text}: {key} must be a whole number from 1 up, not {value!r}")
    if ("width" in options) != ("height" in options):
        raise SourceError(f"{text}: width and height need each other; give both or neither")
    return options


def is_file_uri(text: str) -> bool:
    """Whether this is a file: URI with an absolute path."""
    return re.match(r"file:/", text, re.IGNORECASE) is not None


def file_path(text: str) -> str:
    """The path of a file: URI (RFC 8089). Everything after the host is the path, including # and ?.

    Raises SourceError for a file of another machine.
    """
    rest = text[len("file:") :]
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host.lower() not in ("", "localhost"):
            raise SourceError(f"{redact_url(text)}: a file on another machine; use a path on this one")
        rest = slash + path
    return unquote(rest)


def _parse_path(text: str) -> Address:
    path = Path(text)
    if re.fullmatch(r"/dev/video\d+", text):
        return Address("v4l2", text, path.name, text)
    descriptor = _DESCRIPTOR.fullmatch(text)
    if descriptor is not None or text == "/dev/stdin":
        return _parse_descriptor(int(descriptor[1]) if descriptor else 0, text)
    try:
        return _parse_existing(text, path)
    except (OSError, ValueError) as error:  # a parent folder without permission, or an invalid name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SourceError(f"{redact_path(text[:80])}: cannot be accessed: {reason[:1].lower()}{reason[1:]}") from None


def _parse_existing(text: str, path: Path) -> Address:
    if path.is_fifo():
        return Address("pipe", text, clean_stream_name(path.stem), text)
    if path.is_dir():
        return Address("images", text, clean_stream_name(path.resolve().name), text)
    if path.exists():
        kind: Kind = "images" if path.suffix.lower() in IMAGE_SUFFIXES else "video"
        return Address(kind, text, clean_stream_name(path.stem), text)
    if glob.has_magic(text):
        return Address("images", text, clean_stream_name(path.parent.resolve().name), text)
    raise SourceError(f"{redact_path(text)}: no such file or folder; use {KINDS}")


def _parse_descriptor(number: int, text: str) -> Address:
    """Parse an inherited descriptor: standard input, or process substitution of a shell."""
    label = "standard input" if number == 0 else text
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        raise SourceError(f"{label}: not open; pipe a video into the program") from None
    name = "stdin" if number == 0 else f"fd{number}"
    if stat.S_ISREG(mode):  # redirected from a file, which can be reopened
        return Address("video", f"/proc/self/fd/{number}", name, label)
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise SourceError(
            f"{label}: not a pipe; pipe a video into the program, for example cat clip.ts | meshcast run -"
        )
    return Address("pipe", str(number), name, label)
