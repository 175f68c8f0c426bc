"""The desk's own check of signatures: letters signed by a real signer, keys from a name server on loopback."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import dkim as dkimpy
import pytest

from mailtickets import dkim
from mailtickets.core import reading
from tests import signing
from tests.nameserver import Zone, nameserver
from tests.signing import key

NAME = "s1._domainkey.customer.example"
LETTER = (
    b"From: Lee <lee@customer.example>\r\nTo: support@desk.example.org\r\nSubject: Press 4\r\n"
    b"Date: Thu, 19 Nov 2026 10:05:00 +0000\r\nMessage-ID: <1@customer.example>\r\n\r\nIt is on fire.\r\n"
)


PRIVATE, RECORD = key()


def signed(domain: str = "customer.example", private: bytes = PRIVATE) -> bytes:
    return signing.signed(LETTER, domain, private)


@pytest.fixture
async def zone() -> AsyncIterator[tuple[Zone, dkim.Checker]]:
    async with nameserver({NAME: (RECORD,)}) as (zone, address):
        yield zone, dkim.Checker([address])


async def signer_of(checker: dkim.Checker, octets: bytes) -> str:
    return await checker.signer(reading.read(octets), octets)


async def test_a_valid_signature_of_the_senders_domain_proves_it(zone: tuple[Zone, dkim.Checker]) -> None:
    assert await signer_of(zone[1], signed()) == "customer.example"


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"on fire", b"on ice"), (b"Press 4", b"Press 5"), (b"lee@customer", b"eve@customer")],
)
async def test_a_letter_changed_on_its_way_proves_nothing(
    zone: tuple[Zone, dkim.Checker], old: bytes, new: bytes
) -> None:
    head, body = signed().split(b"\r\n\r\n", 1)
    changed = head.replace(old, new) + b"\r\n\r\n" + body.replace(old, new)
    assert changed != signed()
    assert await signer_of(zone[1], changed) == ""


async def test_the_signature_of_a_relay_is_not_asked_about(zone: tuple[Zone, dkim.Checker]) -> None:
    zone[0].records["s1._domainkey.relay.example"] = (RECORD,)
    assert await signer_of(zone[1], signed("relay.example")) == ""
    assert zone[0].asked == []


async def test_a_second_signature_counts_where_the_first_is_broken(zone: tuple[Zone, dkim.Checker]) -> None:
    broken = signed().split(b"From:")[0].replace(b"bh=", b"bh=A")
    assert await signer_of(zone[1], broken + signed()) == "customer.example"


KEYS = {
    "none": (),
    "another one": (key()[1],),
    "two": (RECORD, f"{RECORD} "),
    "revoked": ("v=DKIM1; k=rsa; p=",),
    "too short": (key(512 * 2)[1].replace("v=DKIM1", "v=DKIM2"),),
    "not base64": ("v=DKIM1; k=rsa; p=!!!",),
    "not a key": ("v=DKIM1; k=rsa; p=AAAA",),
    "not for mail": (RECORD.replace("k=rsa", "k=rsa; s=tlsrpt"),),
    "words": ("hello",),
    "only tried": (f"{RECORD}; t=s:y",),
    "for SHA-1": (f"{RECORD}; h=sha1",),
}


@pytest.mark.parametrize("published", KEYS)
async def test_a_key_that_is_not_there_proves_nothing(
    zone: tuple[Zone, dkim.Checker], published: str
) -> None:
    zone[0].records[NAME] = KEYS[published]
    assert await signer_of(zone[1], signed()) == ""


async def test_a_short_key_proves_nothing(
    zone: tuple[Zone, dkim.Checker], monkeypatch: pytest.MonkeyPatch
) -> None:
    private, record = key(1024)
    zone[0].records[NAME] = (record,)
    assert await signer_of(zone[1], signed(private=private)) == "customer.example"
    monkeypatch.setattr(dkim, "MIN_KEY", 2048)
    assert await signer_of(zone[1], signed(private=private)) == ""


async def test_a_name_server_that_is_silent_holds_a_letter_up_only_so_long(
    zone: tuple[Zone, dkim.Checker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dkim, "DEADLINE", 0.2)
    zone[0].is_silent = True
    assert await signer_of(zone[1], signed()) == ""
    assert zone[0].asked


async def test_a_key_is_asked_for_once(zone: tuple[Zone, dkim.Checker]) -> None:
    for _ in range(5):
        assert await signer_of(zone[1], signed()) == "customer.example"
    assert zone[0].asked == [NAME]


def signed_with(**more: object) -> bytes:
    """Signed with other fields than ours usually are."""
    return bytes(dkimpy.sign(LETTER, b"s1", b"customer.example", PRIVATE, **more)) + LETTER


async def test_a_signature_that_has_expired_proves_nothing(zone: tuple[Zone, dkim.Checker]) -> None:
    fresh, old = (signing.until(LETTER, "customer.example", PRIVATE, span) for span in (86_400, -864_000))
    assert await signer_of(zone[1], fresh) == "customer.example"
    assert await signer_of(zone[1], old) == ""


async def test_a_signature_in_another_form_is_none(zone: tuple[Zone, dkim.Checker]) -> None:
    """With the modulus added it would hold as well, and look like another letter's."""
    head, rest = signed().split(b" b=", 1)
    made, rest = rest.split(b"\r\nFrom:", 1)
    number = int.from_bytes(base64.b64decode(b"".join(made.split())), "big") + signing.modulus(PRIVATE)
    other = base64.b64encode(number.to_bytes(258, "big"))
    again = head + b" b=" + other + b"\r\nFrom:" + rest
    assert dkimpy.verify(again, dnsfunc=lambda name, timeout=5: RECORD.encode()), "dkimpy takes it"
    assert await signer_of(zone[1], again) == ""


