"""Moments and lists as the reader of a mail says them: language, time zone, today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.lists import format_list


@dataclass(frozen=True, slots=True)
class Reader:
    """How one person tells the time. The law: the same moment gives the same words."""

    now: datetime
    zone: ZoneInfo
    locale: Locale

    def full(self, at: datetime) -> str:
        """ "Thursday 19 November 2026, 09:14"."""
        return self._words(at, "EEEE d MMMM y, HH:mm")

    def brief(self, at: datetime) -> str:
        """ "Thu 19 Nov, 09:14", with the year instead of the hour if it is another one."""
        is_this_year = at.astimezone(self.zone).year == self.now.astimezone(self.zone).year
        # One piece: no line is broken inside it.
        return self._words(at, "EEE d MMM, HH:mm" if is_this_year else "d MMM y").replace(" ", "\u00a0")

    def weekday(self) -> str:
        """Today: "Friday"."""
        return self._words(self.now, "EEEE")

    def names(self, names: tuple[str, ...]) -> str:
        """ "Ann, Ben and Chloé"."""
        told: str = format_list(names, locale=self.locale)
        return told

    def _words(self, at: datetime, pattern: str) -> str:
        return format_datetime(at.astimezone(self.zone), pattern, locale=self.locale)


def reader(now: datetime, timezone: str, language: str) -> Reader:
    """A language that babel does not know tells the time in English."""
    return Reader(now, ZoneInfo(timezone), _locale(language))


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        # English as in Europe: the day before the month, and no comma before "and".
        return Locale.parse("en-GB" if language == "en" else language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en-GB", sep="-")
