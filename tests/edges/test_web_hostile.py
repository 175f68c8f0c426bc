"""What a stranger writes is text, whatever field it stands in: a real browser parses it, finds no markup of theirs, and runs nothing."""

from __future__ import annotations

import re
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

from mailtickets.core.mail import Address
from mailtickets.web import serve
from mailtickets.web.cleaning import cleaned
from tests import day as days
from tests.day import ANN, BEN, MARIA
from tests.edges.hostile import PAYLOADS, SVG
from tests.edges.test_browser import CHROMIUM, Site, _run, browser

__all__ = ["browser"]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="left out: Chromium (apt install chromium)")

# What could run, send or fetch something, or stand in the way of the page: in a parsed document.
SUSPECT = """html => {
  const doc = new DOMParser().parseFromString(html, "text/html");
  const found = [];
  for (const e of doc.querySelectorAll("*")) {
    const name = e.localName;
    if (/^(script|iframe|frame|object|embed|base|svg|math|form|input|button|textarea|select|link|meta|style|template|video|audio|source|noscript|marquee|details)$/.test(name)) found.push(name);
    for (const a of e.attributes) {
      if (/^on/.test(a.name)) found.push(name + " " + a.name);
      if (/^(src|srcset|srcdoc|background|poster|ping|action|formaction|data|popover|popovertarget|id|name)$/.test(a.name)) found.push(name + " " + a.name);
      if (/href$/.test(a.name) && !/^(https?|mailto):/i.test(a.value)) found.push(name + " " + a.value);
      if (a.name === "style" && /url|@import|expression|position|behavior|binding|\\\\/i.test(a.value)) found.push("style " + a.value);
    }
  }
  return found;
}"""
# These are no markup in any form.
HARMLESS = {
    "bare link", "template language", "entities", "entities twice", "utf-7", "wide letters",
    "attribute in a field", "attribute after an apostrophe", "link that ends in a quote",
    # A browser reads these as an element of an odd name, and as a comment.
    "script in a script", "cdata",
}  # fmt: skip


@dataclass(frozen=True)
class Trap:
    """A ticket that a payload stands on wherever a stranger can put one."""

    name: str
    ticket: int
    letter: int  # Entry.id


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    sock = serve.listening("127.0.0.1:0")
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    day = days.open_day(tmp_path_factory.mktemp("day"), replace(days.POLICY, url=url))
    server = uvicorn.Server(serve.config(days.window(day)))
    thread = threading.Thread(target=_run, args=(server, sock))
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Site(url, day)
    server.should_exit = True
    thread.join()
    day.store.close_sync()


def _line(payload: str) -> str:
    """As a header can hold it."""
    return " ".join(payload.split())


class Watched:
    """A page, and all that it did besides showing itself."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.done: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._did(f"error: {error}"))
        page.on("dialog", self._asked)
        page.on("popup", lambda _: self._did("popup"))
        page.on("download", lambda _: self._did("download"))
        page.on("requestfinished", self._fetched)

    def _did(self, what: str) -> None:
        self.done.append(what)

    def _said(self, message: ConsoleMessage) -> None:
        self._did(f"console: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        self._did("dialog")
        dialog.dismiss()

    def _fetched(self, request: Request) -> None:
        if not request.url.startswith(self.url):
            self._did(f"request: {request.url}")

    def look(self, url: str) -> None:
        self.page.goto(url, wait_until="load")
        assert self.page.evaluate("window.hit") is None
        assert self.done == []


def _word(name: str) -> str:
    """As a header can hold it, whatever is in it (RFC 2047)."""
    return f"=?utf-8?b?{b64encode(name.encode()).decode()}?="


@pytest.fixture(scope="module")
def traps(site: Site) -> dict[str, Trap]:
    """One ticket for each payload: in the subject, a name, the text, the HTML and a file's name; and one with all in an answer and a note."""
    day, found = site.day, {}
    for k, (name, payload) in enumerate(PAYLOADS.items()):
        eve = Address(f"eve{k}@elsewhere.example", _word(_line(payload)))
        said = f"{payload}\n\nOn Friday Ann wrote:\n> {_line(payload)}\n"
        ending = day.letter(
            days.at(19, 9), eve, _line(payload), said, html=f"<p>{payload}</p>",
            files=((_line(payload) + ".svg", "image/svg+xml", SVG), ("x.html", "text/html", payload.encode())),
        )  # fmt: skip
        assert ending.ticket is not None
        letter = day.store.read_sync(_first_entry, ending.ticket)
        found[name] = Trap(name, ending.ticket, letter)
    every = "\n\n".join(PAYLOADS.values())
    first = day.letter(days.at(19, 9), MARIA, "All of them", every)
    day.letter(days.at(19, 10), BEN, f"Re: [#{first.ticket}]", f"#note\n\n{every}\n")
    day.letter(days.at(19, 11), ANN, f"Re: [#{first.ticket}]", f"You wrote {every}\n")
    assert first.ticket is not None
    return {**found, "all": Trap("all", first.ticket, day.store.read_sync(_first_entry, first.ticket))}


