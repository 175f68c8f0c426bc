"""Whoever answers the desk without being a person, as octets: no header gives them away unless it says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.message import EmailMessage
from itertools import count

from mailtickets.core.mail import Address
from mailtickets.demo import letters
from tests.house.house import SUPPORT
from tests.house.postroom import Post, Robot

AWAY = (
    "Thank you for your message. I am out of the office until Monday and will read it then. "
    "In urgent cases please call the front desk."
)


def vacation(me: Address, *, threads: bool, trusted: bool = False, text: str = AWAY) -> Robot:
    """Says the same to each mail; in a thread, or as a new letter each time."""

    def answer(post: Post, now: datetime) -> Sequence[bytes]:
        if threads:
            message = letters.reply(post.letter, me, text, now)
        else:
            message = letters.fresh(me, Address(SUPPORT), "Out of the office", text, now)
        return (_wire(message, me, trusted),)

    return answer


def ticket_system(me: Address, *, trusted: bool = False) -> Robot:
    """Opens a ticket of its own for each mail, and says so with its number, the date and our subject."""
    numbers = count(88213)

    def answer(post: Post, now: datetime) -> Sequence[bytes]:
        number = next(numbers)
        text = (
            f"Dear customer,\n\nyour request has been received on {now:%A, %d %B %Y at %H:%M} and filed as "
            f"REQ-{number}.\n\nA member of our team will look at it as soon as possible. You can follow it at "
            f"https://tickets.robot.example/r/{number:x}?key={number * 7919:x}\n\nThe service desk"
        )
        message = letters.fresh(
            me, Address(SUPPORT), f"[REQ-{number}] We have received your request", text, now
        )
        return (_wire(message, me, trusted),)

    return answer


def challenge(me: Address) -> Robot:
    """Wants each sender to prove to be a person, by a link that is different each time."""
    numbers = count(1)

    def answer(post: Post, now: datetime) -> Sequence[bytes]:
        number = next(numbers)
        text = (
            f"I protect my inbox. To have your mail of {now:%H:%M} delivered, open this link once: "
            f"https://guard.robot.example/{number * 104729:x}\nYou will never be asked again."
        )
        return (
            _wire(letters.fresh(me, Address(SUPPORT), "One more step for your mail", text, now), me, False),
        )

    return answer


def bouncer(*, report: bool) -> Robot:
    """Sends everything back: as RFC 3464 has it, or in words of its own with a return path that may be answered."""
    server = Address("mailer-daemon@mx.robot.example", "Mail Delivery System")

    def answer(post: Post, now: datetime) -> Sequence[bytes]:
        text = (
            f"Your message to {post.to} could not be delivered. The mailbox is over its quota at the moment."
        )
        if not report:
            words = letters.fresh(server, Address(SUPPORT), "Mail could not be delivered", text, now)
            return (_wire(words, Address("bounces@mx.robot.example"), False),)
        head = re.split(rb"\r?\n\r?\n", post.letter.octets, maxsplit=1)[0].decode("ascii", "replace")
        whole = REPORT.format(server=server.spec, to=SUPPORT, text=text, failed=post.to, head=head, at=now)
        return (whole.replace("\r\n", "\n").replace("\n", "\r\n").encode(),)

    return answer


REPORT = """\
Return-Path: <>
From: Mail Delivery System <{server}>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{at:%H%M%S%f}.{failed}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

{text}

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.robot.example

Final-Recipient: rfc822; {failed}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--=_b
Content-Type: text/rfc822-headers

{head}

--=_b--
"""


def _wire(message: EmailMessage, me: Address, trusted: bool) -> bytes:
    if trusted:
        result = f"mx.example.org; dmarc=pass header.from={me.domain}"
        message["Authentication-Results"] = result
    return f"Return-Path: <{me.spec}>\r\n".encode() + message.as_bytes(policy=policy.SMTP)
