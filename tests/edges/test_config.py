"""The operator's file: what may stand in it, and how plainly it is said what may not."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets import config
from mailtickets.config import tables, values
from mailtickets.core.mail import Address
from mailtickets.core.person import Role
from mailtickets.core.policy import Rate
from mailtickets.core.workflow import Meaning

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
CANARY = "kanarienvogel-9"

SMALL = """
[[mailbox]]
address = "support@example.org"
[mailbox.imap]
host = "imap.example.org"
user = "support"
[smtp]
host = "smtp.example.org"
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


def _load(folder: Path, text: str = SMALL) -> config.Settings:
    return config.load(_write(folder, text), with_secrets=False)


def _errors(folder: Path, text: str, *, with_secrets: bool = False) -> list[str]:
    with pytest.raises(config.ConfigError) as refused:
        config.load(_write(folder, text), with_secrets=with_secrets)
    return str(refused.value).splitlines()


# What is built


def test_everything_but_the_servers_may_be_left_out(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert settings.state_dir == tmp_path / "state"
    assert settings.database_url == f"sqlite:///{tmp_path}/state/mailtickets.db"
    assert settings.blobs == tmp_path / "state/blobs"
    assert settings.secret_files == (tmp_path / "state/secret",)
    assert (settings.mailboxes[0].imap.port, settings.smtp.port) == (993, 465)
    assert settings.policy.url == "http://127.0.0.1:8025"
    assert settings.policy.limits.unproven_per_address == Rate(3, timedelta(hours=1))
    assert settings.policy.limits.mail_size == 25 * 1024 * 1024
    assert [p.key for p in settings.policy.projects] == ["support"]
    assert settings.policy.mailboxes[0].project == "support"


def test_the_simple_preset_has_the_agreed_ids(tmp_path: Path) -> None:
    workflow = _load(tmp_path).policy.workflow
    assert [s.id for s in workflow.statuses] == ["new", "open", "waiting", "resolved", "closed"]
    assert [c.id for c in workflow.priorities] == ["low", "normal", "high", "urgent"]
    assert [c.id for c in workflow.types] == ["question", "problem", "task"]
    assert [c.id for c in workflow.resolutions] == ["fixed", "answered", "wont-fix", "duplicate", "invalid"]


def test_the_simple_preset_agrees_with_itself(tmp_path: Path) -> None:
    workflow = _load(tmp_path).policy.workflow
    for id in (workflow.first_status, workflow.on_answer, workflow.on_reply, workflow.on_reopen):
        assert workflow.status(id)
    assert workflow.closing.meaning is Meaning.CLOSED
    assert workflow.default_priority in {c.id for c in workflow.priorities}
    assert workflow.default_type in {c.id for c in workflow.types}


def test_agents_inherit_the_desks_language_and_time_zone(tmp_path: Path) -> None:
    people = '[desk]\ntimezone = "Europe/Oslo"\n[[agent]]\naddress = "ann@example.org"\nname = "Ann"\n'
    (ann,) = _load(tmp_path, people + SMALL).staff
    assert (ann.role, ann.language, ann.timezone) == (Role.AGENT, "en", "Europe/Oslo")
    assert ann.address.shown == "Ann"


def test_admins_are_the_operators_unless_others_are_named(tmp_path: Path) -> None:
    admin = '[[agent]]\naddress = "ann@example.org"\nrole = "admin"\n'
    assert _load(tmp_path, SMALL + admin).policy.operators == (Address("ann@example.org"),)
    named = '[desk]\noperators = ["ops@example.org"]\n' + SMALL + admin
    assert _load(tmp_path, named).policy.operators == (Address("ops@example.org"),)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sqlite:///mailtickets.db", "sqlite:///{state}/mailtickets.db"),
        ("sqlite:////srv/desk.db", "sqlite:////srv/desk.db"),
        ("postgresql://desk@db/tickets", "postgresql+psycopg://desk@db/tickets"),
    ],
)
def test_database_urls(tmp_path: Path, written: str, expected: str) -> None:
    found = _load(tmp_path, f'[database]\nurl = "{written}"\n{SMALL}').database_url
    assert found == expected.format(state=tmp_path / "state")


