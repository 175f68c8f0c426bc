"""What would become of a mail: decided by the same steps as any other, and then forgotten."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailtickets.cli.options import NOT_THERE, USAGE, AsJson, ConfigFile, end, ledger, now, settings
from mailtickets.cli.rows import words

if TYPE_CHECKING:
    from mailtickets.casefile import Letter
    from mailtickets.config import Settings
    from mailtickets.core.mail import InboundMail, RawMail, Unreadable
    from mailtickets.desk import Desk, Rehearsed
    from mailtickets.store.views import LetterTrail

_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")


def simulate(
    file: Annotated[Path, typer.Argument(help="A mail, as it would come.", show_default=False)],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="TIME", help="As if it were then: 2026-11-20T12:00, UTC.")
    ] = "",
    mailbox: Annotated[
        str, typer.Option("--mailbox", help="The inbox; else the one that To or Cc names, else the first.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="As if it had never come before.")] = False,
    mails: Annotated[bool, typer.Option("--mails", help="Print the text of each mail, too.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Tell what would become of a mail, and who would be mailed. Changes nothing, whether the daemon is up or not."""
    at = _moment(as_of)
    found = settings(config)
    from mailtickets import desk as desk_room
    from mailtickets.cli import trail as told
    from mailtickets.cli.trail_values import letter_values
    from mailtickets.core.mail import Unreadable
    from mailtickets.store import ledger as letters
    from mailtickets.store import rehearsal

    try:
        octets = file.read_bytes()
    except OSError as error:
        end(NOT_THERE, f"{file} cannot be opened: {error.strerror}.")
    with ledger(found):
        pass  # the database is there and fits, or this is the end
    size = found.policy.limits.mail_size
    is_oversize = size is not None and len(octets) > size
    taken = _HEAD_ENDS.split(octets, maxsplit=1)[0] + b"\r\n\r\n" if is_oversize else octets
    mail = asyncio.run(_read(taken, found))
    box = _mailbox(found, mailbox, mail)
    from mailtickets.core.mail import RawMail

    raw = RawMail(box, 0, 0, at, taken, len(octets), is_oversize)
    desk = _desk(found)
    letter = desk_room.Letter(letters.Stored(0, raw, 1), mail, _doubted(found, desk, mail))
    result = rehearsal.rehearse(found.database_url, desk_room.rehearse, desk, letter, at, again=again)
    if isinstance(result, Unreadable):
        end(NOT_THERE, f"It would be quarantined: {result.error}")
    trail = _trail(raw, result)
    sent = [_sent(mail.octets) for mail in result.mails]
    if as_json:
        values = dict(letter_values(trail)) | {"simulated": at.isoformat(), "letter": None, "uid": None}
        values["mails"] = [
            {"kind": m.kind, "to": m.recipient.spec, "subject": subject, "held": r.is_held, "text": text}
            for m, r, (subject, text) in zip(result.mails, result.decision.replies, sent, strict=True)
        ]
        print(json.dumps(values, ensure_ascii=False, indent=2))
        return
    lines = [
        (m.kind, f"{m.recipient.spec}: {subject}{' (held back by a limit)' if r.is_held else ''}")
        for m, r, (subject, _) in zip(result.mails, result.decision.replies, sent, strict=True)
    ]
    print(told.rehearsed_text(trail, at, lines))
    if result.case.known.duplicate_of is not None:
        print(
            f"It has come before: mailtickets explain {result.case.known.duplicate_of}. With --again it counts as new."
        )
    for m, (subject, text) in zip(result.mails, sent, strict=True) if mails else ():
        body = "\n".join(f"  | {words(line)}".rstrip() for line in text.splitlines())
        print(f"\n{m.recipient.spec}: {words(subject)}\n{body}")


def _moment(as_of: str) -> datetime:
    if not as_of:
        return now()
    try:
        at = datetime.fromisoformat(as_of)
    except ValueError:
        end(USAGE, f"--as-of: {words(as_of)} is no time. Write it like 2026-11-20T12:00.")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


async def _read(octets: bytes, found: Settings) -> InboundMail | Unreadable:
    from mailtickets.reader.pool import Reader

    async with Reader(1, pinned=found.pinned) as reader:
        return await reader.read(octets)


