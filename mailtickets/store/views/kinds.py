"""How many tickets there are of each kind, and where on the shelf those stand that somebody may see.

Counts come from the tally, so that they cost the same for ten tickets and for a million. What is one's own as a
requester is counted on the shelf, up to `OWN_AT_MOST`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from mailtickets.core.person import Person
from mailtickets.store.engine import Tx
from mailtickets.store.schema import shelf, tally

OWN_AT_MOST = 5_000  # tickets of one requester that are counted


@dataclass(frozen=True, slots=True)
class Kind:
    """Tickets that lists cannot tell apart but by when and how they are called."""

    project: str
    status: str
    priority: str
    assignee: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Source:
    """A part of the shelf: one project, one requester, or all of it. No two of a viewer's overlap."""

    kinds: tuple[Kind, ...]
    project: str | None = None
    requester: int | None = None
    besides: tuple[str, ...] = ()  # projects that stand in other sources


_OF = ("project", "status", "priority", "assignee")
_ALL = select(*(tally.c[name] for name in _OF), func.sum(tally.c.count)).group_by(
    *(tally.c[name] for name in _OF)
)


def _own() -> Select[Any]:
    mine = (
        select(*(shelf.c[name] for name in _OF))
        .where(shelf.c.requester == bindparam("requester"))
        .where(shelf.c.project.not_in(bindparam("besides", expanding=True)))
        .limit(OWN_AT_MOST)
        .subquery()
    )
    columns = [mine.c[name] for name in _OF]
    return select(*columns, func.count()).group_by(*columns)


_OWN = _own()


def sources(tx: Tx, viewer: Person | None) -> tuple[Source, ...]:
    """What somebody may see: staff the projects they work on, everybody the own tickets. None is the operator."""
    if viewer is None or (viewer.is_staff and not viewer.projects):
        return (Source(_kinds(tx.execute(_ALL))),)
    here = viewer.projects if viewer.is_staff else ()
    own = _kinds(tx.execute(_OWN, {"requester": viewer.id, "besides": list(here)}))
    mine = Source(own, requester=viewer.id, besides=here)
    if not here:
        return (mine,)
    every = _kinds(tx.execute(_ALL))
    ours = (Source(tuple(k for k in every if k.project == p), project=p) for p in here)
    return (*ours, mine) if own else tuple(ours)


def statuses(found: Iterable[Source]) -> frozenset[str]:
    """All that are in use there."""
    return frozenset(kind.status for source in found for kind in source.kinds)


def _kinds(rows: Iterable[Any]) -> tuple[Kind, ...]:
    return tuple(
        Kind(project, status, priority, assignee, int(count))
        for project, status, priority, assignee, count in rows
        if count
    )
