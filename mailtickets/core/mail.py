"""What a letter is, before and after it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """An addr-spec (RFC 5322 section 3.4.1) and the name that stood beside it.

    Two addresses are the same if their specs differ at most in case: no mail system in use
    tells `Ann@` from `ann@`, and people do not either.
    """

    spec: str
    name: str = ""

    @property
    def key(self) -> str:
        """The form to compare and to store by."""
        return _lower(self.spec)

    @property
    def domain(self) -> str:
        return _lower(self.spec.rpartition("@")[2])

    @property
    def shown(self) -> str:
        """What to call this person: the name, or the address if there is none."""
        return self.name or self.spec

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _lower(spec: str) -> str:
    """Never `casefold`: it would make one address of `straße.example` and `strasse.example`, which may be two owners'."""
    if spec.isascii():
        return spec.lower()
    # Nor may a letter of another alphabet (the sign of Kelvin) become one of ours.
    return "".join(c if (low := c.lower()).isascii() and not c.isascii() else low for c in spec)


@dataclass(frozen=True, slots=True)
class RawMail:
    """One message as it lies in an IMAP folder. `octets` are whole, or the headers only if `oversize`."""

    mailbox: str  # the desk address whose inbox it is: Address.key
    uidvalidity: int
    uid: int
    received_at: datetime  # IMAP INTERNALDATE
    octets: bytes = field(repr=False)
    size: int = 0  # RFC822.SIZE, octets
    oversize: bool = False


class SegmentKind(StrEnum):
    """Why a stretch of a letter's text is shown or folded."""

    TYPED = "typed"  # what the sender typed
    QUOTE = "quote"  # what was said before, with its "On … wrote:" line
    SIGNATURE = "signature"  # signature, disclaimer, "Sent from my phone"
    FORWARD = "forward"  # a forwarded message: kept in view, but its lines are nobody's commands


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of whole lines. All segments of a letter joined by a line break are its text."""

    kind: SegmentKind
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a letter. `octets` is empty when the letter's files are too big to travel further."""

    name: str  # made safe for display; never used as a path
    content_type: str  # "image/png"
    size: int  # octets after decoding
    sha256: str
    inline: bool  # stood in the text (Content-ID used, or Content-Disposition: inline)
    content_id: str = ""  # without angle brackets
    octets: bytes = field(default=b"", repr=False)
    place: int | None = (
        None  # of a picture: the line of the text, from 0, below which it stood, if that is known
    )
    is_logo: bool = False  # a picture that its sender, or the company, has sent before


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says (RFC 3464, or the words of those who never read it)."""

    action: str  # failed | delayed | delivered
    recipients: tuple[str, ...]  # addr-specs that failed (or are delayed)
    status: str  # enhanced status code "5.2.2", "" if none is given (RFC 3463)
    diagnostic: str  # the server's own words, one line
    original_message_id: str  # of the message that bounced, "" if the report does not say
    notice: str = field(
        default="", compare=False, repr=False
    )  # the beginning of what the server wrote for people


@dataclass(frozen=True, slots=True)
class Report:
    """What a read receipt (RFC 8098) or a complaint of a feedback loop (RFC 5965) says of a mail of ours."""

    kind: str  # receipt | complaint
    said: str  # "displayed", "abuse": the report's own word, in lower case; "" if it has none
    recipient: str  # addr-spec that our mail went to, "" if the report does not say
    original_message_id: str  # of our mail, "" if the report does not say


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A letter that was handed on inside another: its head stands in the text, or it is attached whole."""

    sender: Address
    subject: str  # "" if its head has none
    text: str  # what stands below the head; of an attached one, what its own writer typed
    message_id: str = ""  # known only of an attached one
    is_attached: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """An OpenPGP signature by the key that the operator has pinned to the sender, over all that is read."""

    fingerprint: str  # of that key
    made_at: datetime | None = None  # None: not known
    digest: str = ""  # which signature it is; "" if it does not fit
    is_bound: bool = False  # what leads the letter to its ticket is signed too
    doubt: str = ""  # why it proves nothing, in a few words
    is_broken: bool = False  # it does not fit: these are not the sender's words


@dataclass(frozen=True, slots=True)
class InboundMail:
    """A letter that has been read. Message-IDs are without angle brackets; blank ones are left out."""

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime | None
    subject: str  # decoded, unfolded, control characters removed
    sender: Address | None  # the one From mailbox; the first, with a defect, if there are several
    from_defects: tuple[str, ...]  # why From is not to be believed: "two From headers", "no From" …
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    return_path: str | None  # None: no such header; "": the null path
    headers: tuple[tuple[str, str], ...]  # all, in order: (lower-case name, unfolded raw value)
    text: str  # the whole text, from plain or HTML
    segments: tuple[Segment, ...]
    attachments: tuple[Attachment, ...]
    language: str  # "en", "" if unknown
    bounce: Bounce | None
    fingerprint: str  # same letter by another route: same fingerprint (sha256, hex)
    defects: tuple[str, ...] = ()  # what was repaired while reading, in plain words
    report: Report | None = None
    spoken: str = ""  # the language that what was typed is clearly in; "" where it is not clear
    resent_from: Address | None = None  # who passed the letter on as it was (RFC 5322 section 3.6.6)
    original_from: Address | None = (
        None  # whom a mailing list says that it has put its own address in place of
    )
    forwards: tuple[Forwarded, ...] = ()  # letters that it hands on, the outermost first
    ambiguity: str = ""  # why another program may read another letter in the same octets; "" for nearly all
    signer: str = ""  # the domain whose signature proves From, if the desk has checked one and found it valid
    disowned: str = (
        ""  # what the sender's domain asks for about mail that it has not signed, if this is such a mail
    )
    seal: Seal | None = None

    @property
    def reply(self) -> str:
        """What the sender typed: no quotes, no signature, forwards kept."""
        shown = (SegmentKind.TYPED, SegmentKind.FORWARD)
        return "\n".join(s.text for s in self.segments if s.kind in shown).strip("\n")

    @property
    def files(self) -> tuple[Attachment, ...]:
        """The attachments without what stands below every letter."""
        return tuple(file for file in self.attachments if not file.is_logo)

    @property
    def typed(self) -> str:
        """What the sender typed with the own hand: neither quoted nor forwarded. Commands stand only here."""
        return "\n".join(s.text for s in self.segments if s.kind is SegmentKind.TYPED).strip("\n")

    def header(self, name: str) -> tuple[str, ...]:
        """All values of a header, top first."""
        wanted = name.lower()
        return tuple([value for key, value in self.headers if key == wanted])


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a letter could not be read: it goes to quarantine, its octets are kept."""

    error: str  # one plain sentence
    traceback: str = ""