@pytest.mark.parametrize(
    ("tls", "imap", "smtp"), [("implicit", 993, 465), ("none", 143, 25)], ids=["implicit", "none"]
)
def test_ports_follow_tls(tmp_path: Path, tls: str, imap: int, smtp: int) -> None:
    text = SMALL.replace("imap.example.org", "localhost").replace("smtp.example.org", "127.0.0.1")
    settings = _load(tmp_path, re.sub(r"(host = .*)", rf'\1\ntls = "{tls}"', text))
    assert (settings.mailboxes[0].imap.port, settings.smtp.port) == (imap, smtp)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("reopen", None), ("follow-up", timedelta(0)), ("reopen-within:14d", timedelta(days=14))],
)
def test_what_a_reply_to_a_closed_ticket_does(
    tmp_path: Path, written: str, expected: timedelta | None
) -> None:
    text = f'[desk]\non_reply_to_closed = "{written}"\n{SMALL}'
    assert _load(tmp_path, text).policy.reopen_within == expected


def test_none_lifts_every_limit(tmp_path: Path) -> None:
    names = tables.LimitsTable.model_fields
    found = _load(tmp_path, SMALL + "[limits]\n" + "".join(f'{n} = "none"\n' for n in names))
    # Room on the disk is nothing that a decision depends on.
    held = [found if name == "free_disk" else found.policy.limits for name in names]
    assert [getattr(where, name) for where, name in zip(held, names, strict=True)] == [None] * len(names)


# What is refused, and how


def _at(table: str, line: str) -> str:
    """The small config with one line put into a table."""
    header = f"[[{table}]]" if table == "mailbox" else f"[{table}]"
    if header in SMALL:
        return SMALL.replace(header, f"{header}\n{line}")
    return f"{SMALL}{header}\n{line}\n"


