"""The clerk behind HTTP, for the unix socket only."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import uvicorn
from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import JSONResponse

from mailtickets.control.questions import Answer, Clerk, Question
from mailtickets.store.engine import Unavailable


def app(clerk: Clerk) -> FastAPI:
    """Every question by its name."""
    api = FastAPI(title="mailtickets control", docs_url=None, redoc_url=None, openapi_url=None)

    @api.exception_handler(Unavailable)
    async def cannot_now(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse(Answer(text=str(error)).model_dump(), 503)

    @api.post("/link")
    def link(question: Question) -> Answer:
        return Answer(text=clerk.link(question.address))

    @api.post("/sign-in")
    def sign_in(question: Question, later: BackgroundTasks) -> Answer:
        # After the answer: how long it takes must not tell whether the address is known.
        later.add_task(clerk.sign_in, question.address)
        return Answer()

    @api.post("/use-link")
    def use_link(question: Question) -> Answer:
        return Answer(text=clerk.use_link(question.token))

    @api.post("/sign-out")
    def sign_out(question: Question) -> Answer:
        clerk.sign_out(question.token, question.everywhere)
        return Answer()

    @api.post("/note-session")
    def note_session(question: Question) -> Answer:
        clerk.note_session(question.token)
        return Answer()

    @api.post("/revoke-sessions")
    def revoke_sessions(question: Question) -> Answer:
        return Answer(count=clerk.revoke_sessions(question.ids, question.addresses))

    @api.post("/retry-quarantined")
    def retry_quarantined(question: Question) -> Answer:
        return Answer(count=clerk.retry_quarantined(question.ids))

    @api.post("/release-held")
    def release_held(question: Question) -> Answer:
        return Answer(count=clerk.release_held(question.ids))

    @api.post("/accept")
    def accept(question: Question) -> Answer:
        return Answer(count=clerk.accept(question.address))

    @api.post("/retry-outbox")
    def retry_outbox(question: Question) -> Answer:
        return Answer(count=clerk.retry_outbox(question.ids))

    @api.post("/lift-paused")
    def lift_paused(question: Question) -> Answer:
        return Answer(count=clerk.lift_paused(question.addresses))

    return api


async def serve(clerk: Clerk, sock: socket.socket) -> None:
    """Answer whoever knocks until cancelled."""
    config = uvicorn.Config(app(clerk), log_config=None, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    # The daemon has the signals; uvicorn must not take them.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    try:
        await server.serve(sockets=[sock])
    except asyncio.CancelledError:
        server.should_exit = True
        raise
