"""Removal of secrets from text that is shown: addresses, pipelines, and messages of FFmpeg and GStreamer."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"

# Of a query only what is known to be harmless is shown: any other name may be that of a password.
_HARMLESS = frozenset(
    (
        *("audio", "bitrate", "camera", "ch", "chan", "channel", "codec", "compression", "duration", "format", "fps"),
        *(
            "framerate",
            "frames",
            "height",
            "people",
            "profile",
            "proto",
            "quality",
            "rate",
            "res",
            "resolution",
            "size",
        ),
        *("speed", "stream", "streamtype", "subtype", "t", "time", "transport", "transportmode", "unicast", "video"),
        *("videocodec", "width"),
    )
)
_HARMLESS_VALUE = re.compile(r"[A-Za-z0-9.,:x+-]{0,32}")
_SECRET_NAME = (
    r"(?:[\w-]*(?:passw(?:or)?d|passphrase|token|secret|signature|credentials?|api[_-]?key|cookies?)"
    r"|(?:[\w-]*[_-])?(?:user|users|username|usr|uname|user-id|login|account|pass|pwd|psw|pw|key|auth|authorization|sig|"
    r"session|sid|jwt|otp|pin))"
)
# A value ends where the next one begins; cameras also write /user=admin_password=x_channel=1.
_PATH_SECRET = re.compile(rf"(?<![A-Za-z0-9-])({_SECRET_NAME})=(?:(?!_[A-Za-z]+=)[^&;,/?#])*", re.IGNORECASE)
_PROPERTY = re.compile(
    rf"(?<![\w-])({_SECRET_NAME})(\s*=\s*(?:\([\w ]+\)\s*)?)"
    r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?:\\.|[^\s!;,&\"'])+)",
    re.IGNORECASE,
)
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*:/{2,}"
_QUOTED_URL = re.compile(rf"([\"'])({_SCHEME}(?:(?!\1).)*)\1")
_URL = re.compile(rf"{_SCHEME}[^\s\"'<>]*")
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Za-z:.%]*\]|[^:\[\]]*)(?::\d*)?")
_SHORTEST_SECRET = 3  # anything shorter would take letters out of ordinary words


def redact_url(url: str) -> str:
    """An address without user name and password, and with hidden values where path and query may hold secrets.

    An address that is malformed because its password is not percent-encoded loses everything up to its last @, since
    the parts of the password cannot be told from a host and a path.
    """
    scheme, slashes, rest = url.partition("://")
    if not slashes:
        return redact_text(url)
    authority, tail = _split(rest)
    shown = ""
    named = ":" in authority and not authority.startswith("[")  # user:password, or host:port
    if "@" in tail and (not authority or "@" in authority or named):
        authority, tail = _split(rest.rpartition("@")[2])
        shown = f"{HIDDEN}@"
    host = authority.rpartition("@")[2]
    if not _HOST_AND_PORT.fullmatch(host):
        host = f"{host.partition(':')[0]}:{HIDDEN}"
    path, question, query = tail.partition("#")[0].partition("?")
    path = _PATH_SECRET.sub(rf"\1={HIDDEN}", path)
    return f"{scheme}://{shown}{host}{path}{question}{_redact_query(query)}"


def redact_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Any text, such as a message of a library or a pipeline, with its addresses and properties redacted.

    secrets: texts that must not be shown wherever they stand.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    text = _QUOTED_URL.sub(lambda match: f"{match[1]}{redact_url(match[2])}{match[1]}", text)
    text = _URL.sub(_redact_match, text)
    return _PROPERTY.sub(rf"\1\2{HIDDEN}", text)


def redact_path(text: str) -> str:
    """A path that does not exist, for a message: it may be an address with a forgotten or misspelled scheme."""
    if "://" in text:
        return redact_url(text)
    mistaken = re.match(r".*:.*@", text, re.DOTALL)
    return _PATH_SECRET.sub(rf"\1={HIDDEN}", f"{HIDDEN}@{text[mistaken.end() :]}" if mistaken else text)


def secrets_of(pipeline: str) -> tuple[str, ...]:
    """Values of a GStreamer pipeline's secret properties, and passwords in its addresses."""
    found = [match[3].strip("\"'") for match in _PROPERTY.finditer(pipeline)]
    for match in _URL.finditer(pipeline):
        authority, _ = _split(match[0].partition("://")[2])
        userinfo, at, _ = authority.rpartition("@")
        if at:
            found += [userinfo, userinfo.partition(":")[2]]
    return tuple(secret for secret in found if secret and secret != HIDDEN)


def _split(rest: str) -> tuple[str, str]:
    """What follows :// as authority and the rest, which begins with / ? or #."""
    end = re.search(r"[/?#]", rest)
    return (rest, "") if end is None else (rest[: end.start()], rest[end.start() :])


def _redact_query(query: str) -> str:
    def shown(part: str) -> str:
        name, equals, value = part.partition("=")
        if name.lower() in _HARMLESS and _HARMLESS_VALUE.fullmatch(value):
            return part
        return f"{name}={HIDDEN}" if equals else HIDDEN

    return "&".join(shown(part) for part in re.split("[&;]", query)) if query else ""


def _redact_match(match: re.Match[str]) -> str:
    url = match[0].rstrip(".,;:)]}")
    return redact_url(url) + match[0][len(url) :]
