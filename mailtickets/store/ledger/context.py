"""What the ledger knows that bears on a letter: the `Known` of its case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from mailtickets.core import handed, signatures
from mailtickets.core.case import Counters, Handed, Known, Story, Wanted
from mailtickets.core.classify import Judgement, is_postmaster
from mailtickets.core.identity import Evidence
from mailtickets.core.likeness import Saying
from mailtickets.core.mail import Address, InboundMail
from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.policy import Policy
from mailtickets.core.query import Unclear
from mailtickets.core.thread import Clues, Route
from mailtickets.core.ticket import Ticket
from mailtickets.store import tickets
from mailtickets.store.engine import Tx
from mailtickets.store.ledger import answered, counts, earlier, message_ids, pictures
from mailtickets.store.ledger.batch import Batch
from mailtickets.store.ledger.intake import Stored
from mailtickets.store.ledger.listed import OWN, listed
from mailtickets.store.schema import ticket

ON_TICKET = (*OWN, Part.FOLLOWER)


def context(
    batch: Batch,
    stored: Stored,
    mail: InboundMail,
    clues: Clues,
    judgement: Judgement,
    evidence: Evidence,
    wanted: Wanted,
) -> Known:
    """Everything known. The sender is a person afterwards; the ticket is locked until the transaction ends."""
    sender = _called(batch, batch.people.of(mail.sender), mail.sender, evidence) if mail.sender else None
    found = _find(batch, clues, sender)
    on, policy = found.ticket, batch.policy
    imprints = _imprints(mail, judgement, evidence, sender)
    asks = sender if wanted.list is not None else None
    rows = listed(batch.sheet.tx, wanted.list or "", asks, policy, batch.now) if asks else ()
    return Known(
        sender=sender,
        sender_is_new=mail.sender is not None and batch.people.is_new(mail.sender),
        route=found.route,
        ticket=on,
        participants=found.participants,
        assignee=batch.people.by_ids((on.assignee,)).get(on.assignee) if on and on.assignee else None,
        answered_text=answered.text(batch.sheet, mail, on, sender) if on and "#" in mail.typed else "",
        staff=batch.people.staff,
        tagged=found.tagged,
        tagged_participants=found.tagged_participants,
        earlier=_earlier(batch, stored, mail, judgement, sender, on) if sender else (),
        counters=counts.counters(batch.sheet, sender, on, policy, batch.now) if sender else Counters(),
        duplicate_of=_duplicate_of(batch, stored, mail, evidence, sender),
        is_late=stored.is_late,
        is_released=stored.is_released,
        bounced=answered.bounced(batch.sheet, mail, clues),
        listed=() if isinstance(rows, Unclear) else rows,
        unclear=rows if isinstance(rows, Unclear) else None,
        shown=_shown(batch.sheet.tx, wanted.show, sender, on) if wanted.show is not None and sender else None,
        named=batch.named,
        # A letter that was in doubt has come before, with its own pictures.
        pictures=pictures.seen(batch.sheet, mail, before=int(bool(evidence.confirmed))),
        handed=_handed(batch, mail, sender, judgement, evidence) if on is None else None,
        imprints=imprints,
        replay_of=batch.once.imprinted(imprints, stored.inbound) if imprints else None,
    )


def _imprints(
    mail: InboundMail, judgement: Judgement, evidence: Evidence, sender: Person | None
) -> tuple[str, ...]:
    """Of a letter that may order something. A forged copy that comes first must not spend the true one's."""
    if sender is None or not (judgement.is_person and evidence.authenticated):
        return ()
    return signatures.imprints(mail) if sender.is_staff or "#" in mail.typed else ()


def _earlier(
    batch: Batch, stored: Stored, mail: InboundMail, judgement: Judgement, sender: Person, on: Ticket | None
) -> tuple[Saying, ...]:
    """What is new was never here, and what alarms say is not compared."""
    if (mail.sender and batch.people.is_new(mail.sender)) or not (judgement.is_person or is_postmaster(mail)):
        return ()
    return earlier.sayings(batch.sheet, sender, on, stored.mail.received_at, batch.policy, batch.now)


def _called(batch: Batch, sender: Person, written: Address, evidence: Evidence) -> Person:
    """A person without any name is called as their own letters call them."""
    is_nameless = not (sender.name or sender.address.name)
    if is_nameless and written.name and not evidence.is_contrary and sender.address == written:
        return batch.call(sender, written.name)
    return sender


