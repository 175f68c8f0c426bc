"""A question to the index of words: the tickets that hold them all, best first.

All words must stand on one card: in one message, its files' names, or the subject, number and requester of its ticket.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from mailtickets.core.person import Person
from mailtickets.core.query.words import Phrase, phrase
from mailtickets.store.engine import Tx
from mailtickets.store.search.cards import SHIFT, domain_term, project_term, requester_term

# Cards, newest tickets first. A word that stands everywhere must not cost what it weighs.
LOOKED_AT = 2_000
_SQLITE = text("SELECT rowid FROM card WHERE card MATCH :question ORDER BY rowid DESC LIMIT :n")
_POSTGRESQL = text(
    "SELECT id FROM card WHERE words @@ to_tsquery('simple', :question) ORDER BY id DESC LIMIT :n"
)


@dataclass(frozen=True, slots=True)
class Within:
    """Whose words and tickets may be looked at."""

    requester: int | None = None  # Person.id: what they may read, of their own tickets
    domains: tuple[str, ...] = ()  # and of the tickets of people with addresses there
    projects: tuple[str, ...] = ()  # of these, besides; none named: all
    is_staff: bool = True

    @classmethod
    def of(cls, viewer: Person | None) -> Within:
        """What somebody may see; None is the operator."""
        if viewer is None or (viewer.is_staff and not viewer.projects):
            return cls()
        return cls(viewer.id, viewer.shares, viewer.projects if viewer.is_staff else (), viewer.is_staff)


@dataclass(frozen=True, slots=True)
class Hits:
    """Ticket ids, best first: those that have the words in their heads, then those that have them often, then the newest."""

    tickets: tuple[int, ...]
    is_whole: bool  # False: there are older ones that were not looked at


NONE = Hits((), True)


def find(tx: Tx, typed: Sequence[str], within: Within) -> Hits:
    """Tickets in which all of these words stand, of those within sight when their cards were written."""
    phrases = [phrase(word) for word in typed]
    asked = [one for one in phrases if one is not None]
    if len(asked) < len(phrases) or not asked:
        return NONE  # a word without a letter stands nowhere
    fields = ("head", "heard", "inside") if within.is_staff else ("head", "heard")
    cards = _cards(tx, asked, fields, within)
    heads = {card >> SHIFT for card in _cards(tx, asked, ("head",), within)}
    often = Counter(card >> SHIFT for card in cards)
    best = sorted(often.keys() | heads, key=lambda id: (id in heads, min(often[id], 3), id), reverse=True)
    return Hits(tuple(best), len(cards) < LOOKED_AT)


def _cards(tx: Tx, asked: Sequence[Phrase], fields: Sequence[str], within: Within) -> Sequence[int]:
    is_sqlite = tx.dialect.name == "sqlite"
    write = _for_sqlite if is_sqlite else _for_postgresql
    statement = _SQLITE if is_sqlite else _POSTGRESQL
    return tx.scalars(statement, {"question": write(asked, fields, within), "n": LOOKED_AT}).all()


def _whose(within: Within) -> list[str]:
    own = [requester_term(within.requester)] if within.requester is not None else []
    company = [domain_term(domain) for domain in within.domains]
    return own + company + [project_term(project) for project in within.projects]


def _for_sqlite(asked: Sequence[Phrase], fields: Sequence[str], within: Within) -> str:
    """Terms are letters and digits, and each phrase stands in quotes: nothing typed is syntax."""
    words = " AND ".join(f'"{" ".join(one.terms)}"{" *" if one.is_prefix else ""}' for one in asked)
    question = f"{{{' '.join(fields)}}} : ({words})"
    whose = " OR ".join(f'"{term}"' for term in _whose(within))
    return f"{question} AND whose : ({whose})" if whose else question


_WEIGHTS = {"head": "A", "heard": "B", "inside": "C"}


def _for_postgresql(asked: Sequence[Phrase], fields: Sequence[str], within: Within) -> str:
    weights = "".join(_WEIGHTS[field] for field in fields)

    def words(one: Phrase) -> str:
        *terms, last = (f"'{term}':{weights}" for term in one.terms)
        if one.is_prefix:
            last = last.replace("':", "':*")
        return f"({' <-> '.join((*terms, last))})"

    question = " & ".join(map(words, asked))
    whose = " | ".join(f"'{term}':D" for term in _whose(within))
    return f"{question} & ({whose})" if whose else question
