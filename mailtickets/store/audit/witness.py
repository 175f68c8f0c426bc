"""What others saw: the inboxes, and where a test plays the relay, the relay. And how strictly to judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PATIENCE = timedelta(minutes=15)  # a letter or a mail may wait so long, without anything being wrong


@dataclass(frozen=True, slots=True)
class InboxMail:
    """A mail as it lies, or once lay, in an inbox."""

    mailbox: str  # Address.key
    uidvalidity: int
    uid: int
    received_at: datetime
    sha256: str = ""  # of its octets; "": nobody fetched them


@dataclass(frozen=True, slots=True)
class InboxCount:
    """How an inbox stood when it was last compared with the ledger."""

    mailbox: str  # Address.key
    mails: int
    unknown: int  # of these, not in the ledger
    at: datetime


@dataclass(frozen=True, slots=True)
class RelayMail:
    """A mail that the relay has taken."""

    recipient: str  # addr-spec of the envelope
    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Witness:
    """What the ledger is held against."""

    now: datetime
    inbox: Iterable[InboxMail] | None = None  # None: nobody looked
    relay: Sequence[RelayMail] | None = None
    copies: int = 0  # mails that may have reached the relay twice: a kill between our last dot and its answer
    secrets: Sequence[bytes] = field(default=(), repr=False)
    named: frozenset[str] = frozenset()  # keys of addresses that the config names: notify, operators
    patience: timedelta = PATIENCE  # 0: everything must have its end
    since: datetime | None = None  # only what has moved since then, where looking at all is long; None: all

    @property
    def patient_until(self) -> datetime:
        """What is older should have its end."""
        return self.now - self.patience
