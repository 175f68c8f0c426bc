"""The operator's file as pydantic tables: every key, its form, its default.

The law: what one key may hold is said here and in `values`; what two tables must agree on, in `across`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
)

from mailtickets.config import providers, values
from mailtickets.core.mail import Address
from mailtickets.core.policy import Rate

Text = Annotated[str, PlainValidator(values.text)]
Words = Annotated[str, PlainValidator(values.words)]
Flag = Annotated[bool, PlainValidator(values.flag)]
Mail = Annotated[Address, PlainValidator(values.address)]
Host = Annotated[str, PlainValidator(values.host)]
Port = Annotated[int, PlainValidator(values.number(1, 65535))]
Key = Annotated[str, PlainValidator(values.key)]
Zone = Annotated[str, PlainValidator(values.timezone)]
Language = Annotated[str, PlainValidator(values.one_of("en"))]
Variable = Annotated[str, PlainValidator(values.variable)]
RateLimit = Annotated[Rate | None, PlainValidator(values.rate)]
Endpoint = Annotated[str, PlainValidator(values.endpoint)]
# One file, or a list of them for rotation.
Files = Annotated[list[Words], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class Table(BaseModel):
    """A TOML table. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class DeskTable(Table):
    name: Words = "Support"
    public_url: Annotated[str, PlainValidator(values.web_url)] = ""  # "": where [web] listens
    state_dir: Words = "./state"
    preset: Annotated[str, PlainValidator(values.one_of("simple"))] = "simple"
    language: Language = "en"
    timezone: Zone = "UTC"
    ticket_tag: Annotated[str, PlainValidator(values.tag)] = "[#{number}]"
    number_start: Annotated[int, PlainValidator(values.number(1, 2**31 - 1))] = 1
    number_style: Annotated[str, PlainValidator(values.one_of("sequence", "random7"))] = "sequence"
    undo_window: Annotated[timedelta, PlainValidator(values.duration)] = timedelta()
    on_reply_to_closed: Annotated[timedelta | None, PlainValidator(values.reopening)] = None
    authority: Annotated[str, PlainValidator(values.one_of("normal", "strict"))] = "normal"
    secret_file: Annotated[Files, Field(min_length=1)] = ["secret"]
    operators: list[Mail] = []  # none: the admins
    alarm_after: Annotated[timedelta, PlainValidator(values.duration)] = timedelta(minutes=15)
    templates_dir: Text = ""
    openpgp_key_file: Text = ""  # "": mails are not signed
    openpgp_passphrase_file: Text = ""
    openpgp_passphrase_env: Annotated[str, PlainValidator(lambda v: v and values.variable(v))] = ""

    @field_validator("openpgp_passphrase_env")
    @classmethod
    def _one_source(cls, name: str, info: ValidationInfo) -> str:
        if name and info.data.get("openpgp_passphrase_file"):
            raise ValueError("the passphrase has one source. Keep the file or the variable, not both")
        return name


class DatabaseTable(Table):
    url: Annotated[str, PlainValidator(values.database_url)] = "sqlite:///mailtickets.db"
    password_file: Text = ""
    password_env: Annotated[str, PlainValidator(lambda v: v and values.variable(v))] = ""

    @field_validator("password_file")
    @classmethod
    def _for_somebody(cls, name: str, info: ValidationInfo) -> str:
        if name and "url" in info.data:
            values.wants_password(info.data["url"])
        return name

    @field_validator("password_env")
    @classmethod
    def _one_source(cls, password_env: str, info: ValidationInfo) -> str:
        if password_env and info.data.get("password_file"):
            raise ValueError("the password has one source. Keep password_file or password_env, not both")
        if password_env and "url" in info.data:
            values.wants_password(info.data["url"])
        return password_env


class StorageTable(Table):
    url: Annotated[str, PlainValidator(values.folder_url)] = "blobs"


