"""A link opens one session, for a while, and jobs have one owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtickets.config import SessionLimits
from mailtickets.core.person import Person
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
    lee, write = desk.person(LEE), desk.store.write_sync
    write(sessions.begin, lee.id, HASH, NOW)
    write(sessions.begin, lee.id, OTHER, NOW)
    assert _whose(desk, HASH, timedelta()) == lee
    write(sessions.end, HASH)
    assert _whose(desk, HASH, timedelta()) is None
    assert _whose(desk, OTHER, timedelta()) == lee


LIMITS = SessionLimits(idle=timedelta(days=7), whole=timedelta(days=30))


def _whose(desk: Desk, hash: str, after: timedelta, limits: SessionLimits = LIMITS) -> Person | None:
    found = desk.store.read_sync(sessions.by_hash, hash, NOW + after, limits)
    return found.person if found else None


def test_a_session_that_is_not_used_ends_before_one_that_is(desk: Desk) -> None:
    lee, write = desk.person(LEE), desk.store.write_sync
    write(sessions.begin, lee.id, HASH, NOW)
    write(sessions.begin, lee.id, OTHER, NOW)
    for day in range(6, 36, 6):
        write(sessions.note, OTHER, NOW + timedelta(days=day))
    ends = {h: [d for d in range(40) if _whose(desk, h, timedelta(days=d))][-1] for h in (HASH, OTHER)}
    assert ends == {HASH: 6, OTHER: 29}


def test_a_shorter_limit_ends_sessions_that_are_open_already(desk: Desk) -> None:
    desk.store.write_sync(sessions.begin, desk.person(LEE).id, HASH, NOW)
    hour = timedelta(hours=1)
    assert _whose(desk, HASH, hour)
    assert _whose(desk, HASH, hour, replace(LIMITS, idle=hour)) is None
    assert _whose(desk, HASH, hour, replace(LIMITS, whole=hour)) is None


@pytest.mark.parametrize(
    ("idle", "noted"),
    [
        (timedelta(seconds=30), timedelta(minutes=1)),
        (timedelta(minutes=30), timedelta(minutes=3)),
        (timedelta(days=7), timedelta(hours=1)),
    ],
)
def test_a_use_is_written_down_seldom_enough_to_cost_nothing(idle: timedelta, noted: timedelta) -> None:
    assert sessions.noted_after(replace(LIMITS, idle=idle)) == noted


def test_sessions_are_revoked_by_id_by_person_and_all(desk: Desk) -> None:
    lee, ann, write = desk.person(LEE), desk.hire(), desk.store.write_sync

    def opened(person: int | None = None) -> list[int]:
        return [one.id for one in desk.store.read_sync(sessions.opened, NOW, LIMITS, person)]

    for hash, person in (("1", lee), ("2", lee), ("3", ann), ("4", ann)):
        write(sessions.begin, person.id, hash * 64, NOW)
        write(sessions.mint_link, person.id, hash * 64, NOW, UNTIL)
    first, second = sorted(opened(lee.id))
    assert write(sessions.revoke, [first, 999]) == 1
    assert opened(lee.id) == [second]
    assert write(sessions.revoke_all, {lee.id}) == 1
    assert opened(lee.id) == []
    assert len(opened()) == len(opened(ann.id)) == 2
    # What waits in the inbox of somebody who was signed out must not sign them in again.
    assert write(sessions.use_link, "1" * 64, NOW) is None
    assert write(sessions.use_link, "3" * 64, NOW) == ann.id
    assert write(sessions.revoke_all) == 2
    assert write(sessions.use_link, "4" * 64, NOW) is None


def test_only_what_is_over_is_forgotten(desk: Desk) -> None:
    lee, write = desk.person(LEE), desk.store.write_sync
    write(sessions.mint_link, lee.id, HASH, NOW, UNTIL)
    write(sessions.begin, lee.id, HASH, NOW)
    assert write(sessions.purge, NOW + timedelta(hours=1), LIMITS) == 0
    assert write(sessions.purge, NOW + timedelta(days=2), LIMITS) == 1
    assert write(sessions.purge, NOW + timedelta(days=8), LIMITS) == 1


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
