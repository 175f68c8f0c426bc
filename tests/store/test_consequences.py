"""What follows from a letter that no person wrote, or that was written for another: from octets to rows and mails."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from mailtickets.config import Staff
from mailtickets.core.case import MessageKind, Outcome
from mailtickets.core.person import Part, Role
from mailtickets.store import people, views
from mailtickets.store.engine import Store
from tests.store.front import Front
from tests.store.letters import ANN, DESK, LEE, NOW

BEN = "ben@example.org"


@pytest.fixture
def front(store: Store) -> Front:
    staff = (Staff(ANN, "Ann Smith", Role.ADMIN, (), (), "", ""),)
    store.write_sync(people.sync_staff, staff, NOW)
    return Front(store)


def answered(front: Front, text: str = "Try another cable.") -> str:
    """Lee asks, Ann answers; the id of the answer, with brackets."""
    if not front.store.read_sync(views.ledger_rows):
        front.write(LEE.spec, "Printer", "It prints blank pages.")
        front.mails()
    notice = next(m for m in _all(front) if m[0] in ("opened", "reply"))
    front.mails()
    front.write(ANN.spec, "Re: Printer", text, In_Reply_To=str(notice[2]["Message-ID"]))
    return next(str(mail["Message-ID"]) for kind, _, mail in front.mails() if kind == "answer")


def _all(front: Front) -> list[tuple[str, str, EmailMessage]]:
    front.seen.clear()
    return front.mails()


def bounce(of: str, status: str = "5.1.1", diagnostic: str = "550 5.1.1 User unknown") -> bytes:
    return f"""From: MAILER-DAEMON@mx.example.net
To: {DESK.spec}
Subject: Undelivered Mail Returned to Sender
Return-Path: <>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {LEE.spec}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {diagnostic}
--b
Content-Type: text/rfc822-headers

Message-ID: {of}
--b--
""".encode()


def test_a_bounce_marks_the_very_message_and_is_told_once_in_plain_words(front: Front) -> None:
    id = answered(front, "#close\n\nTry another cable.")
    assert front.view().ticket.status == "closed"
    front.take(bounce(id))
    ((kind, who, mail),) = front.mails()
    assert (kind, who) == ("undelivered", ANN.key)
    words = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert f"Not delivered to {LEE.spec}. There is no mailbox of that name." in words
    view = front.view()
    assert view.ticket.status == "open"
    (answer,) = [entry for entry in view.entries if entry.deliveries]
    assert [d.state.value for d in answer.deliveries] == ["failed"]
    assert answer.deliveries[0].answer.startswith(
        "There is no mailbox of that name. The other server said: 550 5.1.1"
    )
    front.take(bounce(id).replace(b"Sorry.", b"Sorry, again."))
    assert front.told() == []


def test_three_bounces_pause_an_address_until_it_writes(front: Front) -> None:
    for _ in range(3):
        front.take(bounce(answered(front)))
    kinds = front.told()
    assert ("alarm", "root@example.org") in kinds
    (paused,) = front.store.read_sync(views.paused_rows)
    assert (paused.address, paused.bounces) == (LEE.spec, 3)
    assert front.view().requester.is_paused
    id = answered(front, "Are you there?")  # a person's words go out
    notice = next(m for m in reversed(_all(front)) if m[0] == "undelivered")
    front.write(ANN.spec, "Re: Printer", "#close", In_Reply_To=str(notice[2]["Message-ID"]))
    assert ("status", LEE.key) not in front.told()
    front.write(LEE.spec, "Re: Printer", "I am here again, and it is broken.", In_Reply_To=id)
    assert ("status", LEE.key) in front.told()
    assert front.store.read_sync(views.paused_rows) == ()
    assert front.view().requester.bounces == 0


@pytest.mark.parametrize("status", ["4.4.7", "5.7.1", "5.3.4"])
def test_what_is_no_fault_of_the_address_pauses_nothing(front: Front, status: str) -> None:
    for _ in range(4):
        front.take(bounce(answered(front), status, ""))
    assert front.store.read_sync(views.paused_rows) == ()


def test_a_forged_report_pauses_nothing(front: Front) -> None:
    answered(front)
    for number in range(4):
        front.take(bounce(f"<{number}@forged.example>"))
    assert front.store.read_sync(views.paused_rows) == ()
    assert front.view().requester.bounces == 0


def test_a_complaint_pauses_at_once(front: Front) -> None:
    id = answered(front)
    ending = front.take(
        f"""From: fbl@provider.example
