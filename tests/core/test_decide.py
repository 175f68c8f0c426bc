"""How every letter ends: command × role × evidence × state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtickets.core import decide
from mailtickets.core.case import (
    Bounced,
    Case,
    Counters,
    Listed,
    MessageKind,
    Outcome,
    Post,
    Reply,
    ReplyKind,
    Story,
)
from mailtickets.core.classify import Kind
from mailtickets.core.decision import Decision, Join, Mark, Undeliverable
from mailtickets.core.diagnosis import diagnose
from mailtickets.core.identity import Evidence, Trust
from mailtickets.core.mail import Address, Bounce
from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.thread import Route
from mailtickets.core.ticket import Field, Ticket
from mailtickets.core.tokens import Token
from tests.core.cases import (
    ANN,
    BEN,
    DESK,
    EVE,
    FILE,
    FORGED,
    GUS,
    LEE,
    LIMITS,
    MARIA,
    NOW,
    ON_TICKET,
    OPERATOR,
    OPS,
    POLICY,
    PROVEN,
    STAFF,
    UNPROVEN,
    after,
    case,
    knowing,
    letter,
    reply,
    ticket,
    token,
    told,
)

WITH_LEE = (*ON_TICKET, Participant(LEE, Part.CC))


def decided(a_case: Case) -> Decision:
    return decide.on_mail(a_case, POLICY)


# A new ticket


def test_a_letter_opens_a_ticket_and_everybody_hears_what_concerns_them() -> None:
    decision = decided(
        case(mail=letter(MARIA, "It prints blank pages.", subject="AW: Blank pages", cc=(LEE.address, DESK)))
    )
    assert decision.outcome is Outcome.OPENED
    assert decision.opened is not None
    assert (decision.opened.subject, decision.opened.requester) == ("Blank pages", MARIA.id)
    assert (decision.opened.status, decision.opened.priority) == ("new", "normal")
    assert (decision.opened.project, decision.opened.desk) == ("support", DESK.key)
    assert told(decision) == [
        ("acknowledgement", "maria@birch.example"),
        ("opened", "Ann"),
        ("opened", "Ben"),
    ]
    assert decision.message is not None
    assert (decision.message.kind, decision.message.text) == (MessageKind.PUBLIC, "It prints blank pages.")
    assert decision.joins == (
        Join(MARIA.address, Part.REQUESTER),
        Join(LEE.address, Part.CC),
        Join(ANN.address, Part.FOLLOWER),
        Join(BEN.address, Part.FOLLOWER),
    )


def test_the_project_follows_from_the_address_and_names_its_followers() -> None:
    decision = decided(case(desk=Address("garden@desk.example.org")))
    assert decision.opened is not None
    assert decision.opened.project == "garden"
    assert told(decision)[1:] == [("opened", "Gus")]


@pytest.mark.parametrize(
    ("subject", "text", "becomes"),
    [
        ("[#99] Re: ", "\n\nThe drum is broken.\nBye", "The drum is broken."),
        ("", "", "(no subject)"),
        ("x" * 10_000, "", "x" * 250),
    ],
)
def test_every_ticket_has_a_subject(subject: str, text: str, becomes: str) -> None:
    opened = decided(case(mail=letter(MARIA, text, subject=subject))).opened
    assert opened is not None
    assert opened.subject == becomes


@pytest.mark.parametrize(
    ("evidence", "late", "kinds"),
    [
        (UNPROVEN, False, ["acknowledgement", "opened", "opened"]),
        (PROVEN, False, ["acknowledgement", "opened", "opened"]),
        (FORGED, False, ["opened", "opened"]),
        (UNPROVEN, True, ["opened", "opened"]),
    ],
)
def test_who_is_contradicted_or_late_is_not_thanked(evidence: Evidence, late: bool, kinds: list[str]) -> None:
    decision = decided(knowing(case(evidence=evidence), is_late=late))
    assert [kind for kind, _ in told(decision)] == kinds
    assert all(r.unverified == (evidence is FORGED) for r in decision.replies if r.kind is ReplyKind.OPENED)


def test_an_agents_own_new_mail_makes_the_agent_the_requester() -> None:
    decision = decided(case(ANN, "#priority high\n#assign ben\n\nThe door is stuck.", evidence=PROVEN))
    assert decision.opened is not None
    assert decision.opened.requester == ANN.id
    found = after(decision, None)
    assert (found.priority, found.assignee) == ("high", BEN.id)
    assert told(decision) == [("acknowledgement", "Ann"), ("assigned", "Ben"), ("receipt", "Ann")]
    assert decision.message is not None
    assert decision.message.text == "The door is stuck."


def test_a_letter_of_only_commands_opens_no_ticket() -> None:
    for sender, text in ((ANN, "#mine"), (MARIA, "#close"), (MARIA, "#clsoe"), (MARIA, "#help")):
        decision = decided(case(sender, text, evidence=PROVEN))
        assert decision.opened is None, text
        assert decision.message is None
        assert [r.to for r in decision.replies] == [sender]


@pytest.mark.parametrize(
    ("text", "kind"), [("#clsoe\n\nBlank pages.", "suggestion"), ("#close x\n\nBlank pages.", "refused")]
)
def test_a_customers_new_letter_is_filed_whatever_its_commands(text: str, kind: str) -> None:
    decision = decided(case(MARIA, text, evidence=PROVEN))
    assert decision.outcome is Outcome.OPENED
    assert decision.message is not None
    assert decision.message.text == text
    assert [k for k, _ in told(decision)] == ["acknowledgement", "opened", "opened", kind]


def test_a_circular_does_not_make_everybody_part_of_the_matter() -> None:
    crowd = tuple(Address(f"p{i}@many.example") for i in range(60))
    joins = decided(case(mail=letter(MARIA, "Hello all", to=(DESK, *crowd)))).joins
    assert {join.part for join in joins} == {Part.REQUESTER, Part.FOLLOWER}


def test_staff_in_copy_follows() -> None:
    joins = decided(case(mail=letter(MARIA, "Hi", cc=(GUS.address,)))).joins
    assert Join(GUS.address, Part.FOLLOWER) in joins


def test_a_stranger_with_a_guessed_number_opens_a_ticket_and_learns_nothing() -> None:
    decision = decided(case(EVE, "What about this?", tagged=ticket("closed")))
    assert decision.outcome is Outcome.OPENED
    hello = reply(decision, ReplyKind.ACKNOWLEDGEMENT)
    assert "12" not in repr(replace(hello, to=EVE))
    notices = [r for r in decision.replies if r.kind is ReplyKind.OPENED]
    assert all("names ticket 12" in r.reason for r in notices)
    assert {r.to for r in notices} == {ANN, BEN}
    [aside] = decision.asides
    assert (aside.ticket, aside.message.kind) == (40, MessageKind.NOTE)


# An agent's letter on a ticket


def answer(
    text: str, sender: Person = ANN, status: str = "new", evidence: Evidence | None = None, **known: object
) -> Decision:
    about = ticket(status)
    given = evidence if evidence is not None else token(sender)
    return decided(knowing(case(sender, text, about=about, evidence=given), **known))


def test_an_answer_goes_to_the_customer_as_typed_and_the_ticket_waits() -> None:
    decision = decided(
        case(
            about=ticket("new"),
            evidence=token(ANN),
            participants=WITH_LEE,
            sender=ANN,
            mail=letter(ANN, "Try the other tray.", quote="> It prints blank pages.", attachments=(FILE,)),
        )
    )
    assert decision.outcome is Outcome.REPLIED
    assert told(decision) == [("answer", "Maria"), ("answer", "Lee"), ("answered", "Ben")]
    out = reply(replace(decision, replies=decision.replies[:1]), ReplyKind.ANSWER)
    assert (out.text, out.attachments, out.author) == ("Try the other tray.", (FILE,), ANN)
    assert out.differences == ()
    assert out.after_undo_window
    assert out.is_proven
    found = after(decision, ticket("new"))
    assert (found.status, found.first_answered_at, found.assignee) == ("waiting", NOW, None)


@pytest.mark.parametrize("status", ["new", "open", "waiting", "resolved", "closed"])
def test_an_answer_opens_no_ticket_that_is_done(status: str) -> None:
    found = after(answer("Bye.", status=status), ticket(status))
    assert found.status == ("waiting" if status in ("new", "open", "waiting") else status)


def test_an_answer_and_a_status_reach_the_customer_as_one_mail() -> None:
    decision = answer("#status closed\n\nThe drum is in.")
    assert told(decision) == [("answer", "Maria"), ("answered", "Ben"), ("receipt", "Ann")]
    out = reply(decision, ReplyKind.ANSWER)
    assert out.text == "The drum is in."
    assert [(d.label, d.old, d.new) for d in out.differences] == [("Status", "Received", "Closed")]
    back = reply(decision, ReplyKind.RECEIPT)
    assert [(d.label, d.old, d.new) for d in back.differences] == [("Status", "New", "Closed")]
    assert back.mailed == ("Maria Lopez", "Ben Jones")
    assert back.answers == "letter@birch.example"
    assert after(decision, ticket("new")).status == "closed"


AGENT_COMMANDS = [
    # typed, who is told what, fields afterwards
    ("#status closed", [("status", "Maria"), ("changed", "Ben"), ("receipt", "Ann")], {"status": "closed"}),
    ("#status in progress", [("status", "Maria"), ("changed", "Ben"), ("receipt", "Ann")], {"status": "in-progress"}),
    ("#status closed\n#quiet", [("changed", "Ben"), ("receipt", "Ann")], {"status": "closed"}),
    ("#mine", [("changed", "Ben"), ("receipt", "Ann")], {"assignee": ANN.id, "status": "new"}),
    ("#assign ben", [("assigned", "Ben"), ("receipt", "Ann")], {"assignee": BEN.id, "status": "new"}),
    ("#priority high\n#tag +drum", [("changed", "Ben"), ("receipt", "Ann")], {"priority": "high", "tags": ("drum",)}),
    ("#priority normal", [("receipt", "Ann")], {"priority": "normal"}),
    ("#note\n\nShe called.", [("note", "Ben"), ("receipt", "Ann")], {"status": "new", "first_answered_at": None}),
    ("#note\n#close\n\nShe called.", [("status", "Maria"), ("note", "Ben"), ("receipt", "Ann")], {"status": "closed"}),
    ("#quiet\n\nDone by phone.", [("answered", "Ben"), ("receipt", "Ann")], {"status": "new", "first_answered_at": None}),
    ("#assign ben\n\nBen will call you.", [("answer", "Maria"), ("assigned", "Ben"), ("receipt", "Ann")], {"assignee": BEN.id, "status": "waiting"}),
    ("#status open\n\nWe look at it.", [("answer", "Maria"), ("answered", "Ben"), ("receipt", "Ann")], {"status": "open"}),
    ("#help", [("help", "Ann")], {"status": "new"}),
    ("#list", [("list", "Ann")], {"status": "new"}),
    ("#login\n#mine", [("changed", "Ben"), ("receipt", "Ann"), ("login", "Ann")], {"assignee": ANN.id}),
    ("#help\n\nHello Maria, hello all of you.", [("answer", "Maria"), ("answered", "Ben"), ("help", "Ann")], {"status": "waiting"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "heard", "fields"), AGENT_COMMANDS, ids=[row[0] for row in AGENT_COMMANDS])
def test_an_agents_commands(text: str, heard: list[tuple[str, str]], fields: dict[str, object]) -> None:
    decision = answer(text)
    assert told(decision) == heard
    found = after(decision, ticket("new"))
    assert {name: getattr(found, name) for name in fields} == fields
    has_words = "\n\n" in text
    assert decision.outcome is (Outcome.REPLIED if has_words else Outcome.COMMANDED)
    assert (decision.message is not None) == has_words


def test_what_stands_on_the_ticket_holds_no_command() -> None:
    mail = letter(ANN, "#note\n#mine\n\nShe sounds cross.\n\n#tag +cross", quote="> #close\n> Hello")
    message = decided(case(ANN, about=ticket(), evidence=token(ANN), mail=mail)).message
    assert message is not None
    assert [s.text for s in message.segments] == ["She sounds cross.", "> #close\n> Hello"]


def test_a_note_is_a_note() -> None:
    decision = answer("#note\n\nShe sounds cross.")
    assert decision.message is not None
    assert (decision.message.kind, decision.message.text) == (MessageKind.NOTE, "She sounds cross.")
    assert reply(decision, ReplyKind.RECEIPT).not_mailed == ("Maria Lopez: your mail is an internal note.",)


def test_the_receipt_says_who_was_not_mailed_and_why() -> None:
    whys = {
        "#quiet\n\nDone.": "Maria Lopez: you asked the desk to be quiet.",
        "#mine": "Maria Lopez: customers are not told of such changes.",
        "#title Blank pages": "Maria Lopez: customers are not told of such changes.",
    }
    for text, why in whys.items():
        assert reply(answer(text), ReplyKind.RECEIPT).not_mailed == (why,)
    lee = reply(answer("#close", participants=WITH_LEE), ReplyKind.RECEIPT)
    assert lee.not_mailed == ("Lee Chang: a new status is told only to the person who opened the ticket.",)


def test_colleagues_are_told_that_an_answer_was_kept_quiet() -> None:
    [told_ben] = [r for r in answer("#quiet\n\nDone.").replies if r.kind is ReplyKind.ANSWERED]
    assert told_ben.reason == "Nobody outside was mailed: Ann Smith asked the desk to be quiet."
    assert reply(answer("Done."), ReplyKind.ANSWERED).reason == ""


def test_whoever_is_assigned_follows_from_then_on() -> None:
    assert Join(BEN.address, Part.FOLLOWER) in answer("#assign ben").joins
    assert Join(ANN.address, Part.FOLLOWER) in answer("#mine").joins
    assert answer("#assign nobody", assignee=BEN).joins == ()


@pytest.mark.parametrize(
    "text", ["#statsu closed\n\nHello Maria.", "#status clsed\n\nHello.", "Hello\n#mine\n" + "long" * 40]
)
def test_nothing_half_said_leaves_the_house(text: str) -> None:
    decision = answer(text)
    assert decision.outcome is Outcome.FILED
    assert (decision.changes, decision.message, decision.joins) == ((), None, ())
    [back] = decision.replies
    assert back.to == ANN
    assert back.kind in (ReplyKind.SUGGESTION, ReplyKind.REFUSED)
    assert back.text == text.strip()
    assert back.refusals


def test_an_empty_letter_of_an_agent_comes_back() -> None:
    decision = decided(
        case(about=ticket(), sender=ANN, evidence=token(ANN), mail=letter(ANN, "", quote="> old"))
    )
    assert decision.outcome is Outcome.FILED
    assert told(decision) == [("refused", "Ann")]
    assert "nothing to send" in decision.replies[0].reason


def test_a_file_alone_is_an_answer_but_a_seal_beside_a_command_is_none() -> None:
    mail = letter(ANN, "", attachments=(FILE,))
    assert decided(case(ANN, about=ticket(), evidence=token(ANN), mail=mail)).outcome is Outcome.REPLIED
    seal = replace(FILE, content_type="application/pgp-signature")
    mail = letter(ANN, "#close", attachments=(seal, replace(FILE, inline=True)))
    assert decided(case(ANN, about=ticket(), evidence=token(ANN), mail=mail)).outcome is Outcome.COMMANDED


def test_a_forward_is_an_answer_and_its_commands_are_nobodys() -> None:
    mail = letter(ANN, "#mine", forward="From: x\n\n#close\nThe manual says so.")
    decision = decided(case(ANN, about=ticket(), evidence=token(ANN), mail=mail))
    assert reply(decision, ReplyKind.ANSWER).text == "From: x\n\n#close\nThe manual says so."
    assert after(decision, ticket()).status == "waiting"


def test_lines_of_the_answered_message_command_nothing() -> None:
    decision = answer("#close\n\nI have quoted you.", answered_text="please\n#close")
    assert after(decision, ticket("new")).status == "waiting"


# Who is believed

EVIDENCE: list[tuple[str, Evidence, bool]] = [
    ("none", UNPROVEN, False),
    ("own token", token(ANN), True),
    ("token of another person", token(BEN), False),
    ("token of another ticket", token(ANN, ticket(id=41)), False),
    ("authenticated", PROVEN, True),
    ("contradicted", FORGED, False),
    ("token, but contradicted", replace(token(ANN), contrary="dmarc=fail"), False),
]


@pytest.mark.parametrize("text", ["#close", "Try the other tray.", "#close\n\nTry it.", "#note\n\nCross."])
@pytest.mark.parametrize(
    ("evidence", "is_believed"), [row[1:] for row in EVIDENCE], ids=[row[0] for row in EVIDENCE]
)
def test_an_agent_is_believed_only_with_proof(text: str, evidence: Evidence, is_believed: bool) -> None:
    decision = answer(text, evidence=evidence)
    if is_believed:
        assert decision.outcome in (Outcome.COMMANDED, Outcome.REPLIED)
        return
    assert decision.outcome is Outcome.FILED
    assert decision.changes == ()
    assert told(decision) == [("confirm", "Ann"), ("note", "Ben")]
    assert decision.message is not None
    assert (decision.message.kind, decision.message.unverified) == (MessageKind.NOTE, True)
    assert decision.message.text == text
    assert decision.replies[1].unverified


@pytest.mark.parametrize(
    ("evidence", "obeyed"),
    [
        (UNPROVEN, False),
        (token(ANN), False),
        (PROVEN, False),
        (replace(token(ANN), authenticated="dmarc=pass"), True),
    ],
)
def test_strict_asks_for_both(evidence: Evidence, obeyed: bool) -> None:
    decision = decide.on_mail(
        case(ANN, "#close", about=ticket(), evidence=evidence), replace(POLICY, strict=True)
    )
    assert (decision.outcome is Outcome.COMMANDED) == obeyed


@pytest.mark.parametrize("text", ["#help", "#list", "#login", "#show"])
@pytest.mark.parametrize("evidence", [UNPROVEN, PROVEN, FORGED])
@pytest.mark.parametrize("sender", [ANN, MARIA])
def test_what_changes_nothing_needs_no_evidence(text: str, evidence: Evidence, sender: Person) -> None:
    story = Story(ticket(), MARIA, None, (), ())
    decision = decided(knowing(case(sender, text, about=ticket(), evidence=evidence), shown=story))
    assert decision.outcome is Outcome.COMMANDED
    assert told(decision)[0][0] == text[1:]
    assert len(decision.replies) == 1
    assert decision.replies[0].to.address == sender.address


def test_a_customers_order_without_proof_stands_as_plain_words() -> None:
    decision = decided(case(MARIA, "#close\n\nAll good now, it prints.", about=ticket("waiting")))
    assert [k for k, _ in told(decision)] == ["reply", "reply", "confirm"]
    assert after(decision, ticket("waiting")).status == "open"
    assert decision.message is not None
    assert decision.message.text.startswith("#close")
    bare = decided(case(MARIA, "#close", about=ticket("waiting")))
    assert bare.outcome is Outcome.FILED
    assert bare.changes == ()
    assert [k for k, _ in told(bare)] == ["reply", "reply", "confirm"]


def test_an_agent_without_proof_opens_a_ticket_with_plain_words() -> None:
    decision = decided(case(ANN, "#priority high\n\nThe door is stuck."))
    assert decision.outcome is Outcome.OPENED
    assert after(decision, None).priority == "normal"
    assert [k for k, _ in told(decision)] == ["acknowledgement", "opened", "confirm"]
    assert all(r.unverified for r in decision.replies if r.kind is ReplyKind.OPENED)


def test_an_agent_of_other_projects_answers_nobody() -> None:
    decision = decided(case(GUS, "I have an idea.", about=ticket(), evidence=token(GUS)))
    assert {k for k, _ in told(decision)} == {"reply"}
    assert decision.message is not None
    assert decision.message.kind is MessageKind.NOTE


# A customer's letter on a ticket


@pytest.mark.parametrize(
    ("status", "text", "becomes"),
    [
        ("new", "More of it.", "new"),
        ("open", "More of it.", "open"),
        ("waiting", "More of it.", "open"),
        ("waiting", "Thanks!", "open"),
        ("resolved", "Still broken.", "open"),
        ("closed", "Still broken.", "open"),
        ("resolved", "Thank you very much, Ann!", "resolved"),
        ("closed", "Merci beaucoup", "closed"),
        ("closed", "Thanks, but it is still broken.", "open"),
    ],
)
def test_a_reply_moves_the_ticket(status: str, text: str, becomes: str) -> None:
    decision = decided(case(MARIA, text, about=ticket(status)))
    assert decision.outcome is Outcome.REPLIED
    assert after(decision, ticket(status)).status == becomes
    assert told(decision)[:2] == [("reply", "Ann"), ("reply", "Ben")]
    came_back = status in ("resolved", "closed") and becomes == "open"
    assert [k for k, _ in told(decision)[2:]] == (["status"] if came_back else [])
    assert after(decision, ticket(status)).reopened == int(came_back)


@pytest.mark.parametrize(
    ("within", "outcome"),
    [
        (None, Outcome.REPLIED),
        (timedelta(0), Outcome.OPENED),
        (timedelta(days=2), Outcome.OPENED),
        (timedelta(days=4), Outcome.REPLIED),
    ],
)
def test_a_late_reply_to_a_closed_ticket_opens_another(within: timedelta | None, outcome: Outcome) -> None:
    a_case = case(MARIA, "It is back.", about=ticket("closed"))
    policy = replace(POLICY, reopen_within=within)
    decision = decide.on_mail(a_case, policy)
    assert decision.outcome is outcome
    if outcome is Outcome.OPENED:
        assert [k for k, _ in told(decision)] == ["acknowledgement", "opened", "opened"]
        assert decision.replies[1].reason == "It follows ticket 12, which is closed."
        assert decision.replies[0].reason == "Ticket 12 is closed, so your reply has opened a new one."
        assert [aside.ticket for aside in decision.asides] == [40]
        assert not decision.replies[0].is_apart
    # A bare "thank you" never opens anything, and a solved ticket is not closed yet.
    thanks = decide.on_mail(case(MARIA, "Thank you!", about=ticket("closed")), policy)
    assert (thanks.outcome, thanks.changes) == (Outcome.REPLIED, ())
    assert decide.on_mail(case(MARIA, "No.", about=ticket("resolved")), policy).outcome is Outcome.REPLIED


CUSTOMER_COMMANDS = [
    ("open", "#close", [("changed", "Ann"), ("changed", "Ben"), ("receipt", "Maria")], "closed"),
    ("closed", "#reopen", [("changed", "Ann"), ("changed", "Ben"), ("receipt", "Maria")], "open"),
    ("closed", "#close", [("receipt", "Maria")], "closed"),
    ("waiting", "#close\n\nIt prints again, fine.", [("reply", "Ann"), ("reply", "Ben"), ("receipt", "Maria")], "closed"),
    ("closed", "#reopen\n\nIt is back.", [("reply", "Ann"), ("reply", "Ben"), ("receipt", "Maria")], "open"),
    ("closed", "#close\n\nIt is fine, please leave it so.", [("reply", "Ann"), ("reply", "Ben"), ("receipt", "Maria")], "closed"),
    ("open", "#help", [("help", "Maria")], "open"),
    ("closed", "#login", [("login", "Maria")], "closed"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "text", "heard", "becomes"), CUSTOMER_COMMANDS)
def test_a_customers_commands(status: str, text: str, heard: list[tuple[str, str]], becomes: str) -> None:
    decision = decided(case(MARIA, text, about=ticket(status), evidence=token(MARIA)))
    assert told(decision) == heard
    assert after(decision, ticket(status)).status == becomes


def test_a_customer_reads_customers_words() -> None:
    decision = decided(case(MARIA, "#close", about=ticket("waiting"), evidence=token(MARIA)))
    [difference] = reply(decision, ReplyKind.RECEIPT).differences
    assert (difference.old, difference.new) == ("Waiting for you", "Closed")
    assert reply(decision, ReplyKind.RECEIPT).mailed == ()


def test_words_in_the_quote_are_better_than_none() -> None:
    decision = decided(
        case(MARIA, about=ticket(), mail=letter(MARIA, "", quote="> Which tray?\n> The second."))
    )
    assert reply(replace(decision, replies=decision.replies[:1]), ReplyKind.REPLY).text.endswith(
        "The second."
    )


def test_copies_of_a_reply_join_only_if_the_requester_is_proven() -> None:
    mail = letter(MARIA, "Lee knows more.", cc=(LEE.address,))
    assert decided(case(MARIA, about=ticket(), mail=mail)).joins == ()
    joins = decided(case(MARIA, about=ticket(), mail=mail, evidence=token(MARIA))).joins
    assert joins == (Join(LEE.address, Part.CC),)
    mail = letter(LEE, "Eve knows more.", cc=(EVE.address,))
    assert decided(case(LEE, about=ticket(), mail=mail, evidence=PROVEN, participants=WITH_LEE)).joins == ()


def test_someone_in_copy_speaks_as_a_customer_but_closes_nothing() -> None:
    words = decided(case(LEE, "I saw it too.", about=ticket("closed"), participants=WITH_LEE))
    assert told(words)[-1][0] == "status"
    assert words.replies[-1].to.id == MARIA.id
    order = decided(case(LEE, "#close", about=ticket(), participants=WITH_LEE, evidence=token(LEE)))
    assert order.changes == ()
    assert [k for k, _ in told(order)] == ["reply", "reply", "refused"]


@pytest.mark.parametrize(("sender", "evidence"), [(EVE, UNPROVEN), (EVE, token(MARIA)), (MARIA, FORGED)])
@pytest.mark.parametrize("status", ["waiting", "closed"])
def test_a_third_party_is_heard_and_told_nothing(sender: Person, evidence: Evidence, status: str) -> None:
    decision = decided(
        case(sender, "Buy our toner.", about=ticket(status), evidence=evidence, route=Route.SEEN_ID)
    )
    assert decision.outcome is Outcome.REPLIED
    assert decision.changes == ()
    assert told(decision) == [("reply", "Ann"), ("reply", "Ben")]
    assert all(r.unverified == (evidence is FORGED) for r in decision.replies)
    assert decision.message is not None
    assert decision.message.kind is MessageKind.NOTE
    assert decision.joins == (() if sender is MARIA else (Join(EVE.address, Part.THIRD),))


def test_what_a_third_party_asks_for_says_nothing_of_the_ticket() -> None:
    decision = decided(case(EVE, "#help", about=ticket(), route=Route.SEEN_ID))
    assert told(decision) == [("help", "eve@elsewhere.example")]
    assert decision.replies[0].is_apart


def test_a_stranger_who_orders_is_not_answered() -> None:
    for text in ("#close", "#clsoe", "#close\n\nBuy our toner."):
        decision = decided(case(EVE, text, about=ticket(), evidence=PROVEN, route=Route.SEEN_ID))
        assert told(decision) == [("reply", "Ann"), ("reply", "Ben")]
        assert decision.changes == ()


@pytest.mark.parametrize("text", ["#close", "Buy our toner."])
def test_a_third_party_is_introduced_with_the_address(text: str) -> None:
    borrowed = replace(EVE, name="Maria Lopez")
    decision = decided(case(borrowed, text, about=ticket(), evidence=PROVEN, route=Route.SEEN_ID))
    why = "Maria Lopez (eve@elsewhere.example) is not on this ticket and was told nothing of it."
    assert [r.reason for r in decision.replies] == [why, why]


def test_a_name_that_looks_like_an_address_is_not_shown() -> None:
    posing = replace(EVE, name="ann@example.org")
    assert posing.shown == posing.introduced == "eve@elsewhere.example"


def test_an_agent_hears_of_a_letter_that_only_bears_the_agents_name() -> None:
    assert told(decided(case(ANN, "The door is stuck.", evidence=FORGED))) == [
        ("opened", "Ann"),
        ("opened", "Ben"),
    ]
    heard = decided(case(ANN, "Go away.", about=ticket(), evidence=FORGED))
    assert told(heard) == [("confirm", "Ann"), ("note", "Ben")]


@pytest.mark.parametrize(
    ("strict", "evidence", "doubt"),
    [
        (False, UNPROVEN, "Nothing in that mail proves"),
        (False, FORGED, "failed the check of its sender"),
        (True, UNPROVEN, "Nothing in that mail proves"),
        (True, token(ANN), "asks for two proofs"),
        (
            False,
            replace(token(ANN), stale="it has no Date"),
            "an old one that somebody sends again: it has no Date",
        ),
    ],
)
def test_who_is_not_believed_is_asked_and_told_why(strict: bool, evidence: Evidence, doubt: str) -> None:
    a_case = case(ANN, "Hello.", about=ticket(), evidence=evidence)
    asked = reply(decide.on_mail(a_case, replace(POLICY, strict=strict)), ReplyKind.CONFIRM)
    assert doubt in asked.reason
    assert asked.until == NOW + timedelta(minutes=15)
    assert asked.to == ANN


def test_a_mistyped_number_is_told_to_nobody_else() -> None:
    decision = decided(case(MARIA, "#show 77", about=ticket(), evidence=token(MARIA)))
    assert (decision.outcome, told(decision)) == (Outcome.FILED, [("refused", "Maria")])
    assert decision.message is None


@pytest.mark.parametrize("sender", [ANN, MARIA])
def test_a_command_that_leads_nowhere_is_not_asked_for_again(sender: Person) -> None:
    assert [kind for kind, _ in told(decided(case(sender, "#close")))] == ["refused"]


def test_an_agents_note_may_open_a_ticket() -> None:
    decision = decided(case(ANN, "#note\n\nTo be looked into.", evidence=PROVEN))
    assert decision.message is not None
    assert decision.message.kind is MessageKind.NOTE


def test_whoever_left_the_desk_hears_nothing_more() -> None:
    left = replace(BEN, role=MARIA.role)
    people = (
        Participant(MARIA, Part.REQUESTER),
        Participant(ANN, Part.FOLLOWER),
        Participant(left, Part.FOLLOWER),
    )
    decision = decided(case(MARIA, "Hello", about=ticket(), participants=people, staff=(ANN,), assignee=left))
    assert told(decision) == [("reply", "Ann")]


def test_without_followers_all_staff_of_the_project_hears() -> None:
    decision = decided(
        case(MARIA, "Hello", about=ticket(), participants=(Participant(MARIA, Part.REQUESTER),))
    )
    assert told(decision) == [("reply", "Ann"), ("reply", "Ben")]


# What is shown


def rows() -> tuple[Listed, Listed]:
    return Listed(ticket(), MARIA, ANN), Listed(ticket(id=41, number=13, requester=EVE), EVE, None)


def test_a_list_is_shown_as_it_was_loaded() -> None:
    assert (
        reply(decided(case(MARIA, "#list", listed=rows(), evidence=PROVEN)), ReplyKind.LIST).listed == rows()
    )


def test_a_customer_sees_the_talk_and_nothing_else() -> None:
    posts = (
        Post(MessageKind.PUBLIC, MARIA, NOW, "Help"),
        Post(MessageKind.NOTE, ANN, NOW, "Cross"),
        Post(MessageKind.AUTOMATIC, None, NOW, "Away"),
    )
    story = Story(ticket(), MARIA, None, posts, ())
    shown = reply(decided(case(MARIA, "#show 12", shown=story, evidence=PROVEN)), ReplyKind.SHOW).shown
    assert shown is not None
    assert [post.text for post in shown.posts] == ["Help"]
    staff = reply(decided(case(ANN, "#show 12", shown=story)), ReplyKind.SHOW).shown
    assert staff == story


def test_a_ticket_that_is_not_yours_is_like_one_that_is_not() -> None:
    decision = decided(case(MARIA, "#show 12", shown=None, evidence=PROVEN))
    assert told(decision) == [("refused", "Maria")]
    assert "belongs to someone else" in reply(decision, ReplyKind.REFUSED).refusals[0].why


# What goes to whom nothing is known of


def test_what_goes_to_an_unproven_sender_holds_nothing_of_theirs() -> None:
    words = "CHEAP PILLS"
    spam = replace(EVE, name=words)
    story = Story(
        replace(ticket(requester=EVE), subject=words),
        spam,
        None,
        (Post(MessageKind.PUBLIC, spam, NOW, words),),
        (),
    )
    for text in (
        f"#clsoe {words}",
        f"#close {words}",
        f"#title {words}\n\n{words}",
        words,
        "#list",
        "#show 12",
        f"#help {words}",
        f"#show {words}",
    ):
        mail = letter(spam, text, subject=words)
        listed = (Listed(story.ticket, spam, None),)
        decision = decided(case(spam, mail=mail, listed=listed, shown=story))
        for written in decision.replies:
            if written.to.id == EVE.id:
                assert not written.is_proven
                plain = replace(written, listed=(), shown=None)
                assert words not in repr(plain), text
                assert all(row.ticket.subject == "" for row in written.listed)
                assert written.shown is None or (written.shown.posts, written.shown.ticket.subject) == (
                    (),
                    "",
                )


def test_a_proven_sender_gets_the_own_words_back() -> None:
    decision = decided(case(MARIA, "#clsoe\n\nBlank pages.", about=ticket(), evidence=token(MARIA)))
    back = reply(decision, ReplyKind.SUGGESTION)
    assert back.is_proven
    assert back.text == "#clsoe\n\nBlank pages."
    assert [(r.line, r.meant) for r in back.refusals] == [("#clsoe", "#close")]


@pytest.mark.parametrize("text", ["#list", "#login", "#show", "#help", "#close", "#clsoe", "Hello"])
@pytest.mark.parametrize("evidence", [UNPROVEN, FORGED, PROVEN, token(MARIA), token(ANN)])
@pytest.mark.parametrize("sender", [MARIA, ANN])
def test_what_goes_back_goes_to_the_registered_address_only(
    sender: Person, evidence: Evidence, text: str
) -> None:
    known = replace(sender, also=(Address("other@home.example"),))
    mail = replace(
        letter(sender, text), sender=Address("other@home.example"), reply_to=(Address("eve@birch.example"),)
    )
    story = Story(ticket(), MARIA, None, (), ())
    for about in (None, ticket()):
        decision = decided(knowing(case(known, about=about, evidence=evidence, mail=mail), shown=story))
        back = [r.to.address.spec for r in decision.replies if r.to.id == sender.id]
        assert set(back) <= {sender.address.spec}
        assert "eve@birch.example" not in [r.to.address.spec for r in decision.replies]


# Limits


@pytest.mark.parametrize(
    ("counters", "limit"),
    [
        (Counters(unproven_to_address=3), "unproven_per_address"),
        (Counters(unproven_to_domain=200), "unproven_per_domain"),
        (Counters(unproven_in_all=2000), "unproven_in_all"),
        (Counters(automatic_here=5), "automatic_per_ticket"),
    ],
)
def test_beyond_a_limit_mail_is_held_and_the_operator_told(counters: Counters, limit: str) -> None:
    decision = decided(case(counters=counters))
    assert decision.outcome is Outcome.OPENED
    assert [(r.kind.value, r.is_held) for r in decision.replies] == [
        ("acknowledgement", True),
        ("opened", False),
        ("opened", False),
        ("alarm", False),
    ]
    alarm = decision.replies[-1]
    assert alarm.to == OPS
    assert alarm.once == f"limit:{limit}:2026-11-19"
    assert limit in decision.reason


def test_one_letter_may_meet_a_limit_in_the_middle() -> None:
    decision = decided(case(MARIA, "#clsoe\n\nBlank pages.", counters=Counters(unproven_to_address=2)))
    held = {r.kind.value: r.is_held for r in decision.replies}
    assert held["acknowledgement"] is False
    assert held["suggestion"] is True


@pytest.mark.parametrize("text", ["#close", "Try the other tray.", "#list", "#help", "#login", "#clsoe"])
@pytest.mark.parametrize("evidence", [UNPROVEN, FORGED])
def test_whoever_writes_in_an_agents_name_does_not_fill_the_agents_inbox(
    text: str, evidence: Evidence
) -> None:
    decision = decided(
        case(ANN, text, about=ticket(), evidence=evidence, counters=Counters(unproven_to_address=3))
    )
    back = [r for r in decision.replies if r.to == ANN]
    assert [r.is_held for r in back] == [True]
    assert back[0].is_unproven
    assert "unproven_per_address" in decision.reason
    before = decided(
        case(ANN, text, about=ticket(), evidence=evidence, counters=Counters(unproven_to_address=2))
    )
    assert not any(r.is_held for r in before.replies)


def test_the_limits_are_not_for_the_proven() -> None:
    over = Counters(unproven_to_address=9, unproven_to_domain=999, unproven_in_all=9999)
    assert not any(r.is_held for r in decided(case(counters=over, evidence=PROVEN)).replies)
    for evidence in (PROVEN, token(ANN, ticket())):
        order = case(
            ANN, "#close", about=ticket(), evidence=evidence, counters=replace(over, automatic_here=9)
        )
        assert not any(r.is_held for r in decided(order).replies)
    free = replace(
        LIMITS,
        unproven_per_address=None,
        unproven_per_domain=None,
        unproven_in_all=None,
        automatic_per_ticket=None,
    )
    lifted = decide.on_mail(case(counters=replace(over, automatic_here=9)), replace(POLICY, limits=free))
    assert not any(r.is_held for r in lifted.replies)


@pytest.mark.parametrize("kind", [Kind.PERSON, Kind.AUTOMATIC])
def test_a_storm_of_new_tickets_is_held(kind: Kind) -> None:
    storm = case(counters=Counters(opened_by_sender=20), kind=kind)
    decision = decided(storm)
    assert decision.outcome is Outcome.HELD
    assert (decision.opened, decision.message) == (None, None)
    assert told(decision) == [("alarm", "Operators")]
    assert decided(knowing(storm, is_released=True)).outcome is Outcome.OPENED
    reply_in_storm = case(about=ticket(), counters=Counters(opened_by_sender=20), kind=kind)
    assert decided(reply_in_storm).outcome is not Outcome.HELD


# Machines


@pytest.mark.parametrize(
    ("kind", "with_ticket", "outcome"),
    [
        (Kind.VACATION, False, Outcome.FILED),
        (Kind.VACATION, True, Outcome.FILED),
        (Kind.RECEIPT, False, Outcome.FILED),
        (Kind.RECEIPT, True, Outcome.FILED),
        (Kind.BOUNCE, False, Outcome.FILED),
        (Kind.BOUNCE, True, Outcome.FILED),
        (Kind.AUTOREPLY, False, Outcome.FILED),
        (Kind.AUTOREPLY, True, Outcome.FILED),
        (Kind.DELAY, False, Outcome.FILED),
        (Kind.DELAY, True, Outcome.FILED),
        (Kind.COMPLAINT, False, Outcome.FILED),
        (Kind.COMPLAINT, True, Outcome.FILED),
        (Kind.CHALLENGE, False, Outcome.OPENED),
        (Kind.CHALLENGE, True, Outcome.FILED),
        (Kind.AUTOMATIC, True, Outcome.FILED),
        (Kind.LIST, True, Outcome.FILED),
        (Kind.AUTOMATIC, False, Outcome.OPENED),
        (Kind.LIST, False, Outcome.OPENED),
        (Kind.OURS, True, Outcome.IGNORED),
        (Kind.OURS, False, Outcome.IGNORED),
    ],
)
def test_a_machine_is_never_answered_and_changes_nothing(
    kind: Kind, with_ticket: bool, outcome: Outcome
) -> None:
    about = ticket("closed") if with_ticket else None
    for sender in (MARIA, ANN):
        decision = decided(case(sender, "#reopen", about=about, kind=kind, evidence=PROVEN))
        assert decision.outcome is outcome
        assert decision.changes == ()
        assert sender not in [r.to for r in decision.replies]
        if outcome is Outcome.FILED:
            assert {r.kind for r in decision.replies} <= {ReplyKind.REPLY, ReplyKind.NOTICE, ReplyKind.ALARM}
            assert (decision.message is not None) == with_ticket
        if outcome is Outcome.OPENED:
            assert {r.kind for r in decision.replies} == {ReplyKind.OPENED}


@pytest.mark.parametrize("kind", [Kind.AUTOMATIC, Kind.AUTOREPLY, Kind.LIST])
@pytest.mark.parametrize("status", ["open", "waiting", "closed"])
def test_what_a_program_calls_automatic_is_read_by_staff_all_the_same(kind: Kind, status: str) -> None:
    decision = decided(case(MARIA, "Yes, room 4.", about=ticket(status), kind=kind))
    assert told(decision) == [("reply", "Ann"), ("reply", "Ben")]
    assert decision.replies[0].text == "Yes, room 4."
    assert "calls itself automatic" in decision.replies[0].reason
    assert decision.changes == ()
    stranger = decided(case(EVE, "Yes, room 4.", about=ticket(status), kind=kind))
    assert "not on this ticket" in stranger.replies[0].reason


@pytest.mark.parametrize("kind", [Kind.VACATION, Kind.RECEIPT, Kind.DELAY])
def test_what_only_reports_disturbs_nobody(kind: Kind) -> None:
    for sender in (MARIA, ANN):
        assert decided(case(sender, "I am away.", about=ticket(), kind=kind)).replies == ()


def test_only_a_person_can_answer_a_mail_system_that_asks_for_one() -> None:
    decision = decided(case(MARIA, "Confirm", about=ticket(), kind=Kind.CHALLENGE, assignee=BEN))
    assert told(decision) == [("notice", "Ben")]
    assert decision.replies[0].text == "Confirm"


def bounce(action: str = "failed", *recipients: str, **known: object) -> Decision:
    report = Bounce(action, recipients or ("maria@birch.example",), "5.2.2", "The mailbox is full.", "")
    a_case = case(None, about=ticket("closed"), kind=Kind.BOUNCE, mail=letter(None, "Sorry", bounce=report))
    return decided(knowing(a_case, **known))


ROW = Bounced(7, "answer", MARIA)


def test_a_bounce_marks_the_mail_tells_the_followers_and_opens_the_ticket() -> None:
    decision = bounce(bounced=(ROW,))
    assert decision.undelivered == (7,)
    assert told(decision) == [("undelivered", "Ann"), ("undelivered", "Ben")]
    why = "The mailbox is full. The other server said: The mailbox is full."
    assert decision.replies[0].reason == f"Not delivered to maria@birch.example. {why}"
    assert decision.why_lost == why
    found = after(decision, ticket("closed"))
    assert (found.status, found.reopened) == ("open", 1)
    assert decision.message is not None
    assert decision.message.kind is MessageKind.AUTOMATIC


def test_the_assignee_hears_of_a_bounce_first() -> None:
    assert told(bounce(bounced=(ROW,), assignee=BEN)) == [("undelivered", "Ben")]


@pytest.mark.parametrize(
    "row", [Bounced(7, "answered", BEN), Bounced(7, "undelivered", ANN), Bounced(7, "help", MARIA)]
)
def test_a_notice_that_fails_makes_no_notice(row: Bounced) -> None:
    decision = bounce(bounced=(row,))
    assert decision.undelivered == (7,)
    assert (decision.replies, decision.changes) == ((), ())


def test_an_agent_who_asked_is_a_customer_of_that_ticket() -> None:
    assert told(bounce(bounced=(Bounced(7, "answer", BEN),))) == [("undelivered", "Ann")]


@pytest.mark.parametrize("action", ["delayed", "delivered"])
def test_a_report_of_delay_or_success_is_only_filed(action: str) -> None:
    decision = bounce(action, bounced=(ROW,))
    assert (decision.undelivered, decision.replies, decision.changes) == ((), (), ())


def test_a_bounce_with_our_id_counts_even_if_the_outbox_forgot() -> None:
    assert told(bounce()) == [("undelivered", "Ann"), ("undelivered", "Ben")]
    assert bounce("failed", "nobody@elsewhere.example").replies == ()
    assert bounce(route=Route.TAG).replies == ()


def test_the_same_bounce_twice_is_news_once() -> None:
    again = bounce(bounced=(replace(ROW, is_news=False),))
    assert (again.undelivered, again.replies, again.changes, again.marks) == ((), (), (), ())


HARD = "There is no mailbox of that name."


def bounced_for_good(recipient: Person, kind: str = "answer", status: str = "5.1.1") -> Decision:
    report = Bounce("failed", (recipient.address.spec,), status, "", "")
    a_case = case(None, about=ticket(), kind=Kind.BOUNCE, mail=letter(None, "Sorry", bounce=report))
    return decided(knowing(a_case, bounced=(Bounced(7, kind, recipient),)))


def test_the_third_bounce_for_good_pauses_the_address() -> None:
    assert bounced_for_good(MARIA).marks == (Mark(MARIA.address, 1),)
    assert bounced_for_good(replace(MARIA, bounces=1)).marks == (Mark(MARIA.address, 2),)
    decision = bounced_for_good(replace(MARIA, bounces=2))
    why = f"Mail to this address came back 3 times in a row. {HARD}"
    assert decision.marks == (Mark(MARIA.address, 3, why),)
    assert told(decision) == [("alarm", "Operators"), ("undelivered", "Ann"), ("undelivered", "Ben")]
    for one in decision.replies:
        assert "Nothing automatic is mailed to maria@birch.example any more" in one.reason
    assert "nothing automatic is mailed to maria@birch.example any more" in decision.reason


def test_an_agents_address_is_paused_too_and_only_the_operators_hear() -> None:
    decision = bounced_for_good(replace(BEN, bounces=2), "reply")
    assert [mark.paused != "" for mark in decision.marks] == [True]
    assert told(decision) == [("alarm", "Operators")]


@pytest.mark.parametrize("status", ["4.2.2", "5.3.4", "5.7.1", "5.6.0"])
def test_what_is_no_fault_of_the_address_is_not_held_against_it(status: str) -> None:
    assert bounced_for_good(replace(MARIA, bounces=2), status=status).marks == ()


def test_a_report_that_names_no_mail_of_ours_pauses_nobody() -> None:
    report = Bounce("failed", ("maria@birch.example",), "5.1.1", "", "")
    a_case = case(None, about=ticket(), kind=Kind.BOUNCE, mail=letter(None, "Sorry", bounce=report))
    assert decided(a_case).marks == ()


STOPPED = replace(MARIA, bounces=3, paused="Mail came back.")
WITH_STOPPED = (Participant(STOPPED, Part.REQUESTER), *ON_TICKET[1:])


def test_nothing_automatic_goes_to_a_paused_address_and_the_receipt_says_so() -> None:
    closing = decided(case(ANN, "#close", about=ticket(), evidence=token(ANN), participants=WITH_STOPPED))
    assert ReplyKind.STATUS not in [r.kind for r in closing.replies]
    back = reply(closing, ReplyKind.RECEIPT)
    assert back.mailed == ("Ben Jones",)
    assert back.not_mailed == (
        "Maria Lopez: mail to this address keeps coming back, so nothing automatic is sent there.",
    )
    answer = decided(case(ANN, "Try this.", about=ticket(), evidence=token(ANN), participants=WITH_STOPPED))
    assert ("answer", "Maria") in told(answer)


def test_mail_from_a_paused_address_ends_the_pause() -> None:
    decision = decided(case(STOPPED, "I am here again."))
    assert decision.marks == (Mark(STOPPED.address),)
    assert told(decision)[0] == ("acknowledgement", "maria@birch.example")
    away = decided(case(STOPPED, "I am away.", about=ticket(), kind=Kind.VACATION))
    assert away.marks == (Mark(STOPPED.address),)


@pytest.mark.parametrize("kind", [Kind.BOUNCE, Kind.COMPLAINT, Kind.CHALLENGE, Kind.DELAY])
def test_a_report_is_no_sign_of_life(kind: Kind) -> None:
    assert Mark(STOPPED.address) not in decided(case(STOPPED, "Sorry", about=ticket(), kind=kind)).marks


def test_a_forged_letter_is_no_sign_of_life() -> None:
    assert decided(case(STOPPED, "Hello", evidence=FORGED)).marks == ()


def test_a_complaint_pauses_at_once_and_staff_is_told() -> None:
    a_case = case(EVE, "Junk", about=ticket(), kind=Kind.COMPLAINT)
    decision = decided(knowing(a_case, bounced=(ROW,)))
    assert decision.marks == (Mark(MARIA.address, 3, "They called a mail of ours junk."),)
    assert told(decision) == [("alarm", "Operators"), ("notice", "Ann"), ("notice", "Ben")]
    assert (decision.undelivered, decision.changes) == ((), ())


def test_a_complaint_about_no_mail_of_ours_is_for_the_operators() -> None:
    decision = decided(case(EVE, "Junk", kind=Kind.COMPLAINT))
    assert (told(decision), decision.marks) == ([("alarm", "Operators")], ())
    assert decision.outcome is Outcome.FILED


def test_a_follower_whose_mail_comes_back_is_no_reason_for_nobody_to_be_told() -> None:
    lost = replace(BEN, bounces=3, paused="Mail came back.")
    around = (ON_TICKET[0], Participant(lost, Part.FOLLOWER))
    decision = decided(case(MARIA, "Well?", about=ticket(), participants=around, staff=(ANN, lost, GUS)))
    assert told(decision) == [("reply", "Ann")]


def test_our_own_failure_for_good_counts_where_it_is_the_fault_of_the_address() -> None:
    known = diagnose("5.1.1 User unknown", code=550)
    failure = Undeliverable(
        ReplyKind.ACKNOWLEDGEMENT, MARIA, "No such mailbox.", NOW, ticket(), ON_TICKET, diagnosis=known
    )
    assert decide.on_undeliverable(failure, POLICY).marks == (Mark(MARIA.address, 1),)
    relay = replace(failure, diagnosis=diagnose("5.7.1 Relay access denied", code=554))
    assert decide.on_undeliverable(relay, POLICY).marks == ()
    assert decide.on_undeliverable(replace(failure, ticket=None), POLICY).marks == (Mark(MARIA.address, 1),)


def test_our_own_failure_is_news_on_its_ticket() -> None:
    failure = Undeliverable(
        ReplyKind.ANSWER, LEE, "No such mailbox.", NOW, ticket("closed"), WITH_LEE, None, STAFF
    )
    decision = decide.on_undeliverable(failure, POLICY)
    assert decision.outcome is Outcome.FILED
    assert told(decision) == [("undelivered", "Ann"), ("undelivered", "Ben")]
    assert after(decision, ticket("closed")).status == "open"
    assert decision.message is not None
    assert decision.message.text == "Not delivered to lee@birch.example. No such mailbox."
    notice = decide.on_undeliverable(replace(failure, kind=ReplyKind.UNDELIVERED, recipient=ANN), POLICY)
    assert (notice.replies, notice.changes) == ((), ())
    assert decide.on_undeliverable(replace(failure, ticket=None), POLICY).message is None


# What is odd


def test_a_duplicate_and_an_own_mail_are_left_alone() -> None:
    assert decided(knowing(case(), duplicate_of=7)).outcome is Outcome.IGNORED
    assert decided(case(kind=Kind.OURS)).outcome is Outcome.IGNORED


@pytest.mark.parametrize("text", ["#close", "Try the other tray."])
def test_a_replay_does_nothing(text: str) -> None:
    again = knowing(case(ANN, text, about=ticket(), evidence=PROVEN), replay_of=7)
    assert decided(again) == Decision(Outcome.IGNORED, "replay of letter 7: the same signature")


COLLEAGUE = Address("ben@example.org")


@pytest.mark.parametrize(
    ("sender", "to", "cc", "is_seen"),
    [
        (ANN, (DESK,), (), False),
        (ANN, (Address("garden@desk.example.org"),), (COLLEAGUE, OPERATOR), False),
        (ANN, (Address("support+1a-2b-mac@desk.example.org"),), (), False),
        (ANN, (DESK,), (ANN.address, Address("ann@home.example")), False),
        (ANN, (DESK,), (MARIA.address,), True),
        (ANN, (DESK, EVE.address), (), True),
        (MARIA, (DESK,), (LEE.address,), True),
        (MARIA, (DESK,), (MARIA.address, BEN.address), False),
        (MARIA, (), (), False),
    ],
)
def test_who_writes_to_someone_outside_too_spends_all_ids_of_ours_in_the_letter(
    sender: Person, to: tuple[Address, ...], cc: tuple[Address, ...], is_seen: bool
) -> None:
    known = replace(sender, also=(Address("ann@home.example"),))
    evidence = Evidence((Token(40, sender.id, "abc"), Token(40, BEN.id, "root")))
    mail = letter(sender, "Hello", to=to, cc=cc)
    policy = replace(POLICY, trust=Trust(subaddress="+"))
    decision = decide.on_mail(case(known, about=ticket(), evidence=evidence, mail=mail), policy)
    assert decision.spends == (evidence.tokens if is_seen else ())


def test_a_letter_from_nobody_is_kept_where_somebody_sees_it() -> None:
    assert decided(case(None)).outcome is Outcome.QUARANTINED
    heard = decided(case(None, about=ticket("closed")))
    assert heard.outcome is Outcome.FILED
    assert told(heard) == [("reply", "Ann"), ("reply", "Ben")]
    assert heard.changes == ()


def test_the_desk_does_not_write_to_itself() -> None:
    desk = replace(LEE, address=Address("Help@desk.example.org"))
    people = (*ON_TICKET, Participant(desk, Part.CC))
    decision = decided(case(ANN, "Hello", about=ticket(), evidence=token(ANN), participants=people))
    assert told(decision) == [("answer", "Maria"), ("answered", "Ben")]


@pytest.mark.parametrize(
    ("sender", "kind", "evidence", "kinds"),
    [
        (MARIA, Kind.PERSON, UNPROVEN, ["oversize"]),
        (MARIA, Kind.PERSON, FORGED, []),
        (MARIA, Kind.AUTOMATIC, UNPROVEN, []),
        (None, Kind.PERSON, UNPROVEN, []),
    ],
)
def test_whoever_sends_too_much_is_told_the_limit(
    sender: Person | None, kind: Kind, evidence: Evidence, kinds: list[str]
) -> None:
    decision = decide.on_oversize(case(sender, kind=kind, evidence=evidence), POLICY)
    assert (decision.outcome, decision.reason) == (Outcome.QUARANTINED, "oversize")
    assert [k for k, _ in told(decision)] == kinds
    if kinds:
        assert "25 MiB" in decision.replies[0].reason


def test_a_status_that_was_taken_from_the_preset_harms_nothing() -> None:
    gone: Ticket = replace(ticket(), status="gone", project="gone")
    for sender in (MARIA, ANN):
        decision = decided(
            case(sender, "#close\n\nIt is done, all of it.", about=gone, evidence=token(sender))
        )
        assert after(decision, gone).status == "closed"


def test_the_fields_that_the_desk_sets_are_changes_too() -> None:
    fields = {c.field for c in answer("#close\n\nDone, it prints.").changes}
    assert fields == {Field.STATUS, Field.RESOLVED, Field.CLOSED, Field.FIRST_ANSWERED}


def test_a_reply_is_a_value() -> None:
    assert isinstance(decided(case()).replies[0], Reply)
