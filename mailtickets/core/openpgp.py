"""OpenPGP keys and signatures (RFC 9580). The only door to pysequoia.

The law: a signature counts by the one key that it is held against. No keyring is searched, no network asked, nobody's
trust is reckoned. Weak hashes, and keys that were expired or revoked when they signed, are refused by the library.
Whether a key is still good is reckoned by this machine's clock: the library asks it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # 10 MB that most letters have no use for
    from pysequoia import Cert, PySigner, Sig

LONGEST_SIGNATURE = 16 * 1024  # octets; one of SLH-DSA has 8 KB, without its armour
LONGEST_KEY = 1024 * 1024
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")  # version 4 and version 6 (section 5.5.4)
# Section 7. Nothing may stand before or after it: nobody has signed that.
_CLEAR = re.compile(
    rb"\s*-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\r?\n.*?"
    rb"^(-----BEGIN PGP SIGNATURE-----[ \t]*\r?\n.*?^-----END PGP SIGNATURE-----)\s*",
    re.DOTALL | re.MULTILINE,
)


class NoKey(Exception):
    """Octets that are no public key to check signatures by. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key."""

    fingerprint: str  # of the primary key, upper-case hex
    octets: bytes = field(repr=False)
    expires_at: datetime | None = None
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Pinned:
    """Whose signatures count, and what a letter to this desk is addressed to."""

    keys: Mapping[str, Key] = field(default_factory=dict)  # by Address.key
    own: frozenset[str] = frozenset()  # keys of the desk's addresses


NOBODY = Pinned()


@dataclass(frozen=True, slots=True, eq=False)
class Signer:
    """A private key, ready to sign. Its signatures hold the time and chance: none is like another."""

    fingerprint: str
    expires_at: datetime | None
    _hand: PySigner = field(repr=False)

    def over(self, octets: bytes) -> tuple[bytes, str]:
        """A signature of its own in armour, and the name of its hash as RFC 3156 section 5 writes it: "pgp-sha512"."""
        from pysequoia import Sig, SignatureMode, sign

        made = sign(self._hand, octets, mode=SignatureMode.DETACHED)
        return made, f"pgp-{str(Sig.from_bytes(made).hash_algorithm).rpartition('.')[2].lower()}"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that fits."""

    fingerprint: str  # of the key that it was held against
    made_at: datetime
    digest: str  # the same for the same words, signed at the same second, however they are wrapped


def fingerprint(written: str) -> str:
    """As programs show it, in blocks or not. ValueError if it is none."""
    found = "".join(written.split()).upper().removeprefix("0X")
    if not _FINGERPRINT.fullmatch(found):
        raise ValueError("write all 40 digits of the fingerprint, as “gpg --fingerprint” shows it")
    return found


def key(octets: bytes) -> Key:
    """The one public key that is in them, in armour or not. `NoKey` if it cannot be had."""
    from pysequoia import Cert
    from pysequoia.packet import PacketPile, Tag

    if len(octets) > LONGEST_KEY:
        raise NoKey("it is too big for a public key. Export one key into it, with gpg --export")
    try:
        certs = Cert.split_bytes(octets)
    except RuntimeError:
        certs = []
    if len(certs) != 1:
        many = "it holds several keys" if certs else "there is no OpenPGP key in it"
        raise NoKey(f"{many}. Put one public key there, with gpg --armor --export ADDRESS")
    if any(packet.tag in (Tag.SecretKey, Tag.SecretSubkey) for packet in PacketPile.from_bytes(octets)):
        raise NoKey("it holds a private key, which is nobody's but its owner's. Put the public one there")
    (cert,) = certs
    return Key(cert.fingerprint.upper(), bytes(cert), cert.expiration, cert.is_revoked)


def signer(octets: bytes, passphrase: str) -> Signer:
    """The private key that is in them, in armour or not. `NoKey` if it cannot be had. "": it has no passphrase."""
    from pysequoia import Tsk

    try:
        private = Tsk.from_bytes(octets)
        public = private.extract_certificate()
    except RuntimeError:
        raise NoKey(
            "there is no private OpenPGP key in it. Put one there, with gpg --armor --export-secret-keys ADDRESS"
        ) from None
    try:
        hand = private.signer(passphrase or None)
    except RuntimeError:
        wrong = "its passphrase is not that one" if passphrase else "it may want a passphrase"
        raise NoKey(
            f"it cannot sign: {wrong}, or it holds no private key for signing that is still good"
        ) from None
    return Signer(public.fingerprint.upper(), public.expiration, hand)


def is_by(pinned: Key, signature: bytes) -> bool:
    """Whether a signature says that this key, or one below it, has made it."""
    from pysequoia.packet import PacketPile

    made = _signature(signature)
    if made is None:
        return False
    issuers = {made.issuer_fingerprint, made.issuer_key_id}
    own = {packet.fingerprint for packet in PacketPile.from_bytes(pinned.octets)}
    return any(one is not None and {one, one[-16:]} & issuers for one in own)


def is_weak(pinned: Key, signature: bytes) -> bool:
    """Whether a signature could not count, whatever it signs: an old hash, or a key that was not good then."""
    from pysequoia.packet import HashAlgorithm

    made = _signature(signature)
    if made is None or made.created is None or pinned.is_revoked:
        return True
    is_late = pinned.expires_at is not None and made.created >= pinned.expires_at
    return is_late or made.hash_algorithm in (HashAlgorithm.MD5, HashAlgorithm.SHA1, HashAlgorithm.RipeMD)


def detached(octets: bytes, signature: bytes, pinned: Key) -> Signed | None:
    """What a signature of its own says of octets; None if it is not this key's, or does not fit."""
    from pysequoia import Cert, verify

    made = _signature(signature)
    if made is None or made.created is None:
        return None
    cert = Cert.from_bytes(pinned.octets)
    try:
        found = verify(bytes=octets, store=lambda _: [cert], signature=made).valid_sigs
    except RuntimeError:
        return None
    return _signed(cert, made.created, octets) if found else None


def clear_signature(octets: bytes) -> bytes:
    """The signature in a text that is signed from end to end (section 7), b"" if there is none."""
    found = _CLEAR.fullmatch(octets)
    return found[1] if found else b""


def clear(octets: bytes, pinned: Key) -> tuple[Signed, bytes] | None:
    """What a text says that is signed from end to end, and the words that are; None as of `detached`."""
    from pysequoia import Cert, verify

    signature = clear_signature(octets)
    if not signature or octets.count(b"-----BEGIN PGP SIGNED MESSAGE-----") != 1:
        return None
    cert = Cert.from_bytes(pinned.octets)
    try:
        words = verify(bytes=octets.strip() + b"\n", store=lambda _: [cert]).bytes
    except RuntimeError:
        return None
    # Of several signatures one may fit; the one whose time is read has to.
    signed = detached(words, signature, pinned) if words is not None else None
    return (signed, words) if signed and words is not None else None


def _signature(octets: bytes) -> Sig | None:
    """The first one; None if there is none that can be read."""
    from pysequoia import Sig

    if len(octets) > LONGEST_SIGNATURE:
        return None
    try:
        return Sig.from_bytes(octets)
    except (RuntimeError, ValueError):
        return None


def _signed(cert: Cert, made_at: datetime, octets: bytes) -> Signed:
    whole = hashlib.sha256(f"{cert.fingerprint} {made_at.timestamp()}\n".encode())
    # What parts of a signature say, and where lines end, anybody can change without breaking it.
    whole.update(b"\n".join(line.rstrip() for line in octets.splitlines()).rstrip())
    return Signed(cert.fingerprint.upper(), made_at, whole.hexdigest())
