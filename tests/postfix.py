"""A Postfix of the tests' own, as the desk's relay: free loopback ports, own queue, no DNS.

    with Dovecot("support@example.org", "ann@example.org") as server, Postfix(server) as relay:
        relay.port                          # plain, STARTTLS offered
        relay.tls_port                      # implicit TLS
        relay.ca_file                       # for the config
        relay.send(octets, "lee@customer.example", "support@example.org")   # as a customer's client would

Every address, whatever its domain, is delivered to that Dovecot by LMTP; one that the Dovecot does not
know comes back to its sender as a real delivery report. `Postfix(sink=port)` hands everything to an
SMTP sink instead. `header_checks` change headers on the way: ("/^Message-ID:/ REPLACE Message-ID: <x@y>",). With a Dovecot, SMTP login (its users and PASSWORD) is offered on both ports and demanded with
`login=True`. Needs root; `missing()` says what is not there.
"""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from tests.authority_ca import Authority, Identity
from tests.dovecot import Dovecot
from tests.loopback import HOST, free_port, listens, wait_until


def missing() -> str:
    """Why there can be no Postfix here, "" if there can."""
    if shutil.which("postfix") is None:
        return "left out: Postfix (install the Debian package postfix)"
    return "" if os.geteuid() == 0 else "left out: Postfix (run the tests as root)"


class Postfix:
    """Owns one instance and its folder."""

    def __init__(
        self,
        dovecot: Dovecot | None = None,
        *,
        sink: int = 0,
        login: bool = False,
        size: int = 50_000_000,
        identity: Identity | None = None,
        header_checks: tuple[str, ...] = (),
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mt-postfix-"))
        self.folder.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        authority = Authority.create(self.folder)
        self.ca_file = authority.file
        self._identity = identity or authority.issue(HOST, "localhost")
        self._settings = _settings(self.folder, dovecot, sink, login, size, self._identity)
        if header_checks:
            (self.folder / "header_checks").write_text("".join(f"{line}\n" for line in header_checks))
            self._settings["header_checks"] = f"regexp:{self.folder}/header_checks"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for name in ("queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        (self.folder / "main.cf").write_text("".join(f"{k} = {v}\n" for k, v in self._settings.items()))
        (self.folder / "master.cf").write_text(MASTER.format(port=self.port, tls_port=self.tls_port))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Up and answering when this returns; what waits in the queue goes out."""
        with (self.folder / "err.log").open("ab") as errors:
            self._process = subprocess.Popen(
                ["postfix", "-c", str(self.folder), "start-fg"],
                stdout=errors,
                stderr=errors,
            )
        try:
            wait_until(lambda: listens(self.port) and listens(self.tls_port), "Postfix to listen", timeout=20)
        except TimeoutError as error:
            error.add_note(self.log)
            self.__exit__()
            raise

    def kill(self) -> None:
        """SIGKILL for the instance and all its children. What it had taken stays in its queue."""
        if self._process is None:
            return
        # start-fg becomes the master, which leads a session of its own with its children in it.
        pid_file = self.folder / "queue/pid/master.pid"
        if pid_file.exists():
            os.killpg(int(pid_file.read_text()), signal.SIGKILL)
            pid_file.unlink()
        self._process.kill()
        self._process.wait(10)
        self._process = None
        wait_until(lambda: not listens(self.port), "Postfix's port to close")

    @property
    def log(self) -> str:
        """What the server wrote down, for a test that fails."""
        files = (self.folder / "err.log", self.folder / "postfix.log")
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def send(self, octets: bytes, sender: str, *recipients: str) -> None:
        """A mail from an ordinary client, over the plain port."""
        with smtplib.SMTP(HOST, self.port) as client:
            client.sendmail(sender, recipients, octets)


def _settings(
    folder: Path, dovecot: Dovecot | None, sink: int, login: bool, size: int, identity: Identity
) -> dict[str, str]:
    """main.cf"""
    target = f"lmtp:inet:{HOST}:{dovecot.lmtp_port}" if dovecot else f"smtp:[{HOST}]:{sink}"
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": f"{folder}/queue",
        "data_directory": f"{folder}/data",
        "maillog_file": f"{folder}/postfix.log",
        "maillog_file_prefixes": str(folder),
        "myhostname": "mx.example.org",
        "mydestination": "",
        "alias_maps": "",
        "inet_interfaces": HOST,
        "inet_protocols": "ipv4",
        "mynetworks": f"{HOST}/32",
        "smtp_dns_support_level": "disabled",
        "smtpd_peername_lookup": "no",
        "default_transport": target,
        "local_transport": target,
        "recipient_delimiter": "+",
        "message_size_limit": str(size),
        "mailbox_size_limit": "0",
        "minimal_backoff_time": "1s",
        "queue_run_delay": "1s",
        "smtpd_relay_restrictions": "permit_mynetworks, reject",
        "smtpd_tls_security_level": "may",
        "smtpd_tls_cert_file": str(identity.cert),
        "smtpd_tls_key_file": str(identity.key),
        "smtpd_client_connection_count_limit": "0",
    }
    if dovecot is not None:
        settings |= {
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": str(dovecot.auth_socket),
        }
    if login:
        settings["smtpd_client_restrictions"] = "permit_sasl_authenticated, reject"
    return settings


MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 1 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
