"""Changes as people read them: labels, not ids, and to a customer only what concerns customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mailtickets.core.case import Difference
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Changed, Field, Value
from mailtickets.core.workflow import Choice

# What is set along with a status says nothing new: first_answered, resolved, closed, reopened.
_LABELS = {
    Field.SUBJECT: "Subject",
    Field.STATUS: "Status",
    Field.RESOLUTION: "Resolution",
    Field.PRIORITY: "Priority",
    Field.TYPE: "Type",
    Field.PROJECT: "Project",
    Field.REQUESTER: "Requester",
    Field.ASSIGNEE: "Assigned to",
    Field.TAGS: "Tags",
}
_FOR_CUSTOMERS = frozenset({Field.SUBJECT, Field.STATUS, Field.RESOLUTION})


def differences(
    changes: Sequence[Changed], policy: Policy, who: Callable[[int], Person | None], is_staff: bool
) -> tuple[Difference, ...]:
    """From the first value to the last of each field; none where a reader sees no difference."""
    found = []
    for field in dict.fromkeys(change.field for change in changes):
        if field not in _LABELS or not (is_staff or field in _FOR_CUSTOMERS):
            continue
        values = [change for change in changes if change.field is field]
        old = _shown(field, values[0].old, policy, who, is_staff)
        new = _shown(field, values[-1].new, policy, who, is_staff)
        if old != new:
            found.append(Difference(_LABELS[field], old, new))
    return tuple(found)


def _shown(
    field: Field, value: Value, policy: Policy, who: Callable[[int], Person | None], is_staff: bool
) -> str:
    workflow = policy.workflow
    match field, value:
        case ((Field.ASSIGNEE | Field.REQUESTER), int()):
            person = who(value)
            return person.shown if person else f"person {value}"
        case Field.ASSIGNEE, _:
            return "nobody"
        case Field.STATUS, str():
            status = next((s for s in workflow.statuses if s.id == value), None)
            return value if status is None else status.label if is_staff else status.customer_label
        case Field.PRIORITY, str():
            return _label(value, workflow.priorities)
        case Field.TYPE, str():
            return _label(value, workflow.types)
        case Field.RESOLUTION, str():
            return _label(value, workflow.resolutions)
        case Field.PROJECT, str():
            return next((p.name for p in policy.projects if p.key == value), value)
        case _, tuple():
            return ", ".join(value)
        case _:
            return "" if value is None else str(value)


def _label(value: str, choices: Sequence[Choice]) -> str:
    return next((c.label for c in choices if c.id == value), value)
