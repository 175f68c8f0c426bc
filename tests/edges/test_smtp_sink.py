"""The back door at a relay that refuses, hangs up and falls silent at every stage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailtickets.config import SmtpSettings
from mailtickets.core.mail import Address
from mailtickets.core.retry import Deferred, Failed, Result, Sent
from mailtickets.smtp import Courier, Deadlines
from tests.authority_ca import Authority
from tests.edges.conftest import relay_at
from tests.loopback import HOST, free_port
from tests.sink import DROP, SILENCE, Sink

QUICK = Deadlines(connect=0.5, command=0.3, data=0.3)
DESK = "support@example.org"
LEE = Address("lee@customer.example", "Lee")
MAIL = b"From: support@example.org\r\nTo: lee@customer.example\r\nSubject: Yes\r\n\r\n.Hello\r\n..\r\n"


@asynccontextmanager
async def courier(settings: SmtpSettings, deadlines: Deadlines = QUICK) -> AsyncIterator[Courier]:
    one = Courier(settings, deadlines)
    try:
        yield one
    finally:
        await one.close()


async def sent(settings: SmtpSettings, recipient: Address = LEE, octets: bytes = MAIL) -> Result:
    async with courier(settings) as one:
        return await one.send(recipient, DESK, octets)


async def test_mail_arrives_as_it_was_written(sink: Sink) -> None:
    assert await sent(relay_at(sink.port)) == Sent(250, "2.0.0 Kept")
    (kept,) = sink.mails
    assert (kept.sender, kept.recipients, kept.octets) == (DESK, (LEE.spec,), MAIL)
    assert kept.options == (f"SIZE={len(MAIL)}",)


async def test_null_path_goes_out_as_null_path(sink: Sink) -> None:
    async with courier(relay_at(sink.port)) as one:
        await one.send(LEE, "", MAIL)
    assert sink.mails[0].sender == ""


async def test_one_connection_carries_many_mails(sink: Sink) -> None:
    async with courier(relay_at(sink.port)) as one:
        for _ in range(20):
            assert isinstance(await one.send(LEE, DESK, MAIL), Sent)
    assert (len(sink.mails), sink.sessions) == (20, 1)


async def test_no_more_connections_than_allowed(sink: Sink) -> None:
    async with courier(relay_at(sink.port, connections=3)) as one:
        await asyncio.gather(*(one.send(LEE, DESK, MAIL) for _ in range(50)))
    assert (len(sink.mails), sink.sessions) == (50, 3)


# Every stage, every kind of answer

DOWN, ABOUT_MAIL, FAILED = "relay down", "deferred", "failed"
ANSWERS = [
    ("CONNECT", "421 4.3.2 Closing.", DOWN),
    ("CONNECT", "554 5.3.2 Not here.", DOWN),
    ("EHLO", "421 4.3.2 Closing.", DOWN),
    ("EHLO", "550 5.7.1 Who are you?", DOWN),
    ("MAIL", "421 4.3.2 Closing.", DOWN),
    ("MAIL", "530 5.7.0 Authentication required.", DOWN),
    ("MAIL", "452 4.3.1 Full.", ABOUT_MAIL),
    ("MAIL", "552 5.3.4 Too big.", FAILED),
    ("RCPT", "421 4.3.2 Closing.", DOWN),
    ("RCPT", "450 4.2.0 Grey.", ABOUT_MAIL),
    ("RCPT", "550 5.1.1 Nobody.", FAILED),
    # Once the octets flow it may be this mail that the relay cannot bear: its attempts are counted.
    ("DATA", "421 4.3.2 Closing.", ABOUT_MAIL),
    ("DATA", "451 4.3.0 Later.", ABOUT_MAIL),
    ("DATA", "554 5.6.0 No.", FAILED),
    ("END", "421 4.3.2 Closing.", ABOUT_MAIL),
    ("END", "451 4.3.0 Later.", ABOUT_MAIL),
    ("END", "550 5.7.1 Spam.", FAILED),
    *((stage, DROP, DOWN) for stage in ("CONNECT", "EHLO", "MAIL", "RCPT")),
    *((stage, SILENCE, DOWN) for stage in ("CONNECT", "EHLO", "MAIL", "RCPT")),
    *((stage, what, ABOUT_MAIL) for stage in ("DATA", "END") for what in (DROP, SILENCE)),
]


def kind(result: Result) -> str:
    match result:
        case Sent():
            return "sent"
        case Deferred():
            return DOWN if result.relay_down else ABOUT_MAIL
        case Failed():
            return FAILED


@pytest.mark.parametrize(("stage", "answer", "expected"), ANSWERS)
async def test_answer_at_each_stage(stage: str, answer: str, expected: str, sink: Sink) -> None:
    sink.script(stage, answer)
    async with courier(relay_at(sink.port)) as one:
        result = await one.send(LEE, DESK, MAIL)
        assert kind(result) == expected, result
        if answer[0].isdigit():
            code, _, text = answer.partition(" ")
            assert result.code == int(code)
            assert text.rstrip(".") in result.text
        # The next mail goes out in any case, and is not mixed with what was left of this one.
        assert isinstance(await one.send(LEE, DESK, MAIL), Sent)
    assert sink.mails[-1].octets == MAIL


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
@pytest.mark.parametrize("answer", [DROP, "421 4.4.2 Too long."])
async def test_kept_connection_that_has_ended_costs_nothing(stage: str, answer: str, sink: Sink) -> None:
    async with courier(relay_at(sink.port)) as one:
        await one.send(LEE, DESK, MAIL)
        sink.script(stage, answer)
        assert isinstance(await one.send(LEE, DESK, MAIL), Sent)
    assert (len(sink.mails), sink.sessions) == (2, 2)


async def test_kept_connection_that_ends_within_data_is_not_tried_again(sink: Sink) -> None:
    async with courier(relay_at(sink.port)) as one:
        await one.send(LEE, DESK, MAIL)
        sink.script("END", DROP)  # it has taken the mail, but nobody will ever know
        assert kind(await one.send(LEE, DESK, MAIL)) == ABOUT_MAIL
    assert len(sink.mails) == 2


async def test_refused_recipient_leaves_the_connection_in_use(sink: Sink) -> None:
    async with courier(relay_at(sink.port)) as one:
        sink.script("RCPT", "550 5.1.1 Nobody.")
        await one.send(LEE, DESK, MAIL)
        await one.send(LEE, DESK, MAIL)
    assert (len(sink.mails), sink.sessions) == (1, 1)


async def test_restarted_relay_is_found_again(sink: Sink) -> None:
    async with courier(relay_at(sink.port)) as one:
        await one.send(LEE, DESK, MAIL)
        sink.stop()
        result = await one.send(LEE, DESK, MAIL)
        assert kind(result) == DOWN
        assert "Nothing listens" in result.text
        sink.start()
        assert isinstance(await one.send(LEE, DESK, MAIL), Sent)
    assert len(sink.mails) == 2


async def test_unused_connection_is_given_up_after_a_while(sink: Sink) -> None:
    async with courier(relay_at(sink.port), Deadlines(kept=0.05)) as one:
        await one.send(LEE, DESK, MAIL)
        await asyncio.sleep(0.2)
        await one.send(LEE, DESK, MAIL)
    assert sink.sessions == 2


async def test_cancelled_within_data_the_connection_carries_nothing_more(sink: Sink) -> None:
    async with courier(relay_at(sink.port), Deadlines()) as one:
        sink.script("END", SILENCE)
        sending = asyncio.create_task(one.send(LEE, DESK, MAIL))
        await asyncio.sleep(0.2)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert isinstance(await one.send(LEE, DESK, MAIL), Sent)
    assert [kept.octets for kept in sink.mails] == [MAIL, MAIL]
    assert sink.sessions == 2


# Addresses


@pytest.mark.parametrize(
    "spec",
    [
        "lee",
        "",
        "lee@",
        "lee@customer.example> NOTIFY=NEVER",
        "lee@customer.example\r\nRSET",
        "a b@customer.example",
        "alice@example.org<bob@evil.example>",
        "lee@" + "x" * 70 + "é.example",
    ],
)
async def test_what_is_no_address_fails_without_a_word_to_the_relay(spec: str, sink: Sink) -> None:
    result = await sent(relay_at(sink.port), Address(spec))
    assert kind(result) == FAILED
    assert result.code == 0
    assert sink.sessions == 0


async def test_quoted_local_part_goes_out_as_it_is(sink: Sink) -> None:
    await sent(relay_at(sink.port), Address('"a b"@customer.example'))
    assert sink.mails[0].recipients == ('"a b"@customer.example',)


async def test_domain_with_accents_goes_out_in_its_ascii_form(sink: Sink) -> None:
    await sent(relay_at(sink.port), Address("lee@bücher.example"))
    assert sink.mails[0].recipients == ("lee@xn--bcher-kva.example",)
    assert "SMTPUTF8" not in sink.mails[0].options


async def test_name_with_accents_needs_a_relay_that_carries_it(sink: Sink) -> None:
    await sent(relay_at(sink.port), Address("jürgen@customer.example"))
    assert sink.mails[0].recipients == ("jürgen@customer.example",)
    assert "SMTPUTF8" in sink.mails[0].options
    with Sink(utf8=False) as narrow:
        async with courier(relay_at(narrow.port)) as one:
            result = await one.send(Address("jürgen@customer.example"), DESK, MAIL)
            assert kind(result) == FAILED
            assert "letters outside ASCII (jürgen@customer.example)" in result.text
            assert isinstance(await one.send(LEE, DESK, MAIL), Sent)
        assert narrow.sessions == 1


async def test_eight_bit_text_is_announced(sink: Sink) -> None:
    octets = b"Subject: x\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    await sent(relay_at(sink.port), octets=octets)
    assert sink.mails[0].octets == octets
    assert "BODY=8BITMIME" in sink.mails[0].options


# TLS and login


async def test_starttls_is_demanded(sink: Sink, authority: Authority) -> None:
    result = await sent(relay_at(sink.port, tls="starttls", ca_file=authority.file))
    assert kind(result) == DOWN
    assert "offers no STARTTLS" in result.text
    assert sink.mails == ()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_goes_out_encrypted_and_logged_in(tls: str, authority: Authority) -> None:
    users = {"support": 'pa"ss\\wörd'}
    with Sink(identity=authority.issue(HOST), is_implicit=tls == "implicit", users=users) as relay:
        settings = relay_at(
            relay.port, tls=tls, ca_file=authority.file, user="support", password='pa"ss\\wörd'
        )
        assert isinstance(await sent(settings), Sent)
        assert relay.mails[0].login == "support"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_bad_certificate_is_said(tls: str, authority: Authority) -> None:
    with Sink(identity=authority.issue(HOST, is_expired=True), is_implicit=tls == "implicit") as relay:
        result = await sent(relay_at(relay.port, tls=tls, ca_file=authority.file))
    assert kind(result) == DOWN
    assert "has expired" in result.text


async def test_wrong_password_is_tried_once_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = 'kan"arien\\vogel'
    with Sink(users={"support": "right"}) as relay:
        relay.script("AUTH", "535 5.7.8 No.")
        result = await sent(relay_at(relay.port, user="support", password=canary))
        assert relay.sessions == 1
    assert kind(result) == DOWN
    assert result.code == 535
    assert "refuses the login of support: “535 5.7.8 No”. Check user and password." in result.text
    assert canary not in result.text + caplog.text


async def test_relay_without_login_is_said(sink: Sink) -> None:
    result = await sent(relay_at(sink.port, user="support", password="secret"))
    assert kind(result) == DOWN
    assert "offers no login with a password" in result.text


async def test_relay_that_is_not_there_is_said() -> None:
    assert "Nothing listens" in (await sent(relay_at(free_port()))).text
    assert "has no address" in (await sent(relay_at(25, host="smtp.example.invalid"))).text
