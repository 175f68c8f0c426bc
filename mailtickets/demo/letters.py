"""What people's mail clients do: write, reply, quote, and show what has come.

The law: nothing here knows the desk. A reply is made from the letter it answers and from nothing else.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr

from mailtickets.core.mail import Address

_PREFIX = re.compile(r"(?i)^re:\s*")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it passed through the post office: one recipient of the envelope, and the octets."""

    recipient: Address
    octets: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.octets, policy=policy.default)

    @property
    def sender(self) -> Address:
        name, spec = parseaddr(str(self.message["From"]))
        return Address(spec, name)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def id(self) -> str:
        """Message-ID with its angle brackets."""
        return str(self.message["Message-ID"] or "").strip()

    @property
    def references(self) -> tuple[str, ...]:
        """All Message-IDs of References, oldest first, with angle brackets."""
        return tuple(str(self.message["References"] or "").split())

    @property
    def text(self) -> str:
        """The plain text, line ends as "\\n"; "" if there is none."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""

    @property
    def words(self) -> str:
        """The text above the signature mark (RFC 3676 section 4.3)."""
        return ("\n" + self.text).partition("\n-- \n")[0].strip("\n")


def fresh(sender: Address, to: Address, subject: str, text: str, now: datetime) -> EmailMessage:
    """A new letter."""
    message = EmailMessage()
    message["From"] = formataddr((sender.name, sender.spec))
    message["To"] = formataddr((to.name, to.spec))
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{secrets.token_hex(12)}@{sender.domain}>"
    message.set_content(text + "\n")
    return message


def reply(to: Letter, sender: Address, text: str, now: datetime) -> EmailMessage:
    """The answer to a letter, as any mail client makes it: "Re:" once, threaded, the letter quoted below."""
    name, spec = parseaddr(str(to.message["Reply-To"] or to.message["From"]))
    quoted = "\n".join(f"> {line}".rstrip() for line in to.text.rstrip().splitlines())
    body = f"{text}\n\nOn {now:%d %B %Y} at {now:%H:%M}, {to.sender.shown} wrote:\n{quoted}"
    message = fresh(sender, Address(spec, name), f"Re: {_PREFIX.sub('', to.subject)}", body, now)
    # RFC 5322 section 3.6.4: the parent's References, then the parent.
    message["In-Reply-To"] = to.id
    message["References"] = " ".join((*to.references, to.id))
    return message
