"""Nobody sees what is not theirs: every route, tried by everybody, on every kind of ticket."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from mailtickets import desk as desk_room
from mailtickets.core.case import Listed
from mailtickets.core.mail import Address
from mailtickets.core.person import Part, Person, Role
from mailtickets.core.policy import Company
from mailtickets.store import people, schema, views
from mailtickets.store.views import Sort, TicketFilter
from mailtickets.web.access import Room, Sight, sight
from tests import day as days
from tests.core import cases
from tests.day import ANN, BEN, DAN, GUS, KIM, LEE, MARIA, NORA, TOM, Day

BIRCH = Company("Birch Ltd", ("birch.example", "birch.test"), is_shared=True)
GARDEN = Address("garden@example.org")
PDF = ("plan.pdf", "application/pdf", b"%PDF-1.7")

# The tickets, by what they are to Maria. Tom's garden ticket is another project's.
OWN, COLLEAGUES, FOREIGN, GARDENS, NONE = (
    "own",
    "a colleague's",
    "another's",
    "of another project",
    "not there",
)
NUMBERS = {OWN: 1042, COLLEAGUES: 1043, FOREIGN: 1044, GARDENS: 1045, NONE: 4711}

# Who somebody is, and whether the company shares: what they see of each ticket. Kim was put into copy by Maria.
D, N, R, A = Sight.DOORSTEP, Sight.NOTHING, Sight.OWN, Sight.ALL
SIGHTS: Mapping[str, tuple[Address | None, bool, tuple[Sight, ...]]] = {
    "nobody": (None, True, (D, D, D, D, D)),
    "a guessed session": (None, True, (D, D, D, D, D)),
    "an ended session": (ANN, True, (D, D, D, D, D)),
    "the requester": (MARIA, False, (R, N, N, N, N)),
    "the requester of a company that shares": (MARIA, True, (R, R, N, N, N)),
    "a colleague": (NORA, False, (N, R, N, N, N)),
    "a colleague who shares": (NORA, True, (R, R, N, N, N)),
    "somebody in copy": (KIM, True, (N, N, N, N, N)),
    "another customer": (TOM, True, (N, N, R, R, N)),
    "an agent of the project": (BEN, True, (A, A, A, N, N)),
    "an agent of another project": (GUS, True, (N, N, N, A, N)),
    "an admin": (ANN, True, (A, A, A, A, N)),
    "an agent who is none any more": (DAN, True, (N, N, N, N, N)),
}

# What a route of one ticket answers to each sight: at the doorstep, nothing, own, all.
OF_A_TICKET = {
    "GET /ticket/{number:int}": (303, 404, 200, 200),
    "GET /ticket/{number:int}/attachment/{message:int}/{index:int}": (303, 404, 200, 200),
    "GET /ticket/{number:int}/letter/{message:int}": (303, 404, 404, 200),
    "GET /ticket/{number:int}/letter/{message:int}/frame": (303, 404, 404, 200),
    "GET /api/tickets/{number}": (401, 404, 200, 200),
}
# What any other route answers to nobody, to a customer, and to staff.
OF_THE_HOUSE = {
    "GET /": (303, 303, 200),
    "GET /tickets": (303, 200, 200),
    "GET /healthz": (200, 200, 200),
    "GET /sign-in": (200, 200, 200),
    "POST /sign-in": (200, 200, 200),
    "GET /sign-in/{token}": (200, 200, 200),
    "POST /sign-in/{token}": (410, 410, 410),
    "POST /sign-out": (303, 303, 303),
    "GET /static/{name}": (200, 200, 200),
    "GET /api/tickets": (401, 200, 200),
    "GET /api/openapi.json": (200, 200, 200),
}
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
    "wiring.pdf",
)


@dataclass(frozen=True, slots=True)
class World:
    """A desk with one ticket of each kind."""

    day: Day
    cookies: Mapping[str, str]  # by who somebody is
    messages: Mapping[str, int]  # Entry.id of the letter that opened each ticket
    note: int  # Entry.id of the internal note on Maria's ticket, which has a file


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    day = days.open_day(tmp_path_factory.mktemp("day"))
    ben, dan = (
        replace(days.STAFF[1], address=who, name=who.name, projects=("support",)) for who in (BEN, DAN)
    )
    day.store.write_sync(people.sync_staff, (days.STAFF[0], ben, dan, days.STAFF[2]), days.NOW)
    day.letter(days.at(19, 9), MARIA, "Printer of Maria", "It prints blank pages.\n", cc=(KIM,), files=(PDF,))
    day.letter(days.at(19, 10), NORA, "Scanner of Nora", "It scans blank pages.\n", files=(PDF,))
    day.letter(days.at(19, 11), TOM, "Phone of Tom", "It rings.\n", files=(PDF,))
    day.letter(days.at(19, 12), TOM, "Hedge of Tom", "Please cut it.\n", to=GARDEN, files=(PDF,))
    wiring = ("wiring.pdf", "application/pdf", b"%PDF-1.7 wiring")
    day.letter(
        days.at(19, 13), BEN, "Re: [#1042]", "#note\n\nThere is a spare in cupboard 3.\n", files=(wiring,)
    )
    day.letter(days.at(19, 14), ANN, "Re: [#1042]", "#assign me\n#status open\n")
    day.letter(days.at(19, 14), DAN, "Re: [#1044]", "#assign me\n")
    cookies = {name: days.session(day, who) if who else "guessed" for name, (who, _, _) in SIGHTS.items()}
    day.store.write_sync(desk_room.close_session, cookies["an ended session"])
    # Who leaves keeps the session, and loses the rights.
    day.store.write_sync(people.sync_staff, (days.STAFF[0], ben, days.STAFF[2]), days.NOW)
    found = {name: day.store.read_sync(views.ticket, number) for name, number in NUMBERS.items()}
    messages = {name: view.entries[0].id if view else 1 for name, view in found.items()}
    own = found[OWN]
    assert own is not None
    (note,) = (entry.id for entry in own.entries if entry.attachments and entry.id != messages[OWN])
    yield World(day, cookies, messages, note)
    day.store.close_sync()


@asynccontextmanager
async def _window(world: World, who: str) -> AsyncIterator[httpx.AsyncClient]:
    """The page as somebody sees it."""
    day, (_, is_shared, _) = world.day, SIGHTS[who]
    companies = (replace(BIRCH, is_shared=is_shared),)
    policy = replace(day.desk.policy, companies=companies)
    app = days.window(replace(day, desk=replace(day.desk, policy=policy)))
    cookies = {} if who == "nobody" else {"mailtickets": world.cookies[who]}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://desk.example.org", cookies=cookies
    ) as client:
        yield client


def _routes(day: Day) -> dict[str, Route | APIRoute]:
    """Every route by its method and path."""
    found = {}
    for route in days.window(day).routes:
        if not isinstance(route, Route | APIRoute):
            pytest.fail(f"{route} is no plain route: say here who may see it")
        for method in (route.methods or set()) - {"HEAD"}:
            found[f"{method} {route.path}"] = route
    return found


def _filled(path: str, number: int, message: int) -> str:
    """A route's path, for a file of a message of a ticket."""
    values = {"{number:int}": number, "{number}": number, "{message:int}": message, "{index:int}": 0}
    for name, value in values.items():
        path = path.replace(name, str(value))
    return path


