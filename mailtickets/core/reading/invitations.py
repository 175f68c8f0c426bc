"""Calendar invitations (RFC 5545, 5546) as what, when and where, for those whose desk is no calendar.

The law: only what the file says is shown, times as they stand in it; a file that says nothing adds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtickets.core.reading import words
from mailtickets.core.reading.characters import clean_line

MAX_TEXT = 64 * 1024  # characters that are read
_MAX_VALUE = 300  # characters of a line that is shown
_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(r"([A-Za-z\-]{1,30})((?:;[^:;\"]{1,80}(?:\"[^\"]{0,200}\")?){0,10}):(.*)")
_ESCAPED = re.compile(r"\\([\\;,nN])")
_DAY = timedelta(days=1)
_DURATION = re.compile(r"P(?:(\d{1,3})W)?(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,3})M)?(?:\d{1,5}S)?)?")
_WHAT = {
    "request": "Invitation",
    "reply": "Answer to the invitation",
    "cancel": "Cancelled",
    "counter": "Another time is proposed",
    "add": "One more date",
    "declinecounter": "The other time is declined",
}
_ANSWERED = {
    "accepted": "The invitation is accepted",
    "declined": "The invitation is declined",
    "tentative": "The invitation is accepted, but not for sure",
    "delegated": "The invitation is passed on to somebody else",
}


@dataclass(frozen=True, slots=True)
class _Property:
    name: str  # in capitals
    value: str
    zone: str = ""  # TZID
    answer: str = ""  # PARTSTAT


def told(calendar: str) -> str:
    """Up to three lines on the first appointment of a calendar file; "" if there is none that can be read."""
    text = _FOLD.sub("", calendar[:MAX_TEXT])
    method = ""
    event: dict[str, _Property] = {}
    within: list[str] = []  # the components that are open
    for line in _properties(text):
        if line.name == "BEGIN":
            within.append(line.value.upper())
        elif line.name == "END" and within:
            if within.pop() == "VEVENT":
                break
        elif line.name == "METHOD":
            method = line.value.strip().lower()
        elif within[-1:] == ["VEVENT"]:
            event.setdefault(line.name, line)
    what = _WHAT.get(method, "Appointment")
    if method == "reply" and "ATTENDEE" in event:
        what = _ANSWERED.get(event["ATTENDEE"].answer, what)  # RFC 5546 section 3.2.3: there is one
    return "\n".join(_lines(what, event))


def _properties(text: str) -> Iterator[_Property]:
    for line in text.split("\n"):
        if found := _LINE.match(line):
            said = words.field(f"x{found[2]}")
            zone, answer = said.parameter("tzid"), said.parameter("partstat")
            yield _Property(found[1].upper(), found[3], clean_line(zone), answer.lower())


def _lines(what: str, event: dict[str, _Property]) -> Iterator[str]:
    title, place = _shown(event.get("SUMMARY")), _shown(event.get("LOCATION"))
    when = _when(event)
    if title or when:
        yield f"{what}: {title}".rstrip(": ")
    if when:
        yield f"When: {when}"
    if place and (title or when):
        yield f"Where: {place}"


def _shown(said: _Property | None) -> str:
    if said is None:
        return ""
    plain = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], said.value)
    return clean_line(plain)[:_MAX_VALUE]


def _when(event: dict[str, _Property]) -> str:
    """Tuesday 24 November 2026, 10:00 to 11:30 (Europe/Berlin); "" if it has no start."""
    begins = event.get("DTSTART")
    start = _moment(begins)
    if begins is None or start is None:
        return ""
    end = _moment(event.get("DTEND")) or _after(start, event.get("DURATION"))
    is_daylong = "T" not in begins.value
    zone = "UTC" if begins.value.strip().endswith("Z") else begins.zone
    repeats = ", repeated" if "RRULE" in event else ""
    if is_daylong:
        # RFC 5545 section 3.6.1: the end is not part of it. One before the start is a slip, and the year 1 has no eve.
        days = f" to {_day(end - _DAY)}" if end and end - start > _DAY else ""
        return f"{_day(start)}{days}{repeats}"
    until = "" if end is None or end <= start else f" to {_clock(end, start)}"
    return f"{_day(start)}, {start:%H:%M}{until}{f' ({zone})' if zone else ''}{repeats}"


def _moment(said: _Property | None) -> datetime | None:
    """The wall clock's time: naive, since it is shown with its zone's name and never reckoned with."""
    if said is None:
        return None
    bare = said.value.strip().rstrip("Z")
    for form in ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M", "%Y%m%d"):
        with suppress(ValueError):
            return datetime.strptime(bare, form)  # noqa: DTZ007 — see above
    return None


def _after(start: datetime, said: _Property | None) -> datetime | None:
    found = _DURATION.fullmatch(said.value.strip()) if said else None
    if found is None:
        return None
    weeks, days, hours, minutes = (int(number or 0) for number in found.groups())
    with suppress(OverflowError):
        return start + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    return None


def _day(moment: datetime) -> str:
    return f"{moment:%A} {moment.day} {moment:%B} {moment.year}"


def _clock(end: datetime, start: datetime) -> str:
    return f"{end:%H:%M}" if end.date() == start.date() else f"{_day(end)}, {end:%H:%M}"
