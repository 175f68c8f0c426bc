"""The conversation of a ticket, oldest first. The law: a requester's talk is built from public messages only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from mailtickets.core.case import HistoryRow, MessageKind
from mailtickets.core.person import Part, Person
from mailtickets.core.ticket import Changed, Field
from mailtickets.store.views import Entry, TicketView
from mailtickets.web import handing, history, words
from mailtickets.web.handing import Failure
from mailtickets.web.history import Names
from mailtickets.web.passages import Passage, passages, plain
from mailtickets.web.window import Visit, Window

SHOWN_WHOLE = 20  # messages; of a longer talk all but the first and the last ten are folded
SHOWN_LAST = 10


@dataclass(frozen=True, slots=True)
class File:
    name: str
    size: str
    href: str


@dataclass(frozen=True, slots=True)
class Bold:
    """A piece of an event: what leads to it, and what stands out."""

    lead: str
    words: str


@dataclass(frozen=True, slots=True)
class Item:
    """A message, or one muted line about what a machine did or what was changed."""

    at: datetime
    is_message: bool
    anchor: str = ""
    look: str = ""  # "agent", "note" or "" for everybody outside
    author: str = ""
    role: str = ""
    when: str = ""
    machine_time: str = ""
    to: str = ""
    passages: tuple[Passage, ...] = ()
    files: tuple[File, ...] = ()
    failures: tuple[Failure, ...] = ()
    sent: str = ""
    summary: str = ""
    changes: tuple[Bold, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    first: tuple[Item, ...]
    fold: str
    folded: tuple[Item, ...]
    last: tuple[Item, ...]


def anchor(entry: Entry) -> str:
    return f"m{entry.id}"


def for_staff(window: Window, visit: Visit, view: TicketView, names: Names) -> Talk:
    """All of it: messages, notes, machines, changes that came with no message."""
    items = [
        *(_staff_item(window, visit, view, entry) for entry in view.entries),
        *handing.machines(view, visit.calendar),
        *_changes(view, names, visit),
    ]
    return fold(tuple(sorted(items, key=lambda item: item.at)))


def for_requester(window: Window, visit: Visit, view: TicketView) -> Talk:
    """What the requester and the desk said to each other."""
    heard = {view.ticket.requester, *(p.person.id for p in view.participants if p.part is Part.CC)}
    return fold(
        tuple(
            _requester_item(window, visit, view, entry)
            for entry in view.entries
            if entry.kind is MessageKind.PUBLIC
            and entry.author is not None
            and (entry.author.is_staff or entry.author.id in heard)
        )
    )


def fold(items: tuple[Item, ...]) -> Talk:
    messages = [at for at, item in enumerate(items) if item.is_message]
    if len(messages) <= SHOWN_WHOLE:
        return Talk(items, "", (), ())
    first, last = messages[0] + 1, messages[-SHOWN_LAST]
    return Talk(
        items[:first],
        words.count(len(messages) - SHOWN_LAST - 1, "older message", "older messages"),
        items[first:last],
        items[last:],
    )
