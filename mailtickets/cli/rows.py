"""Rows for a person or for a program: a table on a terminal, columns in a pipe, or one JSON array."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeAlias

import typer

Cell: TypeAlias = str | int | bool | datetime | Sequence[str] | None
Row: TypeAlias = Mapping[str, Cell]  # by column; this is where values leave the program


ALL = 2**31 - 1
ON_A_TERMINAL = 50
Last = Annotated[
    int,
    typer.Option(
        "--last",
        metavar="N",
        min=0,
        help="The newest N only; default: all, on a terminal 50.",
        show_default=False,
    ),
]


def newest(last: int) -> int:
    """How many rows to ask for: a person wants the latest, a program all."""
    return last or (ON_A_TERMINAL if sys.stdout.isatty() else ALL)


def counted(count: int, one: str, many: str) -> str:
    """`1 letter is …`, `2 letters are …`."""
    return f"{count} {one if count == 1 else many}"


@dataclass(frozen=True, slots=True)
class Column:
    key: str  # JSON name
    title: str  # heading; "" leaves the column out of the table


def show(rows: Sequence[Row], columns: Sequence[Column], *, as_json: bool, none: str) -> None:
    """Print them. `none` is what to say to a person when there are no rows."""
    if as_json:
        print(
            json.dumps(
                [{c.key: _plain(row[c.key]) for c in columns} for row in rows], ensure_ascii=False, indent=2
            )
        )
    elif not rows:
        print(none)
    elif sys.stdout.isatty():
        _table(rows, columns)
    else:
        _columns(rows, columns)


def _plain(cell: Cell) -> object:
    return cell.isoformat() if isinstance(cell, datetime) else cell


def words(cell: Cell) -> str:
    """As a person reads it: one line, times in UTC to the minute, nothing for nothing."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else ""
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case str() | int():
            # A mail's own words must not steer the terminal.
            return "".join(c if c.isprintable() else " " for c in str(cell)).strip()
        case _:
            return ", ".join(words(one) for one in cell)


def _columns(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    shown = [c for c in columns if c.title]
    lines = [[c.title for c in shown], *([words(row[c.key]) for c in shown] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _table(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown = [c for c in columns if c.title]
    for column in shown:
        is_number = all(isinstance(row[column.key], int) for row in rows)
        table.add_column(column.title, justify="right" if is_number else "left", no_wrap=is_number)
    for row in rows:
        table.add_row(*(Text(words(row[column.key])) for column in shown))
    Console().print(table)
