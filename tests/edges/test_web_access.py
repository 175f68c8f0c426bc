"""Nobody sees what is not theirs: every route, tried by everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from mailtickets.core.mail import Address
from mailtickets.core.person import Part, Role
from mailtickets.store import people, views
from mailtickets.store.views import TicketFilter
from mailtickets.web.access import Room, Sight, sight
from tests import day as days
from tests.core import cases
from tests.day import ANN, GUS, LEE, MARIA, TOM, Day

# What each kind of visitor gets from each route: nobody, a customer on the own ticket, a customer on
# another's, an agent, and an agent who works on another project. A route that is not here fails the test.
WANTED = {
    "GET /": (303, 303, 303, 200, 200),
    "GET /tickets": (303, 200, 200, 200, 200),
    "GET /ticket/{number:int}": (303, 200, 404, 200, 404),
    "GET /ticket/{number:int}/attachment/{message:int}/{index:int}": (303, 200, 404, 200, 404),
    "GET /healthz": (200, 200, 200, 200, 200),
    "GET /sign-in": (200, 200, 200, 200, 200),
    "POST /sign-in": (200, 200, 200, 200, 200),
    "GET /sign-in/{token}": (200, 200, 200, 200, 200),
    "POST /sign-in/{token}": (410, 410, 410, 410, 410),
    "POST /sign-out": (303, 303, 303, 303, 303),
    "GET /static/{name}": (200, 200, 200, 200, 200),
    "GET /api/tickets": (401, 200, 200, 200, 200),
    "GET /api/tickets/{number}": (401, 200, 404, 200, 404),
    "GET /api/openapi.json": (200, 200, 200, 200, 200),
}
VISITORS = (None, MARIA, TOM, ANN, GUS)
# What stands only in what a customer must not read.
SECRET = (
    "cupboard 3",
    "Internal note",
    "out of the office",
    "#assign",
    "Normal",
    "Handed over",
    "552 5.2.2",
    "ben@example.org",
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    day = days.open_day(tmp_path_factory.mktemp("day"))
    days.printer(day)
    days.busy(day)
    yield day
    day.store.close_sync()


@pytest.fixture
async def web(day: Day) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(days.window(day))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example.org") as client:
        yield client


def _cookie(day: Day, who: Address | None) -> dict[str, str]:
    return {"Cookie": f"mailtickets={days.session(day, who)}"} if who else {"Cookie": "mailtickets=guessed"}


def _routes(day: Day) -> dict[str, str]:
    """Method and path of every route, with the path filled in for Maria's ticket."""
    view = day.store.read_sync(views.ticket, 1042)
    assert view is not None
    filled = {
        "{number:int}": "1042",
        "{number}": "1042",
        "{message:int}": str(view.entries[0].id),
        "{index:int}": "0",
        "{token}": "guessed",
        "{name}": "page.css",
    }
    found = {}
    for route in days.window(day).routes:
        if not isinstance(route, Route | APIRoute):
            pytest.fail(f"{route} is no plain route: say here who may see it")
        path = route.path
        for name, value in filled.items():
            path = path.replace(name, value)
        for method in (route.methods or set()) - {"HEAD"}:
            found[f"{method} {route.path}"] = path
    return found


async def test_every_route_shows_each_visitor_what_is_theirs_and_nothing_else(
    web: httpx.AsyncClient, day: Day
) -> None:
    routes = _routes(day)
    assert set(routes) == set(WANTED)
    for name, path in routes.items():
        for visitor, wanted in zip(VISITORS, WANTED[name], strict=True):
            answer = await web.request(
                name.split()[0],
                path,
                headers=_cookie(day, visitor) | {"Content-Type": "application/x-www-form-urlencoded"},
                # An address that nobody has: this test mails nobody.
                content=b"address=nobody%40nowhere.example" if name == "POST /sign-in" else b"",
                extensions={"client": ("192.0.2.1", 1)},
            )
            assert answer.status_code == wanted, f"{name} as {visitor}: {answer.text[:300]}"


@pytest.mark.parametrize("path", ["/ticket/{}", "/api/tickets/{}", "/ticket/{}/attachment/1/0"])
async def test_none_and_not_yours_are_the_same_to_the_last_octet(
    web: httpx.AsyncClient, day: Day, path: str
) -> None:
    cookie = _cookie(day, TOM)
    foreign = await web.get(path.format(1042), headers=cookie)
    for number in (999_999, 2**31 - 1):
        none = await web.get(path.format(number), headers=cookie)
        assert (none.status_code, none.content, none.headers) == (404, foreign.content, foreign.headers)


async def test_a_number_that_no_database_has_is_not_found_either(web: httpx.AsyncClient, day: Day) -> None:
    answer = await web.get(f"/ticket/{10**30}", headers=_cookie(day, ANN))
    assert answer.status_code == 404


