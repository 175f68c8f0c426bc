"""Which form the database has, and how it comes to the program's own.

The law: a database newer than the program is not touched, and an SQLite file is copied before it is changed.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Literal

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from mailtickets.failpoints import Point, reach
from mailtickets.store import connect
from mailtickets.store.trouble import Kind, Unavailable, unavailable

# What a migration is called: its number, then what it does. Read from the folder, since
# asking Alembic for it would cost every command line a tenth of a second.
MIGRATIONS = Path(__file__).parent / "migrations"
State = Literal["empty", "current", "older", "newer"]


class Away(Exception):
    """The database cannot be reached, or is none; `str()` says why. `is_refusal`: waiting will not help."""

    def __init__(self, why: str, trouble: Unavailable, *, is_refusal: bool) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.is_refusal = is_refusal


class WrongRevision(Exception):
    """The database does not fit this program; `str()` says what to do."""


def head() -> str:
    """The revision that this program works with: "0001"."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision(url: str) -> str:
    """The revision that a database has, "" if it is empty or not there. Away if it cannot be asked."""
    if connect.is_sqlite(url) and not connect.sqlite_file(url).exists():
        return ""
    engine = connect.reader(url)
    try:
        with engine.connect() as tx:
            if not inspect(tx).has_table("alembic_version"):
                return ""
            return tx.scalar(text("SELECT version_num FROM alembic_version")) or ""
    except DBAPIError as error:
        raise _away(error) from error
    finally:
        engine.dispose()


# What libpq hands on of a server that answers, and what SQLite says of a file that is none or may not be opened.
_REFUSALS = (
    "authentication failed",
    "no pg_hba.conf entry",
    "does not exist",
    "not a database",
    "unable to open",
)


def _away(error: DBAPIError) -> Away:
    why = str(error.orig).partition("\n")[0].rstrip(".")
    trouble = unavailable(error)
    is_refusal = trouble is None or any(word in str(error.orig) for word in _REFUSALS)
    return Away(
        f"The database cannot be reached: {why}.",
        trouble or Unavailable(Kind.AWAY, why),
        is_refusal=is_refusal,
    )


def revision_state(url: str) -> State:
    """How the database stands to the program. It is not made by asking."""
    found = revision(url)
    if not found:
        return "empty"
    # Numbers of one width: they sort as they follow each other.
    return "current" if found == head() else "older" if found < head() else "newer"


def make_current(url: str, state_dir: Path) -> None:
    """Before the daemon starts: make the database, or bring an SQLite file up to date. Else WrongRevision, or Away."""
    match revision_state(url):
        case "newer":
            raise WrongRevision(
                f"The database is newer (revision {revision(url)}) than this program (revision {head()}). "
                "Install the newer mailtickets again, or restore the copy made before its upgrade."
            )
        case "older" if not connect.is_sqlite(url):
            raise WrongRevision(
                f"The database has revision {revision(url)}, this program needs {head()}. "
                "Make a backup, then run “mailtickets db upgrade”."
            )
        case "empty" | "older":
            try:
                upgrade(url, state_dir)
            except Exception as error:
                trouble = unavailable(error)
                if trouble is None:
                    raise
                raise Away(
                    f"The database cannot be upgraded now. {trouble}", trouble, is_refusal=False
                ) from error


def upgrade(url: str, state_dir: Path) -> None:
    """Bring the database to this program's revision, in one transaction. WrongRevision if it is newer."""
    from alembic import command
    from alembic.config import Config

    before = revision_state(url)
    if before == "current":
        return
    if before == "newer":
        raise WrongRevision(
            f"The database is newer (revision {revision(url)}) than this program (revision {head()}). "
            "Install the newer mailtickets again."
        )
    if connect.is_sqlite(url):
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        connect.sqlite_file(url).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if before == "older":
            back_up(connect.sqlite_file(url), state_dir / f"before-{head()}-from-{revision(url)}.db")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = connect.writer(url)
    try:
        with engine.begin() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "head")
            reach(Point.MIGRATING)
        reach(Point.MIGRATED)
    finally:
        engine.dispose()


def back_up(file: Path, copy: Path) -> None:
    """A copy of an SQLite database as of one moment, whole and on disk when this returns."""
    part = copy.with_suffix(".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    with open(part, "rb") as written:
        os.fsync(written.fileno())
    reach(Point.BACKING_UP)
    os.replace(part, copy)
    reach(Point.BACKED_UP)
