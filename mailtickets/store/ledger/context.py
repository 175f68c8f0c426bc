"""What the ledger knows that bears on a letter: the `Known` of its case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import ColumnElement, and_, bindparam, select, true

from mailtickets.core.case import Counters, Known, Listed, ListFilter, Outcome, Story, Wanted, Which
from mailtickets.core.classify import Judgement
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import Address, InboundMail
from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.policy import Policy
from mailtickets.core.thread import Clues, Route
from mailtickets.core.ticket import Ticket
from mailtickets.core.workflow import ACTIVE, DONE, Meaning, Workflow
from mailtickets.store import people, tickets
from mailtickets.store.connect import contains
from mailtickets.store.engine import Tx
from mailtickets.store.ledger import answered, counts, message_ids
from mailtickets.store.ledger.intake import Stored
from mailtickets.store.schema import HAS_FINGERPRINT, inbound, ticket

LISTED = 50  # rows of a list that goes by mail
OWN = (Part.REQUESTER, Part.CC)
ON_TICKET = (*OWN, Part.FOLLOWER)


def context(
    tx: Tx,
    stored: Stored,
    mail: InboundMail,
    clues: Clues,
    judgement: Judgement,
    evidence: Evidence,
    wanted: Wanted,
    policy: Policy,
    now: datetime,
    familiar: people.Familiar | None = None,
) -> Known:
    """Everything known. The sender is a person afterwards; the ticket is locked until the transaction ends."""
    named = people.named_by(policy)
    around, new = people.around(tx, (*named, *((mail.sender,) if mail.sender else ())), now, familiar)
    sender = _called(tx, around[mail.sender.key], mail.sender, evidence) if mail.sender else None
    found = _find(tx, clues, sender)
    on = found.ticket
    known = {p.person.id: p.person for p in found.participants} | {p.id: p for p in around.values()}
    return Known(
        sender=sender,
        sender_is_new=mail.sender is not None and mail.sender.key in new,
        route=found.route,
        ticket=on,
        participants=found.participants,
        assignee=_assignee(tx, on, known),
        answered_text=answered.text(tx, mail, on, sender) if on else "",
        staff=tuple(p for p in {p.id: p for p in around.values()}.values() if p.is_staff),
        tagged=found.tagged,
        tagged_participants=found.tagged_participants,
        counters=counts.counters(tx, sender, on, policy, now) if sender else Counters(),
        duplicate_of=_duplicate_of(tx, stored, mail, evidence, sender),
        is_late=stored.is_late,
        is_released=stored.is_released,
        bounced=answered.bounced(tx, mail, clues),
        listed=_listed(tx, wanted.list, sender, policy.workflow) if wanted.list and sender else (),
        shown=_shown(tx, wanted.show, sender, on) if wanted.show is not None and sender else None,
        named=tuple({around[a.key].id: around[a.key] for a in named}.values()),
    )


def _called(tx: Tx, sender: Person, written: Address, evidence: Evidence) -> Person:
    """A person without any name is called as their own letters call them."""
    is_nameless = not (sender.name or sender.address.name)
    if is_nameless and written.name and not evidence.is_contrary and sender.address == written:
        return people.call(tx, sender, written.name)
    return sender


# Which ticket?


@dataclass(frozen=True, slots=True)
class _Found:
    route: Route
    ticket: Ticket | None = None
    participants: tuple[Participant, ...] = ()
    tagged: Ticket | None = None
    tagged_participants: tuple[Participant, ...] = ()


def _find(tx: Tx, clues: Clues, sender: Person | None) -> _Found:
    """The order of the clues is the contract with those who write."""
    own = tickets.to_change(tx, clues.own)
    if own:
        return _Found(Route.OWN_ID, own, tickets.participants(tx, own.id))
    led = message_ids.lead(tx, clues.ids)
    if led:
        return _Found(led[1], led[0], tickets.participants(tx, led[0].id))
    tagged = tickets.to_change_by_number(tx, clues.tag) if clues.tag is not None else None
    if tagged is None:
        return _Found(Route.NEW)
    here = tickets.participants(tx, tagged.id)
    if sender is not None and _may_use_tag(sender, here):
        return _Found(Route.TAG, tagged, here)
    return _Found(Route.NEW, tagged=tagged, tagged_participants=here)


def _may_use_tag(sender: Person, here: Sequence[Participant]) -> bool:
    """A number can be guessed: it leads only those to the ticket who are on it, and staff."""
    return sender.is_staff or any(p.person.id == sender.id and p.part in ON_TICKET for p in here)


def _assignee(tx: Tx, on: Ticket | None, known: Mapping[int, Person]) -> Person | None:
    if on is None or on.assignee is None:
        return None
    return known.get(on.assignee) or people.by_id(tx, on.assignee)


# Was it here before?

_COPIES = (
    select(inbound.c.id, inbound.c.evidence)
    .where(
        inbound.c.fingerprint == bindparam("fingerprint"),
        HAS_FINGERPRINT,
        inbound.c.id != bindparam("letter"),
        inbound.c.outcome != Outcome.IGNORED,
    )
    .order_by(inbound.c.id)
)


def _duplicate_of(
    tx: Tx, stored: Stored, mail: InboundMail, evidence: Evidence, sender: Person | None
) -> int | None:
    """The same letter by another route. A copy with better evidence is no copy: the other may be forged."""
    if not mail.fingerprint:
        return None
    person = sender.id if sender else 0
    mine = _weight(evidence, person)
    copies = tx.execute(_COPIES, {"fingerprint": mail.fingerprint, "letter": stored.inbound})
    return next((row.id for row in copies if row.evidence and _weight(row.evidence, person) >= mine), None)


def _weight(evidence: Evidence, person: int) -> int:
    """How much speaks for this sender: a token of their own and a vouching server weigh one each."""
    if evidence.is_contrary:
        return -1
    return any(t.person == person for t in evidence.tokens) + bool(evidence.authenticated)


# What do its commands ask to see?


def _listed(tx: Tx, asked: ListFilter, asker: Person, workflow: Workflow) -> tuple[Listed, ...]:
    rows = (
        select(ticket)
        .where(
            tickets.seen_by(asker, OWN),
            _among(asked.which, asker, workflow),
            *(contains(ticket.c.subject, word) for word in asked.words),
        )
        .order_by(ticket.c.updated_at.desc(), ticket.c.id.desc())
        .limit(LISTED)
    )
    return tickets.listed(tx, tx.execute(rows))


def _among(which: Which, asker: Person, workflow: Workflow) -> ColumnElement[bool]:
    match which:
        case Which.OPEN:
            return tickets.means(workflow, ACTIVE)
        case Which.MINE:
            own = ticket.c.assignee == asker.id if asker.is_staff else ticket.c.requester == asker.id
            return and_(tickets.means(workflow, ACTIVE), own)
        case Which.UNASSIGNED:
            return and_(tickets.means(workflow, ACTIVE), ticket.c.assignee.is_(None))
        case Which.WAITING:
            return tickets.means(workflow, {Meaning.WAITING})
        case Which.CLOSED:
            return tickets.means(workflow, DONE)
        case Which.ALL:
            return true()
        case _:
            assert_never(which)


def _shown(tx: Tx, number: int, asker: Person, on: Ticket | None) -> Story | None:
    """A ticket that the asker may see; 0 is the one that the letter leads to."""
    if number == 0:
        found = select(ticket).where(ticket.c.id == (on.id if on else 0), tickets.seen_by(asker, OWN))
    else:
        found = select(ticket).where(ticket.c.number == number, tickets.seen_by(asker, OWN))
    row = tx.execute(found).first()
    return tickets.story(tx, tickets.of(row)) if row else None
