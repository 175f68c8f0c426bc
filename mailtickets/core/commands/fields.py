"""Commands that change a field of the ticket."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailtickets.core.commands.command import Cannot, Deed, Scene
from mailtickets.core.commands.spelling import nearest
from mailtickets.core.person import Person, Role
from mailtickets.core.ticket import Changed, Field, Ticket, Value, changed, evolve
from mailtickets.core.workflow import DONE, Choice, Status, find, find_longest, folded, moved

SUBJECT_LENGTH = 250
_TAG = re.compile(r"([+-]?)([\w.-]{1,40})")
_NOBODY = frozenset({"nobody", "none", "noone", "unassigned"})


def status(scene: Scene, value: str) -> Deed | Cannot:
    statuses = scene.policy.workflow.statuses
    if not value:
        return Cannot("Say which status it is to have.", _labels(statuses))
    wanted, resolution = find_longest(value, statuses)
    if wanted is None:
        return _unknown("status", value, statuses)
    return _move(scene, wanted, resolution)


def close(scene: Scene, value: str) -> Deed | Cannot:
    return _move(scene, scene.policy.workflow.closing.id, value)


def resolve(scene: Scene, value: str) -> Deed | Cannot:
    return _move(scene, scene.policy.workflow.resolving.id, value)


def reopen(scene: Scene, value: str) -> Deed | Cannot:
    workflow, ticket = scene.policy.workflow, _ticket(scene)
    if value:
        return Cannot("It takes nothing after it; what you want to say goes below.")
    if workflow.meaning(ticket.status) not in DONE:
        return Deed(remark="It was open already.", is_status=True)
    return _move(scene, workflow.on_reopen, "")


def assign(scene: Scene, value: str) -> Deed | Cannot:
    staff = tuple(p for p in scene.known.staff if p.works_on(_ticket(scene).project))
    if not value:
        return Cannot("Say who is to have it.", (*_names(staff), "me", "nobody"))
    if folded(value) in _NOBODY:
        return _assigned(scene, None)
    if folded(value) in ("me", "myself"):
        return mine(scene, "")
    found = [p for p in staff if folded(value) in _full_names(p)] or [
        p for p in staff if folded(value) in _short_names(p)
    ]
    match found:
        case [person]:
            return _assigned(scene, person)
        case []:
            known = {name: p.shown for p in staff for name in _full_names(p) | _short_names(p)}
            near = nearest(folded(value), known)
            return Cannot(
                f"Nobody here is called “{value}”.",
                (*_names(staff), "me", "nobody"),
                known[near] if near else "",
            )
        case _:
            return Cannot(f"More than one is called “{value}”.", tuple(p.address.spec for p in found))


def mine(scene: Scene, value: str) -> Deed | Cannot:
    if value:
        return Cannot("It takes nothing after it; to hand a ticket to someone else, say #assign.")
    return _assigned(scene, scene.actor)


def priority(scene: Scene, value: str) -> Deed | Cannot:
    priorities = scene.policy.workflow.priorities
    if not value:
        return Cannot("Say which priority it is to have.", _labels(priorities))
    wanted = find(value, priorities)
    if wanted is None:
        return _unknown("priority", value, priorities)
    return _set(scene, Field.PRIORITY, wanted, "Its priority was that already.")


def tag(scene: Scene, value: str) -> Deed | Cannot:
    tags = set(_ticket(scene).tags)
    words = value.replace(",", " ").split()
    if not words:
        return Cannot("Say which tags to put on or to take off, such as +printer -urgent.")
    for word in words:
        found = _TAG.fullmatch(word)
        if found is None:
            return Cannot(f"“{word}” cannot be a tag: use letters, digits, dots and hyphens.")
        sign, name = found.groups()
        (tags.discard if sign == "-" else tags.add)(name.casefold())
    return _set(scene, Field.TAGS, tuple(sorted(tags)), "Its tags were these already.")


def title(scene: Scene, value: str) -> Deed | Cannot:
    if not value:
        return Cannot("Say what the subject is to be.")
    return _set(scene, Field.SUBJECT, value[:SUBJECT_LENGTH].rstrip(), "Its subject was that already.")


def _move(scene: Scene, status: str, resolution: str) -> Deed | Cannot:
    """To a status, with or without a resolution."""
    workflow, ticket = scene.policy.workflow, _ticket(scene)
    changes = moved(ticket, status, workflow, scene.now)
    if resolution:
        reason = find(resolution, workflow.resolutions)
        if scene.role is Role.REQUESTER or not workflow.resolutions:
            return Cannot("It takes nothing after it; what you want to say goes below.")
        if reason is None:
            return _unknown("resolution", resolution, workflow.resolutions)
        if workflow.meaning(status) not in DONE:
            return Cannot("Only a ticket that is done has a resolution.", _labels(_done(workflow.statuses)))
        changes += changed(_after(ticket, changes), Field.RESOLUTION, reason)
    if not changes:
        return Deed(remark=f"Its status was {_label(scene, status)} already.", is_status=True)
    return Deed(changes, is_status=True)


def _label(scene: Scene, status: str) -> str:
    found = scene.policy.workflow.status(status)
    return found.customer_label if scene.role is Role.REQUESTER else found.label


def _assigned(scene: Scene, person: Person | None) -> Deed:
    remark = f"It was with {person.shown if person else 'nobody'} already."
    return _set(scene, Field.ASSIGNEE, person.id if person else None, remark)


def _set(scene: Scene, field: Field, new: Value, remark: str) -> Deed:
    """The change of one field; the remark if it holds that value already."""
    changes = changed(_ticket(scene), field, new)
    return Deed(changes) if changes else Deed(remark=remark)


def _ticket(scene: Scene) -> Ticket:
    if scene.ticket is None:
        raise ValueError("a command on a ticket was run without one")
    return scene.ticket


def _after(ticket: Ticket, changes: Sequence[Changed]) -> Ticket:
    for change in changes:
        ticket = evolve(ticket, change)
    return ticket


def _unknown(noun: str, value: str, choices: Sequence[Status] | Sequence[Choice]) -> Cannot:
    known = {folded(name): c.label for c in choices for name in (c.id, c.label)}
    near = nearest(folded(value), known)
    return Cannot(f"There is no {noun} “{value}”.", _labels(choices), known[near] if near else "")


def _labels(choices: Sequence[Status] | Sequence[Choice]) -> tuple[str, ...]:
    return tuple(c.label for c in choices)


def _done(statuses: Sequence[Status]) -> tuple[Status, ...]:
    return tuple(s for s in statuses if s.meaning in DONE)


def _names(staff: Sequence[Person]) -> tuple[str, ...]:
    return tuple(p.shown for p in staff)


def _full_names(person: Person) -> set[str]:
    return {folded(name) for name in (person.shown, *(a.spec for a in (person.address, *person.also)))}


def _short_names(person: Person) -> set[str]:
    """What colleagues call each other: first name, last name, what stands before the @."""
    locals = [a.spec.rpartition("@")[0] for a in (person.address, *person.also)]
    return {folded(name) for name in (*person.name.split(), *locals)}
