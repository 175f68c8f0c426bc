"""Letters signed with OpenPGP, as mail programs sign them (RFC 3156, RFC 9580), and keys of this test's own."""

from __future__ import annotations

from dataclasses import dataclass

from pysequoia import Cert, Sig, SignatureMode, Tsk, sign

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


def made_at(signature: bytes) -> str:
    """When, in ISO."""
    found = Sig.from_bytes(signature).created
    assert found is not None
    return found.isoformat()
