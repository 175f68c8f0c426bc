"""What a sender wrote of late and was answered, for whoever asks whether this is the same again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, select

from mailtickets.core.likeness import Saying
from mailtickets.core.mail import Attachment
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Ticket
from mailtickets.store.schema import MailState, message, outbox, ticket
from mailtickets.store.sheet import Sheet

_LATEST = 10  # messages
_ROUNDED = timedelta(seconds=1)  # INTERNALDATE has no fractions (RFC 3501 section 2.3.3)

_OWN = message.c.author == bindparam("person")
_ANSWERED = (outbox.c.state == MailState.SENT, outbox.c.settled_at <= bindparam("came"))
_TICKETS = (
    select(ticket.c.subject, message.c.text, message.c.attachments)
    .join_from(ticket, message)
    .where(
        ticket.c.requester == bindparam("person"),
        ticket.c.created_at > bindparam("since"),
        # Once a person has answered, it was worth an answer.
        ticket.c.first_answered_at.is_(None),
        _OWN,
        exists().where(outbox.c.ticket == ticket.c.id, *_ANSWERED),
    )
    .order_by(message.c.id.desc())
    .limit(_LATEST)
)
_MESSAGES = (
    select(message.c.text, message.c.attachments)
    .where(
        message.c.ticket == bindparam("ticket"),
        message.c.written_at > bindparam("since"),
        _OWN,
        exists().where(outbox.c.cause == message.c.cause, *_ANSWERED),
    )
    .order_by(message.c.id.desc())
    .limit(_LATEST)
)


def sayings(
    sheet: Sheet, sender: Person, on: Ticket | None, came_at: datetime, policy: Policy, now: datetime
) -> tuple[Saying, ...]:
    """The latest first: of tickets that nobody has answered, or of staff on this ticket. `came_at`: of this letter.

    Only what the desk had mailed something for when this letter came: no robot answers before.
    So nothing of it can be among what this batch has still to write.
    """
    rate = policy.limits.same_words
    if rate is None or (on is not None and not sender.is_staff):
        return ()
    span = {"person": sender.id, "since": now - rate.per, "came": came_at + _ROUNDED}
    if on is None:
        rows = sheet.unwritten.execute(_TICKETS, span)
        return tuple(_saying(f"{subject}\n{text}", files) for subject, text, files in rows)
    return tuple(
        _saying(f"\n{text}", files)
        for text, files in sheet.unwritten.execute(_MESSAGES, span | {"ticket": on.id})
    )


def _saying(text: str, files: tuple[Attachment, ...]) -> Saying:
    return Saying(text, frozenset(file.sha256 for file in files if not file.inline))