@pytest.mark.parametrize(
    ("table", "line", "path", "advice"),
    [
        # keys
        ("desk", 'naem = "x"', 'desk.naem = "x"', 'Did you mean "name"?'),
        ("mailbox.imap", "prot = 993", "mailbox[0].imap.prot = 993", 'Did you mean "port"?'),
        ("mailbox", 'host = "a"', "mailbox[0].host", "belongs in [mailbox.imap] or [smtp]"),
        ("smpt", 'host = "a"', "smpt:", 'Did you mean "smtp"?'),
        ("desk", r'"a\nb" = 1', r'desk."a\nb" = 1', "Known here"),
        ("sla", 'first = "1h"', "sla:", "Known here: desk, database"),
        # values
        ("desk", "name = 5", "desk.name = 5", "write text in quotes"),
        ("desk", 'name = ""', 'desk.name = ""', "leave the key out"),
        ("desk", 'public_url = "desk.example.org"', "desk.public_url", "https://desk.example.org"),
        ("desk", 'preset = "trac"', 'desk.preset = "trac"', 'write "simple"'),
        ("desk", 'timezone = "Europe/Pariss"', "desk.timezone", '"Europe/Paris"'),
        ("desk", 'ticket_tag = "[#]"', "desk.ticket_tag", "{number}"),
        ("desk", 'ticket_tag = "{number}"', "desk.ticket_tag", "mark"),
        ("desk", 'ticket_tag = "[#{number}{x}]"', "desk.ticket_tag", "{number}"),
        ("desk", "number_start = 0", "desk.number_start = 0", "from 1"),
        ("desk", 'undo_window = "1 minute"', "desk.undo_window", '"60s"'),
        ("desk", 'on_reply_to_closed = "reopen-within:x"', "desk.on_reply_to_closed", "reopen-within:14d"),
        ("desk", "secret_file = []", "desk.secret_file = []", "at least one"),
        ("desk", 'operators = "ann@example.org"', "desk.operators", "square brackets"),
        ("desk", 'operators = ["Ann <ann@example.org>"]', "desk.operators[0]", '"ann@example.org"'),
        ("database", 'url = "mysql://h/d"', "database.url", "postgresql://"),
        ("trust", 'dkim = "yes"', "trust.dkim", "true or false"),
        ("trust", 'nameservers = ["dns.example.org"]', "trust.nameservers[0]", '"127.0.0.1:5353"'),
        ("storage", 'url = "s3://bucket"', "storage.url", '"file:blobs"'),
        ("mailbox", 'project = "sale"', 'mailbox[0].project = "sale"', "no [[project]] has this key"),
        ("mailbox.imap", "port = 70000", "mailbox[0].imap.port = 70000", "from 1 to 65535"),
        ("mailbox.imap", 'port = "993"', 'mailbox[0].imap.port = "993"', "without quotes"),
        ("mailbox.imap", "port = true", "mailbox[0].imap.port = true", "whole number"),
        ("mailbox.imap", 'tls = "none"', "mailbox[0].imap.tls", "imap.example.org is another machine"),
        ("mailbox.imap", 'tls = "starttls"', "mailbox[0].imap.tls", '"implicit" or "none"'),
        ("mailbox.imap", 'after = "delete"', "mailbox[0].imap.after", "move:Processed"),
        ("mailbox.imap", 'poll = "0s"', "mailbox[0].imap.poll", '"1s"'),
        ("smtp", 'tls = "startls"', "smtp.tls", 'Did you mean "starttls"?'),
        ("smtp", 'tls = "none"', "smtp.tls", "smtp.example.org is another machine"),
        ("smtp", "connections = 0", "smtp.connections = 0", "from 1 to 20"),
        ("web", 'listen = "8025"', "web.listen", "127.0.0.1:8025"),
        ("web", 'listen = "unix:page.sock"', "web.listen", "unix:/run/mailtickets/page.sock"),
        ("web", 'listen = "unix:/run/page.sock"', "web.listen", "[desk] public_url"),
        ("web", f'listen = "unix:/{"x" * 107}"', "web.listen", "at most 107 octets"),
        ("web", 'trusted_proxies = ["proxy.example.org"]', "web.trusted_proxies[0]", "127.0.0.1"),
        ("web", 'session_idle = "0s"', "web.session_idle", "1s"),
        ("web", 'public_counts = "yes"', "web.public_counts", "true or false"),
        ("limits", "tickets_per_sender = 20", "limits.tickets_per_sender = 20", '"20/10m"'),
        ("limits", 'mail_size = "25 apples"', "limits.mail_size", '"25 MiB"'),
        ("log", 'format = "xml"', "log.format", '"json"'),
    ],
)
def test_a_wrong_line_is_named_with_path_value_and_advice(
    tmp_path: Path, table: str, line: str, path: str, advice: str
) -> None:
    (error,) = _errors(tmp_path, _at(table, line))
    assert error.startswith(path)
    assert advice in error


@pytest.mark.parametrize(
    ("text", "path", "advice"),
    [
        ("", "mailbox:", "Add [[mailbox]]"),
        (SMALL.replace('host = "imap.example.org"', ""), "mailbox[0].imap.host", 'Write host = "'),
        (SMALL.replace('user = "support"', ""), "mailbox[0].imap.user", 'Write user = "support"'),
        (SMALL.replace("[smtp]", "[web]"), "smtp:", "Add [smtp]"),
        ('[[mailbox]]\naddress = "a@example.org"\n', "mailbox[0].imap:", "Add [mailbox.imap]"),
        (SMALL.replace("[[mailbox]]", "[mailbox]"), "mailbox:", "Write [[mailbox]] with two brackets"),
        ('smtp = "x"\n' + SMALL.replace("[smtp]", "[web]"), 'smtp = "x"', "Write [smtp]"),
    ],
)
def test_what_is_missing_is_named_with_what_to_write(
    tmp_path: Path, text: str, path: str, advice: str
) -> None:
    errors = _errors(tmp_path, text)
    assert any(error.startswith(path) and advice in error for error in errors), errors


COMPANY = '[[company]]\nname = "Customer Ltd"\n'
AGENT = '[[agent]]\naddress = "ann@example.org"\n'


