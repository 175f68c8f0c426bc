"""A person's letter as it is heard: who speaks, as what, what they say and what they order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum

from mailtickets.core import audience
from mailtickets.core.audience import Circle
from mailtickets.core.authority import Proof, Verdict, is_known, proof, worst
from mailtickets.core.case import Case, MessageKind
from mailtickets.core.commands import RELAY, Block, Deeds, Scene, parse, play, ruling, visible
from mailtickets.core.decision import Message
from mailtickets.core.mail import InboundMail, Segment, SegmentKind
from mailtickets.core.opening import opening, project_of
from mailtickets.core.person import Part, Person, Role
from mailtickets.core.policy import Policy
from mailtickets.core.thread import Route
from mailtickets.core.ticket import Ticket, evolve, opened

# Files that mail programs add by themselves say nothing.
_SEALS = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
)


class Standing(StrEnum):
    """What somebody is to the ticket that the letter belongs to."""

    NEWCOMER = "newcomer"  # it belongs to none
    AGENT = "agent"  # staff that works on it: what they write is an answer
    CUSTOMER = "customer"  # who opened it, or was named by them
    THIRD = "third"  # anyone else, and whoever is contradicted by the evidence


@dataclass(frozen=True, slots=True)
class Hearing:
    case: Case
    policy: Policy
    around: Circle
    sender: Person
    role: Role  # whose commands they may give
    standing: Standing
    proof: Proof
    block: Block
    deeds: Deeds
    text: str  # what they say, commands taken out
    has_words: bool  # something is said, in text or by a file

    @property
    def ticket(self) -> Ticket | None:
        return self.case.known.ticket

    @property
    def mail(self) -> InboundMail:
        return self.case.mail

    @property
    def relays(self) -> bool:
        """Whether what is said would go out in the desk's name."""
        return self.standing is Standing.AGENT and self.has_words

    @property
    def verdict(self) -> Verdict:
        """What becomes of all that this letter orders, and of what an agent says."""
        orders = (*(said.command for said in self.block.said), *((RELAY,) if self.relays else ()))
        return worst(ruling(order, self.role, self.proof, self.policy.strict) for order in orders)

    @property
    def is_believed(self) -> bool:
        """Whether all that this letter orders may be done, and what an agent says may go out."""
        return self.verdict is Verdict.OBEY

    @property
    def is_known(self) -> bool:
        """Whether anything proves that the sender is who From says."""
        return is_known(self.case.evidence, self.sender.id)

    @property
    def is_unverified(self) -> bool:
        """Whether staff should be told not to take the sender for granted."""
        is_sure = self.is_known and self.is_believed
        return self.case.evidence.is_contrary or (self.sender.is_staff and not is_sure)

    @property
    def kind(self) -> MessageKind:
        """As what a customer's words stand on the ticket: to be read by all on it, or by staff alone.

        Somebody else's program can be made to write to a ticket, by its number in a name or its address in a form; but not
        to answer what it never got. So what answers nothing is for staff, if somebody else on the ticket could read it.
        """
        ticket = self.ticket
        if ticket is None or self.standing is not Standing.CUSTOMER:
            return MessageKind.NOTE
        answers = self.case.known.route in (Route.KNOWN_ID, Route.SEEN_ID) or any(
            token.ticket == ticket.id and (token.person == self.sender.id or not token.is_of_address)
            for token in self.case.clues.tokens
        )
        others = (p for p in self.around.participants if p.part is Part.CC and p.person.id != self.sender.id)
        is_alone = ticket.requester == self.sender.id and not any(others)
        return MessageKind.PUBLIC if answers or is_alone else MessageKind.NOTE

    @property
    def reason(self) -> str:
        """How the letter came to its ticket, and what it ordered."""
        words = ", ".join(dict.fromkeys(f"#{said.command.word}" for said in self.block.said))
        found = "new ticket" if self.has_words else "no ticket"
        if self.ticket is not None:
            found = f"found by {self.case.known.route}"
        return f"{found}; {words}" if words else found

    @property
    def ticket_after(self) -> Ticket | None:
        """The ticket as the commands leave it."""
        ticket = self.ticket
        for change in self.deeds.changes if ticket else ():
            ticket = ticket and evolve(ticket, change)
        return ticket

    def message(self, kind: MessageKind) -> Message:
        """What will stand on the ticket, without the commands."""
        mail = self.mail
        return Message(
            kind,
            self.sender.id,
            self.text,
            _uncommanded(mail, self.block),
            mail.attachments,
            self.is_unverified,
        )

    def as_plain_words(self) -> Hearing:
        """The same letter with its commands left standing as text."""
        return replace(self, block=Block(), deeds=Deeds(), text=self.mail.reply)