def test_it_is_said_of_every_route_who_may_see_it(world: World) -> None:
    wanted = OF_A_TICKET | OF_THE_HOUSE
    assert set(_routes(world.day)) == set(wanted)
    assert not [name for name in OF_THE_HOUSE if "{number" in name]


@pytest.mark.parametrize("who", SIGHTS)
@pytest.mark.parametrize("route", OF_A_TICKET)
async def test_everybody_sees_of_each_ticket_what_is_theirs_and_nothing_else(
    world: World, who: str, route: str
) -> None:
    _, _, sights = SIGHTS[who]
    answers = dict(zip((D, N, R, A), OF_A_TICKET[route], strict=True))
    async with _window(world, who) as web:
        for kind, seen in zip(NUMBERS, sights, strict=True):
            path = _filled(route.partition(" ")[2], NUMBERS[kind], world.messages[kind])
            for method in ("GET", "HEAD"):
                if method == "HEAD" and route.endswith("/api/tickets/{number}"):
                    continue  # FastAPI answers no HEAD
                answer = await web.request(method, path)
                assert answer.status_code == answers[seen], f"{who}: {kind}: {path}: {answer.text[:300]}"
            if answer.status_code == 200 and seen is R and kind == OWN:
                for secret in SECRET:
                    assert secret not in answer.text


