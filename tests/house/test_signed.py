"""An agent's new mail, signed by the agent's own domain: obeyed; the same one tampered with: not. And a customer's, whose
domain signs all it sends: believed, or left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mailtickets.core.mail import Address
from mailtickets.demo import letters
from tests import signing
from tests.dovecot import Dovecot
from tests.house.house import ANN, LEE, SUPPORT, House
from tests.nameserver import nameserver_aside
from tests.postfix import Postfix


def test_a_signed_command_is_obeyed_and_a_forged_one_is_not(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    private, record = signing.key()
    with nameserver_aside({"s1._domainkey.example.org": (record,)}) as (zone, (host, port)):
        trust = f'dkim = true\nnameservers = ["{host}:{port}"]'
        with House(tmp_path, server, relay, trust=trust) as house:
            house.start()
            house.write(LEE, "Printer", "It prints blank pages.")
            house.read(LEE)
            house.read(ANN)
            order = letters.fresh(
                Address(ANN), Address(SUPPORT), "[#1]", "#status waiting", datetime.now(UTC)
            )
            genuine = signing.signed(order.as_bytes(), "example.org", private)

            house.deliver(genuine.replace(b"waiting", b"closed"), ANN)
            (advice,) = house.read(ANN)
            assert "Nothing in that mail proves" in advice.text
            assert house.ticket(1)["status"] == "new"

            house.deliver(genuine, ANN)
            house.wait_for_status(1, "waiting")
            assert zone.asked.count("s1._domainkey.example.org") == 1


def test_what_a_domain_has_not_signed_and_asks_to_refuse_is_heard_and_not_thanked(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    private, record = signing.key()
    published: dict[str, tuple[str, ...]] = {
        "s1._domainkey.customer.example": (record,),
        "_dmarc.customer.example": ("v=DMARC1; p=reject",),
    }
    with nameserver_aside(published) as (_, (host, port)):
        trust = f'dkim = true\nnameservers = ["{host}:{port}"]'
        with House(tmp_path, server, relay, trust=trust) as house:
            house.start()
            house.write(LEE, "Printer", "It prints blank pages.")
            (told,) = house.read(ANN)
            assert "sender not verified" in told.text.lower()
            mail = letters.fresh(Address(LEE), Address(SUPPORT), "Scanner", "It is loud.", datetime.now(UTC))
            house.deliver(signing.signed(mail.as_bytes(), "customer.example", private), LEE)
            (thanks,) = house.read(LEE)  # the first there is
            assert "[#2]" in thanks.subject
            assert [row["outcome"] for row in house.rows("ledger")] == ["opened", "opened"]