def _handed(
    batch: Batch, mail: InboundMail, sender: Person | None, judgement: Judgement, evidence: Evidence
) -> Handed | None:
    """The letter that an agent forwards; its writer is a person afterwards."""
    if not mail.forwards or sender is None or not sender.is_staff:
        return None
    if not judgement.is_person or evidence.is_contrary:
        return None
    mine = {a.key for a in (sender.address, *sender.also)}
    staff = {a.key for person in batch.people.staff for a in (person.address, *person.also)}
    letter = handed.letter(mail, mine, staff, batch.policy.own)
    return Handed(batch.people.of(letter.sender), letter) if letter else None


# Which ticket?


@dataclass(frozen=True, slots=True)
class _Found:
    route: Route
    ticket: Ticket | None = None
    participants: tuple[Participant, ...] = ()
    tagged: Ticket | None = None
    tagged_participants: tuple[Participant, ...] = ()


def _find(batch: Batch, clues: Clues, sender: Person | None) -> _Found:
    """The order of the clues is the contract with those who write."""
    own = batch.ticket(clues.own)
    if own:
        route = Route.QUESTION if clues.is_question else Route.OWN_ID
        return _Found(route, own, batch.participants(own.id))
    lead = batch.lead(clues.ids)
    led = batch.ticket((lead.ticket,)) if lead else None
    if lead and led:
        route, here = Route.KNOWN_ID if lead.is_known else Route.SEEN_ID, batch.participants(led.id)
        if sender is None or sender.is_staff or _is_on(sender, here):
            return _Found(route, led, here)
        # An id leads to the first ticket that it was known on: whoever has used it before must not lead others astray.
        mine = batch.ticket(message_ids.on_own(batch.sheet.tx, sender.id, clues.ids))
        return _Found(Route.KNOWN_ID, mine, batch.participants(mine.id)) if mine else _Found(route, led, here)
    tagged = batch.numbered(clues.tag) if clues.tag is not None else None
    if tagged is None:
        return _Found(Route.NEW)
    here = batch.participants(tagged.id)
    if sender is not None and _may_use_tag(sender, here, batch.policy):
        return _Found(Route.TAG, tagged, here)
    return _Found(Route.NEW, tagged=tagged, tagged_participants=here)


def _is_on(sender: Person, here: Sequence[Participant]) -> bool:
    return any(p.person.id == sender.id and p.part in ON_TICKET for p in here)


def _may_use_tag(sender: Person, here: Sequence[Participant], policy: Policy) -> bool:
    """A number can be guessed: it leads only those to the ticket who are on it, who may read it, and staff."""
    if sender.is_staff or _is_on(sender, here):
        return True
    requester = next((p.person for p in here if p.part is Part.REQUESTER), None)
    return requester is not None and policy.viewer(sender).reads_of(requester)


# Was it here before?


def _duplicate_of(
    batch: Batch, stored: Stored, mail: InboundMail, evidence: Evidence, sender: Person | None
) -> int | None:
    """The same letter by another route. A copy with better evidence is no copy: the other may be forged."""
    if not mail.fingerprint:
        return None
    person = sender.id if sender else 0
    mine = _weight(evidence, person)
    others = (copy for copy in batch.copies(mail.fingerprint) if copy[0] != stored.inbound)
    return next((id for id, theirs in others if theirs and _weight(theirs, person) >= mine), None)


def _weight(evidence: Evidence, person: int) -> int:
    """How much speaks for this sender: a token of their own, a vouching server, a signature weigh one each."""
    if evidence.is_contrary:
        return -1
    has_token = any(t.person == person for t in evidence.tokens)
    return has_token + bool(evidence.authenticated) + bool(evidence.signed)


# What do its commands ask to see?


def _shown(tx: Tx, number: int, asker: Person, on: Ticket | None) -> Story | None:
    """A ticket that the asker may see; 0 is the one that the letter leads to."""
    if number == 0:
        found = select(ticket).where(ticket.c.id == (on.id if on else 0), tickets.seen_by(asker, OWN))
    else:
        found = select(ticket).where(ticket.c.number == number, tickets.seen_by(asker, OWN))
    row = tx.execute(found).first()
    return tickets.story(tx, tickets.of(row)) if row else None