@pytest.mark.parametrize("who", SIGHTS)
async def test_everybody_sees_of_the_house_what_is_theirs_and_nothing_else(world: World, who: str) -> None:
    address, _, sights = SIGHTS[who]
    column = 0 if D in sights else 2 if address in (ANN, BEN, GUS) else 1
    filled = {"token": "guessed", "name": "page.css"}
    async with _window(world, who) as web:
        for route, wanted in OF_THE_HOUSE.items():
            method, _, path = route.partition(" ")
            if route == "POST /sign-out":
                continue  # it would end the session: test_web_signin has it
            answer = await web.request(
                method,
                path.format(**filled),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                # An address that nobody has: this test mails nobody.
                content=b"address=nobody%40nowhere.example" if route == "POST /sign-in" else b"",
            )
            assert answer.status_code == wanted[column], f"{who}: {route}: {answer.text[:300]}"


@pytest.mark.parametrize("who", SIGHTS)
@pytest.mark.parametrize(
    "query", ["", "?q=blank", "?sort=number", "?sort=-subject", "?q=is:open", "?q=wiring"]
)
async def test_every_list_shows_the_tickets_that_somebody_may_open_and_no_others(
    world: World, who: str, query: str
) -> None:
    _, _, sights = SIGHTS[who]
    allowed = {NUMBERS[kind] for kind, seen in zip(NUMBERS, sights, strict=True) if seen in (R, A)}
    if query == "?q=blank":
        allowed &= {1042, 1043}
    if query == "?q=wiring":  # only the note has it
        allowed = {1042} if SIGHTS[who][2][0] is A else set()
    async with _window(world, who) as web:
        page, api = await web.get(f"/tickets{query}"), await web.get(f"/api/tickets{query}")
    if D in sights:
        assert (page.status_code, api.status_code) == (303, 401)
        return
    assert {int(number) for number in re.findall(r'<td class="no">(\d+)</td>', page.text)} == allowed
    assert {one["number"] for one in api.json()["tickets"]} == allowed
    assert api.json()["total"] == len(allowed)


@pytest.mark.parametrize("who", SIGHTS)
async def test_the_overview_names_no_ticket_that_somebody_may_not_open(world: World, who: str) -> None:
    _, _, sights = SIGHTS[who]
    hidden = {NUMBERS[kind] for kind, seen in zip(NUMBERS, sights, strict=True) if seen is not A}
    async with _window(world, who) as web:
        shown = set(map(int, re.findall(r"\b(104\d)\b", (await web.get("/")).text)))
    assert not shown & hidden


@pytest.mark.parametrize("who", [who for who, (_, _, sights) in SIGHTS.items() if sights[0] is R])
async def test_a_file_of_an_internal_note_is_staffs_alone(world: World, who: str) -> None:
    path = f"/ticket/1042/attachment/{world.note}/0"
    async with _window(world, who) as web:
        assert (await web.get(path)).status_code == 404
    async with _window(world, "an admin") as web:
        assert (await web.get(path)).status_code == 200


async def test_a_file_is_only_got_by_the_ticket_that_it_is_on(world: World) -> None:
    async with _window(world, "another customer") as web:
        # Tom's own ticket, and the number of a message on Maria's.
        assert (await web.get(f"/ticket/1044/attachment/{world.messages[OWN]}/0")).status_code == 404


@pytest.mark.parametrize("path", ["/ticket/{}", "/api/tickets/{}", "/ticket/{}/attachment/1/0"])
async def test_none_and_not_yours_are_the_same_to_the_last_octet(world: World, path: str) -> None:
    async with _window(world, "another customer") as web:
        foreign = await web.get(path.format(1042))
        for number in (999_999, 2**31 - 1):
            none = await web.get(path.format(number))
            assert (none.status_code, none.content, none.headers) == (404, foreign.content, foreign.headers)


async def test_a_number_that_no_database_has_is_not_found_either(world: World) -> None:
    async with _window(world, "an admin") as web:
        assert (await web.get(f"/ticket/{10**30}")).status_code == 404