@pytest.mark.parametrize(
    ("more", "path", "advice"),
    [
        (AGENT + AGENT, "agent[1].address", "agent[0].address"),
        (COMPANY + 'domains = ["Gmail.com"]', "company[0].domains[0]", "everybody can have an address there"),
        (COMPANY + 'domains = ["ann@customer.example"]', "company[0].domains[0]", '"customer.example"'),
        (COMPANY + 'domains = ["example"]', "company[0].domains[0]", '"customer.example"'),
        (COMPANY + 'domains = ["a.example", "A.example"]', "company[0].domains[1]", "company[0].domains[0]"),
        (COMPANY + "domains = []", "company[0].domains", "domains"),
        (COMPANY, "company[0].domains", 'domains = ["customer.example"]'),
        (AGENT + 'also = ["ANN@example.org"]\n', "agent[0].also[0]", "agent[0].address"),
        (AGENT.replace("ann", "support"), "agent[0].address", "the desk would write to itself"),
        (AGENT + 'projects = ["sale"]\n', "agent[0].projects[0]", "Known: support"),
        (
            '[[project]]\nkey = "support"\nnotify = ["support@example.org"]',
            "project[0].notify[0]",
            "the desk would",
        ),
        ('[[project]]\nkey = "a"\n[[project]]\nkey = "a"\n', "project[1].key", "project[0].key"),
        (SMALL.split("[smtp]")[0], "mailbox[1].address", "mailbox[0].address"),
        (SMALL.split("[smtp]")[0].replace("support@", "sales@"), "mailbox[1].imap", "aliases"),
    ],
)
def test_what_two_tables_disagree_on_is_named(tmp_path: Path, more: str, path: str, advice: str) -> None:
    errors = _errors(tmp_path, SMALL + more)
    assert any(error.startswith(path) and advice in error for error in errors), errors


def test_all_errors_come_out_at_once(tmp_path: Path) -> None:
    text = """
    [desk]
    naem = "x"
    [[mailbox]]
    address = "nobody"
    project = "sale"
    [mailbox.imap]
    host = "imap.example.org"
    port = 0
    tls = "none"
    [smtp]
    [[agent]]
    address = "ann@example.org"
    [[agent]]
    address = "ann@example.org"
    """
    paths = [re.split("[ :]", error)[0] for error in _errors(tmp_path, text)]
    assert sorted(paths) == sorted(
        [
            "desk.naem",
            "mailbox[0].address",
            "mailbox[0].imap.port",
            "mailbox[0].imap.tls",
            "mailbox[0].imap.user",
            "mailbox[0].project",
            "smtp.host",
            "agent[1].address",
        ]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[desk]\nname = Support\n", "line 2"),
        ("[desk]\n[desk]\n", "line 2"),
        ("[desk]\nname = 'x'\nname = 'y'\n", "line 3"),
    ],
)
def test_a_slip_in_toml_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (error,) = _errors(tmp_path, text)
    assert said in error


def test_a_file_in_another_charset_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"[desk]\nname = 'B\xfcro'\n")
    with pytest.raises(config.ConfigError, match="line 2: this is not UTF-8"):
        config.load(path)


def test_a_file_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="mailtickets init"):
        config.load(tmp_path / "config.toml")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
VALIDATORS = [
    values.text, values.words, values.flag, values.number(1, 5), values.one_of("a", "b"), values.address, values.duration,
    values.interval, values.rate, values.count, values.size, values.host, values.listen, values.web_url,
    values.database_url, values.folder_url, values.after, values.reopening, values.tag, values.timezone, values.key, values.variable,
]  # fmt: skip


@pytest.mark.parametrize("validator", VALIDATORS)
@given(value=json_like)
def test_whatever_is_written_is_taken_or_refused_in_words(validator: Any, value: object) -> None:
    refusal = None
    try:
        validator(value)
    except ValueError as error:
        refusal = str(error)
    assert refusal is None or "write" in refusal


# Secrets


def _with_passwords(folder: Path) -> str:
    (folder / "imap-password").write_text(f"{CANARY}\n")
    (folder / "smtp-password").write_text(f"{CANARY}\r\n")
    return SMALL + 'user = "support"\n'


