"""Hours of the week in which an output works, on the clock of the local time zone.

Times are those that a clock on the wall shows. Where summer time begins, an hour that is skipped is not worked; where
it ends, an hour that comes twice is worked twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from engines.files.suggestions import did_you_mean

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXAMPLE = '"Mon-Fri 07:00-19:00, Sat 09:00-13:00"'
MOST_WINDOWS = 50
DAY_MIN = 24 * 60
_WINDOW = re.compile(
    r"(?:(?P<first>[A-Za-z]+)(?: ?- ?(?P<last>[A-Za-z]+))?)?(?:(?:^| )(?P<begin>[\d:]+) ?- ?(?P<end>[\d:]+))?"
)
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """A time of some days.

    Attributes:
        days: on which it begins, 0 (Monday) to 6.
        begin_min, end_min: minutes after midnight; where the end is not after the begin it is on the next day.
    """

    days: frozenset[int]
    begin_min: int
    end_min: int

    def holds(self, now: datetime) -> bool:
        """Whether a local time is within the window."""
        minute, day = now.hour * 60 + now.minute, now.weekday()
        if self.begin_min < self.end_min:
            return day in self.days and self.begin_min <= minute < self.end_min
        return (day in self.days and minute >= self.begin_min) or ((day - 1) % 7 in self.days and minute < self.end_min)


@dataclass(frozen=True, slots=True)
class Hours:
    """When an output works: in any of the windows, of which `text` is the description."""

    text: str
    windows: tuple[Window, ...]

    @staticmethod
    def parse(text: str) -> Hours:
        """Parse windows, for example "Mon-Fri 07:00-19:00, Sat 09:00-13:00" or "22:00-06:00". Raises ValueError."""
        parts = text.split(",")
        if len(parts) > MOST_WINDOWS:
            raise ValueError(f"more than {MOST_WINDOWS} windows of hours")
        return Hours(", ".join(" ".join(part.split()) for part in parts), tuple(_window(part) for part in parts))

    def hold(self, now: datetime) -> bool:
        """Whether the output works at a local time."""
        return any(window.holds(now) for window in self.windows)

    def next_change(self, now: datetime) -> datetime | None:
        """The local time at which the output begins or ends to work, None where it never does."""
        today = self.hold(now)
        for moment in self._boundaries(now.date()):
            if moment > now.replace(tzinfo=None) and self.hold(moment) != today:
                return moment
        return None

    def _boundaries(self, today: date) -> Iterator[datetime]:
        """Local times at which a window begins or ends, in the week from a day on, in order."""
        minutes = sorted({minute % DAY_MIN for each in self.windows for minute in (each.begin_min, each.end_min)})
        for days in range(9):
            for minute in minutes:
                yield datetime.combine(today + timedelta(days=days), time(minute // 60, minute % 60))


@dataclass(slots=True)
class Schedule:
    """The hours of an output of a run, which may be changed while the run works; None: always."""

    hours: Hours | None = None

    def active(self, now: datetime) -> bool:
        """Whether the output works at a local time."""
        hours = self.hours
        return hours is None or hours.hold(now)

    def describe(self, now: datetime) -> str:
        """The hours and what comes next, in a few words."""
        hours = self.hours
        if hours is None:
            return "always"
        state = "within" if hours.hold(now) else "outside"
        change = hours.next_change(now)
        if change is None:
            return f"{hours.text}: at all times"
        verb = "ends" if state == "within" else "starts"
        return f"{hours.text} local time; now {state}, {verb} {DAYS[change.weekday()]} {change:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class OutputSchedules:
    """When the outputs of a run work; all its streams share them."""

    publish: Schedule = field(default_factory=Schedule)
    record: Schedule = field(default_factory=Schedule)
    save: Schedule = field(default_factory=Schedule)


def _window(text: str) -> Window:
    words = " ".join(text.split())
    match = _WINDOW.fullmatch(words)
    if match is None or not words:
        raise ValueError(f"{words[:40]!r} is no window of hours; write for example {EXAMPLE}")
    days = _days(match["first"], match["last"])
    if match["begin"] is None:
        return Window(days, 0, DAY_MIN)
    begin, end = _minutes(match["begin"]), _minutes(match["end"])
    if begin == DAY_MIN:
        raise ValueError(f"{words[:40]!r} begins at 24:00; write 00:00 of the next day")
    if begin == end:
        raise ValueError(f"{words[:40]!r} ends when it begins; write 00:00-24:00 for a whole day")
    return Window(days, begin, end)


def _minutes(text: str) -> int:
    match = _TIME.fullmatch(text)
    minutes = int(match[1]) * 60 + int(match[2]) if match else DAY_MIN + 1
    if minutes > DAY_MIN:
        raise ValueError(f"{text[:20]!r} is not a time from 00:00 to 24:00")
    return minutes


def _days(first: str | None, last: str | None) -> frozenset[int]:
    if first is None:
        return frozenset(range(7))
    begin = _day(first)
    end = begin if last is None else _day(last)
    return frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _day(text: str) -> int:
    name = text.capitalize()
    if name not in DAYS:
        raise ValueError(f"{text[:20]!r} is not a day{did_you_mean(name, DAYS)}; there are {', '.join(DAYS)}")
    return DAYS.index(name)
