"""Options of recordings that go on in new files."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.recording.file_series import Rotation

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
MOST_SECONDS, MOST_BYTES = 366 * 86400, 10**15


def add_rotation_options(
    group: argparse.ArgumentParser | argparse._ArgumentGroup, *, prefix: str = "record-", file: str = "--record"
) -> None:
    """--record-every, --record-size and --record-quota; `rotation_from` reads them.

    Args:
        group: of the options.
        prefix: of their names.
        file: the argument that names the file.
    """
    group.add_argument(
        f"--{prefix}every",
        type=duration,
        metavar="TIME",
        help=f"go on in a new file after this time, for example 1h (s, min, h, d); {{date}} in the name of {file} "
        "becomes its start",
    )
    group.add_argument(
        f"--{prefix}size", type=size, metavar="SIZE", help="go on in a new file at this size, for example 500MB"
    )
    group.add_argument(
        f"--{prefix}quota",
        type=size,
        metavar="SIZE",
        help="delete the oldest of these files when together they exceed this size, for example 20GB",
    )


def rotation_from(args: argparse.Namespace) -> Rotation | None:
    """The rotation of `meshcast run`, None without. Raises UsageError."""
    from edge.errors import UsageError

    values = {name: getattr(args, f"record_{name}") for name in ("every", "size", "quota")}
    given = [name for name, value in values.items() if value is not None]
    if given and args.record is None:
        raise UsageError(f"--record-{given[0]}: needs --record 'NAME-{{date}}.mcap'")
    return rotation_of(**values)


def rotation_of(every: str | None, size: str | None, quota: str | None) -> Rotation | None:
    """The rotation that a time, a size and a quota describe, None without any. Raises UsageError."""
    from edge.recording.file_series import Rotation

    if every is None and size is None and quota is None:
        return None
    limit, most = (None if text is None else size_bytes(text) for text in (size, quota))
    return Rotation(None if every is None else seconds_of(every), limit, most)


def duration(text: str) -> str:
    """Check a duration, for example "90s", "10min", "1h". Raises ArgumentTypeError."""
    seconds_of(text)
    return text


def seconds_of(text: str) -> float:
    """The seconds of a duration. Raises ArgumentTypeError."""
    return _number(text, SECONDS, 1, MOST_SECONDS, "a time, for example 90s, 10min, 1h or 1d")


def size(text: str) -> str:
    """Check a size, for example "500MB". Raises ArgumentTypeError."""
    size_bytes(text)
    return text


def size_bytes(text: str) -> int:
    """The bytes of a size. Raises ArgumentTypeError."""
    return int(_number(text, BYTES, 10**6, MOST_BYTES, "a size of 1MB or more, for example 500MB or 20GB"))


def _number(text: str, units: dict[str, int], least: float, most: float, what: str) -> float:
    match = re.fullmatch(rf"(\d{{1,9}}(?:\.\d{{1,6}})?) ?({'|'.join(units)})", text)
    value = float(match[1]) * units[match[2]] if match else -1.0
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value
