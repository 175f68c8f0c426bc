"""Changes of a ticket in words: for the history table, and for the muted lines of the talk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailtickets.core.case import HistoryRow
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Changed, Field, Opened, Value
from mailtickets.web import marks
from mailtickets.web.words import Calendar

# The rest follow from these and stand among the facts.
_LABELS = {
    Field.SUBJECT: "Subject",
    Field.STATUS: "Status",
    Field.RESOLUTION: "Resolution",
    Field.PRIORITY: "Priority",
    Field.TYPE: "Type",
    Field.PROJECT: "Project",
    Field.REQUESTER: "Requester",
    Field.ASSIGNEE: "With",
    Field.TAGS: "Tags",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the history."""

    at: datetime
    when: str
    who: str
    what: str
    change: str  # "Open → Waiting for customer"
    anchor: str  # of the message that came with it, "" if none did


@dataclass(frozen=True, slots=True)
class Names:
    """What turns ids into words."""

    policy: Policy
    people: Mapping[int, Person]

    def person(self, id: Value) -> str:
        return marks.who(self.people.get(id)) if isinstance(id, int) else "nobody"

    def value(self, field: Field, value: Value) -> str:
        """A value of a field as staff reads it; "none" for an empty one."""
        flow = self.policy.workflow
        match field, value:
            case (Field.REQUESTER | Field.ASSIGNEE), _:
                return self.person(value)
            case _, None | "" | ():
                return "none"
            case Field.STATUS, str(id):
                return marks.mark(flow, id, for_staff=True).label
            case Field.PRIORITY, str(id):
                return marks.label(flow.priorities, id)
            case Field.TYPE, str(id):
                return marks.label(flow.types, id)
            case Field.RESOLUTION, str(id):
                return marks.label(flow.resolutions, id)
            case Field.PROJECT, str(key):
                return marks.project(self.policy, key)
            case _, tuple(tags):
                return ", ".join(tags)
            case _:
                return str(value)


def told(rows: Iterable[HistoryRow]) -> tuple[HistoryRow, ...]:
    """The rows that a reader wants: openings, and changes of what somebody sets."""
    return tuple(r for r in rows if isinstance(r.change, Opened) or r.change.field in _LABELS)


def line(row: HistoryRow, names: Names, calendar: Calendar, anchor: str) -> Line:
    what, change = words(row.change, names)
    return Line(
        at=row.at,
        when=calendar.told(row.at),
        who=row.by.shown if row.by else "The desk",
        what=what,
        change=change,
        anchor=anchor,
    )


def words(change: Opened | Changed, names: Names) -> tuple[str, str]:
    """ ("Status", "New → Open")."""
    match change:
        case Opened(desk=desk):
            return "Opened", f"by mail to {desk}"
        case Changed(field=field, old=old, new=new):
            return _LABELS[field], f"{names.value(field, old)} → {names.value(field, new)}"
