"""One house under torture: an inbox, a database, a relay of its own, and the judge.

with Stand() as stand, stand.site("sqlite") as site:
    site.deliver(site.post.some(4))
    site.start(MAILTICKETS_FAILPOINTS="kept=kill"); site.wait_for_death()
    site.judge()                 # what must hold even over a corpse
    site.start(); site.wait_until_quiet(); site.judge(is_quiet=True)
"""

from __future__ import annotations

import hashlib
import imaplib
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import func, select

from mailtickets.config import Settings, load
from mailtickets.config import secrets as desk_secrets
from mailtickets.store import audit, engine
from mailtickets.store.audit import InboxMail, RelayMail, Witness
from mailtickets.store.engine import Store, Tx
from mailtickets.store.schema import IS_STORED, IS_UNSENT, MailState, inbound, outbox
from tests.dovecot import PASSWORD, Dovecot
from tests.house.house import SUPPORT, write_config
from tests.loopback import HOST
from tests.postgres import Postgres
from tests.sink import Sink
from tests.torture.mails import Post
from tests.torture.zygote import Forked, Zygote

USERS = 400  # inboxes: one a site
CONNECTIONS = 2  # to the relay: how many mails may be between dot and answer at a kill
RECOVERS_WITHIN = 60.0  # seconds, I12
PATIENCE = 120.0  # seconds until a test gives up waiting: a loaded machine is no fault of the desk's
LIFTED = """
[limits]
free_disk = "none"
unproven_per_address = "none"
unproven_per_domain = "none"
unproven_in_all = "none"
tickets_per_sender = "none"
same_words = "none"
"""


class Broken(AssertionError):
    """A promise was not kept."""


class Stand:
    """What sites share: one Dovecot, one PostgreSQL, one process that forks."""

    def __init__(self, *, postgres: bool = True) -> None:
        self._with_postgres = postgres
        self._taken = 0
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        users = (f"desk{k}@example.org" for k in range(USERS))
        self.dovecot = self._exits.enter_context(Dovecot(*users))
        self.postgres = self._exits.enter_context(Postgres()) if self._with_postgres else None
        self.zygote = self._exits.enter_context(Zygote())
        self.ready = Path(self._exits.enter_context(tempfile.TemporaryDirectory(prefix="mt-ready-")))
        engine.make_current(f"sqlite:///{self.ready / 'ready.db'}", self.ready)
        self._ready_name = ""
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    @contextmanager
    def site(
        self, kind: str, *, relay_port: int = 0, is_empty: bool = False, folder: Path | None = None
    ) -> Iterator[Site]:
        """A house of its own. `is_empty`: its database is yet to be made."""
        self._taken += 1
        user = f"desk{self._taken % USERS}@example.org"
        own = folder or Path(tempfile.mkdtemp(prefix="mt-site-"))
        url = self._database(kind, own, is_empty)
        with Sink() as sink:
            site = Site(self, own, user, url, sink, relay_port or sink.port)
            try:
                yield site
            except BaseException as error:
                error.add_note(site.log[-6000:])
                raise
            finally:
                site.close()
                if kind != "sqlite" and self.postgres is not None:
                    self.postgres.drop(site.settings.database_url)
                shutil.rmtree(own, ignore_errors=True)

    def _database(self, kind: str, folder: Path, is_empty: bool) -> str:
        if kind == "sqlite":
            state = folder / "state"
            state.mkdir(parents=True, exist_ok=True)
            if not is_empty:
                shutil.copy(self.ready / "ready.db", state / "mailtickets.db")
            return "sqlite:///mailtickets.db"
        assert self.postgres is not None
        if is_empty:
            return self.postgres.database().replace("+psycopg", "")
        if not self._ready_name:
            url = self.postgres.database()
            engine.make_current(url, self.ready)
            self._ready_name = url.rpartition("/")[2]
        return self.postgres.database(like=self._ready_name).replace("+psycopg", "")


