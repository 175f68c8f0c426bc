"""The tickets as JSON, read-only. The law: the same sight as the pages have, and what is not yours is not there."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Query, Request, Security
from fastapi import Path as InPath
from fastapi.security import APIKeyCookie
from pydantic import BaseModel

from mailtickets.core.person import Person
from mailtickets.core.query import Unclear
from mailtickets.store import views
from mailtickets.web import facts, search
from mailtickets.web.access import Room, Sight, sight
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
Question = Annotated[
    str, Query(description="As in the page's search field: status:open assignee:me sort:-created printer")
]
OneStatus = Annotated[str, Query(description="One status")]
Agent = Annotated[str, Query(description="me, nobody, or the name or address of an agent")]
Text = Annotated[str, Query(description="Words that stand in the subject or in what was said")]
Order = Annotated[str, Query(description="A field; a minus before it turns it round", examples=["-updated"])]
Page = Annotated[int, Query(ge=1, le=search.LAST_PAGE)]
Rows = Annotated[int, Query(ge=1, le=MOST_ROWS)]

_Responses: TypeAlias = dict[int | str, dict[str, Any]]
_NOT_SIGNED_IN: _Responses = {401: {"model": Trouble, "description": "Not signed in"}}
_UNCLEAR: _Responses = {422: {"model": Trouble, "description": "A question that cannot be asked"}}
_NONE: _Responses = {404: {"model": Trouble, "description": "There is none, or it is not yours"}}


def add(app: FastAPI, window: Window) -> None:
    """Put the API's routes into the app."""

    @app.get("/api/tickets", responses=_NOT_SIGNED_IN | _UNCLEAR)
    async def tickets(
        request: Request,
        session: Session,
        q: Question = "",
        status: OneStatus = "",
        assignee: Agent = "",
        text: Text = "",
        sort: Order = "",
        page: Page = 1,
        rows: Rows = 50,
    ) -> facts.Tickets:
        """The tickets that you may see."""
        viewer = await _viewer(window, request)
        narrow = {"q": q, "status": status, "assignee": assignee, "text": text}
        return await _list(window, viewer, {**narrow, "sort": sort, "page": str(page)}, rows)

    @app.get("/api/tickets/{number}", responses=_NOT_SIGNED_IN | _NONE | _UNCLEAR)
    async def ticket(request: Request, session: Session, number: Number) -> facts.Whole:
        """One ticket with what was said and done."""
        seen = await visit(window, request)
        if seen.viewer is None:
            raise HTTPException(401, SIGN_IN)
        view = await find(window, seen, number)
        if view is None:
            raise HTTPException(404, NO_TICKET)
        return facts.whole(view, window.policy.ticket_url(number), sight(seen.viewer, view))


async def _viewer(window: Window, request: Request) -> Person:
    seen = await visit(window, request)
    if seen.viewer is None or sight(seen.viewer, Room.TICKETS) is Sight.DOORSTEP:
        raise HTTPException(401, SIGN_IN)
    return seen.viewer


async def _list(window: Window, viewer: Person, asked: dict[str, str], rows: int) -> facts.Tickets:
    wanted = Search.of(asked)
    found = await window.store.read(search.find, viewer, window.policy, window.clock(), wanted, rows)
    if isinstance(found.asked, Unclear):
        meant = f" Did you mean {found.asked.meant}?" if found.asked.meant else ""
        raise HTTPException(422, found.asked.sentence + meant)
    pages = max(1, -(-min(found.page.total, views.DEEPEST) // rows))
    following = {**asked, "page": str(wanted.page + 1), "rows": str(rows)}
    query = urlencode({name: value for name, value in following.items() if value})
    return facts.Tickets(
        total=found.page.total,
        is_counted=found.page.is_counted,
        page=wanted.page,
        pages=pages,
        next=f"{window.policy.url}/api/tickets?{query}" if wanted.page < pages else None,
        tickets=[
            facts.brief(one, window.policy.ticket_url(one.ticket.number), sight(viewer, one))
            for one in found.page.rows
        ],
    )