def test_passwords_are_read_from_beside_the_config(tmp_path: Path) -> None:
    settings = config.load(_write(tmp_path, _with_passwords(tmp_path)))
    assert settings.mailboxes[0].imap.password == CANARY
    assert settings.smtp.password == CANARY


def test_passwords_are_read_from_systemds_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    text = _with_passwords(credentials)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert config.load(_write(tmp_path, text)).smtp.password == CANARY


@pytest.mark.skipif(os.geteuid() != 0, reason="left out: root")
def test_a_password_that_only_root_may_read_is_taken_from_the_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        etc, credentials = Path(folder, "etc"), Path(folder, "credentials")
        for place, mode in ((etc, 0o600), (credentials, 0o644)):
            place.mkdir()
            (place / "imap-password").write_text(f"{CANARY} of {place.name}\n")
            (place / "imap-password").chmod(mode)
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
        path = _write(etc, SMALL)
        os.seteuid(65534)
        try:
            settings = config.load(path)
        finally:
            os.seteuid(0)
    assert settings.mailboxes[0].imap.password == f"{CANARY} of credentials"


def test_passwords_are_read_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAP_PASSWORD", CANARY)
    settings = config.load(_write(tmp_path, _at("mailbox.imap", 'password_env = "IMAP_PASSWORD"')))
    assert settings.mailboxes[0].imap.password == CANARY


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no file that can be read"), (b"", "the file is empty"), (b"\xff\xfe", "the file is not text")],
)
def test_a_password_that_cannot_be_read_names_its_file(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "imap-password").write_bytes(content)
    (error,) = _errors(tmp_path, SMALL, with_secrets=True)
    assert error.startswith('mailbox[0].imap.password_file = "imap-password"')
    assert said in error


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("smtp", 'ca_file = "ca.pem"', "there is no file"),
        ("mailbox.imap", 'ca_file = "ca.pem"', "there is no file"),
        ("desk", 'templates_dir = "words"', "there is no folder"),
    ],
)
def test_a_file_that_is_named_must_be_there(tmp_path: Path, table: str, line: str, said: str) -> None:
    (tmp_path / "imap-password").write_text(CANARY)
    (error,) = _errors(tmp_path, _at(table, line), with_secrets=True)
    assert said in error


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert _load(tmp_path, f"\ufeff{SMALL}").mailboxes


def test_a_password_has_one_source(tmp_path: Path) -> None:
    (error,) = _errors(tmp_path, _at("mailbox.imap", 'password_env = "A"\npassword_file = "b"'))
    assert "not both" in error


def test_settings_show_no_secret(tmp_path: Path) -> None:
    text = f'[database]\nurl = "postgresql://desk:{CANARY}@db/tickets"\n' + _with_passwords(tmp_path)
    settings = config.load(_write(tmp_path, text))
    assert CANARY in settings.database_url
    assert CANARY not in repr(settings)
    assert CANARY in config.hidden(settings)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("mailbox.imap", f'password = "{CANARY}"'),
        ("mailbox.imap", f'pasword = "{CANARY}"'),
        ("smtp", f'passwort = "{CANARY}"'),
        ("desk", f'secret = "{CANARY}"'),
        ("database", f'url = "postgres://desk:{CANARY}@db/x"'),
        ("database", f'url = "postgres://desk:{CANARY}@a@db/x"'),
        ("database", f'urll = "postgresql://desk:{CANARY}@db/x"'),
    ],
)
def test_errors_show_no_secret(tmp_path: Path, table: str, line: str) -> None:
    (error,) = _errors(tmp_path, _at(table, line))
    assert CANARY not in error


def test_the_secret_is_made_once_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    secret = config.secrets(settings)
    assert config.secrets(settings) == secret
    assert len(secret.keys[0]) >= 32
    assert stat.S_IMODE(settings.secret_files[0].stat().st_mode) == 0o600
    assert list(settings.state_dir.iterdir()) == [settings.secret_files[0]]


