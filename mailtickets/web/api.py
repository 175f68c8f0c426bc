"""The tickets as JSON, read-only. The law: the same sight as the pages have, and what is not yours is not there."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request, Security
from fastapi import Path as InPath
from fastapi.security import APIKeyCookie
from pydantic import BaseModel

from mailtickets.core.person import Person
from mailtickets.web import facts, search
from mailtickets.web.access import Room, Sight, sight
from mailtickets.web.asking import Unclear
from mailtickets.web.search import Search
from mailtickets.web.window import LARGEST, SESSION_COOKIE, Window, find, visit

MOST_ROWS = 200
SIGN_IN = "Sign in on the page first: the session cookie is what the API knows you by."
NO_TICKET = "There is no such ticket for you."


class Trouble(BaseModel):
    detail: str


Session = Annotated[
    str | None,
    Security(APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="Of a signed-in browser.")),
]
Number = Annotated[int, InPath(ge=1, le=LARGEST)]


def router(window: Window) -> APIRouter:
    api = APIRouter(
        prefix="/api", tags=["tickets"], responses={401: {"model": Trouble, "description": "Not signed in"}}
    )

    @api.get(
        "/tickets", responses={422: {"model": Trouble, "description": "A question that cannot be asked"}}
    )
    async def tickets(
        request: Request,
        session: Session,
        q: Annotated[
            str, Query(description="As in the page's search field: status:open assignee:me printer")
        ] = "",
        status: Annotated[str, Query(description="One status")] = "",
        assignee: Annotated[str, Query(description="me, nobody, or a name or address of an agent")] = "",
        text: Annotated[str, Query(description="Words that stand in the subject or in what was said")] = "",
        sort: Annotated[
            str, Query(description="A field, - before it turns it round", examples=["-updated"])
        ] = "",
        page: Annotated[int, Query(ge=1, le=search.LAST_PAGE)] = 1,
        rows: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
    ) -> facts.Tickets:
        """The tickets that you may see."""
        viewer = await _viewer(window, request)
        asked = {
            "q": q,
            "status": status,
            "assignee": assignee,
            "text": text,
            "sort": sort,
            "page": str(page),
        }
        return await _list(window, viewer, asked, rows)

    @api.get("/tickets/{number}", responses={404: {"model": Trouble, "description": "None, or not yours"}})
    async def ticket(request: Request, session: Session, number: Number) -> facts.Whole:
        """One ticket with what was said and done."""
        seen = await visit(window, request)
        if seen.viewer is None:
            raise HTTPException(401, SIGN_IN)
        view = await find(window, seen, number)
        if view is None:
            raise HTTPException(404, NO_TICKET)
        return facts.whole(view, window.policy.ticket_url(number))

    return api


async def _viewer(window: Window, request: Request) -> Person:
    seen = await visit(window, request)
    if seen.viewer is None or sight(seen.viewer, Room.TICKETS) is Sight.DOORSTEP:
        raise HTTPException(401, SIGN_IN)
    return seen.viewer


async def _list(window: Window, viewer: Person, asked: dict[str, str], rows: int) -> facts.Tickets:
    wanted = Search.of(asked)
    found = await window.store.read(search.find, viewer, window.policy.workflow, wanted, rows)
    if isinstance(found.asked, Unclear):
        meant = f" Did you mean {found.asked.meant}?" if found.asked.meant else ""
        raise HTTPException(422, found.asked.what + meant)
    pages = max(1, -(-found.page.total // rows))
    following = {**asked, "page": str(wanted.page + 1), "rows": str(rows)}
    query = urlencode({name: value for name, value in following.items() if value})
    return facts.Tickets(
        total=found.page.total,
        page=wanted.page,
        pages=pages,
        next=f"{window.policy.url}/api/tickets?{query}" if wanted.page < pages else None,
        tickets=[facts.brief(one, window.policy.ticket_url(one.ticket.number)) for one in found.page.rows],
    )
