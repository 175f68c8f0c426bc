"""Which ticket a letter belongs to: the clues, in the order in which they count."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mailtickets.core import tokens
from mailtickets.core.mail import Address, InboundMail
from mailtickets.core.tokens import Secret, Token


class Route(StrEnum):
    """By which clue a letter came to its ticket."""

    OWN_ID = "own id"  # a signed Message-ID of ours, or desk+token@
    KNOWN_ID = "known id"  # a Message-ID of a letter that the desk has
    SEEN_ID = "seen id"  # one that stood only in another letter's References
    TAG = "subject tag"
    QUESTION = "question"  # it answers one of ours
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Clues:
    own: tuple[int, ...]  # Ticket.id of our own ids, nearest parent first
    ids: tuple[str, ...]  # all other ids of In-Reply-To and References, nearest parent first
    tag: int | None  # ticket number in the subject
    tokens: tuple[
        Token, ...
    ] = ()  # all of ours that the letter carries, nearest parent first: for identity.evidence
    is_question: bool = False  # it is about a question of ours, and that is how its ticket is known


# What mail clients and people put before a subject, replies first, then forwards.
_PREFIXES = {
    "Arabic": "رد إعادة",
    "Chinese": "回复 回復 答复 答覆 回覆 转发 轉寄 轉發",
    "Croatian, Slovene, Czech, Slovak": "odg odp odpověď pro přep prep posr",
    "Danish, Norwegian, Swedish": "sv svar vs vb vl vidaresänt",
    "Dutch": "antw betr doorst",
    "English": "re fw fwd",
    "Finnish, Estonian": "vs vast vl edasi",
    "French": "ref réf rép tr",
    "German": "aw antw antwort wg weitergeleitet",
    "Greek": "απ σχετ πρθ",
    "Hebrew": "השב הועבר",
    "Hungarian": "vá válasz továbbítás",
    "Icelandic": "svar áframsent",
    "Indonesian": "bls trs",
    "Italian": "r rif i",
    "Japanese": "返信 転送",
    "Korean": "회신 전달",
    "Latvian, Lithuanian": "atb ats nosūt pers",
    "Polish": "odp pd",
    "Portuguese": "res resp enc",
    "Romanian": "răsp rsp redir",
    "Russian, Ukrainian, Bulgarian": "отв ответ відп отг пересл переслано пер препр",
    "Spanish": "resp rv reenv",
    "Thai": "ตอบ ต่อ",
    "Turkish": "ynt yan ilt",
    "Vietnamese": "tl trả",
}

# "Re:", "RE :", "Re[2]:", "Re^2:", "AW (3):", and the full-width colon of East Asian clients.
_PREFIX = re.compile(
    r"\s*(?:"
    + "|".join(sorted(set(" ".join(_PREFIXES.values()).split()), key=lambda p: (-len(p), p)))
    + r")\s{0,3}(?:\[\d{1,4}\]|\(\d{1,4}\)|[\^*]\d{1,4})?\s{0,3}[:：]",
    re.IGNORECASE,
)
# Where a delivery may have left the address that was really written to: a rewritten To loses the extension.
_DELIVERY_HEADERS = ("delivered-to", "x-original-to", "envelope-to")


def clues(mail: InboundMail, secret: Secret, tag: str, own: frozenset[str], subaddress: str = "") -> Clues:
    """What a letter says about its ticket. `own`: keys of the desk's addresses; `subaddress`: "+" or ""."""
    found: list[Token] = []
    others: list[str] = []
    for message_id in _parents(mail):
        token = tokens.read(secret, message_id)
        if token is None:
            others.append(message_id)
        else:
            found.append(token)
    found += _address_tokens(mail, secret, own, subaddress)
    return Clues(
        own=tuple(dict.fromkeys(token.ticket for token in found if token.ticket)),
        ids=tuple(dict.fromkeys(others)),
        tag=tag_number(mail.subject, tag),
        tokens=tuple(dict.fromkeys(found)),
    )


def tag_number(subject: str, tag: str) -> int | None:
    """The ticket number of the first tag in a subject; None if there is none. `tag`: "[#{number}]"."""
    found = _tag_pattern(tag).search(subject)
    return int(found["number"]) if found else None


def bare_subject(subject: str, tag: str) -> str:
    """A subject without tags and without all that was put before it, in whatever language. May be ""."""
    # Composed, since some clients send the accent of "RÉF:" as a letter of its own.
    bare = unicodedata.normalize("NFC", _tag_pattern(tag).sub(" ", subject))
    start, end = 0, len(bare.rstrip())
    while True:
        # Some clients put a forward in brackets as a whole: "[Fwd: Re: Blank pages]".
        is_bracketed = bare[start:].lstrip().startswith("[") and bare[:end].endswith("]")
        opening = bare.index("[", start) + 1 if is_bracketed else start
        found = _PREFIX.match(bare, opening, end)
        if found is None:
            return " ".join(bare[start:end].split())
        start, end = found.end(), end - is_bracketed


def _parents(mail: InboundMail) -> tuple[str, ...]:
    """All ids that the letter names as its past, nearest parent first (RFC 5322 section 3.6.4)."""
    report = mail.bounce or mail.report
    reported = (report.original_message_id,) if report else ()
    named = (*mail.in_reply_to, *reversed(mail.references), *reported)
    # Blank ids would lead every letter without one to the same ticket.
    return tuple(dict.fromkeys(i.strip() for i in named if i.strip(" \t<>")))


def _address_tokens(
    mail: InboundMail, secret: Secret, own: frozenset[str], subaddress: str
) -> tuple[Token, ...]:
    if not subaddress:
        return ()
    written = [a.key for a in (*mail.to, *mail.cc)]
    written += [Address(v.strip(" \t<>")).key for name in _DELIVERY_HEADERS for v in mail.header(name)]
    found = (_address_token(spec, secret, own, subaddress) for spec in written)
    return tuple(token for token in found if token is not None)


def _address_token(spec: str, secret: Secret, own: frozenset[str], subaddress: str) -> Token | None:
    local, _, domain = spec.rpartition("@")
    base, _, extension = local.partition(subaddress)
    if f"{base}@{domain}" not in own:
        return None
    return tokens.read_subaddress(secret, extension)


@lru_cache(maxsize=16)
def _tag_pattern(tag: str) -> re.Pattern[str]:
    before, _, after = tag.partition("{number}")
    # No digit may stand on either side: "#{number}" must not find 12 in "#123" or in "0#12".
    return re.compile(rf"{re.escape(before)}(?<![0-9])(?P<number>[0-9]{{1,18}})(?![0-9]){re.escape(after)}")
