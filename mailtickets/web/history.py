"""Changes of a ticket in words: for the history table, and for the muted lines of the talk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Change, Changed, Field, Opened, Value
from mailtickets.store.views import Delivery, Entry, Event, TicketView
from mailtickets.web import handing, marks
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
            case ((Field.REQUESTER | Field.ASSIGNEE), _):
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


def told(events: Iterable[Event]) -> tuple[Event, ...]:
    """The rows that a reader wants: the opening, and changes of what somebody sets."""
    return tuple(e for e in events if isinstance(e.change, Opened) or e.change.field in _LABELS)


def lines(view: TicketView, names: Names, calendar: Calendar) -> tuple[Line, ...]:
    """The history, newest first, each row with the message that came with it; and what did not arrive."""
    anchors = {entry.cause: anchor(entry) for entry in view.entries}
    rows = [
        (event.at, _line(event, names, calendar, anchors.get(event.cause, "")))
        for event in told(view.history)
    ]
    rows += [
        (one.at, _lost(one, calendar, anchors.get(one.cause, "")))
        for one in view.deliveries
        if one.state == "failed"
    ]
    return tuple(line for _, line in sorted(rows, key=lambda row: row[0], reverse=True))


def anchor(entry: Entry) -> str:
    """Where on the page a message stands."""
    return f"m{entry.id}"


def _line(event: Event, names: Names, calendar: Calendar, anchor: str) -> Line:
    what, change = words(event.change, names)
    who = event.by.shown if event.by else "The desk"
    return Line(calendar.told(event.at), who, what, change, anchor)


def _lost(one: Delivery, calendar: Calendar, anchor: str) -> Line:
    """A mail of ours that came back, with the message that it carried."""
    spec = one.recipient.address.spec
    why = handing.reason(one.answer)[1]
    return Line(calendar.told(one.at), "A mail server", "Not delivered", f"to {spec}: {why}", anchor)


def words(change: Change, names: Names) -> tuple[str, str]:
    """("Status", "New → Open")."""
    match change:
        case Opened(desk=desk):
            return "Opened", f"by mail to {desk}"
        case Changed(field=field, old=old, new=new):
            return _LABELS[field], f"{names.value(field, old)} → {names.value(field, new)}"
