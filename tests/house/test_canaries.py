"""No secret of the desk shows anywhere: neither in what it writes, nor in what it says, nor in what it mails."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from mailtickets import config
from tests import dovecot, openpgp, postgres
from tests.dovecot import PASSWORD, Dovecot
from tests.house.canaries import Parrot, files, forms, leaks, processes, tables
from tests.house.house import ANN, LEE, SALES, SUPPORT, House
from tests.loopback import HOST, listens, wait_until
from tests.openpgp import Gnupg
from tests.postgres import Postgres
from tests.provider import CLIENT, SECRET, Provider
from tests.sink import Sink

SMTP = 'canary smtp \\ 5d0c"7e'
OTHER = "canary-imap-env-71aa3f"
DATABASE = "canary/data base@b44e19"
PHRASE = "canary-phrase-6f2e11"
KEPT = ("own-key", "imap-password", "smtp-password", "database-password", "client-secret", "refresh-token")
HELD = (*KEPT, "state/secret", "state/tokens")  # files that are there to hold a secret
MORE = """
[[mailbox]]
address = "{sales}"
[mailbox.imap]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{sales}"
password_env = "SALES_PASSWORD"

[[mailbox]]
address = "cloud@example.org"
[mailbox.imap]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "cloud@example.org"
[mailbox.imap.oauth2]
provider = "own"
client_id = "{client}"
client_secret_file = "client-secret"
refresh_token_file = "refresh-token"
scope = "mail"
token_url = "{token_url}"
"""
COMMANDS = (
    ("check",),
    ("check", "--json"),
    ("audit",),
    ("ledger", "--json"),
    ("outbox", "list", "--json"),
    ("quarantine", "list"),
    ("held", "list"),
    ("ticket", "show", "1"),
    ("explain", "1"),
    ("db", "upgrade"),
    ("ticket", "show", "nonsense"),
)


@dataclass
class Scene:
    """A desk with a secret of each kind, and servers that repeat what they are told."""

    house: House
    sink: Sink
    provider: Provider
    secrets: dict[str, str]
    database: str  # "" for SQLite

    def said(self, *words: str) -> bytes:
        done = self.house.run(*words)
        return done.stdout + done.stderr

    def left(self, said: bytes) -> list[str]:
        """Every secret in everything that the desk has left behind so far."""
        of_provider = {f"token {n}": one for n, one in enumerate(sorted(self.provider.ever))}
        places = [
            ("output", said),
            *files(self.house.folder, but=HELD),
            *((f"mail to {kept.recipients}", kept.octets) for kept in self.sink.mails),
        ]
        if self.database:
            places += tables(self.database)
        return leaks(self.secrets | of_provider, places)


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    why = (
        dovecot.missing()
        or openpgp.missing()
        or (postgres.missing() if request.param == "postgresql" else "")
    )
    if why:
        pytest.skip(why)
    monkeypatch.setenv("SALES_PASSWORD", OTHER)
    monkeypatch.setenv("PHRASE", PHRASE)
    with (
        Dovecot(SUPPORT) as server,
        Sink(users={"desk": SMTP}) as sink,
        Provider(rotates=True) as provider,
        Parrot() as parrot,
    ):
        more = MORE.format(sales=SALES, port=parrot.port, client=CLIENT, token_url=provider.token_url)
        desk = 'alarm_after = "1s"\nopenpgp_key_file = "own-key"\nopenpgp_passphrase_env = "PHRASE"'
        with House(tmp_path, server, sink.port, desk=desk, more=more, page=True) as house:
            key = _own_key(tmp_path / "own-key")
            text = house.config.read_text()
            house.config.write_text(
                text.replace(f"port = {sink.port}\n", f'port = {sink.port}\nuser = "desk"\n')
            )
            for name, secret in {
                "smtp-password": SMTP,
                "client-secret": SECRET,
                "database-password": DATABASE,
            }.items():
                (tmp_path / name).write_text(secret)
            (tmp_path / "refresh-token").write_text(provider.sign_in("cloud@example.org"))
            secrets = {"imap": PASSWORD, "imap by environment": OTHER, "smtp": SMTP, "oauth": SECRET}
            secrets |= {"passphrase": PHRASE, "private key": key}
            if request.param == "sqlite":
                yield Scene(house, sink, provider, secrets, "")
                return
            with Postgres() as cluster:
                url = cluster.database().replace("+psycopg", "")
                table = f'url = "{url}"\npassword_file = "database-password"'
                house.config.write_text(
                    house.config.read_text().replace('url = "sqlite:///mailtickets.db"', table)
                )
                yield Scene(house, sink, provider, secrets | {"database": DATABASE}, url)


def _own_key(file: Path) -> str:
    """A private key with a passphrase; a line of it that nobody can mistake."""
    with Gnupg() as gnupg:
        gnupg.run("--quick-gen-key", SUPPORT, "ed25519", "sign", "never", passphrase=PHRASE)
        armour = gnupg.run("--armor", "--export-secret-keys", passphrase=PHRASE)
    file.write_bytes(armour)
    return armour.decode().splitlines()[4]


@pytest.mark.timeout(600)  # two starts of a service, and every command of the operator's beside it
def test_no_secret_shows_anywhere(scene: Scene) -> None:
    house, sink, provider = scene.house, scene.sink, scene.provider
    said = scene.said("check")  # before there is anything
    if scene.database:
        said += scene.said("db", "upgrade")
    sink.script("AUTH", *[f"535 5.7.8 {SMTP} is not the password of desk"] * 2)
    house.start(PYTHONASYNCIODEBUG="1", PYTHONWARNINGS="default")
    scene.secrets["desk"] = (house.folder / "state" / "secret").read_text().strip()
    house.write(LEE, "Printer", "It prints blank pages.")
    house.wait_for_ledger(1)
    # The two other inboxes are refused with all that was said to the server; the operators hear of it.
    wait_until(lambda: house.log.count('"event":"mailbox down"') >= 2, "two inboxes to be down", 60)
    provider.script(
        400, {"error": "invalid_grant", "error_description": f"{SECRET} {next(iter(provider.refresh))}"}
    )
    wait_until(lambda: len(sink.mails) >= 4, "acknowledgement, notices and alarms", 90)
    said += b"".join(scene.said(*words) for words in COMMANDS)
    said += b"".join(_pages(house))
    of_processes = list(processes(house.pid))
    assert len(of_processes) >= 6  # the daemon, two readers, the window
    assert leaks(scene.secrets, of_processes) == []

    # A start with a wrong password, an error of our own with its traceback, and the database gone.
    house.stop()
    (house.folder / "smtp-password").write_text("canary-wrong-9b")
    scene.secrets["wrong"] = "canary-wrong-9b"
    house.start()
    house.write(LEE, "Scanner", "It hums.")
    wait_until(lambda: house.log.count("535") >= 2, "the relay to refuse", 60)
    _break(scene)
    said += b"".join(scene.said(*words) for words in COMMANDS[:3])
    # It was all said to the desk, and all of it was noted but for the secrets.
    for heard in ("refused: LOGIN", "535 5.7.8 … is not the password", "invalid_grant (“… …”)", "Traceback"):
        assert heard in (house.log + said.decode()).replace("\\", "")
    assert scene.left(said) == []


def _pages(house: House) -> Iterator[bytes]:
    link = house.run("link", ANN).stdout.decode().split()[-1]
    with httpx.Client(base_url=f"http://{HOST}:{house.page}", follow_redirects=True) as browser:
        path = link.partition(str(house.page))[2]
        yield browser.get(path).content
        browser.post(path)
        for page in (
            "/",
            "/tickets",
            "/ticket/1",
            "/healthz",
            "/metrics",
            "/api/tickets",
            "/api/tickets/1",
            "/no",
        ):
            answer = browser.get(page)
            yield answer.content + repr(answer.headers).encode()


def _break(scene: Scene) -> None:
    """Take a table away under the desk: its next job ends it, with a traceback."""
    if scene.database:
        with psycopg.connect(scene.database, autocommit=True) as link:
            link.execute("DROP TABLE outbox CASCADE")
    else:
        with sqlite3.connect(scene.house.folder / "state" / "mailtickets.db", timeout=30) as ledger:
            ledger.execute("DROP TABLE outbox")
    scene.house.write(LEE, "Plotter", "It smells.")
    wait_until(lambda: "Traceback" in scene.house.log, "the desk to stumble", 60)
    scene.house.stop()


@pytest.mark.parametrize("form", sorted(forms(SMTP)))
def test_the_search_finds_a_secret_in_every_form(form: bytes, tmp_path: Path) -> None:
    """The twin: a search that finds nothing must be able to find something."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "mailtickets.db").write_bytes(os.urandom(5000) + form + os.urandom(5000))
    assert leaks({"smtp": SMTP}, files(tmp_path, but=HELD)) == ["smtp in state/mailtickets.db"]


