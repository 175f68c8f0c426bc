"""Who is believed, over true servers: forged mails, relays that change ids, addresses with a token, keys that change."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from mailtickets.core.mail import Address
from mailtickets.demo import letters
from tests.dovecot import Dovecot
from tests.house.house import ANN, LEE, SUPPORT, House
from tests.postfix import Postfix

TRUST = 'dkim = false\nauthserv_id = "mx.example.org"'


def _order(words: str = "#status closed", **headers: str) -> EmailMessage:
    made = letters.fresh(Address(ANN), Address(SUPPORT), "[#1]", words, datetime.now(UTC))
    for name, value in headers.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    return made


def test_forged_mails_are_not_obeyed_and_the_genuine_one_is(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay, trust=TRUST) as house:
        house.start()
        house.write(LEE, "Printer", "It prints blank pages.")
        (thanks,) = house.read(LEE)
        (told,) = house.read(ANN)
        passed = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n"
        plain = _order().as_bytes(policy=_order().policy.clone(linesep="\r\n"))
        forged = {
            "no header": plain,
            "another server": passed.replace("mx.example.org", "mx.evil.example").encode() + plain,
            "two Froms": (passed + "From: eve@evil.example\r\n").encode() + plain,
            "two in one": passed.encode() + plain.replace(b"From: ann@example.org", b"From: ann@example.org, eve@evil.example"),
            "two verdicts": (passed + passed.replace("pass", "fail", 1)).encode() + plain,
            "two headers": passed.encode() + plain.replace(b"Subject: [#1]", b"X: y\r\n \r\nSubject: [#1]\r\nSubject: Hello"),
            "Lee's id": f"In-Reply-To: {thanks.id}\r\n".encode() + plain,
            "a form": passed.replace("example.org\r", "evil.example\r").encode()
            + plain.replace(b"From: ann@example.org", b"From: noreply@evil.example\r\nReply-To: ann@example.org"),
            "her id, dmarc=fail": (passed.replace("pass", "fail", 1) + f"In-Reply-To: {told.id}\r\n").encode() + plain,
        }  # fmt: skip
        for number, octets in enumerate(forged.values()):
            own = f"Message-ID: <{number}.{secrets.token_hex(6)}@evil.example>".encode()
            changed = b"\r\n".join(
                own if line.startswith(b"Message-ID:") else line for line in octets.split(b"\r\n")
            )
            house.deliver(changed, "eve@evil.example")
        rows = house.wait_for_ledger(1 + len(forged))
        assert {row["outcome"] for row in rows} <= {"opened", "filed", "replied"}
        assert house.ticket(1)["status"] == "new"
        assert house.unread(LEE) == 0, "nothing went to the customer"
        house.deliver(passed.encode() + _order("#status waiting").as_bytes(), ANN)
        house.wait_for_status(1, "waiting")
        house.answer(told, ANN, "#status closed")
        house.wait_for_status(1, "closed")


def test_a_relay_that_changes_ids_and_mail_programs_that_change_case_do_no_harm(
    tmp_path: Path, server: Dovecot
) -> None:
    check = r"/^Message-ID: <(.*)@/ REPLACE Message-ID: <$1.x@relay.example>"
    with (
        Postfix(server, header_checks=(check,)) as relay,
        House(tmp_path, server, relay, trust=f'{TRUST}\nsubaddress = "+"') as house,
    ):
        house.start()
        house.write(LEE, "Printer", "It prints blank pages.")
        (thanks,) = house.read(LEE)
        (told,) = house.read(ANN)
        assert told.id.endswith(".x@relay.example>")
        reply = letters.reply(told, Address(ANN), "#status waiting", datetime.now(UTC))
        for name in ("References", "In-Reply-To"):
            was = str(reply[name])
            del reply[name]
            reply[name] = was.upper()
        del reply["To"]
        reply["To"] = SUPPORT
        house.deliver(reply.as_bytes(), ANN)
        house.wait_for_status(1, "waiting")

        # A new mail to the address that the notice gave: nothing but the address says whose it is and what about.
        back = _spec(told.message["Reply-To"])
        assert back.startswith("support+")
        fresh = letters.fresh(
            Address(ANN), Address(back.upper()), "Hello", "#status closed", datetime.now(UTC)
        )
        house.deliver(fresh.as_bytes(), ANN, back)
        house.wait_for_status(1, "closed")
        theirs = _spec(thanks.message["Reply-To"])
        assert theirs != back
        fresh = letters.fresh(Address(LEE), Address(theirs), "Printer", "Still blank.", datetime.now(UTC))
        house.deliver(fresh.as_bytes(), LEE, theirs)
        house.wait_for_status(1, "open")
        # The same address, by whoever has seen it.
        fresh = letters.fresh(Address(ANN), Address(theirs), "Hello", "#status closed", datetime.now(UTC))
        house.deliver(fresh.as_bytes(), "eve@evil.example", theirs)
        house.wait_for_ledger(5)
        assert house.ticket(1)["status"] == "open"


def test_a_key_can_be_changed_while_mails_are_on_their_way(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay) as house:
        house.start()
        house.write(LEE, "Printer", "It prints blank pages.")
        (before,) = house.read(ANN)
        house.stop()
        _use_keys(house, '["secret-2", "secret"]')  # the new one does not exist yet: it is made
        house.start()
        house.answer(before, ANN, "#status waiting")
        house.wait_for_status(1, "waiting")
        house.write(LEE, "Scanner", "It is loud.")
        (_, after) = house.read(ANN, 2)
        house.stop()
        _use_keys(house, '["secret-2"]')
        house.start()
        house.answer(before, ANN, "#status closed")
        house.answer(after, ANN, "#status waiting")
        house.wait_for_status(2, "waiting")
        house.wait_for_ledger(5)
        assert house.ticket(1)["status"] == "waiting", "an id of a key that is gone proves nothing"


def _use_keys(house: House, names: str) -> None:
    config = house.config.read_text()
    lines = (line for line in config.splitlines(keepends=True) if not line.startswith("secret_file"))
    house.config.write_text(
        "".join(lines).replace('state_dir = "state"\n', f'state_dir = "state"\nsecret_file = {names}\n')
    )


def _spec(header: object) -> str:
    return str(header).rpartition("<")[2].rstrip(">")


def test_mails_that_only_try_the_servers_are_left_alone(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay, trust=TRUST) as house:
        house.start()
        done = house.run("check", "trust", "--from", "me@elsewhere.example")
        assert done.returncode == 0, done.stderr
        (file,) = (house.folder / "state").glob("probe-*.eml")
        relay.send(file.read_bytes(), "me@elsewhere.example", SUPPORT)
        rows = house.wait_for_ledger(2)
        assert [(row["outcome"], row["ticket"]) for row in rows] == [("ignored", None)] * 2
        told = house.run("check", "trust").stdout.decode()
        assert "anyone can write as anyone" in " ".join(told.split())
        assert "keeps the Message-ID" in told
