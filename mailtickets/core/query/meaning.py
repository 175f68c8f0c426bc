"""What a question means at this desk, to whoever asks it, now: terms become conditions.

The law: a value that the desk does not know is answered with those that it knows, never passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from difflib import get_close_matches
from typing import assert_never

from mailtickets.core.person import Part, Person
from mailtickets.core.policy import Project
from mailtickets.core.query import dates
from mailtickets.core.query.condition import (
    Condition,
    Dated,
    Has,
    Named,
    Numbered,
    OneOf,
    Question,
    Said,
    Single,
    Tagged,
    Thing,
)
from mailtickets.core.query.keys import Key, Kind
from mailtickets.core.query.names import ME, NOBODY
from mailtickets.core.query.term import (
    Asked,
    Compared,
    Is,
    Query,
    Span,
    Stumble,
    Term,
    Unclear,
    Value,
    Words,
    typed_terms,
)
from mailtickets.core.query.tree import All, Either, Not, Reader, Tree, conjuncts, leaves
from mailtickets.core.query.words import phrase
from mailtickets.core.workflow import ACTIVE, DONE, OURS, Choice, Meaning, Workflow, find, folded

_NONE = frozenset({"none", "nothing", "never"})
_MOMENT = timedelta(microseconds=1)
_PARTS = {"cc": Part.CC, "followers": Part.FOLLOWER}
_MEANINGS = {
    "open": ACTIVE,
    "new": frozenset({Meaning.NEW}),
    "waiting": frozenset({Meaning.WAITING}),
    "resolved": frozenset({Meaning.RESOLVED}),
    "closed": DONE,
    "done": DONE,
}
_TURNS = {"us": OURS, "customer": frozenset({Meaning.WAITING})}
_THINGS = {"attachment": Thing.ATTACHMENT, "note": Thing.NOTE}


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a question."""

    word: str  # without case
    of_staff: bool  # an agent of that name is meant before anybody else


@dataclass(frozen=True, slots=True)
class Scene:
    """What the words of a question mean here."""

    keys: Mapping[str, Key]
    workflow: Workflow
    projects: tuple[Project, ...]
    now: datetime
    zone: tzinfo
    me: Person | None  # None: the operator, who is nobody in particular
    named: Mapping[Name, frozenset[int]]  # Person.ids of everybody whom a name of the question means
    suggested: tuple[str, ...] = ()  # names to suggest

    @property
    def for_staff(self) -> bool:
        return self.me is None or self.me.is_staff


def names_in(query: Query, keys: Mapping[str, Key]) -> frozenset[Name]:
    """The names of people in a question: to be looked up before it is understood."""
    named = (
        Name(value.word.casefold(), keys[term.key].names_staff)
        for term in leaves(query.where)
        if isinstance(term, Asked) and keys[term.key].kind in (Kind.PERSON, Kind.PART)
        for value in term.values
        if isinstance(value, Is)
    )
    return frozenset(name for name in named if name.word not in ME | NOBODY)


def understand(typed: str, query: Query, scene: Scene) -> Question | Unclear:
    """The question behind a query; `typed` is what it was read from."""

    def meant(term: Term) -> Tree[Condition]:
        return _meant(term, scene, typed)

    reader: Reader[Term, Tree[Condition]] = Reader(meant, _all, _either, _not)
    try:
        where = reader.read(query.where)
    except Stumble as stumble:
        return stumble.unclear
    return Question(where, query.sort, query.group, typed_terms(conjuncts(query.where)))


def _all(parts: Sequence[Tree[Condition]]) -> Tree[Condition]:
    return All(tuple(parts))


def _not(part: Tree[Condition]) -> Tree[Condition]:
    return Not(part)


def _either(parts: Iterable[Tree[Condition]]) -> Tree[Condition]:
    several = tuple(parts)
    return several[0] if len(several) == 1 else Either(several)


def _meant(term: Term, scene: Scene, typed: str) -> Tree[Condition]:
    if isinstance(term, Words):
        found = phrase(term.text)
        return Said(found) if found else Either(())  # a word without a letter stands nowhere
    reading = _Reading(term, scene.keys[term.key], scene, typed)
    return _either([reading.value(value) for value in term.values])