@pytest.mark.timeout(200)
def test_the_search_finds_what_the_desk_itself_has_told(tmp_path: Path) -> None:
    """The other twin: a desk that is called by its own password tells it in mails, on the page, in database and log."""
    if why := dovecot.missing():
        pytest.skip(why)
    secret = "canary-name-0d7f31"
    with (
        Dovecot(SUPPORT) as server,
        Sink(users={"desk": secret}) as sink,
        House(tmp_path, server, sink.port, page=True) as house,
    ):
        text = house.config.read_text().replace("Example Support", secret)
        house.config.write_text(text.replace(f"port = {sink.port}\n", f'port = {sink.port}\nuser = "desk"\n'))
        (tmp_path / "smtp-password").write_text(secret)
        house.start(MAILTICKETS_TEST=secret)
        house.write(LEE, "Printer", "It prints blank pages.")
        sink.wait_for(2, 60)
        wait_until(lambda: listens(house.page), "the page to open", 60)
        places = [*files(tmp_path / "state", but=("secret",)), *processes(house.pid)]
        places += [("mail", kept.octets) for kept in sink.mails]
        places.append(("page", b"".join(_pages(house))))
        found = " ".join(leaks({"smtp": secret}, places))
        for where in ("mailtickets.db", "mail", "page", "environment"):
            assert f"smtp in {where}" in found


