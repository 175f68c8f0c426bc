"""Who hears what is said on a ticket.

The law: nobody is named here who is neither on the ticket nor staff that works on its project.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mailtickets.core.case import Case, Known
from mailtickets.core.mail import Address
from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Changed, Field, Ticket

People: TypeAlias = tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Circle:
    """Those around one ticket, or around a letter that has none yet."""

    ticket: Ticket | None
    participants: tuple[Participant, ...]
    assignee: Person | None
    staff: People
    named: People

    def person(self, id: int) -> Person | None:
        """Whoever has that id, of all that are known here."""
        everybody = (*(p.person for p in self.participants), *self.staff, *self.named)
        return next((p for p in everybody if p.id == id), self.assignee if self._is_assignee(id) else None)

    def _is_assignee(self, id: int) -> bool:
        return self.assignee is not None and self.assignee.id == id


def circle(known: Known) -> Circle:
    return Circle(known.ticket, known.participants, known.assignee, known.staff, known.named)


def requester(around: Circle) -> Person | None:
    """Who opened the ticket; None if there is no ticket, or nobody knows them any more."""
    if around.ticket is None:
        return None
    return around.person(around.ticket.requester)


def outside(around: Circle) -> People:
    """Who gets the public answers: the requester first, then those whom the requester has named."""
    first = requester(around)
    named = (p.person for p in around.participants if p.part is Part.CC)
    return distinct((*((first,) if first else ()), *named))


def followers(around: Circle, policy: Policy) -> People:
    """The staff that gets all mail about a ticket. Whoever has left the desk hears nothing more."""
    if around.ticket is None:
        return ()
    project = around.ticket.project
    told = _notified(project, around, policy)
    joined = [p.person for p in around.participants if p.part is Part.FOLLOWER]
    if around.assignee is not None:
        joined.append(around.assignee)
    # Nor does an address that sends everything back: rather all the others than nobody.
    here = tuple(p for p in joined if (p.works_on(project) or p in told) and not p.is_paused)
    return distinct(here) or first_followers(project, around, policy)


def first_followers(project: str, around: Circle, policy: Policy) -> People:
    """Who follows each new ticket: whom the project names, else all staff that works on it."""
    told = _notified(project, around, policy)
    return told or distinct(p for p in around.staff if p.works_on(project))


def around(here: Circle, policy: Policy) -> People:
    """Everybody who may hear what is said on a ticket; nobody if there is none."""
    return distinct((*outside(here), *followers(here, policy)))


def is_on(around: Circle, person: Person) -> bool:
    """Whether somebody opened the ticket, or was named or joined there as more than a third party."""
    own = around.ticket is not None and around.ticket.requester == person.id
    return own or any(p.person.id == person.id and p.part is not Part.THIRD for p in around.participants)


def operators(around: Circle, policy: Policy) -> People:
    """Who gets alarms."""
    return _by_address(policy.operators, around)


def new_assignee(around: Circle, changes: Sequence[Changed]) -> Person | None:
    """Who has the ticket from now on; None if that does not change, or nobody has it."""
    ids = [change.new for change in changes if change.field is Field.ASSIGNEE]
    return around.person(ids[-1]) if ids and isinstance(ids[-1], int) else None


def is_inside(person: Person, around: Circle) -> bool:
    """Whether the operator has named this person: staff, or an address that gets notices or alarms."""
    return person.is_staff or any(person.id == named.id for named in around.named)


def sees_tokens(case: Case, policy: Policy) -> bool:
    """Whether a letter goes to anyone outside too, who then knows the ids of ours that it holds.

    Inside are the desk, staff, whom the operator has named, and the sender's own other addresses.
    """
    known = case.known
    own = (known.sender,) if known.sender else ()
    inside = {a.key for p in (*own, *known.staff, *known.named) for a in (p.address, *p.also)}
    inside |= {case.mail.sender.key} if case.mail.sender else set()
    return not all(a.key in inside or is_desk(a, policy) for a in (*case.mail.to, *case.mail.cc))


def is_desk(address: Address, policy: Policy) -> bool:
    """Whether an address leads to the desk, with a token in it or without."""
    local, _, domain = address.key.rpartition("@")
    base = local.partition(policy.trust.subaddress)[0] if policy.trust.subaddress else local
    return bool({address.key, f"{base}@{domain}"} & policy.own)


def distinct(people: Iterable[Person], but: Person | None = None) -> People:
    """Each person once, in order, without the one who is not to hear."""
    return tuple({p.id: p for p in people if but is None or p.id != but.id}.values())


def _notified(project: str, around: Circle, policy: Policy) -> People:
    addresses = next((p.notify for p in policy.projects if p.key == project), ())
    return _by_address(addresses, around)


def _by_address(addresses: Iterable[Address], around: Circle) -> People:
    known = {a.key: p for p in (*around.named, *around.staff) for a in (p.address, *p.also)}
    return distinct(known[a.key] for a in addresses if a.key in known)