@pytest.fixture(scope="module")
def watched(site: Site, browser: Browser, traps: dict[str, Trap]) -> Iterator[Watched]:
    """An agent who looks at one page after the other."""
    context = site.visit(browser, ANN)
    yield Watched(context.new_page(), site.url)
    context.close()


def _first_entry(tx: object, number: int) -> int:
    from mailtickets.store import views

    view = views.ticket(tx, number)  # type: ignore[arg-type]
    assert view is not None
    return view.entries[0].id


# What our own pages are made of. Whatever else a page holds, somebody has put there.
OURS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "link",
        "body",
        "a",
        "header",
        "div",
        "nav",
        "form",
        "button",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "span",
        "b",
        "ol",
        "ul",
        "li",
        "article",
        "time",
        "details",
        "summary",
        "blockquote",
        "section",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "aside",
        "dl",
        "dt",
        "dd",
        "footer",
        "label",
        "input",
        "code",
        "wbr",
        "iframe",
    ]
)
EVERYTHING = """() => [...document.querySelectorAll("*")].flatMap(e => [
  e.localName, ...[...e.attributes].filter(a => /^on|^src|^style$/.test(a.name)).map(a => a.name),
  ...[...e.attributes].filter(a => /href|action/.test(a.name) && !/^(\\/|#|mailto:|https?:|\\?)/i.test(a.value)).map(a => a.value)])"""


def _letters(text: str) -> str:
    """What is seen of a text, wherever its lines were broken."""
    return "".join(c for c in text if c.isprintable() and not c.isspace())


def _is_ours(page: Page, besides: frozenset[str] = frozenset()) -> None:
    assert frozenset(page.evaluate(EVERYTHING)) - OURS - besides == set()


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_text_on_every_page(watched: Watched, traps: dict[str, Trap], name: str) -> None:
    trap = traps[name]
    ticket = f"{watched.url}/ticket/{trap.ticket}"
    watched.look(ticket)
    _is_ours(watched.page)
    assert _letters(PAYLOADS[name]) in _letters(watched.page.locator("body").text_content() or "")
    watched.look(f"{ticket}/letter/{trap.letter}")
    _is_ours(watched.page, frozenset({"src"}))
    # Not only in the frame: somebody may open the document by itself.
    watched.look(f"{ticket}/letter/{trap.letter}/frame")


def test_payloads_are_text_in_answers_notes_lists_and_questions(
    watched: Watched, traps: dict[str, Trap]
) -> None:
    for path in (f"/ticket/{traps['all'].ticket}", "/", "/tickets", "/tickets?page=2", "/tickets?page=3"):
        watched.look(watched.url + path)
        _is_ours(watched.page)
    for payload in PAYLOADS.values():
        watched.look(f"{watched.url}/tickets?{urlencode({'q': _line(payload)})}")
        _is_ours(watched.page)


