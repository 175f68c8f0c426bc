"""What a question means: conditions on a ticket. The law: each is true or false of any ticket, never neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TypeAlias

from mailtickets.core.person import Part
from mailtickets.core.query.term import Order
from mailtickets.core.query.tree import Tree
from mailtickets.core.query.words import Phrase

Single: TypeAlias = str | int | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field holds one of these; None and "" are nothing."""

    field: str  # a key's name
    values: frozenset[Single]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number from one to another, both inside; None is open."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Dated:
    """There is a moment, not before one and before another; None is open."""

    field: str
    since: datetime | None
    before: datetime | None


@dataclass(frozen=True, slots=True)
class Tagged:
    """One of these tags is on it; of no tags: any."""

    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Named:
    """One of these people (Person.id) has this part on it; None: anybody."""

    part: Part
    people: frozenset[int] | None


class Thing(Enum):
    ATTACHMENT = auto()  # a file that somebody sent along; pictures inside the text are none
    NOTE = auto()
    UNDELIVERED = auto()  # a mail about it that did not arrive


@dataclass(frozen=True, slots=True)
class Has:
    thing: Thing


@dataclass(frozen=True, slots=True)
class Said:
    """Terms that stand one after the other in something that was said, or in its head; or in the subject alone."""

    phrase: Phrase
    in_subject: bool = False


Condition: TypeAlias = OneOf | Numbered | Dated | Tagged | Named | Has | Said


@dataclass(frozen=True, slots=True)
class Question:
    """Which tickets, and in which order; None: as is best."""

    where: Tree[Condition]
    sort: Order | None = None
    group: Order | None = None
    terms: tuple[str, ...] = ()  # its parts as typed, for whoever wants to leave one out
