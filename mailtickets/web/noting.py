"""Who is signed in and looks around is told to the daemon now and then, so that only unused sessions end early."""

from __future__ import annotations

import contextlib

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from mailtickets.web.clerk import Clerk
from mailtickets.web.window import IN_USE


class Noting:
    """Around the app: after the answer has left, has a session's use written down if `visit` wants it."""

    def __init__(self, app: ASGIApp, *, clerk: Clerk) -> None:
        self._app = app
        self._clerk = clerk
        self._is_asking = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        session = scope.get(IN_USE)
        # One at a time: a daemon that hangs must not take up the threads that answer people.
        if session is None or self._is_asking:
            return
        self._is_asking = True
        try:
            # Without the daemon a session ends a little early; the next page tries again.
            with contextlib.suppress(ConnectionError):
                await run_in_threadpool(self._clerk.note_session, session)
        finally:
            self._is_asking = False