To: {DESK.spec}
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
--b
Content-Type: message/rfc822

To: {LEE.spec}
Message-ID: {id}

--b--
""".encode()
    )
    assert (ending.outcome, ending.ticket) == (Outcome.FILED, 1)
    assert front.told() == [("alarm", "root@example.org"), ("notice", ANN.key)]
    assert front.view().requester.paused == "They called a mail of ours junk."


SERVICENOW = {
    "Auto_Submitted": "auto-generated",
    "Precedence": "bulk",
    "X_ServiceNow_Generated": "true",
}


@pytest.mark.parametrize(
    "headers",
    [SERVICENOW, {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<help.customer.example>"},
     {"X_Auto_Response_Suppress": "All"}],
    ids=["servicenow", "auto-replied", "bulk", "list", "suppress"],
)  # fmt: skip
def test_what_a_person_wrote_through_a_program_lands_on_its_ticket_and_agents_read_it(
    front: Front, headers: dict[str, str]
) -> None:
    id = answered(front)
    before = front.view().ticket.status
    ending = front.write(LEE.spec, "RE: Printer", "Yes, please go on: room 4.", In_Reply_To=id, **headers)
    assert (ending.outcome, ending.ticket) == (Outcome.FILED, 1)
    ((kind, who, mail),) = front.mails()
    assert (kind, who) == ("reply", ANN.key)
    words = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert "Yes, please go on: room 4." in words
    assert "calls itself automatic" in words
    view = front.view()
    assert view.ticket.status == before
    assert (view.entries[-1].text, view.entries[-1].kind) == (
        "Yes, please go on: room 4.",
        MessageKind.AUTOMATIC,
    )
    assert view.entries[-1].why


def test_an_agents_absence_note_is_filed_in_silence(front: Front) -> None:
    answered(front)
    notice = next(m for m in _all(front) if m[0] == "opened")
    ending = front.write(
        ANN.spec,
        "Automatic reply: Printer",
        "I am out of the office until 7 December 2026.",
        In_Reply_To=str(notice[2]["Message-ID"]),
        Auto_Submitted="auto-replied",
    )
    assert (ending.outcome, ending.ticket) == (Outcome.FILED, 1)
    assert front.told() == []
    assert front.view().entries[-1].why.endswith("(2026-12-07)")


FORWARD = """Please take this.

---------- Forwarded message ----------
From: Kim Berg <kim@elm.example>
Date: Fri, Nov 20, 2026 at 9:14 AM
Subject: Scanner
To: Ann Smith <ann@example.org>

