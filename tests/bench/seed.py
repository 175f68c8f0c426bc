"""Fills a database with years of work, in bulk: people, tickets, what was said, what was changed, what was mailed.

    python -m tests.bench.seed sqlite:////tmp/big.db --tickets 1000000

The rows go into the first form of the database, and the migrations bring it up to date, as they do an operator's. No
octets are kept. The law: every history folds to its ticket, and the same arguments give the same rows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config

from mailtickets.store import connect, revision
from tests.bench import words

DESK = "support@example.org"
AGENTS = 20
SPAN = timedelta(days=3 * 365)
KEPT = timedelta(days=90)  # how long the outbox remembers what was sent
CHUNK = 5_000  # tickets at a time
UIDVALIDITY = 1
_NO_EVIDENCE = '{"tokens":[],"authenticated":"","contrary":""}'
Row = tuple[Any, ...]

# Stored form, column for column, of the first migration.
COLUMNS = {
    "person": "id spec called name role projects language timezone created_at",
    "address": "key person spec called",
    "raw": "id sha256 size octets",
    "inbound": "id raw mailbox uidvalidity uid received_at size is_oversize is_late is_released state attempts "
    "stored_at decided_at marked_at outcome reason kind why_kind evidence message_id fingerprint subject sender "
    "person ticket error traceback",
    "ticket": "id number subject status priority type project requester desk created_at updated_at updated_by "
    "resolution assignee tags first_answered_at resolved_at closed_at reopened origin_id",
    "message": "id ticket inbound cause message_id kind author written_at text segments attachments unverified",
    "history": "id ticket field old new person at cause",
    "participant": "id ticket person part joined_at",
    "seen_id": "message_id ticket is_known",
    "outbox": "id cause kind recipient spec domain person ticket envelope_from message_id is_automatic is_unproven "
    "size state attempts created_at since_at next_at claim code answer settled_at bounced_at bounce octets",
    "counter": "name value",
}


def seed(url: str, tickets: int, now: datetime | None = None, seed: int = 1) -> None:
    """Fill the database behind `url`, which must be empty, and bring it up to date."""
    now = now or datetime.now(UTC)
    _upgrade(url, "0001")
    rows = _Years(tickets, now, random.Random(seed)).chunks()
    if connect.is_sqlite(url):
        _into_sqlite(connect.sqlite_file(url), rows)
    else:
        _into_postgresql(_plain(url), rows)
    _upgrade(url, "head")
    _settle(url)


def agent(number: int) -> str:
    """The address of an agent: Person.id is one more than the number."""
    return f"agent{number}@example.org"


@dataclass
class _Years:
    """Owns the ids that come next."""

    tickets: int
    now: datetime
    rng: random.Random
    message: int = 0
    history: int = 0
    participant: int = 0
    outbox: int = 0
    tables: dict[str, list[Row]] = field(default_factory=dict)

    def chunks(self) -> Iterator[dict[str, list[Row]]]:
        self.people = max(10, self.tickets // 5)
        self.texts = words.Texts(self.rng, min(3_000, self.tickets))
        self._begin()
        self._people()
        for number in range(1, self.tickets + 1):
            self._ticket(number)
            if number % CHUNK == 0:
                yield self.tables
                self._begin()
        self.tables["counter"].append(("ticket", self.tickets))
        yield self.tables

    def _begin(self) -> None:
        self.tables = {name: [] for name in COLUMNS}

    def _people(self) -> None:
        begun = _moment(self.now - SPAN)
        for id in range(1, AGENTS + 1):
            self._person(id, agent(id - 1), words.name(self.rng), "agent", begun)
        for id in range(AGENTS + 1, AGENTS + self.people + 1):
            self._person(id, self._spec(id), words.name(self.rng), "requester", begun)

    def _person(self, id: int, spec: str, name: str, role: str, at: str) -> None:
        given = name if role == "agent" else ""
        self.tables["person"].append((id, spec, name, given, role, "[]", "", "", at))
        self.tables["address"].append((spec, id, spec, name))

    def _spec(self, id: int) -> str:
        """Some twenty people to a company."""
        return f"user{id}@company{id % max(1, self.people // 20)}.example"

    def _ticket(self, id: int) -> None:
        at = self.now - SPAN * (1 - (id - 0.5) / self.tickets)
        # Some write often: the square of a random number is a small one.
        who = AGENTS + 1 + int(self.people * self.rng.random() ** 2)
        _Life(self, id, who, at).live()

    def letter(self, ticket: int, who: int, moment: str, outcome: str, subject: str) -> int:
        """A letter that was taken in; its id is that of its message too."""
        self.message = id = self.message + 1
        sha256 = hashlib.sha256(b"%d" % id).hexdigest()
        spec = self._spec(who) if who > AGENTS else agent(who - 1)
        self.tables["raw"].append((id, sha256, 4000, None))
        self.tables["inbound"].append(
            (
                *(id, id, DESK, UIDVALIDITY, id, moment, 4000, 0, 0, 0, "done", 1, moment, moment, moment),
                *(outcome, "seeded", "person", "nothing says otherwise", _NO_EVIDENCE),
                *(mail_id(id), sha256[::-1], subject, spec, who, ticket, "", ""),
            )
        )
        self.tables["seen_id"].append((mail_id(id), ticket, 1))
        return id

    def mail(self, kind: str, cause: str, to: int, ticket: int, at: datetime) -> None:
        """A mail of ours that went out, if it is not forgotten yet."""
        if at < self.now - KEPT:
            return
        self.outbox = id = self.outbox + 1
        spec, moment = self._spec(to) if to > AGENTS else agent(to - 1), _moment(at)
        domain = spec.partition("@")[2]
        self.tables["outbox"].append(
            (
                *(id, cause, kind, spec, spec, domain, to, ticket, DESK, f"mt.{id}@example.org"),
                *(int(kind == "acknowledgement"), 0, 900, "sent", 1, moment, moment, None, "", 250, "250 Ok"),
                *(moment, None, "", b""),
            )
        )


def mail_id(message: int) -> str:
    return f"{message}.seed@company.example"


class _Life:
    """One ticket from its first letter on."""

    def __init__(self, years: _Years, id: int, who: int, at: datetime) -> None:
        self.years, self.id, self.who, self.at = years, id, who, at
        self.cause = self.moment = ""
        rng = years.rng
        # By and large what is old is done; every hundredth is dragged along.
        age = years.now - at
        self.is_done = rng.random() < (0.995 if age > timedelta(days=20) else 0.2)
        self.pace = min(age / 8, timedelta(hours=rng.randint(1, 40)))
        # In the order of the columns; what moves is set by `change`.
        self.values: dict[str, Any] = {
            "id": id, "number": id, "subject": words.subject(rng), "status": "new", "priority": "normal",
            "type": "question", "project": "support", "requester": who, "desk": DESK, "created_at": at,
            "updated_at": at, "updated_by": who, "resolution": "", "assignee": None, "tags": (),
            "first_answered": None, "resolved": None, "closed": None, "reopened": 0, "origin_id": "",
        }  # fmt: skip

    def live(self) -> None:
        rng = self.years.rng
        self._open()
        if rng.random() < 0.15:
            self.change(rng.randint(1, AGENTS), priority=rng.choice(("low", "high", "high", "urgent")))
        if not self.is_done and rng.random() < 0.3:
            self._end()
            return
        agent = rng.randint(1, AGENTS)
        self._answer(agent, is_first=True)
        while rng.random() < 0.3:
            self._reply()
            self._answer(agent)
        if self.is_done:
            self._close(agent)
        elif rng.random() < 0.5:
            self._reply()
        self._end()

    def _open(self) -> None:
        values = self.values
        letter = self._letter(self.who, "opened")
        values["origin_id"] = mail_id(letter)
        opening = {k: values[k] for k in ("subject", "status", "priority", "type", "project", "requester")}
        opening |= {"desk": DESK, "origin_id": values["origin_id"]}
        self._history("opened", None, json.dumps({"opened": opening}), self.who)
        self._join(self.who, "requester")
        self.years.mail("acknowledgement", self.cause, self.who, self.id, self.at)

    def _answer(self, agent: int, *, is_first: bool = False) -> None:
        self.at += self.pace
        self._letter(agent, "replied")
        if is_first:
            self._join(agent, "follower")
            if self.years.rng.random() < 0.9:
                self.change(agent, assignee=agent)
            self.change(agent, first_answered=self.at)
        self.change(agent, status="waiting")
        self.years.mail("answer", self.cause, self.who, self.id, self.at)

    def _reply(self) -> None:
        self.at += self.pace
        self._letter(self.who, "replied")
        self.change(self.who, status="open")

    def _close(self, agent: int) -> None:
        self.at += self.pace
        self.moment = _moment(self.at)
        is_closed = self.years.rng.random() < 0.97
        self.change(agent, status="closed" if is_closed else "resolved", resolved=self.at)
        if is_closed:
            self.change(agent, closed=self.at)

    def _letter(self, who: int, outcome: str) -> int:
        years, self.moment = self.years, _moment(self.at)
        id = years.letter(self.id, who, self.moment, outcome, self.values["subject"])
        self.cause = f"in:{id}"
        text, segments = years.texts.text(id)
        files = "[]"
        if years.rng.random() < 0.08:
            files = f'[["{years.rng.choice(words.FILES)}","application/pdf",48000,"{"0" * 64}",false,""]]'
        years.tables["message"].append(
            (id, self.id, id, self.cause, mail_id(id), "public", who, self.moment, text, segments, files, 0)
        )
        self.values |= {"updated_at": self.at, "updated_by": who}
        return id

    def change(self, by: int, **fields: Any) -> None:
        for name, new in fields.items():
            old = self.values[name]
            if old != new:
                self._history(name, _told(old), _told(new), by)
                self.values |= {name: new, "updated_at": self.at, "updated_by": by}

    def _history(self, name: str, old: str | None, new: str, by: int) -> None:
        years = self.years
        years.history += 1
        years.tables["history"].append((years.history, self.id, name, old, new, by, self.moment, self.cause))

    def _join(self, who: int, part: str) -> None:
        self.years.participant += 1
        row = (self.years.participant, self.id, who, part, self.moment)
        self.years.tables["participant"].append(row)

    def _end(self) -> None:
        self.years.tables["ticket"].append(tuple(map(_stored, self.values.values())))


def _moment(at: datetime) -> str:
    """As SQLite keeps it: UTC, without a zone."""
    return f"{at.isoformat(' ', 'microseconds')[:26]}"


def _told(value: Any) -> str:
    """As history keeps it."""
    match value:
        case None:
            return "null"
        case int():
            return str(value)
        case datetime():
            return f'{{"at":"{value.isoformat()}"}}'
        case _:
            return f'"{value}"'


def _stored(value: Any) -> Any:
    match value:
        case datetime():
            return _moment(value)
        case ():
            return "[]"
        case _:
            return value


# Into the databases


def _into_sqlite(file: Path, chunks: Iterator[dict[str, list[Row]]]) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as tx:
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "cache_size = -400000",
            "temp_store = MEMORY",
        ):
            tx.execute(f"PRAGMA {pragma}")
        later = tx.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''"
        ).fetchall()
        for name, _ in later:
            tx.execute(f"DROP INDEX {name}")
        tx.execute("BEGIN")
        for tables in chunks:
            for name, rows in tables.items():
                marks = ",".join("?" * len(COLUMNS[name].split()))
                tx.executemany(f"INSERT INTO {name} ({_names(name)}) VALUES ({marks})", rows)
        tx.execute("COMMIT")
        for _, statement in later:
            tx.execute(statement)
        tx.execute("PRAGMA journal_mode = WAL")


def _into_postgresql(url: str, chunks: Iterator[dict[str, list[Row]]]) -> None:
    with psycopg.connect(url) as tx:
        tx.execute(
            "SET session_replication_role = replica"
        )  # keys are looked at by nobody: rows come in order
        tx.execute("SET TIME ZONE 'UTC'")
        tx.execute("SET synchronous_commit = off")
        tx.execute("SET maintenance_work_mem = '512MB'")
        later = tx.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix%'"
        ).fetchall()
        for name, _ in later:
            tx.execute(f"DROP INDEX {name}")
        for tables in chunks:
            for name, rows in tables.items():
                with tx.cursor().copy(f"COPY {name} ({_names(name)}) FROM STDIN") as copy:
                    copy.write("".join(map(_line, rows)))
        for _, statement in later:
            tx.execute(statement)
        for name, columns in COLUMNS.items():
            if columns.startswith("id "):
                tx.execute(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), greatest(1, (SELECT max(id) FROM {name})))"
                )


def _names(table: str) -> str:
    return ",".join(f'"{name}"' for name in COLUMNS[table].split())


def _line(row: Row) -> str:
    return "\t".join(map(_field, row)) + "\n"


def _field(value: Any) -> str:
    match value:
        case None:
            return r"\N"
        case bytes():
            return r"\\x" + value.hex()
        case str():
            return value.replace("\\", r"\\").replace("\n", r"\n").replace("\t", r"\t").replace("\r", r"\r")
        case _:
            return str(value)


def _upgrade(url: str, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(revision.MIGRATIONS).replace("%", "%%"))
    engine = connect.writer(url)
    with engine.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, to)
    engine.dispose()


def _settle(url: str) -> None:
    """Statistics, as a database that grew by and by has them. SQLite is asked for none."""
    if not connect.is_sqlite(url):
        with psycopg.connect(_plain(url), autocommit=True) as tx:
            tx.execute("VACUUM ANALYZE")


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql", 1)


def _told_time(what: str, work: Callable[[], None]) -> None:
    begun = time.perf_counter()
    work()
    print(f"{what}: {time.perf_counter() - begun:.0f} s", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.seed", description=__doc__)
    parser.add_argument("url", help="of an empty database, as in the config")
    parser.add_argument("--tickets", type=int, default=1_000_000, help="(1000000)")
    options = parser.parse_args(arguments)
    _told_time(f"{options.tickets} tickets", lambda: seed(options.url, options.tickets))


if __name__ == "__main__":
    main()
