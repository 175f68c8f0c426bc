"""Signing in by a mailed link: nobody learns who is known, looking spends nothing, a link works once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from mailtickets import desk as desk_room
from mailtickets.config import SessionLimits
from mailtickets.core.mail import Address
from mailtickets.store import sessions
from mailtickets.web.tries import Tries
from tests import day as days
from tests.day import ANN, MARIA, NOW, Day

BASE = "http://desk.example.org"
STRANGER = Address("nobody@nowhere.example")


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    day = days.open_day(tmp_path)
    day.letter(days.at(19, 9, 14), MARIA, "Printer", "It prints blank pages.\n")
    yield day
    day.store.close_sync()


@pytest.fixture
async def web(day: Day) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(days.window(day))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


async def _link(web: httpx.AsyncClient, day: Day, who: Address) -> str:
    """Ask for a link and read the mail: its path."""
    await web.post("/sign-in", data={"address": who.spec})
    ((recipient, link),) = day.store.write_sync(days.mailed_links)
    assert recipient == who.spec
    return link.removeprefix(BASE)


async def test_a_typed_address_gets_a_link_that_opens_the_page(web: httpx.AsyncClient, day: Day) -> None:
    path = await _link(web, day, MARIA)
    assert "Press the button" in (await web.get(path)).text
    answer = await web.post(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert (await web.get("/ticket/1042")).status_code == 200


async def test_a_known_and_an_unknown_address_get_the_same_answer(web: httpx.AsyncClient, day: Day) -> None:
    known = await web.post("/sign-in", data={"address": MARIA.spec})
    unknown = await web.post("/sign-in", data={"address": STRANGER.spec})
    assert known.text.replace(MARIA.spec, "…") == unknown.text.replace(STRANGER.spec, "…")
    assert known.status_code == unknown.status_code == 200
    assert "It works once, until 09:27." in known.text
    assert [recipient for recipient, _ in day.store.write_sync(days.mailed_links)] == [MARIA.spec]


async def test_looking_at_a_link_spends_nothing(web: httpx.AsyncClient, day: Day) -> None:
    path = await _link(web, day, MARIA)
    for _ in range(3):
        assert (await web.get(path)).status_code == 200
        assert (await web.head(path)).status_code == 200
    assert (await web.post(path)).status_code == 303


async def test_a_link_works_once(web: httpx.AsyncClient, day: Day) -> None:
    path = await _link(web, day, MARIA)
    await web.post(path)
    web.cookies.clear()
    again = await web.post(path)
    assert again.status_code == 410
    assert "This link does not work any more" in again.text
    assert "set-cookie" not in again.headers


async def test_a_link_is_dead_after_fifteen_minutes(web: httpx.AsyncClient, day: Day) -> None:
    path = await _link(web, day, MARIA)
    later = httpx.ASGITransport(days.window(day, now=NOW + timedelta(minutes=16)))
    async with httpx.AsyncClient(transport=later, base_url=BASE) as web:
        assert (await web.post(path)).status_code == 410


async def _status(day: Day, token: str, after: timedelta) -> int:
    """Of a page that is looked at some time later."""
    later = httpx.ASGITransport(days.window(day, now=NOW + after))
    async with httpx.AsyncClient(transport=later, base_url=BASE) as web:
        return (await web.get("/tickets", headers={"Cookie": f"mailtickets={token}"})).status_code


async def test_a_session_that_nobody_uses_ends_after_a_week(day: Day) -> None:
    token = days.session(day, ANN)
    assert await _status(day, token, timedelta(days=8)) == 303


async def test_a_session_that_is_used_ends_after_a_month(day: Day) -> None:
    token = days.session(day, ANN)
    seen = [await _status(day, token, timedelta(days=n)) for n in (6, 12, 18, 24, 29, 31)]
    assert seen == [200] * 5 + [303]


async def test_the_use_of_a_session_is_written_down_once_an_hour(day: Day) -> None:
    token = days.session(day, ANN)

    def used() -> datetime:
        ((one),) = day.store.read_sync(sessions.opened, NOW, SessionLimits())
        return one.seen_at

    await _status(day, token, timedelta(minutes=59))
    assert used() == NOW
    await _status(day, token, timedelta(minutes=60))
    assert used() == NOW + timedelta(minutes=60)


async def test_a_page_is_shown_while_the_daemon_cannot_write_down_that_it_was(day: Day) -> None:
    token = days.session(day, ANN)
    later = httpx.ASGITransport(days.window(day, now=NOW + timedelta(days=2), clerk=Gone()))
    async with httpx.AsyncClient(transport=later, base_url=BASE) as web:
        for _ in range(2):
            assert (await web.get("/", headers={"Cookie": f"mailtickets={token}"})).status_code == 200


async def test_who_was_signed_out_by_the_operator_is_out_with_the_next_page(day: Day) -> None:
    token = days.session(day, ANN)
    assert await _status(day, token, timedelta()) == 200
    day.store.write_sync(desk_room.revoke_sessions, (), (ANN.spec,))
    assert await _status(day, token, timedelta()) == 303


async def test_signing_out_ends_the_session_and_not_only_the_cookie(web: httpx.AsyncClient, day: Day) -> None:
    token = days.session(day, ANN)
    web.cookies.set("mailtickets", token)
    answer = await web.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert 'mailtickets=""' in answer.headers["set-cookie"]
    assert (await web.get("/", headers={"Cookie": f"mailtickets={token}"})).status_code == 303


async def test_who_is_signed_in_sees_where_and_can_sign_out_everywhere(
    web: httpx.AsyncClient, day: Day
) -> None:
    here, there = days.session(day, ANN), days.session(day, ANN, NOW - timedelta(days=2))
    of_another, unused = days.session(day, MARIA), days.link(day, ANN)
    web.cookies.set("mailtickets", here)
    page = (await web.get("/sign-in")).text
    assert "As Ann Smith (ann@example.org), in 2 browsers:" in page
    assert "<li>since today 09:12, last used today 09:12</li>" in page
    assert "<li>since Wed 09:12, last used Wed 09:12</li>" in page
    assert "Mail me the link" not in page
    assert (await web.post("/sign-out", data={"everywhere": "yes"})).headers["location"] == "/sign-in"
    web.cookies.clear()
    for token, status in ((here, 303), (there, 303), (of_another, 200)):
        answer = await web.get("/tickets", headers={"Cookie": f"mailtickets={token}"})
        assert answer.status_code == status
    assert (await web.post(unused.removeprefix(BASE))).status_code == 410


async def test_signing_out_leaves_the_other_browsers_signed_in(web: httpx.AsyncClient, day: Day) -> None:
    here, there = days.session(day, ANN), days.session(day, ANN)
    web.cookies.set("mailtickets", here)
    await web.post("/sign-out")
    web.cookies.clear()
    assert (await web.get("/tickets", headers={"Cookie": f"mailtickets={there}"})).status_code == 200


@pytest.mark.parametrize("is_https", [False, True])
async def test_the_cookie_is_for_this_site_only(day: Day, is_https: bool) -> None:
    if is_https:
        day.desk = replace(day.desk, policy=replace(day.desk.policy, url="https://desk.example.org"))
    transport = httpx.ASGITransport(days.window(day))
    async with httpx.AsyncClient(transport=transport, base_url=day.desk.policy.url) as web:
        answer = await web.post(httpx.URL(days.link(day, ANN)).path)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("mailtickets="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert ("Secure" in cookie) is is_https
    assert ("strict-transport-security" in answer.headers) is is_https


async def test_a_ticket_that_was_asked_for_is_opened_after_signing_in(
    web: httpx.AsyncClient, day: Day
) -> None:
    asked = await web.get("/ticket/1042")
    assert asked.status_code == 303
    answer = await web.post(await _link(web, day, MARIA))
    assert answer.headers["location"] == "/ticket/1042"


async def test_where_to_go_afterwards_cannot_be_forged(web: httpx.AsyncClient, day: Day) -> None:
    for forged in (
        "//evil.example",
        "/ticket/1042/../../x",
        "https://evil.example",
        "/ticket/12\nSet-Cookie: a=b",
    ):
        path = await _link(web, day, ANN)
        answer = await web.post(path, headers={"Cookie": f'mailtickets_onward="{forged!r}"'})
        assert answer.headers["location"] == "/"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/token", "/sign-out"])
async def test_a_form_on_another_site_does_nothing_here(
    web: httpx.AsyncClient, day: Day, path: str, site: str
) -> None:
    token = days.session(day, ANN)
    web.cookies.set("mailtickets", token)
    answer = await web.post(path, data={"address": ANN.spec}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert (await web.get("/")).status_code == 200
    assert day.store.write_sync(days.mailed_links) == []


@pytest.mark.parametrize(
    "typed", ["", "ann", "@example.org", "ann@", "a b@example.org", "x" * 260 + "@example.org", "a\r\n@b"]
)
async def test_what_is_no_address_is_said_at_once(web: httpx.AsyncClient, typed: str) -> None:
    answer = await web.post("/sign-in", data={"address": typed})
    assert answer.status_code == 422
    assert "This is not a mail address" in answer.text


@pytest.mark.parametrize("body", [b"", b"x" * 100_000, b"\xff\xfe", b"address", b"%"])
async def test_a_form_that_is_no_form_is_refused(web: httpx.AsyncClient, body: bytes) -> None:
    assert (await web.post("/sign-in", content=body)).status_code == 422


async def test_whoever_tries_too_often_has_to_wait(web: httpx.AsyncClient, day: Day) -> None:
    answers = [await web.post("/sign-in", data={"address": f"a{n}@nowhere.example"}) for n in range(7)]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 2
    assert "Wait ten minutes" in answers[-1].text
    guesses = [(await web.post(f"/sign-in/guess{n}")).status_code for n in range(22)]
    assert guesses == [410] * 20 + [429] * 2


def test_waiting_is_over_after_its_time_and_one_address_does_not_stop_another() -> None:
    tries = Tries(2, timedelta(minutes=10))
    assert [tries.allow("a", NOW) for _ in range(3)] == [True, True, False]
    assert tries.allow("b", NOW)
    assert tries.allow("a", NOW + timedelta(minutes=10))


def test_many_addresses_together_have_a_limit_too() -> None:
    tries = Tries(2, timedelta(minutes=10))
    assert sum(tries.allow(f"a{n}", NOW) for n in range(100)) == 40


class Gone:
    """A clerk whose daemon does not answer."""

    def sign_in(self, address: str) -> None:
        raise ConnectionError

    def use_link(self, token: str) -> str | None:
        raise ConnectionError

    def note_session(self, session: str) -> None:
        raise ConnectionError

    def sign_out(self, session: str, everywhere: bool = False) -> None:
        raise ConnectionError


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/token", "/sign-out"])
async def test_without_the_daemon_the_page_says_that_mail_works(day: Day, path: str) -> None:
    transport = httpx.ASGITransport(days.window(day, clerk=Gone()))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as web:
        web.cookies.set("mailtickets", days.session(day, ANN))
        answer = await web.post(path, data={"address": ANN.spec})
    assert answer.status_code == 503
    assert "Signing in does not work at this moment; mail does." in answer.text


async def test_the_page_may_live_below_a_path(day: Day) -> None:
    day.desk = replace(day.desk, policy=replace(day.desk.policy, url="https://example.org/desk"))
    transport = httpx.ASGITransport(days.window(day))
    async with httpx.AsyncClient(transport=transport, base_url="https://example.org") as web:
        # Whether the server in front takes the path off or leaves it on.
        for prefix in ("/desk", ""):
            assert (await web.get(f"{prefix}/ticket/1042")).headers["location"] == "/desk/sign-in"
            page = (await web.get(f"{prefix}/sign-in")).text
            assert 'href="/desk/static/page.css' in page
            assert 'action="/desk/sign-in"' in page
            path = days.link(day, ANN).removeprefix("https://example.org/desk")
            assert f'action="/desk{path}"' in (await web.get(prefix + path)).text
            answer = await web.post(prefix + path)
            assert answer.headers["location"].startswith("/desk/")
            assert "Path=/desk/" in answer.headers["set-cookie"]
            cookie = {"Cookie": f"mailtickets={answer.cookies['mailtickets']}"}
            assert 'href="/desk/ticket/1042"' in (await web.get(f"{prefix}/tickets", headers=cookie)).text
            told = (await web.get(f"{prefix}/api/tickets", headers=cookie)).json()
            assert told["tickets"][0]["url"] == "https://example.org/desk/ticket/1042"
