"""Lists of tickets: narrowed, sorted, a page at a time.

The law: a page costs what stands on it, however many tickets there are. So each list is a merge of streams that stand
in an index in its order, or, if it is short, is sorted here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from mailtickets.core.case import Listed
from mailtickets.core.person import Person
from mailtickets.store import people, search
from mailtickets.store import tickets as rows
from mailtickets.store.engine import Tx
from mailtickets.store.search import Within
from mailtickets.store.views import kinds, streams
from mailtickets.store.views.kinds import Kind, Source
from mailtickets.store.views.streams import Key, Order

_SIZE = 25
DEEPEST = 1_000  # tickets that can be leafed through; whoever wants more narrows the list or turns it round


class Sort(StrEnum):
    BEST = "best"  # of a question for words: where they stand, how often; of any other: the latest change
    NUMBER = "number"
    SUBJECT = "subject"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    UPDATED = "updated"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Tickets that match all of it; what is left out does not narrow."""

    statuses: frozenset[str] | None = None  # ids
    assignee: int | None = None  # Person.id
    is_unassigned: bool = False
    words: tuple[str, ...] = ()  # all of them stand in one message or around it (store.search)
    sort: Sort = Sort.UPDATED
    descending: bool = True
    order: tuple[str, ...] = ()  # ids from first to last, to sort statuses or priorities by
    page: int = 1
    size: int = _SIZE


@dataclass(frozen=True, slots=True)
class TicketPage:
    rows: tuple[Listed, ...]
    total: int  # on all pages
    is_whole: bool = True  # False: of a question for words, only the newest tickets were looked at
    lag: int = 0  # messages that cannot be found by their words yet


# Sorted by a list of values first, then by number: which of a kind's values that is.
Value: TypeAlias = str | int | None
_GROUPED = {Sort.STATUS: "status", Sort.PRIORITY: "priority", Sort.ASSIGNEE: "assignee"}
_KEYS = {
    Sort.SUBJECT: Key.SUBJECT,
    Sort.UPDATED: Key.UPDATED,
    Sort.BEST: Key.UPDATED,
    Sort.CREATED: Key.CREATED,
}


def tickets(tx: Tx, viewer: Person | None, asked: TicketFilter) -> TicketPage:
    """A page of the tickets that somebody may see; None is the operator, who sees all."""
    found = tuple(_narrowed(source, asked) for source in kinds.sources(tx, viewer, _told_apart(asked)))
    if asked.words:
        return _with_words(tx, viewer, found, asked)
    total = sum(kind.count for source in found for kind in source.kinds)
    if (asked.page - 1) * asked.size >= DEEPEST:
        return TicketPage((), total)
    return TicketPage(rows.listed_by_ids(tx, list(_walk(tx, found, asked))), total)


def _told_apart(asked: TicketFilter) -> Set[str]:
    """What of the tickets' kinds this question narrows or sorts by."""
    is_by_person = asked.assignee is not None or asked.is_unassigned or asked.sort is Sort.ASSIGNEE
    is_by_number = asked.sort in (Sort.NUMBER, Sort.STATUS, Sort.PRIORITY, Sort.ASSIGNEE)
    return {name for name, is_so in (("assignee", is_by_person), ("priority", is_by_number)) if is_so}


def _narrowed(source: Source, asked: TicketFilter) -> Source:
    return replace(source, kinds=tuple(kind for kind in source.kinds if _fits(kind, asked)))


def _fits(kind: Kind, asked: TicketFilter) -> bool:
    return (
        (asked.statuses is None or kind.status in asked.statuses)
        and (asked.assignee is None or kind.assignee == asked.assignee)
        and not (asked.is_unassigned and kind.assignee is not None)
    )


def _walk(tx: Tx, found: Sequence[Source], asked: TicketFilter) -> Iterator[int]:
    """Ids of tickets from the page's first on; whole groups before it are only counted."""
    order = Order(_KEYS.get(asked.sort, Key.NUMBER), asked.descending, _alike(asked))
    skip = (max(asked.page, 1) - 1) * asked.size
    want = asked.size
    for group in _groups(tx, found, asked):
        count = sum(kind.count for source in group for kind in source.kinds)
        if skip >= count:
            skip -= count
            continue
        ids = streams.merged(tx, group, order, skip, want)
        yield from ids
        want -= len(ids)
        skip = 0
        if want <= 0:
            return


def _alike(asked: TicketFilter) -> frozenset[str]:
    """What all tickets of one group have alike."""
    is_of_one = asked.assignee is not None or asked.is_unassigned or asked.sort is Sort.ASSIGNEE
    return frozenset({"assignee"} if is_of_one else ()) | (
        {"priority"} if asked.sort is Sort.PRIORITY else set()
    )


def _groups(tx: Tx, found: Sequence[Source], asked: TicketFilter) -> Sequence[Sequence[Source]]:
    """The tickets that have the same value of what they are sorted by; one group for all of any other sort."""
    if asked.sort not in _GROUPED:
        return [found]
    field = _GROUPED[asked.sort]
    values: set[Value] = {getattr(kind, field) for source in found for kind in source.kinds}
    rank = _ranks(tx, values, asked)
    return [
        [replace(s, kinds=tuple(k for k in s.kinds if getattr(k, field) == value)) for s in found]
        for value in sorted(values, key=lambda value: rank[value], reverse=asked.descending)
    ]


def _ranks(tx: Tx, values: set[Value], asked: TicketFilter) -> Mapping[Value, tuple[Any, ...]]:
    """What to sort values by. With nobody, and what the order does not name: last."""
    if asked.sort is Sort.ASSIGNEE:
        known = people.by_ids(tx, {value for value in values if isinstance(value, int)})
        names = {
            id: (person.name or person.address.name or person.address.spec) for id, person in known.items()
        }
        return {v: (v is None, names[v].lower() if isinstance(v, int) else "") for v in values}
    place = {id: number for number, id in enumerate(asked.order)}
    return {v: (place.get(str(v), len(place)) if place else 0, str(v)) for v in values}


# Words


def _narrowing(asked: TicketFilter) -> Mapping[str, Any]:
    narrowing: dict[str, Any] = {}
    if asked.statuses is not None:
        narrowing["status"] = sorted(asked.statuses)
    if asked.assignee is not None or asked.is_unassigned:
        narrowing["assignee"] = asked.assignee
    return narrowing


def _with_words(tx: Tx, viewer: Person | None, found: Sequence[Source], asked: TicketFilter) -> TicketPage:
    hits = search.find(tx, asked.words, Within.of(viewer))
    is_ranked = asked.sort is Sort.BEST
    field = _GROUPED.get(asked.sort, "")
    columns = [] if is_ranked else [*([field] if field else []), _KEYS.get(asked.sort, Key.NUMBER).value]
    seen = streams.among(tx, hits.tickets, found, columns, _narrowing(asked))
    ids = [id for id in hits.tickets if id in seen]
    if field:
        rank = _ranks(tx, {seen[id][0] for id in ids}, asked)
        ids.sort(key=lambda id: (rank[seen[id][0]], seen[id][1], id), reverse=asked.descending)
    elif not is_ranked:
        ids.sort(key=lambda id: (seen[id][0], id), reverse=asked.descending)
    first = (max(asked.page, 1) - 1) * asked.size
    listed = rows.listed_by_ids(tx, ids[first : first + asked.size])
    return TicketPage(listed, len(ids), hits.is_whole, search.lag(tx))
