"""A Dovecot of the tests' own: IMAP (plain and implicit TLS), LMTP and SASL on free loopback ports.

    with Dovecot("support@example.org", "ann@example.org") as server:
        server.port, server.tls_port, server.ca_file        # for the config
        server.deliver(octets, to="support@example.org", sender="lee@customer.example")
        with server.imap("ann@example.org") as client: …    # an imaplib client, INBOX selected
        server.wait_for("ann@example.org", 1)               # the octets of her inbox, oldest first
        server.kill(); server.start()                       # every connection cut, then up again
        server.forget_uids("support@example.org")           # index gone: new UIDVALIDITY

Mail lies in Maildirs under a folder that goes with the server; the ports stay the same over a restart.
User names are whole addresses, all with the password PASSWORD; `user+anything@` reaches the user too.
LMTP refuses an unknown user with 550 5.1.1. Keywords work; IDLE, MOVE and UIDPLUS are offered
(`without={"IDLE"}` takes some away). Needs root; `missing()` says what is not there.
With `introspect`, the address of a provider (tests/provider.py), access tokens let their users in, by `by_token`.
With `wants_cert` a TLS client must show a certificate of the server's own authority, `authority`.
"""

from __future__ import annotations

import imaplib
import os
import re
import shutil
import signal
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.authority_ca import Authority, Identity
from tests.loopback import HOST, free_port, listens, wait_until

PASSWORD = 'se"cr\\et pass'  # a quote, a backslash, a space: whoever quotes badly is found out
OFFERED = ("IMAP4rev1", "LITERAL+", "IDLE", "NAMESPACE", "UIDPLUS", "MOVE")  # where some are taken away


def missing() -> str:
    """Why there can be no Dovecot here, "" if there can."""
    if shutil.which("dovecot") is None or not Path("/usr/lib/dovecot/lmtp").exists():
        return "left out: Dovecot (install the Debian packages dovecot-imapd and dovecot-lmtpd)"
    return "" if os.geteuid() == 0 else "left out: Dovecot (run the tests as root)"


