"""What to do about a case. Pure: the same case and policy always give the same decision."""

from __future__ import annotations

from dataclasses import dataclass

from mailtickets.core.case import MessageKind, Outcome, Reply
from mailtickets.core.mail import Address, Attachment, Segment
from mailtickets.core.person import Part
from mailtickets.core.ticket import Changed, Opened


@dataclass(frozen=True, slots=True)
class Message:
    """What will stand on the ticket."""

    kind: MessageKind
    author: int | None  # Person.id
    text: str  # what was typed, commands taken out
    segments: tuple[Segment, ...]  # the whole, for the page to fold
    attachments: tuple[Attachment, ...]
    unverified: bool = False  # the author was not proven


@dataclass(frozen=True, slots=True)
class Join:
    """Somebody comes onto the ticket. An address that nobody has yet becomes a person."""

    who: Address
    part: Part


@dataclass(frozen=True, slots=True)
class Decision:
    """One letter's end: what to write down and whom to tell."""

    outcome: Outcome
    reason: str
    opened: Opened | None = None  # a new ticket …
    changes: tuple[Changed, ...] = ()  # … or changes of the one that the case is about, in order
    message: Message | None = None
    joins: tuple[Join, ...] = ()
    replies: tuple[Reply, ...] = ()
    undelivered: tuple[int, ...] = ()  # outbox ids that a bounce is about
