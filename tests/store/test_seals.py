"""Signed letters at the desk: obeyed once, while they are fresh, and about the ticket that was meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from mailtickets import desk as desk_room
from mailtickets.config import Staff
from mailtickets.core import openpgp, reading
from mailtickets.core.mail import RawMail
from mailtickets.core.openpgp import Pinned
from mailtickets.core.person import Role
from mailtickets.core.reading import ReadingLimits
from mailtickets.core.tokens import Secret
from mailtickets.desk import Desk, Ending, Letter
from mailtickets.store import ledger, people, views
from mailtickets.store.engine import Store
from mailtickets.templates import Templates
from tests.openpgp import head, owner, part, signed, wrapped
from tests.store.letters import ANN, DESK, LEE, POLICY

KEY = owner(ANN.spec)
PINNED = Pinned({ANN.key: openpgp.key(KEY.public)}, frozenset({DESK.key}))
FIELDS = "From: Ann <ann@example.org>\r\nTo: support@example.org\r\nSubject: {}\r\n"


@cache
def _desk() -> Desk:
    render: Any = Templates.load().render
    return Desk(POLICY, Secret((b"x" * 32,)), render)


@dataclass
class Counter:
    """A desk that knows Ann's key, and two tickets of Lee's. Owns the next UID."""

    store: Store
    uid: int = 0

    def take(self, octets: bytes, after: timedelta = timedelta()) -> Ending:
        self.uid += 1
        now = datetime.now(UTC) + after
        raw = RawMail(DESK.key, 7, self.uid, now, octets, len(octets))
        (stored,) = self.store.write_sync(ledger.keep, self.store.blobs, (raw,), now)
        letter = Letter(stored, reading.read(octets, ReadingLimits(), PINNED))
        (ending,) = self.store.write_sync(desk_room.take, _desk(), (letter,), now)
        return ending

    def status(self, number: int) -> str:
        found = self.store.read_sync(views.ticket, number)
        assert found is not None
        return found.ticket.status


@pytest.fixture
def counter(store: Store) -> Counter:
    staff = (Staff(ANN, "Ann Smith", Role.ADMIN, (), (), "", ""),)
    store.write_sync(people.sync_staff, staff, datetime.now(UTC))
    counter = Counter(store)
    for number in (1, 2):
        counter.take(f"From: {LEE.spec}\r\nSubject: Printer {number}\r\n\r\nIt smokes.\r\n".encode())
    return counter


def order(number: int, text: str = "#close", *, id: str = "1", protected: bool = False) -> bytes:
    subject = f"[#{number}] Printer"
    fields = FIELDS.format(subject) if protected else ""
    return signed(KEY, head("Ann <ann@example.org>", subject=subject, id=id), text, fields)


def test_a_signed_command_in_a_new_mail_is_obeyed(counter: Counter) -> None:
    unsigned = f"{head('Ann <ann@example.org>', id='0')}\r\n#close\r\n".encode()
    counter.take(unsigned)
    assert counter.status(1) == "new"
    counter.take(order(1))
    assert counter.status(1) == "closed"


def test_the_same_signature_on_another_ticket_is_refused(counter: Counter) -> None:
    octets = part("#close")
    signature = KEY.over(octets)
    for number in (1, 2):
        counter.take(
            wrapped(head("ann@example.org", subject=f"[#{number}]", id=str(number)), octets, signature)
        )
    assert (counter.status(1), counter.status(2)) == ("closed", "new")


def test_without_the_list_of_counted_signatures_it_would_be_obeyed(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the one above."""
    monkeypatch.setattr(ledger, "counted", lambda batch, letter, mail, evidence, again: evidence)
    test: Any = test_the_same_signature_on_another_ticket_is_refused
    with pytest.raises(AssertionError):
        test(counter)


def test_of_one_batch_too_it_counts_once(counter: Counter) -> None:
    octets = part("#close")
    signature = KEY.over(octets)
    now = datetime.now(UTC)
    letters = [
        wrapped(head("ann@example.org", subject=f"[#{number}]", id=str(number)), octets, signature)
        for number in (1, 2)
    ]
    raws = [RawMail(DESK.key, 7, 90 + n, now, one, len(one)) for n, one in enumerate(letters)]
    kept = counter.store.write_sync(ledger.keep, counter.store.blobs, raws, now)
    read = [Letter(one, reading.read(one.mail.octets, ReadingLimits(), PINNED)) for one in kept]
    counter.store.write_sync(desk_room.take, _desk(), read, now)
    assert (counter.status(1), counter.status(2)) == ("closed", "new")


def test_signed_fields_bind_a_command_to_its_ticket(counter: Counter) -> None:
    counter.take(order(1, protected=True).replace(b"Subject: [#1]", b"Subject: [#2]", 1))
    assert counter.status(2) == "new"
    counter.take(order(1, protected=True, id="2"))
    assert counter.status(1) == "closed"


def test_the_same_letter_by_another_route_is_a_copy_and_no_forgery(counter: Counter) -> None:
    octets = order(1)
    counter.take(octets)
    ending = counter.take(b"Received: by mx.example.org; Wed, 25 Nov 2026 17:00:00 +0000\r\n" + octets)
    assert ending.outcome == "ignored"


@pytest.mark.parametrize(("after", "status"), [(6, "closed"), (8, "new"), (-1, "new")])
def test_a_signature_counts_for_seven_days(counter: Counter, after: int, status: str) -> None:
    counter.take(order(1), timedelta(days=after))
    assert counter.status(1) == status


def test_old_signatures_are_forgotten_once_they_could_not_count(counter: Counter) -> None:
    counter.take(order(1))
    now = datetime.now(UTC)
    assert counter.store.write_sync(ledger.purge_seals, now) == 0
    assert counter.store.write_sync(ledger.purge_seals, now + timedelta(days=8)) == 1


def test_what_was_proven_is_kept_with_the_letter(counter: Counter) -> None:
    counter.take(order(1, protected=True))
    rows = counter.store.read_sync(views.ledger_rows)
    trail = counter.store.read_sync(views.letter_trail, max(row.id for row in rows))
    assert trail is not None
    assert trail.evidence is not None
    assert (trail.evidence.signed, trail.evidence.is_bound) == (KEY.fingerprint, True)


def test_strict_desks_obey_signed_fields_and_not_a_signature_alone(counter: Counter) -> None:
    strict = replace(_desk(), policy=replace(POLICY, strict=True))
    for protected, status in ((False, "new"), (True, "closed")):
        octets = order(1, protected=protected, id=str(protected))
        now = datetime.now(UTC)
        raw = RawMail(DESK.key, 7, 50 + protected, now, octets, len(octets))
        (stored,) = counter.store.write_sync(ledger.keep, counter.store.blobs, (raw,), now)
        letter = Letter(stored, reading.read(octets, ReadingLimits(), PINNED))
        counter.store.write_sync(desk_room.take, strict, (letter,), now)
        assert counter.status(1) == status
