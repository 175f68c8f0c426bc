"""Questions for tests of lists, put together without being typed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mailtickets.core.query.condition import Condition, OneOf, Said
from mailtickets.core.query.tree import All, Either, Tree
from mailtickets.core.query.words import phrase
from mailtickets.store.views import Sort, TicketFilter


def asked(
    *words: str,
    statuses: Collection[str] | None = None,
    assignee: int | None = None,
    is_unassigned: bool = False,
    order: tuple[str, ...] = (),
    sort: Sort = Sort.UPDATED,
    **fields: Any,
) -> TicketFilter:
    """Tickets that match all of it."""
    parts: list[Tree[Condition]] = []
    for word in words:
        found = phrase(word)
        parts.append(Said(found) if found else Either(()))
    if statuses is not None:
        parts.append(OneOf("status", frozenset(statuses)))
    if assignee is not None or is_unassigned:
        parts.append(OneOf("assignee", frozenset({assignee})))
    orders = {sort.value: order} if order else {}
    return TicketFilter(All(tuple(parts)), sort, orders=orders, **fields)
