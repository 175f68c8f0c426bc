"""Moments, spans and sizes as people say them. The law: the same value and calendar give the same words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The reader's now, zone and language."""

    now: datetime
    zone: ZoneInfo
    locale: Locale

    def _words(self, at: datetime, pattern: str) -> str:
        return format_datetime(at.astimezone(self.zone), pattern, locale=self.locale)

    def _days_ago(self, at: datetime) -> int:
        return (self.now.astimezone(self.zone).date() - at.astimezone(self.zone).date()).days

    def day(self, at: datetime) -> str:
        """ "Thu 19 Nov", with the year if it is another one."""
        same = at.astimezone(self.zone).year == self.now.astimezone(self.zone).year
        return self._words(at, "EEE d MMM" if same else "d MMM y")

    def clock(self, at: datetime) -> str:
        """ "09:14"."""
        return self._words(at, "HH:mm")

    def stamp(self, at: datetime) -> str:
        """ "Thu 19 Nov, 09:14"; "today, 09:14"."""
        day = "today" if self._days_ago(at) == 0 else self.day(at)
        return f"{day}, {self.clock(at)}"

    def brief(self, at: datetime) -> str:
        """For a narrow column: "09:14" today, "Thu 19 Nov" before."""
        return self.clock(at) if self._days_ago(at) == 0 else self.day(at)

    def told(self, at: datetime) -> str:
        """Inside a sentence: "today 09:14", "Thu 09:14" within a week, "19 Nov 09:14" before."""
        ago = self._days_ago(at)
        if ago == 0:
            return f"today {self.clock(at)}"
        same = at.astimezone(self.zone).year == self.now.astimezone(self.zone).year
        pattern = "EEE HH:mm" if 0 < ago < 7 else "d MMM HH:mm" if same else "d MMM y"
        return self._words(at, pattern)

    def full(self, at: datetime) -> str:
        """ "Friday 20 November 2026, 09:12"."""
        return self._words(at, "EEEE d MMMM y, HH:mm")

    def machine(self, at: datetime) -> str:
        """ISO 8601 with the reader's offset, for `datetime=`."""
        return at.astimezone(self.zone).isoformat(timespec="minutes")

    def since(self, at: datetime) -> str:
        """How long ago: "2 d 4 h"."""
        return span(self.now - at)


def calendar(now: datetime, timezone: str, language: str) -> Calendar:
    """A calendar for a reader. A language that babel has not falls back to English."""
    try:
        locale = Locale.parse(language or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return Calendar(now, ZoneInfo(timezone), locale)


def span(length: timedelta) -> str:
    """ "under 1 min", "25 min", "1 h 50 min", "21 h", "2 d 4 h", "16 d"."""
    if length < MINUTE:
        return "under 1 min"
    if length < HOUR:
        return f"{length // MINUTE} min"
    if length < 10 * HOUR:
        return _two(length // HOUR, "h", length % HOUR // MINUTE, "min")
    if length < DAY:
        return f"{length // HOUR} h"
    if length < 14 * DAY:
        return _two(length // DAY, "d", length % DAY // HOUR, "h")
    return f"{length // DAY} d"


def _two(big: int, unit: str, small: int, part: str) -> str:
    return f"{big} {unit} {small} {part}" if small else f"{big} {unit}"


def size(octets: int) -> str:
    """ "800 bytes", "412 kB", "1.2 MB"; a thousand to a step, as mail programs count."""
    if octets < 1000:
        return f"{octets} bytes" if octets != 1 else "1 byte"
    if octets < 999_500:
        return f"{octets / 1000:.0f} kB"
    return f"{octets / 1_000_000:.1f} MB"


def count(number: int, one: str, many: str) -> str:
    """ "1 ticket", "23 tickets"."""
    return f"{number:,} {one if number == 1 else many}".replace(",", "\u202f")


def listed(names: tuple[str, ...]) -> str:
    """ "Ann", "Ann and Ben", "Ann, Ben and Chloé"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
