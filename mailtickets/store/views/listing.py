"""Lists of tickets: narrowed by a question, sorted, a page at a time.

The law: a page costs what stands on it, however many tickets there are. What a question says of a ticket's status,
priority, project and assignee is answered by the tally, and its list is a merge of streams that stand in an index in its
order. Of the rest an index names the few tickets that it can be about; where none does, only so many are looked at, in
the list's order, and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from mailtickets.core.case import Listed
from mailtickets.core.person import Person
from mailtickets.core.query.condition import Condition, OneOf, Said, Single
from mailtickets.core.query.matching import fits_kind
from mailtickets.core.query.tree import All, Tree, conjuncts, leaves
from mailtickets.core.query.words import Phrase
from mailtickets.store import people, search
from mailtickets.store import tickets as rows
from mailtickets.store.engine import Tx
from mailtickets.store.search import Within
from mailtickets.store.views import kinds, streams
from mailtickets.store.views.candidates import candidates
from mailtickets.store.views.conditions import condition
from mailtickets.store.views.kinds import FIELDS, Kind, Source
from mailtickets.store.views.spoken import Spoken, spoken
from mailtickets.store.views.streams import Key, Order, Rest

_SIZE = 25
DEEPEST = 1_000  # tickets that can be leafed through; whoever wants more narrows the list or turns it round


EVERYTHING: Tree[Condition] = All(())


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
class Group:
    """Tickets that have the same of a field stand together."""

    field: str  # of `kinds.FIELDS`
    descending: bool = False


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Tickets that fit a question, in an order."""

    where: Tree[Condition] = EVERYTHING
    sort: Sort = Sort.UPDATED
    descending: bool = True
    group: Group | None = None
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # ids from first to last, by field
    page: int = 1
    size: int = _SIZE
    is_bounded: bool = True  # False: all that fit, whatever it costs


@dataclass(frozen=True, slots=True)
class TicketPage:
    rows: tuple[Listed, ...]
    total: int  # on all pages
    is_counted: bool = True  # False: there are more than the total says
    is_whole: bool = True  # False: not all tickets were looked at, the first in the list's order only
    lag: int = 0  # of a question for words: messages that cannot be found by them yet


# Sorted by a list of values first, then by number: which of a kind's values that is.
_GROUPED = {Sort.STATUS: "status", Sort.PRIORITY: "priority", Sort.ASSIGNEE: "assignee"}
_KEYS = {
    Sort.SUBJECT: Key.SUBJECT,
    Sort.UPDATED: Key.UPDATED,
    Sort.BEST: Key.UPDATED,
    Sort.CREATED: Key.CREATED,
}


@dataclass(frozen=True, slots=True)
class _Parts:
    """A question taken apart by how each part of it is answered."""

    kind: Tree[Condition]  # by the tally
    phrases: tuple[Phrase, ...]  # by the index of words, which also ranks
    rest: tuple[Tree[Condition], ...]

    @classmethod
    def of(cls, where: Tree[Condition]) -> _Parts:
        of_kind: list[Tree[Condition]] = []
        phrases: list[Phrase] = []
        rest: list[Tree[Condition]] = []
        every: tuple[Tree[Condition], ...] = conjuncts(where)
        for part in every:
            if all(isinstance(leaf, OneOf) and leaf.field in FIELDS for leaf in leaves(part)):
                of_kind.append(part)
            elif isinstance(part, Said) and not part.in_subject:
                phrases.append(part.phrase)
            else:
                rest.append(part)
        return cls(All(tuple(of_kind)), tuple(phrases), tuple(rest))

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(leaf.field for leaf in leaves(self.kind) if isinstance(leaf, OneOf))


def tickets(tx: Tx, viewer: Person | None, asked: TicketFilter) -> TicketPage:
    """A page of the tickets that somebody may see; None is the operator, who sees all."""
    parts = _Parts.of(asked.where)
    groups = _groups(asked)
    told = sorted({*parts.fields, *(group.field for group in groups), *_told_for(asked)} - {"status"})
    every = kinds.sources(tx, viewer, frozenset(told))
    found = tuple(_narrowed(source, parts.kind) for source in every)
    within = Within.of(viewer)
    words = spoken(tx, leaves(All(parts.rest)), within)
    listing = _Listing(tx, asked, parts, groups, tuple(told), found, words)
    if parts.phrases:
        hits = search.find(tx, parts.phrases, within)
        page = listing.out_of(hits.tickets, asked.sort is Sort.BEST)
        is_whole = page.is_whole and hits.is_whole
        return replace(page, is_whole=is_whole, is_counted=is_whole, lag=search.lag(tx))
    page = listing.read()
    return replace(page, lag=search.lag(tx)) if words.tickets else page


def _told_for(asked: TicketFilter) -> set[str]:
    """What tickets' kinds have to be told apart by for their order alone."""
    return {"priority"} if _key(asked) is Key.NUMBER else set()


def _key(asked: TicketFilter) -> Key:
    return _KEYS.get(asked.sort, Key.NUMBER)


def _groups(asked: TicketFilter) -> tuple[Group, ...]:
    by_value = [Group(_GROUPED[asked.sort], asked.descending)] if asked.sort in _GROUPED else []
    return (*([asked.group] if asked.group else []), *by_value)


def _narrowed(source: Source, where: Tree[Condition]) -> Source:
    return replace(source, kinds=tuple(kind for kind in source.kinds if fits_kind(where, _values(kind))))


def _values(kind: Kind) -> Mapping[str, Single]:
    return {name: getattr(kind, name) for name in FIELDS}


