"""A question as it was typed, understood at this desk: who is meant by a name is asked of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from mailtickets.core import query
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.query import Name, Question, Scene, Unclear
from mailtickets.core.query.names import names_of, short_name
from mailtickets.core.workflow import Workflow
from mailtickets.store import people
from mailtickets.store.engine import Tx
from mailtickets.store.views.listing import Group, Sort, TicketFilter


def understand(
    tx: Tx, typed: str, policy: Policy, viewer: Person | None, now: datetime
) -> Question | Unclear:
    """The question behind what somebody typed; None is the operator. A requester can name nobody but themselves."""
    for_staff = viewer is None or viewer.is_staff
    keys = query.built_in(for_staff)
    read = query.parse(typed, keys)
    if isinstance(read, Unclear):
        return read
    staff = people.staff(tx) if for_staff else ()
    scene = Scene(
        keys=keys,
        workflow=policy.workflow,
        projects=policy.projects,
        now=now,
        zone=ZoneInfo((viewer.timezone if viewer else "") or policy.timezone),
        me=viewer,
        named=_named(tx, query.names_in(read, keys), staff) if for_staff else _own(viewer),
        suggested=tuple(map(short_name, staff)),
    )
    return query.understand(typed, read, scene)


def _named(tx: Tx, names: frozenset[Name], staff: tuple[Person, ...]) -> dict[Name, frozenset[int]]:
    """Whom each name means."""
    found = {name: _of(name, staff) if name.of_staff else frozenset() for name in names}
    others = [name for name, ids in found.items() if not ids]
    known = people.called(tx, {name.word for name in others}) if others else ()
    return found | {name: _of(name, known) for name in others}


def _of(name: Name, known: Iterable[Person]) -> frozenset[int]:
    return frozenset(person.id for person in known if name.word in names_of(person))


def _own(viewer: Person | None) -> dict[Name, frozenset[int]]:
    words = names_of(viewer) if viewer else ()
    return {Name(w, of_staff): frozenset({viewer.id}) for w in words for of_staff in (False, True) if viewer}


def filter_of(question: Question, workflow: Workflow, sort: Sort | None = None) -> TicketFilter:
    """The first page of what was asked, in the order that was asked for; `sort` if it asks for none."""
    order = question.sort
    return TicketFilter(
        where=question.where,
        sort=Sort(order.field) if order else sort or Sort.BEST,
        descending=order.descending if order else True,
        group=Group(question.group.field, question.group.descending) if question.group else None,
        orders=orders(workflow),
    )


def orders(workflow: Workflow) -> dict[str, tuple[str, ...]]:
    """The values of lists from first to last, to sort by."""
    return {
        "status": tuple(status.id for status in workflow.statuses),
        "priority": tuple(choice.id for choice in workflow.priorities),
    }
