"""What no single table can tell: names that must exist, addresses that may stand only once.

The law: it reads the raw document and passes over what is not of the right shape, so that its faults and
those of the tables come out together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeAlias

from mailtickets.config.faults import Fault, cannot_be, shown
from mailtickets.config.values import is_socket

Document: TypeAlias = Mapping[str, Any]

DEFAULT_PROJECT = "support"


def faults(document: Document) -> Iterator[Fault]:
    """Everything that two tables disagree on."""
    yield from _repeated(
        _named(document, "project", "key"), "this project is there already. Give it another key"
    )
    yield from _repeated(
        _named(document, "company", "domains"), "another company has this domain already. Keep one of them"
    )
    yield from _repeated(
        _desk_addresses(document), "another inbox has this address already. Keep one of them"
    )
    yield from _repeated(_staff_addresses(document), "somebody has this address already. Keep one of them")
    yield from _repeated(
        _inboxes(document), "another [[mailbox]] reads this very folder. Put its address into aliases"
    )
    yield from _loops(document)
    yield from _nowhere(document)
    yield from _unknown_projects(document)


def _rows(document: Document, name: str) -> Iterator[tuple[str, Document]]:
    """The tables of `[[name]]` with their paths."""
    found = document.get(name)
    for index, row in enumerate(found if isinstance(found, list) else []):
        if isinstance(row, Mapping):
            yield f"{name}[{index}]", row


def _strings(table: Document, path: str, *keys: str) -> Iterator[tuple[str, str]]:
    """Every string under these keys, alone or in a list, with its path."""
    for key in keys:
        value = table.get(key)
        if isinstance(value, str):
            yield f"{path}.{key}", value
        elif isinstance(value, list):
            yield from ((f"{path}.{key}[{i}]", one) for i, one in enumerate(value) if isinstance(one, str))


def _named(document: Document, table: str, *keys: str) -> Iterator[tuple[str, str]]:
    for path, row in _rows(document, table):
        yield from _strings(row, path, *keys)


def _desk_addresses(document: Document) -> Iterator[tuple[str, str]]:
    return _named(document, "mailbox", "address", "aliases")


def _staff_addresses(document: Document) -> Iterator[tuple[str, str]]:
    return _named(document, "agent", "address", "also")


def _inboxes(document: Document) -> Iterator[tuple[str, str]]:
    for path, row in _rows(document, "mailbox"):
        imap = row.get("imap")
        if isinstance(imap, Mapping) and "host" in imap and "user" in imap:
            port = imap.get("port", "")
            yield f"{path}.imap", f"{imap['user']}@{imap['host']}:{port}/{imap.get('folder', 'INBOX')}"


def _repeated(places: Iterator[tuple[str, str]], advice: str) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for path, value in places:
        first = seen.setdefault(value.casefold(), path)
        if first != path:
            yield Fault(path, shown(path, value), f"{advice} (the other is {first})")


def _loops(document: Document) -> Iterator[Fault]:
    """Mail to the desk's own address would come back as a new ticket, for ever."""
    own = {value.casefold() for _, value in _desk_addresses(document)}
    desk = document.get("desk")
    people = [*_staff_addresses(document), *_named(document, "project", "notify")]
    people += _strings(desk, "desk", "operators") if isinstance(desk, Mapping) else []
    for path, value in people:
        if value.casefold() in own:
            yield cannot_be(path, value, "the desk would write to itself. Write the address of a person")


def _nowhere(document: Document) -> Iterator[Fault]:
    """A socket is no place that a link could lead to."""
    web, desk = document.get("web"), document.get("desk")
    listen = web.get("listen") if isinstance(web, Mapping) else None
    url = desk.get("public_url") if isinstance(desk, Mapping) else None
    if isinstance(listen, str) and is_socket(listen) and not url:
        advice = "links in mails would lead nowhere. Write where people reach the page to [desk] public_url"
        yield cannot_be("web.listen", listen, advice)


def _unknown_projects(document: Document) -> Iterator[Fault]:
    known = [key for _, key in _named(document, "project", "key")]
    if not document.get("project"):
        known = [DEFAULT_PROJECT]
    wanted = [*_named(document, "mailbox", "project"), *_named(document, "agent", "projects")]
    for path, value in wanted:
        if value not in known:
            near = get_close_matches(value, known, n=1, cutoff=0.6)
            hint = f'Did you mean "{near[0]}"?' if near else f"Known: {', '.join(known)}"
            yield Fault(path, shown(path, value), f"no [[project]] has this key. {hint}")
