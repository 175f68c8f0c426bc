"""What the rest of the house knows of the operator's file: frozen, absolute, with the core's Policy in it.

The law: no password and no database URL ever shows in a `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from mailtickets.core.mail import Address
from mailtickets.core.openpgp import Pinned, Signer
from mailtickets.core.person import Role
from mailtickets.core.policy import Policy


@dataclass(frozen=True, slots=True)
class OAuth2Settings:
    """How the access tokens of one account are had (RFC 6749)."""

    user: str
    grant: str  # refresh_token | client_credentials
    client_id: str
    client_secret: str = field(repr=False)  # "": the provider knows this application as a public one
    refresh_token_file: str  # as it is written: see secret.refresh_token
    folder: Path  # of the config
    scope: str
    token_url: str
    device_url: str  # "": the provider has no device flow for mail
    authorize_url: str
    ca_file: Path | None


@dataclass(frozen=True, slots=True)
class ImapSettings:
    host: str
    port: int
    tls: str  # implicit | none
    ca_file: Path | None
    user: str
    password: str  # already read from its file or environment; never shown
    folder: str
    after: str  # "seen", "keyword:$MailTickets", "move:Processed"
    poll: timedelta
    cert_file: Path | None = None  # our own certificate, for servers that ask for one
    key_file: Path | None = None  # None: in cert_file
    oauth2: OAuth2Settings | None = None  # instead of a password

    def __repr__(self) -> str:
        return f"ImapSettings({self.user}@{self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    address: Address
    imap: ImapSettings


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    host: str
    port: int
    tls: str  # implicit | starttls | none
    ca_file: Path | None
    user: str  # "": no login
    password: str
    connections: int
    hello: str  # name for EHLO, "" = the library's
    cert_file: Path | None = None
    key_file: Path | None = None
    oauth2: OAuth2Settings | None = None

    def __repr__(self) -> str:
        return f"SmtpSettings({self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a browser stays signed in: since it was last used, and at all."""

    idle: timedelta = timedelta(days=7)
    whole: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class WebSettings:
    listen: str  # "127.0.0.1:8025", "unix:/run/mailtickets/page.sock", "" = no page
    public_counts: bool
    sessions: SessionLimits = SessionLimits()
    trusted_proxies: tuple[str, ...] = ()  # addresses and networks whose X-Forwarded headers are believed


@dataclass(frozen=True, slots=True)
class Staff:
    """An agent or admin as the config names them."""

    address: Address
    name: str
    role: Role
    also: tuple[Address, ...]
    projects: tuple[str, ...]
    language: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it. Paths are absolute."""

    config_file: Path
    state_dir: Path
    database_url: str = field(repr=False)  # SQLAlchemy URL: sqlite:////abs/path.db or postgresql+psycopg://…
    blobs: Path  # folder of big raw mails
    secret_files: tuple[Path, ...]  # the first signs; made at first start
    templates_dir: Path | None  # the operator's overrides
    mailboxes: tuple[MailboxSettings, ...]
    smtp: SmtpSettings
    web: WebSettings
    staff: tuple[Staff, ...]
    nameservers: tuple[tuple[str, int], ...]  # whom to ask for the keys of signatures; none: this machine's
    log_format: str  # json | console | auto
    policy: Policy
    free_disk: int | None  # octets that must be free, or nothing new is begun; None: whatever there is
    alarm_after: timedelta  # how long something may be away before the operators are mailed
    pinned: Pinned  # whose OpenPGP signatures count
    password_variables: tuple[str, ...] = ()  # environment variables whose passwords the page has no use for
    signer: Signer | None = None  # what the desk's own mails are signed with
    passphrase: str = field(default="", repr=False)  # of that key


class ConfigError(Exception):
    """The file cannot be used. `str()` is the whole list, a line an error: path, value, what to write instead."""
