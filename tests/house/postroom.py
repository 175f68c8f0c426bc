"""A desk in simulated time, on its real path: keep, read, decide, commit, claim, settle. Only the wires are missing.

The octets that leave one desk are the letters of whoever answers: another desk, a robot, a person.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from mailtickets import casefile, delivery, desk
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
from mailtickets.store.schema import MailState
from tests.house.house import SUPPORT, write_config

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OK = Sent(250, "2.0.0 Ok: queued")


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
        self,
        folder: Path,
        *,
        address: str = SUPPORT,
        more: str = "",
        trust: str = "dkim = false",
        url: str = "sqlite:///mailtickets.db",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        write_config(
            folder, imap_port=1, smtp_port=1, database=url, mailboxes=(address,), trust=trust, more=more
        )
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
        return self.store.read_sync(views.outbox_rows, *MailState, limit=None)

    def _raw(self, octets: bytes) -> RawMail:
        self._uid += 1
        return RawMail(self.address, 1, self._uid, self.now, octets, len(octets))

    def _opened(self, stored: ledger.Stored) -> desk.Letter:
        letter = desk.Letter(stored, _read(stored.mail.octets))
        signs = casefile.signs(self.desk, letter.mail)
        about = self.store.read_sync(ledger.doubted, self.store.blobs, signs) if signs else None
        return replace(letter, doubted=desk.Letter(about, _read(about.mail.octets))) if about else letter

    def _decide(self, stored: Sequence[ledger.Stored]) -> tuple[Ending, ...]:
        letters = tuple(self._opened(one) for one in stored)
        return self.store.write_sync(desk.take, self.desk, letters, self.now)


def _read(octets: bytes) -> InboundMail | Unreadable:
    try:
        return reading.read(octets)
    except reading.Broken as error:
        return Unreadable(str(error))


# Whoever answers: gives the octets of the letters to the desk that it writes because of a post.
Robot = Callable[[Post, datetime], Sequence[bytes]]


@dataclass
class World:
    """One desk and whoever answers it, by address. Time jumps from letter to letter."""

    room: PostRoom
    robots: Mapping[str, Robot]
    delay: timedelta = timedelta(seconds=30)
    most: int = 300  # letters: what goes on for ever has to end in a test
    sent: Counter[str] = field(default_factory=Counter)  # mails of the desk, by address

    def play(self, *first: bytes, span: timedelta = timedelta(hours=24)) -> None:
        """Let letters come in, and all that follows from them, until nothing is under way or the span is over."""
        until = self.room.now + span
        due = deque((self.room.now, octets) for octets in first)
        while due and self.most and due[0][0] <= until:
            self.room.now, octets = due.popleft()
            self.room.take(octets)
            self.most -= 1
            for post in self.room.send():
                self.sent[post.to] += 1
                if robot := self.robots.get(post.to):
                    due.extend((self.room.now + self.delay, one) for one in robot(post, self.room.now))
