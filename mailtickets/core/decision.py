"""What is decided: one letter's end, as a value that the ledger writes down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailtickets.core.case import Answer, MessageKind, Outcome, Reply, ReplyKind
from mailtickets.core.diagnosis import NOTHING_KNOWN, Diagnosis
from mailtickets.core.mail import Address, Attachment, Segment
from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.silence import Silent
from mailtickets.core.ticket import Changed, Opened, Ticket
from mailtickets.core.tokens import Token


@dataclass(frozen=True, slots=True)
class Message:
    """What will stand on the ticket."""

    kind: MessageKind
    author: int | None  # Person.id
    text: str  # what was typed, commands taken out
    segments: tuple[Segment, ...]  # the whole, commands taken out, for the page to fold
    attachments: tuple[Attachment, ...]
    unverified: bool = False  # the author was not proven


@dataclass(frozen=True, slots=True)
class Join:
    """Somebody comes onto the ticket. An address that nobody has yet becomes a person.

    A new ticket's requester and followers are joins too. Who is on the ticket already stays what they are.
    """

    who: Address
    part: Part


@dataclass(frozen=True, slots=True)
class Aside:
    """A note on another ticket than the one that the decision is about."""

    ticket: int  # Ticket.id
    message: Message


@dataclass(frozen=True, slots=True)
class Mark:
    """What has become of mail to an address, as it stands from now on (see `Person`)."""

    who: Address
    bounces: int = 0
    paused: str = ""


@dataclass(frozen=True, slots=True)
class Ends:
    """A question of ours is answered."""

    letter: int  # that it was about
    answer: Answer


@dataclass(frozen=True, slots=True)
class Decision:
    """One letter's end: what to write down and whom to tell."""

    outcome: Outcome
    reason: str
    opened: Opened | None = None  # a new ticket, and …
    changes: tuple[Changed, ...] = ()  # … changes, in order, of that one or else of the case's ticket
    message: Message | None = None
    joins: tuple[Join, ...] = ()
    replies: tuple[Reply, ...] = ()
    silent: tuple[Silent, ...] = ()  # everybody else around the letter: who is not mailed, and why
    undelivered: tuple[int, ...] = ()  # outbox ids that a bounce is about
    why_lost: str = ""  # what the bounce means, and what the server said
    more: tuple[Message, ...] = ()  # what else stands on the ticket, after `message`
    asides: tuple[Aside, ...] = ()  # notes on other tickets
    marks: tuple[Mark, ...] = ()
    heard: str = ""  # the language that the sender writes in, if that is news
    spends: tuple[Token, ...] = ()  # tokens that somebody outside gets to see by this letter
    bond: str = ""  # what a yes to the CONFIRM among the replies will do
    ends: Ends | None = None


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """A mail of ours that our own SMTP gave up on."""

    kind: ReplyKind  # of the mail that failed
    recipient: Person
    reason: str  # the server's answer or ours, plain sentences
    now: datetime
    ticket: Ticket | None = None
    participants: tuple[Participant, ...] = ()
    assignee: Person | None = None
    staff: tuple[Person, ...] = ()
    named: tuple[Person, ...] = ()  # as in case.Known
    diagnosis: Diagnosis = NOTHING_KNOWN
