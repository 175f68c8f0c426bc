"""An agent's new mail, signed with the agent's own key, through a real Dovecot: obeyed; changed or forged: not."""

from __future__ import annotations

from pathlib import Path

from tests.dovecot import Dovecot
from tests.house.house import ANN, LEE, House
from tests.openpgp import head, owner, signed
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
        assert "Nothing in your mail proves" in advice.text
        house.deliver(signed(KEY, letter, "#status waiting").replace(b"waiting", b"closed"), ANN)
        house.wait_for_ledger(3)
        assert house.ticket(1)["status"] == "new"

        house.deliver(signed(KEY, head(f"Ann <{ANN}>", subject="[#1]", id="two"), "#status waiting"), ANN)
        house.wait_for_status(1, "waiting")
        told = house.run("explain", "two@example.org").stdout.decode()
        assert f"signed with the sender's own OpenPGP key, {KEY.fingerprint}" in told
        assert "The signatures of one person count" in house.run("check").stdout.decode()
