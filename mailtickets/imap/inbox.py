"""The inbox of one desk address, as the intake uses it.

The law: a UID is asked for until the ledger has it; flags, IDLE and whatever else a server tells by itself
are hints. Nothing here is believed about a mail that was not asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from aioimaplib import Response

from mailtickets import log
from mailtickets.config import MailboxSettings
from mailtickets.core.mail import RawMail
from mailtickets.imap import syntax
from mailtickets.imap.link import Deadlines, Folder, Link, LinkDown, said
from mailtickets.imap.syntax import Item
from mailtickets.oauth import Tokens

BATCH = 50  # mails in an answer, decided together; aioimaplib recurses at every line and dies at about 950
BATCH_OCTETS = 8 * 1024 * 1024
HEADER_OCTETS = 256 * 1024  # of a mail that is too big to be taken in whole


@dataclass(frozen=True, slots=True)
class Mailbox:
    uidvalidity: int
    can_idle: bool


class Inbox:
    """Owns one link. Every method raises LinkDown; what raises has also closed the link."""

    def __init__(
        self,
        settings: MailboxSettings,
        mail_size: int | None,
        deadlines: Deadlines | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        """`mail_size`: of a mail with more octets only the headers are fetched; None: no limit."""
        self._settings = settings.imap
        self._mailbox = settings.address.key
        self._mail_size = mail_size
        self._deadlines = deadlines or Deadlines()
        self._tokens = tokens  # of an inbox that wants no password
        self._opened: tuple[Link, Folder] | None = None
        self._can_idle = False
        self._highest = 0  # UID that a search has shown

    async def connect(self, *, read_only: bool = False) -> Mailbox:
        """Log in and select the folder; `read_only` (EXAMINE): nothing can be marked, and nothing is by looking."""
        link = Link(self._settings, self._deadlines, self._tokens)
        await link.greet()
        await link.log_in()
        folder = await link.select(read_only=read_only)
        self._opened = link, folder
        self._can_idle = "IDLE" in link.capabilities
        return Mailbox(folder.uidvalidity, self._can_idle)

    @property
    def _link(self) -> Link:
        if self._opened is None:
            raise LinkDown(f"{self._settings.host} is not connected.")
        return self._opened[0]

    @property
    def _folder(self) -> Folder:
        if self._opened is None:
            raise LinkDown(f"{self._settings.host} is not connected.")
        return self._opened[1]

    async def close(self) -> None:
        """Say goodbye if the link still stands. Never raises."""
        if self._opened is not None:
            await self._link.close()

    # What is there

    async def uids(self, above: int = 0) -> tuple[int, ...]:
        """All UIDs in the folder above one, ascending, whatever their flags."""
        link = self._link
        await link.command("NOOP", link.client.noop())  # a chance for the server to notice what is new
        # Never UNSEEN: somebody who opens a mail would hide it from us.
        search = link.client.uid_search(f"UID {above + 1}:*", charset=None)
        found = syntax.searched((await link.command("SEARCH", search, must=True)).lines)
        self._highest = max(found, default=self._highest)
        # RFC 3501 section 6.4.8: n:* holds the highest UID even if that one is below n.
        return tuple(sorted(uid for uid in found if uid > above))

    async def wait(self, at_most: timedelta, wake: asyncio.Event | None = None) -> None:
        """Until there may be new mail: IDLE where the server has it, else the poll interval. `wake` ends it politely."""
        wake = wake or asyncio.Event()
        if not self._can_idle:
            await self._link.pause(min(at_most, self._settings.poll), wake)
            return
        # An EXISTS that came along with the answer to another command was dropped by aioimaplib: look first.
        self._link.has_news = False
        found = await self.uids(self._highest)
        # And one that came along with this answer will not be said again in IDLE.
        if not found and not self._link.has_news:
            self._can_idle = await self._link.idle(at_most, wake)

    # Fetching

    async def fetch(self, uids: Sequence[int]) -> AsyncIterator[tuple[RawMail, ...]]:
        """Batches in the order of UIDs. A mail that has left the folder meanwhile is left out.

        An answer that lacks a mail is plain OK all the same: what is missing is asked for once more, at the end.
        """
        missing: list[int] = []
        for some in _slices(sorted(uids)):
            found: set[int] = set()
            async for mails in self._fetch(some):
                found.update(mail.uid for mail in mails)
                yield mails
                del mails  # or they would stay in memory while the next ones come
            missing += [uid for uid in some if uid not in found]
        for some in _slices(missing):
            async for mails in self._fetch(some):
                yield mails

    async def _fetch(self, uids: Sequence[int]) -> AsyncIterator[tuple[RawMail, ...]]:
        for batch in self._bounded(await self._heads(uids)):
            mails = await self._mails(batch)
            if mails:
                yield mails
            del mails

    async def received(self, uids: Sequence[int]) -> dict[int, datetime]:
        """When mails came, by UID; one that has left the folder is left out."""
        heads = [item for some in _slices(sorted(uids)) for item in await self._heads(some)]
        return {head.uid: head.received_at for head in heads}

    async def _heads(self, uids: Sequence[int]) -> tuple[Item, ...]:
        answer = await self._link.fetch(uids, "(UID RFC822.SIZE INTERNALDATE)")
        heads = {item.uid: item for item in syntax.fetched(answer.lines) if item.size}
        return tuple(heads[uid] for uid in uids if uid in heads)

    def _is_oversize(self, head: Item) -> bool:
        return self._mail_size is not None and head.size > self._mail_size

    def _bounded(self, heads: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
        """Cut so that no batch holds more than BATCH_OCTETS, unless one mail alone does."""
        batch: list[Item] = []
        octets = 0
        for head in heads:
            size = HEADER_OCTETS if self._is_oversize(head) else head.size
            if batch and octets + size > BATCH_OCTETS:
                yield tuple(batch)
                batch, octets = [], 0
            batch.append(head)
            octets += size
        if batch:
            yield tuple(batch)

    async def _mails(self, batch: Sequence[Item]) -> tuple[RawMail, ...]:
        whole = [head for head in batch if not self._is_oversize(head)]
        big = [head for head in batch if self._is_oversize(head)]
        octets = await self._octets(whole, "BODY.PEEK[]")
        octets |= await self._octets(big, f"BODY.PEEK[HEADER]<0.{HEADER_OCTETS}>")
        return tuple(self._raw(head, octets[head.uid]) for head in batch if head.uid in octets)

    def _raw(self, head: Item, octets: bytes) -> RawMail:
        return RawMail(
            mailbox=self._mailbox,
            uidvalidity=self._folder.uidvalidity,
            uid=head.uid,
            received_at=head.received_at,
            octets=octets,
            size=head.size,
            oversize=self._is_oversize(head),
        )

    async def _octets(self, heads: Sequence[Item], part: str) -> dict[int, bytes]:
        """By UID. A missing mail answers plain OK, or NO [EXPUNGEISSUED]; one that is broken, NO for all."""
        if not heads:
            return {}
        wanted = [head.uid for head in heads]
        size = sum(head.size for head in heads)
        answer = await self._link.fetch(wanted, f"(UID {part})", octets=size)
        items = tuple(syntax.fetched(answer.lines))
        if any(item.is_torn for item in items):
            self._link.abort()
            raise LinkDown(f"{self._link.where} sends mails of another length than it says.")
        found = {i.uid: i.body for i in items if i.uid in wanted and i.body is not None}
        # RFC 5530: the rest of the answer is good.
        if answer.result == "OK" or "EXPUNGEISSUED" in said(answer):
            return found
        if len(heads) == 1:
            _complain(
                f"{self._mailbox}: the server does not hand out mail {wanted[0]} ({said(answer)}). "
                "It stays there and is asked for again; look at it with a mail client."
            )
            return {}
        return {uid: body for head in heads for uid, body in (await self._octets([head], part)).items()}

    # Marking

    async def mark(self, uids: Sequence[int]) -> None:
        """Do what `after` says. A server that refuses is complained about once: nothing depends on a mark."""
        verb, _, what = self._settings.after.partition(":")
        for some in _slices(sorted(uids)):
            if verb == "move":
                await self._move(syntax.uid_set(some), what)
            else:
                await self._flag(syntax.uid_set(some), self._kept_flag(what))

    def _kept_flag(self, keyword: str) -> str:
        """The keyword if the server keeps it, else (or with none) \\Seen."""
        if keyword and self._folder.keeps(keyword):
            return keyword
        if keyword:
            _complain(
                f"{self._mailbox}: the server does not keep the keyword {keyword}. "
                "Mail is marked as read instead."
            )
        return "\\Seen"

    async def _flag(self, uids: str, flag: str) -> None:
        # .SILENT: an answer line for each mail would help nobody.
        store = self._link.client.uid("STORE", uids, "+FLAGS.SILENT", f"({flag})")
        self._check(await self._link.command("STORE", store), "does not mark mail")

    async def _move(self, uids: str, folder: str) -> None:
        answer = await self._moved(uids, folder)
        if answer.result == "NO":
            # RFC 3501 section 6.4.7: most likely the folder is not there yet.
            link, name = self._link, syntax.folder(folder)
            await link.command("CREATE", link.client.create(name))
            await link.command("SUBSCRIBE", link.client.subscribe(name))
            answer = await self._moved(uids, folder)
        self._check(answer, f"does not move mail to {folder}")

    async def _moved(self, uids: str, folder: str) -> Response:
        """RFC 6851, or what it stands for where it is not known."""
        link, name = self._link, syntax.folder(folder)
        if "MOVE" in link.capabilities:
            return await link.command("MOVE", link.client.uid("MOVE", uids, name))
        answer = await link.command("COPY", link.client.uid("COPY", uids, name))
        if answer.result == "OK":
            await self._flag(uids, "\\Deleted")
            # Without UIDPLUS, EXPUNGE would also take what others have marked as deleted: leave it to them.
            if "UIDPLUS" in link.capabilities:
                await link.command("EXPUNGE", link.client.uid("EXPUNGE", uids))
        return answer

    def _check(self, answer: Response, wrong: str) -> None:
        if answer.result == "NO":
            _complain(
                f"{self._mailbox}: the server {wrong} ({said(answer)}). Check the mailbox's key `after`."
            )


@cache
def _complain(sentence: str) -> None:
    """Once in the life of the process."""
    log.concern(sentence)


def _slices(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), BATCH):
        yield uids[start : start + BATCH]