def _doubted(found: Settings, desk: Desk, mail: InboundMail | Unreadable) -> Letter | None:
    """Of an answer to a question of the desk's: the letter that it is about."""
    from mailtickets import casefile
    from mailtickets.store import ledger as letters
    from mailtickets.store import rehearsal
    from mailtickets.store.blobs import Blobs

    signs = casefile.signs(desk, mail)
    if not signs:
        return None
    stored = rehearsal.rehearse(found.database_url, letters.doubted, Blobs(found.blobs), signs)
    return casefile.Letter(stored, asyncio.run(_read(stored.mail.octets, found))) if stored else None


def _mailbox(found: Settings, asked: str, mail: InboundMail | Unreadable) -> str:
    """The inbox whose address was asked for, or that the letter names; else the first."""
    from mailtickets.core.mail import Unreadable

    own = found.policy.own
    if asked and asked.casefold() not in own:
        known = ", ".join(box.address.spec for box in found.policy.mailboxes)
        end(USAGE, f"--mailbox: {words(asked)} is none of the desk's. There are: {known}.")
    named = () if isinstance(mail, Unreadable) else tuple(a.key for a in (*mail.to, *mail.cc) if a.key in own)
    key = asked.casefold() or next(iter(named), found.policy.mailboxes[0].address.key)
    return found.policy.mailbox(key).address.key


def _desk(found: Settings) -> Desk:
    """The desk of the config; before the first start, with a key that nobody keeps."""
    from mailtickets import config
    from mailtickets.config import ConfigError
    from mailtickets.core.tokens import Secret
    from mailtickets.desk import Desk
    from mailtickets.templates import TemplateError, Templates

    try:
        has_key = found.secret_files[0].is_file()
        secret = config.secrets(found) if has_key else Secret((secrets.token_bytes(32),))
        return Desk(found.policy, secret, Templates.load(found.templates_dir).render)
    except (ConfigError, TemplateError) as error:
        end(78, str(error))


def _trail(raw: RawMail, result: Rehearsed) -> LetterTrail:
    """What would be kept, in the form that `explain` tells."""
    from mailtickets.core.account import account
    from mailtickets.core.person import Person
    from mailtickets.store.schema import LetterState
    from mailtickets.store.views import Doubt, Event, LetterRow, LetterTrail

    case, decision, known = result.case, result.decision, result.case.known
    made = ((decision.opened,) if decision.opened else ()) + decision.changes
    people = (
        *known.staff,
        *known.named,
        *(p.person for p in known.participants),
        *(r.to for r in decision.replies),
        *(s.person for s in decision.silent),
        *((known.sender,) if known.sender else ()),
        *((known.assignee,) if known.assignee else ()),
    )
    on = (t for t in (known.ticket, known.tagged, result.ticket) if t is not None)
    there = {a.key for p in known.participants for a in (p.person.address, *p.person.also)}
    led = {case.clues.ids[0]: known.ticket.number} if case.clues.ids and known.ticket else {}
    row = LetterRow(
        id=0,
        mailbox=raw.mailbox,
        uidvalidity=0,
        uid=0,
        received_at=case.now,
        stored_at=case.now,
        decided_at=case.now,
        marked_at=None,
        state=LetterState.DONE,
        attempts=1,
        outcome=decision.outcome,
        reason=decision.reason,
        kind=case.judgement.kind,
        message_id=case.mail.message_id,
        sender=case.mail.sender.spec if case.mail.sender else "",
        subject=case.mail.subject,
        size=raw.size,
        ticket=result.ticket.number if result.ticket else None,
    )
    return LetterTrail(
        row=row,
        why_kind=case.judgement.reason,
        evidence=case.evidence,
        account=account(case, decision),
        error="",
        is_released=False,
        sender=known.sender,
        ticket_id=known.ticket.id if known.ticket else None,
        changes=tuple(Event("", change, case.now, known.sender) for change in made),
        joined=tuple(Person(0, join.who) for join in decision.joins if join.who.key not in there),
        mails=(),
        copies=(),
        numbers={t.id: t.number for t in on},
        known_ids=led,
        people={p.id: p for p in people},
        doubt=next(
            (Doubt(0, r.to.id, case.now, r.until) for r in decision.replies if r.until is not None), None
        ),
        answers=known.question.letter if known.question else None,
    )


def _sent(octets: bytes) -> tuple[str, str]:
    """Subject and text of a mail of ours."""
    message = message_from_bytes(octets, policy=policy.default)
    part = message.get_body(("plain",))
    return str(message["Subject"] or ""), str(part.get_content()) if part else ""
