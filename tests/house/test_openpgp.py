"""An agent's new mail, signed with the agent's own key, through a real Dovecot: obeyed; changed or forged: not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.dovecot import Dovecot
from tests.house.house import ANN, LEE, House
from tests.openpgp import Gnupg, head, missing, owner, sealed_part, signed
from tests.postfix import Postfix

KEY, STRANGER = owner(ANN), owner(ANN)


def test_a_signed_command_is_obeyed_and_explained(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / f"{ANN}.asc").write_bytes(KEY.public)
    with House(tmp_path, server, relay, trust='dkim = false\nopenpgp_keys = "keys"') as house:
        house.start()
        house.write(LEE, "Printer", "It prints blank pages.")
        house.read(LEE)
        house.read(ANN)

        letter = head(f"Ann <{ANN}>", subject="[#1]", id="one")
        house.deliver(signed(STRANGER, letter, "#status waiting"), ANN)
        (advice,) = house.read(ANN)
        assert "Nothing in that mail proves" in advice.text
        house.deliver(signed(KEY, letter, "#status waiting").replace(b"waiting", b"closed"), ANN)
        house.wait_for_ledger(3)
        assert house.ticket(1)["status"] == "new"

        house.deliver(signed(KEY, head(f"Ann <{ANN}>", subject="[#1]", id="two"), "#status waiting"), ANN)
        house.wait_for_status(1, "waiting")
        told = house.run("explain", "two@example.org").stdout.decode()
        assert f"signed with the sender's own OpenPGP key, {KEY.fingerprint}" in told
        assert "The signatures of one person count" in house.run("check").stdout.decode()


SAYS = "From here on it works.\nTrailing blanks:   \n.\nGrüße 🦊\n-- \nAnn"


def test_what_the_desk_writes_is_signed_and_gnupg_says_so_behind_a_real_relay(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    if why := missing():
        pytest.skip(why)
    with Gnupg() as gnupg:
        gnupg.run(
            "--quick-gen-key", "support@example.org", "ed25519", "sign", "never", passphrase="canary pass"
        )
        key = gnupg.run("--armor", "--export-secret-keys", passphrase="canary pass")
        (tmp_path / "desk.asc").write_bytes(key)
        (tmp_path / "passphrase").write_text("canary pass\n")
        desk = 'openpgp_key_file = "desk.asc"\nopenpgp_passphrase_file = "passphrase"'
        with House(tmp_path, server, relay, desk=desk) as house:
            house.start()
            house.write(LEE, "Printer", "It prints blank pages.")
            (acknowledgement,) = house.read(LEE)
            (notice,) = house.read(ANN)
            house.answer(notice, ANN, SAYS)
            (answer,) = house.read(LEE)
            for letter in (acknowledgement, notice, answer):
                octets, signature = sealed_part(letter.octets)
                assert f":{gnupg.verified(octets, signature)}:".encode() in gnupg.run("--with-colons", "-k")
                # Mail programs show the subject that was signed.
                subject = f"\r\nSubject: {letter.message['Subject']}\r\n".encode()
                assert octets.partition(b"\r\n\r\n")[0].count(subject) == 1
                with pytest.raises(subprocess.CalledProcessError):  # the twin
                    gnupg.verified(octets.replace(b"e", b"a", 1), signature)
            assert "From here on it works." in answer.text
            # Whoever answers a signed mail of ours is known by it, as ever.
            house.answer(answer, LEE, "Thank you.")
            assert [row["outcome"] for row in house.wait_for_ledger(3)].count("replied") == 2
            assert "canary pass" not in house.log
