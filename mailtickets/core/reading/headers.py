"""The header fields that the desk works with. The only door to mail-parser.

mail-parser reads lists of addresses and dates well, so it does. It takes the first of two From fields and mends
what is ambiguous: so From is read by a strict reader of our own too, and believed only if both say the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

from mailtickets.core.mail import Address
from mailtickets.core.reading import addresses, words
from mailtickets.core.reading.characters import clean_line

Fields = tuple[tuple[str, str], ...]  # (lower-case name, unfolded value), in order

_ID = re.compile(r"<\s*([^<>\s\x00-\x1f\x7f]{1,998})\s*>")
_BARE_ID = re.compile(r"[^\s<>,;\"\x00-\x1f\x7f]{1,900}@[^\s<>,;\"\x00-\x1f\x7f]{1,255}")
_MAX_IDS = 1000  # of one field
_MAX_ADDRESSES = 1000  # of one field


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the fields say (RFC 5322 section 3.6), in our own types."""

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime | None
    subject: str
    sender: Address | None
    from_defects: tuple[str, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    return_path: str | None


def envelope(fields: Fields, cut: tuple[str, ...] = ()) -> Envelope:
    """All of it; what is missing or cannot be read is empty. `cut`: fields whose end has been left out."""
    sender, doubts = _sender(all_of(fields, "from"))
    if "from" in cut:
        doubts = (*doubts, "a From that is too long")
    paths = all_of(fields, "return-path")
    return Envelope(
        message_id=next(iter(_ids(first_of(fields, "message-id"))), ""),
        in_reply_to=_ids(first_of(fields, "in-reply-to")),
        references=_ids(" ".join(all_of(fields, "references"))),
        sent_at=_sent_at(first_of(fields, "date")),
        subject=words.line(first_of(fields, "subject")),
        sender=sender,
        from_defects=doubts,
        reply_to=_mailboxes(fields, "reply-to"),
        to=_mailboxes(fields, "to"),
        cc=_mailboxes(fields, "cc"),
        # RFC 5321 section 4.4: the final delivery writes it, on top.
        return_path=paths[0].strip(' \t<>"') if paths else None,
    )


def all_of(fields: Fields, name: str) -> tuple[str, ...]:
    """All values of a field, top first."""
    return tuple(value for key, value in fields if key == name)


def first_of(fields: Fields, name: str) -> str:
    """The topmost value of a field, "" if there is none."""
    return next((value for key, value in fields if key == name), "")


def _mailboxes(fields: Fields, name: str) -> tuple[Address, ...]:
    """Each address once; several To or Cc fields are one list."""
    found = (mailbox for value in all_of(fields, name) for mailbox in _lenient(value))
    return tuple(dict.fromkeys(found))[:_MAX_ADDRESSES]


def first_mailbox(fields: Fields, *names: str) -> Address | None:
    """The first address in the first of these fields that has one."""
    return next((mailbox for name in names for mailbox in _mailboxes(fields, name)), None)


@lru_cache(maxsize=512)  # most letters are written to the same few addresses
def _lenient(value: str) -> tuple[Address, ...]:
    """What mail-parser reads in an address list; what is ambiguous it leaves out."""
    pairs = get_addresses(value, decode_names=True)
    return tuple(Address(spec, clean_line(name)) for name, spec in pairs if addresses.is_spec(spec))


def _sender(froms: tuple[str, ...]) -> tuple[Address | None, tuple[str, ...]]:
    """The one who wrote it, and why not to believe so."""
    if not froms:
        return None, ("no From",)
    strict, lenient = addresses.mailbox(froms[0]), _lenient(froms[0])
    guess = strict or next(iter(lenient), None) or addresses.likeness(froms[0])
    doubts = []
    if len(froms) > 1:
        doubts.append(f"{_NUMBERS.get(len(froms), 'many')} From headers")
    if len(lenient) > 1:
        doubts.append("several mailboxes in From")
    elif strict is None:
        doubts.append("no address in From" if guess is None else "a From that can be read in two ways")
    elif lenient != (strict,):
        doubts.append("a From that can be read in two ways")
    if guess is not None and not guess.name and guess in lenient:
        guess = lenient[lenient.index(guess)]
    return guess, tuple(doubts)


_NUMBERS = {2: "two", 3: "three"}


def _sent_at(raw: str) -> datetime | None:
    """In UTC. What is not quite a date of RFC 5322 but can only mean one, counts as well."""
    found: datetime | None = parse_mail_date(raw).value
    if found is None and raw:
        try:
            found = parsedate_to_datetime(raw)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    if found is None:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None


def _ids(value: str) -> tuple[str, ...]:
    """Message-IDs without angle brackets, in order; those without brackets count where there are no others."""
    found = _ID.findall(value) or _BARE_ID.findall(value)
    return tuple(dict.fromkeys(found[:_MAX_IDS]))
