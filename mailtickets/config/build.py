"""Tables that are right become the values that the house lives on. Nothing can fail here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from mailtickets.config import presets, providers, secret, tables
from mailtickets.config.across import DEFAULT_PROJECT
from mailtickets.config.settings import (
    ImapSettings,
    MailboxSettings,
    OAuth2Settings,
    SessionLimits,
    Settings,
    SmtpSettings,
    Staff,
    WebSettings,
)
from mailtickets.core.identity import Trust
from mailtickets.core.mail import Address
from mailtickets.core.openpgp import Key, Pinned
from mailtickets.core.person import Role
from mailtickets.core.policy import Company, DeskAddress, Limits, Policy, Project

DEFAULT_LISTEN = "127.0.0.1:8025"
WILDCARDS = ("0.0.0.0", "[::]")  # noqa: S104 - compared with, never bound to
IMAP_PORTS = {"implicit": 993, "none": 143}
SMTP_PORTS = {"implicit": 465, "starttls": 587, "none": 25}


def settings(
    file: tables.File, path: Path, secrets: Mapping[str, str], keys: Mapping[str, Key] = MappingProxyType({})
) -> Settings:
    """`secrets` by the path of their table, passwords or an application's; one that is missing is empty.

    `keys`: as of `keys.pinned`.
    """
    policy = _policy(file)
    folder = path.parent
    state = folder / file.desk.state_dir
    return Settings(
        config_file=path,
        state_dir=state.resolve(),
        database_url=_database(file.database.url, state.resolve(), secrets.get("database", "")),
        blobs=(state / file.storage.url).resolve(),
        secret_files=tuple(_secret_file(name, state.resolve()) for name in file.desk.secret_file),
        templates_dir=_beside(folder, file.desk.templates_dir),
        mailboxes=tuple(
            MailboxSettings(
                _named(box.address, file.desk.name),
                _imap(box.imap, folder, f"mailbox[{i}].imap", secrets),
            )
            for i, box in enumerate(file.mailbox)
        ),
        smtp=_smtp(file.smtp, folder, secrets),
        web=WebSettings(
            file.web.listen,
            file.web.public_counts,
            SessionLimits(file.web.session_idle, file.web.session_lasts),
            tuple(file.web.trusted_proxies),
        ),
        staff=tuple(_staff(agent, file.desk) for agent in file.agent),
        nameservers=tuple(file.trust.nameservers),
        log_format=file.log.format,
        policy=policy,
        free_disk=file.limits.free_disk,
        alarm_after=file.desk.alarm_after,
        pinned=Pinned(keys, policy.own),
        password_variables=tuple(
            name
            for name in (
                *(login.password_env for login in (*(box.imap for box in file.mailbox), file.smtp)),
                file.desk.openpgp_passphrase_env,
            )
            if name
        ),
    )


def _beside(folder: Path, name: str) -> Path | None:
    return (folder / name).resolve() if name else None


def _named(address: Address, name: str) -> Address:
    return Address(address.spec, name)


def _secret_file(name: str, state: Path) -> Path:
    """In the state directory, where it is made, unless systemd hands out a credential of that name."""
    return secret.place(name, state) or state


def _database(url: str, state: Path, password: str) -> str:
    """An SQLAlchemy URL; the SQLite file lies in the state directory unless its path is absolute."""
    if url.startswith("sqlite:///"):
        return f"sqlite:///{state / url.removeprefix('sqlite:///')}"
    if password:
        url = url.replace("@", f":{quote(password, safe='')}@", 1)
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _imap(table: tables.ImapTable, folder: Path, path: str, secrets: Mapping[str, str]) -> ImapSettings:
    return ImapSettings(
        host=table.host,
        port=table.port or IMAP_PORTS[table.tls],
        tls=table.tls,
        ca_file=_beside(folder, table.ca_file),
        user=table.user,
        password=secrets.get(path, ""),
        folder=table.folder,
        after=table.after,
        poll=table.poll,
        cert_file=secret.place(table.cert_file, folder),
        key_file=secret.place(table.key_file, folder),
        oauth2=_oauth2(table.oauth2, table.user, folder, path, secrets),
    )


def _smtp(table: tables.SmtpTable, folder: Path, secrets: Mapping[str, str]) -> SmtpSettings:
    return SmtpSettings(
        host=table.host,
        port=table.port or SMTP_PORTS[table.tls],
        tls=table.tls,
        ca_file=_beside(folder, table.ca_file),
        user=table.user,
        password=secrets.get("smtp", ""),
        connections=table.connections,
        hello=table.hello,
        cert_file=secret.place(table.cert_file, folder),
        key_file=secret.place(table.key_file, folder),
        oauth2=_oauth2(table.oauth2, table.user, folder, "smtp", secrets),
    )


def _oauth2(
    table: tables.OAuth2Table | None, user: str, folder: Path, path: str, secrets: Mapping[str, str]
) -> OAuth2Settings | None:
    if table is None:
        return None
    known = providers.KNOWN.get(table.provider)
    is_alone = table.grant == "client_credentials"
    urls = known or table
    usual = (known.scope_of_application if is_alone else known.scope) if known else ""
    return OAuth2Settings(
        user=user,
        grant=table.grant,
        client_id=table.client_id,
        client_secret=secrets.get(f"{path}.oauth2", ""),
        refresh_token_file="" if is_alone else table.refresh_token_file or refresh_token_name(path),
        folder=folder,
        scope=table.scope or usual,
        token_url=urls.token_url.format(tenant=table.tenant) if known else urls.token_url,
        device_url=urls.device_url.format(tenant=table.tenant) if known else urls.device_url,
        authorize_url=urls.authorize_url.format(tenant=table.tenant) if known else urls.authorize_url,
        ca_file=_beside(folder, table.ca_file),
    )


def refresh_token_name(path: str) -> str:
    """The usual file of a table: mailbox[0].imap → imap-refresh-token."""
    return f"{path.rpartition('.')[2]}-refresh-token"


def _staff(table: tables.AgentTable, desk: tables.DeskTable) -> Staff:
    return Staff(
        address=_named(table.address, table.name),
        name=table.name,
        role=Role(table.role),
        also=tuple(table.also),
        projects=tuple(table.projects),
        language=table.language or desk.language,
        timezone=table.timezone or desk.timezone,
    )


def _projects(file: tables.File) -> tuple[Project, ...]:
    if not file.project:
        return (Project(DEFAULT_PROJECT, DEFAULT_PROJECT.capitalize(), ()),)
    return tuple(Project(p.key, p.name or p.key.capitalize(), tuple(p.notify)) for p in file.project)


def _policy(file: tables.File) -> Policy:
    desk, projects = file.desk, _projects(file)
    admins = [_named(agent.address, agent.name) for agent in file.agent if agent.role == Role.ADMIN]
    return Policy(
        name=desk.name,
        url=desk.public_url or _url(file.web.listen),
        language=desk.language,
        timezone=desk.timezone,
        ticket_tag=desk.ticket_tag,
        mailboxes=tuple(
            DeskAddress(
                address=_named(box.address, desk.name),
                aliases=tuple(box.aliases),
                project=box.project or projects[0].key,
                language=box.language or desk.language,
            )
            for box in file.mailbox
        ),
        projects=projects,
        workflow=presets.workflow(desk.preset),
        trust=Trust(
            file.trust.authserv_id, tuple(file.trust.own_hosts), file.trust.subaddress, file.trust.dkim
        ),
        limits=Limits(**{field.name: getattr(file.limits, field.name) for field in fields(Limits)}),
        strict=desk.authority == "strict",
        reopen_within=desk.on_reply_to_closed,
        undo_window=desk.undo_window,
        operators=tuple(desk.operators or admins),
        number_start=desk.number_start,
        number_style=desk.number_style,
        companies=tuple(Company(c.name, tuple(c.domains), c.shared) for c in file.company),
    )


def _url(listen: str) -> str:
    """Where the page is reached from this machine; a wildcard is no address to click on."""
    host, _, port = (listen or DEFAULT_LISTEN).rpartition(":")
    return f"http://{'127.0.0.1' if host in WILDCARDS else host}:{port}"
