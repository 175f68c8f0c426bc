"""One mail's way as values for a program: codes that do not change with the words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mailtickets.cli.trail import change, value_of
from mailtickets.core import telling
from mailtickets.core.silence import SENTENCES
from mailtickets.core.ticket import Opened
from mailtickets.store.views import Event, LetterTrail, MailTrail


def letter_values(trail: LetterTrail) -> Mapping[str, object]:
    """Everything, as JSON takes it; people by address."""
    row, account = trail.row, trail.account
    proofs = (
        telling.proofs(trail.evidence, trail.sender, trail.ticket_id, trail.numbers, trail.people)
        if trail.evidence
        else ((), ())
    )
    return {
        "letter": row.id,
        "mailbox": row.mailbox,
        "uidvalidity": row.uidvalidity,
        "uid": row.uid,
        "received": row.received_at.isoformat(),
        "stored": row.stored_at.isoformat(),
        "decided": _iso(row.decided_at),
        "message_id": row.message_id,
        "from": row.sender,
        "subject": row.subject,
        "size": row.size,
        "kind": row.kind,
        "why_kind": trail.why_kind,
        "outcome": row.outcome,
        "reason": row.reason,
        "error": trail.error,
        "reads": row.attempts,
        "released": trail.is_released,
        "ticket": row.ticket,
        "route": account.route if account else None,
        "clue": telling.clue(account, trail.known_ids) if account else None,
        "evidence_for": proofs[0],
        "evidence_against": proofs[1],
        "answers_question_about": trail.answers,
        "question": _question_values(trail),
        "changes": [_change_values(event, trail) for event in trail.changes],
        "joined": [person.address.spec for person in trail.joined],
        "mails": [mail_values(MailTrail(mail, None)) for mail in trail.mails],
        "meant": [
            {"kind": one.kind, "to": trail.people[one.person].address.spec, "held": one.is_held}
            for one in (account.mailed if account else ())
            if one.person in trail.people
        ],
        "not_mailed": [
            {"to": trail.people[one.person].address.spec, "why": one.why, "sentence": SENTENCES[one.why]}
            for one in (account.unmailed if account else ())
            if one.person in trail.people
        ],
        "copies": [
            {"letter": copy.id, "outcome": copy.outcome, "reason": copy.reason} for copy in trail.copies
        ],
    }


def mail_values(trail: MailTrail) -> Mapping[str, object]:
    """A mail of ours, as JSON takes it."""
    row = trail.mail.row
    return {
        "mail": row.id,
        "kind": row.kind,
        "to": row.recipient,
        "message_id": row.message_id,
        "ticket": row.ticket,
        "cause": row.cause,
        "letter": trail.letter.id if trail.letter else None,
        "state": row.state,
        "created": row.created_at.isoformat(),
        "settled": _iso(row.settled_at),
        "next": _iso(row.next_at),
        "code": row.code,
        "answer": row.answer,
        "bounced": _iso(row.bounced_at),
        "bounce": trail.mail.bounce,
        "tries": row.attempts,
        "attempts": [
            {
                "at": one.at.isoformat(),
                "until": one.until_at.isoformat(),
                "times": one.times,
                "code": one.code,
                "answer": one.answer,
            }
            for one in trail.mail.attempts
        ],
    }


def _question_values(trail: LetterTrail) -> Mapping[str, object] | None:
    doubt = trail.doubt
    if doubt is None:
        return None
    return {
        "to": trail.people[doubt.person].address.spec if doubt.person in trail.people else None,
        "asked": doubt.asked_at.isoformat(),
        "until": doubt.until_at.isoformat(),
        "answer": doubt.answer,
        "answered": _iso(doubt.answered_at),
        "answered_by": doubt.answered_by,
    }


def _change_values(event: Event, trail: LetterTrail) -> Mapping[str, object]:
    what, told = change(event, trail)
    if isinstance(event.change, Opened):
        return {"field": what, "old": None, "new": told}
    people, field = trail.people, event.change.field
    return {
        "field": field,
        "old": value_of(event.change.old, people, field),
        "new": value_of(event.change.new, people, field),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
