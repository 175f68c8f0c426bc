"""What makes a letter the same letter, though it came by another route.

Octets never repeat through LMTP, which adds a Received. A Message-ID alone is never a key: whoever forges
one must not make a real letter vanish.
"""

from __future__ import annotations

import hashlib

from mailtickets.core.reading.headers import Fields, all_of
from mailtickets.core.reading.mime import Entity

_FIELDS = ("message-id", "from", "to", "cc", "subject", "date", "in-reply-to")


def fingerprint(fields: Fields, root: Entity) -> str:
    """SHA-256, hex, of the fields above and of every decoded part."""
    whole = hashlib.sha256()
    for name in _FIELDS:
        for value in all_of(fields, name):
            _add(whole, f"{name}:{' '.join(value.split())}".encode("utf-8", "replace"))
    for part in root.walk():
        if not part.children:
            _add(whole, part.type.encode("utf-8", "replace"))
            # Transports change line breaks; of files that are not text that would be damage, not a route.
            octets = part.octets
            _add(whole, octets.replace(b"\r\n", b"\n").rstrip() if part.type.startswith("text/") else octets)
    return whole.hexdigest()


def _add(whole: hashlib._Hash, piece: bytes) -> None:
    # The length goes before: "ab" and "c" must not hash like "a" and "bc".
    whole.update(len(piece).to_bytes(8, "big"))
    whole.update(piece)
