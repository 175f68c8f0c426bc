"""What the house lacks just now: an inbox, the relay, the database, room on the disk; and since when.

The law: what begins and what ends is news once, however many notice it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Outage:
    name: str  # "inbox support@example.org", "relay", "database", "disk"
    words: str  # whole sentences: what is wrong
    since: datetime
    until: datetime | None = None  # None: it lasts
    is_urgent: bool = False  # the operators are told at once, not only when it has lasted


class Outages:
    """All that is wrong in the house. Used from the event loop only."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lasting: dict[str, Outage] = {}
        self._over: list[Outage] = []

    def begins(self, name: str, words: str, *, is_urgent: bool = False) -> bool:
        """Whether that is news: it has just begun, or has another reason than before."""
        before = self._lasting.get(name)
        self._lasting[name] = Outage(
            name, words, before.since if before else self._clock(), is_urgent=is_urgent
        )
        return before is None or before.words != words

    def ends(self, name: str) -> timedelta | None:
        """How long it was; None if nothing of that name was wrong."""
        outage = self._lasting.pop(name, None)
        if outage is None:
            return None
        now = self._clock()
        self._over.append(replace(outage, until=now))
        return now - outage.since

    def lasting(self) -> tuple[Outage, ...]:
        """What is wrong now, the longest first."""
        return tuple(sorted(self._lasting.values(), key=lambda outage: outage.since))

    def over(self) -> tuple[Outage, ...]:
        """What has ended since this was last asked."""
        over, self._over = tuple(self._over), []
        return over
