"""The pieces that a ticket's conversation is shown in, and which of a long one are folded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailtickets.web import words
from mailtickets.web.passages import Passage

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
class Failure:
    """A mail that did not arrive: who, why, what follows; and a link that does something about it."""

    what: str
    why: str
    action: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A message, or one muted line about what a machine did or what was changed."""

    at: datetime
    is_message: bool
    anchor: str = ""
    look: str = ""  # "agent", "note", or "" for everybody outside
    author: str = ""
    role: str = ""
    when: str = ""
    machine_time: str = ""
    to: str = ""
    passages: tuple[Passage, ...] = ()
    files: tuple[File, ...] = ()
    logos: tuple[File, ...] = ()  # pictures that stand under every letter: folded
    failures: tuple[Failure, ...] = ()
    sent: str = ""
    letter: str = ""  # where it stands as it was sent, for staff
    why: tuple[str, ...] = ()  # the account of its letter, for staff
    summary: str = ""
    changes: tuple[Bold, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    first: tuple[Item, ...]
    fold: str  # says how many messages are in `folded`
    folded: tuple[Item, ...]
    last: tuple[Item, ...]

    @property
    def newest(self) -> str:
        """The anchor of the last message, "" if there is none."""
        return next((i.anchor for i in reversed((*self.first, *self.folded, *self.last)) if i.is_message), "")


def fold(items: tuple[Item, ...]) -> Talk:
    """A talk of items that stand in their order."""
    messages = [at for at, item in enumerate(items) if item.is_message]
    if len(messages) <= SHOWN_WHOLE:
        return Talk(items, "", (), ())
    first, last = messages[0] + 1, messages[-SHOWN_LAST]
    hidden = len(messages) - SHOWN_LAST - 1
    return Talk(
        items[:first], words.count(hidden, "older message", "older messages"), items[first:last], items[last:]
    )
