"""Whose OpenPGP key the operator has pinned: public keys, each in a file of its own.

The law: who is not named here has no key, whatever a letter brings along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from mailtickets.config import faults, secret, values
from mailtickets.config.faults import Fault
from mailtickets.config.settings import Settings
from mailtickets.config.tables import AgentTable, DeskTable, File
from mailtickets.core import openpgp
from mailtickets.core.openpgp import Key, Signer

ENDINGS = (".asc", ".gpg", ".pgp", ".key")
SOON = timedelta(days=30)


def pinned(file: File, folder: Path, wrong: list[Fault]) -> Mapping[str, Key]:
    """Keys by the addresses of those who have one; what cannot be used is added to the faults."""
    there = dict(_in_folder(file, folder, wrong))
    found: dict[str, Key] = {}
    for number, agent in enumerate(file.agent):
        key = _of_agent(f"agent[{number}]", agent, folder, there, wrong)
        if key is not None:
            # One person, one key: also for letters from their other addresses.
            found |= {address.key: key for address in (agent.address, *agent.also)}
    return there | found


def signer(table: DeskTable, folder: Path, passphrase: str, wrong: list[Fault]) -> Signer | None:
    """The desk's own key, ready to sign; None if it has none, or with a fault."""
    if not (name := table.openpgp_key_file):
        return None
    try:
        return openpgp.signer(secret.whole_file(name, folder), passphrase)
    except FileNotFoundError as error:
        advice = f"there is no file that can be read at {error}. Put the private key there, mode 0600"
    except OSError as error:
        advice = f"this cannot be read ({error.strerror})"
    except openpgp.NoKey as error:
        advice = f"{name} cannot be used: {error}"
    path = "desk.openpgp_key_file"
    wrong.append(Fault(path, faults.shown(path, name), advice))
    return None


def concerns(settings: Settings, now: datetime) -> tuple[str, ...]:
    """Keys that do not count any more, or not for long: whole sentences."""
    found = [_concern(address, key, now) for address, key in sorted(settings.pinned.keys.items())]
    if settings.signer is not None:
        own = Key(settings.signer.fingerprint, b"", settings.signer.expires_at)
        found.append(_concern("the desk itself", own, now))
    return tuple(sentence for sentence in dict.fromkeys(found) if sentence)


def _concern(address: str, key: Key, now: datetime) -> str:
    if key.is_revoked:
        what = "is revoked, so signatures by it prove nothing"
    elif key.expires_at is None or key.expires_at > now + SOON:
        return ""
    elif key.expires_at > now:
        what = f"expires on {key.expires_at:%Y-%m-%d}; what is signed after that day proves nothing"
    else:
        what = f"expired on {key.expires_at:%Y-%m-%d}, so what is signed now proves nothing"
    return f"The OpenPGP key of {address} {what}. Ask for the new one and put it into its file."


def _in_folder(file: File, folder: Path, wrong: list[Fault]) -> Iterator[tuple[str, Key]]:
    """Each file there is named after whose key it holds: lee@customer.example.asc."""
    path, name = "trust.openpgp_keys", file.trust.openpgp_keys
    if not name:
        return
    try:
        files = sorted(one for one in (folder / name).iterdir() if one.suffix in ENDINGS)
    except OSError as error:
        advice = (
            f"the folder {folder / name} cannot be read ({error.strerror}). Make it, or leave the key out"
        )
        wrong.append(Fault(path, faults.shown(path, name), advice))
        return
    for one in files:
        try:
            address = values.address(one.stem)
        except ValueError:
            advice = f"{one.name} there is named after nobody. Name it like lee@customer.example.asc"
            wrong.append(Fault(path, faults.shown(path, name), advice))
            continue
        key = _read(path, name, one, wrong)
        if key is not None:
            yield address.key, key


def _of_agent(
    place: str, agent: AgentTable, folder: Path, there: Mapping[str, Key], wrong: list[Fault]
) -> Key | None:
    if agent.openpgp_key_file:
        path, name = f"{place}.openpgp_key_file", agent.openpgp_key_file
        key = _read(path, name, folder / name, wrong)
    else:
        path = f"{place}.openpgp"
        key = next((there[a.key] for a in (agent.address, *agent.also) if a.key in there), None)
        if key is None and agent.openpgp:
            advice = (
                "the key itself is missing. Name its file in openpgp_key_file, "
                f"or put it into [trust] openpgp_keys as {agent.address.spec}.asc"
            )
            wrong.append(Fault(path, faults.shown(path, agent.openpgp), advice))
    if key is not None and agent.openpgp and agent.openpgp != key.fingerprint:
        advice = f"the key in the file has another fingerprint, {key.fingerprint}. Ask {agent.address.spec} which is right"
        wrong.append(Fault(f"{place}.openpgp", faults.shown(path, agent.openpgp), advice))
        return None
    return key


def _read(path: str, name: str, file: Path, wrong: list[Fault]) -> Key | None:
    try:
        with file.open("rb") as source:
            return openpgp.key(source.read(openpgp.LONGEST_KEY + 1))
    except OSError as error:
        advice = f"{file} cannot be read ({error.strerror}). Put the public key there"
    except openpgp.NoKey as error:
        advice = f"{file} cannot be used: {error}"
    wrong.append(Fault(path, faults.shown(path, name), advice))
    return None