@dataclass(frozen=True, slots=True)
class _Listing:
    """One question, on its way to a page."""

    tx: Tx
    asked: TicketFilter
    parts: _Parts
    groups: tuple[Group, ...]
    told: tuple[str, ...]
    found: tuple[Source, ...]
    spoken: Spoken

    def read(self) -> TicketPage:
        """The page, in the quickest way that there is."""
        if not self.parts.rest:
            return self._all()
        statuses = kinds.statuses(self.found)
        few = candidates(self.tx, self.parts.rest, statuses, self.spoken.tickets)
        return self._looked_at() if few is None else self.out_of(few, is_ranked=False)

    def out_of(self, ids: Sequence[int], is_ranked: bool) -> TicketPage:
        """Of these tickets, which hold all that fit; in their own order if they are ranked."""
        field = _key(self.asked).value
        columns = sorted({*self.told, "status", field})
        seen = streams.among(self.tx, ids, self.found, columns, self._rest())
        fitting = [id for id in ids if id in seen and fits_kind(self.parts.kind, seen[id])]
        if not is_ranked:
            fitting.sort(key=lambda id: (seen[id][field], id), reverse=self.asked.descending)
        for group in reversed(self.groups):
            rank = self._ranks(group.field, {seen[id][group.field] for id in fitting})
            fitting.sort(key=lambda id: rank[seen[id][group.field]], reverse=group.descending)
        first = (max(self.asked.page, 1) - 1) * self.asked.size
        listed = rows.listed_by_ids(self.tx, fitting[first : first + self.asked.size])
        is_whole = self.spoken.is_whole
        return TicketPage(listed, len(fitting), is_counted=is_whole, is_whole=is_whole)

    def _all(self) -> TicketPage:
        """Of a question about kinds alone: counted by the tally, and read from the page's first ticket on."""
        total = sum(kind.count for source in self.found for kind in source.kinds)
        skip = (max(self.asked.page, 1) - 1) * self.asked.size
        if skip >= DEEPEST and self.asked.is_bounded:
            return TicketPage((), total)
        return TicketPage(rows.listed_by_ids(self.tx, list(self._walk(skip))), total)

    def _walk(self, skip: int) -> Iterator[int]:
        """Ids of tickets from one on; whole groups before it are only counted."""
        want = self.asked.size
        for group in self._grouped():
            count = sum(kind.count for source in group for kind in source.kinds)
            if skip >= count:
                skip -= count
                continue
            ids = self._merged(group, skip, want, Rest()).ids
            yield from ids
            want -= len(ids)
            skip = 0
            if want <= 0:
                return

    def _looked_at(self) -> TicketPage:
        """Of a question that each ticket must be asked: the first that fit, and counted no further than is leafed."""
        is_bounded = self.asked.is_bounded
        most = DEEPEST if is_bounded else (max(self.asked.page, 1)) * self.asked.size
        rest = Rest(self._rest(), is_bounded)
        ids: list[int] = []
        is_whole = self.spoken.is_whole
        for group in self._grouped():
            run = self._merged(group, 0, most + 1 - len(ids), rest)
            ids += run.ids
            is_whole = is_whole and run.is_whole
            if len(ids) > most:
                break
        is_counted = len(ids) <= most and is_whole
        total, first = min(len(ids), most), (max(self.asked.page, 1) - 1) * self.asked.size
        shown = ids[:total][first : first + self.asked.size]
        # Whatever was not looked at, a list that goes on is right as far as it goes.
        return TicketPage(rows.listed_by_ids(self.tx, shown), total, is_counted, is_whole or len(ids) > most)

    def _merged(self, group: Sequence[Source], skip: int, want: int, rest: Rest) -> streams.Run:
        order = Order(_key(self.asked), self.asked.descending)
        return streams.merged(self.tx, group, order, skip, want, self.told, self._fits, rest)

    def _fits(self, values: Mapping[str, Single]) -> bool:
        return fits_kind(self.parts.kind, values)

    def _rest(self) -> Any:
        """What the database must ask of each ticket; None if there is nothing."""
        if not self.parts.rest:
            return None
        return condition(All(self.parts.rest), self.spoken.tickets, self.tx.dialect.name)

    def _grouped(self) -> Sequence[Sequence[Source]]:
        """The tickets that have the same of what they are grouped by, group after group."""
        grouped: list[Sequence[Source]] = [self.found]
        for group in self.groups:
            grouped = [part for one in grouped for part in self._parted(one, group)]
        return grouped

    def _parted(self, found: Sequence[Source], group: Group) -> Iterator[Sequence[Source]]:
        values: set[Single] = {getattr(kind, group.field) for source in found for kind in source.kinds}
        rank = self._ranks(group.field, values)
        for value in sorted(values, key=lambda value: rank[value], reverse=group.descending):
            yield [
                replace(s, kinds=tuple(k for k in s.kinds if getattr(k, group.field) == value)) for s in found
            ]

    def _ranks(self, field: str, values: set[Single]) -> Mapping[Single, tuple[Any, ...]]:
        """What to sort values by. With nobody, and what the order does not name: last."""
        if field == "assignee":
            known = people.by_ids(self.tx, {value for value in values if isinstance(value, int)})
            names = {id: (p.name or p.address.name or p.address.spec) for id, p in known.items()}
            return {v: (v is None, names[v].lower() if isinstance(v, int) else "") for v in values}
        place = {id: number for number, id in enumerate(self.asked.orders.get(field, ()))}
        return {v: (place.get(str(v), len(place)), str(v)) for v in values}
