"""The tickets: I8 nothing without evidence, I10 each is the fold of its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, literal, select, true

from mailtickets.core import authority
from mailtickets.core import ticket as core
from mailtickets.core.authority import Need, Verdict
from mailtickets.core.case import Answer, Outcome
from mailtickets.core.person import Role
from mailtickets.core.ticket import Change, Field, Ticket
from mailtickets.store import tickets
from mailtickets.store.audit.laws import Finding, Law, tally
from mailtickets.store.audit.letters import STREAM
from mailtickets.store.audit.witness import Witness
from mailtickets.store.columns import OPENED
from mailtickets.store.engine import Tx
from mailtickets.store.schema import history, inbound, person, question, ticket

# What the plain words of a customer move: a waiting ticket waits for us again, a closed one comes back.
_BY_WORDS = frozenset({Field.STATUS, Field.RESOLUTION, Field.RESOLVED, Field.CLOSED, Field.REOPENED})


def evidence(tx: Tx, witness: Witness) -> Finding:
    """I8: what staff's letters, or anyone's commands, have changed was proven."""
    return tally(Law.EVIDENCE, _proven(tx, witness))


def _proven(tx: Tx, witness: Witness) -> Iterator[str]:
    caused = history.c.cause == literal("in:").concat(cast(inbound.c.id, String))
    rows = (
        select(
            history.c.id,
            history.c.ticket,
            history.c.field,
            inbound.c.id.label("letter"),
            inbound.c.evidence,
            inbound.c.outcome,
            inbound.c.person,
            inbound.c.sender,
            person.c.role,
            person.c.projects,
            ticket.c.requester,
            question.c.letter.label("confirmed"),
        )
        .select_from(
            history.join(inbound, caused)
            .join(person, inbound.c.person == person.c.id)
            .join(ticket, history.c.ticket == ticket.c.id)
            .outerjoin(question, _CONFIRMED)
        )
        .where(
            history.c.field != OPENED,
            inbound.c.ticket == history.c.ticket,
            _since(witness, inbound.c.stored_at),
        )
        .order_by(history.c.id)
    )
    for row in tx.execute(rows, execution_options=STREAM):
        yield (
            ""
            if _may(row)
            else (
                f"Letter {row.letter} from {row.sender} has changed {row.field} of the ticket with the id {row.ticket} "
                "without any proof."
            )
        )


_CONFIRMED = and_(question.c.answered_by == inbound.c.id, question.c.answer == Answer.CONFIRMED)


def _may(row: Any) -> bool:
    if row.evidence is None or (row.evidence.confirmed and row.confirmed is None):
        return False
    # A letter that opens a ticket is proven as one that is about none.
    about = (row.ticket, 0) if row.outcome is Outcome.OPENED else (row.ticket,)
    proofs = (authority.proof(row.evidence, row.person, ticket) for ticket in about)
    if any(
        authority.verdict(Need.ORDINARY, row.role, proof, strict=False) is Verdict.OBEY for proof in proofs
    ):
        return True
    # Staff is a customer too: on its own ticket, and where it does not work.
    is_customer = row.role is Role.REQUESTER or row.requester == row.person or row.projects
    return is_customer and row.field in _BY_WORDS and not row.evidence.is_contrary


def of_history(tx: Tx, witness: Witness) -> Finding:
    """I10: folding the history gives the ticket. Two streams in the order of tickets, one ticket in memory."""
    return tally(Law.HISTORY, _folded(tx, witness))


def _folded(tx: Tx, witness: Witness) -> Iterator[str]:
    moved = _since(witness, ticket.c.updated_at)
    all_tickets = tx.execute(select(ticket).where(moved).order_by(ticket.c.id), execution_options=STREAM)
    told = select(history.c.ticket, history.c.field, history.c.old, history.c.new, history.c.at).order_by(
        history.c.ticket, history.c.id
    )
    if witness.since is not None:
        told = told.where(history.c.ticket.in_(select(ticket.c.id).where(moved)))
    stories = groupby(tx.execute(told, execution_options=STREAM), key=lambda row: row.ticket)
    story = next(stories, None)
    for row in all_tickets:
        kept = tickets.of(row)
        while story is not None and story[0] < kept.id:
            yield f"History tells of a ticket with the id {story[0]} that is not there."
            story = next(stories, None)
        if story is None or story[0] != kept.id:
            yield f"Ticket {kept.number} has no history."
            continue
        yield _compared(kept, story[1])
        story = next(stories, None)


def _compared(kept: Ticket, rows: Iterable[Any]) -> str:
    try:
        told = core.fold(kept.id, kept.number, _changes(rows))
    except ValueError as error:
        return f"The history of ticket {kept.number} contradicts itself: {error}."
    # Any message moves these two.
    told = replace(told, updated_at=kept.updated_at, updated_by=kept.updated_by)
    wrong = [field for field in Ticket.__slots__ if getattr(told, field) != getattr(kept, field)]
    if not wrong:
        return ""
    return f"Ticket {kept.number} and its history disagree about {', '.join(wrong)}."


def _changes(rows: Iterable[Any]) -> Iterator[tuple[Change, datetime]]:
    for row in rows:
        yield tickets.change_of(row.field, row.old, row.new), row.at


def _since(witness: Witness, column: ColumnElement[datetime]) -> ColumnElement[bool]:
    return true() if witness.since is None else column >= witness.since
