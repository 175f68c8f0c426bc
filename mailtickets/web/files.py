"""A file that came with a mail, to be saved and never shown. The law: what strangers sent is octets here, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from mailtickets.core.mail import Attachment
from mailtickets.store import views
from mailtickets.store.engine import Store
from mailtickets.store.views import TicketView
from mailtickets.web.armour import FILE_POLICY

PIECE = 64 * 1024  # octets handed to the network at a time
GONE = "The letter that this file came with is not kept any more."


async def answer(
    store: Store, opening: asyncio.Semaphore, view: TicketView, message: int, index: int
) -> Response:
    """The file as a download. 404 if the talk that the viewer sees has no such file."""
    file = _named(view, message, index)
    async with opening:
        letter = await store.read(views.attached_to, store.blobs, message)
        octets = None if letter is None else await asyncio.to_thread(_taken_out, letter, index)
    if octets is None:
        raise HTTPException(404, GONE)
    return StreamingResponse(_pieces(octets), headers=_headers(file, len(octets)))


def _named(view: TicketView, message: int, index: int) -> Attachment:
    for entry in view.entries:
        if entry.id == message and index < len(entry.attachments):
            return entry.attachments[index]
    raise HTTPException(404)


def _taken_out(letter: bytes, index: int) -> bytes | None:
    from mailtickets.core import reading  # seldom needed here, and 20 MB

    try:
        return reading.attachment(letter, index)
    except (IndexError, reading.Broken):
        return None


def _pieces(octets: bytes) -> Iterator[bytes]:
    for at in range(0, len(octets), PIECE):
        yield octets[at : at + PIECE]


def _headers(file: Attachment, size: int) -> dict[str, str]:
    # Never the type that the sender named: no browser may take it for a page. RFC 6266 section 4.3
    # has the name in two forms; the plain one is for programs that know no other.
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in file.name) or "file"
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(size),
        "Content-Security-Policy": FILE_POLICY,
    }
