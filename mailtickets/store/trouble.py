"""Which errors are the world's: the database is away, somebody holds it, or there is no room.

The law: none of them says anything about the letter or the mail at hand; the unit of work is whole or
nothing, so it may be done again.
"""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree


class Kind(StrEnum):
    FULL = "full"
    BUSY = "busy"
    AWAY = "away"


class Unavailable(Exception):
    """The database cannot be used now; `str()` is whole sentences for the operator. Nothing was written."""

    def __init__(self, kind: Kind, why: str) -> None:
        super().__init__(_WORDS[kind].format(why=why))
        self.kind = kind


_WORDS = {
    Kind.FULL: "There is no room to write ({why}). Make room on the disk.",
    Kind.BUSY: "Another process holds the database ({why}). See which one, and end it.",
    Kind.AWAY: "The database does not answer ({why}). See whether its server is up.",
}
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# sqlite.org/rescode.html: BUSY, LOCKED, IOERR, FULL, CANTOPEN, PROTOCOL. IOERR: the disk took less than it was given.
_SQLITE = {5: Kind.BUSY, 6: Kind.BUSY, 10: Kind.FULL, 13: Kind.FULL, 14: Kind.AWAY, 15: Kind.BUSY}
# PostgreSQL, appendix A.
_STATES = {
    "08": Kind.AWAY,
    "57P": Kind.AWAY,
    "533": Kind.AWAY,
    "532": Kind.AWAY,
    "531": Kind.FULL,
    "58": Kind.FULL,
    "40": Kind.BUSY,
    "55P03": Kind.BUSY,
}


def unavailable(error: BaseException) -> Unavailable | None:
    """The world's trouble behind an error, also one that only followed from it; None if it is ours."""
    for one in _chain(error):
        if isinstance(one, Unavailable):
            return one
        if (kind := _kind(one)) is not None:
            return Unavailable(kind, _why(one))
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it: SQLite rolls back by itself, and the savepoint is then not found."""
    seen: set[int] = set()
    next: BaseException | None = error
    while next is not None and id(next) not in seen:
        seen.add(id(next))
        yield next
        next = next.__cause__ or next.__context__


def _kind(error: BaseException) -> Kind | None:
    match error:
        case NoConnectionFree():
            return Kind.BUSY
        case DBAPIError():
            return _of_driver(error.orig, error.connection_invalidated)
        case OSError() if error.errno in _NO_ROOM:
            return Kind.FULL
    return _of_driver(error, False)


def _of_driver(error: BaseException | None, is_cut: bool) -> Kind | None:
    if isinstance(error, sqlite3.Error):
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    psycopg = sys.modules.get("psycopg")  # 6 MB that a desk on SQLite never brings in
    if psycopg is None:
        return Kind.AWAY if is_cut else None
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return next((kind for state, kind in _STATES.items() if error.sqlstate.startswith(state)), None)
    is_lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return Kind.AWAY if is_cut or is_lost else None


def _why(error: BaseException) -> str:
    said = str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error)
    return said.strip().partition("\n")[0].rstrip(".")[:200]
