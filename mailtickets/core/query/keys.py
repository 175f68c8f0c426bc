"""Every key that a question may hold, one row each. The parser, both readers' values, help and docs follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache


class Kind(Enum):
    """What stands behind a key, and so how its values are read."""

    CHOICE = auto()  # of a list of the workflow, or a project
    NUMBER = auto()
    MOMENT = auto()
    PERSON = auto()  # a field that holds one
    PART = auto()  # people on the ticket who have a part
    TAGS = auto()
    SUBJECT = auto()
    STATE = auto()  # one of a few words, each with a meaning of its own


@dataclass(frozen=True, slots=True)
class Key:
    name: str  # also in JSON
    aliases: tuple[str, ...]
    kind: Kind
    example: str
    help: str  # what it finds, one plain sentence
    is_for_staff: bool = False
    has_order: bool = False  # of a choice: its list goes from low to high
    may_lack: bool = False  # a ticket may have none: `key:none`
    names_staff: bool = False  # of people: who has an agent's name is meant first
    is_ahead: bool = False  # of a moment: a span of time reaches from now on, not back


KEYS: tuple[Key, ...] = (
    # name, aliases, kind, example, help
    Key("number", ("n",), Kind.NUMBER, "n:1042", "The ticket of that number."),
    Key("subject", ("title",), Kind.SUBJECT, 'subject:"paper jam"', "These words stand in the subject, one after the other."),
    Key("status", (), Kind.CHOICE, "status:open", "It has this status."),
    Key("resolution", (), Kind.CHOICE, "resolution:fixed", "It ended so.", may_lack=True),
    Key("priority", ("prio",), Kind.CHOICE, "priority:high..", "It is this urgent, or within a range.", has_order=True),
    Key("type", ("category",), Kind.CHOICE, "type:question", "It is of this type."),
    Key("project", ("site",), Kind.CHOICE, "project:support", "It belongs to this project."),
    Key("requester", ("from",), Kind.PERSON, "requester:maria@birch.example", "This person asked."),
    Key("assignee", ("owner",), Kind.PERSON, "assignee:me", "This agent has it.", may_lack=True, names_staff=True),
    Key("cc", (), Kind.PART, "cc:tom@elm.example", "This person gets copies of the answers."),
    Key("followers", ("follower",), Kind.PART, "followers:me", "This agent gets all mail about it.", is_for_staff=True, names_staff=True),
    Key("tags", ("tag",), Kind.TAGS, "tag:vpn", "It has this tag.", is_for_staff=True, may_lack=True),
    Key("created", ("opened",), Kind.MOMENT, "created:<7d", "It was opened then."),
    Key("updated", ("changed",), Kind.MOMENT, "updated:today", "Something happened on it last then."),
    Key("updated_by", (), Kind.PERSON, "updated_by:ann", "This person did the last thing on it.", is_for_staff=True, names_staff=True),
    Key("first_answered", ("answered",), Kind.MOMENT, "answered:none", "An agent answered for the first time then.", may_lack=True),
    Key("resolved", (), Kind.MOMENT, "resolved:2026-01..2026-03", "It was solved then.", may_lack=True),
    Key("closed", (), Kind.MOMENT, "closed:>=2026-01-01", "It was closed then.", may_lack=True),
    Key("reopened", (), Kind.NUMBER, "reopened:>0", "It came back so many times."),
    Key("is", (), Kind.STATE, "is:open", "What its status means, or who is at it."),
    Key("waiting", (), Kind.STATE, "waiting:us", "Whose turn it is."),
    Key("has", (), Kind.STATE, "has:attachment", "There is something on it.", is_for_staff=True),
)  # fmt: skip

SORTS = ("number", "subject", "status", "priority", "assignee", "updated", "created")
GROUPS = ("status", "priority", "assignee", "project")


def named(rows: Iterable[Key], for_staff: bool) -> Mapping[str, Key]:
    """Keys by every name that they have. A requester is told of no others than they may use."""
    usable = [row for row in rows if for_staff or not row.is_for_staff]
    return {name: row for row in usable for name in (row.name, *row.aliases)}


@cache
def built_in(for_staff: bool) -> Mapping[str, Key]:
    """Those that every desk has."""
    return named(KEYS, for_staff)
