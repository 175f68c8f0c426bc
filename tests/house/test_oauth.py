"""The desk by access token alone: it works, it tells when it no longer can, and no secret shows anywhere."""

from __future__ import annotations

import quopri
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import dovecot, postfix
from tests.dovecot import Dovecot
from tests.house.house import ANN, EVERYBODY, LEE, SUPPORT, House
from tests.loopback import HOST, wait_until
from tests.postfix import Postfix
from tests.provider import CLIENT, SECRET, Provider

OAUTH2 = """
[mailbox.imap.oauth2]
provider = "own"
client_id = "{client}"
client_secret_file = "client-secret"
refresh_token_file = "refresh-token"
scope = "mail"
token_url = "{url}"
"""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(rotates=True) as one:
        yield one


@pytest.fixture
def house(tmp_path: Path, provider: Provider) -> Iterator[House]:
    if why := dovecot.missing() or postfix.missing():
        pytest.skip(why)
    with (
        Dovecot(*EVERYBODY, introspect=provider.introspect_url) as server,
        Postfix(server) as relay,
        House(tmp_path, server, relay, page=True) as built,
    ):
        table = OAUTH2.format(client=CLIENT, url=provider.token_url)
        text = built.config.read_text().replace('password_file = "imap-password"\n', "")
        built.config.write_text(text.replace('poll = "1s"\n', f'poll = "1s"\n{table}'))
        (tmp_path / "imap-password").unlink()
        (tmp_path / "client-secret").write_text(SECRET)
        (tmp_path / "refresh-token").write_text(provider.sign_in(SUPPORT))
        yield built


def health(house: House) -> object:
    return httpx.get(f"http://{HOST}:{house.page}/healthz").json()["status"]


@pytest.mark.timeout(300)  # five starts of a service, and what it mails meanwhile
def test_life_of_a_desk_without_a_password(house: House, provider: Provider) -> None:
    provider.lifetime = 20  # renewed while it runs
    house.start()
    house.write(LEE, "Printer", "It prints blank pages.")
    house.read(LEE)
    # Each renewal spends the refresh token: after a kill the desk goes on with the one that it kept.
    house.kill()
    house.start()
    house.write(LEE, "Scanner", "It scans blank pages.")
    house.read(LEE)
    assert len(provider.refresh) == 1
    wait_until(lambda: health(house) == "ok", "the page to be well", 20)

    provider.revoke(SUPPORT)
    house.kill()
    house.start()
    wait_until(lambda: health(house) != "ok", "the page to tell", 20)
    house.read(ANN, 2)  # the notices of two tickets
    (alarm,) = house.read(ANN)
    said = " ".join(quopri.decodestring(alarm.octets).decode().split())
    assert f"The inbox {SUPPORT} cannot be read." in said
    assert "mailtickets authorize" in said
    assert b"mailtickets authorize" in house.run("check").stdout

    (house.folder / "refresh-token").write_text(provider.sign_in(SUPPORT))
    assert house.stop() == 0
    house.start()
    wait_until(lambda: health(house) == "ok", "the page to be well again", 20)
    checked = house.run("check").stdout
    assert b"gives an access token" in checked
    shown = (
        checked
        + house.log.encode()
        + b"".join(house.run(*words).stdout for words in (("check",), ("outbox", "list")))
    )
    _never_shown(house, provider, shown)


def _never_shown(house: House, provider: Provider, shown: bytes) -> None:
    """Every secret that there ever was, in log, output and database: tokens lie in their own two files only."""
    files = [
        path
        for path in (house.folder / "state").rglob("*")
        if path.is_file() and path.parent.name != "tokens"
    ]
    assert files
    for where, octets in [("output", shown), *((path.name, path.read_bytes()) for path in files)]:
        for secret in (*provider.ever, SECRET):
            assert secret.encode() not in octets, where
    kept = list((house.folder / "state" / "tokens").glob("*.json"))
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
