"""A letter as it was sent, for staff: its HTML, cleaned, in a frame that can do nothing.

The law: it is shown nowhere but in a sandboxed document with a policy of its own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mailtickets.store import views
from mailtickets.store.engine import Store
from mailtickets.store.views import Entry, TicketView
from mailtickets.web.armour import FRAMED, FRAMING
from mailtickets.web.files import GONE
from mailtickets.web.frame import Place, show
from mailtickets.web.window import Visit, Window

LONGEST = 1_000_000  # characters of HTML


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    author: str
    when: str
    back: str
    letter: str  # where the frame is


@dataclass(frozen=True, slots=True)
class Letter:
    html: str  # cleaned


def page(window: Window, visit: Visit, view: TicketView, message: int) -> Response:
    """The page around the frame. 404 if no letter was that message."""
    entry = _sent(view, message)
    ticket = f"{window.root}/ticket/{view.ticket.number}"
    shown = Page(
        number=view.ticket.number,
        author=entry.author.introduced if entry.author else "Unknown sender",
        when=visit.calendar.stamp(entry.written_at),
        back=f"{ticket}#m{entry.id}",
        letter=f"{ticket}/letter/{entry.id}/frame",
    )
    answer = show(window, visit, "letter", shown, place=Place.TICKETS)
    answer.headers.update(FRAMING)
    return answer


async def framed(window: Window, opening: asyncio.Semaphore, view: TicketView, message: int) -> Response:
    """The document inside. 404 if no letter was that message, or its octets are gone."""
    entry = _sent(view, message)
    async with opening:
        html = await _html(window.store, entry.id)
    if html is None:
        raise HTTPException(404, GONE)
    return HTMLResponse(window.page("letter-frame.html", {"page": Letter(html)}), headers=FRAMED)


def _sent(view: TicketView, message: int) -> Entry:
    for entry in view.entries:
        if entry.id == message and entry.wrote is not None:
            return entry
    raise HTTPException(404)


async def _html(store: Store, message: int) -> str | None:
    letter = await store.read(views.attached_to, store.blobs, message)
    return None if letter is None else await asyncio.to_thread(_cleaned, letter)


def _cleaned(letter: bytes) -> str | None:
    from mailtickets.core import reading  # seldom needed here, and 20 MB
    from mailtickets.web.cleaning import cleaned

    try:
        return cleaned(reading.as_sent(letter)[:LONGEST])
    except reading.Broken:
        return None