class Dovecot:
    """Owns one server process and its folder."""

    def __init__(
        self,
        *users: str,
        identity: Identity | None = None,
        without: Set[str] = frozenset(),
        introspect: str = "",
        by_token: str = "xoauth2 oauthbearer",
        wants_cert: bool = False,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mt-dovecot-"))
        self.folder.chmod(0o755)
        self.users = users
        self.port, self.tls_port, self.lmtp_port = free_port(), free_port(), free_port()
        self.auth_socket = self.folder / "run" / "auth-smtp"
        self.authority = Authority.create(self.folder)
        self.ca_file = self.authority.file
        self._identity = identity or self.authority.issue(HOST, "localhost")
        self._introspect = introspect
        self._by_token = by_token if introspect else ""
        self._wants_cert = wants_cert
        self._without = without
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._write()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # The process

    def start(self) -> None:
        """Up and answering on every port when this returns."""
        with (self.folder / "err.log").open("ab") as errors:
            self._process = subprocess.Popen(
                ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
                stdout=errors,
                stderr=errors,
                start_new_session=True,  # so that all its children can be killed with it
            )
        ports = (self.port, self.tls_port, self.lmtp_port)
        try:
            wait_until(lambda: all(map(listens, ports)), "Dovecot to listen", timeout=20)
        except TimeoutError as error:
            error.add_note(self.log)
            self.__exit__()
            raise

    def kill(self) -> None:
        """SIGKILL for the server and all its children: every connection is cut, nothing is said goodbye to."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None
        wait_until(lambda: not any(map(listens, (self.port, self.lmtp_port))), "Dovecot's ports to close")

    @property
    def log(self) -> str:
        """What the server wrote down, for a test that fails."""
        files = (self.folder / "err.log", self.folder / "dovecot.log")
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    # The mail

    def deliver(self, octets: bytes, to: str, sender: str = "lee@customer.example") -> None:
        """One mail by LMTP. It has its UID when this returns."""
        self.deliver_all([octets], to, sender)

    def deliver_all(self, mails: list[bytes], to: str, sender: str = "lee@customer.example") -> None:
        """Many over one LMTP connection: the order of UIDs is the order of the list."""
        with smtplib.LMTP(HOST, self.lmtp_port) as client:
            for octets in mails:
                client.sendmail(sender, [to], octets)

    @contextmanager
    def imap(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Somebody else who looks into the folder, read-write."""
        client = imaplib.IMAP4(HOST, self.port, timeout=20)
        try:
            client.login(user, PASSWORD)
            client.select(folder)
            yield client
        finally:
            client.logout()

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Whole octets, oldest first; the flags stay as they are."""
        with self.imap(user, folder) as client:
            uids = client.uid("SEARCH", "ALL")[1][0].split()
            return [client.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1] for uid in uids]

    def flags(self, user: str, folder: str = "INBOX") -> dict[int, set[str]]:
        """UID → flags and keywords, \\Recent left out."""
        with self.imap(user, folder) as client:
            answers = [line for line in client.uid("FETCH", "1:*", "(FLAGS)")[1] if line is not None]
        found = [re.fullmatch(rb"\d+ \(UID (\d+) FLAGS \((.*)\)\)", line) for line in answers]
        return {int(m[1]): set(m[2].decode().split()) - {"\\Recent"} for m in found if m}

    def wait_for(self, user: str, count: int, folder: str = "INBOX", timeout: float = 20.0) -> list[bytes]:
        """The folder's mails as soon as there are `count` of them."""
        found: list[bytes] = []

        def arrived() -> bool:
            found[:] = self.mails(user, folder)
            return len(found) >= count

        wait_until(arrived, f"{count} mails of {user} (there are {len(found)})", timeout)
        return found

    def forget_uids(self, user: str) -> None:
        """Stop, lose the index and the list of UIDs, start: the inbox has a new UIDVALIDITY."""
        self.kill()
        inbox = self.folder / "mail" / user
        for file in (*inbox.glob("dovecot.index*"), *inbox.glob("dovecot-uidlist*")):
            file.unlink()
        self.start()

    # The files

    def _write(self) -> None:
        home = self.folder / "mail"
        home.mkdir()
        shutil.chown(home, "mail", "mail")
        users = self.folder / "users"
        users.write_text(
            "".join(f"{user}:{{PLAIN}}{PASSWORD}:mail:mail::{home}/{user}::\n" for user in self.users)
        )
        (self.folder / "dovecot.conf").write_text(self._conf())
        (self.folder / "oauth2").write_text(OAUTH2.format(url=self._introspect))

    def _conf(self) -> str:
        kept = " ".join(word for word in OFFERED if word not in self._without)
        return CONF.format(
            d=self.folder,
            capability=f"imap_capability = {kept}" if self._without else "",
            by_token=self._by_token,
            oauth2=BY_TOKEN.format(d=self.folder, by_token=self._by_token) if self._by_token else "",
            wants_cert=WANTS_CERT.format(ca=self.ca_file) if self._wants_cert else "",
            cert=self._identity.cert,
            key=self._identity.key,
            imap=self.port,
            imaps=self.tls_port,
            lmtp=self.lmtp_port,
            auth=self.auth_socket.name,
        )


OAUTH2 = """
introspection_mode = get
introspection_url = {url}
active_attribute = active
active_value = true
username_attribute = username
"""
BY_TOKEN = """
passdb {{
  driver = oauth2
  mechanisms = {by_token}
  args = {d}/oauth2
}}
"""
WANTS_CERT = """
ssl_ca = <{ca}
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_require_client_cert = yes
"""
CONF = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
instance_name = {d}
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_username_format = %Lu
auth_failure_delay = 0
auth_mechanisms = plain login {by_token}
first_valid_uid = 1
mail_location = maildir:{d}/mail/%Lu
mail_max_userip_connections = 200
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
mail_fsync = never
{capability}
{wants_cert}
{oauth2}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {d}/users
}}
userdb {{
  driver = passwd-file
  args = {d}/users
}}
service imap-login {{
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  unix_listener {auth} {{
    mode = 0666
  }}
}}
# Wrong passwords are part of the tests: no growing delay for this address.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
