"""What holds for every letter that can be thought of, whoever sends it and whatever the ledger knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.core import audience, decide
from mailtickets.core.case import Bounced, Case, Counters, Known, Listed, Outcome, Reply, ReplyKind, Story
from mailtickets.core.classify import Judgement, Kind
from mailtickets.core.decision import Undeliverable
from mailtickets.core.identity import Evidence, Trust
from mailtickets.core.mail import Address, Bounce, InboundMail
from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.policy import Policy
from mailtickets.core.thread import Clues, Route
from mailtickets.core.ticket import Ticket
from mailtickets.core.tokens import Token
from tests.core.cases import (
    ANN,
    BEN,
    DESK,
    EVE,
    FILE,
    GUS,
    LEE,
    MARIA,
    NOW,
    OPS,
    POLICY,
    SIMPLE,
    after,
    letter,
    ticket,
)

T = TypeVar("T")

PEOPLE = (MARIA, LEE, EVE, ANN, BEN, GUS)
STATUSES = [status.id for status in SIMPLE.statuses]
LINES = [
    "#close", "#status closed fixed", "#status clsed", "#statsu open", "#reopen", "#resolve", "#mine", "#assign ben",
    "#assign nobody", "#assign x", "#priority high", "#tag +a -b", "#title New words", "#note", "#quiet", "#help",
    "#show", "#show 12", "#list all", "#login", "#stop", "#include <x>", "",
]  # fmt: skip
WORDS = [
    "Thanks!",
    "It is still broken.",
    "It is fine now, and has been for a week, so let us leave it.",
    "-- ",
    "Ann",
    "",
]
ADDRESSES = [*(p.address for p in PEOPLE), DESK, OPS.address, Address("new@else.example", "New")]
REPORTS = [
    None,
    Bounce("failed", (), "5.0.0", "", ""),
    Bounce("failed", (MARIA.address.spec,), "5.2.2", "Full.", ""),
    Bounce("delayed", (MARIA.address.spec,), "4.0.0", "", ""),
]


def some(dice: Random, of: Sequence[T], at_most: int) -> tuple[T, ...]:
    return tuple(dice.choice(of) for _ in range(dice.randint(0, at_most)))


def any_ticket(dice: Random) -> Ticket:
    return replace(
        ticket(dice.choice(STATUSES), dice.choice([40, 40, 41])),
        requester=dice.choice([MARIA, MARIA, *PEOPLE]).id,
        assignee=dice.choice([None, ANN.id, BEN.id, EVE.id]),
        project=dice.choice(["support", "support", "garden"]),
        tags=dice.choice([(), ("a", "b")]),
        resolution=dice.choice(["", "fixed"]),
        first_answered_at=dice.choice([None, NOW]),
    )


def any_mail(dice: Random, sender: Person | None, wild: str) -> InboundMail:
    commands, words = some(dice, LINES, 3), some(dice, [*WORDS, wild], 3)
    return letter(
        sender,
        "\n".join([*commands, *words] if dice.random() < 0.5 else [*words, *commands]),
        subject=dice.choice(["Re: [#12] Blank pages", "", wild]),
        quote=dice.choice(["", "> #close\n> old"]),
        forward=dice.choice(["", "", "#mine\nforwarded"]),
        cc=some(dice, ADDRESSES, 3),
        attachments=dice.choice([(), (), (FILE,)]),
        bounce=dice.choice(REPORTS),
    )


def any_evidence(dice: Random, sender: Person | None, about: Ticket | None) -> Evidence:
    own = Token(about.id if about else 0, sender.id if sender else 0, "abc")
    tokens = dice.choice([(), (own,), (own,), (Token(40, MARIA.id, "abc"),), (Token(41, ANN.id, "abc"), own)])
    return Evidence(tokens, dice.choice(["", "dmarc=pass"]), dice.choice(["", "", "", "", "dmarc=fail"]))


def any_participants(dice: Random) -> tuple[Participant, ...]:
    return tuple(
        Participant(dice.choice([*PEOPLE, OPS]), dice.choice(list(Part))) for _ in range(dice.randint(0, 5))
    )


def any_case(dice: Random, wild: str) -> Case:
    sender = dice.choice([None, *PEOPLE, *PEOPLE])
    about = dice.choice([None, any_ticket(dice), any_ticket(dice)])
    story = Story(any_ticket(dice), MARIA, None, (), ())
    return Case(
        now=NOW,
        desk=dice.choice([DESK, DESK, *ADDRESSES]),
        mail=any_mail(dice, sender, wild),
        judgement=Judgement(dice.choice([*[Kind.PERSON] * 12, *Kind]), "a test says so"),
        evidence=any_evidence(dice, sender, about),
        clues=Clues((), (), None),
        known=Known(
            sender=sender,
            sender_is_new=dice.random() < 0.5,
            route=dice.choice(list(Route)),
            ticket=about,
            participants=any_participants(dice) if about else (),
            assignee=dice.choice([None, ANN, BEN, EVE]) if about else None,
            answered_text=dice.choice(["", "", "#close"]),
            staff=dice.choice([(ANN, BEN, GUS), (ANN, BEN, GUS), (BEN,), ()]),
            tagged=dice.choice([None, None, any_ticket(dice)]),
            counters=Counters(*(dice.choice([0, 0, 0, 2, 5, 20, 9999]) for _ in range(5))),
            duplicate_of=dice.choice([*[None] * 20, 7]),
            is_late=dice.random() < 0.1,
            is_released=dice.random() < 0.1,
            bounced=dice.choice([(), (Bounced(7, "answer", MARIA),), (Bounced(8, "answered", ANN),)]),
            listed=(Listed(story.ticket, MARIA, None),),
            shown=dice.choice([None, story]),
            named=dice.choice([(), (OPS,), (GUS, OPS)]),
            tagged_participants=any_participants(dice),
        ),
    )


def any_policy(dice: Random) -> Policy:
    workflow = replace(
        SIMPLE, on_answer=dice.choice(["", "waiting", "closed"]), on_reply=dice.choice(["", "open"])
    )
    within = dice.choice([None, None, timedelta(0), timedelta(days=2), timedelta(days=4)])
    trust = dice.choice([POLICY.trust, Trust(subaddress="+")])
    strict = dice.random() < 0.2
    return replace(POLICY, strict=strict, reopen_within=within, workflow=workflow, trust=trust)


# One throw of dice a case: a hundred draws by hypothesis would cost more than a hundred decisions.
DICE = st.randoms(use_true_random=True)
CASES = st.builds(any_case, DICE, st.text(max_size=60))
POLICIES = st.builds(any_policy, DICE)

EVERY = settings(max_examples=300, deadline=None)


@EVERY
@given(CASES, POLICIES)
def test_every_case_is_decided_the_same_way_twice(case: Case, policy: Policy) -> None:
    decision = decide.on_mail(case, policy)
    assert decision == decide.on_mail(case, policy)
    assert decision.reason
    decide.on_oversize(case, policy)


@EVERY
@given(CASES, POLICIES)
def test_what_is_decided_can_be_written_down(case: Case, policy: Policy) -> None:
    decision = decide.on_mail(case, policy)
    if decision.opened or case.known.ticket:
        after(decision, case.known.ticket)
    else:
        assert (decision.changes, decision.message, decision.joins) == ((), None, ())
    assert (decision.outcome is Outcome.OPENED) == (decision.opened is not None)


@EVERY
@given(CASES, POLICIES)
def test_only_those_on_the_ticket_and_staff_are_written_to(case: Case, policy: Policy) -> None:
    known = case.known
    here = {p.person.id for p in known.participants if p.part is not Part.THIRD}
    allowed = (
        here | {p.id for p in (*known.staff, *known.named)} | {known.assignee.id if known.assignee else 0}
    )
    tagged = {p.person.id for p in known.tagged_participants if p.person.is_staff}
    # Whoever is both requester and somebody's third party is the requester.
    sure = {known.sender.id if known.sender else 0, known.ticket.requester if known.ticket else 0}
    for reply in decide.on_mail(case, policy).replies:
        assert reply.to.id in allowed | tagged | sure
        assert reply.to.address.key not in policy.own


@EVERY
@given(CASES, POLICIES)
def test_everybody_around_is_either_mailed_or_named_with_the_reason_why_not(
    case: Case, policy: Policy
) -> None:
    decision = decide.on_mail(case, policy)
    mailed = {r.to.id for r in decision.replies if r.kind is not ReplyKind.ALARM}
    silent = [s.person.id for s in decision.silent]
    assert len(silent) == len(set(silent))
    assert not mailed & set(silent)
    if decision.outcome in (Outcome.IGNORED, Outcome.HELD, Outcome.QUARANTINED):
        return
    around = {p.id for p in audience.around(audience.circle(case.known), policy)}
    sender = {case.known.sender.id} if case.known.sender else set()
    assert (around | sender) <= mailed | set(silent)


@EVERY
@given(CASES, POLICIES)
def test_no_machine_is_answered(case: Case, policy: Policy) -> None:
    if case.judgement.is_person:
        return
    decision = decide.on_mail(case, policy)
    assert case.known.sender not in [reply.to for reply in decision.replies]
    assert {r.kind for r in decision.replies} <= {
        ReplyKind.OPENED,
        ReplyKind.REPLY,
        ReplyKind.NOTICE,
        ReplyKind.UNDELIVERED,
        ReplyKind.ALARM,
    }


@EVERY
@given(CASES, POLICIES)
def test_nobody_is_told_the_same_twice(case: Case, policy: Policy) -> None:
    written = [
        (r.kind, r.to.id) for r in decide.on_mail(case, policy).replies if r.kind is not ReplyKind.ALARM
    ]
    assert len(written) == len(set(written))


@EVERY
@given(CASES, POLICIES)
def test_without_proof_no_agent_changes_or_says_anything_outside(case: Case, policy: Policy) -> None:
    about, sender = case.known.ticket, case.known.sender
    if about is None or sender is None or not sender.works_on(about.project) or sender.id == about.requester:
        return
    mine = any(t.person == sender.id and t.ticket == about.id for t in case.evidence.tokens)
    if ((mine or case.evidence.authenticated) and not case.evidence.contrary) or not case.judgement.is_person:
        return
    decision = decide.on_mail(case, policy)
    assert decision.changes == ()
    assert not {r.kind for r in decision.replies} & {ReplyKind.ANSWER, ReplyKind.STATUS}


@EVERY
@given(CASES, POLICIES)
def test_notes_stay_inside(case: Case, policy: Policy) -> None:
    decision = decide.on_mail(case, policy)
    if "#note" not in case.mail.typed or not any(r.kind is ReplyKind.NOTE for r in decision.replies):
        return
    for reply in decision.replies:
        if reply.text and reply.kind not in (ReplyKind.UNPROVEN, ReplyKind.CONFIRM):
            assert _is_inside(reply, case)


@EVERY
@given(CASES, POLICIES)
def test_commands_of_one_mail_are_done_together_or_not_at_all(case: Case, policy: Policy) -> None:
    decision = decide.on_mail(case, policy)
    refused = [r for r in decision.replies if r.refusals or r.kind in (ReplyKind.UNPROVEN, ReplyKind.CONFIRM)]
    if refused:
        assert not [
            r for r in decision.replies if r.kind in (ReplyKind.RECEIPT, ReplyKind.HELP, ReplyKind.LIST)
        ]


@EVERY
@given(
    st.builds(
        lambda dice: Undeliverable(
            dice.choice(list(ReplyKind)),
            dice.choice(PEOPLE),
            "Full.",
            NOW,
            dice.choice([None, any_ticket(dice), any_ticket(dice)]),
            any_participants(dice),
            dice.choice([None, ANN, BEN]),
            dice.choice([(), (ANN,), (ANN, BEN, GUS)]),
        ),
        DICE,
    )
)
def test_a_failure_of_ours_is_told_to_staff_only(failure: Undeliverable) -> None:
    decision = decide.on_undeliverable(failure, POLICY)
    assert all(reply.to.is_staff and reply.to != failure.recipient for reply in decision.replies)
    if failure.ticket:
        after(decision, failure.ticket)
    if failure.kind not in (ReplyKind.ANSWER, ReplyKind.STATUS, ReplyKind.ACKNOWLEDGEMENT):
        assert (decision.replies, decision.changes) == ((), ())


def _is_inside(reply: Reply, case: Case) -> bool:
    named = {person.id for person in case.known.named}
    return reply.to.is_staff or reply.to.id in named
