"""What happens to the desk when the servers around it are killed, restarted, lose their index, or are used by others."""

from __future__ import annotations

import contextlib
import imaplib
import random
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, make_url, select

from mailtickets.store.schema import MailState, inbound, outbox
from tests.dovecot import PASSWORD
from tests.loopback import HOST
from tests.postfix import Postfix
from tests.torture.site import Broken, Site, Stand

LETTERS = 6  # before, while and after
AT_ONCE = signal.SIGQUIT  # PostgreSQL: immediate shutdown, recovery at the next start


class NoDisk(OSError):
    """Nobody may mount one here."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What became of one."""

    name: str
    mails: int
    recovery: float  # seconds from the end of the fault to quiet
    restarts: int  # by the stand-in for systemd
    copies: int

    def row(self) -> str:
        ended = f"; ended by itself and started again {self.restarts} times" if self.restarts else ""
        return f"{self.name}: {self.mails} mails, quiet {self.recovery:.1f} s after the fault{ended}; 0 promises broken"


def _through(site: Site, name: str, fault: Callable[[], None], *, copies: int = 0) -> Trouble:
    """Letters before, while and after a fault; then quiet, and judged."""
    site.deliver(site.post.some(LETTERS))
    site.start()
    site.wait_until_quiet(supervised=True)
    fault()
    with contextlib.suppress(OSError):
        site.deliver(site.post.some(LETTERS, site.sink.mails))
    recovery = site.wait_until_quiet(supervised=True)
    site.judge(is_quiet=True, copies=copies)
    site.stop()
    return Trouble(name, site.post.count, recovery, site.restarts, site.copies_at_relay())


def dovecot_is_killed(stand: Stand, kind: str, seconds: float = 2.0) -> Trouble:
    with stand.site(kind) as site:

        def fault() -> None:
            site.deliver(site.post.some(LETTERS))
            stand.dovecot.kill()
            time.sleep(seconds)
            stand.dovecot.start()

        return _through(site, f"Dovecot killed and restarted, {kind}", fault)


def dovecot_loses_its_index(stand: Stand, kind: str) -> Trouble:
    """A new UIDVALIDITY: all that lies there has new UIDs, and is known all the same."""
    with stand.site(kind) as site:

        def fault() -> None:
            stand.dovecot.forget_uids(site.user)

        trouble = _through(site, f"Dovecot's index deleted (new UIDVALIDITY), {kind}", fault)
        twice = site.store.read_sync(
            lambda tx: tx.execute(inbound.select().where(inbound.c.outcome == "opened")).all()
        )
        if len({row.message_id for row in twice}) != len(twice):
            raise Broken("a letter opened a second ticket under its new UID")
        return trouble


def postfix_is_killed(stand: Stand, kind: str, seconds: float = 2.0) -> Trouble:
    """The relay is away while mails are due, and takes them when it is back."""
    # The site's own sink is behind the relay.
    with stand.site(kind) as site, Postfix(sink=site.sink.port) as relay:
        config = site.folder / "config.toml"
        config.write_text(config.read_text().replace(f"port = {site.sink.port}", f"port = {relay.port}"))

        def fault() -> None:
            relay.kill()
            site.deliver(site.post.some(LETTERS))
            time.sleep(seconds)
            relay.start()

        site.deliver(site.post.some(LETTERS))
        site.start()
        site.wait_until_quiet()
        fault()
        site.deliver(site.post.some(LETTERS, site.sink.mails))
        recovery = site.wait_until_quiet(supervised=True)
        _until_the_relay_is_empty(site)
        # What Postfix had in hand when it was killed it may send again itself.
        site.judge(is_quiet=True, copies=LETTERS * 3)
        site.stop()
        name = f"Postfix killed and restarted, {kind}"
        return Trouble(name, site.post.count, recovery, site.restarts, site.copies_at_relay())


def _until_the_relay_is_empty(site: Site) -> None:
    """As many mails at the sink as the outbox says were sent."""
    sent = select(func.count()).where(outbox.c.state == MailState.SENT)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        wanted = site.store.read_sync(lambda tx: tx.scalar(sent)) or 0
        if len(site.sink.mails) - site.copies_at_relay() >= wanted:
            return
        time.sleep(0.1)


