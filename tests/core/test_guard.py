"""The last look holds whatever was decided before it."""

from __future__ import annotations

from dataclasses import replace

from mailtickets.core import guard
from mailtickets.core.case import Difference, Outcome, Refusal, Reply, ReplyKind
from mailtickets.core.classify import Kind
from mailtickets.core.decision import Decision
from mailtickets.core.mail import Address
from mailtickets.core.person import Person, Role
from tests.core.cases import ANN, DESK, EVE, FILE, FORGED, GUS, MARIA, OPS, POLICY, PROVEN, case

WORDS = "CHEAP PILLS"
FULL = Reply(
    ReplyKind.REFUSED,
    to=replace(EVE, name=WORDS, address=Address(EVE.address.spec, WORDS)),
    author=EVE,
    text=WORDS,
    attachments=(FILE,),
    differences=(Difference("Status", "New", "Closed"), Difference("Subject", "", WORDS)),
    refusals=(Refusal(f"#close {WORDS}", f"There is no “{WORDS}”.", ("Closed",), f"#close {WORDS}"),),
    held_back=(f"#title {WORDS}",),
    remarks=(WORDS,),
    reason="Nothing was changed.",
)


def decision(*replies: Reply) -> Decision:
    return Decision(Outcome.FILED, "a test says so", replies=replies)


def test_an_unproven_sender_gets_back_nothing_of_theirs() -> None:
    [written] = guard.passed(decision(FULL), case(EVE), POLICY).replies
    assert WORDS not in repr(written)
    assert not written.is_proven
    assert written.attachments == ()
    assert written.differences == (Difference("Status", "New", "Closed"),)
    assert written.reason == "Nothing was changed."
    [forged] = guard.passed(decision(FULL), case(EVE, evidence=FORGED), POLICY).replies
    assert WORDS not in repr(forged)


def test_a_proven_sender_staff_and_whom_the_operator_names_get_all_of_it() -> None:
    desk_list = Person(22, Address("team@desk.example.org"), "Team")
    for to, a_case in (
        (FULL.to, case(EVE, evidence=PROVEN)),
        (ANN, case(EVE)),
        (OPS, case(EVE)),
        (desk_list, replace(case(EVE), known=replace(case(EVE).known, named=(desk_list,)))),
    ):
        [written] = guard.passed(decision(replace(FULL, to=to)), a_case, POLICY).replies
        assert written == replace(FULL, to=to, is_proven=True)


def test_no_machine_is_answered_whatever_was_decided() -> None:
    for kind in Kind:
        written = guard.passed(decision(FULL, replace(FULL, to=ANN)), case(EVE, kind=kind), POLICY).replies
        assert (EVE.id in [r.to.id for r in written]) == (kind is Kind.PERSON)
        assert ANN in [r.to for r in written]


def test_the_desk_never_writes_to_itself_whatever_was_decided() -> None:
    itself = replace(MARIA, address=Address(DESK.spec.upper()))
    assert guard.passed(decision(replace(FULL, to=itself)), case(), POLICY).replies == ()


def test_whoever_left_is_a_customer_again() -> None:
    left = replace(GUS, role=Role.REQUESTER, id=77)
    [written] = guard.passed(decision(replace(FULL, to=left)), case(EVE), POLICY).replies
    assert not written.is_proven
