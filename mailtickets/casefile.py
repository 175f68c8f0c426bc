"""The case of a letter: what it says by itself, and all that the ledger knows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailtickets.core import (
    audience,
    authors,
    classify,
    commands,
    compose,
    identity,
    pictures,
    questions,
    thread,
)
from mailtickets.core.case import Case, Question, Wanted
from mailtickets.core.classify import Judgement, Kind
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import Address, InboundMail, Unreadable
from mailtickets.core.openpgp import Signer
from mailtickets.core.policy import Policy
from mailtickets.core.questions import Signs
from mailtickets.core.thread import Clues
from mailtickets.core.tokens import Secret
from mailtickets.store import ledger
from mailtickets.store.ledger import Batch, Stored


@dataclass(frozen=True, slots=True)
class Desk:
    """What every decision needs and no letter changes."""

    policy: Policy
    secret: Secret
    render: compose.Render
    signer: Signer | None = None  # what the desk writes is signed with its own OpenPGP key


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is ours and has been read, or could not be."""

    stored: Stored
    mail: InboundMail | Unreadable
    doubted: Letter | None = None  # of an answer to a question of ours: the letter that it is about


@dataclass(frozen=True, slots=True)
class Judged:
    """What a letter alone says."""

    mail: InboundMail
    judgement: Judgement
    clues: Clues
    evidence: Evidence
    wanted: Wanted
    signs: Signs  # of being an answer to a question of ours


def judge(desk: Desk, stored: Stored, mail: InboundMail) -> Judged:
    """The judgements that ask nothing of the ledger."""
    policy = desk.policy
    judgement = classify.kind(mail, policy.own)
    clues = thread.clues(mail, desk.secret, policy.ticket_tag, policy.own, policy.trust.subaddress)
    if any(token.is_probe for token in clues.tokens):
        judgement = Judgement(Kind.OURS, "a probe of “mailtickets check trust”")
    evidence = identity.evidence(mail, policy.trust, clues.tokens)
    if writer := authors.author(mail, judgement, policy.own):
        mail, evidence = replace(mail, sender=writer, signer="", seal=None), identity.of_another(evidence)
    mail = pictures.shown(mail)
    return Judged(
        mail=mail,
        judgement=judgement,
        clues=clues,
        evidence=identity.aged(evidence, mail.sent_at, stored.mail.received_at),
        wanted=commands.listing(mail),
        signs=questions.signs(mail, clues.tokens),
    )


def load(batch: Batch, desk: Desk, letter: Letter, seen: Judged, *, again: bool = False) -> Case:
    """Everything that the decision about a letter may depend on. `again`: as of `rehearse`."""
    mail, stored = seen.mail, letter.stored
    evidence = identity.without(seen.evidence, batch.once.spent(seen.evidence.tokens, stored.inbound))
    evidence = ledger.counted(batch, stored.inbound, mail, evidence, again=again)
    found = ledger.find_question(batch, seen.signs, seen.clues.tokens)
    if found is None:
        return _case(batch, desk, stored, seen, evidence)
    question, ticket = found
    seen = replace(seen, clues=_about(seen.clues, ticket))
    case = _case(batch, desk, stored, seen, evidence)
    evidence = case.evidence
    came_at = stored.mail.received_at
    if questions.is_confirmed(mail, seen.judgement, evidence, case.known.sender, question, came_at):
        evidence = replace(evidence, confirmed=f"letter {question.letter}")
        question = replace(question, doubted=_doubted(batch, desk, letter, question, ticket))
    # Whoever has been asked may say what was said before.
    return replace(case, evidence=evidence, known=replace(case.known, question=question, earlier=()))


def _case(batch: Batch, desk: Desk, stored: Stored, seen: Judged, evidence: Evidence) -> Case:
    known = ledger.context(batch, stored, seen.mail, seen.clues, seen.judgement, evidence, seen.wanted)
    to = _written_to(seen.mail, stored.mail.mailbox, desk.policy)
    is_to_us = any(audience.is_desk(a, desk.policy) for a in (*seen.mail.to, *seen.mail.cc))
    if known.sender is not None and known.sender.is_staff and not is_to_us:
        evidence = identity.elsewhere(evidence)
    return Case(batch.now, to, seen.mail, seen.judgement, evidence, seen.clues, known)


def _doubted(batch: Batch, desk: Desk, answer: Letter, question: Question, ticket: int | None) -> Case | None:
    """The letter that a question was about, as if it were proven; None if it cannot be read any more."""
    letter = answer.doubted
    if letter is None or letter.stored.inbound != question.letter or isinstance(letter.mail, Unreadable):
        return None
    seen = judge(desk, letter.stored, letter.mail)
    seen = replace(seen, clues=_about(seen.clues, ticket))
    return _case(batch, desk, letter.stored, seen, Evidence(confirmed="by an answer"))


def _about(clues: Clues, ticket: int | None) -> Clues:
    """The clues of a letter of which it is known by a question which ticket (Ticket.id) it is about."""
    return Clues((ticket,) if ticket else (), (), None, clues.tokens, is_question=True)


def _written_to(mail: InboundMail, mailbox: str, policy: Policy) -> Address:
    """The desk's address that the letter names, so that the answer comes from it; else the inbox's own."""
    named = [a for a in (*mail.to, *mail.cc) if a.key in policy.own]
    box = policy.mailbox(mailbox)
    return Address(named[0].spec if named else box.address.spec, box.address.name or policy.name)


def signs(desk: Desk, mail: InboundMail | Unreadable) -> Signs:
    """By what a letter may be known as the answer to a question of ours: its `doubted` is wanted then."""
    if isinstance(mail, Unreadable):
        return Signs()
    policy = desk.policy
    clues = thread.clues(mail, desk.secret, policy.ticket_tag, policy.own, policy.trust.subaddress)
    return questions.signs(mail, clues.tokens)
