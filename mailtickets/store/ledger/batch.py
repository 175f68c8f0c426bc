"""What the letters of a batch ask of the ledger: asked once for all of them, and kept true from one to the next.

The law: what a letter is told here is what the database would say if all letters before it were written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from mailtickets.core.case import Outcome
from mailtickets.core.decision import Mark
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import InboundMail
from mailtickets.core.person import Participant, Person
from mailtickets.core.policy import Policy
from mailtickets.core.thread import Clues
from mailtickets.core.ticket import Ticket
from mailtickets.store import people, tickets
from mailtickets.store.engine import Tx
from mailtickets.store.ledger import message_ids
from mailtickets.store.ledger.message_ids import Lead
from mailtickets.store.ledger.numbers import Numbers
from mailtickets.store.ledger.once import Once
from mailtickets.store.people import Familiar
from mailtickets.store.schema import HAS_FINGERPRINT, inbound
from mailtickets.store.sheet import Sheet

_COPIES = (
    select(inbound.c.fingerprint, inbound.c.id, inbound.c.evidence)
    .where(
        inbound.c.fingerprint.in_(bindparam("fingerprints", expanding=True)),
        HAS_FINGERPRINT,
        inbound.c.outcome != Outcome.IGNORED,
    )
    .order_by(inbound.c.id)
)


class Batch:
    """One transaction in which letters are decided, or one thing that is no letter."""

    def __init__(self, tx: Tx, policy: Policy, now: datetime, *, is_dry: bool = False) -> None:
        self.sheet = Sheet(tx, is_dry=is_dry)
        self.policy = policy
        self.now = now
        self.people = Familiar(self.sheet, now)
        self.numbers = Numbers(self.sheet, policy)
        self.once = Once(self.sheet)
        self._tx = tx
        self._tickets: dict[int, Ticket | None] = {}
        self._participants: dict[int, tuple[Participant, ...]] = {}
        self._leads: dict[str, Lead | None] = {}
        self._copies: dict[str, list[tuple[int, Evidence | None]]] = {}

    def expect(self, letters: Iterable[tuple[InboundMail, Clues]]) -> None:
        """Ask together for what these letters will ask for one by one."""
        known = tuple(letters)
        named = people.named_by(self.policy)
        self.people.meet((*named, *(mail.sender for mail, _ in known if mail.sender)))
        # What leads nowhere yet will, once its letter is on a ticket.
        self._leads_of({key for mail, _ in known for key in message_ids.named(mail)})
        leads = self._leads_of({key for _, clues in known for key in message_ids.keys(clues.ids)})
        ids = {id for _, clues in known for id in clues.own} | {lead.ticket for lead in leads if lead}
        self._participants_of([t.id for t in self._tickets_of(ids)])
        self.once.expect({token for _, clues in known for token in clues.tokens})
        self._copies_of({mail.fingerprint for mail, _ in known if mail.fingerprint})

    def write(self) -> None:
        """Write what has been decided so far."""
        self.numbers.write()
        self.sheet.write()

    @property
    def named(self) -> tuple[Person, ...]:
        """Whom the policy names by address."""
        return self.people.meet(people.named_by(self.policy))

    # Tickets, locked until the transaction ends.

    def ticket(self, ids: Sequence[int]) -> Ticket | None:
        """The first of these ids that a ticket has."""
        return next(iter(self._tickets_of(ids)), None)

    def numbered(self, number: int) -> Ticket | None:
        """The ticket of that number."""
        found = tickets.to_change_by_number(self.sheet.tx, number)
        return found and self._tickets.setdefault(found.id, found)

    def keep(self, ticket: Ticket) -> None:
        """This is what the ticket is from now on."""
        self._tickets[ticket.id] = ticket

    def _tickets_of(self, ids: Collection[int]) -> list[Ticket]:
        if unknown := [id for id in ids if id not in self._tickets]:
            self._tickets |= dict.fromkeys(unknown) | tickets.to_change(self._tx, unknown)
        return [found for id in ids if (found := self._tickets[id])]

    # Who is on them.

    def participants(self, ticket: int) -> tuple[Participant, ...]:
        """Who is on a ticket: the requester first, then as they joined."""
        return self._participants_of((ticket,))[0]

    def join(self, ticket: int, joining: Iterable[Participant]) -> tuple[Participant, ...]:
        """Who of them was not on the ticket yet. Who is there already stays what they are."""
        here = self.participants(ticket)
        there = {p.person.id for p in here}
        new: dict[int, Participant] = {}
        for one in joining:
            if one.person.id not in there:
                new.setdefault(one.person.id, one)
        self._participants[ticket] = tickets.requester_first((*here, *new.values()))
        return tuple(new.values())

    def begin(self, ticket: Ticket) -> None:
        """A ticket is new: nobody is on it yet."""
        self.keep(ticket)
        self._participants[ticket.id] = ()

    def call(self, who: Person, name: str) -> Person:
        """Somebody of whom only the address was known has told a name."""
        self._participants.clear()
        self.sheet.write()
        return self.people.call(who, name)

    def mark(self, marks: Sequence[Mark]) -> None:
        """What has become of mail to some addresses; the next letter knows it."""
        self._participants.clear()
        self.sheet.write()
        self.people.mark(marks)

    def hear(self, who: Person, language: str) -> None:
        """The language that somebody writes in."""
        now = self.people.hear(who, language)
        for ticket, here in self._participants.items():
            if any(p.person.id == now.id for p in here):
                known = (Participant(now, p.part) if p.person.id == now.id else p for p in here)
                self._participants[ticket] = tuple(known)

    def _participants_of(self, ids: Sequence[int]) -> list[tuple[Participant, ...]]:
        if unknown := [id for id in ids if id not in self._participants]:
            self._participants |= dict.fromkeys(unknown, ()) | tickets.participants_of(self._tx, unknown)
        return [self._participants[id] for id in ids]

    # Message-IDs that lead to a ticket.

    def lead(self, ids: Sequence[str]) -> Lead | None:
        """Where ids lead, nearest parent first; one of a letter that the desk has goes before all others."""
        found = [lead for lead in self._leads_of(message_ids.keys(ids)) if lead]
        return min(found, key=lambda lead: not lead.is_known, default=None)

    def remember(self, mail: InboundMail, ids: Iterable[str], on: Ticket) -> None:
        """What a letter on a ticket names leads there from now on, and the letter's own id above all."""
        told = message_ids.told(mail, ids, on)
        self._leads_of([key for key, _ in told])
        for key, new in told:
            old = self._leads[key]
            if old is None or (new.is_known and not old.is_known):
                self._leads[key] = new
                self.sheet.put(message_ids.leading(self.sheet.dialect), message_ids.row(key, new))

    def _leads_of(self, keys: Collection[str]) -> list[Lead | None]:
        if unknown := [key for key in keys if key not in self._leads]:
            self._leads |= dict.fromkeys(unknown) | message_ids.leads(self._tx, unknown)
        return [self._leads[key] for key in keys]

    # Letters that were here before.

    def copies(self, fingerprint: str) -> Sequence[tuple[int, Evidence | None]]:
        """Inbound ids with their evidence, of letters with that fingerprint that were not left alone."""
        return self._copies_of((fingerprint,))[0]

    def came(self, letter: int, fingerprint: str, outcome: Outcome, evidence: Evidence) -> None:
        """A letter has its outcome: whatever has the same fingerprint may be its copy."""
        if fingerprint and outcome is not Outcome.IGNORED:
            self._copies_of((fingerprint,))[0].append((letter, evidence))

    def _copies_of(self, fingerprints: Collection[str]) -> list[list[tuple[int, Evidence | None]]]:
        if unknown := [f for f in fingerprints if f not in self._copies]:
            self._copies |= {fingerprint: [] for fingerprint in unknown}
            for fingerprint, id, evidence in self._tx.execute(_COPIES, {"fingerprints": unknown}):
                self._copies[fingerprint].append((id, evidence))
        return [self._copies[f] for f in fingerprints]
