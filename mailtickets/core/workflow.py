"""Statuses and lists of values as data: what they are called, what they mean, which come first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What a status means, whatever a preset calls it. `is:open` is the first three."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


ACTIVE = frozenset({Meaning.NEW, Meaning.OPEN, Meaning.WAITING})
DONE = frozenset({Meaning.RESOLVED, Meaning.CLOSED})


@dataclass(frozen=True, slots=True)
class Status:
    id: str
    meaning: Meaning
    label: str  # staff read
    customer_label: str  # the requester reads


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a list: a priority, a type, a resolution. Lists of priorities go from low to high."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """A preset's lists. Each status list holds at least one `NEW` or `OPEN` and one `CLOSED`."""

    statuses: tuple[Status, ...]
    priorities: tuple[Choice, ...]
    types: tuple[Choice, ...]
    resolutions: tuple[Choice, ...]
    first_status: str
    default_priority: str
    default_type: str
    on_answer: str  # status after an agent's public answer; "" leaves it
    on_reply: str  # status after a requester's reply to a waiting ticket; "" leaves it
    on_reopen: str  # status of a ticket that comes back

    def status(self, id: str) -> Status:
        """The status of that id. KeyError if the workflow has none."""
        for status in self.statuses:
            if status.id == id:
                return status
        raise KeyError(id)

    @property
    def closing(self) -> Status:
        """What `#close` sets: the first status that means closed."""
        return next(s for s in self.statuses if s.meaning is Meaning.CLOSED)


def folded(word: str) -> str:
    """The form in which values are matched: no case, spaces, hyphens, underscores, apostrophes."""
    return "".join(c for c in word.casefold() if c not in " \t-_'’\u00a0")


def find(word: str, choices: tuple[Status, ...] | tuple[Choice, ...]) -> str | None:
    """The id that a word names, by id or label; None if it names none."""
    wanted = folded(word)
    for choice in choices:
        if wanted in (folded(choice.id), folded(choice.label)):
            return choice.id
    return None
