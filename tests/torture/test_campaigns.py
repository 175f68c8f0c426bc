"""A short one of each campaign; `make torture` runs them long. Every promise is judged after each: see docs/torture.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import dovecot, postfix, postgres
from tests.torture import failpoint_runs, imap_links, random_kills, servers, smtp_links
from tests.torture.site import Stand

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    for why in (dovecot.missing(), postfix.missing(), postgres.missing()):
        if why:
            pytest.skip(why)
    with Stand() as built:
        yield built


def test_a_kill_at_each_step_breaks_nothing(stand: Stand) -> None:
    """Each step on SQLite; on PostgreSQL those where the databases differ."""
    tally = failpoint_runs.campaign(stand, ["sqlite"], 1)
    assert tally.runs.keys() == set(failpoint_runs.steps("sqlite"))
    tally = failpoint_runs.campaign(stand, ["postgresql"], 1, only=failpoint_runs.TRANSACTIONS)
    assert tally.runs.keys() == failpoint_runs.TRANSACTIONS


def test_kills_at_random_while_mails_flow_break_nothing(stand: Stand) -> None:
    assert random_kills.campaign(stand, "sqlite", kills=10, mails=200).kills == 10


async def test_an_imap_server_that_misbehaves_is_left_behind(tmp_path: Path) -> None:
    wanted = imap_links.some_cases()
    assert len(await imap_links.campaign(tmp_path, wanted)) == len(wanted)


async def test_an_smtp_server_that_misbehaves_is_treated_as_the_policy_says(tmp_path: Path) -> None:
    assert await smtp_links.campaign(tmp_path, smtp_links.cases()) == 30


def test_dovecot_killed_and_restarted_loses_nothing(stand: Stand) -> None:
    assert servers.dovecot_is_killed(stand, "sqlite", seconds=0.5).restarts == 0


def test_a_new_uidvalidity_loses_and_doubles_nothing(stand: Stand) -> None:
    assert servers.dovecot_loses_its_index(stand, "sqlite").restarts == 0


def test_postfix_killed_and_restarted_loses_nothing(stand: Stand) -> None:
    assert servers.postfix_is_killed(stand, "sqlite", seconds=0.5).restarts == 0


def test_postgresql_restarted_loses_nothing(stand: Stand) -> None:
    servers.postgresql_is_restarted(stand, seconds=0.5)


def test_a_full_disk_loses_nothing(stand: Stand) -> None:
    try:
        servers.disk_is_full(stand)
    except servers.NoDisk:
        pytest.skip("left out: a full disk (nobody may mount one here; run the tests as root)")


def test_a_database_that_another_process_locks_loses_nothing(stand: Stand) -> None:
    assert servers.database_is_locked(stand, seconds=2).restarts == 0


def test_a_clock_that_is_moved_loses_and_doubles_nothing(stand: Stand) -> None:
    assert servers.clock_is_moved(stand, "sqlite").restarts == 0


def test_a_second_instance_is_refused_and_harms_nothing(stand: Stand) -> None:
    assert servers.second_instance(stand, "sqlite").restarts == 0


def test_a_second_client_in_the_inbox_loses_and_doubles_nothing(stand: Stand) -> None:
    assert servers.second_client(stand, "sqlite").restarts == 0
