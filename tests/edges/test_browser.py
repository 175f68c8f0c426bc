"""The pages in a real browser: as an agent, as a customer, not signed in; narrow and wide, light and dark."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from mailtickets.core import facts
from mailtickets.core.mail import Address
from mailtickets.templates import Templates
from mailtickets.templates.sample import DESK, POLICY, SAMPLES
from mailtickets.web import serve
from tests import day as days
from tests.day import ANN, MARIA, NOW, Day

CHROMIUM = Path("/usr/bin/chromium")
# Without a sandbox, since the robot is root; without calls home, since it has no network.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (320, 380, 768, 1200)
PAGES = {
    ANN: ("/", "/tickets", "/tickets?q=is:open", "/tickets?q=statsu:open", "/tickets?q=zebra", "/ticket/1042", "/ticket/1045", "/ticket/1049", "/ticket/1042/letter/1"),
    MARIA: ("/tickets", "/ticket/1042", "/ticket/1044", "/sign-in"),
    None: ("/", "/sign-in", "/sign-in/abcdefghijklmnopqrstuvwxyzABCDEF"),
}  # fmt: skip
VISITS = [(who, path) for who, paths in PAGES.items() for path in paths]
Scheme = Literal["light", "dark"]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="left out: Chromium (apt install chromium)")


@dataclass(frozen=True)
class Site:
    """A window that serves, and the day that it shows."""

    url: str
    day: Day

    def visit(self, browser: Browser, who: Address | None, **wishes: object) -> BrowserContext:
        """A browser of its own for a visitor, signed in."""
        context = browser.new_context(**wishes)  # type: ignore[arg-type]
        if who:
            # Some time ago: nobody gets more than a few links an hour.
            token = days.session(self.day, who, NOW - timedelta(hours=2))
            context.add_cookies([{"name": "mailtickets", "value": token, "url": self.url}])
        return context


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    sock = serve.listening("127.0.0.1:0")
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    day = days.open_day(tmp_path_factory.mktemp("day"), replace(days.POLICY, url=url))
    days.printer(day)
    days.busy(day)
    server = uvicorn.Server(serve.config(days.window(day, public_counts=True)))
    thread = threading.Thread(target=_run, args=(server, sock))
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Site(url, day)
    server.should_exit = True
    thread.join()
    day.store.close_sync()


def _run(server: uvicorn.Server, sock: socket.socket) -> None:
    server.run(sockets=[sock])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.mark.parametrize(("who", "path"), VISITS, ids=[f"{w.name if w else 'nobody'} {p}" for w, p in VISITS])
def test_a_page_is_whole_at_every_width_in_light_and_dark(
    site: Site, browser: Browser, who: Address | None, path: str
) -> None:
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        said.append(message.text)

    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        context = site.visit(browser, who, color_scheme=scheme)
        page = context.new_page()
        page.on("console", listen)
        page.on("requestfailed", lambda request: said.append(request.url))
        page.goto(site.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(250, 249, 247)" if scheme == "light" else "rgb(21, 20, 19)")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (
                f"scrolls sideways at {width}"
            )
            assert _sticking_out(page) == [], f"sticks out at {width}"
        context.close()
    assert said == []


def _sticking_out(page: Page) -> list[str]:
    """Texts that are wider than the box they stand in."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('main *:not(.hide):not(.hide *)')]
           .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != 'inline'
                        && !['INPUT', 'SUMMARY'].includes(e.tagName) && e.clientWidth > 0)
           .map(e => e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 60))"""
    )
    return found


def test_somebody_signs_in_by_mail_reads_saves_a_file_and_signs_out(site: Site, browser: Browser) -> None:
    # With scripts off: nothing here needs one.
    context = site.visit(browser, None, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/ticket/1042")
    page.get_by_label("Your mail address").fill(MARIA.spec)
    page.get_by_role("button", name="Mail me the link").click()
    assert page.get_by_role("heading", name="Look in your mail").is_visible()

    ((_, link),) = site.day.store.write_sync(days.mailed_links)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    assert page.url == f"{site.url}/ticket/1042"
    assert page.get_by_text("It is our turn.").is_visible()

    quote = page.get_by_text("On 19 November at 09:40 Ann Smith wrote:")
    assert not quote.is_visible()
    page.get_by_text("Quoted text, ").first.click()
    assert quote.is_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="test & print.pdf").click()
    assert download.value.suggested_filename == "test & print.pdf"
    assert download.value.path().read_bytes() == b"%PDF-" * 17_600

    page.get_by_role("link", name="Your tickets").click()
    page.get_by_role("link", name="Invoice 2026-0417").click()
    assert "1044" in page.title()

    page.get_by_role("button", name="Sign out").click()
    assert page.url == f"{site.url}/sign-in"
    page.goto(f"{site.url}/tickets")
    assert page.url == f"{site.url}/sign-in"
    context.close()


def test_a_list_is_searched_sorted_and_narrowed_by_hand(site: Site, browser: Browser) -> None:
    context = site.visit(browser, ANN)
    page = context.new_page()
    page.goto(f"{site.url}/tickets")
    page.get_by_role("searchbox").fill("drum")
    page.get_by_role("button", name="Search").click()
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("link", name="All open").click()
    page.get_by_role("link", name="No.").click()
    assert page.locator("td.no").first.inner_text() == "1050"
    page.get_by_role("link", name="No. ↓").click()
    assert page.locator("td.no").first.inner_text() == "1042"
    assert page.get_by_role("searchbox").input_value() == "is:open"
    page.get_by_text("How to ask").click()
    page.get_by_role("link", name="status:resolved").click()
    assert page.locator("td.no").all_inner_texts() == ["1048"]
    context.close()


def test_a_row_becomes_a_card_on_a_phone(site: Site, browser: Browser) -> None:
    context = site.visit(browser, ANN, viewport={"width": 380, "height": 800})
    page = context.new_page()
    page.goto(f"{site.url}/tickets")
    row = page.locator("tbody tr").first
    assert page.locator("thead").is_hidden()
    subject, number = row.locator(".sub").bounding_box(), row.locator(".no").bounding_box()
    assert subject is not None
    assert number is not None
    assert subject["y"] < number["y"]
    context.close()


def test_paper_shows_folded_text_and_no_buttons(site: Site, browser: Browser) -> None:
    context = site.visit(browser, ANN)
    page = context.new_page()
    page.goto(f"{site.url}/ticket/1042")
    page.emulate_media(media="print")
    assert page.get_by_role("link", name="Reply").is_hidden()
    assert page.get_by_role("button", name="Sign out").is_hidden()
    assert page.evaluate(
        "getComputedStyle(document.querySelector('.msg details'), '::details-content').contentVisibility"
    ) == "visible"  # fmt: skip
    context.close()


def test_the_keyboard_finds_its_way_and_shows_where_it_is(site: Site, browser: Browser) -> None:
    context = site.visit(browser, ANN)
    page = context.new_page()
    page.goto(f"{site.url}/ticket/1042")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.get_by_text("Skip to the content").is_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML")
    context.close()


def test_what_a_stranger_wrote_does_not_run(tmp_path: Path, browser: Browser, site: Site) -> None:
    hostile = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    eve = Address("eve@elsewhere.example", "Eve")
    ending = site.day.letter(days.at(18, 8), eve, hostile, hostile + "\n")
    said: list[str] = []
    context = site.visit(browser, ANN)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{site.url}/ticket/{ending.ticket}")
    assert page.title().startswith(f"{ending.ticket} <img src=x")
    assert said == []
    context.close()


LONG = "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlungsstelle"


@pytest.mark.parametrize("is_odd", [False, True])
def test_no_mail_is_wider_than_a_narrow_phone(browser: Browser, is_odd: bool) -> None:
    """Nor one whose people, subject and words have no place to be broken at."""
    render = Templates.load().render
    page = browser.new_page(viewport={"width": 320, "height": 500})
    for sample in SAMPLES:
        reply, about = sample.reply, sample.about
        if is_odd:
            author = replace(reply.author, name=LONG) if reply.author else None
            text = f"{LONG} https://example.com/{'a' * 300}" if reply.text else ""
            reply = replace(reply, author=author, text=text)
        if is_odd and about:
            ticket = replace(about.ticket, subject="x" * 300)
            about = replace(about, ticket=ticket, requester=replace(about.requester, name=LONG))
        page.set_content(render(facts.of(reply, about, DESK, DESK.spec, "a@example.org", POLICY, NOW)).html)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, sample.name
    page.close()
