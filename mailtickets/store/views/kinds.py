"""How many tickets there are of each kind, and where on the shelf those stand that somebody may see.

Counts come from the tally, so that they cost the same for ten tickets and for a million. What is one's own as a
requester is counted on the shelf, up to `OWN_AT_MOST`.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Select, bindparam, func, null, or_, select

from mailtickets.core.person import Person
from mailtickets.store.engine import Tx
from mailtickets.store.schema import person, shelf, tally

OWN_AT_MOST = 5_000  # tickets of one requester that are counted
SHARED_AT_MOST = 50_000  # and of one company


@dataclass(frozen=True, slots=True)
class Kind:
    """Tickets that lists cannot tell apart but by when and how they are called."""

    project: str | None
    status: str
    priority: str | None
    assignee: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Source:
    """A part of the shelf: one project, one requester, or all of it. No two of a viewer's overlap."""

    kinds: tuple[Kind, ...]
    project: str | None = None
    requester: int | None = None
    besides: tuple[str, ...] = ()  # projects that stand in other sources


FIELDS = ("project", "status", "priority", "assignee")


@cache
def _all(by: frozenset[str]) -> Select[Any]:
    columns = [tally.c[name] if name in by else null() for name in FIELDS]
    return select(*columns, func.sum(tally.c.count)).group_by(
        *(tally.c[name] for name in FIELDS if name in by)
    )


@cache
def _own(by: frozenset[str]) -> Select[Any]:
    mine = (
        select(*(shelf.c[name] for name in FIELDS if name in by))
        .where(shelf.c.requester == bindparam("requester"))
        .where(shelf.c.project.not_in(bindparam("besides", expanding=True)))
        .limit(OWN_AT_MOST)
        .subquery()
    )
    columns = [mine.c[name] if name in by else null() for name in FIELDS]
    return select(*columns, func.count()).group_by(*(mine.c[name] for name in FIELDS if name in by))


@cache
def _shared(by: frozenset[str]) -> Select[Any]:
    colleagues = select(person.c.id).where(
        or_(person.c.domain.in_(bindparam("domains", expanding=True)), person.c.id == bindparam("own"))
    )
    theirs = (
        select(shelf.c.requester, *(shelf.c[name] for name in FIELDS if name in by))
        .where(shelf.c.requester.in_(colleagues))
        .limit(SHARED_AT_MOST)
        .subquery()
    )
    columns = [theirs.c[name] if name in by else null() for name in FIELDS]
    grouped = select(theirs.c.requester, *columns, func.count())
    return grouped.group_by(theirs.c.requester, *(theirs.c[name] for name in FIELDS if name in by)).order_by(
        theirs.c.requester
    )


def sources(tx: Tx, viewer: Person | None, by: Set[str] = frozenset()) -> tuple[Source, ...]:
    """What somebody may see: staff the projects they work on, everybody the own tickets or the company's. None is the operator.

    `by`: which fields of `Kind` besides the status are told apart; the others are None.
    """
    by = frozenset({"status", *by})
    if viewer is None or (viewer.is_staff and not viewer.projects):
        return (Source(_kinds(tx.execute(_all(by)).all())),)
    if viewer.shares:
        return _of_company(tx, viewer, by)
    here = viewer.projects if viewer.is_staff else ()
    own = _kinds(tx.execute(_own(by), {"requester": viewer.id, "besides": list(here)}).all())
    mine = Source(own, requester=viewer.id, besides=here)
    if not here:
        return (mine,)
    every = _kinds(tx.execute(_all(by | {"project"})).all())
    ours = (Source(tuple(k for k in every if k.project == p), project=p) for p in here)
    return (*ours, mine) if own else tuple(ours)


def _of_company(tx: Tx, viewer: Person, by: frozenset[str]) -> tuple[Source, ...]:
    """One source for each of the viewer's colleagues who has tickets."""
    rows = tx.execute(_shared(by), {"domains": list(viewer.shares), "own": viewer.id}).all()
    return tuple(
        Source(_kinds(row[1:] for row in theirs), requester=requester)
        for requester, theirs in groupby(rows, key=lambda row: row[0])
    )


def statuses(found: Iterable[Source]) -> frozenset[str]:
    """All that are in use there."""
    return frozenset(kind.status for source in found for kind in source.kinds)


def _kinds(rows: Iterable[Any]) -> tuple[Kind, ...]:
    return tuple(
        Kind(project, status, priority, assignee, int(count))
        for project, status, priority, assignee, count in rows
        if count
    )
