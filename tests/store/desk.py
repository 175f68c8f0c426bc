"""A desk for the tests of the store: takes letters in by the true steps, with decisions that the test makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from mailtickets.config import Staff
from mailtickets.core.case import Case, Known, MessageKind, Outcome, ReplyKind, Wanted
from mailtickets.core.compose import Outgoing
from mailtickets.core.decide import Decision, Join, Message
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import Address, InboundMail
from mailtickets.core.person import Part, Person, Role
from mailtickets.core.policy import Policy
from mailtickets.core.thread import Clues
from mailtickets.core.ticket import Changed, Opened, Ticket
from mailtickets.store import ledger, outbox, people, schema, views
from mailtickets.store.engine import Store, Tx
from mailtickets.store.ledger import Batch, Cause, Stored
from mailtickets.store.sheet import Sheet
from mailtickets.store.views import TicketView
from tests.store.letters import ANN, DESK, LEE, NO_CLUES, NOT_ASKED, NOTHING, NOW, PERSON, POLICY, letter, raw


@dataclass
class Desk:
    """Owns the time and the next UID."""

    store: Store
    policy: Policy = POLICY
    now: datetime = NOW
    uid: int = 0

    def later(self, span: timedelta = timedelta(minutes=1)) -> None:
        self.now += span

    def stored(self) -> Stored:
        """A letter of which only the id matters."""
        self.uid += 1
        return self.store.write_sync(ledger.keep, self.store.blobs, (raw(self.uid),), self.now)[0]

    def known(
        self,
        mail: InboundMail,
        clues: Clues = NO_CLUES,
        evidence: Evidence = NOTHING,
        wanted: Wanted = NOT_ASKED,
    ) -> Known:
        """What is known when a letter comes in."""
        return self.store.write_sync(self._known, self.stored(), mail, clues, evidence, wanted)

    def take(
        self,
        mail: InboundMail,
        decision: Decision,
        clues: Clues = NO_CLUES,
        evidence: Evidence = NOTHING,
    ) -> Ticket | None:
        """One letter from the inbox to its end."""
        return self.store.write_sync(self._take, self.stored(), mail, decision, clues, evidence)

    def opens(self, mail: InboundMail | None = None, *joins: Join) -> Ticket:
        """A ticket that a customer's letter opens."""
        mail = mail or letter()
        sender = self.person(mail.sender or LEE)
        opening = Opened(
            "Printer", "new", "standard", "question", "support", sender.id, DESK.key, mail.message_id
        )
        requester = Join(sender.address, Part.REQUESTER)
        decision = Decision(
            Outcome.OPENED,
            "new ticket",
            opened=opening,
            message=said(sender, mail.reply),
            joins=(requester, *joins),
        )
        ticket = self.take(mail, decision)
        assert ticket is not None
        return ticket

    def says(
        self,
        ticket: Ticket,
        mail: InboundMail,
        *changes: Changed,
        kind: MessageKind = MessageKind.PUBLIC,
        joins: tuple[Join, ...] = (),
    ) -> Ticket:
        """A message on a ticket, and what it changes there."""
        author = self.person(mail.sender) if mail.sender else None
        decision = Decision(
            Outcome.REPLIED, "found", changes=changes, message=said(author, mail.reply, kind), joins=joins
        )
        after = self.take(mail, decision, Clues((ticket.id,), (), None))
        assert after is not None
        return after

    def person(self, address: Address) -> Person:
        return self.store.write_sync(people.ensure, address, self.now)[0]

    def hire(self, address: Address = ANN, *projects: str) -> Person:
        """An agent, and nobody else."""
        agent = Staff(address, address.name, Role.AGENT, (), projects, "", "")
        self.store.write_sync(people.sync_staff, (agent,), self.now)
        return self.person(address)

    def view(self, ticket: Ticket) -> TicketView:
        """A ticket as the operator sees it."""
        found = self.store.read_sync(views.ticket, ticket.number)
        assert found is not None
        return found

    def mails(self, mail: Outgoing, cause: str = "in:1", *, is_held: bool = False) -> int:
        """How many that made."""
        return self.store.write_sync(queue, mail, cause, is_held, self.now)

    def _known(
        self, tx: Tx, stored: Stored, mail: InboundMail, clues: Clues, evidence: Evidence, wanted: Wanted
    ) -> Known:
        batch = Batch(tx, self.policy, self.now)
        return ledger.context(batch, stored, mail, clues, PERSON, evidence, wanted)

    def _take(
        self, tx: Tx, stored: Stored, mail: InboundMail, decision: Decision, clues: Clues, evidence: Evidence
    ) -> Ticket | None:
        batch = Batch(tx, self.policy, self.now)
        known = ledger.context(batch, stored, mail, clues, PERSON, evidence, NOT_ASKED)
        case = Case(self.now, DESK, mail, PERSON, evidence, clues, known)
        cause = Cause(stored.inbound, f"in:{stored.inbound}")
        ticket = ledger.record(batch, cause, known.ticket, decision, known.sender, mail)
        ledger.settle(batch, stored.inbound, decision, case, ticket)
        batch.write()
        return ticket


def queue(tx: Tx, mail: Outgoing, cause: str, is_held: bool, now: datetime) -> int:
    """Put a mail into the outbox; how many that made."""
    count, sheet = select(func.count()).select_from(schema.outbox), Sheet(tx)
    before: int = tx.scalar(count) or 0
    outbox.put(sheet, mail, cause, is_held, now)
    return (sheet.tx.scalar(count) or 0) - before


def said(author: Person | None, text: str, kind: MessageKind = MessageKind.PUBLIC) -> Message:
    return Message(kind, author.id if author else None, text, (), ())


def outgoing(to: Person, kind: ReplyKind = ReplyKind.ANSWER, **fields: object) -> Outgoing:
    """A mail of ours, composed."""
    values: dict[str, object] = {
        "envelope_from": DESK.spec,
        "message_id": f"mt.{kind}.{to.id}@example.org",
        "octets": b"Subject: Re: [#1] Printer\r\n\r\nHello\r\n",
        "is_automatic": kind is not ReplyKind.ANSWER,
        "is_unproven": False,
        "person": to.id,
        "ticket": 0,
        "due_at": NOW,
    }
    return Outgoing(kind, to.address, **(values | fields))  # type: ignore[arg-type]
