"""What is typed into the search field: words, and `status:` `is:` `waiting:` `assignee:` to narrow.

Pure. The law: `written` of what was understood, asked again, is understood as the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeAlias

from mailtickets.core.person import Person
from mailtickets.core.workflow import ACTIVE, DONE, Meaning, Workflow, find, folded

# A word, or key:word, or key:"several words"; blanks part them. Linear: no two parts can match the same text.
_TERM = re.compile(r'(?:([a-z_]+):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)

US = frozenset({Meaning.NEW, Meaning.OPEN})
_KEYS = {"status": "status", "is": "is", "waiting": "waiting", "assignee": "assignee", "owner": "assignee"}
_IS = {"open": ACTIVE, "done": DONE, "closed": DONE, "resolved": frozenset({Meaning.RESOLVED})}
_WAITING = {"us": US, "customer": frozenset({Meaning.WAITING})}
_NOBODY = frozenset({"nobody", "none", "unassigned"})
_ME = frozenset({"me", "mine"})


class Whose(StrEnum):
    ANYBODY = ""
    NOBODY = "nobody"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Asked:
    """Tickets that match all of it; what is left out does not narrow."""

    terms: tuple[str, ...] = ()  # as written, for the links that go on from here
    statuses: frozenset[str] | None = None  # ids; None: all
    whose: Whose = Whose.ANYBODY
    assignee: int | None = None  # Person.id, with PERSON
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unclear:
    """What cannot be asked: a sentence around the term in question, and the nearest that can be asked."""

    before: str
    term: str
    after: str
    meant: str  # the whole question put right, "" if nothing is near
    word: str  # the term as typed, to be put in quotes if it was meant as text

    @property
    def sentence(self) -> str:
        return f"{self.before} {self.term}{self.after}"


Understood: TypeAlias = Asked | Unclear


def understand(typed: str, workflow: Workflow, staff: Sequence[Person], me: Person) -> Understood:
    """The question behind what was typed."""
    asked = Asked()
    for match in _TERM.finditer(typed):
        known = _key(match)
        step = _narrowed(asked, known, match, workflow, staff, me) if known else _worded(asked, match)
        if isinstance(step, Unclear):
            near = f"{typed[: match.start()]}{step.meant}{typed[match.end() :]}" if step.meant else ""
            return replace(step, meant=near.strip())
        asked = step
    return asked


def written(asked: Asked) -> str:
    return " ".join(asked.terms)


def _key(match: re.Match[str]) -> str:
    return _KEYS.get((match[1] or "").lower(), "")


def _value(match: re.Match[str]) -> str:
    return match[2] if match[2] is not None else match[3].strip('"')


def _worded(asked: Asked, match: re.Match[str]) -> Understood:
    key = (match[1] or "").lower()
    near = get_close_matches(key, _KEYS, 1, 0.75) if key else []
    if near:
        return Unclear("The desk does not know", f"{key}:", ".", f"{near[0]}:{_rest(match)}", match[0])
    text = f"{match[1]}:{_value(match)}" if key else _value(match)
    return (
        replace(asked, terms=(*asked.terms, match[0]), words=(*asked.words, text)) if text.strip() else asked
    )


def _narrowed(
    asked: Asked, key: str, match: re.Match[str], workflow: Workflow, staff: Sequence[Person], me: Person
) -> Understood:
    value = _value(match)
    if key == "assignee":
        return _assigned(asked, match, staff, me)
    if key == "status":
        found = find(value, workflow.statuses)
        ids = frozenset({found}) if found else None
        possible = {folded(s.id): s.id for s in workflow.statuses}
    else:
        meanings = _IS if key == "is" else _WAITING
        wanted = meanings.get(value.lower())
        ids = frozenset(s.id for s in workflow.statuses if s.meaning in wanted) if wanted else None
        possible = {word: word for word in meanings}
    if ids is None:
        return _impossible(key, match, possible)
    return replace(
        asked,
        terms=(*asked.terms, match[0]),
        statuses=ids if asked.statuses is None else asked.statuses & ids,
    )


def _assigned(asked: Asked, match: re.Match[str], staff: Sequence[Person], me: Person) -> Understood:
    value = _value(match).casefold()
    if value in _NOBODY:
        return replace(asked, terms=(*asked.terms, match[0]), whose=Whose.NOBODY)
    if value in _ME:
        return replace(asked, terms=(*asked.terms, match[0]), whose=Whose.PERSON, assignee=me.id)
    names = {name: person for person in reversed(staff) for name in names_of(person)}
    if value not in names:
        return _impossible("assignee", match, {n: n for n in ("me", "nobody", *map(short_name, staff))})
    return replace(asked, terms=(*asked.terms, match[0]), whose=Whose.PERSON, assignee=names[value].id)


def names_of(person: Person) -> tuple[str, ...]:
    """What an agent may be called in a question: address, its local part, whole name, first name."""
    keys = [address.key for address in (person.address, *person.also)]
    name = person.shown.casefold()
    return (*keys, *(key.partition("@")[0] for key in keys), name, name.split()[0])


def short_name(person: Person) -> str:
    """The name to suggest: the local part of the address, which has no blanks."""
    return person.address.key.partition("@")[0]


def _impossible(key: str, match: re.Match[str], possible: dict[str, str]) -> Unclear:
    near = get_close_matches(folded(_value(match)), possible, 1, 0.6)
    values = ", ".join(possible.values())
    meant = f"{key}:{possible[near[0]]}" if near else ""
    return Unclear("There is no", match[0], f". There are, for {key}: {values}.", meant, match[0])


def _rest(match: re.Match[str]) -> str:
    return f'"{match[2]}"' if match[2] is not None else match[3]
