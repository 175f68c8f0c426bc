"""Both doors let in by an access token: a real Dovecot that asks the provider about it, and a relay that does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailtickets import imap, smtp
from mailtickets.config import MailboxSettings, OAuth2Settings, SmtpSettings
from mailtickets.core.mail import Address
from mailtickets.core.retry import Deferred, Sent
from mailtickets.imap import Inbox, LinkDown
from mailtickets.oauth import Tokens, tokens
from mailtickets.smtp import Courier
from mailtickets.wire import State
from tests import dovecot as dovecot_server
from tests.authority_ca import Authority
from tests.dovecot import Dovecot
from tests.edges.conftest import inbox_of, relay_at
from tests.loopback import HOST
from tests.provider import CLIENT, SECRET, Provider
from tests.sink import Sink

USER = "desk@example.org"
QUICK = imap.Deadlines(connect=10, command=10)
LEE = Address("lee@customer.example", "Lee")
MAIL = b"From: desk@example.org\r\nTo: lee@customer.example\r\nSubject: Yes\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


@pytest.fixture(autouse=True)
def _calm(provider: Provider) -> None:
    provider.lifetime, provider.rotates, provider.asked = 3600.0, False, []
    if provider._server is None:
        provider.start()


@pytest.fixture(scope="module")
def server(provider: Provider) -> Iterator[Dovecot]:
    if reason := dovecot_server.missing():
        pytest.skip(reason)
    with Dovecot(USER, "other@example.org", introspect=provider.introspect_url) as one:
        yield one


@pytest.fixture
def by_token(provider: Provider, tmp_path: Path) -> OAuth2Settings:
    (tmp_path / "imap-refresh-token").write_text(provider.sign_in(USER))
    return OAuth2Settings(
        user=USER,
        grant="refresh_token",
        client_id=CLIENT,
        client_secret=SECRET,
        refresh_token_file="imap-refresh-token",
        folder=tmp_path,
        scope="mail",
        token_url=provider.token_url,
        device_url="",
        authorize_url="",
        ca_file=None,
    )


def inbox(server: Dovecot, by_token: OAuth2Settings, user: str = USER) -> MailboxSettings:
    return inbox_of(user, server.tls_port, server.ca_file, password="", oauth2=by_token)


async def test_inbox_is_opened_and_reopened(
    server: Dovecot, by_token: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.rotates = True
    one = Tokens(by_token, tmp_path)
    for _ in range(3):
        door = Inbox(inbox(server, by_token), None, QUICK, one)
        assert (await door.connect()).can_idle
        await door.wait(timedelta(seconds=0.1))
        await door.close()
    assert len(provider.asked) == 1  # one token for all of them


@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
async def test_inbox_by_either_mechanism(
    mechanism: str, by_token: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    with Dovecot(USER, introspect=provider.introspect_url, by_token=mechanism) as server:
        door = Inbox(inbox(server, by_token), None, QUICK, Tokens(by_token, tmp_path))
        await door.connect()
        await door.close()


async def test_refused_token_is_told_at_once_and_not_waited_for(
    server: Dovecot, by_token: OAuth2Settings, tmp_path: Path
) -> None:
    """A challenge with the reasons comes first; who does not answer it waits until the deadline."""
    door = Inbox(inbox(server, by_token, "other@example.org"), None, QUICK, Tokens(by_token, tmp_path))
    began = time.monotonic()
    with pytest.raises(LinkDown) as caught:
        await door.connect()
    assert time.monotonic() - began < 5
    assert caught.value.is_refusal
    assert "refuses the access token of other@example.org" in caught.value.reason
    assert "scope allows IMAP" in caught.value.reason


async def test_token_that_has_lost_its_worth_is_replaced(
    server: Dovecot,
    by_token: OAuth2Settings,
    provider: Provider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Tokens(by_token, tmp_path)
    await one.access()
    provider.access.clear()
    monkeypatch.setattr(tokens, "_now", lambda: asyncio.get_running_loop().time() + tokens.YOUNG + 1)
    with pytest.raises(LinkDown) as caught:
        await Inbox(inbox(server, by_token), None, QUICK, one).connect()
    assert not caught.value.is_refusal  # worth another try, which has a new token
    door = Inbox(inbox(server, by_token), None, QUICK, one)
    await door.connect()
    await door.close()


async def test_server_without_tokens_is_named(
    dovecot: Dovecot, by_token: OAuth2Settings, tmp_path: Path
) -> None:
    with pytest.raises(LinkDown, match="takes no access tokens") as caught:
        await Inbox(inbox(dovecot, by_token), None, QUICK, Tokens(by_token, tmp_path)).connect()
    assert caught.value.is_refusal


async def test_provider_that_refuses_closes_the_inbox(
    server: Dovecot, by_token: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.revoke(USER)
    with pytest.raises(LinkDown, match="mailtickets authorize") as caught:
        await Inbox(inbox(server, by_token), None, QUICK, Tokens(by_token, tmp_path)).connect()
    assert caught.value.is_refusal


async def test_provider_that_is_away_closes_it_for_a_while(
    server: Dovecot, by_token: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.stop()
    with pytest.raises(LinkDown, match="Nothing listens") as caught:
        await Inbox(inbox(server, by_token), None, QUICK, Tokens(by_token, tmp_path)).connect()
    assert not caught.value.is_refusal


async def test_check_tries_the_token_first(
    server: Dovecot, by_token: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    found = await imap.probe(inbox(server, by_token), QUICK, tokens=Tokens(by_token, tmp_path))
    assert [f.subject for f in found] == ["connect", "certificate", "token", "login", "folder", "idle"]
    assert {f.state for f in found} == {State.OK}
    assert found[2].text == f"{HOST} gives an access token, good for 60 min."
    provider.revoke(USER)
    *_, last = await imap.probe(inbox(server, by_token), QUICK, tokens=Tokens(by_token, tmp_path))
    assert (last.subject, last.state) == ("token", State.FAIL)
    assert "mailtickets authorize" in last.text


# The relay


def relay(port: int, by_token: OAuth2Settings, **others: object) -> SmtpSettings:
    return relay_at(port, user=USER, oauth2=by_token, **others)


def knows(provider: Provider) -> object:
    return lambda user, token: token in provider.access and provider.access[token].user == user


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_relay_takes_mail_by_token(
    mechanism: str, by_token: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    with Sink(tokens=knows(provider), mechanism=mechanism) as sink:  # type: ignore[arg-type]
        courier = Courier(relay(sink.port, by_token), tokens=Tokens(by_token, tmp_path))
        assert isinstance(await courier.send(LEE, USER, MAIL), Sent)
        await courier.close()
        assert sink.mails[0].login == USER


async def test_relay_that_refuses_a_token_is_down_until_the_operator_mends_it(
    by_token: OAuth2Settings, tmp_path: Path
) -> None:
    with Sink(tokens=lambda user, token: False) as sink:
        courier = Courier(relay(sink.port, by_token), tokens=Tokens(by_token, tmp_path))
        result = await courier.send(LEE, USER, MAIL)
        await courier.close()
    assert isinstance(result, Deferred)
    assert (result.code, result.relay_down, result.is_refusal) == (535, True, True)
    assert "SMTP AUTH" in result.text
    assert sink.mails == ()


async def test_relay_waits_for_the_provider(
    by_token: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    with Sink(tokens=knows(provider)) as sink:  # type: ignore[arg-type]
        provider.stop()
        courier = Courier(relay(sink.port, by_token), tokens=Tokens(by_token, tmp_path))
        result = await courier.send(LEE, USER, MAIL)
        assert isinstance(result, Deferred)
        assert (result.relay_down, result.is_refusal) == (True, False)
        assert sink.sessions == 0
        provider.start()
        assert isinstance(await courier.send(LEE, USER, MAIL), Sent)
        await courier.close()


async def test_relay_without_tokens_is_named(by_token: OAuth2Settings, tmp_path: Path) -> None:
    with Sink(users={USER: "x"}) as sink:
        one = Tokens(by_token, tmp_path)
        *_, last = await smtp.probe(relay(sink.port, by_token), tokens=one)
    assert (last.subject, last.state) == ("login", State.FAIL)
    assert "takes no access tokens" in last.text


async def test_check_tries_the_token_of_the_relay(
    by_token: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    with Sink(tokens=knows(provider)) as sink:  # type: ignore[arg-type]
        found = await smtp.probe(relay(sink.port, by_token), tokens=Tokens(by_token, tmp_path))
    assert [f.subject for f in found] == ["connect", "token", "login", "sender", "size"]


# A certificate of our own


async def test_inbox_that_wants_our_certificate(tmp_path: Path) -> None:
    if reason := dovecot_server.missing():
        pytest.skip(reason)
    with Dovecot(USER, wants_cert=True) as server:
        ours = server.authority.issue("desk.example.org")
        plain = inbox_of(USER, server.tls_port, server.ca_file)
        with pytest.raises(LinkDown):
            await Inbox(plain, None, QUICK).connect()
        both = replace(plain, imap=replace(plain.imap, cert_file=ours.cert, key_file=ours.key))
        door = Inbox(both, None, QUICK)
        await door.connect()
        await door.close()
        together = tmp_path / "desk.pem"
        together.write_bytes(ours.cert.read_bytes() + ours.key.read_bytes())
        door = Inbox(replace(plain, imap=replace(plain.imap, cert_file=together)), None, QUICK)
        await door.connect()
        await door.close()


@pytest.mark.parametrize("is_implicit", [True, False])
async def test_relay_that_wants_our_certificate(is_implicit: bool, authority: Authority) -> None:
    identity, ours = authority.issue(HOST), authority.issue("desk.example.org")
    with Sink(identity=identity, is_implicit=is_implicit, client_authority=authority.file) as sink:
        plain = relay_at(sink.port, tls="implicit" if is_implicit else "starttls", ca_file=authority.file)
        for settings, kind in (
            (plain, Deferred),
            (replace(plain, cert_file=ours.cert, key_file=ours.key), Sent),
        ):
            courier = Courier(settings)
            assert isinstance(await courier.send(LEE, USER, MAIL), kind)
            await courier.close()


async def test_certificate_that_cannot_be_used_is_named(authority: Authority, tmp_path: Path) -> None:
    ours, other = authority.issue("desk.example.org"), authority.issue("desk.example.org")
    locked = tmp_path / "locked.key"
    locked.write_bytes(_with_passphrase(ours.key.read_bytes()))
    (tmp_path / "none.pem").write_text("nothing")
    for cert, key, words in (
        (ours.cert, other.key, "does not belong to that key"),
        (ours.cert, locked, "passphrase"),
        (tmp_path / "none.pem", ours.key, "Both must be PEM"),
        (ours.cert, None, "cannot be used"),
    ):
        settings = relay_at(1, tls="implicit", cert_file=cert, key_file=key)
        result = await Courier(settings).send(LEE, USER, MAIL)
        assert isinstance(result, Deferred)
        assert result.is_refusal
        assert words in result.text


def _with_passphrase(key: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    return load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
