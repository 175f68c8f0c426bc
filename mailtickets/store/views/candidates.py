"""The few tickets that a question can be about: what an index knows of one of its parts, if that is short.

A question has parts that must all be so. If one of them leaves few tickets, only those are looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from mailtickets.core.query.condition import Condition, Dated, Has, Named, Numbered, OneOf, Said, Tagged
from mailtickets.core.query.tree import Tree
from mailtickets.store.engine import Tx
from mailtickets.store.schema import shelf, ticket
from mailtickets.store.views.conditions import MOMENTS, holding

FEW = 2_000


def candidates(
    tx: Tx,
    parts: Iterable[Tree[Condition]],
    statuses: Collection[str],
    spoken: Mapping[Said, frozenset[int]],
) -> Sequence[int] | None:
    """Ids among which all tickets are that fit, or None if no part leaves few. `statuses`: of all that can fit."""
    for part in parts:
        if isinstance(part, Said):
            ids: Collection[int] = spoken[part]
        elif lookups := _lookups(part, statuses):
            ids = _few(tx, lookups)
        else:
            continue
        if len(ids) <= FEW:
            return sorted(ids)
    return None


def _few(tx: Tx, lookups: Iterable[Select[Any]]) -> Collection[int]:
    """What they find together; more than `FEW` if it is more."""
    ids: set[int] = set()
    for lookup in lookups:
        ids.update(tx.scalars(lookup.limit(FEW + 1)))
        if len(ids) > FEW:
            break
    return ids


def _lookups(part: Tree[Condition], statuses: Collection[str]) -> Sequence[Select[Any]]:
    """Questions to an index that find together all that fits; none if there is no index for it."""
    match part:
        case Tagged() | Named() | Has():
            return holding(part)
        case Numbered("number", low, high) if low is not None or high is not None:
            found = select(ticket.c.id)
            found = found if low is None else found.where(ticket.c.number >= low)
            return (found if high is None else found.where(ticket.c.number <= high),)
        case OneOf("requester", values):
            return (select(shelf.c.ticket).where(shelf.c.requester.in_(list(values))),)
        case Dated(field, since, before) if since is not None or before is not None:
            return (_dated(part, statuses),) if field != "first_answered" else ()
        case _:
            return ()


def _dated(part: Dated, statuses: Collection[str]) -> Select[Any]:
    if part.field in ("created", "updated"):
        at = shelf.c[f"{part.field}_at"]
        found = select(shelf.c.ticket).where(shelf.c.status.in_(sorted(statuses)))
    else:
        at = MOMENTS[part.field]
        found = select(ticket.c.id).where(at.is_not(None))
    found = found if part.since is None else found.where(at >= part.since)
    return found if part.before is None else found.where(at < part.before)
