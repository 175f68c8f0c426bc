"""Who comes onto a ticket by a letter."""

from __future__ import annotations

from collections.abc import Sequence

from mailtickets.core import audience, authors
from mailtickets.core.audience import People
from mailtickets.core.decision import Join
from mailtickets.core.hearing import Hearing, Standing
from mailtickets.core.person import Part, Person
from mailtickets.core.ticket import Changed

# A letter to more people than this is a circular: they are not all part of one matter.
_CIRCULAR = 50


def founders(h: Hearing, followers: People) -> tuple[Join, ...]:
    """Of a new ticket: who opens it, whom they have written to besides the desk, and who follows it."""
    told = (person for person in followers if person.id != h.sender.id)
    return (
        Join(h.sender.address, Part.REQUESTER),
        *named(h),
        *(Join(person.address, Part.FOLLOWER) for person in told),
    )


def handed_on(h: Hearing, writer: Person, followers: People) -> tuple[Join, ...]:
    """Of a ticket for whose letter an agent forwards: the agent follows, and colleagues whom the mail names."""
    told = (person for person in followers if person.id not in (h.sender.id, writer.id))
    colleagues = (
        join for join in named(h) if join.part is Part.FOLLOWER and join.who.key != writer.address.key
    )
    return (
        Join(writer.address, Part.REQUESTER),
        Join(h.sender.address, Part.FOLLOWER),
        *colleagues,
        *(Join(person.address, Part.FOLLOWER) for person in told),
    )


def named(h: Hearing) -> tuple[Join, ...]:
    """Whom a person's letter names beside the desk. A robot's names are lists, and a forger's are victims."""
    if not h.case.judgement.is_person or h.case.evidence.is_contrary:
        return ()
    own = {a.key for a in (h.sender.address, *h.sender.also)}
    asked = () if h.sender.is_staff else authors.answered_too(h.mail, h.case.evidence, h.policy.own)
    others = {
        a.key: a
        for a in (*h.mail.to, *h.mail.cc, *asked)
        if a.key not in own and not audience.is_desk(a, h.policy)
    }
    if len(others) > _CIRCULAR:
        return ()
    staff = {a.key for person in h.around.staff for a in (person.address, *person.also)}
    return tuple(Join(a, Part.FOLLOWER if key in staff else Part.CC) for key, a in others.items())


def named_later(h: Hearing) -> tuple[Join, ...]:
    """In a reply only the requester names people, and only if it is sure that it is the requester."""
    own = h.ticket is not None and h.ticket.requester == h.sender.id
    return named(h) if own and h.is_known else ()


def assignee(h: Hearing, changes: Sequence[Changed]) -> tuple[Join, ...]:
    """Whoever is assigned follows from then on."""
    person = audience.new_assignee(h.around, changes)
    return (Join(person.address, Part.FOLLOWER),) if person else ()


def third(h: Hearing) -> tuple[Join, ...]:
    """Whoever came by a thread of others."""
    is_there = any(p.person.id == h.sender.id for p in h.around.participants)
    return () if is_there or h.standing is not Standing.THIRD else (Join(h.sender.address, Part.THIRD),)
