"""The mails that flow while things break: each kind that goes another way through the house, the same from the same seed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from email.message import EmailMessage

from tests.house.house import ANN, SUPPORT
from tests.sink import Kept

_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
BIG = 90_000  # octets: beyond what the database keeps itself


@dataclass
class Post:
    """Owns the dice, and what has been written so far."""

    seed: int
    count: int = 0
    opened: list[tuple[str, str]] = field(default_factory=list)  # sender and Message-ID of each new matter
    answered: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def some(self, count: int, arrived: tuple[Kept, ...] = ()) -> list[bytes]:
        """The next letters. `arrived`: what the desk has mailed so far, for an agent to answer."""
        return [self._one(arrived) for _ in range(count)]

    def big(self) -> bytes:
        return self._new(b"\r\nA long story." * (BIG // 15))

    def _one(self, arrived: tuple[Kept, ...]) -> bytes:
        roll = self._dice.random()
        if roll < 0.5 or not self.opened:
            return self._new()
        if roll < 0.7:
            return self._reply()
        if roll < 0.8:
            return self._machine()
        if roll < 0.85:
            return self.big()
        return self._answer(arrived) or self._new()

    def _letter(self, sender: str, subject: str, text: str, **headers: str) -> EmailMessage:
        self.count += 1
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, SUPPORT, subject
        mail["Date"] = "Wed, 25 Nov 2026 09:00:00 +0000"
        mail["Message-ID"] = f"<{self.seed}.{self.count}@{sender.rpartition('@')[2]}>"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        return mail

    def _new(self, more: bytes = b"") -> bytes:
        k = self.count + 1
        sender = f"c{k}@c{k % 97}.example"
        mail = self._letter(sender, f"Matter {self.seed}.{k}", f"It does not work, for the {k}th time.")
        self.opened.append((sender, str(mail["Message-ID"])))
        return mail.as_bytes() + more

    def _reply(self) -> bytes:
        sender, id = self._dice.choice(self.opened)
        return self._letter(
            sender, "Re: Matter", f"One more thing ({self.count}).", In_Reply_To=id
        ).as_bytes()

    def _machine(self) -> bytes:
        k = self.count % 7
        return self._letter(
            f"monitor{k}@alarms.example", f"Alarm {self.count}", "Host down.", Auto_Submitted="auto-generated"
        ).as_bytes()

    def _answer(self, arrived: tuple[Kept, ...]) -> bytes:
        """An agent answers a notification of the desk; the token in it is the proof."""
        for mail in arrived:
            found = _ID.search(mail.octets)
            if mail.recipients != (ANN,) or found is None or found[1] in self.answered:
                continue
            self.answered.add(found[1])
            id, order = found[1].decode(), self._dice.choice(["#close", "#priority high", "#mine"])
            text = f"{order}\n\nDone, number {self.count}."
            return self._letter(ANN, "Re: Matter", text, In_Reply_To=id, References=id).as_bytes()
        return b""
