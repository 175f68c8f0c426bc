"""Connections to either database. The law: SQLite has one writer, and whatever only reads cannot write."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    Engine,
    Select,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import NullPool, QueuePool

BUSY_AFTER = 30.0  # seconds: how long SQLite waits for another process that writes
POOL = 4  # connections
# For PostgreSQL, of which nothing else says that the other end has vanished. Seconds; the last in milliseconds.
_WITHIN: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# The server's end: a lock must not outlive a host that has vanished.
_KEPT = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4"


def writer(url: str) -> Engine:
    """For transactions that write. SQLite: one connection; the file is made if it is not there."""
    if is_sqlite(url):
        return _sqlite(sqlite_file(url), "rwc", "BEGIN IMMEDIATE", 1)
    # A server that was restarted meanwhile is noticed before a transaction begins, not within one.
    return create_engine(url, pool_size=POOL, max_overflow=0, pool_pre_ping=True, connect_args=_WITHIN)


def reader(url: str) -> Engine:
    """For transactions that see one moment and change nothing. The database must be there."""
    if is_sqlite(url):
        return _sqlite(sqlite_file(url), "ro", "BEGIN", POOL)
    engine = create_engine(
        url,
        pool_size=POOL,
        max_overflow=0,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        connect_args=_WITHIN,
    )
    return engine.execution_options(postgresql_readonly=True)


def keeper(url: str) -> Engine:
    """For one connection to PostgreSQL on which locks lie: they go when it goes."""
    return create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_WITHIN | {"options": _KEPT}
    )


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def sqlite_file(url: str) -> Path:
    """The file behind an SQLite URL. ValueError if it names none."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ValueError("An SQLite database needs a file: sqlite:////var/lib/mailtickets/mailtickets.db")
    return Path(name)


def insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """INSERT that knows ON CONFLICT, which both databases spell alike. `dialect`: that of the transaction, its name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def as_rows(ids: Collection[int], dialect: str) -> Select[Any]:
    """Many ids as rows of one column, handed over as one value: no database takes that many by themselves."""
    if dialect == "sqlite":
        rows = func.json_each(bindparam(None, json.dumps(sorted(ids)))).table_valued("value")
        return select(rows.c.value)
    return select(func.unnest(bindparam(None, sorted(ids), type_=postgresql.ARRAY(BigInteger))))


def _sqlite(file: Path, mode: str, begin: str, pool: int) -> Engine:
    # As a URI (RFC 3986), so that SQLite hears the mode; a folder may be called anything.
    name = f"file:{quote(str(file))}"
    engine = create_engine(
        URL.create("sqlite", database=name, query={"mode": mode, "uri": "true"}),
        poolclass=QueuePool,
        pool_size=pool,
        max_overflow=0,
        connect_args={"timeout": BUSY_AFTER, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _: Any) -> None:
        # None: the driver begins no transaction of its own, and `_begun` decides which kind it is.
        connection.isolation_level = None
        if mode == "ro":
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        # Its own lower() knows ASCII only.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _lower(value: str | None) -> str | None:
    return value if value is None else value.lower()