@dataclass(frozen=True, slots=True)
class _Reading:
    """One key with its values."""

    term: Asked
    key: Key
    scene: Scene
    typed: str

    def value(self, value: Value) -> Tree[Condition]:
        """What one of its values means."""
        name = self.key.name
        if isinstance(value, Is) and self.key.may_lack and value.word.lower() in _NONE:
            return self._lacking()
        match self.key.kind:
            case Kind.CHOICE:
                return OneOf(name, self._chosen(value))
            case Kind.NUMBER:
                return self._number(value)
            case Kind.MOMENT:
                return self._moment(value)
            case Kind.PERSON:
                return OneOf(name, self._people(self._plain(value)))
            case Kind.PART:
                return self._part(self._plain(value))
            case Kind.TAGS:
                return Tagged(frozenset({self._plain(value).casefold()}))
            case Kind.SUBJECT:
                found = phrase(self._plain(value))
                return Said(found, in_subject=True) if found else Either(())
            case Kind.STATE:
                return self._state(self._plain(value))
            case kind:
                assert_never(kind)

    def _lacking(self) -> Tree[Condition]:
        match self.key.kind:
            case Kind.MOMENT:
                return Not(Dated(self.key.name, None, None))
            case Kind.TAGS:
                return Not(Tagged(frozenset()))
            case _:
                return OneOf(self.key.name, frozenset({None}))

    # Lists of values

    def _chosen(self, value: Value) -> frozenset[Single]:
        choices = self._choices()
        if isinstance(value, Is):
            return frozenset({self._choice(value.word)})
        if not self.key.has_order:
            raise self._impossible(f"; {self.key.name} has no order to compare by.")
        ids = [choice.id for choice in choices]
        first, last = 0, len(ids)
        match value:
            case Compared("<", word):
                last = ids.index(self._choice(word))
            case Compared("<=", word):
                last = ids.index(self._choice(word)) + 1
            case Compared(">", word):
                first = ids.index(self._choice(word)) + 1
            case Compared(_, word):
                first = ids.index(self._choice(word))
            case Span(low, high):
                first = ids.index(self._choice(low)) if low else 0
                last = ids.index(self._choice(high)) + 1 if high else len(ids)
        return frozenset(ids[first:last])

    def _choice(self, word: str) -> str:
        choices = self._choices()
        found = find(word, choices)
        if found is None:
            raise self._unknown(word, {folded(name): c.id for c in choices for name in (c.id, c.label)})
        return found

    def _choices(self) -> tuple[Choice, ...]:
        flow = self.scene.workflow
        match self.key.name:
            case "status":
                return tuple(Choice(status.id, status.label) for status in flow.statuses)
            case "priority":
                return flow.priorities
            case "type":
                return flow.types
            case "resolution":
                return flow.resolutions
            case _:
                return tuple(Choice(project.key, project.name) for project in self.scene.projects)

    # Numbers and moments

    def _number(self, value: Value) -> Numbered:
        name = self.key.name
        match value:
            case Is(word):
                return Numbered(name, self._digits(word), self._digits(word))
            case Compared("<", word):
                return Numbered(name, None, self._digits(word) - 1)
            case Compared("<=", word):
                return Numbered(name, None, self._digits(word))
            case Compared(">", word):
                return Numbered(name, self._digits(word) + 1, None)
            case Compared(_, word):
                return Numbered(name, self._digits(word), None)
            case Span(low, high):
                return Numbered(
                    name, self._digits(low) if low else None, self._digits(high) if high else None
                )

    def _digits(self, word: str) -> int:
        plain = word.removeprefix("#")
        if not (plain.isascii() and plain.isdigit() and len(plain) <= 18):
            raise self._impossible("; a whole number goes here.")
        return int(plain)

    def _moment(self, value: Value) -> Dated:
        words = (value.low, value.high) if isinstance(value, Span) else (value.word,)
        if all(word == "" or dates.span(word) is not None for word in words):
            return self._distance(value)
        name = self.key.name
        match value:
            case Is(word):
                stretch = self._stretch(word)
                return Dated(name, stretch.begin, stretch.end)
            case Compared("<", word):
                return Dated(name, None, self._stretch(word).begin)
            case Compared("<=", word):
                return Dated(name, None, self._stretch(word).end)
            case Compared(">", word):
                return Dated(name, self._stretch(word).end, None)
            case Compared(_, word):
                return Dated(name, self._stretch(word).begin, None)
            case Span(low, high):
                since = self._stretch(low).begin if low else None
                return Dated(name, since, self._stretch(high).end if high else None)

    def _distance(self, value: Value) -> Dated:
        """A span of time is the distance from now in the field's own direction: `created:<1d` within the last day."""
        match value:
            case Is(word) | Compared("<=", word):
                return self._away(timedelta(), _span(word))
            case Compared("<", word):
                return self._away(timedelta(), _span(word) - _MOMENT)
            case Compared(">", word):
                return self._away(_span(word) + _MOMENT, None)
            case Compared(_, word):
                return self._away(_span(word), None)
            case Span(low, high):
                return self._away(_span(low) if low else timedelta(), _span(high) if high else None)

    def _away(self, least: timedelta, most: timedelta | None) -> Dated:
        """Moments at least and at most so far from now."""
        now, name = self.scene.now, self.key.name
        if self.key.is_ahead:
            return Dated(
                name, dates.moved(now, least), None if most is None else dates.moved(now, most + _MOMENT)
            )
        return Dated(
            name, None if most is None else dates.moved(now, -most), dates.moved(now, _MOMENT - least)
        )

    def _stretch(self, word: str) -> dates.Stretch:
        found = dates.stretch(word, self.scene.now, self.scene.zone)
        if found is None:
            units = ", ".join(dates.UNITS)
            raise self._impossible(
                f"; a day, a month, a year or a span goes here, such as {', '.join(dates.EXAMPLES)} (units: {units}).",
                dates.EXAMPLES,
            )
        return found

    # People

    def _people(self, word: str) -> frozenset[Single]:
        name = word.casefold()
        if name in NOBODY and self.key.may_lack:
            return frozenset({None})
        return frozenset(self._persons(word))

    def _part(self, word: str) -> Tree[Condition]:
        part = _PARTS[self.key.name]
        if word.casefold() in NOBODY:
            return Not(Named(part, None))
        return Named(part, self._persons(word))

    def _persons(self, word: str) -> frozenset[int]:
        name = word.casefold()
        if name in ME:
            return frozenset({self._me()})
        found = self.scene.named.get(Name(name, self.key.names_staff), frozenset())
        if not found:
            nobody = ("nobody",) if self.key.may_lack or self.key.kind is Kind.PART else ()
            known = ("me", *nobody, *(self.scene.suggested if self.key.names_staff else ()))
            others = "" if self.key.names_staff else ", and whoever has written or was written to"
            raise self._unknown(word, {one: one for one in known}, others)
        return found

    def _me(self) -> int:
        if self.scene.me is None:
            raise self._impossible("; nobody in particular is asking, so name an address.")
        return self.scene.me.id

    # Words with a meaning of their own

    def _state(self, word: str) -> Tree[Condition]:
        state = word.lower()
        known: dict[str, Tree[Condition]]
        match self.key.name:
            case "is":
                known = {name: self._status(meanings) for name, meanings in _MEANINGS.items()}
                known["unassigned"] = OneOf("assignee", frozenset({None}))
                known["unanswered"] = Not(Dated("first_answered", None, None))
                if self.scene.for_staff:
                    known["undelivered"] = Has(Thing.UNDELIVERED)
                if self.scene.me is not None:
                    field = "assignee" if self.scene.me.is_staff else "requester"
                    known["mine"] = OneOf(field, frozenset({self.scene.me.id}))
            case "waiting":
                known = {name: self._status(meanings) for name, meanings in _TURNS.items()}
            case _:
                known = {name: Has(thing) for name, thing in _THINGS.items()}
                known["attachments"], known["notes"] = known["attachment"], known["note"]
        if state not in known:
            raise self._unknown(word, {name: name for name in known})
        return known[state]

    def _status(self, meanings: Set[Meaning]) -> Tree[Condition]:
        """A status that the workflow has no more means open."""
        flow = self.scene.workflow
        inside: frozenset[Single] = frozenset(s.id for s in flow.statuses if s.meaning in meanings)
        outside: frozenset[Single] = frozenset(s.id for s in flow.statuses if s.meaning not in meanings)
        return Not(OneOf("status", outside)) if Meaning.OPEN in meanings else OneOf("status", inside)

    # What cannot be

    def _plain(self, value: Value) -> str:
        if not isinstance(value, Is):
            raise self._impossible(f"; {self.key.name} has no order to compare by.")
        return value.word

    def _impossible(self, why: str, allowed: Collection[str] = ()) -> Stumble:
        begin, end = self.term.at
        return Stumble(
            Unclear("This cannot be asked:", self.typed[begin:end], why, begin, "", tuple(allowed))
        )

    def _unknown(self, word: str, known: Mapping[str, str], others: str = "") -> Stumble:
        """`known`: the values there are, by the form in which a slip is compared with them."""
        begin, end = self.term.at
        typed = self.typed[begin:end]
        names = tuple(dict.fromkeys(known.values()))
        near = get_close_matches(folded(word), known, 1, 0.6) or get_close_matches(
            word.lower(), known, 1, 0.6
        )
        meant = ""
        if near and (place := typed.lower().rfind(word.lower())) > 0:
            right = (
                typed[:place].removesuffix('"')
                + known[near[0]]
                + typed[place + len(word) :].removeprefix('"')
            )
            meant = self.typed[:begin] + right + self.typed[end:]
        after = f". There are, for {self.key.name}: {', '.join(names)}{others}."
        return Stumble(Unclear("There is no", typed, after, begin, meant.strip(), names))


def _span(word: str) -> timedelta:
    found = dates.span(word)
    assert found is not None  # asked only of words that are one
    return found
