"""The defences of the page: each with its switch and the test that must notice when it is off, as in `sabotage`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from tests.torture.sabotage import Defence, _be, run


def _all_customers_are_one() -> None:
    from mailtickets.core.person import Person

    _be(Person, "reads_of", lambda *_: True)


def _all_projects_are_one() -> None:
    from mailtickets.core.person import Person

    _be(Person, "works_on", lambda self, _: self.is_staff)


def _notes_are_for_everybody() -> None:
    ticket = import_module("mailtickets.store.views.ticket")  # the package means its function by that name
    _be(ticket, "_for_requester", lambda view: view)


def _letters_are_for_everybody() -> None:
    from mailtickets.web import pages
    from mailtickets.web.window import find

    async def any_of(window: Any, seen: Any, request: Any) -> Any:
        return await find(window, seen, request.path_params["number"])

    _be(pages, "_for_staff", any_of)


def _nothing_is_escaped() -> None:
    import jinja2

    _be(jinja2, "select_autoescape", lambda *_: False)


def _nothing_is_cleaned() -> None:
    from mailtickets.web import cleaning

    _be(cleaning, "cleaned", lambda html: html)


def _html_as_it_is_nested() -> None:
    from mailtickets.core.reading import html

    _be(html, "nested", lambda source: source)


def _letters_have_the_page_policy() -> None:
    from mailtickets.web import letters

    _be(letters, "FRAMED", {})


def _no_armour() -> None:
    from mailtickets.web import armour

    _be(armour, "ALWAYS", {})


def _files_are_shown() -> None:
    from mailtickets.web import files

    _be(files, "_headers", lambda file, _: {"Content-Type": file.content_type})


def _files_without_end() -> None:
    from mailtickets.web import files

    _be(files.Counter, "taking", lambda *_: nullcontext())


def _every_proxy_is_believed() -> None:
    from uvicorn.middleware.proxy_headers import _TrustedHosts

    _be(_TrustedHosts, "_compute_trust", lambda *_: True)


def _patience_without_end() -> None:
    from mailtickets.web.serve import Impatient

    def wait(self: Any) -> None:
        self._since = self.loop.time()

    _be(Impatient, "_wait_again", wait)


def _room_for_all() -> None:
    from mailtickets.web.serve import Impatient

    _be(Impatient, "_make_room", lambda _: None)


def _looked_up_first() -> None:
    from fastapi import BackgroundTasks

    _be(BackgroundTasks, "add_task", lambda _, task, *values: task(*values))


def _tries_without_end() -> None:
    from mailtickets.web.tries import Tries

    _be(Tries, "allow", lambda *_: True)


def _links_without_end() -> None:
    from mailtickets import desk

    _be(desk, "LINKS_PER_HOUR", 10**6)


def _sessions_without_end() -> None:
    from sqlalchemy import true

    from mailtickets.store import sessions

    _be(sessions, "_is_open", lambda *_: true())


def _forms_of_anybody() -> None:
    from mailtickets.web import signin

    _be(signin, "_from_here", lambda handler: handler)


ACCESS = "tests/edges/test_web_access.py"

DEFENCES: Mapping[str, Defence] = {
    "whose ticket": Defence("a customer opens no other's ticket", _all_customers_are_one, ACCESS, "one_function"),
    "whose page": Defence("nor its page", _all_customers_are_one, ACCESS, "of_each_ticket and another"),
    "whose list": Defence("the list is of the same mind", _all_projects_are_one, ACCESS, "agree_on_what"),
    "notes": Defence("notes are staff's", _notes_are_for_everybody, ACCESS, "no_note_no_machine"),
    "letters": Defence("a letter as it was sent is staff's", _letters_are_for_everybody, ACCESS, "of_each_ticket and letter"),
    "escaping": Defence("what a stranger writes is text", _nothing_is_escaped, "tests/edges/test_web.py", "text_and_nothing_else"),
    "cleaning": Defence("HTML is cleaned", _nothing_is_cleaned, "tests/edges/test_web_letters.py", "with_its_looks"),
    "nesting": Defence("HTML holds nothing up", _html_as_it_is_nested, "tests/edges/test_web_letters.py", "grows and class"),
    "letter policy": Defence("a letter's frame can do nothing", _letters_have_the_page_policy, "tests/edges/test_web_letters.py", "policy"),
    "armour": Defence("every answer has its headers", _no_armour, "tests/edges/test_web.py", "without_its_armour"),
    "files": Defence("a file is saved, never shown", _files_are_shown, "tests/edges/test_web.py", "comes_as_octets"),
    "downloads": Defence("slow readers fill no memory", _files_without_end, "tests/edges/test_web_files.py", "few_files"),
    "proxies": Defence("only named servers are believed", _every_proxy_is_believed, "tests/edges/test_web_proxies.py", "trusted_server_names"),
    "patience": Defence("who dribbles is not waited for", _patience_without_end, "tests/edges/test_web_serve.py", "dribbles_in"),
    "room": Defence("the page has room for who asks", _room_for_all, "tests/edges/test_web_serve.py", "oldest_is_cut"),
    "same time": Defence("no answer waits for the look-up", _looked_up_first, "tests/edges/test_web_known.py", "has_left"),
    "tries": Defence("who tries too often waits", _tries_without_end, "tests/edges/test_web_signin.py", "too_often"),
    "links": Defence("no inbox is filled with links", _links_without_end, "tests/edges/test_web_known.py", "links_an_hour"),
    "session limits": Defence("sessions end", _sessions_without_end, "tests/edges/test_web_signin.py", "after_a_week"),
    "foreign forms": Defence("another site's form does nothing", _forms_of_anybody, "tests/edges/test_web_signin.py", "another_site"),
}  # fmt: skip


if __name__ == "__main__":
    run(DEFENCES, sys.argv[1:])
