"""The reader in memory: whether a question fits one ticket, with what was said on it and who is there.

The law: the same as the database finds (`store.views.conditions`) for whoever may see all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

from mailtickets.core.person import Participant, Person
from mailtickets.core.query.condition import (
    Condition,
    Dated,
    Has,
    Named,
    Numbered,
    OneOf,
    Said,
    Single,
    Tagged,
    Thing,
)
from mailtickets.core.query.tree import Reader, Tree
from mailtickets.core.query.words import Phrase, spaced
from mailtickets.core.ticket import Field, Ticket, value

_OTHERS = {"created": "created_at", "updated": "updated_at", "updated_by": "updated_by", "number": "number"}
Plain: TypeAlias = Single | datetime


@dataclass(frozen=True, slots=True)
class Matter:
    """A ticket with all that a question can be about."""

    ticket: Ticket
    requester: Person
    participants: tuple[Participant, ...] = ()
    said: tuple[str, ...] = ()  # each message, with the names of its files
    things: frozenset[Thing] = frozenset()


def matches(tree: Tree[Condition], matter: Matter) -> bool:
    """Whether it fits."""

    def fits(one: Condition) -> bool:
        return _fits(one, matter)

    reader: Reader[Condition, bool] = Reader(fits, all, any, _not)
    return reader.read(tree)


def fits_kind(tree: Tree[Condition], kind: Mapping[str, Single]) -> bool:
    """Whether it fits all tickets that have these values, of a question about nothing else."""

    def fits(one: Condition) -> bool:
        return isinstance(one, OneOf) and kind[one.field] in one.values

    reader: Reader[Condition, bool] = Reader(fits, all, any, _not)
    return reader.read(tree)


def _not(fits: bool) -> bool:
    return not fits


def head(number: int, subject: str, name: str, address: str) -> str:
    """What stands on every message of a ticket besides its own words."""
    return f"{number} {subject} {name} {address}"


def stands_in(phrase: Phrase, text: str) -> bool:
    """Whether the terms stand in a text, one after the other."""
    terms, size = spaced(text).split(), len(phrase.terms)
    return any(_begins(terms[at : at + size], phrase) for at in range(len(terms) - size + 1))


def _begins(terms: Sequence[str], phrase: Phrase) -> bool:
    *before, last = phrase.terms
    is_last = terms[-1].startswith(last) if phrase.is_prefix else terms[-1] == last
    return is_last and list(terms[:-1]) == before


def _fits(one: Condition, matter: Matter) -> bool:
    ticket = matter.ticket
    match one:
        case OneOf(field, values):
            return (_held(ticket, field) or None) in values
        case Numbered(field, low, high):
            number = _held(ticket, field)
            assert isinstance(number, int)
            return (low is None or number >= low) and (high is None or number <= high)
        case Dated(field, since, before):
            at = _held(ticket, field)
            if not isinstance(at, datetime):
                return False
            return (since is None or at >= since) and (before is None or at < before)
        case Tagged(tags):
            return not tags.isdisjoint(ticket.tags) if tags else bool(ticket.tags)
        case Named(part, people):
            here = {p.person.id for p in matter.participants if p.part is part}
            return bool(here) if people is None else not here.isdisjoint(people)
        case Has(thing):
            return thing in matter.things
        case Said(phrase, in_subject):
            texts = (ticket.subject,) if in_subject else (_head(matter), *matter.said)
            return any(stands_in(phrase, text) for text in texts)
        case _:
            assert_never(one)


def _held(ticket: Ticket, field: str) -> Plain:
    if field in _OTHERS:
        other: Plain = getattr(ticket, _OTHERS[field])
        return other
    held = value(ticket, Field(field))
    assert not isinstance(held, tuple)
    return held


def _head(matter: Matter) -> str:
    ticket, who = matter.ticket, matter.requester
    return head(ticket.number, ticket.subject, who.name or who.address.name, who.address.spec)
