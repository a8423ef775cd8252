"""Options of recordings that go on in new files."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.recording.rotation import Rotation

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
MOST_SECONDS, MOST_BYTES = 366 * 86400, 10**15


def add_rotation_options(group: argparse._ArgumentGroup) -> None:
    """--record-every, --record-size and --record-quota; `rotation_from` reads them."""
    group.add_argument(
        "--record-every",
        type=duration,
        metavar="TIME",
        help="go on in a new file after this time, for example 1h (s, min, h, d); {date} in the name of --record "
        "becomes its start",
    )
    group.add_argument(
        "--record-size", type=size, metavar="SIZE", help="go on in a new file at this size, for example 500MB"
    )
    group.add_argument(
        "--record-quota",
        type=size,
        metavar="SIZE",
        help="delete the oldest of these files when together they exceed this size, for example 20GB",
    )


def rotation_from(args: argparse.Namespace) -> Rotation | None:
    """The settings of `add_rotation_options`, None without. Raises UsageError."""
    from edge.errors import UsageError
    from edge.recording.rotation import Rotation

    values = {name: getattr(args, f"record_{name}") for name in ("every", "size", "quota")}
    given = [name for name, value in values.items() if value is not None]
    if not given:
        return None
    if args.record is None:
        raise UsageError(f"--record-{given[0]}: needs --record 'NAME-{{date}}.mcap'")
    every_s = None if values["every"] is None else seconds_of(values["every"])
    limit, quota = (None if values[name] is None else size_bytes(values[name]) for name in ("size", "quota"))
    return Rotation(every_s, limit, quota)


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
