"""The pages over HTTP: what they say, what they link to, and the headers that no answer leaves without."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from mailtickets.core.case import Outcome
from mailtickets.core.mail import Address
from mailtickets.store import sessions, views
from mailtickets.web.armour import PAGE_POLICY
from tests import day as days
from tests.day import ANKE, ANN, MARIA, TOM, Day

BASE = "http://desk.example.org"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


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
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


@pytest.fixture
async def ann(web: httpx.AsyncClient, day: Day) -> httpx.AsyncClient:
    web.cookies.set("mailtickets", days.session(day, ANN))
    return web


@pytest.fixture
async def maria(web: httpx.AsyncClient, day: Day) -> httpx.AsyncClient:
    web.cookies.set("mailtickets", days.session(day, MARIA))
    return web


class Links(HTMLParser):
    """All addresses that a page names, and all elements and attributes that it uses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "action"):
                self.hrefs.append(value or "")


def _plain(page: str) -> str:
    """The words of a page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


# What every answer has


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/tickets",
        "/ticket/1042",
        "/ticket/1",
        "/sign-in",
        "/api/tickets",
        "/healthz",
        "/static/page.css",
        "/static/nothing",
        "/nowhere",
        "/tickets/",
        "/ticket/1042/attachment/1/99",
        "/api/nowhere",
        "/api/tickets/1",
        "/api/tickets?page=0",
        "/api/openapi.json",
        "POST /tickets",
        "POST /api/tickets",
        "POST /sign-in",
        "POST /sign-in/guessed",
        "OPTIONS /",
        "TRACE /",
    ],
)
async def test_no_answer_leaves_without_its_armour(ann: httpx.AsyncClient, path: str) -> None:
    method, _, path = path.rpartition(" ")
    headers = (await ann.request(method or "GET", path)).headers
    assert headers["content-security-policy"] == POLICY == PAGE_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert "no-store" in headers["cache-control"] or path.startswith("/static/")
    assert "server" not in headers


@pytest.mark.parametrize(
    "path", ["/", "/tickets", "/tickets?q=statsu:open", "/ticket/1042", "/sign-in", "/nowhere"]
)
async def test_a_page_needs_no_script_no_inline_style_and_nobody_elses_server(
    ann: httpx.AsyncClient, path: str
) -> None:
    links = Links((await ann.get(path)).text)
    assert not links.tags & {"script", "style", "iframe", "object", "embed", "base"}
    assert not {a for a in links.attributes if a == "style" or a.startswith("on")}
    outside = [href for href in links.hrefs if not href.startswith(("/", "#", "mailto:", "?"))]
    # What a customer's or an agent's text links to is only followed on a click.
    assert set(outside) <= {"https://support.example.org/printers/status-page"}


@pytest.mark.parametrize(
    "path", ["/", "/tickets", "/tickets?q=is:done", "/ticket/1042", "/sign-in", "/nowhere"]
)
async def test_every_link_of_a_page_leads_somewhere(ann: httpx.AsyncClient, path: str) -> None:
    page = (await ann.get(path)).text
    ids = set(re.findall(r'id="([^"]+)"', page))
    for href in dict.fromkeys(Links(page).hrefs):
        if href.startswith("#"):
            assert href[1:] in ids
        elif href.startswith("/") and href not in ("/sign-out",):
            answer = await ann.get(href.replace("&amp;", "&"))
            assert answer.status_code == 200, href


async def test_the_same_page_answers_head(ann: httpx.AsyncClient) -> None:
    assert (await ann.head("/ticket/1042")).status_code == 200


async def test_static_files_change_their_address_with_what_is_in_them(web: httpx.AsyncClient) -> None:
    page = (await web.get("/sign-in")).text
    (address,) = re.findall(r'href="(/static/page\.css\?v=\w+)"', page)
    answer = await web.get(address)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert len(answer.content) < 12_000
    assert (await web.get("/static/../app.py")).status_code == 404
    assert (await web.get("/static/..%2Fapp.py")).status_code == 404


# Overview


async def test_the_overview_counts_by_meaning_and_by_status(ann: httpx.AsyncClient) -> None:
    page = _plain((await ann.get("/")).text)
    assert "Friday 20 November 2026, 09:12" in page
    assert "7 Waiting for us longest 2 d 4 h 6 With nobody" in page
    assert "New 5 Open 2 In progress 0 Waiting for customer 1 Resolved 1 Closed 0" in page


async def test_who_waits_longest_for_us_stands_first(ann: httpx.AsyncClient) -> None:
    page = (await ann.get("/")).text
    waiting = re.findall(r'<td class="no">(\d+)</td>', page)
    # 1047 waits for the customer, 1048 is done; of 1042 only the last letter waits.
    assert waiting == ["1043", "1044", "1050", "1045", "1046", "1049", "1042"]


async def test_what_did_not_arrive_stands_on_the_overview(ann: httpx.AsyncClient) -> None:
    page = _plain((await ann.get("/")).text)
    assert "A mail on 1042 could not be delivered to lee.chang@birch.example: The mailbox is full." in page


async def test_somebody_not_signed_in_sees_figures_only_if_the_operator_says_so(day: Day) -> None:
    transport = httpx.ASGITransport(days.window(day, public_counts=True))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as web:
        answer = await web.get("/")
    assert "5 New 2 In progress 1 Waiting for an answer 1 Solved or closed" in _plain(answer.text)
    for word in ("1042", "Printer", "Maria", "Ann", "lee.chang"):
        assert word not in answer.text


async def test_an_empty_desk_says_so_and_what_to_do(tmp_path: Path) -> None:
    day = days.open_day(tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(days.window(day)), base_url=BASE) as web:
        web.cookies.set("mailtickets", days.session(day, ANN))
        assert "Nothing waits for us" in (await web.get("/")).text
        assert "The first mail to the desk opens the first one." in (await web.get("/tickets")).text
    day.store.close_sync()


# Tickets


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("q=status:resolved", [1048]),
        ("status=resolved", [1048]),
        ("q=assignee:ben", [1045]),
        ("assignee=ben@example.org", [1045]),
        ("q=assignee:me", [1042]),
        ("q=assignee:nobody+waiting:customer", [1047]),
        ("q=drum", [1042]),
        ("text=drum", [1042]),
        ("q=%22blank+pages%22", [1042]),
        ("q=maria+is:open", [1042, 1044]),
        ("q=tom+-zebra", [1043, 1047, 1050]),
        ("q=tom+-status:new+-is:done", [1047]),
        ("q=status:resolved+or+assignee:ben", [1045, 1048]),
        ("q=(drum+or+zebra)+created:<99d", [1042]),
        ("q=n:1045..1047+-assignee:ben", [1046, 1047]),
        ("q=sort:number&sort=", [1042, 1043, 1044, 1045, 1046, 1047, 1048, 1049, 1050]),
        ("q=sort:number&sort=-number", [1050, 1049, 1048, 1047, 1046, 1045, 1044, 1043, 1042]),
        ("sort=number", [1042, 1043, 1044, 1045, 1046, 1047, 1048, 1049, 1050]),
        ("sort=-number", [1050, 1049, 1048, 1047, 1046, 1045, 1044, 1043, 1042]),
        ("sort=-priority", [1042, 1050, 1049, 1048, 1047, 1046, 1044, 1043, 1045]),
        ("sort=nonsense&q=is:done", [1048]),
        ("page=0&q=is:done", [1048]),
        ("page=seven&q=is:done", [1048]),
        ("page=2", []),
    ],
)
async def test_tickets_are_narrowed_and_sorted_as_asked(
    ann: httpx.AsyncClient, query: str, numbers: list[int]
) -> None:
    page = (await ann.get(f"/tickets?{query}")).text
    found = [int(number) for number in re.findall(r'<td class="no">(\d+)</td>', page)]
    assert (found if "sort=" in query else sorted(found)) == numbers


async def test_a_slip_in_a_question_is_answered_with_the_right_one(ann: httpx.AsyncClient) -> None:
    page = (await ann.get("/tickets?q=statsu:open+printer")).text
    assert "The desk does not know <code>statsu:</code>." in page
    assert '<a href="/tickets?q=status%3Aopen+printer">status:open printer</a>' in page
    assert 'value="statsu:open printer"' in page


async def test_groups_of_a_list_have_headings(ann: httpx.AsyncClient) -> None:
    page = (await ann.get("/tickets?q=group:status+sort:number")).text
    headings = re.findall(r'<th scope="rowgroup" colspan="6">([^<]+)</th>', page)
    assert headings == list(dict.fromkeys(headings))
    assert {"New", "Resolved"} <= set(headings)
    assert re.search(r"With Ben Okafor</th>", (await ann.get("/tickets?q=group:assignee")).text)


async def test_a_question_that_finds_nothing_is_answered_with_a_wider_one(ann: httpx.AsyncClient) -> None:
    page = (await ann.get("/tickets?q=assignee:me+zebra")).text
    assert "No ticket matches" in page
    assert '<a href="/tickets?q=assignee%3Ame">assignee:me</a>' in page


async def test_a_long_list_comes_in_pages(tmp_path: Path) -> None:
    day = days.open_day(tmp_path)
    for n in range(60):
        day.letter(days.at(19, 9, n), MARIA if n % 3 else TOM, f"Matter {n}", "Words.\n")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(days.window(day)), base_url=BASE) as web:
        web.cookies.set("mailtickets", days.session(day, ANN))
        first = (await web.get("/tickets")).text
        assert "1–25 of 60" in first
        assert 'href="/tickets?page=2" rel="next"' in first
        last = (await web.get("/tickets?page=3")).text
        assert "51–60 of 60" in last
        assert 'rel="next"' not in last
        numbers = []
        for page in (1, 2, 3):
            numbers += re.findall(r'<td class="no">(\d+)</td>', (await web.get(f"/tickets?page={page}")).text)
        assert len(set(numbers)) == 60
    day.store.close_sync()


async def test_a_customers_list_has_nothing_of_how_we_work(maria: httpx.AsyncClient) -> None:
    page = (await maria.get("/tickets")).text
    assert "Your tickets" in page
    assert "In progress" in page
    assert "Received" in page
    for word in ("Priority", "With", "How to ask", "Overview", "VPN"):
        assert word not in page


# One ticket


async def test_a_ticket_shows_the_talk_in_order_with_all_that_belongs_to_it(ann: httpx.AsyncClient) -> None:
    page = _plain((await ann.get("/ticket/1042")).text)
    parts = (
        "Open High Waiting for us 25 min With Ann Smith",
        "Maria Lopez Requester Thu 19 Nov, 09:14",
        "blank-page.jpg 412 kB",
        "Automatic: acknowledgement mailed to Maria Lopez",
        "Ann Smith, Thu 09:31: with nobody → Ann Smith",
        "Ann Smith Agent Thu 19 Nov, 09:40 to Maria Lopez and Lee Chang",
        "Handed over to maria.lopez@birch.example and lee.chang@birch.example, Thu 09:42",
        "Ben Okafor Internal note, staff only",
        "Quoted text, ",
        "Not delivered to lee.chang@birch.example. The mailbox is full (552 5.2.2, Thu 15:12). The desk will not try",
        "Handed over to maria.lopez@birch.example, Thu 15:12",
        "Automatic: an absence notice from Lee Chang filed, Thu 15:12",
        "Maria Lopez Requester today, 08:47",
        "History When Who What",
        "Status Waiting for customer → Open mail",
        "Opened by mail to support@example.org mail",
        "Copy to Lee Chang bounced",
        "First answer after 26 min",
    )
    at = -1
    for part in parts:
        assert part in page
        assert page.index(part) > at, part
        at = page.index(part)


async def test_every_action_is_a_mail_with_the_command_filled_in(ann: httpx.AsyncClient) -> None:
    page = (await ann.get("/ticket/1042")).text
    subject = "subject=Re%3A%20%5B%231042%5D%20Printer%20on%20the%20second%20floor%20prints%20blank%20pages"
    for label, body in (
        ("Reply", ""),
        ("Add note", "&amp;body=%23note%0D%0A%0D%0A"),
        ("Close", "&amp;body=%23close"),
        ("Status Waiting for customer", "&amp;body=%23status%20waiting"),
        ("Priority Normal", "&amp;body=%23priority%20normal"),
        ("With nobody", "&amp;body=%23assign%20nobody"),
    ):
        link = f'href="mailto:support@example.org?{subject}&amp;in-reply-to=%3C'
        assert re.search(rf'{re.escape(link)}[^"&]+%3E{re.escape(body)}">{label}</a>', page)
    assert "Assign to me" not in page  # it is hers already
    assert len(re.findall('class="btn main"', page)) == 1


@pytest.mark.parametrize(("who", "label"), [(ANN, "Close"), (MARIA, "It works now, thank you")])
async def test_a_button_proves_who_pressed_it_where_the_mail_program_answers(
    tmp_path: Path, who: Address, label: str
) -> None:
    day = days.open_day(tmp_path)
    day.letter(days.at(19, 9), MARIA, "Printer", "It prints blank pages.\n")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(days.window(day)), base_url=BASE) as web:
        web.cookies.set("mailtickets", days.session(day, who))
        page = (await web.get("/ticket/1042")).text
    found = re.search(rf'href="(mailto:[^"]+)">{label}</a>', page)
    assert found is not None
    fields = dict(parse_qsl(urlsplit(unescape(found[1])).query))
    # Nothing but the link vouches for the sender.
    ending = day.letter(
        days.at(19, 10), who, fields["subject"], fields["body"], answers=fields["in-reply-to"], verdict="none"
    )
    assert ending.outcome is Outcome.COMMANDED
    day.store.close_sync()


async def test_a_customer_is_told_whose_turn_it_is(maria: httpx.AsyncClient, day: Day) -> None:
    page = _plain((await maria.get("/ticket/1042")).text)
    assert "It is our turn. Ann Smith looks after this. We have your message of today 08:47." in page
    assert "You Thu 19 Nov, 09:14 Good morning," in page
    assert "Ann Smith Example Support Thu 19 Nov, 09:40" in page
    assert "It works now, thank you" in page
    page = _plain((await maria.get("/ticket/1044")).text)
    assert "It is our turn. We have your message of Thu 08:00. A person reads it and answers by mail." in page


@pytest.mark.parametrize(
    ("who", "number", "told"),
    [
        (TOM, 1047, "It is your turn. Ben Okafor wrote to you Thu 17:05. Write to us when you can."),
        (ANKE, 1048, "This is solved, as far as we know. If it is not, write to us and we go on with it."),
    ],
)
async def test_a_customer_is_told_what_a_status_asks_for(
    web: httpx.AsyncClient, day: Day, who: Address, number: int, told: str
) -> None:
    web.cookies.set("mailtickets", days.session(day, who))
    assert told in _plain((await web.get(f"/ticket/{number}")).text)


async def test_what_people_write_is_text_and_nothing_else(tmp_path: Path) -> None:
    day = days.open_day(tmp_path)
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    sender = Address("eve@elsewhere.example", '"><script>alert(3)</script>')
    day.letter(
        days.at(19, 9), sender, hostile, f"{hostile}\njavascript:alert(4)\n",
        files=(('"><script>x.svg', "image/svg+xml", b"<svg onload='alert(5)'/>"),),
    )  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(days.window(day)), base_url=BASE) as web:
        for who in (ANN, sender):
            web.cookies.set("mailtickets", days.session(day, who))
            for path in ("/", "/tickets", "/ticket/1042", f"/tickets?q={hostile}"):
                links = Links((await web.get(path, follow_redirects=True)).text)
                assert "script" not in links.tags
                assert "img" not in links.tags
                assert not {a for a in links.attributes if a.startswith("on")}
                assert not [h for h in links.hrefs if h.lower().startswith("javascript")]
    day.store.close_sync()


async def test_a_long_talk_folds_all_but_the_first_and_the_last_ten(tmp_path: Path) -> None:
    day = days.open_day(tmp_path)
    day.letter(days.at(18, 9), MARIA, "Long talk", "Word 0.\n")
    for n in range(1, 30):
        day.letter(days.at(18, 9, n), MARIA, "Re: [#1042] Long talk", f"Word {n}.\n")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(days.window(day)), base_url=BASE) as web:
        web.cookies.set("mailtickets", days.session(day, MARIA))
        page = (await web.get("/ticket/1042")).text
    before, _, rest = page.partition("<summary>19 older messages</summary>")
    folded, _, after = rest.partition("</details>")
    assert "Word 0." in before
    assert "Word 1." in folded
    assert "Word 19." in folded
    assert "Word 20." in after
    assert "Word 29." in after
    day.store.close_sync()


# Files


async def test_a_file_comes_as_octets_to_be_saved_and_can_do_nothing(
    ann: httpx.AsyncClient, day: Day
) -> None:
    page = (await ann.get("/ticket/1042")).text
    photo, paper, _ = re.findall(r'href="(/ticket/1042/attachment/\d+/\d)"', page)
    answer = await ann.get(photo)
    assert answer.content == b"\xff\xd8" * 206_000
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="blank-page.jpg"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    named = (await ann.get(paper)).headers["content-disposition"]
    assert named == "attachment; filename=\"test _ print.pdf\"; filename*=UTF-8''test%20%26%20print.pdf"


@pytest.mark.parametrize("which", ["{entry}/99", "999999/0", "{other}/0", "{entry}/2147483648"])
async def test_a_file_that_is_not_on_the_ticket_is_not_found(
    ann: httpx.AsyncClient, day: Day, which: str
) -> None:
    here = day.store.read_sync(views.ticket, 1042)
    other = day.store.read_sync(views.ticket, 1046)
    assert here is not None
    assert other is not None
    path = which.format(entry=here.entries[0].id, other=other.entries[0].id)
    assert (await ann.get(f"/ticket/1042/attachment/{path}")).status_code == 404


# The API


async def test_the_api_lists_tickets_by_the_names_of_their_fields(ann: httpx.AsyncClient) -> None:
    answer = await ann.get("/api/tickets", params={"status": "waiting"})
    listed = answer.json()
    assert listed["total"] == 1
    assert listed["next"] is None
    (only,) = listed["tickets"]
    assert only["number"] == 1047
    assert only["status"] == "waiting"
    assert only["requester"] == "tom@elm.example"
    assert only["assignee"] is None
    assert only["url"] == "http://desk.example.org/ticket/1047"
    assert only["created"] == "2026-11-17T08:00:00Z"


async def test_the_api_leads_from_page_to_page(ann: httpx.AsyncClient) -> None:
    numbers: list[int] = []
    following: str | None = "/api/tickets?rows=4&sort=number"
    while following:
        answer = (await ann.get(following)).json()
        numbers += [one["number"] for one in answer["tickets"]]
        following = answer["next"]
    assert numbers == list(range(1042, 1051))


async def test_the_api_tells_a_ticket_with_its_history(ann: httpx.AsyncClient) -> None:
    told = (await ann.get("/api/tickets/1042")).json()
    assert [m["kind"] for m in told["messages"]].count("note") == 1
    assert told["messages"][0]["attachments"][0]["name"] == "blank-page.jpg"
    assert told["history"][0]["field"] == "opened"
    assigned = next(row for row in told["history"] if row["field"] == "assignee")
    assert (assigned["old"], assigned["new"], assigned["by"]) == (None, "ann@example.org", "ann@example.org")


async def test_the_api_tells_a_requester_the_talk_only(maria: httpx.AsyncClient) -> None:
    told = (await maria.get("/api/tickets/1042")).json()
    assert {m["kind"] for m in told["messages"]} == {"public"}
    assert told["history"] == []


async def test_a_slip_in_a_question_to_the_api_is_said_in_words(ann: httpx.AsyncClient) -> None:
    answer = await ann.get("/api/tickets", params={"status": "opne"})
    assert answer.status_code == 422
    assert "Character 1: there is no status:opne" in answer.json()["detail"]
    assert "Did you mean status:open?" in answer.json()["detail"]


async def test_a_value_that_cannot_be_is_said_in_a_sentence(ann: httpx.AsyncClient) -> None:
    answer = await ann.get("/api/tickets?page=0&rows=many")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("page: Input should be greater than or equal to 1. rows: ")


async def test_openapi_describes_the_api_and_nothing_else(web: httpx.AsyncClient) -> None:
    told = (await web.get("/api/openapi.json")).json()
    assert set(told["paths"]) == {"/api/tickets", "/api/tickets/{number}"}
    fields = told["components"]["schemas"]["Brief"]["properties"]
    assert {"number", "subject", "status", "priority", "assignee", "requester"} <= set(fields)
    assert told["components"]["securitySchemes"]["APIKeyCookie"]["in"] == "cookie"


# When it goes wrong


async def test_a_broken_page_says_that_the_mail_goes_on_and_the_log_says_why(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise RuntimeError("the database is away")

    token = days.session(day, ANN)
    monkeypatch.setattr(views, "overview", away)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(days.window(day)), base_url=BASE) as web:
        with capture_logs() as lines:
            answer = await web.get("/", headers={"Cookie": f"mailtickets={token}"})
    assert answer.status_code == 500
    (code,) = re.findall(r"<code>(E-[0-9A-F]{4})</code>", answer.text)
    assert "The page broke, the mail did not" in answer.text
    assert answer.headers["content-security-policy"] == POLICY
    (line,) = lines
    assert (line["event"], line["code"], line["page"]) == ("page broke", code, "/")
    assert "the database is away" in line["error"]
    assert "the database is away" not in answer.text


async def test_a_sign_in_link_that_breaks_the_page_does_not_stand_in_the_log(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(sessions, "by_hash", away)
    window = days.window(day)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(window), base_url=BASE) as web:
        with capture_logs() as lines:
            answer = await web.get("/sign-in/a-secret-token", headers={"Cookie": "mailtickets=a-session"})
    assert answer.status_code == 500
    assert lines[0]["page"] == "/sign-in/…"
    assert "a-secret-token" not in str(lines)
    assert "a-session" not in str(lines)


async def test_the_page_says_whether_it_is_well(day: Day, tmp_path: Path) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(days.window(day)), base_url=BASE) as web:
        assert (await web.get("/healthz")).json() == {"status": "ok"}
    closed = days.open_day(tmp_path)
    window = days.window(closed)
    closed.store.close_sync()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(window), base_url=BASE) as web:
        answer = await web.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unwell"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed_here(ann: httpx.AsyncClient, method: str) -> None:
    for path in ("/", "/tickets", "/ticket/1042", "/api/tickets", "/api/tickets/1042", "/healthz"):
        answer = await ann.request(method, path)
        assert answer.status_code == 405


async def test_staff_reads_why_a_mail_is_there_and_who_heard_of_it(ann: httpx.AsyncClient) -> None:
    page = unescape((await ann.get("/ticket/1042")).text)
    assert "<summary>Why</summary>" in page
    assert "Written by a person: nothing says that a machine wrote it." in page
    assert "Is it who it says? The desk's own mail server vouches for the domain: dmarc=pass." in page
    assert "By which clue it is here: none of the desk's" in page
    assert "Mailed because of it: " in page


async def test_a_requester_is_not_told_how_the_desk_judged(maria: httpx.AsyncClient) -> None:
    page = (await maria.get("/ticket/1042")).text
    assert 'class="msg' in page
    assert "<summary>Why</summary>" not in page
    assert "who it says" not in page
