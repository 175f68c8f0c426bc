"""Public keys in the operator's file: whose signatures count, and how plainly it is said what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from pysequoia import Tsk

from mailtickets import config
from mailtickets.core import openpgp
from tests.openpgp import Gnupg, Owner, missing, owner

ANN, LEE = owner("ann@example.org"), owner("lee@customer.example")
FILE = """
[[mailbox]]
address = "support@example.org"
[mailbox.imap]
host = "imap.example.org"
user = "support"
[smtp]
host = "smtp.example.org"
[trust]
authserv_id = "mx.example.org"
{trust}
[[agent]]
address = "ann@example.org"
role = "admin"
also = ["ann.smith@example.org"]
{agent}
"""


def load(
    folder: Path, trust: str = "", agent: str = "", keys: Mapping[str, bytes] = MappingProxyType({})
) -> config.Settings:
    """With `keys` in a folder beside the config."""
    (folder / "keys").mkdir(exist_ok=True)
    for name, octets in keys.items():
        (folder / "keys" / name).write_bytes(octets)
    (folder / "config.toml").write_text(FILE.format(trust=trust, agent=agent))
    return config.load(folder / "config.toml", with_secrets=False)


def pinned(settings: config.Settings) -> dict[str, str]:
    return {address: key.fingerprint for address, key in settings.pinned.keys.items()}


def test_whoever_has_a_file_in_the_folder_has_a_key(tmp_path: Path) -> None:
    files = {"lee@customer.example.asc": LEE.public, "ann@example.org.gpg": bytes(ANN.cert), "README": b"x"}
    found = load(tmp_path, 'openpgp_keys = "keys"', keys=files)
    assert pinned(found) == {
        LEE.address: LEE.fingerprint,
        ANN.address: ANN.fingerprint,
        "ann.smith@example.org": ANN.fingerprint,
    }
    assert found.pinned.own == {"support@example.org"}


def test_an_agents_key_may_lie_anywhere(tmp_path: Path) -> None:
    blocks = " ".join(ANN.fingerprint[n : n + 4] for n in range(0, 40, 4))
    agent = f'openpgp = "{blocks}"\nopenpgp_key_file = "keys/a"'
    assert set(pinned(load(tmp_path, agent=agent, keys={"a": ANN.public})).values()) == {ANN.fingerprint}


def test_nobody_is_pinned_where_nothing_is_said(tmp_path: Path) -> None:
    assert pinned(load(tmp_path, keys={"lee@customer.example.asc": LEE.public})) == {}


WRONG = {
    "another fingerprint": (
        "",
        f'openpgp = "{LEE.fingerprint}"\nopenpgp_key_file = "keys/ann.asc"',
        f"agent[0].openpgp = .* the key in the file has another fingerprint, {ANN.fingerprint}",
    ),
    "no file": ("", 'openpgp_key_file = "keys/none.asc"', r"agent\[0\].openpgp_key_file .*cannot be read"),
    "no key anywhere": ("", f'openpgp = "{ANN.fingerprint}"', "Name its file in openpgp_key_file"),
    "a short fingerprint": ("", 'openpgp = "89ABCDEF"', "write all 40 digits"),
    "no folder": ('openpgp_keys = "nowhere"', "", "trust.openpgp_keys .*Make it, or leave the key out"),
    "a file named after nobody": ('openpgp_keys = "keys"', "", "ann.asc there is named after nobody"),
    "a private key": ("", 'openpgp_key_file = "keys/private"', "it holds a private key"),
    "no key": ("", 'openpgp_key_file = "keys/empty"', "there is no OpenPGP key in it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_key_is_said_at_the_start(tmp_path: Path, case: str) -> None:
    trust, agent, why = WRONG[case]
    files = {"ann.asc": ANN.public, "private": str(ANN.private).encode(), "empty": b""}
    with pytest.raises(config.ConfigError, match=why.replace("agent[0].openpgp =", r"agent\[0\].openpgp =")):
        load(tmp_path, trust, agent, files)


def concerns(folder: Path, key: Owner, now: datetime) -> tuple[str, ...]:
    found = load(folder, agent='openpgp_key_file = "keys/a"', keys={"a": key.public})
    return config.key_concerns(found, now)


def test_a_key_that_ends_soon_or_has_ended_is_named(tmp_path: Path) -> None:
    short = Owner("ann@example.org", Tsk.generate("<ann@example.org>", validity_seconds=90 * 86400))
    now = datetime.now(UTC)
    assert concerns(tmp_path, short, now) == ()
    soon = concerns(tmp_path, short, now + timedelta(days=70))
    assert any("ann@example.org expires on" in sentence for sentence in soon)
    late = concerns(tmp_path, short, now + timedelta(days=100))
    assert any("ann@example.org expired on" in sentence for sentence in late)


def test_a_revoked_key_is_named(tmp_path: Path) -> None:
    revoked = bytes(ANN.cert) + bytes(ANN.cert.revoke(ANN.private.certifier()))
    found = load(tmp_path, agent='openpgp_key_file = "keys/a"', keys={"a": revoked})
    assert "is revoked" in " ".join(config.key_concerns(found, datetime.now(UTC)))


# The desk's own.


def own(folder: Path, key: bytes, passphrase: str = "") -> config.Settings:
    (folder / "own").write_bytes(key)
    (folder / "imap-password").write_text("secret")
    text = FILE.format(trust="", agent="")
    lines = ['[desk]\nopenpgp_key_file = "own"']
    if passphrase:
        (folder / "phrase").write_text(passphrase)
        lines.append('openpgp_passphrase_file = "phrase"')
    (folder / "config.toml").write_text("\n".join((*lines, text)))
    return config.load(folder / "config.toml")


def test_the_desks_own_key_signs(tmp_path: Path) -> None:
    found = own(tmp_path, str(ANN.private).encode())
    assert found.signer is not None
    assert found.signer.fingerprint == ANN.fingerprint
    signature, micalg = found.signer.over(b"x")
    assert micalg == "pgp-sha512"
    assert openpgp.detached(b"x", signature, openpgp.key(ANN.public)) is not None
    assert "PRIVATE" not in repr(found)


@pytest.mark.parametrize(
    ("key", "passphrase", "why"),
    [
        (ANN.public, "", "it holds no private key for signing"),
        (b"hello", "", "there is no private OpenPGP key in it"),
        (b"", "", "there is no private OpenPGP key in it"),
    ],
)
def test_a_key_that_cannot_sign_is_said_at_the_start(
    tmp_path: Path, key: bytes, passphrase: str, why: str
) -> None:
    with pytest.raises(config.ConfigError, match=f"desk.openpgp_key_file .*{why}"):
        own(tmp_path, key, passphrase)


def test_a_wrong_passphrase_is_said_and_not_repeated(tmp_path: Path) -> None:
    if why := missing():
        pytest.skip(why)
    with Gnupg() as gnupg:
        gnupg.run("--quick-gen-key", "desk@example.org", "ed25519", "sign", "never", passphrase="right one")
        key = gnupg.run("--armor", "--export-secret-keys", passphrase="right one")
    with pytest.raises(config.ConfigError, match="its passphrase is not that one") as refused:
        own(tmp_path, key, "canary wrong one")
    assert "canary" not in str(refused.value)
    with pytest.raises(config.ConfigError, match="it may want a passphrase"):
        own(tmp_path, key)
    found = own(tmp_path, key, "right one")
    assert found.signer is not None
    assert "right one" in config.hidden(found)
    assert "right one" not in repr(found)
