"""The shelf read in order: for each kind of tickets a stream out of an index, and the streams merged.

A stream names its place in an index by equalities; what else narrows it is written so that no database takes an index
for it (`column + 0`), since the order of the first is what makes a page cheap.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from mailtickets.store.engine import Tx
from mailtickets.store.schema import shelf
from mailtickets.store.views.kinds import Kind, Source

SHORT = 1_500  # tickets: fewer are fetched whole and sorted here


class Key(StrEnum):
    """What streams are sorted by; each has its index on the shelf."""

    NUMBER = "number"
    SUBJECT = "subject"
    UPDATED = "updated_at"
    CREATED = "created_at"


# What stands before the key in its index.
_PLACES = {
    Key.NUMBER: ("status", "priority"),
    Key.SUBJECT: (),
    Key.UPDATED: ("status",),
    Key.CREATED: ("status",),
}


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by, and what all of its tickets have alike besides: "assignee", "priority"."""

    key: Key
    descending: bool
    alike: frozenset[str] = frozenset()


def merged(tx: Tx, found: Sequence[Source], order: Order, skip: int, want: int) -> list[int]:
    """Ids of the tickets of these sources in an order, from one on."""
    total = sum(kind.count for source in found for kind in source.kinds)
    is_short = total <= SHORT
    parts = [
        _stream(tx, order, where, None if is_short else skip + want)
        for source in found
        for where in _wheres(source, order, is_short)
    ]
    if is_short:
        ids = sorted((row for part in parts for row in part), key=itemgetter(1, 0), reverse=order.descending)
        return [row[0] for row in ids[skip : skip + want]]
    ordered = merge(*parts, key=itemgetter(1, 0), reverse=order.descending)
    return [row[0] for row in islice(ordered, skip, skip + want)]


@dataclass(frozen=True, slots=True)
class _Where:
    """Values that stand before the key in an index, and values that do not."""

    place: Mapping[str, Any]
    rest: Mapping[str, Any]
    besides: tuple[str, ...]


def _wheres(source: Source, order: Order, is_short: bool) -> list[_Where]:
    """The streams of a source: one for each combination of values that stand before the key."""
    fixed = {"requester": source.requester, "project": source.project}
    fixed = {name: value for name, value in fixed.items() if value is not None}
    place = list(_PLACES[order.key])
    if is_short or order.key is Key.UPDATED:
        place = ["status", *(["assignee"] if "assignee" in order.alike else list(fixed)[:1])]
    elif order.key is Key.NUMBER and not all(kind.priority for kind in source.kinds):
        raise ValueError("kinds that stand in order of their numbers are told apart by priority")
    wheres: dict[tuple[Any, ...], list[Kind]] = {}
    for kind in source.kinds:
        values = tuple(fixed[name] if name in fixed else getattr(kind, name) for name in place)
        wheres.setdefault(values, []).append(kind)
    return [
        _Where(dict(zip(place, values, strict=True)), _rest(kinds, fixed, place, order), source.besides)
        for values, kinds in wheres.items()
    ]


def _rest(
    kinds: Sequence[Kind], fixed: Mapping[str, Any], place: Sequence[str], order: Order
) -> dict[str, Any]:
    """What the tickets of a stream have to have besides: a value, or one of several."""
    alike = {name: getattr(kinds[0], name) for name in sorted(order.alike)}
    rest = {name: value for name, value in {**fixed, **alike}.items() if name not in place}
    return rest if "status" in place else {**rest, "status": sorted({kind.status for kind in kinds})}


def _stream(tx: Tx, order: Order, where: _Where, limit: int | None) -> Sequence[Any]:
    shape = tuple(
        (name, name in where.place, value is None, isinstance(value, list))
        for name, value in (*where.place.items(), *where.rest.items())
    )
    statement = _statement(order.key, order.descending, shape, bool(where.besides), limit is not None)
    values = {k: v for k, v in (*where.place.items(), *where.rest.items()) if v is not None}
    return tx.execute(statement, {**values, "besides": list(where.besides), "n": limit}).all()


@cache
def _statement(
    key: Key,
    descending: bool,
    shape: tuple[tuple[str, bool, bool, bool], ...],
    has_besides: bool,
    is_limited: bool,
) -> Select[Any]:
    """One for each shape of question, so that it is compiled once."""
    column = shelf.c[key.value]
    found = select(shelf.c.ticket, column)
    for name, is_place, is_null, is_list in shape:
        found = found.where(_condition(name, is_place, is_null, is_list))
    if has_besides:
        found = found.where(shelf.c.project.not_in(bindparam("besides", expanding=True)))
    if not is_limited:
        return found
    order = (column.desc(), shelf.c.ticket.desc()) if descending else (column.asc(), shelf.c.ticket.asc())
    return found.order_by(*order).limit(bindparam("n"))


def _condition(name: str, is_place: bool, is_null: bool, is_list: bool) -> ColumnElement[bool]:
    column = shelf.c[name]
    left: ColumnElement[Any] = column
    if not is_place:
        left = column + 0 if name in ("assignee", "requester") else column.concat("")
    if is_null:
        return left.is_(None)
    return left.in_(bindparam(name, expanding=True)) if is_list else left == bindparam(name)


def among(
    tx: Tx, ids: Sequence[int], found: Sequence[Source], columns: Sequence[str], narrowing: Mapping[str, Any]
) -> Mapping[int, Sequence[Any]]:
    """Of these tickets those that stand in one of the sources and fit, with columns of the shelf, by id.

    `narrowing`: a column's value, or a list of them.
    """
    if not ids:
        return {}
    shape = tuple((name, True, value is None, isinstance(value, list)) for name, value in narrowing.items())
    values = {k: v for k, v in narrowing.items() if v is not None}
    projects = [source.project for source in found if source.project is not None]
    own = [source.requester for source in found if source.requester is not None]
    within = {"projects": projects, "own": own} if projects or own else {}
    statement = _among(tx.dialect.name, tuple(columns), shape, bool(within))
    wanted = json.dumps(ids) if tx.dialect.name == "sqlite" else list(ids)
    return {row[0]: row[1:] for row in tx.execute(statement, {**values, **within, "ids": wanted}).all()}


@cache
def _among(
    dialect: str, columns: tuple[str, ...], shape: tuple[tuple[str, bool, bool, bool], ...], has_limits: bool
) -> Select[Any]:
    every: Any = (
        select(func.json_each(bindparam("ids")).table_valued("value").c.value)
        if dialect == "sqlite"
        else select(func.unnest(bindparam("ids", type_=ARRAY(BigInteger))))
    )
    found = select(shelf.c.ticket, *(shelf.c[name] for name in columns)).where(shelf.c.ticket.in_(every))
    for name, is_place, is_null, is_list in shape:
        found = found.where(_condition(name, is_place, is_null, is_list))
    if has_limits:
        found = found.where(within())
    return found


def within() -> ColumnElement[bool]:
    """What stands in sources of `projects` or of `own` requesters; written so that no index is taken for it."""
    return or_(
        shelf.c.project.concat("").in_(bindparam("projects", expanding=True)),
        (shelf.c.requester + 0).in_(bindparam("own", expanding=True)),
    )
