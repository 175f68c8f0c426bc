"""What the ledger knows of a letter is what a decision may rest on, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtickets.core.case import MessageKind, Outcome, ReplyKind, Wanted
from mailtickets.core.decide import Decision, Join
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import Address, Bounce, Report, Segment, SegmentKind
from mailtickets.core.person import Part
from mailtickets.core.policy import Project, Rate
from mailtickets.core.thread import Clues, Route
from mailtickets.core.ticket import Changed, Field
from mailtickets.core.tokens import Token
from mailtickets.store import outbox, search
from tests.store.desk import Desk, outgoing
from tests.store.letters import ANN, LEE, LIMITS, POLICY, letter

EVE = Address("eve@elsewhere.example", "Eve")
BOB = Address("bob@customer.example", "Bob")


def by_ids(*ids: str) -> Clues:
    return Clues((), ids, None)


# Who is it?


def test_the_first_letter_makes_its_sender_known(desk: Desk) -> None:
    first, second = desk.known(letter()), desk.known(letter("two@customer.example"))
    assert (first.sender_is_new, second.sender_is_new) == (True, False)
    assert first.sender == second.sender
    assert first.sender
    assert first.sender.address.spec == LEE.spec


def test_an_address_is_one_person_whatever_its_case(desk: Desk) -> None:
    desk.known(letter())
    assert not desk.known(letter(sender=Address("LEE@Customer.Example"))).sender_is_new


def test_nobody_is_known_by_a_letter_without_sender(desk: Desk) -> None:
    known = desk.known(letter(sender=None))
    assert (known.sender, known.sender_is_new, known.route) == (None, False, Route.NEW)


def test_a_name_is_learnt_once_and_not_from_a_forger(desk: Desk) -> None:
    desk.person(Address(LEE.spec))
    desk.known(letter(sender=Address(LEE.spec, "Forged")), evidence=Evidence(contrary="dmarc=fail"))
    desk.known(letter())
    desk.known(letter(sender=Address(LEE.spec, "Somebody Else")))
    assert desk.person(LEE).shown == "Lee Chang"


def test_whom_the_policy_names_is_known_without_being_staff(desk: Desk) -> None:
    desk.policy = replace(POLICY, projects=(Project("support", "Support", (BOB,)),))
    ann = desk.hire()
    known = desk.known(letter())
    assert {p.address.spec for p in known.named} == {"bob@customer.example", "root@example.org"}
    assert known.staff == (ann,)


# Which ticket?


def test_an_own_id_leads_to_its_ticket(desk: Desk) -> None:
    ticket = desk.opens()
    found = desk.known(letter("two@customer.example"), Clues((99, ticket.id), (), 4711))
    assert (found.route, found.ticket and found.ticket.id) == (Route.OWN_ID, ticket.id)


def test_a_letter_that_the_desk_has_leads_to_its_ticket(desk: Desk) -> None:
    ticket = desk.opens()
    found = desk.known(letter("two@customer.example"), by_ids("unknown@x", "one@customer.example"))
    assert (found.route, found.ticket) == (Route.KNOWN_ID, ticket)


def test_a_letter_that_was_only_named_leads_to_the_ticket_of_who_named_it(desk: Desk) -> None:
    ticket = desk.opens(letter(references=("lost@elsewhere.example",)))
    found = desk.known(letter("two@customer.example", sender=EVE), by_ids("lost@elsewhere.example"))
    assert (found.route, found.ticket) == (Route.SEEN_ID, ticket)


def test_a_letter_that_the_desk_has_goes_before_one_that_is_nearer_but_only_named(desk: Desk) -> None:
    desk.opens(letter(references=("lost@elsewhere.example",)))
    other = desk.opens(letter("two@customer.example"))
    found = desk.known(letter("three@x"), by_ids("lost@elsewhere.example", "two@customer.example"))
    assert (found.route, found.ticket) == (Route.KNOWN_ID, other)


def test_the_case_of_an_id_is_meant(desk: Desk) -> None:
    desk.opens(letter("CAFE@customer.example"))
    assert desk.known(letter("two@x"), by_ids("cafe@customer.example")).ticket is None


def test_an_id_of_any_length_leads_somewhere(desk: Desk) -> None:
    long = "x" * 10_000 + "@customer.example"
    ticket = desk.opens(letter(long))
    assert desk.known(letter("two@x"), by_ids(long)).ticket == ticket


@pytest.mark.parametrize(
    ("sender", "part", "route"),
    [
        (LEE, None, Route.TAG),
        (ANN, None, Route.TAG),
        (BOB, Part.CC, Route.TAG),
        (BOB, Part.THIRD, Route.NEW),
        (EVE, None, Route.NEW),
    ],
)
def test_a_number_leads_only_those_who_belong_to_it(
    desk: Desk, sender: Address, part: Part | None, route: Route
) -> None:
    desk.hire()
    ticket = desk.opens(letter(), *((Join(sender, part),) if part else ()))
    found = desk.known(letter("two@x", sender=sender), Clues((), (), ticket.number))
    assert found.route is route
    assert (found.ticket, found.tagged) == ((ticket, None) if route is Route.TAG else (None, ticket))
    assert next(p.person.address for p in found.tagged_participants or found.participants) == LEE


def test_the_requester_stands_first_among_the_participants(desk: Desk) -> None:
    ann = desk.hire()
    ticket = desk.opens(letter(), Join(ANN, Part.FOLLOWER), Join(BOB, Part.CC), Join(BOB, Part.THIRD))
    found = desk.known(letter("two@x"), Clues((ticket.id,), (), None))
    assert [(p.person.address.spec, p.part) for p in found.participants] == [
        (LEE.spec, Part.REQUESTER),
        (ann.address.spec, Part.FOLLOWER),
        (BOB.spec, Part.CC),
    ]


def test_an_assignee_who_left_the_desk_is_still_known(desk: Desk) -> None:
    ann = desk.hire()
    ticket = desk.opens()
    desk.says(ticket, letter("two@x"), Changed(Field.ASSIGNEE, None, ann.id))
    desk.hire(BOB)
    found = desk.known(letter("three@x"), Clues((ticket.id,), (), None))
    assert found.assignee
    assert found.assignee.address == ANN
    assert not found.assignee.is_staff


# What is answered?


def test_the_text_that_a_notice_of_ours_carried_is_the_answered_text(desk: Desk) -> None:
    ann = desk.hire()
    whole = (Segment(SegmentKind.TYPED, "Hello\n#close"), Segment(SegmentKind.QUOTE, "> #assign eve"))
    ticket = desk.opens(letter(segments=whole))
    desk.says(ticket, letter("two@x", segments=(Segment(SegmentKind.TYPED, "other words"),)))
    desk.mails(outgoing(ann, ReplyKind.OPENED, message_id="mt.1@example.org", ticket=ticket.id), "in:1")
    answer = letter("three@x", "#close", sender=ANN, in_reply_to=("MT.1@Example.org",))
    text = desk.known(answer, Clues((ticket.id,), (), None)).answered_text
    assert "#close" in text
    assert "other words" not in text


def test_an_answer_to_a_letter_itself_answers_its_text(desk: Desk) -> None:
    ticket = desk.opens()
    answer = letter("two@x", "#close", sender=ANN, in_reply_to=("one@customer.example",))
    assert "blank pages" in desk.known(answer, by_ids("one@customer.example")).answered_text
    assert ticket


def test_whoever_repeats_the_own_words_answers_nobody_else(desk: Desk) -> None:
    desk.opens()
    again = letter("two@x", "#close", in_reply_to=("one@customer.example",))
    assert desk.known(again, by_ids("one@customer.example")).answered_text == ""


def test_an_answer_without_parents_may_quote_any_of_the_latest_messages(desk: Desk) -> None:
    ticket = desk.opens()
    answer = letter("two@x", "#close", sender=ANN)
    assert "blank pages" in desk.known(answer, Clues((ticket.id,), (), None)).answered_text


def test_an_answer_that_can_hold_no_command_is_compared_with_nothing(desk: Desk) -> None:
    ticket = desk.opens()
    assert desk.known(letter("two@x", sender=ANN), Clues((ticket.id,), (), None)).answered_text == ""


# Was it here before?

TOKEN = Evidence(authenticated="dmarc=pass")


@pytest.mark.parametrize(
    ("earlier", "later", "is_duplicate"),
    [
        (Evidence(), Evidence(), True),
        (TOKEN, Evidence(), True),
        (TOKEN, TOKEN, True),
        (Evidence(), TOKEN, False),
        (Evidence(contrary="dmarc=fail"), Evidence(), False),
        (Evidence(contrary="dmarc=fail"), Evidence(contrary="dmarc=fail"), True),
    ],
)
def test_only_a_copy_with_no_better_evidence_is_a_duplicate(
    desk: Desk, earlier: Evidence, later: Evidence, is_duplicate: bool
) -> None:
    desk.take(letter(), Decision(Outcome.FILED, "no ticket"), evidence=earlier)
    assert (desk.known(letter(), evidence=later).duplicate_of == 1) is is_duplicate


def test_a_copy_of_what_was_left_alone_is_no_duplicate_of_it(desk: Desk) -> None:
    desk.take(letter(), Decision(Outcome.IGNORED, "own mail"))
    assert desk.known(letter()).duplicate_of is None


# How much was there of late?


def test_unproven_mails_count_against_every_limit_of_theirs(desk: Desk) -> None:
    lee, bob, eve = (desk.person(a) for a in (LEE, BOB, EVE))
    for k, to in enumerate((lee, lee, bob, eve)):
        desk.mails(outgoing(to, ReplyKind.ACKNOWLEDGEMENT, is_unproven=True), f"in:{k}", is_held=k == 0)
    desk.mails(outgoing(lee, ReplyKind.ACKNOWLEDGEMENT), "in:9")
    counters = desk.known(letter()).counters
    assert (counters.unproven_to_address, counters.unproven_to_domain, counters.unproven_in_all) == (2, 3, 4)
    desk.later(timedelta(minutes=30))
    counters = desk.known(letter("two@x")).counters
    assert (counters.unproven_to_address, counters.unproven_to_domain, counters.unproven_in_all) == (2, 0, 0)


def test_a_limit_that_is_lifted_is_not_counted(desk: Desk) -> None:
    desk.policy = replace(POLICY, limits=replace(LIMITS, unproven_per_address=None, tickets_per_sender=None))
    desk.opens()
    desk.mails(outgoing(desk.person(LEE), ReplyKind.ACKNOWLEDGEMENT, is_unproven=True))
    counters = desk.known(letter("two@x")).counters
    assert (counters.opened_by_sender, counters.unproven_to_address, counters.unproven_to_domain) == (0, 0, 1)


def test_tickets_of_a_sender_are_counted_up_to_the_limit(desk: Desk) -> None:
    desk.policy = replace(POLICY, limits=replace(LIMITS, tickets_per_sender=Rate(2, timedelta(minutes=10))))
    for k in range(3):
        desk.opens(letter(f"{k}@x"))
    assert desk.known(letter("last@x")).counters.opened_by_sender == 2
    desk.later(timedelta(minutes=11))
    assert desk.known(letter("later@x")).counters.opened_by_sender == 0


def test_automatic_mails_count_from_the_last_words_of_the_sender(desk: Desk) -> None:
    ticket = desk.opens()
    lee = desk.person(LEE)
    at_hand = Clues((ticket.id,), (), None)

    def mailed(k: int) -> None:
        desk.mails(outgoing(lee, ReplyKind.STATUS, ticket=ticket.id), f"in:{k}")

    mailed(1)
    desk.later()
    mailed(2)
    desk.mails(outgoing(lee, ReplyKind.ANSWER, ticket=ticket.id), "in:3")
    assert desk.known(letter("a@x"), at_hand).counters.automatic_here == 2
    desk.later()
    desk.says(ticket, letter("b@x"), kind=MessageKind.AUTOMATIC)
    assert desk.known(letter("c@x"), at_hand).counters.automatic_here == 2
    desk.says(ticket, letter("d@x"))
    assert desk.known(letter("e@x"), at_hand).counters.automatic_here == 0


# What did not arrive?


def bounce(of: str = "", *recipients: str) -> Bounce:
    return Bounce("failed", recipients, "5.2.2", "The mailbox is full.", of)


def sent(desk: Desk, cause: str = "in:1", **fields: object) -> int:
    desk.mails(outgoing(desk.person(LEE), ReplyKind.ANSWER, **fields), cause)
    (claimed,) = desk.store.write_sync(outbox.claim, "one", 1, desk.now)
    return claimed.id


def test_a_report_is_about_the_mail_whose_id_it_names(desk: Desk) -> None:
    id = sent(desk, message_id="mt.1@example.org")
    sent(desk, "in:2", message_id="mt.2@example.org")
    report = letter("r@x", sender=EVE, bounce=bounce("MT.1@example.org"))
    assert [(b.outbox_id, b.kind, b.recipient.address) for b in desk.known(report).bounced] == [
        (id, ReplyKind.ANSWER, LEE)
    ]


def test_a_report_that_came_before_is_no_news(desk: Desk) -> None:
    sent(desk, message_id="mt.1@example.org")
    report = letter("r@x", sender=EVE, bounce=bounce("mt.1@example.org"))
    (first,) = desk.known(report).bounced
    desk.store.write_sync(outbox.bounced, (first.outbox_id,), "The mailbox is full.", desk.now)
    assert [b.is_news for b in (first, *desk.known(report).bounced)] == [True, False]


def test_a_complaint_is_about_the_mail_that_it_encloses(desk: Desk) -> None:
    id = sent(desk, message_id="mt.1@example.org")
    report = letter("r@x", sender=EVE, report=Report("complaint", "abuse", LEE.spec, "mt.1@example.org"))
    assert [b.outbox_id for b in desk.known(report).bounced] == [id]


def test_a_report_that_names_no_id_is_about_the_last_mail_of_its_token(desk: Desk) -> None:
    ticket = desk.opens()
    lee = desk.person(LEE)
    sent(desk, "in:1", ticket=ticket.id)
    last = sent(desk, "in:2", ticket=ticket.id)
    clues = Clues((ticket.id,), (), None, (Token(ticket.id, lee.id, "root"),))
    report = letter("r@x", sender=EVE, bounce=bounce("", LEE.spec))
    assert [b.outbox_id for b in desk.known(report, clues).bounced] == [last]


def test_a_report_without_any_id_of_ours_is_about_nothing(desk: Desk) -> None:
    sent(desk)
    report = letter("r@x", sender=EVE, bounce=bounce("forged@x", LEE.spec))
    assert desk.known(report).bounced == ()


# What do its commands ask to see?


def listed(desk: Desk, who: Address, question: str) -> list[int]:
    desk.store.write_sync(search.write_cards, 1000)
    known = desk.known(letter(f"{desk.uid}@asks", sender=who), wanted=Wanted(question))
    return [row.ticket.number for row in known.listed]


def test_a_list_holds_what_was_asked_for(desk: Desk) -> None:
    ann = desk.hire()
    one, two, three = (desk.opens(letter(f"{k}@x")) for k in "123")
    desk.later()
    desk.says(
        two, letter("w@x"), Changed(Field.STATUS, "new", "waiting"), Changed(Field.ASSIGNEE, None, ann.id)
    )
    desk.later()
    desk.says(
        three,
        letter("c@x"),
        Changed(Field.STATUS, "new", "closed"),
        Changed(Field.SUBJECT, "Printer", "ÄRGER"),
    )
    assert listed(desk, ANN, "is:open") == [two.number, one.number]
    assert listed(desk, ANN, "is:open is:mine") == [two.number]
    assert listed(desk, ANN, "is:open is:unassigned") == [one.number]
    assert listed(desk, ANN, "is:waiting") == [two.number]
    assert listed(desk, ANN, "is:done") == [three.number]
    assert listed(desk, ANN, "ärger") == [three.number]
    assert listed(desk, ANN, "100%") == []
    assert listed(desk, LEE, "is:open is:mine") == [two.number, one.number]


def test_a_list_holds_only_what_its_asker_may_see(desk: Desk) -> None:
    ticket = desk.opens(letter(), Join(BOB, Part.CC), Join(EVE, Part.THIRD))
    assert listed(desk, BOB, "") == [ticket.number]
    assert listed(desk, BOB, "printer -is:done sort:number") == [ticket.number]
    assert listed(desk, EVE, "") == []
    desk.hire(ANN, "sales")
    assert listed(desk, ANN, "") == []


@pytest.mark.parametrize(("who", "is_shown"), [(LEE, True), (ANN, True), (EVE, False)])
def test_a_ticket_is_shown_to_those_who_may_see_it(desk: Desk, who: Address, is_shown: bool) -> None:
    desk.hire()
    ticket = desk.opens()
    desk.says(ticket, letter("two@x", sender=ANN), Changed(Field.STATUS, "new", "open"))
    shown = desk.known(letter("three@x", sender=who), wanted=Wanted(show=ticket.number)).shown
    assert (shown is not None) is is_shown
    if shown:
        assert [p.author and p.author.address for p in shown.posts] == [LEE, ANN]
        assert [h.by and h.by.address for h in shown.history] == [LEE, ANN]
        assert shown.requester.address == LEE


def test_a_ticket_that_is_not_there_is_not_shown(desk: Desk) -> None:
    assert desk.known(letter(), wanted=Wanted(show=4711)).shown is None
    assert desk.known(letter("two@x"), wanted=Wanted(show=0)).shown is None


def test_the_ticket_at_hand_is_shown(desk: Desk) -> None:
    ticket = desk.opens()
    shown = desk.known(letter("two@x"), Clues((ticket.id,), (), None), wanted=Wanted(show=0)).shown
    assert shown
    assert shown.ticket.id == ticket.id


def test_a_question_that_cannot_be_asked_lists_nothing_and_says_why(desk: Desk) -> None:
    desk.hire()
    desk.opens()
    for who, question in ((ANN, "statsu:open"), (LEE, "assignee:ann"), (LEE, "followers:me")):
        known = desk.known(letter(f"{question}@x", sender=who), wanted=Wanted(question))
        assert known.listed == ()
        assert known.unclear
        assert known.unclear.at == 0
