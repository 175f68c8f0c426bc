"""The shelf read in order: streams out of an index, one for each kind of tickets where need be, and merged.

A stream names its place in an index by equalities; what else narrows it is written so that no database takes an index
for it (`column + 0`), since the order of the first is what makes a page cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from heapq import merge
from itertools import islice, product
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select

from mailtickets.core.query.condition import Single
from mailtickets.store.connect import as_rows
from mailtickets.store.engine import Tx
from mailtickets.store.schema import shelf, ticket
from mailtickets.store.views.kinds import FIELDS, Kind, Source

SHORT = 1_500  # tickets: fewer are fetched whole and sorted here
SEVERAL = 8  # values that are worth a stream each
LOOKED_AT = 3_000  # tickets of a stream, where each must be looked at to know whether it fits


class Key(StrEnum):
    """What streams are sorted by; each has its index on the shelf."""

    NUMBER = "number"
    SUBJECT = "subject"
    UPDATED = "updated_at"
    CREATED = "created_at"


# What stands before the key in its index.
_PLACES: Mapping[Key, tuple[str, ...]] = {
    Key.NUMBER: ("status", "priority"),
    Key.SUBJECT: (),
    Key.UPDATED: ("status",),
    Key.CREATED: ("status",),
}
# Of one of these, if there are few of them: they have an index that stands in order of updates.
_NARROW = ("assignee", "project")


@dataclass(frozen=True, slots=True)
class Order:
    key: Key
    descending: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """What must be asked of each ticket itself."""

    condition: ColumnElement[bool] | None = None  # on a row of `ticket`
    is_bounded: bool = True  # only so many are looked at

    @property
    def looks(self) -> bool:
        return self.condition is not None and self.is_bounded


@dataclass(frozen=True, slots=True)
class Run:
    """Ids in their order, and whether no ticket was left that nobody looked at."""

    ids: list[int]
    is_whole: bool


Fits: TypeAlias = Callable[[Mapping[str, Single]], bool]


def merged(
    tx: Tx,
    found: Sequence[Source],
    order: Order,
    skip: int,
    want: int,
    told: Sequence[str] = (),
    fits: Fits = lambda _: True,
    rest: Rest = Rest(),  # noqa: B008: it is frozen
) -> Run:
    """Ids of the tickets of these sources in an order, from one on.

    `told`: what the kinds are told apart by; `fits`: whether tickets of such a kind belong here.
    """
    total = sum(kind.count for source in found for kind in source.kinds)
    is_short = total <= SHORT
    limit = None if is_short else skip + want
    wheres = [where for source in found for where in _wheres(source, order, is_short, told, fits)]
    parts = [_stream(tx, order, where, limit, rest) for where in wheres]
    is_whole = (
        is_short
        or not rest.looks
        or all(
            where.count <= LOOKED_AT or len(part) >= skip + want
            for where, part in zip(wheres, parts, strict=True)
        )
    )
    if is_short:
        rows = sorted((row for part in parts for row in part), key=itemgetter(1, 0), reverse=order.descending)
    else:
        rows = list(merge(*parts, key=itemgetter(1, 0), reverse=order.descending))
    return Run([row[0] for row in islice(rows, skip, skip + want)], is_whole)


@dataclass(frozen=True, slots=True)
class _Where:
    """Values that stand before the key in an index, and values that do not."""

    place: Mapping[str, Single]
    rest: Mapping[str, Single | list[Single]]
    besides: tuple[str, ...]
    count: int  # tickets of these kinds


def _wheres(source: Source, order: Order, is_short: bool, told: Sequence[str], fits: Fits) -> list[_Where]:
    """The streams of a source: as few as tell the kinds that fit from those that do not."""
    fixed: dict[str, Single] = {"requester": source.requester, "project": source.project}
    fixed = {name: value for name, value in fixed.items() if value is not None}
    place = _place(source, order, is_short, told, fixed)
    others = [name for name in ("status", *told) if name not in place and name not in fixed]
    wheres = []
    for values, kinds in _by(place, source.kinds, fixed).items():
        for rest, here in _boxes(kinds, others, fits):
            rests: dict[str, Single | list[Single]] = {k: v for k, v in fixed.items() if k not in place}
            rests |= {name: held[0] if len(held) == 1 else held for name, held in rest.items()}
            count = sum(kind.count for kind in here)
            wheres.append(_Where(dict(zip(place, values, strict=True)), rests, source.besides, count))
    return wheres


def _place(
    source: Source, order: Order, is_short: bool, told: Sequence[str], fixed: Mapping[str, Single]
) -> tuple[str, ...]:
    """What each of the streams has one value of, to be found by an index."""
    if not is_short and order.key is not Key.UPDATED:
        if order.key is Key.NUMBER and "priority" not in told:
            raise ValueError("kinds that stand in order of their numbers are told apart by priority")
        return _PLACES[order.key]
    if "requester" in fixed:
        return ("status", "requester")
    for name in _NARROW:
        values = {getattr(kind, name) for kind in source.kinds}
        if name in fixed or (name in told and len(values) <= SEVERAL):
            return ("status", name)
    return ("status", "priority") if is_short and "priority" in told else ("status",)


def _by(
    names: Sequence[str], kinds: Iterable[Kind], fixed: Mapping[str, Single]
) -> Mapping[tuple[Single, ...], list[Kind]]:
    found: dict[tuple[Single, ...], list[Kind]] = {}
    for kind in kinds:
        values = tuple(fixed[name] if name in fixed else getattr(kind, name) for name in names)
        found.setdefault(values, []).append(kind)
    return found


def _boxes(
    kinds: list[Kind], names: Sequence[str], fits: Fits
) -> list[tuple[Mapping[str, list[Single]], list[Kind]]]:
    """Values for each name so that all combinations of them fit; the kinds of each box."""
    values = {name: _sorted({getattr(kind, name) for kind in kinds}) for name in names}
    if all(fits(_merged(kinds[0], names, some)) for some in product(*values.values())):
        return [(values, kinds)]
    # The name with the fewest values parts them: in the end there is one value of each, and that fits.
    name = min((n for n in names if len(values[n]) > 1), key=lambda n: len(values[n]))
    return [
        box
        for value in values[name]
        for box in _boxes([kind for kind in kinds if getattr(kind, name) == value], names, fits)
    ]


def _merged(kind: Kind, names: Sequence[str], values: Iterable[Single]) -> Mapping[str, Single]:
    return {**{name: getattr(kind, name) for name in FIELDS}, **dict(zip(names, values, strict=True))}


def _sorted(values: Iterable[Single]) -> list[Single]:
    return sorted(values, key=lambda value: (value is None, str(value)))


def _stream(tx: Tx, order: Order, where: _Where, limit: int | None, rest: Rest) -> Sequence[Any]:
    shape = tuple(
        (
            name,
            name in where.place,
            value is None or (isinstance(value, list) and None in value),
            isinstance(value, list),
        )
        for name, value in (*where.place.items(), *where.rest.items())
    )
    statement = _statement(order, shape, bool(where.besides), limit is not None and not rest.looks)
    if rest.condition is not None:
        statement = _looking(statement, order, rest, limit is not None)
    values: dict[str, Any] = {
        k: [one for one in v if one is not None] if isinstance(v, list) else v
        for k, v in (*where.place.items(), *where.rest.items())
        if v is not None
    }
    if where.besides:
        values["besides"] = list(where.besides)
    return tx.execute(statement, {**values, "n": limit, "looked_at": LOOKED_AT}).all()


def _looking(stream: Select[Any], order: Order, rest: Rest, is_limited: bool) -> Select[Any]:
    """Those of a stream that fit, in its order; each is looked at, and no more than some."""
    if rest.is_bounded and is_limited:
        stream = stream.order_by(*_sorting(shelf.c[order.key.value], shelf.c.ticket, order)).limit(
            bindparam("looked_at")
        )
    one = stream.subquery()
    fitting = exists(select(1).where(ticket.c.id == one.c.ticket, rest.condition))  # type: ignore[arg-type]
    found = select(one).where(fitting)
    if not is_limited:
        return found
    return found.order_by(*_sorting(one.c[order.key.value], one.c.ticket, order)).limit(bindparam("n"))


@cache
def _statement(
    order: Order, shape: tuple[tuple[str, bool, bool, bool], ...], has_besides: bool, is_limited: bool
) -> Select[Any]:
    """One for each shape of question, so that it is compiled once."""
    column = shelf.c[order.key.value]
    found = select(shelf.c.ticket, column)
    for name, is_place, is_null, is_list in shape:
        found = found.where(_condition(name, is_place, is_null, is_list))
    if has_besides:
        found = found.where(shelf.c.project.not_in(bindparam("besides", expanding=True)))
    if not is_limited:
        return found
    return found.order_by(*_sorting(column, shelf.c.ticket, order)).limit(bindparam("n"))


def _sorting(key: ColumnElement[Any], id: ColumnElement[Any], order: Order) -> tuple[ColumnElement[Any], ...]:
    return (key.desc(), id.desc()) if order.descending else (key.asc(), id.asc())


def _condition(name: str, is_place: bool, is_null: bool, is_list: bool) -> ColumnElement[bool]:
    column = shelf.c[name]
    left: ColumnElement[Any] = column
    if not is_place:
        left = column + 0 if name in ("assignee", "requester") else column.concat("")
    if is_list:
        one: ColumnElement[bool] = left.in_(bindparam(name, expanding=True))
        return or_(one, left.is_(None)) if is_null else one
    return left.is_(None) if is_null else left == bindparam(name)


def among(
    tx: Tx,
    ids: Sequence[int],
    found: Sequence[Source],
    columns: Sequence[str],
    rest: ColumnElement[bool] | None,
) -> Mapping[int, Mapping[str, Any]]:
    """Of these tickets those that stand in one of the sources and fit, with columns of the shelf, by id."""
    if not ids or not found:
        return {}
    projects = [source.project for source in found if source.project is not None]
    own = [source.requester for source in found if source.requester is not None]
    asked = select(shelf.c.ticket, *(shelf.c[name] for name in columns))
    asked = asked.where(shelf.c.ticket.in_(as_rows(ids, tx.dialect.name)))
    values: dict[str, Any] = {}
    if projects or own:
        asked, values = asked.where(within()), {"projects": projects, "own": own}
    if rest is not None:
        asked = asked.where(exists(select(1).where(and_(ticket.c.id == shelf.c.ticket, rest))))
    return {row["ticket"]: dict(row) for row in tx.execute(asked, values).mappings()}


def within() -> ColumnElement[bool]:
    """What stands in sources of `projects` or of `own` requesters; written so that no index is taken for it."""
    return or_(
        shelf.c.project.concat("").in_(bindparam("projects", expanding=True)),
        (shelf.c.requester + 0).in_(bindparam("own", expanding=True)),
    )
