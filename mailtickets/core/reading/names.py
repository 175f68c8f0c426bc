"""Names of attachments, safe to show and to save under: a name is data, never a path."""

from __future__ import annotations

import mimetypes
import re

from mailtickets.core.reading.characters import clean_line

# The table that comes with Python, not the one of this machine: the same letter is the same everywhere.
_TYPES = mimetypes.MimeTypes(filenames=())

_EXTENSIONS = {
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt",
    "text/rfc822-headers": ".txt",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "application/pgp-signature": ".asc",
    "application/pgp-encrypted": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/ms-tnef": ".dat",
}

MAX_OCTETS = 200  # of UTF-8: file systems have 255, and a page or a disk may add something

_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
# What Windows takes for devices, whatever the extension.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])(?:\.|$)", re.IGNORECASE)
_SHOWN_OTHERWISE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff]")


def safe(name: str, content_type: str, number: int) -> str:
    """A plain file name. One that says nothing becomes "attachment-2.pdf": `number` counts from one."""
    last = clean_line(name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    bare = _FORBIDDEN.sub("_", _SHOWN_OTHERWISE.sub("", last)).strip(" .")
    if not bare.strip("_"):
        return f"attachment-{number}{_extension(content_type)}"
    return _shortened(f"_{bare}" if _DEVICES.match(bare) else bare)


def _extension(content_type: str) -> str:
    return _EXTENSIONS.get(content_type) or _TYPES.guess_extension(content_type, strict=False) or ""


def _shortened(name: str) -> str:
    """At most MAX_OCTETS, the extension kept: it tells what the file is."""
    if len(name.encode()) <= MAX_OCTETS:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode()[:20].decode(errors="ignore") if stem else ""
    return (stem or name).encode()[: MAX_OCTETS - len(tail.encode())].decode(errors="ignore") + tail