class Site:
    """Owns the daemon and knows what it may have done."""

    def __init__(self, stand: Stand, folder: Path, user: str, url: str, sink: Sink, relay_port: int) -> None:
        self.stand, self.folder, self.user, self.sink = stand, folder, user, sink
        self.post = Post(seed=int(user[4:].partition("@")[0]))
        self.kills = 0  # each may have caught a mail a connection between our dot and the relay's answer
        self.restarts = 0  # the daemon ended by itself, and was started again as systemd would
        write_config(
            folder,
            imap_port=stand.dovecot.port,
            smtp_port=relay_port,
            database=url,
            mailboxes=(user,),
            more=LIFTED,
        )
        # The desk's address stays the well-known one, whatever its inbox is called.
        config = (folder / "config.toml").read_text().replace(f'address = "{user}"', f'address = "{SUPPORT}"')
        (folder / "config.toml").write_text(config)
        self.settings: Settings = load(folder / "config.toml")
        self._store: Store | None = None
        self.process: Forked | None = None

    # The daemon

    def start(self, limits: dict[str, int] | None = None, **environment: str) -> None:
        """Forked; whether it comes up is for the caller to see."""
        self.process = self.stand.zygote.start(self.folder / "config.toml", limits, **environment)

    def start_again(self) -> None:
        """What systemd does with one that ended by itself."""
        self.restarts += 1
        time.sleep(0.5)
        self.start()

    def wait_for_death(self, timeout: float = PATIENCE) -> int:
        assert self.process is not None
        code = self.process.wait(timeout)
        self.process = None
        if code == -signal.SIGKILL:
            self.kills += 1
        return code

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.wait_for_death()

    def stop(self) -> None:
        """SIGTERM; it ends by itself, and well."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.wait_for_death()
        if code != 0:
            raise Broken(f"SIGTERM ended it with {code}")

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if self._store is not None:
            self._store.close_sync()
            self._store = None

    @property
    def log(self) -> str:
        path = self.folder / "daemon.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # The mail

    def deliver(self, mails: list[bytes]) -> None:
        self.stand.dovecot.deliver_all(mails, self.user)

    def wait_until_quiet(self, timeout: float = PATIENCE, *, supervised: bool = False) -> float:
        """Seconds until every letter had its outcome and its mark, and no mail was left to be sent. I12."""
        began = time.monotonic()
        while missing := self._missing():
            if self.process is not None and self.process.poll() is not None:
                if not supervised:
                    raise Broken(f"the daemon ended by itself with {self.process.returncode}")
                self.start_again()
            if time.monotonic() - began > timeout:
                raise Broken(f"I12: after {timeout:.0f} s there still is: {missing}")
            time.sleep(0.1)
        return time.monotonic() - began

    def _missing(self) -> str:
        try:
            mails = len(self.uids())
            return self.store.read_sync(_unfinished, mails)
        except Exception as error:  # Dovecot or PostgreSQL may be away just now, or the database not made yet
            return f"{type(error).__name__}: {error}"[:300]

    def uids(self) -> list[int]:
        with self.stand.dovecot.imap(self.user) as client:
            return [int(uid) for uid in client.uid("SEARCH", "ALL")[1][0].split()]

    # The judge

    @property
    def store(self) -> Store:
        """The database, to read from."""
        if self._store is None:
            self._store = Store.open(self.settings.database_url, self.settings.blobs, read_only=True)
        return self._store

    def judge(self, *, is_quiet: bool = False, copies: int | None = None) -> None:
        """Broken if a promise is. Not quiet: letters and mails may still wait, all else must hold at any moment."""
        if not is_quiet and engine.revision_state(self.settings.database_url) != "current":
            return  # killed before it had its form: there is nothing to judge yet
        now = datetime.now(UTC)
        patience = timedelta() if is_quiet else timedelta(days=9)
        inbox = self.inbox() if is_quiet else None
        keys = desk_secrets(self.settings).keys
        witness = Witness(
            now + timedelta(days=3) if is_quiet else now,
            inbox=inbox,
            relay=[RelayMail(k.recipients[0], without_trace(k.octets)) for k in self.sink.mails],
            copies=self.kills * CONNECTIONS if copies is None else copies,
            secrets=(PASSWORD.encode(), *keys),
            named=self.settings.policy.told,
            patience=patience,
        )
        findings = self.store.read_sync(audit.check, self.store.blobs, witness)
        broken = [f"{f.law}: {f.sentence} {f.rows}" for f in findings if not f.holds]
        if PASSWORD in self.log:
            broken.append("I11: the password stands in the log")
        if broken:
            raise Broken("\n".join(broken))

    def inbox(self) -> list[InboxMail]:
        """All that lies in the inbox now, with its hashes."""
        client = imaplib.IMAP4(HOST, self.stand.dovecot.port, timeout=30)
        client.login(self.user, PASSWORD)
        client.select(readonly=True)
        validity = int(client.response("UIDVALIDITY")[1][0] or b"0")
        parts = client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1] if self._has_mail(client) else []
        client.logout()
        found = []
        for part in parts:
            if isinstance(part, tuple):
                uid = re.search(rb"UID (\d+)", part[0])
                assert uid is not None
                sha256 = hashlib.sha256(part[1]).hexdigest()
                found.append(InboxMail(SUPPORT, validity, int(uid[1]), datetime.now(UTC), sha256))
        return found

    @staticmethod
    def _has_mail(client: imaplib.IMAP4) -> bool:
        return bool(client.uid("SEARCH", "ALL")[1][0].split())

    def copies_at_relay(self) -> int:
        """Mails that came more than once."""
        seen = {(k.recipients, without_trace(k.octets)) for k in self.sink.mails}
        return len(self.sink.mails) - len(seen)


def _unfinished(tx: Tx, mails: int) -> str:
    """What is still to be done, "" if nothing is."""
    done = tx.scalar(select(func.count()).where(inbound.c.outcome.is_not(None))) or 0
    waiting = tx.scalar(select(func.count()).where(IS_STORED)) or 0
    unmarked = tx.scalar(
        select(func.count()).where(
            inbound.c.outcome.is_not(None), inbound.c.marked_at.is_(None), inbound.c.is_oversize.is_(False)
        )
    )
    unsent = tx.scalar(
        select(func.count()).where(IS_UNSENT, outbox.c.state.in_([MailState.DUE, MailState.CLAIMED]))
    )
    if done >= mails and not (waiting or unmarked or unsent):
        return ""
    return f"{mails} mails, {done} with an outcome, {waiting} undecided, {unmarked} unmarked, {unsent} unsent"


_TRACE = re.compile(rb"\A(?:Received:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n)+")


def without_trace(octets: bytes) -> bytes:
    """A mail without what a relay writes on top (RFC 5321 section 4.4)."""
    return _TRACE.sub(b"", octets)
