"""Each letter of the inbox is ours once and ends once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtickets.core.case import Outcome
from mailtickets.core.decide import Decision
from mailtickets.core.mail import RawMail
from mailtickets.store import ledger, views
from mailtickets.store.blobs import INLINE
from mailtickets.store.engine import Store
from mailtickets.store.ledger import Stored
from tests.store.desk import Desk
from tests.store.letters import DESK, NOW, letter, raw

BIG = b"Subject: big\r\n\r\n" + b"x" * INLINE


def keep(store: Store, *raws: RawMail) -> tuple[Stored, ...]:
    return store.write_sync(ledger.keep, store.blobs, raws, NOW)


def outcomes(store: Store) -> dict[int, tuple[Outcome | None, str]]:
    rows = store.read_sync(views.ledger_rows)
    return {row.uid: (row.outcome, row.reason) for row in rows}


def test_a_letter_is_kept_once_however_often_it_is_seen(store: Store) -> None:
    one, two = keep(store, raw(1), raw(2))
    assert (one.mail.uid, two.mail.uid) == (1, 2)
    again, three = keep(store, raw(2), raw(3))
    assert again == two  # still to be decided: an earlier answer may have been lost
    assert three.mail.uid == 3
    assert keep(store) == ()
    assert len(outcomes(store)) == 3


def test_a_letter_that_was_decided_is_not_given_out_again(desk: Desk) -> None:
    desk.take(letter(), Decision(Outcome.FILED, "read"))
    assert keep(desk.store, raw(1)) == ()


def test_the_attempt_is_on_disk_before_a_letter_is_read(store: Store) -> None:
    assert [s.attempts for s in keep(store, raw(1))] == [1]
    assert [s.attempts for s in store.write_sync(ledger.unfinished, store.blobs, NOW, 10)] == [2]
    assert [s.attempts for s in store.write_sync(ledger.unfinished, store.blobs, NOW, 10)] == [3]
    assert store.write_sync(ledger.unfinished, store.blobs, NOW, 10) == ()
    assert outcomes(store) == {1: (Outcome.QUARANTINED, "Reading it ended 3 times without a result.")}


def test_the_last_attempt_is_made_alone_so_that_no_neighbour_is_blamed(store: Store) -> None:
    def left() -> list[int]:
        """What is given out after the desk has died over it."""
        return [s.mail.uid for s in store.write_sync(ledger.unfinished, store.blobs, NOW, 10)]

    keep(store, raw(1), raw(2), raw(3))
    assert left() == [1, 2, 3]
    assert left() == [1]  # dies over the first one
    assert left() == [2]  # and not over the others
    assert left() == [3]
    assert left() == []
    assert {uid for uid, (outcome, _) in outcomes(store).items() if outcome} == {1, 2, 3}


@pytest.mark.parametrize("octets", [b"Subject: small\r\n\r\n", BIG, b"Subject: \0\xff\r\n\r\n\0"])
def test_octets_come_back_as_they_came(store: Store, octets: bytes) -> None:
    kept = raw(7, octets, size=99, received_at=NOW - timedelta(days=1))
    keep(store, kept)
    (found,) = store.write_sync(ledger.unfinished, store.blobs, NOW, 10)
    assert found.mail == kept


def test_a_letter_whose_octets_are_gone_is_put_aside_and_the_rest_goes_on(store: Store) -> None:
    keep(store, raw(1, BIG), raw(2))
    for file in store.blobs.folder.rglob("*"):
        if file.is_file():
            file.unlink()
    assert [s.mail.uid for s in store.write_sync(ledger.unfinished, store.blobs, NOW, 10)] == [2]
    assert outcomes(store)[1][0] is Outcome.QUARANTINED


def test_the_same_octets_again_are_a_duplicate(store: Store) -> None:
    octets = b"Subject: one\r\n\r\n"
    (first,) = keep(store, raw(1, octets), raw(2, octets))
    assert keep(store, raw(9, octets, mailbox="sales@example.org")) == ()
    assert outcomes(store) == {
        1: (None, ""),
        2: (Outcome.IGNORED, f"duplicate of letter {first.inbound}: the same octets"),
        9: (Outcome.IGNORED, f"duplicate of letter {first.inbound}: the same octets"),
    }


def test_a_new_uidvalidity_takes_nothing_in_twice(store: Store) -> None:
    keep(store, raw(1))
    again = keep(store, raw(1, b"Subject: letter 1\r\n\r\nHello\r\n", uidvalidity=2), raw(2, uidvalidity=2))
    assert [s.mail.uid for s in again] == [2]
    assert store.read_sync(ledger.epochs, DESK.key) == (1, 2)


def test_what_lay_in_the_inbox_before_its_uids_changed_is_late(store: Store) -> None:
    keep(store, raw(1))
    old = raw(2, uidvalidity=2, received_at=NOW - timedelta(days=3))
    new = raw(3, uidvalidity=2, received_at=NOW + timedelta(seconds=1))
    assert {s.mail.uid: s.is_late for s in keep(store, old, new)} == {2: True, 3: False}
    assert [s.is_late for s in store.write_sync(ledger.unfinished, store.blobs, NOW, 10)] == [
        False,
        True,
        False,
    ]


def test_a_first_uidvalidity_has_nothing_late(store: Store) -> None:
    old = raw(1, received_at=NOW - timedelta(days=3000))
    assert [s.is_late for s in keep(store, old)] == [False]


def test_the_ledger_knows_which_uids_it_lacks(store: Store) -> None:
    keep(store, raw(3), raw(5))
    assert store.read_sync(ledger.cursor, DESK.key, 1) == 5
    assert store.read_sync(ledger.cursor, DESK.key, 2) == 0
    assert store.read_sync(ledger.unknown_uids, DESK.key, 1, (2, 3, 4, 5, 6)) == (2, 4, 6)
    many = tuple(range(1, 2001))
    assert store.read_sync(ledger.unknown_uids, DESK.key, 1, many) == (1, 2, 4, *range(6, 2001))


def test_only_what_has_its_outcome_is_marked_and_oversize_never(desk: Desk) -> None:
    keep(desk.store, raw(1), raw(2), raw(3, oversize=True))
    for uid in (1, 3):
        desk.store.write_sync(ledger.quarantine, uid, "It is broken.", "", NOW)
    assert desk.store.read_sync(ledger.unmarked, DESK.key, 1, 10) == (1,)
    desk.store.write_sync(ledger.mark, DESK.key, 1, (1,), NOW)
    assert desk.store.read_sync(ledger.unmarked, DESK.key, 1, 10) == ()


def test_a_quarantined_letter_can_be_tried_again_with_all_its_attempts(store: Store) -> None:
    (kept,) = keep(store, raw(1))
    store.write_sync(ledger.quarantine, kept.inbound, "It is broken.", "Traceback …", NOW)
    found = store.read_sync(views.letter, store.blobs, kept.inbound)
    assert found is not None
    assert (found.error, found.traceback, found.octets) == ("It is broken.", "Traceback …", kept.mail.octets)
    assert store.write_sync(ledger.requeue_held, (), NOW) == 0
    assert store.write_sync(ledger.requeue_quarantined, (kept.inbound,), NOW) == 1
    (again,) = store.write_sync(ledger.unfinished, store.blobs, NOW, 10)
    assert (again.attempts, again.is_released) == (1, False)


def test_a_held_letter_that_is_let_go_says_so(desk: Desk) -> None:
    desk.take(letter(), Decision(Outcome.HELD, "storm"))
    assert desk.store.write_sync(ledger.requeue_held, (), NOW) == 1
    (again,) = desk.store.write_sync(ledger.unfinished, desk.store.blobs, NOW, 10)
    assert again.is_released


def test_an_outcome_says_what_the_letter_was(desk: Desk) -> None:
    ticket = desk.opens(replace(letter(), subject="Printer \0\ud800"))
    (row,) = desk.store.read_sync(views.ledger_rows)
    assert (row.outcome, row.ticket, row.message_id) == (
        Outcome.OPENED,
        ticket.number,
        "one@customer.example",
    )
    assert (row.sender, row.subject) == ("lee@customer.example", "Printer ?")
