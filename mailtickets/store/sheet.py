"""A sheet: rows that wait, so that those of many letters are written by one statement each.

The law: whoever asks the database by way of the sheet finds there all that was put on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, count, repeat
from typing import Any, TypeAlias

from sqlalchemy import Insert, Integer, Table, Update, bindparam, func, select
from sqlalchemy import column as named_column
from sqlalchemy import table as named_table

from mailtickets.store.engine import Tx
from mailtickets.store.schema import metadata

Statement: TypeAlias = Insert | Update

_BLOCK = 20  # ids that PostgreSQL's sequence is asked for at a time, after the first one


class Sheet:
    """Owns the rows until `write`. Belongs to one transaction, and is gone with it.

    A dry one writes nothing: it is for looking at what would be written.
    """

    def __init__(self, tx: Tx, *, is_dry: bool = False) -> None:
        self.is_dry = is_dry
        self._tx = tx
        self._rows: dict[Statement, list[Mapping[str, Any]]] = {}
        self._ids: dict[str, Iterator[int]] = {}

    @property
    def dialect(self) -> str:
        return self._tx.dialect.name

    @property
    def tx(self) -> Tx:
        """The transaction, with everything in it that was put so far."""
        self.write()
        return self._tx

    @property
    def unwritten(self) -> Tx:
        """The transaction without what waits: for whoever knows that the answer is not among it."""
        return self._tx

    def put(self, statement: Statement, *rows: Mapping[str, Any]) -> None:
        """Have rows written. The statement is a constant: what shares one is written together."""
        self._rows.setdefault(statement, []).extend(rows)

    def write(self) -> None:
        """Write what waits: new rows before changes, each table after those that it points to."""
        if self.is_dry:
            self._rows.clear()
        while self._rows:
            statement = min(self._rows, key=_rank)
            self._tx.execute(statement, self._rows.pop(statement))

    def new_id(self, table: Table) -> int:
        """An id for a row that will be put, which no row has or ever had."""
        if table.name not in self._ids:
            self._ids[table.name] = _free_ids(self._tx, table) if self.is_dry else _new_ids(self._tx, table)
        return next(self._ids[table.name])


@cache
def _order() -> Sequence[str]:
    return [table.name for table in metadata.sorted_tables]


@cache
def _rank(statement: Statement) -> tuple[bool, int]:
    table = statement.table
    assert isinstance(table, Table)
    return statement.is_update, _order().index(table.name)


def _free_ids(tx: Tx, table: Table) -> Iterator[int]:
    """Ids that no row has, and that stay free: nothing is drawn."""
    return count((tx.scalar(select(func.max(table.c.id))) or 0) + 1)


_SEQUENCE = named_table("sqlite_sequence", named_column("name"), named_column("seq"))
_LAST = select(_SEQUENCE.c.seq).where(_SEQUENCE.c.name == bindparam("table"))


def _new_ids(tx: Tx, table: Table) -> Iterator[int]:
    if tx.dialect.name == "sqlite":
        # There is one writer, and that is us: until the end of the transaction all higher ones are free.
        last = tx.scalar(_LAST, {"table": table.name})
        return count((last or 0) + 1)
    return _drawn(tx, table)


_DRAW = select(func.nextval(func.pg_get_serial_sequence(bindparam("table"), "id"))).select_from(
    func.generate_series(1, bindparam("n", type_=Integer))
)


def _drawn(tx: Tx, table: Table) -> Iterator[int]:
    for n in chain((1,), repeat(_BLOCK)):
        yield from tx.scalars(_DRAW, {"table": table.name, "n": n}).all()