async def test_nobody_learns_which_tickets_there_are(web: httpx.AsyncClient) -> None:
    there, not_there = await web.get("/ticket/1042"), await web.get("/ticket/999999")
    assert there.headers["location"] == not_there.headers["location"] == "/sign-in"
    assert there.content == not_there.content


@pytest.mark.parametrize("path", ["/ticket/1042", "/api/tickets/1042", "/tickets", "/api/tickets"])
async def test_a_customer_reads_no_note_no_machine_and_no_history(
    web: httpx.AsyncClient, day: Day, path: str
) -> None:
    answer = await web.get(path, headers=_cookie(day, MARIA))
    assert answer.status_code == 200
    for secret in SECRET:
        assert secret not in answer.text
    assert "VPN drops" not in answer.text


async def test_words_that_only_staff_may_read_find_nothing_for_a_customer(
    web: httpx.AsyncClient, day: Day
) -> None:
    found = await web.get("/api/tickets", params={"text": "cupboard 3"}, headers=_cookie(day, MARIA))
    assert found.json()["total"] == 0
    found = await web.get("/api/tickets", params={"text": "cupboard 3"}, headers=_cookie(day, ANN))
    assert found.json()["total"] == 1


async def test_a_customer_is_not_told_who_works_here(web: httpx.AsyncClient, day: Day) -> None:
    answer = await web.get("/tickets", params={"q": "assignee:zzz"}, headers=_cookie(day, MARIA))
    assert "ben" not in answer.text.lower()


async def test_mail_that_could_not_prove_its_sender_stays_off_the_customers_page(tmp_path: Path) -> None:
    day = days.open_day(tmp_path)
    days.printer(day)
    day.letter(
        days.at(20, 9), MARIA, "Re: [#1042] Printer", "Send the keys to my new flat.\n", verdict="fail"
    )
    transport = httpx.ASGITransport(days.window(day))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example.org") as web:
        for_staff = await web.get("/ticket/1042", headers=_cookie(day, ANN))
        assert "Send the keys" in for_staff.text
        assert "sender not verified" in for_staff.text
        for_maria = await web.get("/ticket/1042", headers=_cookie(day, MARIA))
        assert "Send the keys" not in for_maria.text
    day.store.close_sync()


@pytest.mark.parametrize("who", [ANN, GUS, MARIA, LEE, TOM])
def test_the_list_and_the_ticket_page_agree_on_what_is_whose(day: Day, who: Address) -> None:
    person = day.store.read_sync(people.by_address, who.key)
    assert person is not None
    all_of_it = day.store.read_sync(views.tickets, None, TicketFilter(size=1000)).rows
    listed = day.store.read_sync(views.tickets, person, TicketFilter(size=1000)).rows
    allowed = {one.ticket.number for one in all_of_it if sight(person, one.ticket) is not Sight.NOTHING}
    assert {one.ticket.number for one in listed} == allowed
    for one in all_of_it:
        view = day.store.read_sync(views.ticket, one.ticket.number, person)
        assert (view is not None) == (one.ticket.number in allowed)


def test_being_copied_on_a_ticket_does_not_open_its_page(day: Day) -> None:
    view = day.store.read_sync(views.ticket, 1042)
    assert view is not None
    lee = next(p for p in view.participants if p.person.address == LEE)
    assert lee.part is Part.CC
    assert sight(lee.person, view.ticket) is Sight.NOTHING


@pytest.mark.parametrize(
    ("viewer", "wanted", "public", "seen"),
    [
        (None, Room.OVERVIEW, False, Sight.DOORSTEP),
        (None, Room.OVERVIEW, True, Sight.COUNTS),
        (None, Room.TICKETS, True, Sight.DOORSTEP),
        (None, cases.ticket(), True, Sight.DOORSTEP),
        (None, None, True, Sight.DOORSTEP),
        (cases.MARIA, Room.OVERVIEW, True, Sight.OWN),
        (cases.MARIA, cases.ticket(), False, Sight.OWN),
        (cases.LEE, cases.ticket(), True, Sight.NOTHING),
        (cases.LEE, None, True, Sight.NOTHING),
        (cases.ANN, Room.TICKETS, False, Sight.ALL),
        (cases.ANN, cases.ticket(), False, Sight.ALL),
        (cases.ANN, None, False, Sight.NOTHING),
        (cases.GUS, cases.ticket(), False, Sight.NOTHING),
        (cases.GUS, cases.ticket(requester=cases.GUS), False, Sight.OWN),
        # Named as somebody who works on a project, but no agent any more.
        (
            replace(cases.GUS, role=Role.REQUESTER, projects=("support",)),
            cases.ticket(),
            False,
            Sight.NOTHING,
        ),
    ],
)
def test_one_function_decides_who_sees_what(
    viewer: object, wanted: object, public: bool, seen: Sight
) -> None:
    assert sight(viewer, wanted, public) is seen  # type: ignore[arg-type]
