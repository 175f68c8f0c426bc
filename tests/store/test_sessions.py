"""A link opens one session, for a while, and jobs have one owner."""

from __future__ import annotations

from datetime import timedelta

from mailtickets.store import leases, sessions
from mailtickets.store.engine import Store
from tests.store.desk import Desk
from tests.store.letters import LEE, NOW

HASH, OTHER = "a" * 64, "b" * 64
UNTIL = NOW + timedelta(minutes=15)


def test_a_link_is_spent_once(desk: Desk) -> None:
    lee, write = desk.person(LEE), desk.store.write_sync
    write(sessions.mint_link, lee.id, HASH, NOW, UNTIL)
    assert desk.store.read_sync(sessions.links_since, lee.id, NOW - timedelta(hours=1)) == 1
    assert write(sessions.use_link, OTHER, NOW) is None
    assert write(sessions.use_link, HASH, NOW) == lee.id
    assert write(sessions.use_link, HASH, NOW) is None


def test_an_old_link_opens_nothing(desk: Desk) -> None:
    desk.store.write_sync(sessions.mint_link, desk.person(LEE).id, HASH, NOW, UNTIL)
    assert desk.store.write_sync(sessions.use_link, HASH, UNTIL) is None


def test_a_session_ends_by_itself_or_when_told(desk: Desk) -> None:
    lee, write, read = desk.person(LEE), desk.store.write_sync, desk.store.read_sync
    write(sessions.open_session, lee.id, HASH, NOW)
    write(sessions.open_session, lee.id, OTHER, NOW)
    assert read(sessions.person_of, HASH, NOW) == lee
    assert read(sessions.person_of, HASH, NOW + sessions.LASTS) is None
    write(sessions.close_session, HASH)
    assert read(sessions.person_of, HASH, NOW) is None
    assert read(sessions.person_of, OTHER, NOW) == lee


def test_only_what_is_over_is_forgotten(desk: Desk) -> None:
    lee, write = desk.person(LEE), desk.store.write_sync
    write(sessions.mint_link, lee.id, HASH, NOW, UNTIL)
    write(sessions.open_session, lee.id, HASH, NOW)
    assert write(sessions.purge, NOW + timedelta(hours=1)) == 0
    assert write(sessions.purge, NOW + timedelta(days=2)) == 1
    assert write(sessions.purge, NOW + timedelta(days=60)) == 1


def test_a_job_has_one_owner_until_it_ran_or_its_owner_is_lost(store: Store) -> None:
    take, ran = leases.take, leases.ran
    assert store.write_sync(take, "digest", "one", NOW)
    assert not store.write_sync(take, "digest", "two", NOW)
    store.write_sync(ran, "digest", "two", NOW)
    assert store.read_sync(leases.last_run, "digest") is None
    store.write_sync(ran, "digest", "one", NOW)
    assert store.read_sync(leases.last_run, "digest") == NOW
    assert store.write_sync(take, "digest", "two", NOW)
    assert store.write_sync(take, "digest", "one", NOW + leases.LASTS)
