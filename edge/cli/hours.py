"""Hours of the outputs of a run on the command line and in configuration files."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.runtime.schedule import OutputSchedules, Schedule

KEYS = {"publish_hours": "publish.hours", "record_hours": "outputs.record_hours", "save_hours": "outputs.save_hours"}
FILES = {"record_hours": "record", "save_hours": "save"}  # outputs of which a new file begins each time


def add_hours_options(group: argparse._ArgumentGroup) -> None:
    """--publish-hours, --record-hours and --save-hours; `schedules_from` reads them."""
    for dest, what in (
        ("publish_hours", "publish"),
        ("record_hours", "record, each time to a new file with {date} in its name,"),
        ("save_hours", "save, each time to a new file with {date} in its name,"),
    ):
        group.add_argument(
            f"--{dest.replace('_', '-')}",
            type=hours,
            metavar="HOURS",
            help=f"{what} at these hours of the local time only, for example 'Mon-Fri 07:00-19:00, Sat 22:00-02:00'",
        )


def hours(text: str) -> str:
    """Check hours. Raises ArgumentTypeError."""
    from edge.runtime.schedule import Hours

    try:
        return Hours.parse(text).text
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def schedules_from(args: argparse.Namespace) -> OutputSchedules:
    """When the outputs of a run work. Raises UsageError for hours of an output that the run does not have."""
    from edge.errors import UsageError
    from edge.runtime.schedule import OutputSchedules

    for dest in KEYS:
        output = dest.removesuffix("_hours")
        if getattr(args, dest) is not None and getattr(args, output) is None:
            raise UsageError(f"--{output}-hours: needs --{output}")
    made = {dest.removesuffix("_hours"): _schedule(getattr(args, dest)) for dest in KEYS}
    return OutputSchedules(**made)


def explained(args: argparse.Namespace, now: datetime) -> list[str]:
    """What the hours and the rotation of a configuration mean at a local time, one line each."""
    zone = now.astimezone()
    lines = [
        f"{key}: {schedule.describe(now)} ({zone.tzname()}, UTC{zone:%z})"
        for dest, key in KEYS.items()
        if (schedule := _schedule(getattr(args, dest))).hours is not None
    ]
    ends = [text for text in (args.record_every, args.record_size) if text is not None]
    if ends:
        kept = f", the oldest files are deleted beyond {args.record_quota}" if args.record_quota is not None else ""
        lines.append(f"outputs.record: a new file after {' or '.join(ends)}{kept}")
    return lines


def _schedule(text: str | None) -> Schedule:
    from edge.runtime.schedule import Hours, Schedule

    return Schedule(None if text is None else Hours.parse(text))
