"""The shelf read in order: for each kind of tickets a stream out of an index, and the streams merged.

A stream names its place in an index by equalities; what else narrows it is written so that no database takes an index
for it (`column + 0`), since the order of the first is what makes a page cheap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select

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
class Seen:
    kind: Kind
    key: Any


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


def among(tx: Tx, ids: Sequence[int], found: Sequence[Source], key: Key) -> Mapping[int, Seen]:
    """Of these tickets those that stand in one of the sources, with their kind and key, by id."""
    if not ids:
        return {}
    allowed = {
        (source.project, source.requester, kind.project, kind.status, kind.priority, kind.assignee)
        for source in found
        for kind in source.kinds
    }
    places = [(source.project, source.requester, source.besides) for source in found]
    seen = {}
    for row in tx.execute(_among(key), {"ids": list(ids)}):
        kind = Kind(row.project, row.status, row.priority, row.assignee, 1)
        for project, requester, besides in places:
            if requester not in (None, row.requester) or row.project in besides:
                continue
            if (project, requester, row.project, row.status, row.priority, row.assignee) in allowed:
                seen[row.ticket] = Seen(kind, row[-1])
    return seen


@cache
def _among(key: Key) -> Select[Any]:
    columns = (shelf.c[name] for name in ("ticket", "requester", "project", "status", "priority", "assignee"))
    return select(*columns, shelf.c[key.value].label("key")).where(
        shelf.c.ticket.in_(bindparam("ids", expanding=True))
    )
