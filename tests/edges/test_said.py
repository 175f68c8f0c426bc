"""Whatever the core decides can be put into words, and what is sent keeps the laws of the mails."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default as modern
from urllib.parse import unquote

import pytest
from hypothesis import given, settings

from mailtickets.core import compose, decide, tokens
from mailtickets.core.case import Case, Reply, ReplyKind
from mailtickets.core.compose import About, Outgoing
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Ticket
from mailtickets.core.tokens import Secret
from mailtickets.templates import Templates
from mailtickets.templates.sample import ANN, DESK, MARIA, NOW, POLICY, SAMPLES
from tests.core.cases import after
from tests.core.test_decide_laws import CASES, PEOPLE, POLICIES

SECRET = Secret((b"k" * 32,))
TEMPLATES = Templates.load()


def people_of(ticket: Ticket) -> About:
    known = {person.id: person for person in PEOPLE}
    return About(ticket, known.get(ticket.requester, MARIA), known.get(ticket.assignee or 0))


def mails(case: Case, policy: Policy) -> Iterator[tuple[Reply, Outgoing]]:
    for decision in (decide.on_mail(case, policy), decide.on_oversize(case, policy)):
        ticket = after(decision, case.known.ticket) if decision.opened or case.known.ticket else None
        about = people_of(ticket) if ticket else None
        for reply in decision.replies:
            yield (
                reply,
                compose.message(reply, about, case.desk, "in:1", policy, SECRET, TEMPLATES.render, case.now),
            )


ID = re.compile(r"mt\.[0-9a-z.]{1,100}(?:@|%40)[a-z.]+")
ADDRESS = re.compile(r"\+([0-9a-z]{1,13}-[0-9a-z]{1,13}-[a-z2-7]{20})(?:@|%40)")


def everywhere(message: EmailMessage) -> set[int]:
    """Whose tokens a mail holds: in any header, in both texts, in links that open a mail, in files."""
    bodies = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    words = unquote("\n".join([*(f"{k}: {v}" for k, v in message.items()), *bodies]))
    found = [tokens.read(SECRET, i) for i in ID.findall(words)]
    found += [tokens.read_subaddress(SECRET, extension) for extension in ADDRESS.findall(words)]
    return {token.person for token in found if token}


@settings(max_examples=150, deadline=None)
@given(CASES, POLICIES)
def test_every_reply_that_can_be_decided_can_be_sent(case: Case, policy: Policy) -> None:
    for reply, outgoing in mails(case, policy):
        message = email.message_from_bytes(outgoing.octets, policy=modern)
        assert isinstance(message, EmailMessage)
        assert not message.defects
        assert not [line for line in outgoing.octets.split(b"\r\n") if len(line) > 998]
        plain = message.get_body(("plain",))
        assert plain is not None
        assert not [line for line in plain.get_content().splitlines() if line.startswith("#")]
        named = " ".join(str(message[h] or "") for h in ("Message-ID", "References", "In-Reply-To")).split()
        assert {t.person for t in (tokens.read(SECRET, i) for i in named) if t} == {reply.to.id}
        assert everywhere(message) == {reply.to.id}
        assert outgoing.is_unproven <= (reply.is_unproven or not reply.is_proven)


# Those about a ticket have one; all others may be the answer to a letter that led to none.
_ALONE = sorted(
    {sample.reply.kind for sample in SAMPLES}
    - {
        ReplyKind.ACKNOWLEDGEMENT,
        ReplyKind.ANSWER,
        ReplyKind.STATUS,
        ReplyKind.OPENED,
        ReplyKind.REPLY,
        ReplyKind.ANSWERED,
        ReplyKind.NOTE,
        ReplyKind.CHANGED,
        ReplyKind.ASSIGNED,
    }
)


@pytest.mark.parametrize("kind", _ALONE)
@pytest.mark.parametrize("person", [ANN, MARIA], ids=["staff", "customer"])
@pytest.mark.parametrize("is_proven", [True, False])
def test_a_mail_about_no_ticket_can_be_sent(kind: ReplyKind, person: Person, is_proven: bool) -> None:
    for sample in SAMPLES:
        if sample.reply.kind is kind:
            reply = Reply(
                kind, person, text=sample.reply.text, is_proven=is_proven, refusals=sample.reply.refusals
            )
            outgoing = compose.message(reply, None, DESK, "in:1", POLICY, SECRET, TEMPLATES.render, NOW)
            assert email.message_from_bytes(outgoing.octets, policy=modern)["Subject"]
