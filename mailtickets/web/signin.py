"""Signing in by a mailed link, and out. The law: no answer tells whether an address is known, and looking spends nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailtickets.core.person import Person
from mailtickets.store import sessions
from mailtickets.web import mailto
from mailtickets.web.frame import show
from mailtickets.web.proxies import household
from mailtickets.web.tries import Tries
from mailtickets.web.window import SESSION_COOKIE, Visit, Window, visit

LINK_LIFETIME = timedelta(minutes=15)
FORM_OCTETS = 2048
FORM_WITHIN = 10.0  # seconds
ONWARD_COOKIE = "mailtickets_onward"
ONWARD = re.compile(r"/ticket/\d{1,10}")
TOO_OFTEN = "That was often in a short time. Wait ten minutes, or just write to us: that always works."
NO_ADDRESS = "This is not a mail address. It needs a name, an @ and a domain, like you@example.org."
CLOSED = "Signing in does not work at this moment; mail does. Try again in a few minutes."


@dataclass(frozen=True, slots=True)
class Asking:
    typed: str
    login_mail: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    typed: str
    until: str


@dataclass(frozen=True, slots=True)
class Button:
    action: str


@dataclass(frozen=True, slots=True)
class Browsers:
    """Where somebody is signed in."""

    name: str
    address: str
    since: tuple[str, ...]  # of each browser, the last used first


Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


def routes(window: Window) -> Sequence[BaseRoute]:
    asked = Tries(5, timedelta(minutes=10))
    spent = Tries(20, timedelta(minutes=10))

    async def ask(request: Request) -> Response:
        now = await visit(window, request)
        if now.viewer is None:
            return _form(window, now)
        return show(window, now, "signed-in", await _signed(window, now, now.viewer))

    async def mail_link(request: Request) -> Response:
        now = await visit(window, request)
        typed = (await _fields(request)).get("address", [""])[0].strip()
        if not _is_address(typed):
            return _form(window, now, typed, NO_ADDRESS, 422)
        if not asked.allow(_client(request), now.now):
            return _form(window, now, typed, TOO_OFTEN, 429)
        try:
            await run_in_threadpool(window.clerk.sign_in, typed)
        except ConnectionError:
            return _form(window, now, typed, CLOSED, 503)
        until = now.calendar.clock(now.now + LINK_LIFETIME)
        return show(window, now, "sign-in-sent", Sent(typed, until))

    async def button(request: Request) -> Response:
        # Mail filters fetch every link they see: only the POST below spends it.
        action = f"{window.root}/sign-in/{quote(request.path_params['token'], safe='')}"
        return show(window, await visit(window, request), "sign-in-link", Button(action))

    async def use_link(request: Request) -> Response:
        now = await visit(window, request)
        if not spent.allow(_client(request), now.now):
            return _form(window, now, "", TOO_OFTEN, 429)
        try:
            session = await run_in_threadpool(window.clerk.use_link, request.path_params["token"])
        except ConnectionError:
            return _form(window, now, "", CLOSED, 503)
        if session is None:
            return show(window, now, "link-used", None, status=410)
        return _signed_in(window, request, session)

    async def sign_out(request: Request) -> Response:
        session = request.cookies.get(SESSION_COOKIE)
        everywhere = "everywhere" in await _fields(request)
        if session:
            try:
                await run_in_threadpool(window.clerk.sign_out, session, everywhere)
            except ConnectionError:
                return _form(window, await visit(window, request), "", CLOSED, 503)
        answer = RedirectResponse(f"{window.root}/sign-in", 303)
        answer.delete_cookie(SESSION_COOKIE, path=f"{window.root}/")
        return answer

    return (
        Route("/sign-in", ask, methods=["GET"]),
        Route("/sign-in", _from_here(mail_link), methods=["POST"]),
        Route("/sign-in/{token}", button, methods=["GET"]),
        Route("/sign-in/{token}", _from_here(use_link), methods=["POST"]),
        Route("/sign-out", _from_here(sign_out), methods=["POST"]),
    )


def _from_here(handler: Handler) -> Handler:
    """Only forms of this very page may change a session; browsers say where a form stood.

    Not by Origin: with `Referrer-Policy: no-referrer` that is "null" for our own forms too.
    """

    async def guarded(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise HTTPException(403, "the form stood on another site")
        return await handler(request)

    return guarded


def to_doorstep(window: Window, request: Request) -> Response:
    """To the sign-in page; a ticket that was asked for is opened afterwards."""
    answer = RedirectResponse(f"{window.root}/sign-in", 303)
    wanted = request.url.path.removeprefix(window.root)
    if ONWARD.fullmatch(wanted):
        _set_cookie(window, request, answer, ONWARD_COOKIE, wanted, LINK_LIFETIME)
    return answer


def _signed_in(window: Window, request: Request, session: str) -> Response:
    onward = request.cookies.get(ONWARD_COOKIE, "")
    answer = RedirectResponse(window.root + (onward if ONWARD.fullmatch(onward) else "/"), 303)
    _set_cookie(window, request, answer, SESSION_COOKIE, session, window.settings.sessions.whole)
    answer.delete_cookie(ONWARD_COOKIE, path=f"{window.root}/")
    return answer


def _set_cookie(
    window: Window, request: Request, answer: Response, name: str, value: str, lifetime: timedelta
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        path=f"{window.root}/",
        secure=window.is_https or request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def _form(window: Window, now: Visit, typed: str = "", trouble: str = "", status: int = 200) -> Response:
    page = Asking(typed, mailto.link(window.address, "Sign in", "#login"), trouble)
    return show(window, now, "sign-in", page, status=status)


async def _signed(window: Window, now: Visit, viewer: Person) -> Browsers:
    limits = window.settings.sessions
    opened = await window.store.read(sessions.opened, now.now, limits, viewer.id)
    words = (
        f"since {now.calendar.told(one.opened_at)}, last used {now.calendar.told(one.seen_at)}"
        for one in opened
    )
    return Browsers(viewer.shown, viewer.address.spec, tuple(words))


def _client(request: Request) -> str:
    return household(request.client.host) if request.client else ""


def _is_address(typed: str) -> bool:
    """Only what no mail system would take is refused here: the desk looks it up, it does not write to it."""
    local, _, domain = typed.rpartition("@")
    return bool(local and domain) and typed.isprintable() and " " not in typed and len(typed) <= 254


async def _fields(request: Request) -> dict[str, list[str]]:
    """What a form says; nothing if it is too long or too slow."""
    octets = b""
    try:
        async with asyncio.timeout(FORM_WITHIN):
            async for chunk in request.stream():
                octets += chunk
                if len(octets) > FORM_OCTETS:
                    return {}
    except TimeoutError:
        return {}
    return parse_qs(octets.decode("utf-8", "replace"))
