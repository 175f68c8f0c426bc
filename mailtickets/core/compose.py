"""A reply becomes octets: words by the templates, headers and parts by the RFCs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mailtickets.core.case import Reply, ReplyKind
from mailtickets.core.mail import Address
from mailtickets.core.workflow import Meaning


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """The desk, for a template."""

    name: str
    address: str
    url: str


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket, for a template: words, not ids."""

    number: int
    tag: str
    subject: str
    status: str  # as the reader is to read it: staff or customer label
    meaning: Meaning
    priority: str
    type: str
    project: str
    requester: str
    assignee: str  # "" = nobody
    tags: tuple[str, ...]
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template gives. `subject` without tag and prefix; "" keeps the ticket's own."""

    subject: str
    text: str
    html: str


class Render(Protocol):
    """The words of a reply. Deterministic: same facts, same words."""

    def __call__(
        self, reply: Reply, desk: DeskFacts, ticket: TicketFacts | None, language: str
    ) -> Rendered: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One recipient, final octets. Never changed again."""

    kind: ReplyKind
    recipient: Address
    envelope_from: str  # "" is the null path
    message_id: str  # without angle brackets
    octets: bytes = field(repr=False)
    is_automatic: bool
    is_unproven: bool  # caused by a sender without evidence: counts against those limits
    person: int  # Person.id of the recipient
    ticket: int  # Ticket.id, 0: none
    due_at: datetime