def postgresql_is_restarted(
    stand: Stand, seconds: float = 2.0, how: signal.Signals = signal.SIGINT
) -> Trouble:
    with stand.site("postgresql") as site:

        def fault() -> None:
            assert stand.postgres is not None
            site.deliver(site.post.some(LETTERS))
            stand.postgres.stop(how)
            time.sleep(seconds)
            stand.postgres.start()

        return _through(site, f"PostgreSQL stopped by {how.name} and restarted", fault)


# The house itself.


def database_is_locked(stand: Stand, seconds: float = 3.0) -> Trouble:
    """Another process writes for a while."""
    with stand.site("sqlite") as site:

        def fault() -> None:
            other = sqlite3.connect(str(make_url(site.settings.database_url).database), isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            site.deliver(site.post.some(LETTERS))
            time.sleep(seconds)
            other.execute("ROLLBACK")
            other.close()

        return _through(site, f"database locked by another process for {seconds:g} s", fault)


def clock_is_moved(stand: Stand, kind: str) -> Trouble:
    """A day forward, then back: what is due stays due, and nothing is done twice."""
    with stand.site(kind) as site:

        def fault() -> None:
            for days in (1, -1, 0):
                (site.folder / "clock").write_text(str(days * 86400))
                site.deliver(site.post.some(LETTERS))
                site.wait_until_quiet()

        return _through(site, f"clock moved by a day, forth and back, {kind}", fault)


def second_instance(stand: Stand, kind: str) -> Trouble:
    """Refused, and the first one works on."""
    with stand.site(kind) as site:

        def fault() -> None:
            other = stand.zygote.start(site.folder / "config.toml")
            code = other.wait(60)
            if code != 78:
                raise Broken(f"a second instance ended with {code}, not with 78")

        return _through(site, f"second instance, {kind}", fault)


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A folder on a disk of its own. NoDisk where there can be none."""
    folder = Path(tempfile.mkdtemp(prefix="mt-disk-"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=False
    )
    if done.returncode:
        folder.rmdir()
        raise NoDisk("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
        folder.rmdir()


def disk_is_full(stand: Stand, seconds: float = 3.0, megabytes: int = 30) -> Trouble:
    """No octet is left, then room is made. The config lies elsewhere; all that the desk writes lies there."""
    with small_disk(megabytes) as disk, stand.site("sqlite", folder=disk / "desk") as site:

        def fault() -> None:
            ballast = disk / "ballast"
            with ballast.open("wb") as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            site.deliver([*site.post.some(LETTERS), site.post.big()])
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                if site.process is not None and site.process.poll() is not None:
                    site.start_again()
                time.sleep(0.2)
            ballast.unlink()

        return _through(site, "disk full, then room again", fault)


# Others in the same inbox.


def second_client(stand: Stand, kind: str, mails: int = 40, seed: int = 1) -> Trouble:
    """Somebody reads, moves away, moves back and deletes while the desk takes in."""
    with stand.site(kind) as site:
        site.start()
        done = threading.Event()
        meddler = threading.Thread(target=_meddle, args=(site, done, random.Random(seed)))
        meddler.start()
        try:
            for _ in range(mails // 4):
                site.deliver(site.post.some(4, site.sink.mails))
                time.sleep(0.1)
        finally:
            done.set()
            meddler.join(60)
        recovery = site.wait_until_quiet()
        site.judge(is_quiet=True)
        site.stop()
        return Trouble(
            f"a second client reads, moves and deletes, {kind}", site.post.count, recovery, site.restarts, 0
        )


def _meddle(site: Site, done: threading.Event, dice: random.Random) -> None:
    with contextlib.suppress(imaplib.IMAP4.error), site.stand.dovecot.imap(site.user) as client:
        client.create("Elsewhere")
        while not done.is_set():
            client.noop()
            uids = client.uid("SEARCH", "ALL")[1][0].split()
            if not uids:
                continue
            uid = dice.choice(uids).decode()
            match dice.randrange(4):
                case 0 | 1:
                    client.uid("STORE", uid, "+FLAGS", r"(\Seen)")
                case 2:
                    client.uid("MOVE", uid, "Elsewhere")
                    _move_one_back(site)
                case _:
                    client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
                    client.expunge()
            time.sleep(0.02)


def _move_one_back(site: Site) -> None:
    client = imaplib.IMAP4(HOST, site.stand.dovecot.port, timeout=20)
    client.login(site.user, PASSWORD)
    client.select("Elsewhere")
    uids = client.uid("SEARCH", "ALL")[1][0].split()
    if uids:
        client.uid("MOVE", uids[0].decode(), "INBOX")
    client.logout()
