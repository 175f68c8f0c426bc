"""Letters signed as a sender's own server signs them (RFC 6376)."""

from __future__ import annotations

import base64
import time

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from nacl.encoding import Base64Encoder
from nacl.signing import SigningKey

COVERED = [b"from", b"to", b"subject", b"date", b"message-id"]


def key(bits: int = 2048) -> tuple[bytes, str]:
    """A private key, and the record that publishes it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def ed25519_key() -> tuple[bytes, str]:
    """The same for RFC 8463."""
    private = SigningKey.generate()
    public = private.verify_key.encode(Base64Encoder).decode()
    return private.encode(Base64Encoder), f"v=DKIM1; k=ed25519; p={public}"


def modulus(private: bytes) -> int:
    """The number that an RSA key counts by."""
    key = serialization.load_pem_private_key(private, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.public_key().public_numbers().n


def signed(letter: bytes, domain: str, private: bytes, algorithm: bytes = b"rsa-sha256") -> bytes:
    """The letter with a signature on top, by the selector `s1`."""
    made = dkim.sign(
        letter, b"s1", domain.encode(), private, include_headers=COVERED, signature_algorithm=algorithm
    )
    return bytes(made) + letter


def until(letter: bytes, domain: str, private: bytes, span: int) -> bytes:
    """The same, valid for so many seconds from now (x=); below 0: it was."""
    signer = _Until(letter)
    signer.span = span
    return bytes(signer.sign(b"s1", domain.encode(), private, include_headers=COVERED)) + letter


class _Until(dkim.DKIM):  # type: ignore[misc]
    span = 0

    def gen_header(self, fields: list[tuple[bytes, bytes]], *more: object) -> object:
        now = int(time.time())
        times = {b"t": min(now, now + self.span) - 1, b"x": now + self.span}
        rest = [(name, value) for name, value in fields if name != b"t"]
        dated = [*rest[:-1], *((name, str(at).encode()) for name, at in times.items()), rest[-1]]
        return super().gen_header(dated, *more)
