"""A certificate authority of the tests' own: good certificates, and those that go wrong.

ca = Authority.create(folder)
good = ca.issue("127.0.0.1", "localhost")       # .cert and .key, PEM files
old = ca.issue("127.0.0.1", is_expired=True)
ca.file                                         # for `ca_file`
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from secrets import token_hex

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """A server's certificate and its key, as PEM files."""

    cert: Path
    key: Path

    def context(self, client_authority: Path | None = None) -> ssl.SSLContext:
        """For a server that shows it; with `client_authority` it wants a certificate of the client, too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        if client_authority is not None:
            context.load_verify_locations(client_authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@dataclass(frozen=True, slots=True)
class Authority:
    file: Path  # the authority's own certificate, PEM
    _folder: Path
    _name: x509.Name
    _key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, folder: Path) -> Authority:
        """A new one, whose files lie in `folder`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(f"Test Authority {token_hex(4)}")
        builder = _builder(subject, subject, key, datetime.now(UTC) + 30 * DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        file = folder / f"{token_hex(4)}-ca.pem"
        file.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
        return cls(file, folder, subject, key)

    def issue(self, *names: str, is_expired: bool = False, days: float = 30) -> Identity:
        """A server certificate for host names and IP addresses, that ends in `days`, or yesterday."""
        key = ec.generate_private_key(ec.SECP256R1())
        ends_at = datetime.now(UTC) + (-DAY if is_expired else days * DAY)
        builder = _builder(_name(names[0]), self._name, key, ends_at).add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
        )
        stem = self._folder / token_hex(4)
        identity = Identity(stem.with_suffix(".crt"), stem.with_suffix(".key"))
        identity.cert.write_bytes(builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM))
        identity.key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        )
        return identity


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, ends_at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends_at - 60 * DAY)
        .not_valid_after(ends_at)
    )
