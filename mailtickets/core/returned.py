"""Addresses whose mail keeps coming back: after three in a row nothing automatic is mailed there.

The law: only a report on a very mail of ours counts, once for each mail; a person's words go out all the same;
mail from the address, or the operator's word, ends the pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailtickets.core import audience
from mailtickets.core.audience import Circle, People
from mailtickets.core.case import Case, Reply, ReplyKind, with_person
from mailtickets.core.classify import Kind
from mailtickets.core.decision import Decision, Mark
from mailtickets.core.diagnosis import Diagnosis, Trouble
from mailtickets.core.mail import Address
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy

HARD_BOUNCES = 3
COMPLAINED = "They called a mail of ours junk."
# What our own relay says of itself, it says of every address.
_OURS = frozenset({Trouble.RELAY, Trouble.UNKNOWN})
# Mail that tells nothing of whether its sender can be reached.
_NO_SIGN_OF_LIFE = frozenset({Kind.BOUNCE, Kind.DELAY, Kind.COMPLAINT, Kind.CHALLENGE, Kind.OURS})


def is_sure(found: Diagnosis) -> bool:
    """Whether what our own relay has said is the fault of the address."""
    return found.is_hard and found.trouble not in _OURS


def counted(
    decision: Decision, people: People, why: str, now: datetime, around: Circle, policy: Policy
) -> Decision:
    """One more mail has come back for good. The third in a row pauses the address, and the operators hear of it."""
    people = audience.distinct(people)
    full = tuple(p for p in people if p.bounces + 1 >= HARD_BOUNCES and not p.is_paused)
    marks = tuple(Mark(p.address, p.bounces + 1, p.paused) for p in people if p not in full)
    decision = replace(decision, marks=(*decision.marks, *marks))
    said = f"Mail to this address came back {HARD_BOUNCES} times in a row. {why}"
    return paused(decision, full, said, now, around, policy) if full else decision


def paused(
    decision: Decision, people: People, why: str, now: datetime, around: Circle, policy: Policy
) -> Decision:
    """Nothing automatic goes to these addresses any more."""
    for person in people:
        mark = Mark(person.address, max(person.bounces + 1, HARD_BOUNCES), why)
        decision = replace(
            decision,
            reason=f"{decision.reason}; nothing automatic is mailed to {person.address.spec} any more",
            marks=(*decision.marks, mark),
        )
        said = f"{person.address.spec}: {why} {told((person.address,))}"
        decision = alarmed(decision, said, f"paused:{person.address.key}", now, around, policy)
    return decision


def told(paused: Sequence[Address]) -> str:
    """What follows for whoever wants to write there."""
    specs = ", ".join(address.spec for address in paused)
    return (
        f"Nothing automatic is mailed to {specs} any more; answers of people still are. "
        "It ends when mail comes from there, or when the operator says so: mailtickets paused lift."
    )


def unknown_complaint(address: str) -> str:
    who = address or "Somebody"
    return (
        f"{who} called a mail of ours junk, but the report names no mail that this desk has sent. "
        "Look at the letter in the ledger, and see whether somebody else sends mail in the desk's name."
    )


def alarmed(
    decision: Decision, said: str, once: str, now: datetime, around: Circle, policy: Policy
) -> Decision:
    """The operators are told; once a day, since what happens here may be a flood."""
    alarms = tuple(
        Reply(
            ReplyKind.ALARM,
            to=person,
            reason=said,
            is_proven=True,
            once=f"{once}:{now:%Y-%m-%d}",
            is_apart=True,
        )
        for person in audience.operators(around, policy)
    )
    return replace(decision, replies=(*decision.replies, *alarms))


def revived(case: Case) -> tuple[Case, tuple[Mark, ...]]:
    """The case with its sender's address in order again, if its own letter is a sign of life."""
    sender = case.known.sender
    if sender is None or not (sender.bounces or sender.is_paused) or not _is_sign_of_life(case, sender):
        return case, ()
    alive = with_person(case.known, replace(sender, bounces=0, paused=""))
    return replace(case, known=alive), (Mark(sender.address),)


def _is_sign_of_life(case: Case, sender: Person) -> bool:
    is_theirs = case.mail.sender is not None and case.mail.sender.key == sender.address.key
    return is_theirs and not case.evidence.is_contrary and case.judgement.kind not in _NO_SIGN_OF_LIFE
