"""`authorize` gets the first refresh token and puts it where the config says, and shows it to nobody."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailtickets.cli.app import app
from mailtickets.oauth import first
from tests.provider import CLIENT, Provider

USER = "support@example.org"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


def config(folder: Path, provider: Provider, *, how: str = "device", others: str = "") -> Path:
    file = folder / "config.toml"
    file.write_text(f"""
[[mailbox]]
address = "{USER}"
[mailbox.imap]
host = "127.0.0.1"
tls = "none"
user = "{USER}"
[mailbox.imap.oauth2]
provider = "own"
client_id = "{CLIENT}"
scope = "mail"
token_url = "{provider.token_url}"
{"device_url" if how == "device" else "authorize_url"} = "{provider.device_url if how == "device" else provider.authorize_url}"
[smtp]
host = "127.0.0.1"
tls = "none"
{others}
""")
    return file


def authorize(file: Path, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["authorize", *words, "--config", str(file)], input=typed)


def test_device_code_leads_to_a_file_that_only_we_may_read(
    tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def soon(_: float) -> None:
        for code, _user in provider._devices.values():
            provider.approve(code, USER)

    monkeypatch.setattr(first.authorize, "__defaults__", (soon,))
    done = authorize(config(tmp_path, provider))
    assert done.exit_code == 0, done.output
    file = tmp_path / "imap-refresh-token"
    token = file.read_text().strip()
    assert provider.refresh == {token: USER}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "type this code" in done.output
    assert token not in done.output
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_link_that_is_followed_by_nobody_ends_in_a_sentence(tmp_path: Path, provider: Provider) -> None:
    done = authorize(config(tmp_path, provider, how="link"), typed="nonsense\n")
    assert done.exit_code == 1
    assert provider.authorize_url in done.output
    assert "not the address of this sign-in" in done.output
    assert not (tmp_path / "imap-refresh-token").exists()


def test_provider_that_does_not_know_us_is_told(tmp_path: Path, provider: Provider) -> None:
    file = config(tmp_path, provider)
    file.write_text(file.read_text().replace(CLIENT, "somebody-else"))
    done = authorize(file)
    assert done.exit_code == 1
    assert "client_id" in done.output
    assert "Traceback" not in done.output


def test_whom_it_is_about_must_be_clear(tmp_path: Path, provider: Provider) -> None:
    two = config(tmp_path, provider)
    table = two.read_text().partition("[mailbox.imap.oauth2]")[2].partition("[smtp]")[0]
    two = config(tmp_path, provider, others=f'user = "out@example.org"\n[smtp.oauth2]\n{table}')
    assert "There are: out@example.org, support@example.org." in authorize(two).output
    assert "No user of the config is called nobody" in authorize(two, "nobody").output
    assert authorize(two).exit_code == 2
    two.write_text(two.read_text().replace("out@example.org", USER))
    assert "Name one refresh_token_file" in authorize(two).output
    assert provider.asked == []


def test_config_without_oauth2_has_nothing_to_authorize(tmp_path: Path, provider: Provider) -> None:
    file = config(tmp_path, provider)
    file.write_text(
        file.read_text().partition("[mailbox.imap.oauth2]")[0] + '[smtp]\nhost = "127.0.0.1"\ntls = "none"\n'
    )
    (tmp_path / "imap-password").write_text("x")
    done = authorize(file)
    assert done.exit_code == 78
    assert "wants a refresh token" in done.output


@pytest.mark.skipif(os.geteuid() != 0, reason="left out: root")
def test_folder_that_cannot_be_written_is_told_before_anybody_signs_in(
    tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = config(tmp_path, provider)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    done = authorize(file)
    assert done.exit_code == 78
    assert "cannot be written" in done.output
    assert provider.asked == []
