"""Every defence is missed when it is off: the table of tests/torture/sabotage.py, and two tests that it needs of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mailtickets import desk, dkim
from mailtickets.config import load
from mailtickets.core import decide, reading
from mailtickets.core.case import Outcome
from mailtickets.core.mail import RawMail
from mailtickets.core.reading import ReadingLimits
from mailtickets.hands import Hands
from mailtickets.intake import House, Intake
from mailtickets.store import engine, people, views
from mailtickets.store.engine import Store
from tests.ground import firm
from tests.house.house import SUPPORT, write_config
from tests.torture import sabotage, windows
from tests.torture.sabotage import DEFENCES

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


TOGETHER = 15  # defences that are switched off by one program: importing the desk takes as long as a test


@cache
def codes(table: str, part: int) -> dict[str, int]:
    """What came of the defences of one part of a table."""
    names = list(DEFENCES if table == "sabotage" else windows.DEFENCES)
    return sabotage.codes(names[part * TOGETHER : (part + 1) * TOGETHER], table)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("number", "defence"), list(enumerate(DEFENCES)))
def test_a_defence_that_is_off_is_missed(number: int, defence: str) -> None:
    code = codes("sabotage", number // TOGETHER)[defence]
    assert code == 1, f"{DEFENCES[defence].caught_by} did not fail"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("number", "defence"), list(enumerate(windows.DEFENCES)))
def test_a_defence_of_the_page_that_is_off_is_missed(number: int, defence: str) -> None:
    code = codes("windows", number // TOGETHER)[defence]
    assert code == 1, f"{windows.DEFENCES[defence].caught_by} did not fail"


# What no other test says.


@pytest.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Intake]:
    """An intake whose reader dies of every letter."""
    write_config(tmp_path, imap_port=1, smtp_port=1)
    settings = load(tmp_path / "config.toml")
    engine.make_current(settings.database_url, settings.state_dir)
    store = Store.open(settings.database_url, settings.blobs)
    await store.write(people.sync_staff, settings.staff, NOW)
    reader: Any = Dying()
    house = House(
        store=store,
        reader=reader,
        desk=desk.furnish(settings),
        clock=lambda: NOW,
        nudge=lambda: None,
        signatures=dkim.Checker(settings.nameservers),
        hands=Hands(),
    )
    box = settings.mailboxes[0]
    yield Intake(house, firm(house.clock, box.address.key), box, lambda: None)
    await store.close()


class Dying:
    async def read(self, _: bytes) -> None:
        raise RuntimeError("The reader processes are gone.")


def _mail(uid: int) -> RawMail:
    octets = f"From: lee@customer.example\r\nMessage-ID: <{uid}@x>\r\n\r\nHello {uid}\r\n".encode()
    return RawMail(SUPPORT, 7, uid, NOW, octets, len(octets))


async def test_a_letter_is_kept_before_it_is_read(intake: Intake) -> None:
    with pytest.raises(RuntimeError):
        await intake._take([_mail(1)])
    (row,) = await intake.house.store.read(views.ledger_rows, "", None, 10)
    assert (row.uid, row.outcome, row.attempts) == (1, None, 1)


async def test_a_letter_that_breaks_the_desk_costs_only_itself(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(octets: bytes) -> Any:
        return reading.read(octets, ReadingLimits())

    house = replace(intake.house, reader=type("Reading", (), {"read": staticmethod(read)})())
    intake.house = house
    on_mail = decide.on_mail

    def stumble(case: Any, policy: Any) -> Any:
        if case.mail.message_id == "2@x":
            raise ZeroDivisionError
        return on_mail(case, policy)

    monkeypatch.setattr(decide, "on_mail", stumble)
    await intake._take([_mail(1), _mail(2), _mail(3)])
    rows = await house.store.read(views.ledger_rows, "", None, 10)
    assert {row.uid: row.outcome for row in rows} == {
        1: Outcome.OPENED,
        2: Outcome.QUARANTINED,
        3: Outcome.OPENED,
    }
