"""Letters signed as a sender's own server signs them (RFC 6376)."""

from __future__ import annotations

import base64

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

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


def signed(letter: bytes, domain: str, private: bytes) -> bytes:
    """The letter with a signature on top, by the selector `s1`."""
    return bytes(dkim.sign(letter, b"s1", domain.encode(), private, include_headers=COVERED)) + letter
