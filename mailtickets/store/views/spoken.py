"""Words inside a condition: the tickets on which they stand, so that the database has to know no more than ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailtickets.core.query.condition import Condition, Said
from mailtickets.core.query.matching import stands_in
from mailtickets.store import search
from mailtickets.store import tickets as rows
from mailtickets.store.engine import Tx
from mailtickets.store.search import Within


@dataclass(frozen=True, slots=True)
class Spoken:
    """Ticket ids for each of a question's words."""

    tickets: Mapping[Said, frozenset[int]]
    is_whole: bool  # False: of some word there are older tickets that were not looked at


def spoken(tx: Tx, conditions: Iterable[Condition], within: Within) -> Spoken:
    """Where the words among these stand, of what is within sight."""
    found: dict[Said, frozenset[int]] = {}
    is_whole = True
    for one in conditions:
        if isinstance(one, Said) and one not in found:
            hits = search.standing(tx, one.phrase, within, is_head=one.in_subject)
            ids = frozenset(hits.tickets)
            found[one] = _in_subject(tx, one, ids) if one.in_subject else ids
            is_whole = is_whole and hits.is_whole
    return Spoken(found, is_whole)


def _in_subject(tx: Tx, one: Said, ids: frozenset[int]) -> frozenset[int]:
    """The head holds number and requester too, and maybe an older subject."""
    return frozenset(id for id, subject in rows.subjects(tx, ids).items() if stands_in(one.phrase, subject))
