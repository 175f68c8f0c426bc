"""No question that intake, delivery, the clock or a start asks grows with the years: each finds its rows by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from mailtickets import desk as desk_room
from mailtickets.config import SessionLimits
from mailtickets.core.mail import RawMail
from mailtickets.core.query import Question
from mailtickets.core.retry import Failed, GiveUp
from mailtickets.core.tokens import Secret
from mailtickets.desk import Desk
from mailtickets.store import audit, connect, leases, ledger, outbox, people, search, sessions, views
from mailtickets.store.engine import Store, Tx
from mailtickets.store.views import Sort, TicketFilter
from mailtickets.templates import Templates
from tests import day as days
from tests.bench import seed
from tests.day import ANN, MARIA, Day
from tests.store.asking import asked

BIG = frozenset(
    [
        "address",
        "attempt",
        "history",
        "inbound",
        "message",
        "outbox",
        "participant",
        "person",
        "raw",
        "seen_id",
        "shelf",
        "tagged",
        "ticket",
    ]
)
# Indexes that hold few rows however old the desk is: what waits, what went wrong, who works here.
FEW = frozenset(
    [
        "ix_inbound_stored",
        "ix_inbound_unmarked",
        "ix_outbox_bounced",
        "ix_outbox_next",
        "ix_outbox_unsent",
        "ix_person_staff",
    ]
)


@dataclass
class Ear:
    """Every statement that was heard, with the first values it came with, and what was done when it was."""

    heard: dict[str, tuple[Any, str]] = field(default_factory=dict)
    doing: str = ""

    def __call__(self, _1: Any, _2: Any, statement: str, values: Any, _3: Any, _4: bool) -> None:
        if statement.split()[0].upper() in ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH"):
            # Of many rows at once the first, whether they came as a list or as one long tuple of tuples.
            is_many = (
                isinstance(values, list | tuple) and values and isinstance(values[0], dict | list | tuple)
            )
            self.heard.setdefault(statement, (values[0] if is_many else values, self.doing))


@pytest.fixture
def ear() -> Iterator[Ear]:
    listener = Ear()
    event.listen(Engine, "before_cursor_execute", listener)
    yield listener
    event.remove(Engine, "before_cursor_execute", listener)


@pytest.fixture
def day(empty_url: str, tmp_path: Path) -> Iterator[Day]:
    """A desk with some years behind it."""
    seed.seed(empty_url, 600, days.NOW)
    store = Store.open(empty_url, tmp_path / "blobs")
    yield Day(store, Desk(days.POLICY, Secret((b"x" * 32,)), Templates.load().render))
    store.close_sync()


def test_no_question_of_the_daemon_reads_a_big_table_through(day: Day, empty_url: str, ear: Ear) -> None:
    for name, work in _WORKS.items():
        ear.doing = name
        work(day)
    assert len(ear.heard) > 60
    _all_by_index(empty_url, ear)


def test_no_question_of_the_page_reads_a_big_table_through(day: Day, empty_url: str, ear: Ear) -> None:
    _letters(day)
    ear.heard.clear()
    ann, maria = (day.store.write_sync(people.ensure, who, days.NOW)[0] for who in (ANN, MARIA))
    for viewer in (None, ann, maria, replace(maria, shares=("birch.example",))):
        ear.doing = f"overview for {viewer}"
        day.store.read_sync(views.overview, viewer, days.POLICY.workflow, days.NOW)
        for one in _lists(ann.id):
            ear.doing = f"{one} for {viewer}"
            day.store.read_sync(views.tickets, viewer, one)
        for typed in QUESTIONS:
            ear.doing = f"{typed} for {viewer}"
            question = day.store.read_sync(views.understand, typed, days.POLICY, viewer, days.NOW)
            if isinstance(question, Question):  # a customer may not ask all of them
                day.store.read_sync(views.tickets, viewer, views.filter_of(question, days.POLICY.workflow))
        day.store.read_sync(views.ticket, 1042, viewer)
    day.store.read_sync(sessions.by_hash, "0", days.NOW, SessionLimits())
    day.store.read_sync(sessions.opened, days.NOW, SessionLimits(), ann.id)
    # The last two hold few rows, and no more are read than are few.
    walks = frozenset({"ix_shelf_subject", "ix_message_note", "ix_message_files"})
    _all_by_index(empty_url, ear, walks)


QUESTIONS = (
    "n:12", "tag:vpn", "-tag:vpn is:open", "requester:user25@company1.example", "cc:agent3@example.org", "followers:agent3@example.org",
    "created:<7d", "updated:>1000d is:open", "closed:<7d", "resolved:2026-11", "answered:none is:open", "reopened:>0", "type:problem",
    "has:note", "has:attachment", "is:undelivered", "subject:printer", "printer or tag:vpn", "is:open -printer",
    "assignee:agent1@example.org,agent2@example.org priority:high..", "assignee:agent1@example.org or priority:high", "-assignee:agent1@example.org sort:subject",
    "group:assignee sort:-created", "group:project",
)  # fmt: skip


def _lists(agent: int) -> Iterator[TicketFilter]:
    for sort in Sort:
        for narrow in (
            {},
            {"assignee": agent},
            {"is_unassigned": True},
            {"statuses": frozenset({"new", "open"})},
        ):
            yield asked(sort=sort, **narrow)
        yield asked("printer", "blank", sort=sort)


def _letters(day: Day) -> None:
    day.store.write_sync(people.sync_staff, days.STAFF, days.NOW)
    days.printer(day)
    for text in ("#list open", "#list mine printer", "#list all", "#show 12", "#list closed", "#login"):
        day.letter(days.NOW, ANN, "commands", f"{text}\n")
        day.letter(days.NOW, MARIA, "commands", f"{text}\n")


def _inbox(day: Day) -> None:
    box = (days.DESK.key, 7)
    raws = tuple(RawMail(*box, 9000 + k, days.NOW, b"Subject: %d\r\n\r\nx\r\n" % k) for k in range(5))
    stored = day.store.write_sync(ledger.keep, day.store.blobs, raws, days.NOW)
    day.store.write_sync(ledger.keep, day.store.blobs, raws, days.NOW)
    day.store.write_sync(ledger.quarantine, stored[0].inbound, "broken", "", days.NOW)
    day.store.write_sync(ledger.requeue_quarantined, (stored[0].inbound,), days.NOW)
    day.store.write_sync(ledger.unfinished, day.store.blobs, days.NOW, 200)
    day.store.read_sync(ledger.cursor, *box)
    day.store.read_sync(ledger.epochs, box[0])
    for uids in ((1, 2), tuple(range(1, 900))):
        day.store.read_sync(ledger.unknown_uids, *box, uids)
    day.store.write_sync(ledger.mark, *box, (1, 2), days.NOW)
    day.store.read_sync(ledger.unmarked, *box, 100)


def _deliver(day: Day) -> None:
    day.letter(days.NOW, MARIA, "Another", "Words.\n")
    later = days.NOW + timedelta(days=1)
    day.store.write_sync(desk_room.mail_sign_in_link, day.desk, MARIA.spec, later)
    day.store.read_sync(outbox.next_due)
    rows = day.store.write_sync(outbox.claim, "me", 40, later)
    day.store.write_sync(outbox.unclaim, rows, later)
    (row, *_) = day.store.write_sync(outbox.claim, "me", 40, later)
    day.store.write_sync(outbox.settle, row, Failed(550, "no"), GiveUp("no"), later)
    day.store.write_sync(desk_room.give_up, day.desk, row, "no", Failed(550, "no"), later)
    day.store.read_sync(outbox.claimants)
    day.store.write_sync(outbox.release_claims, ("me",), later)


def _clock(day: Day) -> None:
    later = days.NOW + timedelta(days=1)
    day.store.write_sync(leases.take, "purge", "me", later)
    day.store.write_sync(sessions.purge, later, SessionLimits())
    day.store.write_sync(outbox.purge, later - timedelta(days=90))
    day.store.read_sync(audit.counts, later - timedelta(days=1), later)
    day.store.write_sync(desk_room.send_digest, day.desk, (), (), later)
    day.store.write_sync(leases.ran, "purge", "me", later)
    day.store.write_sync(search.write_cards, 100)
    day.store.write_sync(search.tidy)
    day.store.read_sync(search.lag)


def _sign_in(day: Day) -> None:
    link = days.link(day, ANN)
    token = day.store.write_sync(desk_room.open_session, link.rpartition("/")[2], days.NOW)
    assert token
    day.store.write_sync(desk_room.close_session, token)


_WORKS: Mapping[str, Callable[[Day], None]] = {
    "letters": _letters,
    "inbox": _inbox,
    "delivery": _deliver,
    "clock": _clock,
    "sign in": _sign_in,
}


def _all_by_index(url: str, ear: Ear, walks: frozenset[str] = frozenset()) -> None:
    read = _scans_of_sqlite if connect.is_sqlite(url) else _scans_of_postgresql
    engine = connect.writer(url)
    with engine.connect() as tx:
        if not connect.is_sqlite(url):
            tx.exec_driver_sql("ANALYZE")
            # Only where there is no index to take, however little the tables hold here.
            for way in ("seqscan", "mergejoin", "hashjoin"):
                tx.exec_driver_sql(f"SET enable_{way} = off")
        found = {
            (scan, statement, doing)
            for statement, (values, doing) in list(ear.heard.items())
            for scan in read(tx, statement, values)
            if not any(index in scan for index in FEW | walks)
        }
        tx.rollback()
    engine.dispose()
    assert not found, "\n\n".join(
        f"{scan}\n  while {doing}: {statement}" for scan, statement, doing in sorted(found)
    )


def _scans_of_sqlite(tx: Tx, statement: str, values: Any) -> Iterator[str]:
    for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values or None):
        words = row.detail.split()
        if words[0] == "SCAN" and words[1] in BIG:
            yield row.detail


def _scans_of_postgresql(tx: Tx, statement: str, values: Any) -> Iterator[str]:
    plans = tx.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values or None).scalar_one()
    yield from _scans(plans[0]["Plan"])


def _scans(plan: Mapping[str, Any]) -> Iterator[str]:
    table, index, kind = plan.get("Relation Name"), plan.get("Index Name", ""), plan["Node Type"]
    # What changes rows, and what fetches those that a bitmap has found, does not look for any.
    has_condition = "Index Cond" in plan or kind in ("Bitmap Heap Scan", "ModifyTable")
    if table in BIG and not has_condition:
        yield f"{kind} {table} {index}"
    for below in plan.get("Plans", ()):
        yield from _scans(below)
