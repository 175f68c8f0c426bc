"""Days, months, years and spans of time in a question, in the time zone of whoever asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

# "m" could be minutes or months: it is neither.
UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}
_SPAN = re.compile(r"([0-9]{1,6})\s?(min|h|d|w|mo|y)")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[T ]([0-9]{1,2}):([0-9]{2}))?)?)?")
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}
EXAMPLES = ("<7d", "today", "2026-01-31", "2026-01..2026-03", ">=2026")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day, a month, a year or a minute: from its first moment to the first after it."""

    begin: datetime
    end: datetime


def span(word: str) -> timedelta | None:
    """ "7d", "36h"; None if it is no span of time."""
    found = _SPAN.fullmatch(word.lower())
    return int(found[1]) * UNITS[found[2]] if found else None


def stretch(word: str, now: datetime, zone: tzinfo) -> Stretch | None:
    """ "2026", "2026-01", "2026-01-31", "2026-01-31 09:30", "today"; None if it is none of these, or no such day is."""
    try:
        if word.lower() in _DAYS:
            day = now.astimezone(zone).date() + timedelta(days=_DAYS[word.lower()])
            return Stretch(_begin(day, zone), _begin(day + timedelta(days=1), zone))
        found = _DAY.fullmatch(word)
        return _dated(found, zone) if found else None
    except (ValueError, OverflowError):
        return None


def _dated(found: re.Match[str], zone: tzinfo) -> Stretch:
    year, month, day, hour, minute = (int(one) if one else None for one in found.groups())
    assert year is not None  # the pattern has one
    if month is None:
        return Stretch(_begin(date(year, 1, 1), zone), _begin(date(year + 1, 1, 1), zone))
    if day is None:
        first = date(year, month, 1)
        return Stretch(_begin(first, zone), _begin((first + timedelta(days=31)).replace(day=1), zone))
    if hour is None:
        first = date(year, month, day)
        return Stretch(_begin(first, zone), _begin(first + timedelta(days=1), zone))
    begin = datetime(year, month, day, hour, minute or 0, tzinfo=zone).astimezone(UTC)
    return Stretch(begin, begin + timedelta(minutes=1))


def _begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def moved(now: datetime, by: timedelta) -> datetime:
    """A moment before or after now; the first or last that there is if it would be none."""
    try:
        return now + by
    except OverflowError:
        return datetime(1 if by < timedelta() else 9999, 1, 1, tzinfo=UTC)
