"""The demo's own mail server, as an ordinary mail client sees it."""

from __future__ import annotations

import asyncio
import imaplib
import smtplib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aioimaplib
import pytest

from mailtickets.core.mail import Address
from mailtickets.demo import letters, server
from mailtickets.demo.letters import Letter
from mailtickets.demo.server import AUTHSERV_ID, HOST, PASSWORD, PostOffice

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
MARIA = Address("maria@customer.example", "Maria Lopez")
DESK = Address("support@example.org", "Example Support")


@dataclass(frozen=True, slots=True)
class Counter:
    """An open post office, and what passed it."""

    office: PostOffice
    imap: int
    smtp: int
    passed: list[Letter]


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    passed: list[Letter] = []
    office = PostOffice(tmp_path / "mail", passed.append)
    ports = await office.open()
    yield Counter(office, ports.imap, ports.smtp, passed)
    await office.close()


async def _post(counter: Counter, text: str = "Hello") -> None:
    message = letters.fresh(MARIA, DESK, "A question", text, NOW)
    await asyncio.to_thread(server.post, counter.smtp, MARIA, message)


async def test_idle_tells_of_a_letter_within_three_seconds(counter: Counter) -> None:
    counter.office.admit(DESK)
    client = aioimaplib.IMAP4(HOST, counter.imap)
    await client.wait_hello_from_server()
    await client.login(DESK.spec, PASSWORD)
    await client.select()
    for number in (b"1", b"2"):
        idle = await client.idle_start()
        await _post(counter)
        async with asyncio.timeout(3):
            pushed = await client.wait_server_push()
        assert number + b" EXISTS" in pushed
        client.idle_done()
        await idle
    await client.logout()


async def test_who_is_written_to_has_a_mailbox_that_any_client_opens(counter: Counter) -> None:
    await _post(counter, "a\n.\nb")

    def fetched() -> bytes:
        with imaplib.IMAP4(HOST, counter.imap) as client:
            client.login(DESK.spec, PASSWORD)
            client.select()
            answer = client.fetch("1", "(BODY.PEEK[])")[1][0]
            assert isinstance(answer, tuple)
            return answer[1]

    assert (await asyncio.to_thread(fetched)).split() == counter.passed[0].octets.split()


async def test_a_wrong_password_opens_nothing(counter: Counter) -> None:
    counter.office.admit(DESK)

    def knock() -> None:
        with imaplib.IMAP4(HOST, counter.imap) as client:
            client.login(DESK.spec, "guess")

    with pytest.raises(imaplib.IMAP4.error):
        await asyncio.to_thread(knock)


async def test_who_logged_in_is_vouched_for_and_nobody_else(counter: Counter) -> None:
    await _post(counter)

    def forged(login: str) -> None:
        with smtplib.SMTP(HOST, counter.smtp) as client:
            if login:
                client.login(login, PASSWORD)
            client.send_message(letters.fresh(MARIA, DESK, "A question", "Hello", NOW))

    await asyncio.to_thread(forged, "")
    await asyncio.to_thread(forged, "eve@example.net")
    verdicts = [letter.message["Authentication-Results"] for letter in counter.passed]
    assert verdicts == [f"{AUTHSERV_ID}; dmarc=pass header.from=customer.example", None, None]


async def test_no_address_leads_out_of_the_folder(counter: Counter) -> None:
    def smuggle() -> None:
        with smtplib.SMTP(HOST, counter.smtp) as client:
            client.sendmail("a@b.example", ["../../x@example.org"], b"Subject: x\r\n\r\nx")

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await asyncio.to_thread(smuggle)
    assert not counter.passed


def test_a_reply_is_what_a_mail_client_makes() -> None:
    first = letters.fresh(DESK, MARIA, "Re: [#7] The door", "Have you pulled?\n\n-- \n7 · Open", NOW)
    first["Reply-To"] = "support+x@example.org"
    first["References"] = "<root@example.org>"
    answer = letters.reply(Letter(MARIA, first.as_bytes()), MARIA, "Yes.", NOW)
    assert answer["To"] == "support+x@example.org"
    assert answer["Subject"] == "Re: [#7] The door"
    assert answer["In-Reply-To"] == first["Message-ID"]
    assert answer["References"] == f"<root@example.org> {first['Message-ID']}"
    assert answer.get_content() == (
        "Yes.\n\nOn 20 November 2026 at 09:00, Example Support wrote:\n"
        "> Have you pulled?\n>\n> --\n> 7 · Open\n"
    )
    assert Letter(MARIA, first.as_bytes()).words == "Have you pulled?"
