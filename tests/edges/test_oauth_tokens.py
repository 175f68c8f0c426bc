"""Access tokens: had, renewed in time, kept when they change, and told in plain words when they are refused."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailtickets.config import OAuth2Settings
from mailtickets.oauth import Keyring, NoToken, Tokens, authorize, grant, initial_response, keep, tokens
from tests.authority_ca import Authority
from tests.loopback import HOST
from tests.provider import CLIENT, SECRET, Provider

USER = "desk@example.org"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


@pytest.fixture
def settings(provider: Provider, tmp_path: Path) -> OAuth2Settings:
    (tmp_path / "imap-refresh-token").write_text(provider.sign_in(USER) + "\n")
    return OAuth2Settings(
        user=USER,
        grant="refresh_token",
        client_id=CLIENT,
        client_secret=SECRET,
        refresh_token_file="imap-refresh-token",
        folder=tmp_path,
        scope="mail",
        token_url=provider.token_url,
        device_url=provider.device_url,
        authorize_url=provider.authorize_url,
        ca_file=None,
    )


async def refusal(one: Tokens) -> NoToken:
    with pytest.raises(NoToken) as caught:
        await one.renew()
    return caught.value


async def test_token_is_asked_for_once_and_shared(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    keyring = Keyring(tmp_path)
    one = keyring.of(settings)
    assert one is not None
    assert one is keyring.of(settings)
    assert keyring.of(None) is None
    found = await asyncio.gather(*(one.access() for _ in range(20)))
    assert len(set(found)) == 1
    assert provider.asked == [
        {
            "grant_type": "refresh_token",
            "refresh_token": (tmp_path / "imap-refresh-token").read_text().strip(),
            "scope": "mail",
            "client_id": CLIENT,
            "client_secret": SECRET,
        }
    ]


@pytest.mark.parametrize(("lifetime", "is_due"), [(3600.0, False), (0.0, True)])
async def test_token_is_renewed_before_its_end(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path, lifetime: float, is_due: bool
) -> None:
    provider.lifetime = lifetime
    one = Tokens(settings, tmp_path)
    first = await one.access()
    assert one.is_due is is_due
    assert (await one.access() != first) is is_due


async def test_token_is_renewed_while_the_old_one_still_lasts(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Tokens(settings, tmp_path)
    first = await one.access()
    monkeypatch.setattr(tokens, "_now", lambda: asyncio.get_running_loop().time() + 3600 - tokens.EARLY + 1)
    assert one.is_due
    # The provider is away: the old one is good for another ten minutes, and is used.
    provider.stop()
    assert await one.access() == first
    # And back: a new one, well before the old one's end.
    provider.start()
    monkeypatch.setattr(tokens, "_now", lambda: asyncio.get_running_loop().time() + 3600 - 60)
    assert await one.access() != first


# Rotation


async def test_new_refresh_token_is_on_disk_before_its_access_token_is_used(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.rotates = True
    state = tmp_path / "state"
    given = (tmp_path / "imap-refresh-token").read_bytes()
    await Tokens(settings, state).access()
    file = keep.path(settings, state)
    kept = json.loads(file.read_text())["refresh_token"]
    assert provider.refresh == {kept: USER}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    # The operator's own file is left alone, and the next start goes on with the kept one.
    assert (tmp_path / "imap-refresh-token").read_bytes() == given
    for _ in range(3):
        await Tokens(settings, state).renew()
    assert len(provider.refresh) == 1
    assert {path.suffix for path in file.parent.iterdir()} == {".json", ".lock"}


async def test_file_is_whole_or_not_there(settings: OAuth2Settings, tmp_path: Path) -> None:
    file = keep.path(settings, tmp_path)
    keep.save(file, "given", "first")
    inode = file.stat().st_ino
    keep.save(file, "given", "second")
    assert file.stat().st_ino != inode  # another file took its name: nobody ever reads half a one
    assert keep.current(file, "given") == "second"
    file.write_text('{"instead_of": "')
    assert keep.current(file, "given") == "given"


async def test_new_file_of_the_operator_counts_at_once(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.rotates = True
    one = Tokens(settings, tmp_path)
    await one.access()
    provider.revoke(USER)
    assert (await refusal(one)).is_refusal
    (tmp_path / "imap-refresh-token").write_text(provider.sign_in(USER))
    await one.renew()
    assert len(provider.refresh) == 1


async def test_two_processes_never_spend_the_same_refresh_token(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.rotates, provider.delay = True, 0.05
    await asyncio.gather(*(Tokens(settings, tmp_path).renew() for _ in range(5)))
    spent = [form["refresh_token"] for form in provider.asked]
    assert len(spent) == len(set(spent)) == 5


async def test_cancelled_question_is_heard_to_its_end(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.rotates, provider.delay = True, 0.2
    one = Tokens(settings, tmp_path)
    waiting = asyncio.create_task(one.access())
    await asyncio.sleep(0.1)
    waiting.cancel()
    await one.close()
    assert waiting.cancelled()
    given = (tmp_path / "imap-refresh-token").read_text().strip()
    async with asyncio.timeout(10):
        while given in provider.refresh:  # until the provider has answered, whoever is there to hear it
            await asyncio.sleep(0.02)
    assert keep.current(
        keep.path(settings, tmp_path), (tmp_path / "imap-refresh-token").read_text().strip()
    ) in (provider.refresh)


async def test_full_disk_does_not_lose_the_new_refresh_token(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.rotates = True
    state = tmp_path / "state"
    one = Tokens(settings, state)
    file = keep.path(settings, state)
    blocked = file.with_suffix(f".{os.getpid()}")
    blocked.mkdir(parents=True)
    await one.renew()
    await one.renew()  # with what is in memory only
    assert not file.exists()
    assert "token not kept" in capsys.readouterr().out
    blocked.rmdir()
    await one.renew()
    assert json.loads(file.read_text())["refresh_token"] in provider.refresh


# Refused, away, odd

REFUSED = [
    (400, {"error": "invalid_grant", "error_description": "AADSTS70008: expired"}, "mailtickets authorize"),
    (400, {"error": "invalid_grant"}, "spent, too old or withdrawn"),
    (401, {"error": "invalid_client"}, "client_secret_file"),
    (400, {"error": "unauthorized_client"}, "tenant"),
    (400, {"error": "invalid_scope"}, "Look at scope"),
    (400, {"error": "unsupported_grant_type"}, "Look at grant"),
    (400, {"error": "never_heard_of"}, "never_heard_of"),
    (404, b"<html>", "answers 404"),
]
AWAY = [
    (500, b"oops"),
    (503, {"error": "temporarily_unavailable"}),
    (429, {"error": "slow_down"}),
    (200, b"not json"),
    (200, []),
    (200, {"token_type": "Bearer"}),
    (200, {"access_token": "with\1control"}),
    (200, {"access_token": "a", "refresh_token": 7}),
]


@pytest.mark.parametrize(("status", "said", "words"), REFUSED)
async def test_refusal_says_what_to_do(
    status: int, said: Any, words: str, settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.script(status, said)
    no = await refusal(Tokens(settings, tmp_path))
    assert no.is_refusal
    assert words in no.reason
    assert no.reason.startswith(HOST)
    assert no.reason.endswith(".")


@pytest.mark.parametrize(("status", "said"), AWAY)
async def test_provider_in_trouble_is_asked_again(
    status: int, said: Any, settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.script(status, said)
    one = Tokens(settings, tmp_path)
    assert not (await refusal(one)).is_refusal
    await one.renew()


async def test_provider_that_is_down_is_no_refusal(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.stop()
    one = Tokens(settings, tmp_path)
    no = await refusal(one)
    assert not no.is_refusal
    assert no.reason == f"Nothing listens at {HOST}:{provider.port}. Is the server up, and is the port right?"
    provider.start()
    await one.renew()


async def test_refused_refresh_token_is_not_hammered(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.revoke(USER)
    one = Tokens(settings, tmp_path)
    reasons = {(await refusal(one)).reason for _ in range(10)}
    assert len(reasons) == 1
    assert len(provider.asked) == 1


async def test_missing_refresh_token_names_the_command(settings: OAuth2Settings, tmp_path: Path) -> None:
    (tmp_path / "imap-refresh-token").unlink()
    no = await refusal(Tokens(settings, tmp_path))
    assert no.is_refusal
    assert "mailtickets authorize" in no.reason


async def test_certificate_of_the_provider_is_checked(
    settings: OAuth2Settings, tmp_path: Path, authority: Authority
) -> None:
    with Provider(identity=authority.issue(HOST)) as provider:
        provider.refresh = {(tmp_path / "imap-refresh-token").read_text().strip(): USER}
        there = replace(settings, token_url=provider.token_url)
        no = await refusal(Tokens(there, tmp_path))
        assert no.is_refusal
        assert "comes from an authority that is not known here" in no.reason
        await Tokens(replace(there, ca_file=authority.file), tmp_path).renew()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(60, 60), ("3599", 3599), (None, 3600), ("soon", 3600), (-5, 0), (float("inf"), 604800), ([], 3600)],
)
def test_lifetime_in_every_spelling(said: object, seconds: float) -> None:
    assert grant._lifetime(said) == seconds


async def test_application_logs_in_by_itself(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    alone = replace(settings, grant="client_credentials", refresh_token_file="", scope=".default")
    await Tokens(alone, tmp_path).renew()
    assert provider.asked == [
        {
            "grant_type": "client_credentials",
            "scope": ".default",
            "client_id": CLIENT,
            "client_secret": SECRET,
        }
    ]


# What a mail server thinks of it


async def test_token_that_a_server_refuses_is_renewed_unless_it_is_new(
    settings: OAuth2Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Tokens(settings, tmp_path)
    token = await one.access()
    assert not one.refused(token)  # a moment old: its age is not the reason
    assert await one.access() == token
    monkeypatch.setattr(tokens, "_now", lambda: asyncio.get_running_loop().time() + tokens.YOUNG + 1)
    assert one.refused(token)
    assert await one.access() != token
    assert one.refused(token)  # somebody has renewed it meanwhile


async def test_watch_tells_at_once_and_tells_when_it_is_well(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "LOOK_EVERY", 0.05)
    keyring, told = Keyring(tmp_path), asyncio.Queue[tuple[str, str, bool]]()

    def tell(what: str, wrong: str, is_refusal: bool) -> None:
        told.put_nowait((what, wrong, is_refusal))

    provider.lifetime = 0
    one = keyring.of(settings)
    assert one is not None
    await one.access()
    provider.revoke(USER)
    async with asyncio.timeout(10):
        watching = asyncio.create_task(keyring.watch(tell, lambda: None))
        what, wrong, is_refusal = await told.get()
        assert (what, is_refusal) == (f"login of {USER}", True)
        assert "mailtickets authorize" in wrong
        (tmp_path / "imap-refresh-token").write_text(provider.sign_in(USER))
        while (await told.get())[1]:
            pass
        watching.cancel()


async def test_first_login_that_fails_is_told_by_whoever_wanted_it(
    settings: OAuth2Settings, provider: Provider, tmp_path: Path
) -> None:
    provider.revoke(USER)
    one = Tokens(settings, tmp_path)
    await refusal(one)
    assert one.trouble is None


def test_what_is_shown_to_a_server() -> None:
    assert initial_response(
        "XOAUTH2", "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", "h", 1
    ) == (
        b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
    )  # the example of Google's documentation
    assert initial_response(
        "OAUTHBEARER",
        "user@example.com",
        "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
        "server.example.com",
        143,
    ) == (
        b"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )  # the example of RFC 7628 section 4.1


# The first refresh token


async def test_device_flow_waits_for_somebody_to_sign_in(
    settings: OAuth2Settings, provider: Provider
) -> None:
    lines: list[str] = []
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            provider.script(400, {"error": "slow_down"})
        if len(waits) == 4:
            provider.approve(lines[0].rsplit(" ", 1)[1], USER)

    token = await authorize(settings, lines.append, _never, sleep)
    assert provider.refresh[token] == USER
    assert waits == [1, 1, 6, 6]  # RFC 8628 section 3.5: five seconds more after slow_down
    assert f"sign in as {USER}" in lines[0]
    assert f"http://{HOST}:{provider.port}/activate" in lines[0]


@pytest.mark.parametrize(
    ("code", "words"), [("access_denied", "not allowed"), ("expired_token", "Begin again")]
)
async def test_device_flow_that_ends_badly(
    settings: OAuth2Settings, provider: Provider, code: str, words: str
) -> None:
    async def sleep(_: float) -> None:
        provider.script(400, {"error": code})

    with pytest.raises(NoToken, match=words):
        await authorize(settings, lambda _: None, _never, sleep)


async def test_link_flow_takes_the_address_of_the_browser(
    settings: OAuth2Settings, provider: Provider
) -> None:
    lines: list[str] = []
    by_link = replace(settings, device_url="")
    token = await authorize(by_link, lines.append, lambda _: provider.code_for(lines[1], USER))
    assert provider.refresh[token] == USER


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:53682/?code=abc&state=of-somebody-else", "not the address of this sign-in"),
        ("http://127.0.0.1:53682/?error=access_denied", "The provider says access_denied"),
        ("nonsense", "not the address"),
    ],
)
async def test_link_flow_refuses_what_it_did_not_begin(
    settings: OAuth2Settings, provider: Provider, address: str, words: str
) -> None:
    with pytest.raises(NoToken, match=words):
        await authorize(replace(settings, device_url=""), lambda _: None, lambda _: address)
    assert provider.asked == []


async def test_sign_in_without_a_refresh_token_is_refused(
    settings: OAuth2Settings, provider: Provider
) -> None:
    async def sleep(_: float) -> None:
        provider.script(200, {"access_token": "only-this", "expires_in": 3600})

    with pytest.raises(NoToken, match="no refresh token"):
        await authorize(settings, lambda _: None, _never, sleep)


def _never(_: str) -> str:
    raise AssertionError("nobody is to be asked")


# Secrets


async def test_no_error_holds_a_secret(settings: OAuth2Settings, provider: Provider, tmp_path: Path) -> None:
    """The provider repeats in its description whatever it was sent."""
    (tmp_path / "imap-refresh-token").write_text("canary-refresh-gone")
    found = [await refusal(Tokens(settings, tmp_path))]
    found.append(
        await refusal(Tokens(replace(settings, client_secret="canary-wrong-secret"), tmp_path / "b"))
    )
    for no in found:
        assert "canary" not in f"{no} {no!r} {no.reason}"
        assert no.__cause__ is None
        assert no.__suppress_context__ or no.__context__ is None
    assert "canary" not in repr(settings)
    assert "canary" not in repr(grant.Granted("canary", 1.0, "canary"))
