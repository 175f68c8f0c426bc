"""What `#list` asks for, of what its sender may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from mailtickets.core.case import Listed
from mailtickets.core.person import Part, Person
from mailtickets.core.policy import Policy
from mailtickets.core.query import Question, Unclear
from mailtickets.core.query.condition import Said
from mailtickets.core.query.matching import stands_in
from mailtickets.core.query.tree import leaves
from mailtickets.store import tickets, views
from mailtickets.store.engine import Tx
from mailtickets.store.schema import ticket
from mailtickets.store.search import Within
from mailtickets.store.views import Sort
from mailtickets.store.views.conditions import condition
from mailtickets.store.views.spoken import spoken

ROWS = 50  # of a list that goes by mail
OWN = (Part.REQUESTER, Part.CC)
_SUBJECTS = 1_000  # of a requester's own tickets, the latest changes first
_COLUMNS = {
    "number": ticket.c.number,
    "subject": ticket.c.subject,
    "status": ticket.c.status,
    "created": ticket.c.created_at,
}


def listed(tx: Tx, typed: str, asker: Person, policy: Policy, now: datetime) -> tuple[Listed, ...] | Unclear:
    """The first tickets of a list, or why there can be none."""
    question = views.understand(tx, typed, policy, asker, now)
    if isinstance(question, Unclear):
        return question
    if asker.is_staff:
        asked = replace(views.filter_of(question, policy.workflow, Sort.UPDATED), size=ROWS)
        return views.tickets(tx, asker, asked).rows
    return _own(tx, question, asker)


def _own(tx: Tx, question: Question, asker: Person) -> tuple[Listed, ...]:
    """A requester's own are few, and so are those that they are named on: no list of the whole desk is needed."""
    words = {leaf for leaf in leaves(question.where) if isinstance(leaf, Said)}
    where = condition(question.where, _spoken(tx, words, asker), tx.dialect.name)
    order = question.sort
    column = _COLUMNS.get(order.field, ticket.c.updated_at) if order else ticket.c.updated_at
    is_down = order.descending if order else True
    found = (
        select(ticket)
        .where(tickets.seen_by(asker, OWN), where)
        .order_by(*(c.desc() if is_down else c.asc() for c in (column, ticket.c.id)))
        .limit(ROWS)
    )
    return tickets.listed(tx, tx.execute(found))


def _spoken(tx: Tx, words: set[Said], asker: Person) -> dict[Said, frozenset[int]]:
    """In what they may read of their own, and in the subjects of those that they are named on."""
    if not words:
        return {}
    here = select(ticket.c.id, ticket.c.subject).where(tickets.seen_by(asker, OWN))
    subjects = tx.execute(here.order_by(ticket.c.updated_at.desc()).limit(_SUBJECTS)).all()
    read = spoken(tx, words, Within.of(asker)).tickets
    return {
        one: read[one] | {row.id for row in subjects if stands_in(one.phrase, row.subject)} for one in words
    }
