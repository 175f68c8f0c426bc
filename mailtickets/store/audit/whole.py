"""The database itself: I11 holds no secret, I13 is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
)

from mailtickets.store.audit.laws import Finding, Law, tally
from mailtickets.store.audit.witness import Witness
from mailtickets.store.engine import Tx
from mailtickets.store.schema import metadata

SHORTEST = 8  # octets; a shorter password stands everywhere by chance


def secrets(tx: Tx, witness: Witness) -> Finding:
    """I11: looks for each secret in every column that holds text or octets. The secret itself is never told."""
    sought = tuple(secret for secret in witness.secrets if len(secret) >= SHORTEST)
    return tally(Law.SECRETS, (_found(tx, column, sought) for column in _wordy()))


def _wordy() -> Iterator[Column[Any]]:
    for table in metadata.sorted_tables:
        yield from (column for column in table.c if isinstance(_type(column), String | LargeBinary))


def _type(column: Column[Any]) -> object:
    return getattr(column.type, "impl_instance", column.type)


def _found(tx: Tx, column: Column[Any], sought: Sequence[bytes]) -> str:
    table = column.table
    key = next(iter(table.primary_key.columns))
    for secret in sought:
        rows = tx.scalars(select(key).where(_holds(tx.dialect.name, column, secret)).limit(3)).all()
        if rows:
            where = ", ".join(str(row)[:40] for row in rows)
            return f"A password of ours stands in {table.name}.{column.name} ({key.name} {where})."
    return ""


def _holds(dialect: str, column: Column[Any], secret: bytes) -> ColumnElement[bool]:
    if isinstance(_type(column), LargeBinary):
        return _position(dialect, type_coerce(column, LargeBinary), literal(secret, LargeBinary))
    plain = secret.decode("utf-8", "replace")
    # As it lies in JSON, too.
    spellings = {plain, json.dumps(plain)[1:-1]}
    return or_(*(_position(dialect, type_coerce(column, Text), literal(one, Text)) for one in spellings))


def _position(dialect: str, within: ColumnElement[Any], what: ColumnElement[Any]) -> ColumnElement[bool]:
    position = func.instr if dialect == "sqlite" else func.pg_catalog.position
    found: ColumnElement[bool] = position(within, what) > 0
    return found


def whole(tx: Tx, witness: Witness) -> Finding:
    """I13: no page is broken, every reference leads somewhere, and what must be unique is."""
    verdicts = _sqlite(tx, witness) if tx.dialect.name == "sqlite" else _postgresql(tx)
    return tally(Law.WHOLE, verdicts)


def _sqlite(tx: Tx, witness: Witness) -> Iterator[str]:
    # All pages and indexes against each other, or, day by day, all pages.
    check = "integrity_check" if witness.since is None else "quick_check"
    for (said,) in tx.execute(text(f"PRAGMA {check}")):
        yield "" if said == "ok" else f"SQLite says: {said}."
    yield ""
    for child, rowid, parent, _ in tx.execute(text("PRAGMA foreign_key_check")):
        yield f"Row {rowid} of {child} names a row of {parent} that is not there."


_INVALID = text(
    "SELECT conname FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace "
    "UNION ALL SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace"
)


def _postgresql(tx: Tx) -> Iterator[str]:
    yield ""
    for name in tx.scalars(_INVALID):
        yield f"PostgreSQL does not vouch for {name} any more."
    for table in metadata.sorted_tables:
        yield from _references(tx, table)
        yield from _uniques(tx, table)


def _references(tx: Tx, table: Table) -> Iterator[str]:
    for constraint in table.foreign_key_constraints:
        for element in constraint.elements:
            parent = element.column.table.alias()
            mine, other = element.parent, parent.c[element.column.name]
            lost = select(func.count()).select_from(table.outerjoin(parent, mine == other))
            count = tx.scalar(lost.where(mine.is_not(None), other.is_(None)))
            yield (
                f"{count} rows of {table.name} name a row of {parent.name} that is not there."
                if count
                else ""
            )


def _uniques(tx: Tx, table: Table) -> Iterator[str]:
    for constraint in (table.primary_key, *(c for c in table.constraints if isinstance(c, UniqueConstraint))):
        columns = list(constraint.columns)
        groups = (
            select(func.count().label("n"))
            .select_from(table)
            .where(and_(*(column.is_not(None) for column in columns)))
        )
        twice = groups.group_by(*columns).having(func.count() > 1).subquery()
        count = tx.scalar(select(func.count()).select_from(twice))
        names = ", ".join(column.name for column in columns)
        yield f"{table.name} has {count} values of {names} twice." if count else ""
