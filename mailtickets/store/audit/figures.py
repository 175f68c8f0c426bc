"""Figures about the ledger, for the operators' digest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, func, select

from mailtickets.core.case import Outcome
from mailtickets.store.engine import Tx
from mailtickets.store.schema import IS_STORED, IS_UNSENT, MailState, inbound, outbox

_OUTCOMES = {
    Outcome.OPENED: "New tickets",
    Outcome.REPLIED: "Replies",
    Outcome.COMMANDED: "Commands",
    Outcome.FILED: "Filed",
    Outcome.IGNORED: "Left alone",
    Outcome.HELD: "Held, waiting for your word",
    Outcome.QUARANTINED: "In quarantine",
}
_STATES = {
    MailState.SENT: "Mails handed over",
    MailState.FAILED: "Mails that could not be delivered",
}


def counts(tx: Tx, since: datetime, until: datetime) -> tuple[tuple[str, int], ...]:
    """What came in and went out in a span of time, and what still waits; labels for people."""
    in_span = inbound.c.stored_at.between(since, until)
    came = _by(tx, inbound.c.outcome, in_span)
    went = _by(tx, outbox.c.state, outbox.c.settled_at.between(since, until))
    return (
        ("Letters taken in", sum(came.values())),
        *((label, came[outcome]) for outcome, label in _OUTCOMES.items() if came.get(outcome)),
        *((label, went[state]) for state, label in _STATES.items() if went.get(state)),
        *((label, count) for label, count in _waiting(tx) if count),
    )


def _waiting(tx: Tx) -> tuple[tuple[str, int], ...]:
    undecided = select(func.count()).where(IS_STORED)
    mails = _by(tx, outbox.c.state, IS_UNSENT)
    return (
        ("Letters still to be decided", tx.scalar(undecided) or 0),
        ("Mails still to be sent", mails.get(MailState.DUE, 0) + mails.get(MailState.CLAIMED, 0)),
        ("Mails held, waiting for your word", mails.get(MailState.HELD, 0)),
    )


def _by(tx: Tx, column: Column[Any], which: ColumnElement[bool]) -> dict[Any, int]:
    rows = select(column, func.count()).where(which).group_by(column)
    return dict(tx.execute(rows).all())
