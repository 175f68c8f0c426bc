"""Whose lock is free is dead; whoever lives keeps what is theirs, whatever happens to a connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import psycopg
import pytest

from mailtickets.outage import Outage
from mailtickets.store import board, leases, outbox
from mailtickets.store.engine import Store
from mailtickets.store.presence import GRACE, Presence
from tests.postgres import Postgres
from tests.store.desk import Desk, outgoing
from tests.store.letters import LEE, NOW

postgresql_only = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
LONG = GRACE + timedelta(seconds=1)
INBOX = "inbox support@example.org"


@asynccontextmanager
async def present(url: str, *owners: str) -> AsyncIterator[list[Presence]]:
    """Daemons on one database, the first one first."""
    async with AsyncExitStack() as stack:
        found = []
        for owner in owners:
            one = Presence(url, owner, (INBOX,))
            stack.push_async_callback(one.close)
            await one.renew()
            found.append(one)
        yield found


def _claims(desk: Desk, owner: str) -> None:
    """Something that an owner was at: a mail, a job, an outage."""
    desk.mails(outgoing(desk.person(LEE)))
    assert desk.store.write_sync(outbox.claim, owner, 10, NOW)
    assert desk.store.write_sync(leases.take, "digest", owner, NOW)
    desk.store.write_sync(board.pin, owner, (Outage("relay", "It is away.", NOW),))


def _is_free(store: Store) -> tuple[bool, bool, bool]:
    claimed = store.read_sync(outbox.claimants)
    return not claimed, not store.read_sync(leases.owners), not store.read_sync(board.lasting)


ALL_FREE, NONE_FREE = (True, True, True), (False, False, False)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_who_has_the_file_alone_takes_over_at_once(desk: Desk, url: str) -> None:
    async with present(url, "two") as (two,):
        assert two.holds(INBOX)
        _claims(desk, "one")
        assert desk.store.write_sync(two.release_dead, NOW) == 1
        assert _is_free(desk.store) == ALL_FREE


async def test_what_is_in_hand_is_not_released(desk: Desk, url: str) -> None:
    async with present(url, "one") as (one,):
        _claims(desk, "one")
        assert desk.store.write_sync(one.release_dead, NOW) == 0
        assert desk.store.write_sync(one.release_dead, NOW + LONG) == 0
        assert _is_free(desk.store) == NONE_FREE


@postgresql_only
async def test_an_inbox_is_watched_by_one_and_by_the_other_when_that_one_ends(url: str) -> None:
    async with present(url, "one", "two") as (one, two):
        assert (one.holds(INBOX), two.holds(INBOX)) == (True, False)
        assert two.awaited() == (INBOX,)
        await two.renew()
        assert not two.holds(INBOX)
        await one.close()
        await two.renew()
        assert two.holds(INBOX)
        assert two.awaited() == ()


@postgresql_only
async def test_what_the_living_are_at_is_left_to_them_and_what_the_dead_were_at_falls_due(
    desk: Desk, url: str
) -> None:
    async with present(url, "one", "two") as (one, two):
        _claims(desk, "one")
        for later in (timedelta(), LONG, 2 * LONG):
            assert desk.store.write_sync(two.release_dead, NOW + later) == 0
        assert _is_free(desk.store) == NONE_FREE
        await one.close()
        assert desk.store.write_sync(two.release_dead, NOW + 3 * LONG) == 0
        assert desk.store.write_sync(two.release_dead, NOW + 4 * LONG) == 1
        assert _is_free(desk.store) == ALL_FREE


def _cut_everybody(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@postgresql_only
async def test_a_connection_lost_for_a_moment_costs_nobody_their_claims(desk: Desk, url: str) -> None:
    async with present(url, "one", "two") as (one, two):
        _claims(desk, "one")
        _cut_everybody(url)
        # The pool notices by itself which of its connections are gone.
        assert desk.store.write_sync(two.release_dead, NOW) == 0
        await one.renew()  # notices
        await one.renew()  # is there again
        assert desk.store.write_sync(two.release_dead, NOW + LONG) == 0
        assert _is_free(desk.store) == NONE_FREE
        assert one.holds(INBOX)


@postgresql_only
async def test_while_the_server_is_away_nothing_is_held_and_then_it_is_again(
    url: str, postgres: Postgres
) -> None:
    async with present(url, "one") as (one,):
        postgres.stop()
        await one.renew()
        assert not one.holds(INBOX)
        postgres.start()
        await one.renew()
        assert one.holds(INBOX)
