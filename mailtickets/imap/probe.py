"""Whether an inbox can be used, tried step by step for `mailtickets check`. Changes nothing on the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from mailtickets import oauth, wire
from mailtickets.config import ImapSettings, MailboxSettings
from mailtickets.imap.link import Deadlines, Folder, Link, LinkDown
from mailtickets.oauth import NoToken, Tokens
from mailtickets.wire import Finding, State


async def probe(
    settings: MailboxSettings,
    deadlines: Deadlines | None = None,
    now: datetime | None = None,
    tokens: Tokens | None = None,
) -> tuple[Finding, ...]:
    """What works, in order, up to the first thing that does not. `now`: to tell what ends soon."""
    return tuple([finding async for finding in _steps(settings.imap, deadlines or Deadlines(), now, tokens)])


async def _steps(
    settings: ImapSettings, deadlines: Deadlines, now: datetime | None, tokens: Tokens | None
) -> AsyncIterator[Finding]:
    subject, link = "connect", None
    try:
        link = Link(settings, deadlines, tokens)
        await link.greet()
        yield Finding(subject, State.OK, f"{link.where} answers.")
        if peer := link.client.protocol.transport.get_extra_info("peercert"):
            yield wire.certificate(peer, now)
        if tokens is not None:
            subject = "token"
            yield await oauth.tried(tokens)
        subject = "login"
        await link.log_in()
        yield Finding(subject, State.OK, f"{settings.user} is let in.")
        subject = "folder"
        folder = await link.select()
        for finding in _of_folder(settings, folder, "IDLE" in link.capabilities):
            yield finding
    except (LinkDown, NoToken) as trouble:
        yield Finding(subject, State.FAIL, trouble.reason)
    finally:
        if link is not None:
            await link.close()


def _of_folder(settings: ImapSettings, folder: Folder, can_idle: bool) -> Iterator[Finding]:
    yield Finding("folder", State.OK, f"{settings.folder} is there and {_holds(folder.exists)}.")
    if can_idle:
        yield Finding("idle", State.OK, "The server tells at once when mail comes (IDLE).")
    else:
        every = f"{settings.poll.total_seconds():g} s"
        yield Finding("idle", State.NOTE, f"The server has no IDLE: mail is looked for every {every}.")
    verb, _, keyword = settings.after.partition(":")
    if verb == "keyword" and not folder.keeps(keyword):
        text = f"{settings.folder} does not keep the keyword {keyword}. Mail will be marked as read instead."
        yield Finding("after", State.NOTE, text)
    elif verb == "seen" and not folder.keeps("\\Seen"):
        yield Finding(
            "after", State.NOTE, f"{settings.folder} is read-only. Its mail will stay unread there."
        )


def _holds(mails: int) -> str:
    if mails == 0:
        return "is empty"
    return f"holds {mails} mail{'s' * (mails > 1)}; what the desk does not know yet will be taken in"