class OAuth2Table(Table):
    """Instead of a password. The order matters: a later key is checked against earlier ones."""

    provider: Annotated[str, PlainValidator(values.one_of(*providers.KNOWN, providers.OWN))] = Field(
        examples=["microsoft"]
    )
    grant: Annotated[str, PlainValidator(values.one_of("refresh_token", "client_credentials"))] = (
        "refresh_token"
    )
    client_id: Words = Field(examples=["the application's id, as the provider shows it"])
    client_secret_file: Text = Field(default="", validate_default=True)
    refresh_token_file: Text = ""
    tenant: Annotated[str, PlainValidator(values.tenant)] = Field(default="common", validate_default=True)
    scope: Text = Field(default="", validate_default=True)
    token_url: Endpoint = Field(default="", validate_default=True)
    device_url: Endpoint = ""
    authorize_url: Endpoint = ""
    ca_file: Text = ""

    @field_validator("grant")
    @classmethod
    def _known_there(cls, grant: str, info: ValidationInfo) -> str:
        if grant == "client_credentials" and info.data.get("provider") == "google":
            raise ValueError('Google lets no application into a mailbox in this way. Write "refresh_token"')
        return grant

    @field_validator("client_secret_file")
    @classmethod
    def _secret_where_wanted(cls, name: str, info: ValidationInfo) -> str:
        if name:
            return name
        if info.data.get("provider") == "google" or info.data.get("grant") == "client_credentials":
            raise ValueError("write the name of the file that holds the application's secret")
        return name

    @field_validator("refresh_token_file")
    @classmethod
    def _only_where_it_is_used(cls, name: str, info: ValidationInfo) -> str:
        if name and info.data.get("grant") == "client_credentials":
            raise ValueError("an application that logs in by itself has no refresh token. Leave the key out")
        return name

    @field_validator("tenant")
    @classmethod
    def _of_one_company(cls, tenant: str, info: ValidationInfo) -> str:
        alone = info.data.get("grant") == "client_credentials" and info.data.get("provider") == "microsoft"
        if alone and tenant in providers.MANY_TENANTS:
            raise ValueError("an application logs in to one company. Write its tenant id or its domain")
        return tenant

    @field_validator("scope")
    @classmethod
    def _scope_of_own(cls, scope: str, info: ValidationInfo) -> str:
        if not scope and info.data.get("provider") == providers.OWN:
            raise ValueError("write what your provider calls the right to read and send mail")
        return scope

    @field_validator("token_url", "device_url", "authorize_url")
    @classmethod
    def _endpoints_of_own(cls, url: str, info: ValidationInfo) -> str:
        own = info.data.get("provider") == providers.OWN
        if url and not own and "provider" in info.data:
            raise ValueError(
                f'where {info.data["provider"]} answers is known. Leave the key out, or write provider = "own"'
            )
        if own and not url and info.field_name == "token_url":
            raise ValueError("write where your provider hands out tokens, https://…/token")
        return url


class Login(Table):
    """The keys of a server that one logs in to. The order matters: a later key is checked against earlier ones."""

    host: Host = Field(examples=["mail.example.org"])
    port: Port | None = None  # None: as TLS wants it
    tls: Annotated[str, PlainValidator(values.one_of("implicit", "none"))] = "implicit"
    ca_file: Text = ""
    password_file: Text = ""
    password_env: Annotated[str, PlainValidator(lambda v: v and values.variable(v))] = ""
    cert_file: Text = ""
    key_file: Text = ""
    oauth2: OAuth2Table | None = None

    @field_validator("tls")
    @classmethod
    def _plain_only_at_home(cls, tls: str, info: ValidationInfo) -> str:
        if tls == "none" and "host" in info.data and not values.is_loopback(info.data["host"]):
            raise ValueError(
                f'{info.data["host"]} is another machine, the password would travel readable. Write "implicit"'
            )
        return tls

    @field_validator("password_env")
    @classmethod
    def _one_source(cls, password_env: str, info: ValidationInfo) -> str:
        if password_env and info.data.get("password_file"):
            raise ValueError("the password has one source. Keep password_file or password_env, not both")
        return password_env

    @field_validator("cert_file")
    @classmethod
    def _shown_in_tls(cls, name: str, info: ValidationInfo) -> str:
        if name and info.data.get("tls") == "none":
            raise ValueError(
                'without TLS no certificate is shown. Write tls = "implicit", or leave the key out'
            )
        return name

    @field_validator("key_file")
    @classmethod
    def _key_of_something(cls, name: str, info: ValidationInfo) -> str:
        if name and not info.data.get("cert_file") and "cert_file" in info.data:
            raise ValueError("this is the key of a certificate. Name that in cert_file")
        return name

    @field_validator("oauth2")
    @classmethod
    def _instead_of_a_password(cls, table: OAuth2Table | None, info: ValidationInfo) -> OAuth2Table | None:
        rival = next((key for key in ("password_file", "password_env") if info.data.get(key)), "")
        if table is not None and rival:
            raise ValueError(f"there is one way to log in. Keep {rival} or [oauth2], not both")
        return table


