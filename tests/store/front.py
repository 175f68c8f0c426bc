"""A desk with a ledger: octets go in, decisions are the true ones, and mails come out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from functools import cache
from typing import Any

from sqlalchemy import select

from mailtickets import desk as desk_room
from mailtickets.core import reading
from mailtickets.core.identity import Trust
from mailtickets.core.mail import InboundMail, RawMail
from mailtickets.core.policy import Policy
from mailtickets.core.retry import Done, Sent
from mailtickets.core.tokens import Secret
from mailtickets.desk import Desk, Ending, Letter
from mailtickets.store import ledger, outbox, schema, views
from mailtickets.store.engine import Store, Tx
from mailtickets.store.views import TicketView
from mailtickets.templates import Templates
from tests.store.letters import DESK, NOW, POLICY

SERVER = "mx.example.org"  # whose Authentication-Results count
DESKS = replace(POLICY, trust=Trust(authserv_id=SERVER))
SECRET = Secret((b"x" * 32, b"w" * 32))


@cache
def _render() -> Any:
    return Templates.load().render


@dataclass
class Front:
    """Owns the time and the next UID."""

    store: Store
    policy: Policy = DESKS
    uid: int = 0
    seen: set[int] = field(default_factory=set)

    def write(self, sender: str, subject: str, text: str, *, to: str = DESK.spec, **headers: str) -> Ending:
        """A letter of somebody. Names of headers with _ for -."""
        fields = {"From": sender, "To": to, "Subject": subject, "Message-ID": f"<{self.uid}@letter.example>"}
        fields["Date"] = format_datetime(self.now)
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\n" for name, value in fields.items())
        return self.take(f"{head}\n{text}\n".encode())

    def take(self, octets: bytes, mail: InboundMail | None = None) -> Ending:
        """`mail`: what has been read in it, if more is known than the octets tell."""
        self.uid += 1
        now = self.now
        raw = RawMail(DESK.key, 7, self.uid, now, octets, len(octets))
        (stored,) = self.store.write_sync(ledger.keep, self.store.blobs, (raw,), now)
        desk = Desk(self.policy, SECRET, _render())
        letter = Letter(stored, mail or reading.read(octets))
        (ending,) = self.store.write_sync(desk_room.take, desk, (letter,), now)
        self.store.write_sync(self._send, now + timedelta(seconds=30))
        return ending

    @property
    def now(self) -> datetime:
        return NOW + timedelta(minutes=self.uid)

    def _send(self, tx: Tx, now: datetime) -> None:
        for row in outbox.claim(tx, "front", 100, now):
            outbox.settle(tx, row, Sent(250, "Ok"), Done(), now)

    def mails(self) -> list[tuple[str, str, EmailMessage]]:
        """Kind, recipient and mail of what was sent since the last look."""
        with_octets = (
            schema.outbox.c.id,
            schema.outbox.c.kind,
            schema.outbox.c.recipient,
            schema.outbox.c.octets,
        )
        rows = self.store.read_sync(
            lambda tx: tx.execute(select(*with_octets).order_by(schema.outbox.c.id)).all()
        )
        new = [row for row in rows if row.id not in self.seen]
        self.seen |= {row.id for row in new}
        return [
            (row.kind.value, row.recipient, message_from_bytes(row.octets, policy=default)) for row in new
        ]

    def told(self) -> list[tuple[str, str]]:
        return [(kind, who) for kind, who, _ in self.mails()]

    def view(self, number: int = 1) -> TicketView:
        found = self.store.read_sync(views.ticket, number)
        assert found is not None
        return found