def test_no_value_shows_a_secret_that_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in a traceback, or in a debugger's hands: the settings, and errors about them."""
    monkeypatch.setenv("SALES_PASSWORD", OTHER)
    (tmp_path / "smtp-password").write_text(SMTP)
    (tmp_path / "imap-password").write_text(PASSWORD)
    (tmp_path / "database-password").write_text(DATABASE)
    (tmp_path / "client-secret").write_text(SECRET)
    (tmp_path / "refresh-token").write_text("canary-refresh")
    text = f"""
[database]
url = "postgresql://desk@db.example.org/desk"
password_file = "database-password"
[[mailbox]]
address = "support@example.org"
[mailbox.imap]
host = "imap.example.org"
user = "support"
[smtp]
host = "smtp.example.org"
user = "desk"
{MORE.format(sales=SALES, port=993, client=CLIENT, token_url="https://login.example.org/token").replace('tls = "none"', "")}
"""
    (tmp_path / "config.toml").write_text(text)
    found = config.load(tmp_path / "config.toml")
    config.secrets(found)
    secrets = {"smtp": SMTP, "imap": PASSWORD, "env": OTHER, "database": DATABASE, "oauth": SECRET}
    held = repr([*config.hidden(found)]).encode()
    assert len(leaks(secrets, [("hidden", held)])) == len(secrets)  # all of them are known, to be struck out
    assert leaks(secrets, [("repr", repr(found).encode()), ("str", str(found).encode())]) == []
    assert "SALES_PASSWORD" not in config.left_in_environment(found)

    (tmp_path / "config.toml").write_text(
        text.replace('user = "desk"', f'user = "desk"\npassword = {SMTP!r}')
    )
    with pytest.raises(config.ConfigError) as refused:
        config.load(tmp_path / "config.toml")
    assert leaks(secrets, [("error", f"{refused.value} {refused.value!r}".encode())]) == []


def test_every_secret_may_be_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    for name, secret in {
        "imap-password": PASSWORD,
        "smtp-password": SMTP,
        "database-password": DATABASE,
        "client-secret": SECRET,
        "refresh-token": "canary-refresh",
        "secret": "k" * 40,
    }.items():
        (credentials / name).write_text(secret)
    monkeypatch.setenv("SALES_PASSWORD", OTHER)
    (tmp_path / "config.toml").write_text(
        f"""
[database]
url = "postgresql://desk@db.example.org/desk"
password_file = "database-password"
[[mailbox]]
address = "support@example.org"
[mailbox.imap]
host = "imap.example.org"
user = "support"
[smtp]
host = "smtp.example.org"
user = "desk"
{MORE.format(sales=SALES, port=993, client=CLIENT, token_url="https://login.example.org/token").replace('tls = "none"', "")}
"""
    )
    found = config.load(tmp_path / "config.toml")
    assert found.smtp.password == SMTP
    assert found.mailboxes[0].imap.password == PASSWORD
    assert "canary%2Fdata%20base%40b44e19@db.example.org" in found.database_url
    oauth2 = found.mailboxes[2].imap.oauth2
    assert oauth2 is not None
    assert (oauth2.client_secret, config.refresh_token(oauth2)) == (SECRET, "canary-refresh")
    assert config.secrets(found).keys == (b"k" * 40,)
    assert not (tmp_path / "state").exists()