def test_after_rotation_the_new_key_signs_and_the_old_one_still_verifies(tmp_path: Path) -> None:
    old = config.secrets(_load(tmp_path)).keys[0]
    rotated = config.secrets(_load(tmp_path, '[desk]\nsecret_file = ["new", "secret"]\n' + SMALL))
    assert rotated.keys[1] == old
    assert rotated.keys[0] != old


def test_an_old_key_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    settings = _load(tmp_path, '[desk]\nsecret_file = ["new", "old"]\n' + SMALL)
    with pytest.raises(config.ConfigError, match="old cannot be read"):
        config.secrets(settings)


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    settings.state_dir.mkdir()
    settings.secret_files[0].write_text("short\n")
    with pytest.raises(config.ConfigError, match="less than 32"):
        config.secrets(settings)


# Finding it


def test_the_config_is_the_option_else_here_else_in_etc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.find(Path("x.toml")) == Path("x.toml")
    _write(tmp_path, SMALL)
    assert config.find(None) == Path("config.toml")


# What should be known


def test_no_evidence_no_agents_and_an_open_page_are_concerns(tmp_path: Path) -> None:
    said = " ".join(config.concerns(_load(tmp_path, SMALL + '[web]\nlisten = "0.0.0.0:80"\n')))
    assert "authserv_id is empty" in said
    assert "There is no [[agent]]" in said
    assert "sign-in links travel readable" in said


BEHIND_TLS = '[desk]\npublic_url = "https://desk.example.org"\n'


@pytest.mark.parametrize(
    ("web", "is_told"),
    [
        ("", True),
        ('trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]', False),
        ('listen = "unix:/run/mailtickets/page.sock"', False),
        ('listen = ""', False),
    ],
)
def test_a_web_server_in_front_that_nobody_named_is_a_concern(
    tmp_path: Path, web: str, is_told: bool
) -> None:
    said = " ".join(config.concerns(_load(tmp_path, f"{BEHIND_TLS}{SMALL}\n[web]\n{web}\n")))
    assert ("trusted_proxies is empty" in said) is is_told


def test_a_complete_desk_raises_no_concern() -> None:
    assert config.concerns(config.load(EXAMPLE, with_secrets=False)) == ()


# The example


def _keys(table: type[tables.Table], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, info in table.model_fields.items():
        inner = next((a for a in (info.annotation, *get_args(info.annotation)) if _is_table(a)), None)
        if inner is None:
            yield (*path, name), info
        else:
            yield from _keys(inner, (*path, name))


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, tables.Table)


ALL_KEYS = list(_keys(tables.File))


@pytest.mark.parametrize(("path", "info"), ALL_KEYS, ids=[".".join(path) for path, _ in ALL_KEYS])
def test_the_example_holds_every_key_with_its_default_or_says_so(path: tuple[str, ...], info: Any) -> None:
    line = _line(path)
    comment = line.partition("#")[2] if not line.startswith("#") else "default"
    if any(word in comment for word in ("required", "example", "default")):
        return
    found: Any = tables.File.model_validate(tomllib.loads(EXAMPLE.read_text("utf-8")))
    for step in path:
        found = getattr(found[0] if isinstance(found, list) else found, step)
    assert found == info.default or info.default == "", line


def _line(path: tuple[str, ...]) -> str:
    """The line of a key in the example, commented out or not."""
    table = re.escape(".".join(path[:-1]))
    section = re.search(
        rf"^(?:# )?\[+{table}\]+.*?(?=^(?:# )?\[|\Z)", EXAMPLE.read_text("utf-8"), re.M | re.S
    )
    assert section, f"[{table}] is missing"
    line = re.search(rf"^(?:# )?{path[-1]} = .*$", section[0], re.M)
    assert line, f"{'.'.join(path)} is missing"
    return line[0]


def test_the_example_is_valid() -> None:
    settings = config.load(EXAMPLE, with_secrets=False)
    assert settings.policy.name == "Example Support"
    assert settings.policy.trust.authserv_id == "mx.example.org"


def test_the_example_and_the_tables_agree_on_every_limit() -> None:
    found = tables.File.model_validate(tomllib.loads(EXAMPLE.read_text("utf-8")))
    assert found.limits == tables.LimitsTable()
