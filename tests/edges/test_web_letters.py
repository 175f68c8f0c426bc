"""A letter as it was sent: staff sees its looks, in a frame that can do nothing, however it was built."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from mailtickets.core import reading
from mailtickets.store import views
from mailtickets.web.cleaning import cleaned
from tests import day as days
from tests.day import ANN, BEN, MARIA, Day

TABLE = (
    '<html lang="en"><head><style>td { color: red }</style></head><body><p style="color: #c00; font-weight: bold">Late</p>'
    '<table border="1" cellpadding="4"><tr><td bgcolor="#ffffcc" width="80">Invoice</td><td align="right">417</td></tr></table>'
    '<p>See <a href="https://example.com/417" onclick="x()">there</a> <img src="cid:logo" alt="our logo"></p></body></html>'
)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    day = days.open_day(tmp_path)
    yield day
    day.store.close_sync()


@pytest.fixture
async def ann(day: Day) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(days.window(day)),
        base_url="http://desk.example.org",
        cookies={"mailtickets": days.session(day, ANN)},
    ) as client:
        yield client


def _entries(day: Day) -> list[int]:
    view = day.store.read_sync(views.ticket, 1042)
    assert view is not None
    return [entry.id for entry in view.entries]


async def test_a_formatted_letter_is_seen_with_its_looks(ann: httpx.AsyncClient, day: Day) -> None:
    day.letter(days.at(19, 9), MARIA, "Invoice", "Late: invoice 417\n", html=TABLE)
    page = (await ann.get("/ticket/1042")).text
    (path,) = re.findall(r'href="([^"]+)">As it was sent</a>', page)
    around = await ann.get(path)
    assert around.headers["content-security-policy"].endswith("; frame-src 'self'")
    (frame,) = re.findall(r'<iframe[^>]* src="([^"]+)"', around.text)
    assert '<iframe class="gap" sandbox="allow-popups allow-popups-to-escape-sandbox" ' in around.text
    inside = (await ann.get(frame)).text
    assert '<p style="color:#c00;font-weight:bold">Late</p>' in inside
    assert '<td bgcolor="#ffffcc" width="80">Invoice</td>' in inside
    assert (
        '<a href="https://example.com/417" target="_blank" rel="noopener noreferrer nofollow">there</a>'
        in inside
    )
    assert "there</a> [image: our logo]" in inside
    assert "color: red" not in inside
    assert "onclick" not in inside


async def test_the_frame_has_a_policy_of_its_own(ann: httpx.AsyncClient, day: Day) -> None:
    day.letter(days.at(19, 9), MARIA, "Invoice", "Late\n", html=TABLE)
    headers = (await ann.get(f"/ticket/1042/letter/{_entries(day)[0]}/frame")).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy == {
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_plain_letter_is_seen_as_text(ann: httpx.AsyncClient, day: Day) -> None:
    day.letter(days.at(19, 9), MARIA, "Printer", "It prints <b>blank</b> pages.\n\n> and this was quoted\n")
    inside = (await ann.get(f"/ticket/1042/letter/{_entries(day)[0]}/frame")).text
    assert "<pre>It prints &lt;b&gt;blank&lt;/b&gt; pages.\n\n&gt; and this was quoted</pre>" in inside


async def test_what_was_no_letter_cannot_be_seen_as_it_was_sent(ann: httpx.AsyncClient, day: Day) -> None:
    day.letter(days.at(19, 9), MARIA, "Printer", "It prints blank pages.\n")
    day.letter(days.at(19, 9), BEN, "Phone", "It rings.\n")
    other = day.store.read_sync(views.ticket, 1043)
    assert other is not None
    for message in (999_999, other.entries[0].id):
        for path in (f"/ticket/1042/letter/{message}", f"/ticket/1042/letter/{message}/frame"):
            assert (await ann.get(path)).status_code == 404


@pytest.mark.parametrize(
    "html",
    [
        # What is left open is repeated by a browser's rules: quadratic, or worse.
        "".join(f"<p><b class=a{i}>" for i in range(20_000)),
        "<div>" * 200_000,
        "<table><tr><td>" * 50_000,
        "<font size=1>" * 20_000 + "<p>x" * 20_000,
        "<svg><desc>" * 50_000,
        "<a href=x>" * 100_000,
        "<!--" * 300_000,
        "<" * 1_000_000,
        "&" * 1_000_000,
        '<b style="' + "color:red;" * 100_000 + '">x</b>',
    ],
    ids=lambda html: html[:20],
)
def test_no_html_grows_or_holds_up_the_page(html: str) -> None:
    letter = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Words</p>" + html.encode()
    assert reading.as_sent(letter).startswith(("<html><body><p>Words</p>", "<pre>Words"))
    assert len(cleaned(reading.as_sent(letter))) < 20 * len(html) + 10_000


def test_both_forms_of_a_letter_are_seen_as_the_formatted_one() -> None:
    letter = (
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"
        b"--y\r\nContent-Type: text/plain\r\n\r\nplain\r\n--y\r\nContent-Type: text/html\r\n\r\n<p>pretty</p>\r\n--y--\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\nand a <list>\r\n--x--\r\n"
    )
    assert reading.as_sent(letter) == "<html><body><p>pretty</p></body></html><pre>and a &lt;list&gt;</pre>"