def hear(case: Case, policy: Policy, sender: Person) -> Hearing:
    """What a letter says, and what its commands would do; whether to do it is for others to decide."""
    around, ticket = audience.circle(case.known), case.known.ticket
    project = ticket.project if ticket else project_of(case, policy)
    role = sender.role if sender.works_on(project) else Role.REQUESTER
    standing = _standing(case, sender, role)
    block = _block(case, sender, role)
    text = _text(case.mail, block)
    # Files count as words, unless the mail orders something and they may be a signature's.
    is_order = bool(block.said or block.slips) or standing is Standing.AGENT
    is_silent = is_order and not text and not has_files(case.mail)
    if not text and not is_order:
        # Somebody wrote into the quote, or the quote was mistaken: better all of it than nothing.
        text = case.mail.text
    scene = Scene(
        now=case.now,
        actor=sender,
        role=role,
        # The commands of a letter that opens a ticket change the ticket that it opens.
        ticket=ticket or (None if is_silent else opened(0, 0, opening(case, policy, sender, text), case.now)),
        known=case.known,
        policy=policy,
        is_own=role is not Role.REQUESTER or ticket is None or ticket.requester == sender.id,
    )
    return Hearing(
        case=case,
        policy=policy,
        around=around,
        sender=sender,
        role=role,
        standing=standing,
        proof=proof(case.evidence, sender.id, ticket.id if ticket else 0),
        block=block,
        deeds=play(block, scene),
        text=text,
        has_words=not is_silent,
    )


def _standing(case: Case, sender: Person, role: Role) -> Standing:
    ticket = case.known.ticket
    if ticket is None:
        return Standing.NEWCOMER
    own = ticket.requester == sender.id
    if role is not Role.REQUESTER and not own:
        return Standing.AGENT
    if case.evidence.is_contrary:
        return Standing.THIRD
    named = any(p.person.id == sender.id and p.part is Part.CC for p in case.known.participants)
    return Standing.CUSTOMER if own or named else Standing.THIRD


def _block(case: Case, sender: Person, role: Role) -> Block:
    mail = case.mail
    if not case.judgement.is_person:
        return Block(rest=mail.typed)
    addresses = (sender.address, *sender.also, *((mail.sender,) if mail.sender else ()))
    names = {sender.name, *sender.name.split(), *(a.name for a in addresses)}
    names |= {part for a in addresses for part in (*a.name.split(), a.spec.rpartition("@")[0])}
    return parse(mail.typed, role, case.known.answered_text, names)


def _text(mail: InboundMail, block: Block) -> str:
    """What was said: typed or forwarded, without the commands."""
    if not block.said and block.rest == mail.typed:
        return mail.reply
    forwarded = (s.text.strip("\n") for s in mail.segments if s.kind is SegmentKind.FORWARD)
    return "\n\n".join(part for part in (block.rest, *forwarded) if part.strip())


def _uncommanded(mail: InboundMail, block: Block) -> tuple[Segment, ...]:
    """The letter's segments without its commands: who answers them may give the same command again."""
    taken = Counter(block.lines)
    if not taken:
        return mail.segments
    left = []
    for segment in mail.segments:
        if segment.kind is SegmentKind.TYPED:
            lines = [line for line in segment.text.split("\n") if not _take(taken, line)]
            segment = replace(segment, text="\n".join(lines).strip("\n"))
        if segment.text:
            left.append(segment)
    return tuple(left)


def _take(taken: Counter[str], line: str) -> bool:
    """Whether a line is one of those, each of which is there but once."""
    line = visible(line).strip()
    if not taken[line]:
        return False
    taken[line] -= 1
    return True


def has_files(mail: InboundMail) -> bool:
    """Whether files came along that say something: no signature's picture, no seal."""
    return any(not a.inline and a.content_type not in _SEALS for a in mail.attachments)
