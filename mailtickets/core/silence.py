"""Why somebody is not mailed. One value for the decision, the receipt and whoever asks afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mailtickets.core.person import Person


class Silence(StrEnum):
    """Why somebody around a letter hears nothing of it."""

    WROTE = "wrote"
    MACHINE = "machine"
    FILED = "filed"
    CONTRARY = "contrary"
    LATE = "late"
    NOTE = "note"
    QUIET = "quiet"
    UNPROVEN = "unproven"
    SENT_BACK = "sent back"
    TALK = "talk"
    THIRD = "third"
    STATUS = "status"
    CHANGES = "changes"
    UNCHANGED = "unchanged"
    OTHERS = "others"
    LOST = "lost"
    DESK = "desk"
    ANOTHER = "another"
    PAUSED = "paused"
    HANDED = "handed"
    QUESTION = "question"


# After a colon and a name: "Ann Smith: she or he wrote it."
SENTENCES = {
    Silence.WROTE: "wrote it.",
    Silence.MACHINE: "the mail was automatic, and a machine is never answered.",
    Silence.FILED: "the mail was automatic: it is filed, and nobody is told.",
    Silence.CONTRARY: "the check of the sender failed, so the mail may be from somebody else.",
    Silence.LATE: "the mail is an old one, found again after the server gave new UIDs.",
    Silence.NOTE: "the mail is an internal note.",
    Silence.QUIET: "the mail asked the desk to be quiet.",
    Silence.UNPROVEN: "nothing proves that the agent wrote it, so the words stay inside.",
    Silence.SENT_BACK: "the mail went back to its sender, and nothing of it was done.",
    Silence.TALK: "what customers write goes to staff only.",
    Silence.THIRD: "is not on the ticket, and is told nothing of it.",
    Silence.STATUS: "a new status is told only to the person who opened the ticket.",
    Silence.CHANGES: "customers are not told of such changes.",
    Silence.UNCHANGED: "nothing has changed that staff would see.",
    Silence.OTHERS: "whoever has the ticket was told.",
    Silence.LOST: "is the one whom the mail did not reach.",
    Silence.DESK: "is an address of this desk, which never writes to itself.",
    Silence.HANDED: "has not written to the desk: the agent who forwarded the mail answers first.",
    Silence.QUESTION: "the mail only answers a question of the desk's.",
    Silence.PAUSED: "mail to this address keeps coming back, so nothing automatic is sent there.",
    Silence.ANOTHER: "is on the closed ticket that the new one follows, and not on the new one.",
}
# The same to whoever caused it, in a receipt.
TO_AUTHOR = SENTENCES | {
    Silence.NOTE: "your mail is an internal note.",
    Silence.QUIET: "you asked the desk to be quiet.",
}


@dataclass(frozen=True, slots=True)
class Silent:
    """Somebody who is not mailed, and why."""

    person: Person
    why: Silence


WhyNot: TypeAlias = Callable[[Person], Silence | None]


@dataclass(frozen=True, slots=True)
class Choice:
    """Of some people: who is told, and why the others are not."""

    told: tuple[Person, ...]
    silent: tuple[Silent, ...] = ()


def choose(people: Iterable[Person], why_not: WhyNot) -> Choice:
    """Each person once, in order. `why_not`: None is whoever is told."""
    found = {person.id: person for person in people}
    reasons = [(person, why_not(person)) for person in found.values()]
    return Choice(
        tuple(person for person, why in reasons if why is None),
        tuple(Silent(person, why) for person, why in reasons if why is not None),
    )


def all_silent(people: Iterable[Person], why: Silence) -> tuple[Silent, ...]:
    """None of them is told."""
    return choose(people, lambda _: why).silent
