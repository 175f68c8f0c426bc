"""The desk's own check of signatures: letters signed by a real signer, keys from a name server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

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


@pytest.mark.parametrize("cut", range(10, 400, 13))
async def test_a_signature_cut_anywhere_proves_nothing_and_breaks_nothing(
    zone: tuple[Zone, dkim.Checker], cut: int
) -> None:
    head, rest = signed()[:cut], signed().split(b"From:", 1)[1]
    assert await signer_of(zone[1], head + b"\r\nFrom:" + rest) == ""
