"""The database fits the program, or the program says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from mailtickets.store import connect, engine, people, revision, views
from mailtickets.store.engine import Store, Tx
from mailtickets.store.schema import metadata
from tests.store.letters import LEE, NOW


def _set(tx: Tx, found: str) -> None:
    tx.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})


def test_migrations_lead_to_what_the_program_works_with(url: str) -> None:
    database = connect.writer(url)
    with database.begin() as tx:
        opts = {"compare_type": True, "compare_server_default": True, "include_name": _is_ours}
        context = MigrationContext.configure(tx, opts=opts)
        assert compare_metadata(context, metadata) == []
        found = {name: _indexes(tx, name) for name in metadata.tables}
    database.dispose()
    wanted = {name: {str(i.name) for i in table.indexes} for name, table in metadata.tables.items()}
    assert found == wanted


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    """The index of words is a table on PostgreSQL alone, and the tables behind it are SQLite's own."""
    return kind != "table" or not (name or "").startswith("card")


def _indexes(tx: Tx, table: str) -> set[str]:
    """Names of the indexes that are not made for a unique key."""
    return {str(i["name"]) for i in inspect(tx).get_indexes(table) if "duplicates_constraint" not in i}


def test_an_empty_database_is_made_ready(empty_url: str, tmp_path: Path) -> None:
    assert engine.revision_state(empty_url) == "empty"
    engine.make_current(empty_url, tmp_path)
    assert engine.revision_state(empty_url) == "current"
    engine.make_current(empty_url, tmp_path)
    engine.upgrade(empty_url, tmp_path)


def test_asking_for_a_database_does_not_make_it(tmp_path: Path) -> None:
    assert engine.revision_state(f"sqlite:///{tmp_path / 'none.db'}") == "empty"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("act", [engine.make_current, engine.upgrade])
def test_a_database_newer_than_the_program_is_refused(
    store: Store, url: str, tmp_path: Path, act: object
) -> None:
    store.write_sync(_set, "9999")
    assert engine.revision_state(url) == "newer"
    with pytest.raises(engine.WrongRevision, match=r"newer \(revision 9999\).*Install the newer mailtickets"):
        act(url, tmp_path)  # type: ignore[operator]


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_an_older_postgresql_waits_for_the_operator(store: Store, url: str, tmp_path: Path) -> None:
    store.write_sync(_set, "0000")
    with pytest.raises(engine.WrongRevision, match="mailtickets db upgrade"):
        engine.make_current(url, tmp_path)


def test_a_copy_of_an_sqlite_file_holds_all_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    engine.make_current(url, tmp_path)
    store = Store.open(url, tmp_path)
    store.write_sync(people.ensure, LEE, NOW)  # lies in the write-ahead log, not in the file itself
    revision.back_up(tmp_path / "desk.db", tmp_path / "copy.db")
    store.close_sync()
    copy = Store.open(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path)
    assert copy.read_sync(people.by_address, LEE.key)
    assert copy.read_sync(views.ledger_rows) == ()
    copy.close_sync()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_an_sqlite_file_is_copied_before_it_is_upgraded(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_sync(_set, "0000")
    # There is no such migration, so that the upgrade itself fails: the copy must be there all the same.
    with pytest.raises(Exception, match="0000"):
        engine.make_current(url, tmp_path / "state")
    copy = tmp_path / "state" / f"before-{revision.head()}-from-0000.db"
    assert revision.revision(f"sqlite:///{copy}") == "0000"
