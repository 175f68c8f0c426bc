"""Whether every promise is kept: the ledger against itself, and against the inboxes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from mailtickets.cli.options import NOT_THERE, AsJson, ConfigFile, ledger, now, settings
from mailtickets.cli.rows import Column, Row, show, words

if TYPE_CHECKING:
    from mailtickets.config import MailboxSettings, Settings
    from mailtickets.store.audit import Finding, InboxMail
    from mailtickets.store.engine import Store

COLUMNS = (
    Column("law", "Law"),
    Column("holds", "Kept"),
    Column("checked", ""),
    Column("broken", ""),
    Column("text", "Text"),
    Column("rows", ""),
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What lies in one inbox; `trouble`: why nobody could look."""

    mailbox: str
    uidvalidity: int = 0
    uids: Sequence[int] = ()
    received: dict[int, datetime] | None = None  # of those above the ledger's highest
    trouble: str = ""


def audit(as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Check that nothing was lost, nothing done twice, and nobody told too much; changes nothing. Exit code 1 if not so."""
    found = settings(config, with_secrets=True)
    with ledger(found) as store:
        looked = [asyncio.run(_look(store, found, box)) for box in found.mailboxes]
        findings = _findings(store, found, looked)
    troubles = [inbox.trouble for inbox in looked if inbox.trouble]
    if as_json:
        show([_row(finding) for finding in findings], COLUMNS, as_json=True, none="")
        for trouble in troubles:
            print(trouble, file=sys.stderr)
    else:
        _say(looked, findings)
    raise typer.Exit(NOT_THERE if troubles or not all(finding.holds for finding in findings) else 0)


async def _look(store: Store, settings: Settings, box: MailboxSettings) -> Looked:
    """Every UID of an inbox, read-only, and when the latest ones came."""
    from mailtickets import imap
    from mailtickets.oauth import Keyring
    from mailtickets.store import ledger as rows

    inbox = imap.Inbox(box, None, tokens=Keyring(settings.state_dir).of(box.imap.oauth2))
    try:
        opened = await inbox.connect(read_only=True)
        uids = await inbox.uids()
        highest = await store.read(rows.cursor, box.address.key, opened.uidvalidity)
        latest = await inbox.received([uid for uid in uids if uid > highest])
        return Looked(box.address.key, opened.uidvalidity, uids, latest)
    except imap.LinkDown as down:
        return Looked(
            box.address.key, trouble=f"The inbox of {box.address.spec} was not looked at: {down.reason}"
        )
    finally:
        await inbox.close()


def _findings(store: Store, settings: Settings, looked: Sequence[Looked]) -> tuple[Finding, ...]:
    from mailtickets import config
    from mailtickets.store import audit

    keys = config.secrets(settings).keys
    witness = audit.Witness(
        now(),
        inbox=_mails(looked),
        secrets=(*(secret.encode() for secret in config.hidden(settings)), *keys),
        named=settings.policy.told,
    )
    return store.read_sync(audit.check, store.blobs, witness)


def _mails(looked: Sequence[Looked]) -> Iterator[InboxMail]:
    from mailtickets.imap.syntax import EPOCH
    from mailtickets.store.audit import InboxMail

    for inbox in looked:
        latest = inbox.received or {}
        for uid in inbox.uids:
            yield InboxMail(inbox.mailbox, inbox.uidvalidity, uid, latest.get(uid, EPOCH))


def _row(finding: Finding) -> Row:
    return {
        "law": finding.law.value,
        "holds": finding.holds,
        "checked": finding.checked,
        "broken": finding.broken,
        "text": finding.sentence,
        "rows": finding.rows,
    }


def _say(looked: Sequence[Looked], findings: Sequence[Finding]) -> None:
    for inbox in looked:
        print(inbox.trouble or f"{inbox.mailbox}: {len(inbox.uids):,} mails lie in the inbox.")
    for finding in findings:
        print(f"{'ok  ' if finding.holds else 'FAIL'}  {finding.law.value:<3}  {words(finding.sentence)}")
        for row in finding.rows:
            print(f"           {words(row)}")
    broken = sum(not finding.holds for finding in findings)
    print(f"\n{broken} of {len(findings)} promises are broken." if broken else "\nEvery promise is kept.")
