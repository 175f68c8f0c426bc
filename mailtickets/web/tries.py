"""How often one address may knock. Kept in memory: a restart forgives."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta


class Tries:
    """At most `count` knocks of one address in a span of time, and twenty times as many of all together."""

    def __init__(self, count: int, per: timedelta) -> None:
        self._each = count
        self._all = 20 * count
        self._per = per
        self._knocks: deque[tuple[datetime, str]] = deque()  # the allowed ones, oldest first

    def allow(self, address: str, now: datetime) -> bool:
        """Whether this knock is still one of the allowed ones; those that are not do not count."""
        while self._knocks and self._knocks[0][0] <= now - self._per:
            self._knocks.popleft()
        own = sum(who == address for _, who in self._knocks)
        if own >= self._each or len(self._knocks) >= self._all:
            return False
        self._knocks.append((now, address))
        return True
