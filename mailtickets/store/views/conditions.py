"""The reader in the database: a question as a condition on a row of `ticket`.

The law: the same as `core.query.matches` says of the ticket, and never NULL, so that "not" turns it round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, assert_never

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Text,
    and_,
    exists,
    false,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from mailtickets.core.query.condition import (
    Condition,
    Dated,
    Has,
    Named,
    Numbered,
    OneOf,
    Said,
    Single,
    Tagged,
    Thing,
)
from mailtickets.core.query.tree import Reader, Tree
from mailtickets.store.connect import as_rows
from mailtickets.store.schema import (
    HAS_FILES,
    IS_NOTE,
    IS_UNSENT,
    MailState,
    message,
    outbox,
    participant,
    tagged,
    ticket,
)

MOMENTS = {
    name: ticket.c[f"{name}_at"] for name in ("created", "updated", "first_answered", "resolved", "closed")
}
# A file that does not stand inside the text: its fourth value is its hash, its fifth says so.
_HAS_TRUE_FILE = type_coerce(message.c.attachments, Text).like('%",false,"%')


def condition(
    tree: Tree[Condition], spoken: Mapping[Said, frozenset[int]], dialect: str
) -> ColumnElement[bool]:
    """What must be so of the row. `spoken`: the tickets on which each of the tree's words stands."""

    def leaf(one: Condition) -> ColumnElement[bool]:
        return ticket.c.id.in_(as_rows(spoken[one], dialect)) if isinstance(one, Said) else _condition(one)

    reader: Reader[Condition, ColumnElement[bool]] = Reader(
        leaf, lambda parts: and_(true(), *parts), lambda parts: or_(false(), *parts), not_
    )
    return reader.read(tree)


def _condition(one: OneOf | Numbered | Dated | Tagged | Named | Has) -> ColumnElement[bool]:
    match one:
        case OneOf(field, values):
            return _one_of(ticket.c[field], values)
        case Numbered(field, low, high):
            column = ticket.c[field]
            return and_(true() if low is None else column >= low, true() if high is None else column <= high)
        case Dated(field, since, before):
            at = MOMENTS[field]
            return and_(
                at.is_not(None),
                true() if since is None else at >= since,
                true() if before is None else at < before,
            )
        case Tagged() | Named() | Has():
            return or_(
                *(exists(rows.where(rows.selected_columns[0] == ticket.c.id)) for rows in holding(one))
            )
        case _:
            assert_never(one)


def _one_of(column: ColumnElement[Any], values: Collection[Single]) -> ColumnElement[bool]:
    """None among the values: it holds nothing, and that is "" where a column cannot be NULL."""
    plain = [value for value in values if value is not None]
    is_one = and_(column.is_not(None), column.in_(plain))
    if None not in values:
        return is_one
    return or_(is_one, column == "" if isinstance(column.type, String) else column.is_(None))


def holding(one: Tagged | Named | Has) -> tuple[Select[Any], ...]:
    """Ids of the tickets that have something on them, each part by an index of what it is."""
    match one:
        case Tagged(tags):
            found = select(tagged.c.ticket)
            return (found.where(tagged.c.tag.in_(sorted(tags))) if tags else found,)
        case Named(part, people):
            here = select(participant.c.ticket).where(participant.c.part == part)
            return (here if people is None else here.where(participant.c.person.in_(sorted(people))),)
        case Has(thing):
            return _having(thing)
        case _:
            assert_never(one)


def _having(thing: Thing) -> tuple[Select[Any], ...]:
    about = select(outbox.c.ticket)
    match thing:
        case Thing.NOTE:
            return (select(message.c.ticket).where(IS_NOTE),)
        case Thing.ATTACHMENT:
            return (select(message.c.ticket).where(HAS_FILES, _HAS_TRUE_FILE),)
        case Thing.UNDELIVERED:
            failed = about.where(IS_UNSENT, outbox.c.state == MailState.FAILED)
            return (failed, about.where(outbox.c.bounced_at.is_not(None)))
        case _:
            assert_never(thing)
