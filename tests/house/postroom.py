"""A desk in simulated time, on its real path: keep, read, decide, commit, claim, settle. Only the wires are missing.

The octets that leave one desk are the letters of whoever answers: another desk, a robot, a person.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from mailtickets import delivery, desk
from mailtickets.config import load
from mailtickets.core import reading
from mailtickets.core.case import Outcome
from mailtickets.core.mail import InboundMail, RawMail, Unreadable
from mailtickets.core.retry import Result, Sent
from mailtickets.delivery import Settled
from mailtickets.demo.letters import Letter
from mailtickets.desk import Ending
from mailtickets.store import engine, ledger, outbox, people, views
from mailtickets.store.engine import Store
from tests.house.house import SUPPORT, write_config

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OK = Sent(250, "2.0.0 Ok: queued")
FIRST_ID = 1


@dataclass(frozen=True, slots=True)
class Post:
    """A mail under way: what a robot gets to see of it."""

    letter: Letter
    envelope_from: str  # "" is the null path

    @property
    def to(self) -> str:
        return self.letter.recipient.spec


class PostRoom:
    """One desk. Owns its ledger, its time and the UIDs of its inbox."""

    def __init__(
        self, folder: Path, *, address: str = SUPPORT, more: str = "", url: str = "sqlite:///mailtickets.db"
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        write_config(folder, imap_port=1, smtp_port=1, database=url, mailboxes=(address,), more=more)
        self.config = folder / "config.toml"
        self.address = address
        self.now = NOON
        self.settings = load(self.config)
        engine.make_current(self.settings.database_url, self.settings.state_dir)
        self.store = Store.open(self.settings.database_url, self.settings.blobs)
        self.store.write_sync(people.sync_staff, self.settings.staff, self.now)
        self.desk = desk.furnish(self.settings)
        self._uid = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close_sync()

    def take(self, *octets: bytes) -> tuple[Ending, ...]:
        """Letters come into the inbox, in one batch."""
        raws = [self._raw(one) for one in octets]
        return self._decide(self.store.write_sync(ledger.keep, self.store.blobs, raws, self.now))

    def go_on(self) -> tuple[Ending, ...]:
        """Decide what the operator has let go on."""
        endings: list[Ending] = []
        while stored := self.store.write_sync(ledger.unfinished, self.store.blobs, self.now, 200):
            endings += self._decide(stored)
        return tuple(endings)

    def send(self, answer: Callable[[Post], Result] = lambda _: OK) -> tuple[Post, ...]:
        """Whatever is due goes out; the posts that a server took."""
        taken: list[Post] = []
        while rows := self.store.write_sync(outbox.claim, "here", 200, self.now):
            posts = [Post(Letter(row.recipient, row.octets), row.envelope_from) for row in rows]
            results = [answer(post) for post in posts]
            settled = [Settled(row, result, 0.0) for row, result in zip(rows, results, strict=True)]
            self.store.write_sync(delivery.settle, self.desk, settled, self.now)
            taken += [p for p, result in zip(posts, results, strict=True) if isinstance(result, Sent)]
        return tuple(taken)

    def outcomes(self) -> Counter[Outcome | None]:
        return Counter(row.outcome for row in self.store.read_sync(views.ledger_rows, limit=None))

    def mails(self) -> tuple[views.MailRow, ...]:
        """All of the outbox, newest first."""
        from mailtickets.store.schema import MailState

        return self.store.read_sync(views.outbox_rows, *MailState, limit=None)

    def _raw(self, octets: bytes) -> RawMail:
        self._uid += 1
        return RawMail(self.address, 1, self._uid, self.now, octets, len(octets))

    def _decide(self, stored: Sequence[ledger.Stored]) -> tuple[Ending, ...]:
        letters = tuple(desk.Letter(one, _read(one.mail.octets)) for one in stored)
        return self.store.write_sync(desk.take, self.desk, letters, self.now)


def _read(octets: bytes) -> InboundMail | Unreadable:
    try:
        return reading.read(octets)
    except reading.Broken as error:
        return Unreadable(str(error))


# Whoever answers: gives the octets of the mails that it writes to a post, in order.
Robot = Callable[[Post, datetime], Sequence[bytes]]


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    at: datetime
    turn: int
    octets: bytes


@dataclass
class World:
    """One desk and robots by address. Each answers after its own delay; time jumps from letter to letter."""

    room: PostRoom
    robots: dict[str, tuple[Robot, timedelta]]
    most: int = 2000  # letters: what goes on for ever has to end in a test
    outward: int = 0  # mails that left for a robot

    def run(self, *first: bytes, span: timedelta = timedelta(hours=24)) -> None:
        """Let the first letters come in, and play on until nothing is under way or the span is over."""
        until = self.room.now + span
        due = [_Due(self.room.now, turn, octets) for turn, octets in enumerate(first)]
        turn = len(due)
        while due and self.most:
            heapq.heapify(due)
            one = heapq.heappop(due)
            if one.at > until:
                break
            self.room.now = max(self.room.now, one.at)
            self.room.take(one.octets)
            self.most -= 1
            for post in self.room.send():
                robot, delay = self.robots.get(post.to.casefold(), (_silent, timedelta()))
                self.outward += robot is not _silent
                for octets in robot(post, self.room.now):
                    turn += 1
                    due.append(_Due(self.room.now + delay, turn, octets))


def _silent(post: Post, now: datetime) -> Sequence[bytes]:
    return ()