async def test_nobody_learns_which_tickets_there_are(world: World) -> None:
    async with _window(world, "nobody") as web:
        there, not_there = await web.get("/ticket/1042"), await web.get("/ticket/999999")
    assert there.headers["location"] == not_there.headers["location"] == "/sign-in"
    assert there.content == not_there.content


async def test_a_customer_is_not_told_who_works_here(world: World) -> None:
    async with _window(world, "the requester") as web:
        answer = await web.get("/tickets", params={"q": "assignee:zzz"})
    assert "ben" not in answer.text.lower()


# A company that shares


async def test_who_reads_a_colleagues_ticket_is_told_whose_it_is(world: World) -> None:
    async with _window(world, "a colleague who shares") as web:
        page = (await web.get("/ticket/1042")).text
        assert "by Maria Lopez" in page
        assert "It is our turn." in page
        assert "Maria Lopez gets the answer by mail." in page
        # What would be refused to her is not offered.
        assert "It works now, thank you" not in page
        listed = (await web.get("/tickets")).text
        assert "Tickets of Birch Ltd" in listed
        assert "Maria Lopez" in listed
        assert "Nora Birch" in listed


async def test_what_a_colleague_writes_to_a_shared_ticket_comes_onto_it_for_staff(tmp_path: Path) -> None:
    for is_shared in (True, False):
        folder = tmp_path / str(is_shared)
        folder.mkdir()
        policy = replace(days.POLICY, companies=(replace(BIRCH, is_shared=is_shared),))
        day = days.open_day(folder, policy)
        day.letter(days.at(19, 9), MARIA, "Printer", "It prints blank pages.\n")
        ending = day.letter(days.at(19, 10), NORA, "Re: [#1042] Printer", "Mine does, too.\n")
        assert ending.ticket == (1042 if is_shared else 1043)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(days.window(day)),
            base_url="http://desk.example.org",
        ) as web:
            for who, reads in ((ANN, is_shared), (MARIA, False), (NORA, False)):
                page = await web.get("/ticket/1042", headers=_cookie(day, who))
                assert ("Mine does, too." in page.text) is reads
        day.store.close_sync()


# What stays off a customer's page


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


def _cookie(day: Day, who: Address) -> dict[str, str]:
    return {"Cookie": f"mailtickets={days.session(day, who)}"}


@pytest.mark.parametrize("path", ["/ticket/1042", "/api/tickets/1042", "/tickets", "/api/tickets"])
async def test_a_customer_is_told_the_names_of_staff_and_not_their_addresses(
    web: httpx.AsyncClient, day: Day, path: str
) -> None:
    """The desk writes for them: an address is one more that can be forged, or written to past the desk."""
    for_maria = await web.get(path, headers=_cookie(day, MARIA))
    for spec in (ANN.spec, BEN.spec, GUS.spec):
        assert spec not in for_maria.text
    assert ("Ann Smith" in for_maria.text) is (path != "/tickets")


async def test_tags_are_staffs_own_words(web: httpx.AsyncClient, day: Day) -> None:
    day.store.write_sync(lambda tx: tx.execute(schema.ticket.update().values(tags=("difficult",))))
    for who, told in ((ANN, True), (MARIA, False)):
        answer = await web.get("/api/tickets/1042", headers=_cookie(day, who))
        assert ("difficult" in answer.text) is told
        answer = await web.get("/api/tickets?q=tag:difficult", headers=_cookie(day, who))
        assert (answer.status_code == 200) is told


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


# The law: whatever the store lists is what `sight` allows


@st.composite
def viewers(draw: st.DrawFn) -> Person:
    """Anybody: whoever wrote these letters, in any role, on any projects, of any company."""
    who = Address(f"viewer@{draw(st.sampled_from(['birch.example', 'elm.example', 'nowhere.example']))}")
    staff = draw(st.booleans())
    return Person(
        draw(st.integers(1, 12)),
        who,
        role=draw(st.sampled_from([Role.AGENT, Role.ADMIN])) if staff else Role.REQUESTER,
        projects=tuple(draw(st.sets(st.sampled_from(["support", "garden", "ghost"])))),
        shares=() if staff else tuple(draw(st.sets(st.sampled_from(["birch.example", "elm.example"])))),
    )


