"""Logging in without a password: what the operator may write, and how plainly it is said what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailtickets import config

CANARY = "kanarienvogel-9"
OAUTH2 = """
[mailbox.imap.oauth2]
provider = "{provider}"
client_id = "1b7c"
"""
OWN = OAUTH2.format(provider="own") + 'token_url = "https://login.example.org/token"\nscope = "mail"\n'
MICROSOFT = OAUTH2.format(provider="microsoft")
GOOGLE = OAUTH2.format(provider="google") + 'client_secret_file = "google"\n'


def text(oauth2: str = "", imap: str = "", smtp: str = "") -> str:
    return f"""
[[mailbox]]
address = "support@example.org"
[mailbox.imap]
host = "imap.example.org"
user = "support@example.org"
{imap}
{oauth2}
[smtp]
host = "smtp.example.org"
{smtp}
"""


def load(folder: Path, written: str, **how: bool) -> config.Settings:
    (folder / "config.toml").write_text(written)
    return config.load(folder / "config.toml", **how)


def errors(folder: Path, written: str, **how: bool) -> list[str]:
    with pytest.raises(config.ConfigError) as caught:
        load(folder, written, **how)
    return str(caught.value).splitlines()


def oauth2_of(settings: config.Settings) -> config.OAuth2Settings:
    found = settings.mailboxes[0].imap.oauth2
    assert found is not None
    return found


def test_two_lines_are_enough_for_microsoft(tmp_path: Path) -> None:
    (tmp_path / "imap-refresh-token").write_text(CANARY)
    found = oauth2_of(load(tmp_path, text(MICROSOFT)))
    assert found.token_url == "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    assert found.device_url == "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"
    assert "IMAP.AccessAsUser.All" in found.scope
    assert "SMTP.Send" in found.scope
    assert "offline_access" in found.scope
    assert config.refresh_token(found) == CANARY


def test_google_wants_its_secret_and_takes_all_of_mail(tmp_path: Path) -> None:
    (tmp_path / "imap-refresh-token").write_text("token")
    (tmp_path / "google").write_text(CANARY)
    settings = load(tmp_path, text(GOOGLE))
    found = oauth2_of(settings)
    assert (found.client_secret, found.scope, found.device_url) == (CANARY, "https://mail.google.com/", "")
    assert CANARY in config.hidden(settings)
    assert CANARY not in repr(settings)


def test_application_of_one_company_needs_no_refresh_token(tmp_path: Path) -> None:
    (tmp_path / "secret-file").write_text(CANARY)
    alone = (
        MICROSOFT
        + 'grant = "client_credentials"\ntenant = "example.org"\nclient_secret_file = "secret-file"\n'
    )
    found = oauth2_of(load(tmp_path, text(alone)))
    assert (found.refresh_token_file, found.scope) == ("", "https://outlook.office365.com/.default")
    assert "/example.org/" in found.token_url


def test_both_doors_may_share_one_refresh_token(tmp_path: Path) -> None:
    (tmp_path / "imap-refresh-token").write_text("token")
    smtp = 'user = "support@example.org"\n[smtp.oauth2]\nprovider = "microsoft"\nclient_id = "1b7c"\n'
    settings = load(tmp_path, text(MICROSOFT, smtp=smtp + 'refresh_token_file = "imap-refresh-token"'))
    assert settings.smtp.oauth2 == oauth2_of(settings)


def test_secrets_may_be_systemds_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name in ("imap-refresh-token", "google", "desk.crt", "desk.key"):
        (credentials / name).write_text(f"{CANARY} {name}")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    settings = load(tmp_path, text(GOOGLE, imap='cert_file = "desk.crt"\nkey_file = "desk.key"'))
    found = oauth2_of(settings)
    assert found.client_secret == f"{CANARY} google"
    assert config.refresh_token(found) == f"{CANARY} imap-refresh-token"
    assert settings.mailboxes[0].imap.cert_file == credentials / "desk.crt"
    assert settings.mailboxes[0].imap.key_file == credentials / "desk.key"


@pytest.mark.parametrize(
    ("written", "path", "said"),
    [
        (text(MICROSOFT, imap='password_file = "x"'), "mailbox[0].imap.oauth2", "Keep password_file or [oauth2]"),
        (text(MICROSOFT, imap='password_env = "X"'), "mailbox[0].imap.oauth2", "Keep password_env or [oauth2]"),
        (text(OAUTH2.format(provider="gogle")), "oauth2.provider", 'Did you mean "google"?'),
        (text(OAUTH2.format(provider="google")), "oauth2.client_secret_file", "the application's secret"),
        (text(MICROSOFT.replace("client_id", "# ")), "oauth2.client_id", "required"),
        (text(MICROSOFT + 'token_url = "https://x.example.org"'), "oauth2.token_url", 'provider = "own"'),
        (text(OAUTH2.format(provider="own") + 'scope = "m"'), "oauth2.token_url", "hands out tokens"),
        (text(OWN.replace('scope = "mail"', "")), "oauth2.scope", "the right to read"),
        (text(OWN.replace("https:", "http:")), "oauth2.token_url", "https://"),
        (text(MICROSOFT + 'grant = "client_credentials"\nclient_secret_file = "x"'), "oauth2.tenant", "one company"),
        (
            text(MICROSOFT + 'grant = "client_credentials"\ntenant = "example.org"'),
            "oauth2.client_secret_file",
            "the application's secret",
        ),
        (
            text(MICROSOFT + 'grant = "client_credentials"\ntenant = "a.b"\nclient_secret_file = "x"\nrefresh_token_file = "y"'),
            "oauth2.refresh_token_file",
            "Leave the key out",
        ),
        (text(GOOGLE + 'grant = "client_credentials"'), "oauth2.grant", "refresh_token"),
        (text(MICROSOFT + 'tenant = "a/b"'), "oauth2.tenant", "common"),
        (text(smtp='[smtp.oauth2]\nprovider = "microsoft"\nclient_id = "a"'), "smtp.user", "the mailbox that sends"),
        (text(imap='key_file = "x"'), "mailbox[0].imap.key_file", "cert_file"),
        (
            text(imap='tls = "none"\ncert_file = "x"').replace("imap.example.org", "127.0.0.1"),
            "mailbox[0].imap.cert_file",
            "implicit",
        ),
        (text(MICROSOFT + 'refresh_token = "x"'), "oauth2.refresh_token", "refresh_token_file"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(tmp_path: Path, written: str, path: str, said: str) -> None:
    found = errors(tmp_path, written, with_secrets=False)
    assert len(found) == 1, found
    assert path in found[0]
    assert said in found[0]


def test_missing_refresh_token_names_the_command_but_not_to_the_command_itself(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, text(MICROSOFT))
    assert "mailtickets authorize" in error
    assert "imap-refresh-token" in error
    assert load(tmp_path, text(MICROSOFT), is_signed_in=False)


@pytest.mark.parametrize("key", ["cert_file", "key_file"])
def test_certificate_that_is_not_there_is_named(tmp_path: Path, key: str) -> None:
    (tmp_path / "imap-password").write_text("x")
    (tmp_path / "there").write_text("x")
    files = {"cert_file": "there", key: "gone.pem"}
    lines = "\n".join(f'{name} = "{value}"' for name, value in files.items())
    (error,) = errors(tmp_path, text(imap=lines))
    assert "gone.pem" in error


def test_no_error_shows_a_secret_written_to_the_wrong_place(tmp_path: Path) -> None:
    written = text(
        MICROSOFT + f'client_secret = "{CANARY}"\nrefresh_token = "{CANARY}"\naccess_token = "{CANARY}"'
    )
    found = errors(tmp_path, written, with_secrets=False)
    assert len(found) == 3
    assert CANARY not in "".join(found)