The scanner hums.
"""


def test_a_forwarded_letter_is_its_writers_and_the_agent_answers_first(front: Front) -> None:
    ending = front.write(f"Ann Smith <{ANN.spec}>", "Fwd: Scanner", FORWARD)
    assert ending.outcome is Outcome.OPENED
    ((kind, who, receipt),) = front.mails()
    assert (kind, who) == ("receipt", ANN.key)
    words = " ".join(receipt.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert "Kim Berg (kim@elm.example) wrote the mail that you forwarded, so the ticket is theirs." in words
    view = front.view()
    assert (view.ticket.subject, view.requester.address.spec) == ("Scanner", "kim@elm.example")
    assert [(p.person.address.spec, p.part) for p in view.participants] == [
        ("kim@elm.example", Part.REQUESTER),
        (ANN.spec, Part.FOLLOWER),
    ]
    said = [(e.kind, e.author.shown if e.author else "", e.text, e.unverified) for e in view.entries]
    assert said == [
        (MessageKind.PUBLIC, "Kim Berg", "The scanner hums.", True),
        (MessageKind.NOTE, "Ann Smith", "Please take this.", True),
    ]
    front.write(ANN.spec, "Re: Scanner", "Does it print?", In_Reply_To=str(receipt["Message-ID"]))
    ((kind, who, _),) = front.mails()
    assert (kind, who) == ("answer", "kim@elm.example")


def test_the_commands_above_a_forward_are_the_agents_and_those_in_it_nobodys(front: Front) -> None:
    proof = "mx.example.org; dmarc=pass header.from=example.org"
    text = f"#priority high\n\n{FORWARD}#close\n"
    front.write(f"Ann Smith <{ANN.spec}>", "Fwd: Scanner", text, Authentication_Results=proof)
    assert (front.view().ticket.priority, front.view().ticket.status) == ("high", "new")


@pytest.mark.parametrize(
    "line",
    ["From: Kim Berg", "From: Support <support@example.org>", "From: Shop <no-reply@shop.example>",
     "From: Ann Smith <ann@example.org>", "From: Kim <kim@elm.example>, Lee <lee@elm.example>"],
)  # fmt: skip
def test_nobody_is_picked_in_doubt(front: Front, line: str) -> None:
    text = FORWARD.replace("From: Kim Berg <kim@elm.example>", line)
    front.write(f"Ann Smith <{ANN.spec}>", "Fwd: Scanner", text)
    assert front.view().requester.address == ANN


def test_a_customers_forward_is_the_customers(front: Front) -> None:
    front.write(LEE.spec, "Fwd: Scanner", FORWARD)
    assert front.view().requester.address == LEE


def test_a_letter_that_an_agent_attaches_is_its_writers_and_its_thread_leads_there(front: Front) -> None:
    front.take(
        f"""From: Ann Smith <{ANN.spec}>
To: {DESK.spec}
Subject: FW: Scanner
Message-ID: <handed@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

#priority high
--b
Content-Type: message/rfc822

From: Kim Berg <kim@elm.example>
Subject: Scanner
Message-ID: <first@elm.example>

The scanner hums.
--b--
""".encode()
    )
    view = front.view()
    assert (view.requester.address.spec, view.ticket.origin_id) == ("kim@elm.example", "first@elm.example")
    assert [(e.kind, e.text, len(e.attachments)) for e in view.entries] == [
        (MessageKind.PUBLIC, "The scanner hums.", 1)
    ]
    ending = front.write("kim@elm.example", "Re: Scanner", "Any news?", In_Reply_To="<first@elm.example>")
    assert (ending.outcome, ending.ticket) == (Outcome.REPLIED, 1)


GERMAN = "Guten Tag, der Drucker ist kaputt und ich kann nicht mehr drucken. Bitte helfen Sie mir, es ist dringend."


def test_the_language_that_somebody_writes_in_is_kept(front: Front) -> None:
    front.write(LEE.spec, "Drucker", GERMAN)
    assert front.view().requester.heard == "de"
    front.write(LEE.spec, "Noch etwas", "Thanks, and the other one is also broken.")
    assert front.view().requester.heard == "de"
    english = "The printer in the hall is broken as well, and I can not print with it. Please have a look at it for me."
    front.write(LEE.spec, "Third", f"{english} {english}")
    assert front.view().requester.heard == "en"


def test_no_language_is_learnt_from_a_machine_a_short_letter_an_agent_or_a_quote(front: Front) -> None:
    front.write(LEE.spec, "Drucker", GERMAN, Auto_Submitted="auto-generated")
    front.write(LEE.spec, "Drucker", "Der Drucker ist kaputt", Content_Language="de")
    front.write(LEE.spec, "Drucker", f"Ok\n\nOn 12 May 2026 10:00, Ann <ann@example.org> wrote:\n> {GERMAN}")
    assert front.view().requester.heard == ""
    front.write(ANN.spec, "Drucker", GERMAN)
    (ann,) = front.store.read_sync(people.staff)
    assert ann.heard == ""


def signed(sender: str, subject: str) -> bytes:
    """A letter with a picture below the name."""
    return f"""From: {sender}