class ImapTable(Login):
    user: Words = Field(examples=["support"])
    folder: Words = "INBOX"
    after: Annotated[str, PlainValidator(values.after)] = "seen"
    poll: Annotated[timedelta, PlainValidator(values.interval)] = timedelta(seconds=60)


class SmtpTable(Login):
    tls: Annotated[str, PlainValidator(values.one_of("implicit", "starttls", "none"))] = "implicit"
    user: Text = Field(default="", validate_default=True)  # "": no login
    connections: Annotated[int, PlainValidator(values.number(1, 20))] = 2
    hello: Text = ""

    @field_validator("user")
    @classmethod
    def _whose_token(cls, user: str, info: ValidationInfo) -> str:
        if not user and info.data.get("oauth2"):
            raise ValueError("a token lets somebody in. Write whom: the mailbox that sends")
        return user


class MailboxTable(Table):
    address: Mail = Field(examples=["support@example.org"])
    aliases: list[Mail] = []
    project: Key | None = None  # None: the first one
    language: Language | None = None  # None: the desk's
    imap: ImapTable


class TrustTable(Table):
    authserv_id: Text = ""
    own_hosts: list[Host] = []
    dkim: Annotated[bool, PlainValidator(values.flag)] = True
    nameservers: list[Annotated[tuple[str, int], PlainValidator(values.nameserver)]] = []
    subaddress: Annotated[str, PlainValidator(values.one_of("", "+", "-"))] = ""
    openpgp_keys: Text = ""  # a folder; "": none


class WebTable(Table):
    listen: Annotated[str, PlainValidator(values.listen)] = "127.0.0.1:8025"
    public_counts: Flag = False
    session_idle: Annotated[timedelta, PlainValidator(values.interval)] = timedelta(days=7)
    session_lasts: Annotated[timedelta, PlainValidator(values.interval)] = timedelta(days=30)
    trusted_proxies: list[Annotated[str, PlainValidator(values.network)]] = []


class AgentTable(Table):
    address: Mail = Field(examples=["ann@example.org"])
    name: Text = ""
    role: Annotated[str, PlainValidator(values.one_of("agent", "admin"))] = "agent"
    also: list[Mail] = []
    projects: list[Key] = []  # none: all
    language: Language | None = None  # None: the desk's
    timezone: Zone | None = None  # None: the desk's
    openpgp: Annotated[str, PlainValidator(values.fingerprint)] = ""  # "": whatever key_file holds
    openpgp_key_file: Text = ""  # "": in [trust] openpgp_keys


class ProjectTable(Table):
    key: Key = Field(examples=["support"])
    name: Text = ""  # "": the key with a capital
    notify: list[Mail] = []  # none: all the project's agents


class CompanyTable(Table):
    name: Words = Field(examples=["Customer Ltd"])
    domains: Annotated[list[Annotated[str, PlainValidator(values.company_domain)]], Field(min_length=1)] = (
        Field(examples=[["customer.example"]])
    )
    shared: Flag = False


class LimitsTable(Table):
    unproven_per_address: RateLimit = Rate(3, timedelta(hours=1))
    unproven_per_domain: RateLimit = Rate(200, timedelta(minutes=10))
    unproven_in_all: RateLimit = Rate(2000, timedelta(minutes=10))
    automatic_per_ticket: Annotated[int | None, PlainValidator(values.count)] = 5
    tickets_per_sender: RateLimit = Rate(20, timedelta(minutes=10))
    same_words: RateLimit = Rate(1, timedelta(hours=24))
    mail_size: Annotated[int | None, PlainValidator(values.size)] = 25 * 2**20
    free_disk: Annotated[int | None, PlainValidator(values.size)] = 200 * 2**20


class LogTable(Table):
    format: Annotated[str, PlainValidator(values.one_of("auto", "json", "console"))] = "auto"


class File(Table):
    """The whole file."""

    desk: DeskTable = DeskTable()
    database: DatabaseTable = DatabaseTable()
    storage: StorageTable = StorageTable()
    mailbox: list[MailboxTable] = Field(min_length=1)
    smtp: SmtpTable
    trust: TrustTable = TrustTable()
    web: WebTable = WebTable()
    agent: list[AgentTable] = []
    project: list[ProjectTable] = []
    company: list[CompanyTable] = []
    limits: LimitsTable = LimitsTable()
    log: LogTable = LogTable()
