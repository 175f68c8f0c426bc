"""What every measurement stands on: a Dovecot with inboxes, the sink, and the database that the desk shall use."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import dovecot, postgres
from tests.bench import sink
from tests.bench.desk import Desk
from tests.bench.sink import Sink
from tests.dovecot import Dovecot
from tests.postgres import Postgres

POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Stand:
    server: Dovecot
    sink: Sink
    cluster: Postgres | None  # None: each desk has an SQLite file of its own
    connections: int  # of the desk to the sink

    @contextmanager
    def desk(self, user: str, url: str | None = None) -> Iterator[Desk]:
        """A desk, ready; on an empty database if no other is named."""
        url = url or (self.cluster.database() if self.cluster else "sqlite:///mailtickets.db")
        with (
            tempfile.TemporaryDirectory(prefix="mt-bench-") as name,
            Desk(Path(name), user, self.server.port, self.sink.port, url, self.connections) as desk,
        ):
            yield desk


def missing(database: str) -> str:
    """Why nothing can be measured here, "" if it can."""
    return dovecot.missing() or sink.missing() or (postgres.missing() if database == POSTGRESQL else "")


@contextmanager
def built(users: list[str], database: str, connections: int) -> Iterator[Stand]:
    """Up until left. PostgreSQL waits for the disk, as SQLite does."""
    with ExitStack() as stack:
        cluster = stack.enter_context(Postgres(durable=True)) if database == POSTGRESQL else None
        server = stack.enter_context(Dovecot(*users))
        yield Stand(server, stack.enter_context(Sink()), cluster, connections)
