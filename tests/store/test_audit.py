"""The auditor: a ledger that was written by the rules passes, and each promise that is broken is found and told."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from mailtickets.core.case import Outcome, ReplyKind
from mailtickets.core.decision import Decision
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import Address
from mailtickets.core.retry import Done, Sent
from mailtickets.core.thread import Clues
from mailtickets.core.ticket import Changed, Field
from mailtickets.store import audit, connect, ledger, outbox
from mailtickets.store.audit import Finding, InboxMail, Law, RelayMail, Witness
from mailtickets.store.audit.laws import SHOWN
from mailtickets.store.engine import Tx
from tests.store.desk import Desk, outgoing, said
from tests.store.letters import ANN, DESK, LEE, NOW, letter, raw

KIM = Address("kim@customer.example")
SECRET = b'pass "word" 4711'
PROVEN = Evidence(authenticated="dmarc=pass")
HOUR = timedelta(hours=1)


@dataclass
class Seen:
    """A ledger with two tickets, an answer, mails that were sent, and what others saw of all that."""

    desk: Desk
    witness: Witness

    def findings(self, **seen: Any) -> dict[Law, Finding]:
        store = self.desk.store
        found = store.read_sync(audit.check, store.blobs, replace(self.witness, **seen))
        return {finding.law: finding for finding in found}

    def broken(self, **seen: Any) -> set[Law]:
        return {law for law, finding in self.findings(**seen).items() if not finding.holds}

    def after(
        self, statements: Sequence[str], values: Mapping[str, object], kind: str
    ) -> tuple[Finding, ...]:
        """What is found once these statements have been run; they are undone again."""
        found: list[Finding] = []

        def run(tx: Tx) -> None:
            for statement in statements:
                words = statement.replace("+00:00", ".000000") if kind == "sqlite" else statement
                tx.execute(text(words), {k: v for k, v in values.items() if f":{k}" in words})
            found.extend(audit.check(tx, self.desk.store.blobs, self.witness))
            raise Undone

        with pytest.raises(Undone):
            self.desk.store.write_sync(run)
        return tuple(found)


class Undone(Exception):
    pass


@pytest.fixture
def seen(desk: Desk) -> Seen:
    lee, ann = desk.person(LEE), desk.hire(ANN)
    first, second = desk.opens(), desk.opens(letter("two@customer.example"))
    answer = Decision(
        Outcome.REPLIED,
        "found",
        changes=(Changed(Field.PRIORITY, "standard", "high"),),
        message=said(ann, "A new drum."),
    )
    desk.take(letter("three@example.org", sender=ANN), answer, Clues((first.id,), (), None), PROVEN)
    for k, (to, kind, ticket) in enumerate(
        [
            (lee, ReplyKind.ACKNOWLEDGEMENT, first.id),
            (ann, ReplyKind.OPENED, first.id),
            (lee, ReplyKind.ACKNOWLEDGEMENT, second.id),
            (lee, ReplyKind.ANSWER, first.id),
        ]
    ):
        octets = b"Message-ID: <mt.%d@example.org>\r\n\r\nHello %d\r\n" % (k, k)
        desk.mails(
            outgoing(to, kind, ticket=ticket, message_id=f"mt.{k}@example.org", octets=octets), f"in:{k + 1}"
        )
    relay = []
    for row in desk.store.write_sync(outbox.claim, "one", 10, NOW):
        desk.store.write_sync(outbox.settle, row, Sent(250, "queued"), Done(), NOW)
        relay.append(RelayMail(row.recipient.spec, row.octets))
    desk.store.write_sync(ledger.mark, DESK.key, 1, (1, 2, 3), NOW)
    inbox = [
        InboxMail(DESK.key, 1, uid, NOW, hashlib.sha256(raw(uid).octets).hexdigest()) for uid in (1, 2, 3)
    ]
    return Seen(desk, Witness(NOW + HOUR, inbox, relay, secrets=(SECRET,), patience=timedelta()))


def test_a_ledger_that_was_written_by_the_rules_passes(seen: Seen) -> None:
    found = seen.findings()
    assert [law for law, finding in found.items() if not finding.holds] == []
    assert set(found) == set(Law)
    assert {
        law: finding.checked for law, finding in found.items() if law not in (Law.SECRETS, Law.WHOLE)
    } == {
        Law.OUTCOME: 3 + 3,
        Law.OCTETS: 3,
        Law.ONCE_ON_A_TICKET: 3,
        Law.SENT: 4 + 4 + 1,
        Law.NOTHING_ELSE: 4,
        Law.ACKNOWLEDGED_ONCE: 2,
        Law.RECIPIENTS: 4,
        Law.EVIDENCE: 1,
        Law.NO_MACHINE: 0,
        Law.HISTORY: 2,
        Law.PROGRESS: 0,
    }
    assert found[Law.SECRETS].checked > 50


def test_an_empty_ledger_passes_too(desk: Desk) -> None:
    assert Seen(desk, Witness(NOW, [], [])).broken() == set()


# By hand: one statement breaks one promise.

BY_HAND: dict[str, tuple[set[Law], tuple[str, ...]]] = {
    "a letter that is done has no outcome": ({Law.OUTCOME, Law.OCTETS}, ("UPDATE inbound SET outcome = NULL WHERE uid = 1",)),
    "a letter that waits has one": ({Law.OUTCOME, Law.PROGRESS}, ("UPDATE inbound SET state = 'stored' WHERE uid = 1",)),
    "an opened letter has no ticket": ({Law.OUTCOME}, ("UPDATE inbound SET ticket = NULL WHERE uid = 1",)),
    "octets have changed": ({Law.OCTETS}, ("UPDATE raw SET octets = :octets WHERE id = 1",)),
    "octets are gone": ({Law.OCTETS}, ("UPDATE raw SET octets = NULL WHERE id = 1",)),
    "a letter stands on two messages": ({Law.ONCE_ON_A_TICKET}, ("UPDATE message SET inbound = 1 WHERE inbound = 2",)),
    "a mail that was refused is noted as sent": ({Law.SENT}, ("UPDATE outbox SET code = 550 WHERE id = 1",)),
    "a mail is due at no time": ({Law.SENT}, ("UPDATE outbox SET state = 'due' WHERE id = 1",)),
    "a mail is claimed by nobody": ({Law.SENT}, ("UPDATE outbox SET state = 'claimed', next_at = settled_at, settled_at = NULL WHERE id = 1", "UPDATE outbox SET next_at = '2026-11-21 00:00:00+00:00' WHERE id = 1")),
    "a sent mail has other octets": ({Law.SENT, Law.NOTHING_ELSE}, ("UPDATE outbox SET octets = :octets WHERE id = 1",)),
    "a sent mail has no row": ({Law.NOTHING_ELSE}, ("DELETE FROM outbox WHERE id = 2",)),
    "a ticket was acknowledged twice": ({Law.ACKNOWLEDGED_ONCE}, ("UPDATE outbox SET kind = 'acknowledgement' WHERE id = 4",)),
    "a stranger was told": ({Law.RECIPIENTS}, ("UPDATE participant SET part = 'third' WHERE ticket = 1", "UPDATE ticket SET requester = (SELECT id FROM person WHERE role = 'agent') WHERE id = 1", "UPDATE history SET new = REPLACE(new, :lee, :ann) WHERE ticket = 1 AND field = 'opened'")),
    "a change was not proven": ({Law.EVIDENCE}, ("UPDATE inbound SET evidence = NULL WHERE uid = 3",)),
    "a change was contested": ({Law.EVIDENCE}, ("UPDATE inbound SET evidence = :contrary WHERE uid = 3",)),
    "a machine was answered": ({Law.NO_MACHINE}, ("UPDATE inbound SET kind = 'vacation' WHERE uid = 1",)),
    "a ticket was changed by hand": ({Law.HISTORY}, ("UPDATE ticket SET status = 'closed' WHERE id = 1",)),
    "a ticket has no history": ({Law.HISTORY}, ("DELETE FROM history WHERE ticket = 2",)),
    "a history contradicts itself": ({Law.HISTORY}, ("UPDATE history SET old = :low WHERE field = 'priority'",)),
    "a password in a name": ({Law.SECRETS}, ("UPDATE person SET name = :named WHERE id = 1",)),
    "a password in JSON": ({Law.SECRETS}, ("UPDATE message SET segments = :segments WHERE id = 1",)),
    "a letter waits": ({Law.PROGRESS}, ("UPDATE inbound SET state = 'stored', outcome = NULL, decided_at = NULL, marked_at = NULL WHERE uid = 2",)),
}  # fmt: skip


def test_what_is_broken_by_hand_is_found(seen: Seen, kind: str) -> None:
    lee, ann = seen.desk.person(LEE), seen.desk.person(ANN)
    values: dict[str, object] = {
        "octets": b"other octets",
        "contrary": '{"tokens":[],"authenticated":"dmarc=pass","contrary":"dmarc=fail"}',
        "low": '"low"',
        "lee": f'"requester":{lee.id}',
        "ann": f'"requester":{ann.id}',
        "named": f"Ann {SECRET.decode()} Smith",
        "segments": '[["typed","my word is pass \\"word\\" 4711."]]',
    }
    found = {what: seen.after(statements, values, kind) for what, (_, statements) in BY_HAND.items()}
    broken = {what: {f.law for f in findings if not f.holds} for what, findings in found.items()}
    assert broken == {what: laws for what, (laws, _) in BY_HAND.items()}
    for finding in (f for findings in found.values() for f in findings if not f.holds):
        assert finding.rows
        assert finding.sentence.startswith("NOT TRUE: ")
        assert SECRET.decode() not in finding.sentence + "".join(finding.rows)


# What others saw.


def _more_mail(w: Witness) -> dict[str, Any]:
    return {"inbox": [*(w.inbox or ()), InboxMail(DESK.key, 1, 9, NOW)]}


def _other_octets(w: Witness) -> dict[str, Any]:
    return {"inbox": [replace(mail, sha256="0" * 64) for mail in w.inbox or ()]}


def _lost(w: Witness) -> dict[str, Any]:
    return {"relay": (w.relay or ())[1:]}


def _twice(w: Witness) -> dict[str, Any]:
    return {"relay": [*(w.relay or ()), (w.relay or ())[0]]}


def _foreign(w: Witness) -> dict[str, Any]:
    return {"relay": [*(w.relay or ()), RelayMail("eve@example.net", b"Message-ID: <x@y>\r\n\r\n")]}


@pytest.mark.parametrize(
    ("saw", "laws"),
    [
        (_more_mail, {Law.OUTCOME}),
        (_other_octets, {Law.OUTCOME}),
        (_lost, {Law.SENT}),
        (_twice, {Law.SENT}),
        (_foreign, {Law.NOTHING_ELSE}),
    ],
)
def test_what_others_saw_counts(seen: Seen, saw: Callable[[Witness], dict[str, Any]], laws: set[Law]) -> None:
    assert seen.broken(**saw(seen.witness)) == laws


def test_a_copy_that_may_be_is_no_breach(seen: Seen) -> None:
    assert seen.broken(**_twice(seen.witness), copies=1) == set()


def test_without_witnesses_only_the_ledger_is_judged(seen: Seen) -> None:
    assert Law.NOTHING_ELSE not in seen.findings(inbox=None, relay=None)
    assert seen.broken(inbox=None, relay=None) == set()


def test_what_has_just_come_may_wait(seen: Seen) -> None:
    seen.desk.stored()
    fresh = InboxMail(DESK.key, 1, 99, NOW)
    patient = {"now": NOW + timedelta(minutes=1), "patience": HOUR, "inbox": [fresh]}
    assert seen.broken(**patient) == set()
    assert seen.broken(**patient | {"now": NOW + 2 * HOUR}) == {Law.OUTCOME, Law.PROGRESS}


def test_a_short_look_still_sees_what_moved(seen: Seen) -> None:
    seen.desk.store.write_sync(
        lambda tx: tx.execute(text("UPDATE ticket SET status = 'closed' WHERE id = 1"))
    )
    assert seen.broken(since=NOW - HOUR) == {Law.HISTORY}
    assert seen.broken(since=NOW + HOUR) == set()


def test_whom_the_config_names_may_be_told(seen: Seen) -> None:
    kim = seen.desk.person(KIM)
    seen.desk.mails(outgoing(kim, ReplyKind.OPENED, ticket=1, due_at=NOW + 9 * HOUR), "in:1")
    assert seen.broken() == {Law.RECIPIENTS}
    assert seen.broken(named=frozenset({KIM.key})) == set()


def test_a_reference_that_leads_nowhere_is_found(seen: Seen, url: str, kind: str) -> None:
    lose = "DELETE FROM person WHERE role = 'requester'"
    if kind == "sqlite":
        with sqlite3.connect(connect.sqlite_file(url)) as database:  # which asks for no keys by itself
            database.execute(lose)
        database.close()
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as server:
            server.execute("SET session_replication_role = replica")
            server.execute(lose.encode())
    assert Law.WHOLE in seen.broken()


def test_no_more_rows_are_told_than_anybody_reads(seen: Seen) -> None:
    inbox = [InboxMail(DESK.key, 1, uid, NOW) for uid in range(1000, 3000)]
    finding = seen.findings(inbox=inbox)[Law.OUTCOME]
    assert (finding.broken, len(finding.rows)) == (2000, SHOWN)