@given(viewer=viewers(), sort=st.sampled_from(list(Sort)), descending=st.booleans())
@settings(max_examples=200, deadline=None)
def test_the_lists_the_ticket_and_the_overview_agree_on_what_is_whose(
    day: Day, viewer: Person, sort: Sort, descending: bool
) -> None:
    read = day.store.read_sync
    asked = TicketFilter(sort=sort, descending=descending, size=1000)
    every = read(views.tickets, None, asked).rows
    listed = read(views.tickets, viewer, asked)
    allowed = [one.ticket.number for one in every if sight(viewer, one) is not Sight.NOTHING]
    assert sorted(one.ticket.number for one in listed.rows) == sorted(allowed)
    assert listed.total == len(allowed)
    for one in every:
        view = read(views.ticket, one.ticket.number, viewer)
        assert (view is not None) == (one.ticket.number in allowed)
    glance = read(views.overview, viewer, days.POLICY.workflow, days.NOW)
    assert {one.listed.ticket.number for one in glance.waiting} <= set(allowed)
    assert {one.ticket for one in glance.undelivered} <= set(allowed)
    assert sum(one.count for one in glance.statuses) == len(allowed)


def test_being_copied_on_a_ticket_does_not_open_its_page(day: Day) -> None:
    view = day.store.read_sync(views.ticket, 1042)
    assert view is not None
    lee = next(p for p in view.participants if p.person.address == LEE)
    assert lee.part is Part.CC
    assert sight(lee.person, view) is Sight.NOTHING


MARIAS = Listed(cases.ticket(), cases.MARIA, None)
BIRCHER = replace(cases.LEE, shares=("birch.example", cases.MARIA.address.domain))


@pytest.mark.parametrize(
    ("viewer", "wanted", "public", "seen"),
    [
        (None, Room.OVERVIEW, False, Sight.DOORSTEP),
        (None, Room.OVERVIEW, True, Sight.COUNTS),
        (None, Room.TICKETS, True, Sight.DOORSTEP),
        (None, MARIAS, True, Sight.DOORSTEP),
        (None, None, True, Sight.DOORSTEP),
        (cases.MARIA, Room.OVERVIEW, True, Sight.OWN),
        (cases.MARIA, MARIAS, False, Sight.OWN),
        (cases.LEE, MARIAS, True, Sight.NOTHING),
        (BIRCHER, MARIAS, True, Sight.OWN),
        (cases.LEE, None, True, Sight.NOTHING),
        (cases.ANN, Room.TICKETS, False, Sight.ALL),
        (cases.ANN, MARIAS, False, Sight.ALL),
        (cases.ANN, None, False, Sight.NOTHING),
        (cases.GUS, MARIAS, False, Sight.NOTHING),
        (cases.GUS, Listed(cases.ticket(requester=cases.GUS), cases.GUS, None), False, Sight.OWN),
        # Named as somebody who works on a project, but no agent any more.
        (replace(cases.GUS, role=Role.REQUESTER, projects=("support",)), MARIAS, False, Sight.NOTHING),
    ],
)
def test_one_function_decides_who_sees_what(
    viewer: Person | None, wanted: Room | Listed | None, public: bool, seen: Sight
) -> None:
    assert sight(viewer, wanted, public) is seen


@pytest.mark.parametrize(
    ("spec", "role", "shares"),
    [
        ("nora@birch.example", Role.REQUESTER, BIRCH.domains),
        ("nora@BIRCH.test", Role.REQUESTER, BIRCH.domains),
        ("nora@sub.birch.example", Role.REQUESTER, ()),
        ("nora@notbirch.example", Role.REQUESTER, ()),
        ("birch.example@elsewhere.example", Role.REQUESTER, ()),
        ("nora@birch.example", Role.AGENT, ()),
    ],
)
def test_who_belongs_to_a_company_is_told_by_the_registered_address(
    spec: str, role: Role, shares: tuple[str, ...]
) -> None:
    policy = replace(days.POLICY, companies=(BIRCH,))
    assert policy.viewer(Person(1, Address(spec), role=role)).shares == shares
    closed = replace(policy, companies=(replace(BIRCH, is_shared=False),))
    assert closed.viewer(Person(1, Address(spec), role=role)).shares == ()
