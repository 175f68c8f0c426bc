"""Statuses and lists of values as data: what they are called, what they mean, which come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailtickets.core.ticket import Changed, Field, Ticket, changed


class Meaning(StrEnum):
    """What a status means, whatever a preset calls it. `is:open` is the first three."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


ACTIVE = frozenset({Meaning.NEW, Meaning.OPEN, Meaning.WAITING})
DONE = frozenset({Meaning.RESOLVED, Meaning.CLOSED})
OURS = frozenset({Meaning.NEW, Meaning.OPEN})  # it is the turn of staff


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

    def meaning(self, id: str) -> Meaning:
        """What a status means. One that the preset no longer has means open: somebody should look."""
        return next((s.meaning for s in self.statuses if s.id == id), Meaning.OPEN)

    @property
    def closing(self) -> Status:
        """What `#close` sets: the first status that means closed."""
        return next(s for s in self.statuses if s.meaning is Meaning.CLOSED)

    @property
    def resolving(self) -> Status:
        """What `#resolve` sets: the first status that means resolved, else the closing one."""
        return next((s for s in self.statuses if s.meaning is Meaning.RESOLVED), self.closing)


def folded(word: str) -> str:
    """The form in which values are matched: no case, spaces, hyphens, underscores, apostrophes."""
    return "".join(c for c in word.casefold() if c not in " \t-_'’\u00a0")


def find(word: str, choices: Sequence[Status] | Sequence[Choice]) -> str | None:
    """The id that a word names, by id or label, `close` for `closed` too; None if it names none."""
    wanted = folded(word)
    for choice in choices:
        if wanted in (folded(choice.id), folded(choice.label)):
            return choice.id
    for choice in choices:
        if _stems(wanted) & (_stems(folded(choice.id)) | _stems(folded(choice.label))):
            return choice.id
    return None


def find_longest(said: str, choices: Sequence[Status] | Sequence[Choice]) -> tuple[str | None, str]:
    """The id that the first words name, as many of them as fit, and the words that are left."""
    words = said.split()
    for count in range(len(words), 0, -1):
        found = find(" ".join(words[:count]), choices)
        if found is not None:
            return found, " ".join(words[count:])
    return None, said


def moved(ticket: Ticket, status: str, workflow: Workflow, now: datetime) -> tuple[Changed, ...]:
    """All that a new status brings with it: what it sets on its way in and clears on its way back."""
    if status == ticket.status:
        return ()
    was_done = workflow.meaning(ticket.status) in DONE
    meaning = workflow.meaning(status)
    changes = changed(ticket, Field.STATUS, status)
    if meaning in DONE:
        changes += changed(ticket, Field.RESOLVED, ticket.resolved_at or now)
        changes += changed(ticket, Field.CLOSED, now if meaning is Meaning.CLOSED else None)
    elif was_done:
        changes += changed(ticket, Field.RESOLUTION, "")
        changes += changed(ticket, Field.RESOLVED, None)
        changes += changed(ticket, Field.CLOSED, None)
        changes += changed(ticket, Field.REOPENED, ticket.reopened + 1)
    return changes


def _stems(word: str) -> set[str]:
    """`closed` and `close`, `fixed` and `fix`: people write the deed where the list has the state."""
    return {word} | {word.removesuffix(end) for end in ("d", "ed") if len(word) > len(end) + 2}
