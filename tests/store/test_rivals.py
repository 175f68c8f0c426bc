"""Two that work on one database at once do nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from mailtickets.core.ticket import Ticket
from mailtickets.store import outbox, people
from mailtickets.store.engine import Store
from tests.store.desk import Desk, outgoing
from tests.store.letters import LEE, NOW, letter

T = TypeVar("T")


@pytest.fixture
def other(store: Store, url: str, tmp_path: Path) -> Iterator[Store]:
    """Another process's store."""
    opened = Store.open(url, tmp_path / "blobs")
    yield opened
    opened.close_sync()


def at_once(*tasks: Callable[[], T]) -> list[T]:
    """Run them all from the same moment on."""
    gate = threading.Barrier(len(tasks))

    def wait_and_do(task: Callable[[], T]) -> T:
        gate.wait(10)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(wait_and_do, tasks))


def test_no_mail_is_claimed_by_two(desk: Desk, other: Store) -> None:
    lee = desk.person(LEE)
    for k in range(40):
        desk.mails(outgoing(lee), f"in:{k}")

    def claims(store: Store, owner: str) -> list[int]:
        return [row.id for _ in range(4) for row in store.write_sync(outbox.claim, owner, 10, NOW)]

    one, two = at_once(lambda: claims(desk.store, "one"), lambda: claims(other, "two"))
    assert not set(one) & set(two)
    assert len(one) + len(two) == 40


def test_an_address_becomes_one_person(store: Store, other: Store) -> None:
    for _ in range(5):
        found = at_once(*(lambda s=s: s.write_sync(people.ensure, LEE, NOW)[0].id for s in (store, other)))
        assert len(set(found)) == 1


def test_two_that_open_tickets_never_share_a_number(store: Store, other: Store) -> None:
    def opens(desk: Desk, first_uid: int) -> list[Ticket]:
        desk.uid = first_uid
        return [desk.opens(letter(f"{first_uid + k}@x")) for k in range(10)]

    one, two = at_once(lambda: opens(Desk(store), 0), lambda: opens(Desk(other), 100))
    assert sorted(t.number for t in (*one, *two)) == list(range(1, 21))
