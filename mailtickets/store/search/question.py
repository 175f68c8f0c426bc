"""A question to the index of words: the tickets on which they all stand, best first.

Each word must stand on one card of the ticket: in a message, its files' names, or the subject, number and requester that
are on every card. Two words may stand in two messages.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from mailtickets.core.person import Person
from mailtickets.core.query.words import Phrase
from mailtickets.store.engine import Tx
from mailtickets.store.search.cards import SHIFT, domain_term, project_term, requester_term

# Cards, newest tickets first. A word that stands everywhere must not cost what it weighs.
LOOKED_AT = 2_000
LOOKED_AT_INSIDE = 20_000  # for a word that is only a part of a condition
HEADS = 4_000  # whose subjects are read
_SQLITE = text("SELECT rowid FROM card WHERE card MATCH :question ORDER BY rowid DESC LIMIT :n")
_POSTGRESQL = text(
    "SELECT id FROM card WHERE words @@ to_tsquery('simple', :question) ORDER BY id DESC LIMIT :n"
)
_LAST = (1 << SHIFT) - 1
# Which of some tickets have a card that holds it: a look at the cards of each.
_SQLITE_OF = text(
    "SELECT value FROM json_each(:ids) WHERE EXISTS (SELECT 1 FROM card WHERE card MATCH :question "
    f"AND rowid BETWEEN value << {SHIFT} AND (value << {SHIFT}) + {_LAST})"
)
_POSTGRESQL_OF = text(
    "SELECT one FROM unnest(:ids) AS one WHERE EXISTS (SELECT 1 FROM card WHERE "
    f"id BETWEEN one << {SHIFT} AND (one << {SHIFT}) + {_LAST} AND words @@ to_tsquery('simple', :question))"
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


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


def find(tx: Tx, asked: Sequence[Phrase], within: Within) -> Hits:
    """Tickets on which all of these stand, of those within sight when their cards were written."""
    # Phrases that are on one card together, first: that is one question, and common words end here.
    cards = _cards(tx, asked, within, LOOKED_AT)
    is_whole = len(cards) < LOOKED_AT
    ids = {card >> SHIFT for card in cards}
    if is_whole and len(asked) > 1:
        spread, is_whole = _spread(tx, asked, within)
        ids |= spread
    heads = {card >> SHIFT for card in _cards(tx, asked, within, LOOKED_AT, is_head=True)}
    often = Counter(card >> SHIFT for card in cards)
    best = sorted(ids | heads, key=lambda id: (id in heads, min(often[id], 3), id), reverse=True)
    return Hits(tuple(best), is_whole)


def standing(tx: Tx, asked: Phrase, within: Within, *, is_head: bool = False) -> Hits:
    """Tickets on which it stands, the newest first; `is_head`: in the subject, or beside it."""
    most = HEADS if is_head else LOOKED_AT_INSIDE
    cards = _cards(tx, (asked,), within, most, is_head=is_head)
    return Hits(tuple(dict.fromkeys(card >> SHIFT for card in cards)), len(cards) < most)


def _spread(tx: Tx, asked: Sequence[Phrase], within: Within) -> tuple[set[int], bool]:
    """Tickets that have each of these on some card; whether all of them were looked at."""
    found: list[set[int]] = []
    common: list[Phrase] = []
    for one in asked:
        cards = _cards(tx, (one,), within, LOOKED_AT)
        if len(cards) < LOOKED_AT:
            found.append({card >> SHIFT for card in cards})
        else:
            common.append(one)
    if not found:
        return set(), False
    ids = set.intersection(*found)
    for one in common:
        ids = _of(tx, ids, one, within)
    return ids, True


def _of(tx: Tx, ids: set[int], asked: Phrase, within: Within) -> set[int]:
    if not ids:
        return ids
    is_sqlite = tx.dialect.name == "sqlite"
    some: Any = json.dumps(sorted(ids)) if is_sqlite else sorted(ids)
    statement = _SQLITE_OF if is_sqlite else _POSTGRESQL_OF
    return set(tx.scalars(statement, {"ids": some, "question": _written(tx, (asked,), within, False)}))


def _cards(
    tx: Tx, asked: Sequence[Phrase], within: Within, n: int, *, is_head: bool = False
) -> Sequence[int]:
    statement = _SQLITE if tx.dialect.name == "sqlite" else _POSTGRESQL
    return tx.scalars(statement, {"question": _written(tx, asked, within, is_head), "n": n}).all()


def _written(tx: Tx, asked: Sequence[Phrase], within: Within, is_head: bool) -> str:
    fields = ("head",) if is_head else ("head", "heard", "inside") if within.is_staff else ("head", "heard")
    write = _for_sqlite if tx.dialect.name == "sqlite" else _for_postgresql
    return write(asked, fields, within)


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
