"""What the desk makes of a mail: for the operator who wonders, and for measuring from outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from mailtickets.cli.options import NOT_THERE, ConfigFile
from mailtickets.cli.rows import words
from mailtickets.core import classify, diagnosis
from mailtickets.core.absence import Absence
from mailtickets.core.classify import Kind
from mailtickets.core.mail import Attachment, InboundMail, Unreadable

if TYPE_CHECKING:
    from mailtickets.reader.pool import Reader

AT_ONCE = 64  # files in memory
Told: TypeAlias = Mapping[str, Any]  # a line of JSON: this is where values leave the program


def read(
    files: Annotated[list[Path], typer.Argument(help="Mails, one in each file.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: ConfigFile = None,
) -> None:
    """Show what the desk makes of a mail: what was typed, by whom or what. Needs no config."""
    del config  # every command takes it; this one has no use for it
    if not asyncio.run(_show(files, as_json=as_json)):
        raise typer.Exit(NOT_THERE)


async def _show(files: Sequence[Path], *, as_json: bool) -> bool:
    """Print them in order; whether all could be read."""
    all_read = True
    async for row in _rows(files):
        all_read = all_read and not row["error"]
        print(json.dumps(row, ensure_ascii=False) if as_json else _plain(row), flush=False)
    return all_read


async def _rows(files: Sequence[Path]) -> AsyncIterator[Told]:
    from mailtickets.reader.pool import Reader

    async with Reader() as reader:
        for start in range(0, len(files), AT_ONCE):
            for row in await asyncio.gather(*(_row(reader, file) for file in files[start : start + AT_ONCE])):
                yield row


async def _row(reader: Reader, file: Path) -> Told:
    try:
        octets = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        return _nothing(file, f"{file} cannot be opened: {error.strerror}.")
    match await reader.read(octets):
        case Unreadable(error=why):
            return _nothing(file, why)
        case InboundMail() as mail:
            return _letter(file, mail)


def _letter(file: Path, mail: InboundMail) -> Told:
    judgement = classify.kind(mail, frozenset())
    is_bounce = judgement.kind in (Kind.BOUNCE, Kind.DELAY)
    return {
        "file": str(file),
        "subject": mail.subject,
        "from": mail.sender.spec if mail.sender else "",
        "from_name": mail.sender.name if mail.sender else "",
        "from_defects": list(mail.from_defects),
        "text": mail.text,
        "reply": mail.reply,
        "segments": [{"kind": segment.kind.value, "text": segment.text} for segment in mail.segments],
        "kind": judgement.kind.value,
        "why": judgement.reason,
        "is_auto": not judgement.is_person and judgement.kind is not Kind.LIST,
        "is_bounce": is_bounce,
        "bounced": list(mail.bounce.recipients) if mail.bounce and is_bounce else [],
        **_report(mail),
        "returns": _day(judgement.absence),
        "forwarded_from": [one.sender.spec for one in mail.forwards],
        "language": mail.language,
        "attachments": [file.name for file in mail.attachments],
        "files": [_attached(file) for file in mail.attachments],
        "defects": list(mail.defects),
        "error": None,
    }


def _attached(file: Attachment) -> Told:
    return {
        "name": file.name,
        "type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "inline": file.inline,
    }


def _report(mail: InboundMail) -> Told:
    """Of a report on a mail of ours: which mail, what became of it, and what the server's reason means."""
    bounce = mail.bounce
    if bounce is None or bounce.action == "delivered":
        about = mail.report.original_message_id if mail.report else ""
        return {**_NO_REPORT, "about": bounce.original_message_id if bounce else about}
    found = diagnosis.of_bounce(bounce)
    return {
        "about": bounce.original_message_id,
        "status": bounce.status,
        "diagnostic": bounce.diagnostic,
        "means": found.words,
        "is_permanent": bounce.action == "failed" and found.is_permanent,
    }


_NO_REPORT: Told = {"about": "", "status": "", "diagnostic": "", "means": "", "is_permanent": None}


def _day(absence: Absence | None) -> str | None:
    return absence.day.isoformat() if absence and absence.day else None


def _nothing(file: Path, why: str) -> Told:
    """The same keys as of a letter that could be read, all empty."""
    said = ("subject", "from", "from_name", "text", "reply", "kind", "why", "language")
    listed = ("from_defects", "segments", "bounced", "forwarded_from", "attachments", "files", "defects")
    return {
        "file": str(file),
        **dict.fromkeys(said, ""),
        **{key: [] for key in listed},
        "is_auto": False,
        "is_bounce": False,
        **_NO_REPORT,
        "returns": None,
        "error": why,
    }


def _plain(row: Told) -> str:
    """For a person: the few lines that matter, then what was typed."""
    if row["error"]:
        return f"{row['file']}\n  {row['error']}\n"
    said = [
        f"{title}: {row[key]}" for title, key in (("From", "from"), ("Subject", "subject"), ("Kind", "kind"))
    ]
    if row["kind"] != Kind.PERSON:
        said.append(f"Why: {row['why']}")
    if row["from_defects"]:
        said.append(f"Not believed: {words(row['from_defects'])}")
    if row["means"]:
        said.append(f"Not delivered to {words(row['bounced'])}. {row['means']}")
    if row["attachments"]:
        said.append(f"Files: {words(row['attachments'])}")
    typed = str(row["reply"]).split("\n")
    return "\n".join(
        (str(row["file"]), *(f"  {line}" for line in said), *(f"  | {line}" for line in typed), "")
    )