To: {DESK.spec}
Subject: {subject}
MIME-Version: 1.0
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html

<p>{subject} does not work.</p><p>Lee</p><p><img src="cid:logo"></p>
--r
Content-Type: image/png; name="logo.png"
Content-Transfer-Encoding: base64
Content-ID: <logo>
Content-Disposition: inline; filename="logo.png"

iVBORw0KGgo=
--r--
""".encode()


def files(mail: EmailMessage) -> list[str | None]:
    return [part.get_filename() for part in mail.iter_attachments()]


def test_a_signatures_picture_is_folded_when_it_is_seen_again_from_the_same_company(front: Front) -> None:
    front.take(signed(LEE.spec, "Printer"))
    opened = next(mail for kind, _, mail in front.mails() if kind == "opened")
    assert files(opened) == ["logo.png"]
    assert "[image: logo.png]" in front.view(1).entries[0].text
    front.take(signed("kim@customer.example", "Scanner"))
    opened = next(mail for kind, _, mail in front.mails() if kind == "opened")
    assert files(opened) == []
    (entry,) = front.view(2).entries
    assert "[image" not in entry.text
    assert [(file.name, file.is_logo) for file in entry.attachments] == [("logo.png", True)]
    front.take(signed("eve@elsewhere.example", "Phone"))
    assert not front.view(3).entries[0].attachments[0].is_logo


def test_an_answer_goes_to_reply_to_where_that_is_as_safe_as_from(front: Front) -> None:
    front.write(LEE.spec, "Printer", "It smokes.", Reply_To="team@customer.example")
    opened = next(mail for kind, _, mail in front.mails() if kind == "opened")
    front.write(ANN.spec, "Re: Printer", "Switch it off.", In_Reply_To=str(opened["Message-ID"]))
    assert front.told() == [("answer", LEE.key), ("answer", "team@customer.example")]


def test_an_answer_goes_nowhere_else_and_staff_is_told_so(front: Front) -> None:
    front.write(LEE.spec, "Printer", "It smokes.", Reply_To="eve@elsewhere.example")
    opened = next(mail for kind, _, mail in front.mails() if kind == "opened")
    words = " ".join(opened.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert f"The mail asks for answers at eve@elsewhere.example. They go to {LEE.spec}" in words
    front.write(ANN.spec, "Re: Printer", "Switch it off.", In_Reply_To=str(opened["Message-ID"]))
    assert front.told() == [("answer", LEE.key)]


def test_a_form_is_answered_where_its_writer_is(front: Front) -> None:
    front.write("Shop <no-reply@form.example>", "Contact", "It smokes.", Reply_To="Kim <kim@elm.example>")
    assert ("acknowledgement", "kim@elm.example") in front.told()
    assert front.view().requester.address.spec == "kim@elm.example"


@pytest.mark.parametrize("proof", ["dmarc=pass", "dmarc=pass header.from=form.example"])
def test_what_vouches_for_a_form_vouches_for_nobody_else(front: Front, proof: str) -> None:
    front.write(LEE.spec, "Printer", "It prints blank pages.")
    headers = {"Reply_To": ANN.spec, "Authentication_Results": f"mx.example.org; {proof}"}
    front.write("Shop <no-reply@form.example>", "[#1]", "#close", **headers)
    assert front.view().ticket.status == "new"


def test_what_came_by_a_list_is_its_authors(front: Front) -> None:
    front.write(
        "Kim via Help <help@lists.example>",
        "Scanner",
        "It hums.",
        Reply_To="kim@elm.example",
        List_Id="<help>",
    )
    assert front.told() == [("opened", ANN.key)]
    assert front.view().requester.address.spec == "kim@elm.example"


def test_whoever_passes_a_letter_on_is_named(front: Front) -> None:
    front.write(LEE.spec, "Scanner", "It hums.", Resent_From=ANN.spec)
    opened = next(mail for kind, _, mail in front.mails() if kind == "opened")
    words = " ".join(opened.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert f"{ANN.spec} passed this mail on." in words
    assert front.view().requester.address == LEE
