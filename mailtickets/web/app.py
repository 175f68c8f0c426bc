"""The window as one ASGI app: routes, headers around them, and what is said when there is no such page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from mailtickets import log
from mailtickets.config import WebSettings
from mailtickets.core.policy import Policy
from mailtickets.store.engine import Store, Unavailable
from mailtickets.web import api, mailto, pages, signin
from mailtickets.web.armour import Armour, Broken
from mailtickets.web.clerk import Clerk
from mailtickets.web.frame import show, static
from mailtickets.web.noting import Noting
from mailtickets.web.pages import not_found
from mailtickets.web.proxies import Proxies
from mailtickets.web.window import Window, nobody, visit

App: TypeAlias = FastAPI

_STATIC = {"page.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"  # the address of a file changes with what is in it


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Breakage:
    code: str
    tell_us: str
    at: str


def create(
    store: Store,
    policy: Policy,
    settings: WebSettings,
    clerk: Clerk,
    clock: Callable[[], datetime],
    page: Callable[[str, Mapping[str, object]], str],
) -> App:
    """The app; `page` renders a template of templates/pages."""
    window = Window(store, policy, settings, clerk, clock, page)
    app = FastAPI(
        title=f"{policy.name}: tickets",
        description="Read-only. Sign in on the page first; the session cookie is what the API knows you by.",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
        middleware=[
            Middleware(Proxies, trusted=settings.trusted_proxies),
            Middleware(Armour, root=window.root, is_https=window.is_https, broken=_broken(window)),
            Middleware(Noting, clerk=clerk),
        ],
        exception_handlers={HTTPException: _refused(window), RequestValidationError: _impossible},
        routes=[
            *pages.routes(window),
            *signin.routes(window),
            Route("/static/{name}", _static, methods=["GET"]),
        ],
    )
    api.add(app, window)
    return app


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        raise HTTPException(404)
    return Response(static(name), media_type=_STATIC[name], headers={"Cache-Control": _FOR_EVER})


async def _impossible(_: Request, error: RequestValidationError) -> Response:
    """What is said for a value that the API's document rules out."""
    said = [f"{fault['loc'][-1]}: {fault['msg']}." for fault in error.errors()]
    return JSONResponse({"detail": " ".join(said)}, 422)


def _refused(window: Window) -> Callable[[Request, HTTPException], Coroutine[Any, Any, Response]]:
    """What is said for a page that is not there, or not for this reader: the same in both cases."""

    async def refused(request: Request, error: HTTPException) -> Response:
        if _is_api(window, request.scope):
            return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
        seen = await visit(window, request)
        if error.status_code == 404:
            return not_found(window, seen)
        lines = (f"The page cannot do that ({error.detail}).", "Go back and use the links and buttons there.")
        return show(window, seen, "notice", Notice("That does not work", lines), status=error.status_code)

    return refused


def _broken(window: Window) -> Broken:
    """What is said when it is our fault. Asks the store nothing: it may be what broke."""

    async def broken(scope: Scope, code: str, error: Exception) -> ASGIApp:
        if isinstance(error, Unavailable):
            return _unavailable(window, scope, error)
        log.page_broke(code, _without_link(scope), error)
        if scope["path"].endswith("/healthz"):
            return JSONResponse({"status": "unwell", "code": code}, 503)
        if _is_api(window, scope):
            return JSONResponse({"detail": f"This is our fault and has been written down as {code}."}, 500)
        seen = nobody(window)
        tell_us = mailto.link(window.address, f"Page error {code}")
        page = Breakage(code, tell_us, seen.calendar.full(seen.now))
        return show(window, seen, "error", page, status=500)

    return broken


def _unavailable(window: Window, scope: Scope, error: Unavailable) -> ASGIApp:
    """What is said while the database cannot be asked: that is nobody's fault here, and passes."""
    log.page_waits(str(error))
    if scope["path"].endswith("/healthz"):
        return JSONResponse({"status": "unwell"}, 503)
    if _is_api(window, scope):
        return JSONResponse(
            {"detail": "The desk's database does not answer now. Try again in a minute."}, 503
        )
    lines = ("The desk's database does not answer now, so nothing can be shown.", "No mail is lost by it.")
    page = Notice("Please come back in a minute", lines)
    return show(window, nobody(window), "notice", page, status=503)


def _without_link(scope: Scope) -> str:
    """The path, but nothing that would sign somebody in."""
    path: str = scope["path"]
    token = scope.get("path_params", {}).get("token")
    return path.replace(token, "…") if token else path


def _is_api(window: Window, scope: Scope) -> bool:
    path: str = scope["path"]
    return path.removeprefix(window.root).startswith("/api/")
