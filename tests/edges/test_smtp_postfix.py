"""The back door at a real Postfix, which hands on to a real Dovecot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest

from mailtickets.core.mail import Address
from mailtickets.core.retry import Deferred, Failed, Sent
from mailtickets.smtp import Courier, Deadlines, probe
from mailtickets.wire import State
from tests import postfix as postfix_server
from tests.authority_ca import Authority
from tests.dovecot import PASSWORD, Dovecot
from tests.edges.conftest import relay_at
from tests.loopback import free_port
from tests.postfix import Postfix
from tests.sink import Sink

QUICK = Deadlines(connect=5, command=5, data=5)
DESK = "desk0@example.org"
MAIL = b"From: desk0@example.org\r\nTo: ann@example.org\r\nMessage-ID: <1@example.org>\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\nSubject: Yes\r\n\r\n.Hello\r\n"


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("is_logged_in", [False, True], ids=["", "login"])
async def test_mail_reaches_the_inbox(
    tls: str, is_logged_in: bool, postfix: Postfix, dovecot: Dovecot, user: str
) -> None:
    login = {"user": "ann@example.org", "password": PASSWORD} if is_logged_in else {}
    port = postfix.tls_port if tls == "implicit" else postfix.port
    courier = Courier(relay_at(port, tls=tls, ca_file=postfix.ca_file, **login))
    results = [await courier.send(Address(user), "", MAIL) for _ in range(2)]
    await courier.close()
    assert all(isinstance(result, Sent) and "queued as" in result.text for result in results)
    first, second = dovecot.wait_for(user, 2)
    assert message_from_bytes(first)["Return-Path"] == "<>"
    assert first.partition(b"\r\n\r\n")[2] == second.partition(b"\r\n\r\n")[2] == b".Hello\r\n"
    assert ("ESMTPSA" if is_logged_in else "ESMTPS").encode() in first or tls == "none"


async def test_unknown_address_comes_back_as_a_delivery_report(
    postfix: Postfix, dovecot: Dovecot, user: str
) -> None:
    courier = Courier(relay_at(postfix.port))
    assert isinstance(await courier.send(Address("nobody@example.org"), user, MAIL), Sent)
    await courier.close()
    (report,) = dovecot.wait_for(user, 1)
    assert message_from_bytes(report).get_content_type() == "multipart/report"
    assert b"Final-Recipient: rfc822; nobody@example.org" in report


async def test_mail_that_is_too_big_fails_with_the_relays_words(dovecot: Dovecot) -> None:
    if reason := postfix_server.missing():
        pytest.skip(reason)
    with Postfix(dovecot, size=5000) as small:
        courier = Courier(relay_at(small.port))
        result = await courier.send(Address("ann@example.org"), DESK, MAIL + b"x" * 6000)
        assert isinstance(result, Failed)
        assert (result.code, "size exceeds" in result.text) == (552, True)
        assert isinstance(await courier.send(Address("ann@example.org"), DESK, MAIL), Sent)
        await courier.close()
        *_, size = await probe(relay_at(small.port), QUICK)
    assert size.text == "The relay takes mails of up to 5000 octets."


async def test_relay_that_restarts_loses_no_mail() -> None:
    if reason := postfix_server.missing():
        pytest.skip(reason)
    with Sink() as world, Postfix(sink=world.port) as relay:
        courier = Courier(relay_at(relay.port), QUICK)
        assert isinstance(await courier.send(Address("ann@example.org"), DESK, MAIL), Sent)
        world.wait_for(1)
        relay.kill()
        result = await courier.send(Address("ann@example.org"), DESK, MAIL)
        assert isinstance(result, Deferred)
        assert result.relay_down
        relay.start()
        assert isinstance(await courier.send(Address("ann@example.org"), DESK, MAIL), Sent)
        await courier.close()
        assert len(world.wait_for(2)) == 2


# The check


async def test_good_relay_passes_step_by_step(postfix: Postfix) -> None:
    settings = relay_at(
        postfix.tls_port, tls="implicit", ca_file=postfix.ca_file, user="ann@example.org", password=PASSWORD
    )
    found = await probe(settings, QUICK)
    assert [finding.subject for finding in found] == ["connect", "certificate", "login", "sender", "size"]
    assert {finding.state for finding in found} == {State.OK}
    assert found[-1].text == "The relay takes mails of up to 48 MiB."


async def test_first_thing_that_is_wrong_is_the_last_that_is_said(
    postfix: Postfix, authority: Authority
) -> None:
    wrong = {
        "Nothing listens": relay_at(free_port()),
        "refuses the login of ann@example.org": relay_at(postfix.port, user="ann@example.org", password="no"),
        "comes from an authority that is not known here": relay_at(
            postfix.tls_port, tls="implicit", ca_file=authority.file
        ),
        "does not begin with TLS": relay_at(postfix.port, tls="implicit", ca_file=postfix.ca_file),
        "ca_file": relay_at(postfix.tls_port, tls="implicit", ca_file=authority.file.with_name("none")),
    }
    for words, settings in wrong.items():
        *before, last = await probe(settings, QUICK)
        assert last.state is State.FAIL
        assert words in last.text
        assert {finding.state for finding in before} <= {State.OK}


async def test_relay_that_wants_a_login_is_found_out() -> None:
    with Sink(users={"support": "right"}) as relay:
        found = await probe(relay_at(relay.port), QUICK)
    assert (found[1].subject, found[1].state) == ("sender", State.FAIL)
    assert "530 5.7.0 Log in first" in found[1].text


async def test_certificate_that_ends_soon_is_a_note(postfix: Postfix) -> None:
    settings = relay_at(postfix.tls_port, tls="implicit", ca_file=postfix.ca_file)
    for days, state in ((0, State.OK), (20, State.NOTE)):
        found = await probe(settings, QUICK, datetime.now(UTC) + timedelta(days=days))
        assert (found[1].subject, found[1].state) == ("certificate", state)
