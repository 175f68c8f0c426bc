"""Whether a letter is signed by its sender's own key: OpenPGP/MIME (RFC 3156), and text signed in line.

The law: what is read of a sealed letter is what was signed, octet for octet, and nothing beside it. A signature over a
part of what a reader would see is none.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mailtickets.core import openpgp
from mailtickets.core.mail import Address, Seal
from mailtickets.core.openpgp import Key, Pinned, Signed
from mailtickets.core.reading import headers, mime
from mailtickets.core.reading.headers import Envelope
from mailtickets.core.reading.limits import ReadingLimits
from mailtickets.core.reading.mime import Entity

_TYPE = "application/pgp-signature"
_BARE_LF = re.compile(rb"(?<!\r)\n")
_COMMAND = re.compile(rb"^#[a-z]{2,}", re.IGNORECASE | re.MULTILINE)
NOT_FITTING = (
    "the OpenPGP signature of its sender's own key does not fit: the words were changed on their way"
)
NOT_GOOD = "its OpenPGP key was expired or revoked, or the signature is too weak"
OTHER_SUBJECT = "the subject is not the one that was signed"
OTHER_SENDER = "it was signed under another address"
NOT_TO_US = "nothing that was signed says that it was written to this desk"


def opened(root: Entity, said: Envelope, pinned: Pinned, limits: ReadingLimits) -> tuple[Entity, Seal | None]:
    """What is to be read of a letter, and its seal; None where its sender has no key here, or did not use it."""
    key = pinned.keys.get(said.sender.key) if said.sender and not said.from_defects else None
    if key is None:
        return root, None
    if root.type == "multipart/signed":
        return _of_mime(root, said, key, pinned.own, limits)
    if root.type == "text/plain" and not root.children:
        return _in_line(root, key, pinned.own)
    return root, None


def _of_mime(
    root: Entity, said: Envelope, key: Key, own: frozenset[str], limits: ReadingLimits
) -> tuple[Entity, Seal | None]:
    if len(root.children) != 2 or root.children[1].type != _TYPE:
        return root, None
    # RFC 3156 section 5: what is signed ends its lines with CR LF, and has no white space to lose.
    octets = _BARE_LF.sub(b"\r\n", mime.parts(root)[0])
    signature = root.children[1].octets
    signed = openpgp.detached(octets, signature, key)
    if signed is None:
        return root, _unfit(signature, key)
    inner = mime.part(octets, limits)
    texts = (leaf.octets for leaf in inner.walk() if leaf.type.startswith("text/"))
    seal = _addressed(_seal(signed), b"\n".join(texts), own)
    if _protects(inner):
        seal = _bound(seal, said, headers.envelope(inner.headers), own)
    outer = tuple(one for one in root.headers if not one[0].startswith("content-"))
    content = tuple(one for one in inner.headers if one[0].startswith("content-"))
    return replace(inner, headers=(*outer, *content)), seal


def _in_line(root: Entity, key: Key, own: frozenset[str]) -> tuple[Entity, Seal | None]:
    signature = openpgp.clear_signature(root.octets)
    if not signature:
        return root, None
    found = openpgp.clear(root.octets, key)
    if found is None:
        return root, _unfit(signature, key)
    signed, words = found
    kept = tuple(one for one in root.headers if one[0] != "content-transfer-encoding")
    return replace(root, headers=kept, raw=words), _addressed(_seal(signed), words, own)


def _seal(signed: Signed) -> Seal:
    return Seal(signed.fingerprint, signed.made_at, signed.digest)


def _unfit(signature: bytes, key: Key) -> Seal | None:
    """A stranger's signature says nothing. The sender's own that does not fit says that somebody changed the words."""
    if not openpgp.is_by(key, signature):
        return None
    if openpgp.is_weak(key, signature):
        return Seal(key.fingerprint, doubt=NOT_GOOD)
    return Seal(key.fingerprint, doubt=NOT_FITTING, is_broken=True)


def _addressed(seal: Seal, octets: bytes, own: frozenset[str]) -> Seal:
    """Or a letter that somebody signed for the whole world could be handed to the desk as if meant for it."""
    lower = octets.lower()
    is_ours = _COMMAND.search(lower) or any(address.encode() in lower for address in own)
    return seal if is_ours else replace(seal, doubt=NOT_TO_US)


def _protects(inner: Entity) -> bool:
    """Whether the fields of the letter are signed with it: RFC 9788, or as programs did it before that."""
    return inner.content.parameter("protected-headers") == "v1" or inner.content.parameter("hp") == "clear"


def _bound(seal: Seal, outer: Envelope, inner: Envelope, own: frozenset[str]) -> Seal:
    """Where the fields are signed they have to be those that the letter came with."""
    if inner.sender is not None and inner.sender != outer.sender:
        return replace(seal, doubt=OTHER_SENDER)
    if inner.subject and inner.subject != outer.subject:
        return replace(seal, doubt=OTHER_SUBJECT)
    if not inner.to:
        return seal
    if not any(address.key in own for address in (*inner.to, *inner.cc)):
        return replace(seal, doubt=NOT_TO_US)
    leads = all(
        set(one) == set(two)
        for one, two in ((inner.in_reply_to, outer.in_reply_to), (inner.references, outer.references))
    )
    return replace(seal, doubt="", is_bound=bool(inner.subject) and leads and _are(outer.to, inner.to))


def _are(outer: tuple[Address, ...], inner: tuple[Address, ...]) -> bool:
    return set(outer) == set(inner)