@pytest.mark.parametrize("name", ["script", "picture", "svg script", "mutation", "link", "style attribute"])
def test_a_payload_is_text_for_a_customer(
    site: Site, browser: Browser, traps: dict[str, Trap], name: str
) -> None:
    number = list(PAYLOADS).index(name)
    context = site.visit(browser, Address(f"eve{number}@elsewhere.example"))
    watched = Watched(context.new_page(), site.url)
    for path in (f"/ticket/{traps[name].ticket}", "/tickets"):
        watched.look(site.url + path)
        _is_ours(watched.page)
    context.close()


def test_what_is_typed_to_sign_in_comes_back_as_text(site: Site, browser: Browser) -> None:
    context = site.visit(browser, None)
    watched = Watched(context.new_page(), site.url)
    for payload in ('"><img src=x onerror=top.hit=1>', '"onfocus=top.hit=1>@x.example', "<b>@x.example"):
        watched.page.goto(f"{site.url}/sign-in")
        watched.page.evaluate(
            "p => { const i = document.querySelector('input'); i.type = 'text'; i.value = p }", payload
        )
        with watched.page.expect_navigation():
            watched.page.evaluate("document.querySelector('main form').submit()")
        assert watched.page.evaluate("window.hit") is None
        _is_ours(watched.page)
    # The page says with 422 what is no address, and the browser writes that down.
    assert not [one for one in watched.done if not one.startswith("console: Failed to load resource")]
    context.close()


@pytest.mark.parametrize("index", [0, 1])
def test_a_file_is_saved_and_never_shown(
    site: Site, browser: Browser, traps: dict[str, Trap], index: int
) -> None:
    trap = traps["script"]
    context = site.visit(browser, ANN)
    page = context.new_page()
    with page.expect_download() as download, pytest.raises(Exception, match="Download is starting"):
        page.goto(f"{site.url}/ticket/{trap.ticket}/attachment/{trap.letter}/{index}")
    assert not re.search(r"[<>/\\\"]", download.value.suggested_filename)
    # Nor can another page of the browser put it to use.
    page.goto(f"{site.url}/ticket/{trap.ticket}")
    for markup in ('<img src="{}">', '<object data="{}"></object>', '<iframe src="{}"></iframe>'):
        src = f"/ticket/{trap.ticket}/attachment/{trap.letter}/{index}"
        page.evaluate("m => document.body.insertAdjacentHTML('beforeend', m)", markup.format(src))
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    context.close()


# The HTML of a letter


@pytest.fixture(scope="module")
def parser(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("name", PAYLOADS)
def test_nothing_suspect_is_left_of_a_payload(parser: Page, name: str) -> None:
    assert parser.evaluate(SUSPECT, cleaned(PAYLOADS[name])) == []
    assert parser.evaluate(SUSPECT, cleaned(cleaned(PAYLOADS[name]))) == []


@pytest.mark.parametrize("name", sorted(PAYLOADS.keys() - HARMLESS))
def test_without_cleaning_each_payload_would_be_found(parser: Page, name: str) -> None:
    assert parser.evaluate(SUSPECT, PAYLOADS[name])


def test_without_cleaning_nothing_would_run_either(
    site: Site, browser: Browser, traps: dict[str, Trap], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailtickets.web.cleaning.cleaned", lambda html: html)
    context = site.visit(browser, ANN)
    for name in ("script", "picture", "svg", "form", "style", "picture from elsewhere", "refresh"):
        page = context.new_page()
        watched = Watched(page, site.url)
        page.goto(f"{site.url}/ticket/{traps[name].ticket}/letter/{traps[name].letter}")
        page.wait_for_load_state()
        assert page.evaluate("window.hit") is None
        assert not [one for one in watched.done if not one.startswith("console: ")]
        assert not [frame for frame in page.frames if "evil" in frame.url]
        page.close()
    context.close()


def test_without_any_defence_a_payload_does_run(browser: Browser) -> None:
    """The test of these tests: the same browser runs what it is handed."""
    page = browser.new_page()
    page.set_content(PAYLOADS["picture"])
    page.wait_for_function("window.hit === 1", timeout=5000)
    page.close()
