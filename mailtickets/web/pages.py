"""The pages: overview, tickets, one ticket, its files, and whether the window is well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailtickets.store import board
from mailtickets.store.views import TicketView
from mailtickets.web import customer, files, letters, overview, search, ticket
from mailtickets.web.access import Room, Sight, sight
from mailtickets.web.frame import Place, show
from mailtickets.web.search import Search
from mailtickets.web.signin import to_doorstep
from mailtickets.web.window import Visit, Window, find, visit


@dataclass(frozen=True, slots=True)
class NotFound:
    tag: str
    back: str
    back_label: str


def routes(window: Window) -> Sequence[BaseRoute]:
    async def home(request: Request) -> Response:
        seen = await visit(window, request)
        match sight(seen.viewer, Room.OVERVIEW, window.settings.public_counts):
            case Sight.ALL:
                page = await overview.load(window, seen)
                return show(window, seen, "overview", page, place=Place.OVERVIEW)
            case Sight.COUNTS:
                return show(window, seen, "counts", await overview.public(window, seen))
            case Sight.OWN:
                return RedirectResponse(f"{window.root}/tickets", 303)
            case _:
                return to_doorstep(window, request)

    async def tickets(request: Request) -> Response:
        seen = await visit(window, request)
        if seen.viewer is None or sight(seen.viewer, Room.TICKETS) is Sight.DOORSTEP:
            return to_doorstep(window, request)
        page = await search.load(window, seen, seen.viewer, Search.of(request.query_params))
        return show(window, seen, "tickets", page, place=Place.TICKETS)

    async def one(request: Request) -> Response:
        seen = await visit(window, request)
        if seen.viewer is None:
            return to_doorstep(window, request)
        view = await find(window, seen, request.path_params["number"])
        if view is None:
            raise HTTPException(404)
        if sight(seen.viewer, view) is Sight.ALL:
            return show(window, seen, "ticket", ticket.page(window, seen, view), place=Place.TICKETS)
        return show(window, seen, "customer", customer.page(window, seen, view), place=Place.TICKETS)

    counter = files.Counter()

    async def file(request: Request) -> Response | files.Download:
        seen = await visit(window, request)
        if seen.viewer is None:
            return to_doorstep(window, request)
        view = await find(window, seen, request.path_params["number"])
        if view is None:
            raise HTTPException(404)
        which = request.path_params["message"], request.path_params["index"]
        return files.download(window.store, counter, view, seen.viewer.id, *which)

    async def letter(request: Request) -> Response:
        seen = await visit(window, request)
        if seen.viewer is None:
            return to_doorstep(window, request)
        view = await _for_staff(window, seen, request)
        return letters.page(window, seen, view, request.path_params["message"])

    async def letter_frame(request: Request) -> Response:
        seen = await visit(window, request)
        if seen.viewer is None:
            return to_doorstep(window, request)
        view = await _for_staff(window, seen, request)
        return await letters.framed(window, counter.opening, view, request.path_params["message"])

    async def healthz(request: Request) -> Response:
        # What is wrong stands on the overview, for those who may see it; here is only whether anything is.
        is_well = not await window.store.read(board.lasting)
        return JSONResponse({"status": "ok" if is_well else "trouble"})

    return (
        Route("/", home, methods=["GET"]),
        Route("/tickets", tickets, methods=["GET"]),
        Route("/ticket/{number:int}", one, methods=["GET"]),
        Route("/ticket/{number:int}/attachment/{message:int}/{index:int}", file, methods=["GET"]),
        Route("/ticket/{number:int}/letter/{message:int}", letter, methods=["GET"]),
        Route("/ticket/{number:int}/letter/{message:int}/frame", letter_frame, methods=["GET"]),
        Route("/healthz", healthz, methods=["GET"]),
    )


async def _for_staff(window: Window, seen: Visit, request: Request) -> TicketView:
    """The ticket, if all of it may be seen: a letter holds more than was said to its reader. 404 if not."""
    view = await find(window, seen, request.path_params["number"])
    if view is None or sight(seen.viewer, view) is not Sight.ALL:
        raise HTTPException(404)
    return view


def not_found(window: Window, visit: Visit) -> Response:
    """What is said for a page that is not there, and for one that is not for this viewer."""
    for_staff = visit.viewer is not None and visit.viewer.is_staff
    page = NotFound(
        tag=window.policy.tag(1042),
        back=f"{window.root}/tickets" if visit.viewer else f"{window.root}/sign-in",
        back_label="the tickets" if for_staff else "your tickets",
    )
    return show(window, visit, "not-found", page, status=404)
