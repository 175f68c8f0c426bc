"""Each test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailtickets.store import engine
from mailtickets.store.engine import Store
from tests.postgres import Postgres, missing
from tests.store.desk import Desk


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One cluster for all; skipped where there can be none."""
    if reason := missing():
        pytest.skip(reason)
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that has nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'desk.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """A store over an up-to-date database."""
    engine.make_current(url, tmp_path)
    opened = Store.open(url, tmp_path / "blobs")
    yield opened
    opened.close_sync()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)
