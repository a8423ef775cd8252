"""Hours of the week."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.runtime.schedule import Hours, Schedule

MONDAY = datetime(2026, 11, 30)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of the week that begins on Monday, 30 November 2026."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("text", "within", "outside"),
    [
        ("07:00-19:00", [at(0, 7), at(6, 18, 59)], [at(0, 6, 59), at(3, 19)]),
        ("Mon-Fri 07:00-19:00", [at(0, 7), at(4, 18)], [at(5, 12), at(6, 12), at(4, 19)]),
        ("mon-fri 07:00-19:00, Sat 09:00-13:00", [at(2, 8), at(5, 9)], [at(5, 8), at(6, 10)]),
        ("22:00-06:00", [at(0, 22), at(1, 5, 59), at(0, 3)], [at(0, 6), at(0, 21, 59)]),
        ("Fri 22:00-06:00", [at(4, 22), at(5, 5)], [at(4, 5), at(5, 22), at(5, 6)]),
        ("Sun 22:00-06:00", [at(6, 23), at(0, 5)], [at(6, 5), at(1, 5)]),
        ("Sat-Mon", [at(5, 0), at(6, 12), at(0, 23, 59)], [at(1, 0), at(4, 23, 59)]),
        ("Sun", [at(6, 0)], [at(0, 0), at(5, 23, 59)]),
        ("00:00-24:00", [at(day, hour) for day in range(7) for hour in (0, 12, 23)], []),
        ("Wed 17:00-00:00", [at(2, 17), at(2, 23, 59)], [at(3, 0), at(2, 16)]),
        ("  Wed   17:00 - 18:00 ", [at(2, 17)], [at(2, 18)]),
    ],
)
def test_hours_hold_within_their_windows(text: str, within: list[datetime], outside: list[datetime]) -> None:
    hours = Hours.parse(text)
    assert all(hours.hold(moment) for moment in within)
    assert not any(hours.hold(moment) for moment in outside)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no window of hours"),
        ("07:00", "no window of hours"),
        ("Mon-Fri 07:00-19:00,", "no window of hours"),
        ("7-19", "is not a time from 00:00 to 24:00"),
        ("07:00-25:00", "'25:00' is not a time"),
        ("07:00-24:01", "'24:01' is not a time"),
        ("24:00-01:00", "begins at 24:00"),
        ("07:00-07:00", "ends when it begins"),
        ("Mo 07:00-08:00", r"'Mo' is not a day \(did you mean Mon\?\)"),
        ("Mon-Feb 07:00-08:00", "'Feb' is not a day"),
        (",".join(["07:00-08:00"] * 51), "more than 50"),
    ],
)
def test_hours_of_another_form_are_errors(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Hours.parse(text)


def test_hours_next_change_is_the_next_begin_or_end() -> None:
    hours = Hours.parse("Mon-Fri 07:00-19:00, Fri 18:00-22:00")
    assert hours.next_change(at(0, 6)) == at(0, 7)
    assert hours.next_change(at(0, 7)) == at(0, 19)
    assert hours.next_change(at(4, 12)) == at(4, 22)  # the windows overlap
    assert hours.next_change(at(5, 12)) == at(7, 7)
    assert Hours.parse("Mon 07:00-08:00").next_change(at(0, 9)) == at(7, 7)
    assert Hours.parse("00:00-24:00").next_change(at(0, 9)) is None
    assert Hours.parse("00:00-12:00, 12:00-24:00").next_change(at(0, 9)) is None


def test_hours_follow_the_clock_on_the_wall_when_summer_time_changes() -> None:
    """Berlin, 2026: on 29 March 02:00 becomes 03:00, on 25 October 03:00 becomes 02:00."""
    berlin, utc = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
    hours = Hours.parse("02:30-04:00")

    def worked(day: datetime) -> int:
        """Minutes of a day's night that are worked, counted on a clock that does not change."""
        begin = day.replace(tzinfo=utc)
        return sum(hours.hold((begin + timedelta(minutes=step)).astimezone(berlin)) for step in range(6 * 60))

    assert worked(datetime(2026, 3, 28)) == 90
    assert worked(datetime(2026, 3, 29)) == 60  # from 03:00 on: 02:30 does not come
    assert worked(datetime(2026, 10, 25)) == 120  # 02:30 to 03:00 comes twice


def test_schedule_describes_what_comes_next() -> None:
    schedule = Schedule(Hours.parse("mon-fri 07:00-19:00".title()))
    assert schedule.describe(at(5, 1)) == ("Mon-Fri 07:00-19:00 local time; now outside, starts Mon 2026-12-07 07:00")
    assert schedule.describe(at(0, 8)).endswith("now within, ends Mon 2026-11-30 19:00")
    assert Schedule().describe(at(0, 0)) == "always"
    assert Schedule(Hours.parse("00:00-24:00")).describe(at(0, 0)).endswith("at all times")
    assert Schedule().active(at(0, 0))
