"""A day at the desk, for the tests of the window: real letters, decided by the real desk, in a store of its own."""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from mailtickets import desk as desk_room
from mailtickets.config import Staff, WebSettings
from mailtickets.control.clerk import LedgerClerk
from mailtickets.core import reading, retry
from mailtickets.core.case import ReplyKind
from mailtickets.core.identity import Trust
from mailtickets.core.mail import Address, RawMail
from mailtickets.core.person import Role
from mailtickets.core.policy import DeskAddress, Policy, Project
from mailtickets.core.retry import Failed, Sent
from mailtickets.core.tokens import Secret
from mailtickets.desk import Desk, Ending, Letter
from mailtickets.store import engine, ledger, outbox, people, search
from mailtickets.store.engine import Store, Tx
from mailtickets.templates import Pages, Templates
from mailtickets.web import app
from mailtickets.web.app import App
from mailtickets.web.clerk import Clerk
from tests.core import cases

NOW = datetime(2026, 11, 20, 8, 12, tzinfo=UTC)  # Friday, 09:12 in Paris: when the pages are looked at
DESK = Address("support@example.org", "Example Support")
ANN = Address("ann@example.org", "Ann Smith")
DAN = Address("dan@example.org", "Dan Old")  # an agent once
BEN = Address("ben@example.org", "Ben Okafor")
GUS = Address("gus@example.org", "Gus Green")
MARIA = Address("maria.lopez@birch.example", "Maria Lopez")
LEE = Address("lee.chang@birch.example", "Lee Chang")
NORA = Address("nora@birch.example", "Nora Birch")
KIM = Address("kim@willow.example", "Kim Willow")
TOM = Address("tom@elm.example", "Tom Whitfield")
ANKE = Address("anke@harbour.example", "Anke Brandt")
FULL = "552 5.2.2 The mailbox is full"

STAFF = (
    Staff(ANN, "Ann Smith", Role.ADMIN, (), (), "en", "Europe/Paris"),
    Staff(BEN, "Ben Okafor", Role.AGENT, (), (), "en", "Europe/Paris"),
    Staff(GUS, "Gus Green", Role.AGENT, (), ("garden",), "en", "Europe/Paris"),
)
POLICY = replace(
    cases.POLICY,
    url="http://desk.example.org",
    mailboxes=(
        DeskAddress(DESK, (), "support", "en"),
        DeskAddress(Address("garden@example.org", "Example Support"), (), "garden", "en"),
    ),
    projects=(Project("support", "Support", ()), Project("garden", "Garden", (GUS,))),
    # Whoever writes in these tests is who they say: the operator's server vouches for it.
    trust=Trust(authserv_id="mx.example.org"),
    operators=(),
    number_start=1042,
)


@cache
def _templates() -> Templates:
    return Templates.load()


@dataclass
class Day:
    """Owns the store, and the number of the last letter."""

    store: Store
    desk: Desk
    uid: int = 0
    refused: set[str] = field(default_factory=set)  # addresses whose server takes nothing

    def letter(
        self,
        at: datetime,
        sender: Address,
        subject: str,
        text: str,
        *,
        to: Address = DESK,
        cc: tuple[Address, ...] = (),
        files: tuple[tuple[str, str, bytes], ...] = (),
        auto: str = "",
        verdict: str = "pass",
        answers: str = "",
        html: str = "",
    ) -> Ending:
        """Somebody writes, the desk decides, and its mails go out."""
        self.uid += 1
        mail = EmailMessage()
        mail["Authentication-Results"] = f"mx.example.org; dmarc={verdict} header.from={sender.domain}"
        mail["From"] = f"{sender.name} <{sender.spec}>"
        mail["To"] = to.spec
        mail["Subject"] = subject
        mail["Date"] = at
        mail["Message-ID"] = f"<{self.uid}@{sender.domain}>"
        if answers:
            mail["In-Reply-To"] = answers
        if cc:
            mail["Cc"] = ", ".join(a.spec for a in cc)
        if auto:
            mail["Auto-Submitted"] = auto
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        for name, kind, octets in files:
            main, _, sub = kind.partition("/")
            mail.add_attachment(octets, maintype=main, subtype=sub, filename=name)
        raw = RawMail(
            DESK.key if to == DESK else to.key, 7, self.uid, at, mail.as_bytes(), len(mail.as_bytes())
        )
        (stored,) = self.store.write_sync(ledger.keep, self.store.blobs, (raw,), at)
        read = Letter(stored, reading.read(raw.octets))
        (ending,) = self.store.write_sync(desk_room.take, self.desk, (read,), at)
        self.store.write_sync(self._deliver, at + timedelta(minutes=2))
        self.store.write_sync(search.write_cards, 1000)
        return ending

    def _deliver(self, tx: Tx, now: datetime) -> None:
        for row in outbox.claim(tx, "the day", 1000, now):
            if row.recipient.key in self.refused and row.kind is ReplyKind.ANSWER:
                outbox.settle(tx, row, Failed(552, FULL), retry.GiveUp(FULL), now)
            else:
                outbox.settle(tx, row, Sent(250, "Ok"), retry.Done(), now)


