"""Values for the tests of the store: a moment, a policy, letters as they come out of the inbox and of the reader."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailtickets.core.case import Wanted
from mailtickets.core.classify import Judgement, Kind
from mailtickets.core.identity import Evidence, Trust
from mailtickets.core.mail import Address, InboundMail, RawMail, Segment, SegmentKind
from mailtickets.core.policy import DeskAddress, Limits, Policy, Project, Rate
from mailtickets.core.thread import Clues
from mailtickets.core.workflow import Choice, Meaning, Status, Workflow

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DESK = Address("support@example.org", "Example Support")
LEE = Address("lee@customer.example", "Lee Chang")
ANN = Address("ann@example.org", "Ann Smith")

WORKFLOW = Workflow(
    statuses=(
        Status("new", Meaning.NEW, "New", "Received"),
        Status("open", Meaning.OPEN, "Open", "In progress"),
        Status("waiting", Meaning.WAITING, "Waiting for customer", "Waiting for you"),
        Status("resolved", Meaning.RESOLVED, "Resolved", "Solved"),
        Status("closed", Meaning.CLOSED, "Closed", "Closed"),
    ),
    priorities=(Choice("low", "Low"), Choice("standard", "Standard"), Choice("high", "High")),
    types=(Choice("question", "Question"),),
    resolutions=(Choice("fixed", "Fixed"),),
    first_status="new",
    default_priority="standard",
    default_type="question",
    on_answer="waiting",
    on_reply="open",
    on_reopen="open",
)
LIMITS = Limits(
    unproven_per_address=Rate(3, timedelta(hours=1)),
    unproven_per_domain=Rate(200, timedelta(minutes=10)),
    unproven_in_all=Rate(2000, timedelta(minutes=10)),
    automatic_per_ticket=5,
    tickets_per_sender=Rate(20, timedelta(minutes=10)),
    mail_size=25 * 2**20,
)
POLICY = Policy(
    name="Example Support",
    url="https://desk.example.org",
    language="en",
    timezone="UTC",
    ticket_tag="[#{number}]",
    mailboxes=(DeskAddress(DESK, (), "support", "en"),),
    projects=(Project("support", "Support", ()),),
    workflow=WORKFLOW,
    trust=Trust(),
    limits=LIMITS,
    strict=False,
    reopen_within=None,
    undo_window=timedelta(0),
    operators=(Address("root@example.org"),),
)
PERSON = Judgement(Kind.PERSON, "nothing says otherwise")
NOTHING = Evidence()
NO_CLUES = Clues((), (), None)
NOT_ASKED = Wanted()


def raw(uid: int, octets: bytes | None = None, **fields: object) -> RawMail:
    """A letter as it lies in the inbox of the desk."""
    letter = RawMail(DESK.key, 1, uid, NOW, octets or f"Subject: letter {uid}\r\n\r\nHello\r\n".encode())
    return replace(letter, **fields)  # type: ignore[arg-type]


def letter(
    message_id: str = "one@customer.example", says: str = "It prints blank pages.", **fields: object
) -> InboundMail:
    """A letter that has been read."""
    mail = InboundMail(
        message_id=message_id,
        in_reply_to=(),
        references=(),
        sent_at=NOW,
        subject="Printer",
        sender=LEE,
        from_defects=(),
        reply_to=(),
        to=(DESK,),
        cc=(),
        return_path=LEE.spec,
        headers=(),
        text=says,
        segments=(Segment(SegmentKind.TYPED, says),),
        attachments=(),
        language="en",
        bounce=None,
        fingerprint=hashlib.sha256(message_id.encode()).hexdigest(),
    )
    return replace(mail, **fields)  # type: ignore[arg-type]
