"""Letters signed with OpenPGP, as mail programs sign them (RFC 3156, RFC 9580), and keys of this test's own."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pysequoia import Cert, SignatureMode, Tsk, sign

HEAD = (
    "From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{id}@example.org>\r\n"
    "Date: Wed, 25 Nov 2026 17:00:00 +0000\r\n{more}MIME-Version: 1.0\r\n"
)


@dataclass(frozen=True)
class Owner:
    """Somebody with a key. The private half never leaves this process."""

    address: str
    private: Tsk

    @property
    def public(self) -> bytes:
        return str(self.private.extract_certificate()).encode()

    @property
    def cert(self) -> Cert:
        return self.private.extract_certificate()

    @property
    def fingerprint(self) -> str:
        return self.private.extract_certificate().fingerprint.upper()

    def over(self, octets: bytes) -> bytes:
        """A signature of its own, in armour."""
        return sign(self.private.signer(), octets, mode=SignatureMode.DETACHED)

    def clear(self, text: str) -> str:
        return sign(self.private.signer(), text.encode(), mode=SignatureMode.CLEAR).decode()


def owner(address: str) -> Owner:
    return Owner(address, Tsk.generate(f"<{address}>"))


def head(
    sender: str,
    to: str = "support@example.org",
    subject: str = "[#1] Printer",
    id: str = "1",
    more: str = "",
) -> str:
    return HEAD.format(sender=sender, to=to, subject=subject, id=id, more=more)


def part(text: str, protected: str = "") -> bytes:
    """A text as one MIME entity; `protected`: fields of the letter that are signed with it."""
    mark = '; protected-headers="v1"' if protected else ""
    lines = f"Content-Type: text/plain; charset=utf-8{mark}\r\n{protected}\r\n{text}\r\n"
    return lines.encode()


def wrapped(head: str, signed: bytes, signature: bytes, *others: bytes) -> bytes:
    """A letter in multipart/signed. `others`: parts that ought not to be there."""
    parts = (signed, b"Content-Type: application/pgp-signature\r\n\r\n" + signature, *others)
    body = b"".join(b"--sep\r\n" + one + b"\r\n" for one in parts)
    kind = 'multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="sep"'
    return f"{head}Content-Type: {kind}\r\n\r\n".encode() + body + b"--sep--\r\n"


def signed(by: Owner, head: str, text: str, protected: str = "") -> bytes:
    """A letter that is signed as it should be."""
    octets = part(text, protected)
    return wrapped(head, octets, by.over(octets))


def sealed_part(letter: bytes) -> tuple[bytes, bytes]:
    """What is signed in a letter in multipart/signed, and the signature: as RFC 3156 says, without a parser of ours."""
    boundary = re.search(rb'multipart/signed;.*?boundary="([^"]+)"', letter, re.DOTALL)
    assert boundary, letter[:2000].decode("utf-8", "replace")
    _, first, second, _ = re.split(rb"(?:\A|\r\n)--" + re.escape(boundary[1]) + rb"(?:--)?\r\n?", letter)
    return first, second.partition(b"\r\n\r\n")[2]


class Gnupg:
    """GnuPG with a home of its own, which no network and no agent outlives."""

    def __enter__(self) -> Self:
        self.home = Path(tempfile.mkdtemp(prefix="mt-gnupg-"))  # short: the path of a socket has to fit
        self._environment = {"GNUPGHOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C"}
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(("gpgconf", "--kill", "all"), env=self._environment, check=False)
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, *arguments: str, given: bytes = b"", passphrase: str = "") -> bytes:
        """What it prints. CalledProcessError if it fails."""
        words = ("gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", passphrase, *arguments)
        done = subprocess.run(words, input=given, env=self._environment, capture_output=True, check=True)
        return done.stdout

    def verified(self, octets: bytes, signature: bytes) -> str:
        """The fingerprint of the key that signed octets. CalledProcessError if nobody did."""
        (self.home / "signature").write_bytes(signature)
        told = self.run(
            "--status-fd", "1", "--verify", str(self.home / "signature"), "-", given=octets
        ).decode("latin-1")
        found = re.search(r"VALIDSIG .* ([0-9A-F]{40,64})$", told, re.MULTILINE)
        assert found, told
        return found[1]


def missing() -> str:
    """Why there can be no GnuPG here, "" if there can."""
    return "" if shutil.which("gpg") else "left out: GnuPG (install the Debian package gnupg)"
