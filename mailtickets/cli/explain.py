"""Why a mail went the way it went: the question of the morning after, answered from the ledger alone."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailtickets.cli.options import NOT_THERE, AsJson, ConfigFile, end, ledger, settings
from mailtickets.cli.rows import words

if TYPE_CHECKING:
    from mailtickets.config import Settings
    from mailtickets.core.mail import InboundMail
    from mailtickets.store.engine import Store, Tx
    from mailtickets.store.views import LetterTrail, MailTrail

UNKNOWN = """\
The desk knows no such mail: {what}.
  Is it in the inbox, but not in “mailtickets ledger”?   Then it is taken in by “mailtickets run”; see its log.
  Is the id cut short, or from another header?           Save the mail and ask with the file: mailtickets explain mail.eml
  Do you know the sender or the time?                    “mailtickets ledger” and “mailtickets outbox list” show all ids."""


def explain(
    mail: Annotated[
        str,
        typer.Argument(
            metavar="MESSAGE-ID|FILE|UID|LETTER",
            help="A Message-ID, a mail in a file, MAILBOX/UID, or a letter's id as “ledger” lists it.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Tell why a mail, in or out, went the way it went: ticket, sender, decision, who was mailed, every attempt."""
    found = settings(config, with_secrets=False)
    from mailtickets.cli import trail, trail_values
    from mailtickets.store import views

    with ledger(found) as store:
        meant = _meant(store, mail)
        letters = _letters(store, meant.letters)
        mails: list[MailTrail] = []
        for id in meant.mails:
            if one := store.read_sync(views.mail_trail, id):
                mails.append(one)
    if not letters and not mails:
        end(NOT_THERE, _ours(found, mail) or UNKNOWN.format(what=words(mail)))
    if as_json:
        told = [*map(trail_values.letter_values, letters), *map(trail_values.mail_values, mails)]
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        print("\n\n".join([*map(trail.letter_text, letters), *map(trail.mail_text, mails)]))


@dataclass(frozen=True, slots=True)
class _Meant:
    letters: tuple[int, ...] = ()
    mails: tuple[int, ...] = ()


def _meant(store: Store, asked: str) -> _Meant:
    """Which rows a word of the command line means."""
    file = Path(asked)
    if file.is_file():
        return _of_file(store, file)
    if asked.isdecimal():
        return _Meant((int(asked),))
    box, *numbers = asked.split("/")
    if "@" in box and numbers and len(numbers) <= 2 and all(n.isdecimal() for n in numbers):
        from mailtickets.store import views

        *epoch, uid = (int(n) for n in numbers)
        return _Meant(store.read_sync(views.letters_by_uid, box.casefold(), uid, *epoch))
    return store.read_sync(_by_message_id, asked.strip(" \t<>"))


def _by_message_id(tx: Tx, message_id: str) -> _Meant:
    from mailtickets.store import views

    return _Meant(views.letters_by_message_id(tx, message_id), views.mails_by_message_id(tx, message_id))


def _of_file(store: Store, file: Path) -> _Meant:
    """By its octets; else, since each route adds headers, by what it says; else by its Message-ID."""
    from mailtickets.store import views

    octets = file.read_bytes()
    same = store.read_sync(views.letters_by_octets, hashlib.sha256(octets).hexdigest())
    if same:
        return _Meant(same[:1])  # the others are told as its copies
    mail = asyncio.run(_read(octets))
    if mail is None:
        return _Meant()
    alike = store.read_sync(views.letters_by_fingerprint, mail.fingerprint)
    if alike:
        return _Meant(alike[:1])
    return store.read_sync(_by_message_id, mail.message_id) if mail.message_id else _Meant()


async def _read(octets: bytes) -> InboundMail | None:
    from mailtickets.core.mail import Unreadable
    from mailtickets.reader.pool import Reader

    async with Reader(1) as reader:
        mail = await reader.read(octets)
    return None if isinstance(mail, Unreadable) else mail


def _letters(store: Store, ids: Sequence[int]) -> list[LetterTrail]:
    from mailtickets.store import views

    found = (store.read_sync(views.letter_trail, id) for id in ids)
    return [one for one in found if one is not None]


def _ours(settings: Settings, message_id: str) -> str:
    """What an id of ours says by itself, once its row is purged; "" if it is not ours."""
    from mailtickets import config
    from mailtickets.core import tokens
    from mailtickets.store import people, tickets

    if not settings.secret_files[0].is_file():
        return ""
    try:
        token = tokens.read(config.secrets(settings), message_id)
    except (config.ConfigError, OSError):
        return ""
    if token is None:
        return ""
    with ledger(settings) as store:
        person = store.read_sync(people.by_id, token.person)
        ticket = store.read_sync(tickets.by_id, token.ticket) if token.ticket else None
    whom = person.address.spec if person else "somebody who is not known any more"
    about = f" about ticket {ticket.number}" if ticket else ""
    return (
        f"This desk wrote that mail to {words(whom)}{about}, but its row is gone: what was sent is kept for 90 days. "
        "The ticket itself still has all that was said."
    )
