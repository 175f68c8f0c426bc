"""What somebody can do who is not on a ticket: be heard. Nothing else, and nothing is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailtickets.core import tokens
from mailtickets.core.case import MessageKind, Outcome
from mailtickets.core.identity import Trust
from mailtickets.core.person import Part
from mailtickets.store import people, views
from tests.store.front import SECRET, SERVER
from tests.store.letters import DESK, LEE
from tests.store.stage import (
    ANN,
    BEN,
    CANARY,
    EVE,
    LIFTED,
    MIA,
    SECRET_SUBJECT,
    SECRET_WORDS,
    Stage,
    said,
    tells,
)

KIM = "kim@customer.example"
SERVICE = "hello@service.example"  # mails codes to whoever types an address; nothing in its mails says that a machine wrote them
CODE = "Your code is 4711"
EVES = f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\n"
STAFF = (ANN.key, BEN.key)


def to_outside(stage: Stage) -> list[tuple[str, str, EmailMessage]]:
    """What was mailed since the last look to anybody but staff."""
    return [found for found in stage.front.mails() if found[1] not in STAFF]


def on(stage: Stage, number: int = 1) -> dict[str, Part]:
    return {p.person.address.key: p.part for p in stage.front.view(number).participants}


def shown(stage: Stage, who: str, number: int = 1) -> str:
    """All that somebody reads on the page of a ticket, "" if it is not shown to them."""
    front = stage.front
    person = front.store.write_sync(people.ensure, replace(LEE, spec=who), front.now)[0]
    view = front.store.read_sync(views.ticket, number, person)
    return "\n".join((view.ticket.subject, *(entry.text for entry in view.entries))) if view else ""


# A number that was guessed.

QUESTIONS = {
    "words": ("Re: [#{n}] Printer", "What is new?"),
    "a command": ("Re: [#{n}] Printer", "#close"),
    "a question": ("Hello", "#show {n}"),
    "a question on it": ("[#{n}]", "#show"),
    "a command and words": ("[#{n}]", "#title Eve's own\n\nWhat is new?"),
    "a list": ("[#{n}]", "#list all"),
    "a word that is none": ("[#{n}]", "#statsu closed"),
}


@pytest.mark.parametrize("proof", ["", EVES])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_stranger_is_answered_the_same_whether_the_number_exists_or_not(
    played: tuple[Path, Stage], tmp_path: Path, question: str, proof: str
) -> None:
    """Octet for octet, but for the number that was asked for, where the answer repeats the question."""
    subject, text = QUESTIONS[question]
    answers = []
    for number in (1, 7):
        stage = played[1].copy(played[0], tmp_path / str(number))
        head = f"{proof}From: {EVE}\nTo: {DESK.spec}\nMessage-ID: <q@evil.example>\nDate: Fri, 20 Nov 2026 09:05:00 +0000\n"
        stage.front.take(f"{head}Subject: {subject}\n\n{text}\n".format(n=number).encode())
        mails = to_outside(stage)
        assert not any(tells(mail) for _, _, mail in mails)
        # A question bears a code that is never the same.
        octets = [re.sub(rb"[a-z2-7]{4}(-[a-z2-7]{4}){2}", b"CODE", mail.as_bytes()) for _, _, mail in mails]
        answers.append(
            [
                (kind, who, re.sub(rb"\b[17]\b", b"N", one))
                for (kind, who, _), one in zip(mails, octets, strict=True)
            ]
        )
        stage.front.store.close_sync()
    assert answers[0] == answers[1]
    assert {who for _, who, _ in answers[0]} <= {EVE}


def test_a_guessed_number_opens_a_ticket_that_staff_finds_beside_the_other(stage: Stage) -> None:
    ending = stage.front.write(EVE, "Re: [#1] Printer", "What is new?")
    assert (ending.outcome, ending.ticket) == (Outcome.OPENED, 3)
    told = {who: said(mail) for _, who, mail in stage.front.mails()}
    assert "The subject names ticket 1" in told[ANN.key]
    assert SECRET_WORDS not in told[EVE]
    assert SECRET_SUBJECT not in told[EVE]
    assert EVE not in on(stage)
    (_, note) = stage.front.view(1).entries
    assert (note.kind, "wrote with the number of this ticket" in note.text) == (MessageKind.NOTE, True)


# Copies.

COPIES = {
    "somebody in copy": (KIM, "Re: [#1] Printer", "lee's"),
    "a stranger": (EVE, "Re: [#1] Printer", "lee's"),
    "the requester, unproven": (LEE.spec, "Re: [#1] Printer", ""),
    "an agent": (ANN.spec, "Re: [#1] Printer", "ann's"),
    "an agent, unproven": (ANN.spec, "Re: [#1] Printer", ""),
}


@pytest.mark.parametrize("who", COPIES)
def test_nobody_but_the_requester_brings_somebody_onto_a_ticket(stage: Stage, who: str) -> None:
    front = stage.front
    front.write(LEE.spec, "Re: [#1]", "Kim minds it.", In_Reply_To=stage.id("acknowledgement 1", LEE), Cc=KIM)
    assert on(stage)[KIM] is Part.CC
    front.mails()
    sender, subject, parent = COPIES[who]
    ids = {
        "lee's": "<first-1@customer.example>",
        "ann's": stage.id("opened 1", ANN),
        "": "<unknown@x.example>",
    }
    front.write(sender, subject, "Please read.", Cc="mallory@evil.example", In_Reply_To=ids[parent])
    front.write(BEN.spec, "Re: [#1]", "It is mended.", In_Reply_To=stage.id("opened 1", BEN))
    assert "mallory@evil.example" not in on(stage)
    assert [who for kind, who, _ in to_outside(stage) if who == "mallory@evil.example"] == []


def test_whoever_is_brought_onto_a_ticket_reads_what_is_said_from_then_on(stage: Stage) -> None:
    front = stage.front
    front.write(LEE.spec, "Re: [#1]", "Kim minds it.", In_Reply_To=stage.id("acknowledgement 1", LEE), Cc=KIM)
    front.write(
        BEN.spec, "Re: [#1]", f"It is mended.\n\n> {SECRET_WORDS}", In_Reply_To=stage.id("opened 1", BEN)
    )
    mails = to_outside(stage)
    assert {(kind, who) for kind, who, _ in mails} >= {("answer", KIM), ("answer", LEE.key)}
    assert all(SECRET_WORDS not in said(mail) for _, _, mail in mails)


# Ids.

WAYS_IN = {
    "the number": ("Re: [#1] Printer", {}),
    "the requester's own id": ("Printer", {"In_Reply_To": "<first-1@customer.example>"}),
    "the id in References alone": ("Printer", {"References": "<x@y.example> <first-1@customer.example>"}),
    "an id of the desk's": ("Printer", {"In_Reply_To": "{lee's}"}),
    "an agent's id": ("Printer", {"In_Reply_To": "{ann's}"}),
    "an address of the desk's": ("Printer", {"to": "{address}"}),
    "all of it": ("Re: [#1] Printer", {"In_Reply_To": "{lee's}", "References": "{ann's}", "to": "{address}"}),
}


TEXTS = [
    f"What is new? {CANARY}",
    "#show",
    f"#close\n\n{CANARY}",
    "#reopen",
    "#list all",
    f"#note\n{CANARY}",
    "#help",
]


@pytest.mark.parametrize("proof", ["", EVES])
@pytest.mark.parametrize("way", WAYS_IN)
def test_a_stranger_on_any_way_in_is_told_nothing_and_changes_nothing(
    stage: Stage, way: str, proof: str
) -> None:
    front = stage.front
    front.policy = replace(LIFTED, trust=Trust(SERVER, subaddress="+"))
    front.write(BEN.spec, "Re: [#1]", "#close", In_Reply_To=stage.id("opened 1", BEN))
    subject, how = WAYS_IN[way]
    ids = {
        "{lee's}": stage.id("acknowledgement 1", LEE),
        "{ann's}": stage.id("opened 1", ANN),
        "{address}": f"support+{tokens.subaddress(SECRET, 1, front.view(1).requester.id)}@example.org",
    }
    more = {name: ids.get(value, value) for name, value in how.items()}
    if proof:
        more["Authentication_Results"] = proof.partition(": ")[2].strip()
    before, _ = _state(stage), to_outside(stage)
    for text in TEXTS:
        front.write(EVE, subject, text, **more)
    assert _state(stage) == before
    front.write(BEN.spec, "Re: [#1]", "It is mended.", In_Reply_To=stage.id("opened 1", BEN))
    for kind, who, mail in to_outside(stage):
        if who == EVE:
            assert not tells(mail), kind
            assert "It is mended" not in said(mail), kind
        else:
            assert CANARY not in said(mail), f"{kind} to {who}"
    assert on(stage).get(EVE) in (None, Part.THIRD)
    assert CANARY not in shown(stage, LEE.spec)
    assert shown(stage, EVE) == ""


def _state(stage: Stage) -> tuple[object, ...]:
    view = stage.front.view(1)
    return view.ticket.subject, view.ticket.status, view.ticket.requester, view.history


def test_a_forged_id_makes_no_letter_vanish_and_takes_none_away(stage: Stage) -> None:
    """Eve knows the id of a letter that Lee is about to send, and uses it first."""
    front = stage.front
    eves = front.write(EVE, "Mine", "Hello", Message_ID="<soon@customer.example>")
    lees = front.write(LEE.spec, "Scanner", "It is loud.", Message_ID="<soon@customer.example>", Cc=KIM)
    assert (eves.ticket, lees.outcome, lees.ticket) == (3, Outcome.OPENED, 4)
    for who in (LEE.spec, KIM):
        reply = front.write(
            who, "Re: Scanner", f"It is loud, says {who}", In_Reply_To="<soon@customer.example>"
        )
        assert (reply.outcome, reply.ticket) == (Outcome.REPLIED, 4)
    front.mails()
    front.write(BEN.spec, "Re: [#3]", "Hello Eve", In_Reply_To="<soon@customer.example>")
    assert all("loud" not in said(mail) for _, who, mail in to_outside(stage) if who == EVE)


def test_an_id_that_a_stranger_has_named_first_leads_nobody_away(stage: Stage) -> None:
    front = stage.front
    front.write(EVE, "Mine", "Hello", References="<soon@customer.example>")
    lees = front.write(LEE.spec, "Scanner", "It is loud.", Message_ID="<soon@customer.example>", Cc=KIM)
    reply = front.write(KIM, "Re: Scanner", "So it is.", In_Reply_To="<soon@customer.example>")
    assert (lees.ticket, reply.ticket) == (4, 4)


def test_a_known_id_with_other_words_is_another_letter(stage: Stage) -> None:
    ending = stage.front.write(EVE, "Printer", "Other words", Message_ID="<first-1@customer.example>")
    assert (ending.outcome, ending.ticket) == (Outcome.OPENED, 3)
    again = stage.front.write(LEE.spec, "Printer", "Still blank.", In_Reply_To="<first-1@customer.example>")
    assert again.ticket == 1


# The ticket trick: somebody else's mail is made to come to the attacker's ticket.


@pytest.fixture
def eves(stage: Stage) -> Stage:
    """Eve has a ticket, number 3, on which she has named a service that she cannot read the mail of."""
    front = stage.front
    front.policy = replace(LIFTED, trust=Trust(SERVER, subaddress="+"))
    front.write(EVE, "Help", "Hello", Cc=SERVICE, Message_ID="<mine@evil.example>")
    front.mails()
    return stage


def eves_address(stage: Stage) -> str:
    person = stage.front.view(3).requester.id
    return f"support+{tokens.subaddress(SECRET, 3, person)}@example.org"


TRICKS = {
    "her address, a service that is not on it": ("code@other.example", "Welcome, Eve", "address"),
    "her address, the service in copy": (SERVICE, "Welcome, Eve", "address"),
    "the number in her name": (SERVICE, "Welcome, [#3]", "desk"),
    "the number in her name, no copy": ("code@other.example", "Welcome, [#3]", "desk"),
    "a service that says it is a machine": (
        f"no-reply@{SERVICE.partition('@')[2]}",
        "Welcome, Eve",
        "address",
    ),
    "an id of hers as its own": (SERVICE, "Welcome, [#3]", "address"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_mail_that_was_made_to_come_here_is_shown_to_staff_alone(eves: Stage, trick: str) -> None:
    sender, subject, to = TRICKS[trick]
    domain = sender.partition("@")[2]
    eves.front.write(
        sender,
        subject,
        CODE,
        to=eves_address(eves) if to == "address" else DESK.spec,
        Authentication_Results=f"{SERVER}; dmarc=pass header.from={domain}",
        References="<welcome-1@service.example>",
    )
    eves.front.write(
        EVE, "Re: [#3]", "#show", Authentication_Results=f"{SERVER}; dmarc=pass header.from=evil.example"
    )
    assert [who for _, who, mail in to_outside(eves) if CODE in said(mail) and who == EVE] == []
    assert CODE not in shown(eves, EVE, 3)
    assert "Hello" in shown(eves, EVE, 3)
    entries = [entry for number in (3, 4) for entry in _entries(eves, number) if CODE in entry.text]
    assert [entry.kind for entry in entries] != []


def _entries(stage: Stage, number: int) -> Iterator[views.Entry]:
    view = stage.front.store.read_sync(views.ticket, number)
    yield from view.entries if view else ()


def test_the_same_with_the_service_as_the_one_who_seems_to_have_asked(stage: Stage) -> None:
    front = stage.front
    front.write(SERVICE, "Help", "Hello", Cc=EVE)
    front.write(
        SERVICE,
        "Welcome, [#3]",
        CODE,
        Authentication_Results=f"{SERVER}; dmarc=pass header.from=service.example",
    )
    front.write(
        EVE, "Re: [#3]", "#show", Authentication_Results=f"{SERVER}; dmarc=pass header.from=evil.example"
    )
    assert [who for _, who, mail in to_outside(stage) if CODE in said(mail) and who == EVE] == []


def test_whoever_is_in_copy_and_answers_is_read_by_all(eves: Stage) -> None:
    eves.front.write(SERVICE, "Re: Help", "We can help", In_Reply_To="<mine@evil.example>")
    assert "We can help" in shown(eves, EVE, 3)


def test_a_requester_alone_on_a_ticket_reads_the_own_words_whatever_led_them_there(stage: Stage) -> None:
    stage.front.write(MIA.spec, "[#2] More", "Also the scanner")
    assert "Also the scanner" in shown(stage, MIA.spec, 2)