async def test_ed25519_proves_as_much(zone: tuple[Zone, dkim.Checker]) -> None:
    private, record = signing.ed25519_key()
    zone[0].records[NAME] = (record,)
    octets = signing.signed(LETTER, "customer.example", private, b"ed25519-sha256")
    assert await signer_of(zone[1], octets) == "customer.example"
    assert await signer_of(zone[1], octets.replace(b"on fire", b"on ice")) == ""


# What a domain asks for about mail that it has not signed.

WISH = "_dmarc.customer.example"
REJECT = ("v=DMARC1; p=reject",)


async def disowned(zone: tuple[Zone, dkim.Checker], octets: bytes, *, may: bool = True) -> str:
    found = await zone[1].check(reading.read(octets), octets, may_disown=may)
    return found.disowned


async def test_a_letter_that_its_domain_has_not_signed_is_disowned_if_it_asks_for_that(
    zone: tuple[Zone, dkim.Checker],
) -> None:
    zone[0].records[WISH] = REJECT
    assert "customer.example asks to refuse" in await disowned(zone, LETTER)
    assert await disowned(zone, LETTER, may=False) == ""
    assert await disowned(zone, signed()) == ""


@pytest.mark.parametrize("wish", [(), ("v=DMARC1; p=none",), ("v=DMARC1; p=reject; pct=10",)])
async def test_whoever_asks_for_nothing_disowns_nothing(
    zone: tuple[Zone, dkim.Checker], wish: tuple[str, ...]
) -> None:
    zone[0].records[WISH] = wish
    assert await disowned(zone, LETTER) == ""


async def test_a_wish_is_asked_for_above_the_domain_too_and_remembered(
    zone: tuple[Zone, dkim.Checker],
) -> None:
    zone[0].records[WISH] = ("v=DMARC1; p=none; sp=quarantine",)
    octets = LETTER.replace(b"@customer", b"@mail.customer")
    for _ in range(3):
        assert "p=quarantine" in await disowned(zone, octets)
    assert zone[0].asked == ["_dmarc.mail.customer.example", WISH]


SIGNED_IN_PART = {
    "To left out, as Microsoft 365 signs": lambda: signed_with(include_headers=[b"from", b"subject", b"date", b"message-id"]),
    "the beginning of the text": lambda: signed_with(length=True),
    "by a subdomain": lambda: signing.signed(LETTER, "mail.customer.example", PRIVATE),
    "by another subdomain": lambda: signing.signed(LETTER.replace(b"@customer", b"@x.customer"), "mail.customer.example", PRIVATE),
}  # fmt: skip


@pytest.mark.parametrize("how", SIGNED_IN_PART)
async def test_a_signature_that_proves_nothing_still_shows_that_the_domain_sent_it(
    zone: tuple[Zone, dkim.Checker], how: str
) -> None:
    zone[0].records |= {WISH: REJECT, "s1._domainkey.mail.customer.example": (RECORD,)}
    octets = SIGNED_IN_PART[how]()
    assert await signer_of(zone[1], octets) == ""
    assert await disowned(zone, octets) == ""
    assert "asks to refuse" in await disowned(zone, octets.replace(b"on fire", b"on ice"))


@pytest.mark.parametrize("published", KEYS)
async def test_a_signature_without_its_key_is_no_signature(
    zone: tuple[Zone, dkim.Checker], published: str
) -> None:
    zone[0].records |= {WISH: REJECT, NAME: KEYS[published]}
    assert "asks to refuse" in await disowned(zone, signed())


async def test_an_answer_that_does_not_come_speaks_for_the_sender_and_holds_up_only_one_letter(
    zone: tuple[Zone, dkim.Checker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dkim, "WISH_DEADLINE", 0.2)
    zone[0].records[WISH] = REJECT
    zone[0].is_silent = True
    assert await disowned(zone, LETTER) == ""
    asked = len(zone[0].asked)
    assert await disowned(zone, LETTER.replace(b"@customer", b"@other")) == ""
    assert len(zone[0].asked) == asked
    zone[0].is_silent = False
    monkeypatch.setattr(zone[1], "_silent_until", 0.0)
    assert "asks to refuse" in await disowned(zone, LETTER)


async def test_a_letter_waits_only_so_long_for_all_answers_together(
    zone: tuple[Zone, dkim.Checker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dkim, "LONGEST", 0.3)
    zone[0].is_silent = True
    five = b"".join(signed().split(b"From:")[0].replace(b"s=s1", b"s=s%d" % n) for n in range(5)) + LETTER
    started = asyncio.get_running_loop().time()
    assert await disowned(zone, five) == ""
    assert asyncio.get_running_loop().time() - started < dkim.DEADLINE


@pytest.mark.parametrize("cut", range(10, 400, 13))
async def test_a_signature_cut_anywhere_proves_nothing_and_breaks_nothing(
    zone: tuple[Zone, dkim.Checker], cut: int
) -> None:
    head, rest = signed()[:cut], signed().split(b"From:", 1)[1]
    assert await signer_of(zone[1], head + b"\r\nFrom:" + rest) == ""
