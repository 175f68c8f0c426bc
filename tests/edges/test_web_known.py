"""Nobody learns whose address is known by asking for a link: not by the answer, not by the work that it takes, not by its time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, event

from mailtickets import desk as desk_room
from mailtickets.control import door
from mailtickets.control.caller import SocketClerk
from mailtickets.control.clerk import LedgerClerk
from mailtickets.control.questions import socket_path
from mailtickets.core.mail import Address
from tests import day as days
from tests.day import ANN, MARIA, NOW, Day

STRANGER = Address("nobody@nowhere.example")
WHO = (ANN, MARIA, STRANGER)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    day = days.open_day(tmp_path)
    day.letter(days.at(19, 9, 14), MARIA, "Printer", "It prints blank pages.\n")
    yield day
    day.store.close_sync()


class Slow(LedgerClerk):
    """The daemon's clerk, who looks nobody up before being told to."""

    def __init__(self, day: Day) -> None:
        super().__init__(day.store, day.desk, lambda: NOW, lambda: None)
        self.go = threading.Event()
        self.asked: list[str] = []

    def sign_in(self, address: str) -> None:
        self.go.wait(30)
        super().sign_in(address)
        self.asked.append(address)


@pytest.fixture
async def clerk(day: Day, tmp_path: Path) -> AsyncIterator[Slow]:
    """Behind its socket, as in the daemon."""
    clerk = Slow(day)
    serving = asyncio.create_task(door.serve(clerk, tmp_path))
    while not socket_path(tmp_path).exists():
        await asyncio.sleep(0.01)
    yield clerk
    clerk.go.set()
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def test_the_answer_has_left_before_anybody_is_looked_up(clerk: Slow, day: Day, tmp_path: Path) -> None:
    window = days.window(day, clerk=SocketClerk(socket_path(tmp_path)))
    transport = httpx.ASGITransport(window)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example.org") as web:
        for who in WHO:
            answer = await asyncio.wait_for(web.post("/sign-in", data={"address": who.spec}), 20)
            assert answer.status_code == 200
    assert clerk.asked == []
    clerk.go.set()
    async with asyncio.timeout(20):
        while len(clerk.asked) < len(WHO):
            await asyncio.sleep(0.01)
    mailed = {recipient for recipient, _ in day.store.write_sync(days.mailed_links)}
    assert mailed == {ANN.spec, MARIA.spec}


async def test_the_window_does_the_same_for_everybody(day: Day) -> None:
    """Each question to the database, and each to the daemon, in their order."""
    work: dict[str, list[str]] = {}

    class Written:
        """A clerk who only writes down what is asked."""

        def sign_in(self, address: str) -> None:
            work[address].append("sign in")

        def use_link(self, token: str) -> str | None: ...

        def note_session(self, session: str) -> None: ...

        def sign_out(self, session: str, everywhere: bool = False) -> None: ...

    doing = ""

    def hear(_: object, __: object, statement: str, *___: object) -> None:
        if doing:
            work[doing].append(statement)

    transport = httpx.ASGITransport(days.window(day, clerk=Written()))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example.org") as web:
        with _listening(day, hear):
            for who in WHO:
                doing = who.spec
                work[doing] = []
                await web.post("/sign-in", data={"address": who.spec})
            doing = "somebody who is signed in"
            work[doing] = []
            await web.get("/tickets", headers={"Cookie": f"mailtickets={days.session(day, ANN)}"})
    assert len(work[doing]) > 2  # the ear hears
    assert work[ANN.spec] == work[MARIA.spec] == work[STRANGER.spec] == ["sign in"]


@contextmanager
def _listening(day: Day, hear: Callable[..., None]) -> Iterator[None]:
    """While it is open, every statement that the day's store executes is heard."""
    engines = [e for e in vars(day.store).values() if isinstance(e, Engine)]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    yield
    for engine in engines:
        event.remove(engine, "before_cursor_execute", hear)


async def test_nobody_gets_more_than_a_few_links_an_hour_whoever_asks_for_them(day: Day) -> None:
    answers = set()
    for n in range(12):
        window = httpx.ASGITransport(days.window(day), client=(f"192.0.2.{n}", 1))
        async with httpx.AsyncClient(transport=window, base_url="http://desk.example.org") as web:
            answer = await web.post("/sign-in", data={"address": MARIA.spec})
            answers.add((answer.status_code, answer.text))
    # Who asks is told the same each time: else it would say that the address is known.
    assert len(answers) == 1
    assert len(day.store.write_sync(days.mailed_links)) == desk_room.LINKS_PER_HOUR
    later = NOW + timedelta(hours=1, minutes=1)
    assert day.store.write_sync(desk_room.mail_sign_in_link, day.desk, MARIA.spec, later) == 1


async def test_a_wrong_a_spent_and_an_old_link_are_told_the_same(day: Day) -> None:
    spent, old = (days.link(day, ANN, at).rpartition("/")[2] for at in (NOW, NOW - timedelta(minutes=16)))
    transport = httpx.ASGITransport(days.window(day))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example.org") as web:
        assert (await web.post(f"/sign-in/{spent}")).status_code == 303
        web.cookies.clear()
        answers = [await web.post(f"/sign-in/{token}") for token in (spent, old, "guessed")]
        assert len({(answer.status_code, answer.text) for answer in answers}) == 1
        # And before the button is pressed, all links look alike.
        looks = [
            (await web.get(f"/sign-in/{token}")).text.replace(token, "…") for token in (spent, "guessed")
        ]
        assert looks[0] == looks[1]
