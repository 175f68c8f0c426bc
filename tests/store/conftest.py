"""Each test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailtickets.store import engine
from mailtickets.store.engine import Store
from tests.postgres import Postgres, missing
from tests.store import stage as stages
from tests.store.desk import Desk
from tests.store.stage import Stage


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One cluster for all; skipped where there can be none."""
    if reason := missing():
        pytest.skip(reason)
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def ready_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that is up to date, to be copied: migrating costs more than most tests."""
    folder = tmp_path_factory.mktemp("ready")
    engine.make_current(f"sqlite:///{folder / 'desk.db'}", folder)
    return folder / "desk.db"


@pytest.fixture(scope="session")
def ready_name(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database that is up to date."""
    url = postgres.database()
    engine.make_current(url, tmp_path_factory.mktemp("ready"))
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that has nothing in it."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        yield from _for_a_while(server, server.database())


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that is up to date and holds nothing."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("ready_file"), tmp_path / "desk.db")
        yield f"sqlite:///{tmp_path / 'desk.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        yield from _for_a_while(server, server.database(like=request.getfixturevalue("ready_name")))


def _for_a_while(server: Postgres, url: str) -> Iterator[str]:
    yield url
    server.drop(url)


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(url, tmp_path / "blobs")
    yield opened
    opened.close_sync()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.fixture(scope="module")
def played(ready_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Stage]:
    """A stage, played once. What is tried on it depends on no database: SQLite will do."""
    return stages.play(ready_file, tmp_path_factory.mktemp("played"))


@pytest.fixture
def stage(played: tuple[Path, Stage], tmp_path: Path) -> Iterator[Stage]:
    """A copy of it."""
    file, made = played
    copy = made.copy(file, tmp_path)
    yield copy
    copy.front.store.close_sync()
