"""What the desk asks the registered address when a letter is not believed, and what is understood of the answers.

The law: only a plain yes of the person who was asked, in time, by the id or the code of that very mail, does what the
letter orders, once. Whatever else a person answers ends the question and is told to the operators; a machine ends nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailtickets.core import audience
from mailtickets.core.case import Answer, Case, Outcome, Question, Reply, ReplyKind
from mailtickets.core.classify import Judgement
from mailtickets.core.commands import is_signature, visible
from mailtickets.core.decision import Decision, Ends
from mailtickets.core.hearing import Hearing
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import InboundMail
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.replies import QUESTION_LASTS
from mailtickets.core.silence import Silence, all_silent
from mailtickets.core.tokens import Token

YES = ("yes", "oui")
_YES = re.compile(rf"#?\s?(?:{'|'.join(YES)})(?P<code>\s+[a-z0-9-]+)?\s?[.!]?")
_CODE = re.compile(r"(?<![a-z0-9-])[a-z2-7]{4}(?:-[a-z2-7]{4}){2}(?![a-z0-9-])")
_MOST_CODES = 20  # in one letter that are looked for

NOTHING = "Nothing that it orders was done."
AGAIN = "If you want it done, send the mail again; the desk will then ask once more."
LATE = (
    f"Your yes came too late: the desk waits {QUESTION_LASTS.seconds // 60} minutes for it. {NOTHING} {AGAIN}"
)
CANCELLED = (
    f"Your reply was no plain yes, so what you were asked about is cancelled. {NOTHING} If you have not written that mail,"
    f" somebody else has; whoever runs this desk has been told. {AGAIN}"
)
ENDED_BEFORE = f"What you say yes to was cancelled before. {NOTHING} {AGAIN}"
OVERTAKEN = (
    "What you say yes to cannot be done any more as you were told: the ticket, or whoever is on it, has changed since."
    f" {NOTHING} {AGAIN}"
)
DONE_BEFORE = (
    "You have said yes to that already, and it was done; this reply of yours went nowhere. To say something on the ticket,"
    " reply to another mail about it."
)


@dataclass(frozen=True, slots=True)
class Signs:
    """By what a letter may be known as the answer to a question of ours."""

    nonce: str = ""  # of the mail that asked, if the letter answers it
    codes: tuple[str, ...] = ()  # as they are kept, of all that look like one, wherever they stand

    def __bool__(self) -> bool:
        return bool(self.nonce or self.codes)


def signs(mail: InboundMail, tokens: Sequence[Token]) -> Signs:
    """What a letter shows. `tokens`: ours that it carries, nearest parent first."""
    parent = tokens[0] if tokens else None
    text = mail.text.casefold()
    # What we write, and what is typed, has the code after the word; nearly no other letter has that word.
    found = _CODE.findall(text) if any(f"#{yes}" in text for yes in YES) else ()
    codes = tuple(dict.fromkeys(map(kept, found)))[:_MOST_CODES]
    return Signs(parent.nonce if parent and parent.is_question else "", codes)


def kept(code: str) -> str:
    """How a code is kept. 60 random bits, of which a question takes one guess, need no slow hash."""
    return hashlib.sha256(code.casefold().encode()).hexdigest()


def bond(h: Hearing, opened: bool = False) -> str:
    """What a yes would do, as one word that is another one as soon as it would do something else.

    `opened`: the letter has opened its ticket, so its words have gone where they go.
    """
    heard = audience.outside(h.around) if h.relays and not opened else ()
    said = (*h.block.lines, *sorted(str(person.id) for person in heard))
    return hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest()


# What is understood of an answer.


def is_confirmed(
    mail: InboundMail,
    judgement: Judgement,
    evidence: Evidence,
    sender: Person | None,
    question: Question,
    came_at: datetime,
) -> bool:
    """Whether this letter does what the letter in doubt orders. `came_at`: IMAP INTERNALDATE."""
    return (
        judgement.is_person
        and question.answer is None
        and came_at <= question.until
        and _is_theirs(evidence, sender, question)
        and says_yes(mail, sender, question)
        and shows(mail, evidence, question)
    )


def says_yes(mail: InboundMail, sender: Person | None, question: Question) -> bool:
    """Whether yes is all that somebody typed, or `#yes` and the code; a name below it may follow."""
    lines = [line.strip() for line in visible(mail.typed).casefold().splitlines() if line.strip()]
    found = _YES.fullmatch(" ".join(lines[:1]))
    if found is None or (lines[1:] and not is_signature(lines[1:], _names(sender))):
        return False
    return not found["code"] or kept(found["code"].strip()) == question.code


def shows(mail: InboundMail, evidence: Evidence, question: Question) -> bool:
    """Whether whoever wrote this has read the mail that asked, and nobody outside can have."""
    by_id = any(t.nonce == question.nonce and t.person == question.person for t in evidence.tokens)
    return by_id or question.code in signs(mail, ()).codes


def _is_theirs(evidence: Evidence, sender: Person | None, question: Question) -> bool:
    return sender is not None and sender.id == question.person and not evidence.is_contrary


def _names(sender: Person | None) -> Collection[str]:
    if sender is None:
        return ()
    names = (sender.name, *(a.name for a in (sender.address, *sender.also)))
    return {part for name in names for part in (name, *name.split()) if part}


# What follows from it, when it is not done.


def answered(case: Case, question: Question, policy: Policy) -> Decision:
    """An answer by which nothing is done. It says nothing to anybody but the desk, so nobody else hears of it."""
    if not case.judgement.is_person:
        return _quiet(case, policy, f"a machine answered the question about letter {question.letter}")
    is_theirs = _is_theirs(case.evidence, case.known.sender, question)
    is_yes = is_theirs and says_yes(case.mail, case.known.sender, question)
    match question.answer:
        case None if is_yes and shows(case.mail, case.evidence, question):
            return _told(case, policy, LATE, f"too late to confirm letter {question.letter}")
        case None:
            return _cancelled(case, question, policy, is_theirs)
        case Answer.CONFIRMED if is_yes:
            return _quiet(case, policy, f"letter {question.letter} was confirmed before")
        case Answer.CONFIRMED:
            why = DONE_BEFORE if is_theirs else ""
            return _told(case, policy, why, f"letter {question.letter} was confirmed before")
        case _:
            why = ENDED_BEFORE if is_yes else ""
            return _told(case, policy, why, f"the question about letter {question.letter} was over before")


def overtaken(case: Case, question: Question, policy: Policy) -> Decision:
    """A yes to something that cannot be done any more as it was told."""
    decision = _told(case, policy, OVERTAKEN, f"letter {question.letter} would do something else now")
    return replace(decision, ends=Ends(question.letter, Answer.OVERTAKEN))


def _cancelled(case: Case, question: Question, policy: Policy, is_theirs: bool) -> Decision:
    sender, ticket = case.known.sender, case.known.ticket
    who = sender.introduced if sender else "somebody"
    about = f" on ticket {ticket.number}" if ticket else ""
    alarm = (
        f"A mail{about} was not believed, so the desk asked its registered address, and the answer, from {who}, was no plain"
        f" yes. Nothing was done. Ask whether they had written that mail: if not, somebody writes in their name. See"
        f" “mailtickets explain {question.letter}”."
    )
    told = tuple(
        Reply(ReplyKind.ALARM, to=person, reason=alarm, once=f"question:{question.letter}", is_apart=True)
        for person in audience.operators(audience.circle(case.known), policy)
    )
    reason = f"letter {question.letter} is not confirmed: the answer was no plain yes"
    decision = _told(case, policy, CANCELLED if is_theirs else "", reason)
    ends = Ends(question.letter, Answer.CANCELLED)
    return replace(decision, replies=(*decision.replies, *told), ends=ends)


def _told(case: Case, policy: Policy, why: str, reason: str) -> Decision:
    """The same, and who was asked hears why. `why` "": not even they do."""
    decision, sender = _quiet(case, policy, reason), case.known.sender
    if not why or sender is None:
        return decision
    told = Reply(ReplyKind.REFUSED, to=sender, answers=case.mail.message_id, reason=why)
    return replace(decision, replies=(told,))


def _quiet(case: Case, policy: Policy, reason: str) -> Decision:
    sender = (case.known.sender,) if case.known.sender else ()
    around = audience.around(audience.circle(case.known), policy)
    return Decision(Outcome.FILED, reason, silent=all_silent((*sender, *around), Silence.QUESTION))
