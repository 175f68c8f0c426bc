"""Support mail as it comes: seeded, so that every run and every rival reads the same octets.

60 % open a ticket, 40 % reply to one of the last 200; texts log-normal around 4 kB, 10 % with HTML beside them,
5 % with a 150 kB attachment (200 kB on the wire).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage

_PROSE = (
    "printer invoice login fails after update please check order number customer delivery the a we you and "
    "cannot when account server page error message screen thanks regards since yesterday morning file report "
    "password reset Zürich größe"
)
_WORDS = _PROSE.split()
_BEGUN = datetime(2026, 1, 5, 9, tzinfo=UTC)
_WIRE = policy.SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Piece:
    """One mail, and whether it opens a ticket."""

    octets: bytes = field(repr=False)
    opens: bool


@dataclass(frozen=True, slots=True)
class _Thread:
    sender: str
    subject: str
    id: str


def pieces(count: int, to: str, seed: int = 1) -> tuple[Piece, ...]:
    """So many mails, in the order of their arrival."""
    rng = random.Random(seed)
    blob = rng.randbytes(150_000)
    threads: list[_Thread] = []
    made = []
    for number in range(count):
        opens = not threads or rng.random() >= 0.4
        if opens:
            threads.append(
                _Thread(
                    f"user{number}@customer.example",
                    f"Problem {number}",
                    f"<{seed}.{number}@customer.example>",
                )
            )
        thread = threads[-1] if opens else rng.choice(threads[-200:])
        message = _headed(thread, to, seed, number, opens)
        _fill(message, rng, number, opens, blob)
        made.append(Piece(message.as_bytes(policy=_WIRE), opens))
    return tuple(made)


def _headed(thread: _Thread, to: str, seed: int, number: int, opens: bool) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{seed}.{number}@customer.example>"
    message["From"] = f"Customer {number} <{thread.sender}>"
    message["To"] = f"Support <{to}>"
    message["Date"] = _BEGUN + timedelta(seconds=number)
    message["Subject"] = thread.subject if opens else f"Re: {thread.subject}"
    if not opens:
        message["In-Reply-To"] = message["References"] = thread.id
    return message


def _fill(message: EmailMessage, rng: random.Random, number: int, opens: bool, blob: bytes) -> None:
    quote = "" if opens else "\n\nOn Monday the desk wrote:\n> We have received your request.\n> Regards\n"
    body = f"Hello, this is mail {number}.\n\n{_text(rng, min(60_000, int(rng.lognormvariate(8.2, 0.8))))}{quote}\n"
    message.set_content(body, cte="quoted-printable")
    if rng.random() < 0.10:
        paragraphs = body.replace("\n\n", "</p>\n<p>")
        message.add_alternative(
            f"<html><body><p>{paragraphs}</p></body></html>", subtype="html", cte="quoted-printable"
        )
    if rng.random() < 0.05:
        message.add_attachment(blob, maintype="application", subtype="pdf", filename=f"log{number}.pdf")


def _text(rng: random.Random, size: int) -> str:
    lines, length = [], 0
    while length < max(200, size):
        line = " ".join(rng.choice(_WORDS) for _ in range(rng.randint(6, 12))).capitalize() + "."
        lines.append(line)
        length += len(line) + 1
        if rng.random() < 0.15:
            lines.append("")
    return "\n".join(lines)