def open_day(folder: Path, policy: Policy = POLICY) -> Day:
    """A store with the staff in it, and nothing else."""
    url = f"sqlite:///{folder / 'mailtickets.db'}"
    engine.make_current(url, folder)
    store = Store.open(url, folder / "blobs")
    store.write_sync(people.sync_staff, STAFF, NOW - timedelta(days=30))
    return Day(store, Desk(policy, Secret((b"x" * 32,)), _templates().render))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026, as the clocks of Paris show it."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def printer(day: Day) -> None:
    """Ticket 1042: a talk with everything in it that a page must show."""
    first = f"<{day.uid + 1}@{MARIA.domain}>"
    day.letter(
        at(19, 9, 14),
        MARIA,
        "Printer on the second floor prints blank pages",
        "Good morning,\n\nSince yesterday afternoon the printer on the second floor (the HP next to the"
        " kitchen) prints blank pages. Copies are fine. I have switched it off and on again twice.\n\n"
        "We have to print the November invoices before Friday noon, so this is a little urgent.\n\n"
        "Thank you\nMaria\n",
        cc=(LEE,),
        files=(
            ("blank-page.jpg", "image/jpeg", b"\xff\xd8" * 206_000),
            ("test & print.pdf", "application/pdf", b"%PDF-" * 17_600),
        ),
    )
    re = "Re: [#1042] Printer on the second floor prints blank pages"
    day.letter(at(19, 9, 31), ANN, re, "#assign me\n#priority high\n#status open\n")
    day.letter(
        at(19, 9, 40),
        ANN,
        re,
        "Good morning Maria,\n\nCopies come out well, so the paper path is fine and I suspect the drum. Could you"
        " print the status page (hold the ✓ key for five seconds) and send me a photo of it? How to do that:"
        " https://support.example.org/printers/status-page.\n\nAnn\n",
    )
    day.letter(
        at(19, 9, 52),
        BEN,
        re,
        "#note\n\nElm Street had the same model with a worn drum in March. There is a spare in cupboard 3.\n",
    )
    day.letter(
        at(19, 14, 5),
        MARIA,
        re,
        "Here it is. It says “Drum: 2 %”. Is that bad?\n\nOn 19 November at 09:40 Ann Smith wrote:\n"
        "> Good morning Maria,\n>\n> Copies come out well, so the paper path is fine and I suspect the drum.\n",
        files=(("status-page.jpg", "image/jpeg", b"\xff\xd8" * 600_000),),
        answers=first,
    )
    day.refused = {LEE.key}
    day.letter(
        at(19, 15, 10),
        ANN,
        re,
        "That is the cause: the drum is worn out. Ben brings a new one tomorrow between 10 and 11. Until then please"
        " use the printer on the third floor; your invoices will come out there as usual.\n\nAnn\n",
    )
    day.refused = set()
    day.letter(
        at(19, 15, 12), LEE, re, "I am out of the office until Monday 23 November.\n", auto="auto-replied"
    )
    day.letter(
        at(20, 8, 47),
        MARIA,
        re,
        "Thank you, Ann. The printer on the third floor asks me for a code. Which one is it?\n\n"
        "On 19 November at 15:10 Ann Smith wrote:\n> That is the cause: the drum is worn out.\n",
        answers=first,
    )


def busy(day: Day) -> None:
    """Tickets 1043 to 1051, so that lists have something to show."""
    asked = (
        (18, 5, TOM, "VPN drops every ten minutes at home", "It says “re-keying”."),
        (19, 8, MARIA, "Invoice 2026-0417 shows our old address", "Please correct it."),
        (19, 12, ANKE, "AW: WG: Drucker reagiert nicht: printsrv02.branch.example.org/queues/HP-LaserJet-2.OG-Kueche", "Bitte um Hilfe."),
        (19, 16, LEE, "Scanned contract opens as an empty PDF", "See the scan."),
        (17, 9, TOM, "Password mail never arrives", "I have waited for an hour."),
        (16, 10, ANKE, "Scanner saves to the wrong folder", "It used to be the right one."),
        (20, 8, ANKE, "", "A letter with no subject at all."),
    )  # fmt: skip
    for date, hour, sender, subject, text in asked:
        day.letter(at(date, hour), sender, subject, text + "\n")
    day.letter(at(19, 17), BEN, "Re: [#1045]", "#mine\n#status open\n#priority low\n")
    day.letter(at(19, 17, 5), BEN, "Re: [#1047]", "Which address do you write from?\n")
    day.letter(
        at(19, 17, 9), ANN, "Re: [#1048]", "It saves to the right one again.\n\n#status resolved fixed\n"
    )
    garden = Address("garden@example.org")
    day.letter(at(19, 11), TOM, "The hedge hides the sign", "Please cut it.\n", to=garden)


def window(
    day: Day,
    *,
    now: datetime = NOW,
    public_counts: bool = False,
    clerk: Clerk | None = None,
    settings: WebSettings | None = None,
) -> App:
    """The window onto a day, at a moment. Signing in goes to the real clerk, unless there is another."""
    clerk = clerk or LedgerClerk(day.store, day.desk, lambda: now, lambda: None)
    settings = settings or WebSettings(listen="", public_counts=public_counts)
    return app.create(day.store, day.desk.policy, settings, clerk, lambda: now, Pages().render)


def link(day: Day, who: Address, now: datetime = NOW) -> str:
    """A sign-in link for somebody."""
    link = day.store.write_sync(desk_room.sign_in_link, day.desk, who.spec, now)
    assert link is not None
    return link


def session(day: Day, who: Address, now: datetime = NOW) -> str:
    """Sign somebody in: the token for the cookie."""
    token = day.store.write_sync(desk_room.open_session, link(day, who, now).rpartition("/")[2], now)
    assert token is not None
    return token


def mailed_links(tx: Tx) -> list[tuple[str, str]]:
    """Recipient and link of every sign-in mail that waits."""
    found = []
    for row in outbox.claim(tx, "test", 100, NOW + timedelta(minutes=5)):
        text = message_from_bytes(row.octets, policy=email.policy.default).get_body(("plain",))
        assert text is not None
        link = re.search(r"http://\S+/sign-in/\S+", text.get_content())
        if link:
            found.append((row.recipient.spec, link[0]))
    return found
