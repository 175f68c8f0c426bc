"""Status, priority and other ids of the workflow as a reader reads them. The law: an id that the workflow lost still shows, as itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.workflow import Choice, Meaning, Workflow


@dataclass(frozen=True, slots=True)
class Mark:
    """A status: its word, and the class that draws its shape and colour."""

    label: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Rank:
    """A priority: its word, and "high", "low" or "" for the middle."""

    label: str
    rank: str


def mark(workflow: Workflow, status: str, for_staff: bool) -> Mark:
    try:
        found = workflow.status(status)
    except KeyError:
        return Mark(status, workflow.meaning(status))
    return Mark(found.label if for_staff else found.customer_label, found.meaning)


def rank(workflow: Workflow, priority: str) -> Rank:
    """Priorities go from low to high; the default one is the middle."""
    ids = [choice.id for choice in workflow.priorities]
    if priority not in ids:
        return Rank(priority, "")
    away = ids.index(priority) - ids.index(workflow.default_priority)
    return Rank(label(workflow.priorities, priority), "high" if away > 0 else "low" if away < 0 else "")


def label(choices: Sequence[Choice], id: str) -> str:
    return next((choice.label for choice in choices if choice.id == id), id)


def project(policy: Policy, key: str) -> str:
    try:
        return policy.project(key).name
    except KeyError:
        return key


def who(person: Person | None) -> str:
    return person.shown if person else "nobody"
