"""The headers of every answer, and the page for what broke. The law: no answer leaves without them."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# What somebody mailed to us must not run, wherever a browser puts it.
FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
# A letter in a frame: its looks alone, and links that open elsewhere.
LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
FRAMED = {"Content-Security-Policy": LETTER_POLICY, "X-Frame-Options": "SAMEORIGIN"}
FRAMING = {"Content-Security-Policy": f"{PAGE_POLICY}; frame-src 'self'"}  # of the page around it

ALWAYS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}

Broken = Callable[[Scope, str, Exception], Awaitable[ASGIApp]]


class Armour:
    """Around the whole app: security headers on each answer; `broken` answers for an exception.

    An answer may set its own value of a header; what it leaves out is put in. `root` is the path
    below which the page is reached, whether the server in front leaves it on or takes it off.
    """

    def __init__(self, app: ASGIApp, *, root: str, is_https: bool, broken: Broken) -> None:
        self._app = app
        self._root = root
        self._is_https = is_https
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scope["root_path"] = self._root
        headers_of_all = ALWAYS | OVER_TLS if self._is_https or scope["scheme"] == "https" else ALWAYS
        has_begun = False

        async def armoured(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in headers_of_all.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, armoured)
        except Exception as error:
            if has_begun:
                raise  # half an answer is out: only cutting the connection tells the reader so
            answer = await self._broken(scope, f"E-{secrets.token_hex(2).upper()}", error)
            await answer(scope, receive, armoured)
