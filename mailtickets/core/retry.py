"""What became of a delivery, and when to try again.

The law: only an answer about this very message uses up one of its attempts, and no mail is given up
before the relay has been asked about it several times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from mailtickets.core.diagnosis import NOTHING_KNOWN, Diagnosis, Trouble, diagnose

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WAITS = (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR)  # then every four hours
LIFETIME = timedelta(days=5)  # RFC 5321 section 4.5.4.1: give-up time of at least 4-5 days
FEWEST = (
    5  # attempts before giving up: one that lay here while the relay was away is greylisted like any other
)
RELAY_WAIT = timedelta(seconds=5)  # whoever sends pauses for the relay as a whole; this is for the row
SPREAD = 0.25  # how much longer than planned, at most: rows that fail together do not come back together
LONGEST = 300  # characters of a server's answer in a reason


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took it (2yz after the final dot)."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now. `relay_down` if it says nothing about this message: connection, TLS, AUTH, 421."""

    code: int  # 0: no answer
    text: str  # the server's words; whole sentences of ours if there is no answer, or `relay_down` at AUTH
    relay_down: bool = False
    is_refusal: bool = False  # with `relay_down`: only the operator can mend it


@dataclass(frozen=True, slots=True)
class Failed:
    """Never (5yz, or an address that SMTP cannot carry)."""

    code: int  # 0: no server was asked
    text: str  # the server's words, or whole sentences of ours


Result: TypeAlias = Sent | Deferred | Failed


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Again:
    at: datetime
    counts: bool  # False: the attempt is given back


@dataclass(frozen=True, slots=True)
class GiveUp:
    reason: str  # whole sentences


Step: TypeAlias = Done | Again | GiveUp


def after(attempts: int, first_at: datetime, result: Result, now: datetime, jitter: float) -> Step:
    """What follows from a result. `attempts` counts this one; `first_at`: queued then; `jitter` in [0, 1)."""
    match result:
        case Sent():
            return Done()
        case Failed():
            return GiveUp(_said(result))
        case Deferred(relay_down=True):
            return Again(now + _spread(RELAY_WAIT, jitter), counts=False)
        case Deferred():
            if now >= first_at + LIFETIME and attempts >= FEWEST:
                return GiveUp(
                    f"It was tried {attempts} times in {(now - first_at).days} days. {_said(result)}"
                )
            return Again(_next(attempts, first_at, now, jitter), counts=True)
    assert_never(result)


def _next(attempts: int, first_at: datetime, now: datetime, jitter: float) -> datetime:
    at = now + _spread(WAITS[min(attempts, len(WAITS)) - 1], jitter)
    last_at = first_at + LIFETIME
    # The last try is at the end of the lifetime, not some hours before it.
    return min(at, last_at) if now < last_at else at


def _spread(wait: timedelta, jitter: float) -> timedelta:
    return wait * (1 + SPREAD * jitter)


def diagnosis(result: Result) -> Diagnosis:
    """What is wrong, by the server's answer. Where no server spoke, nothing is known of the address."""
    spoken = isinstance(result, Failed) and result.code != 0
    return diagnose(result.text, code=result.code) if spoken else NOTHING_KNOWN


def _said(result: Deferred | Failed) -> str:
    """What it means if that is known, and the server's own words; or ours where no server spoke."""
    words = " ".join(result.text.split())[:LONGEST]
    if result.code == 0:
        return words
    words = words.rstrip(".")
    found = diagnose(words, code=result.code)
    meaning = "" if found.trouble is Trouble.UNKNOWN else f"{found.words} "
    return f"{meaning}The mail server said: {result.code} {words}."
