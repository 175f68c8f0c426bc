"""What every route is handed, and who is looking."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request

from mailtickets.config import WebSettings
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.store import sessions, views
from mailtickets.store.engine import Store
from mailtickets.store.views import TicketView
from mailtickets.web import words
from mailtickets.web.access import Sight, sight
from mailtickets.web.clerk import Clerk

SESSION_COOKIE = "mailtickets"
IN_USE = "mailtickets.in_use"  # key of a request's scope: the session whose use is to be written down
LARGEST = 2**31 - 1  # number of a ticket that a database can be asked for


@dataclass(frozen=True, slots=True)
class Window:
    """The house as the window sees it."""

    store: Store
    policy: Policy
    settings: WebSettings
    clerk: Clerk
    clock: Callable[[], datetime]
    page: Callable[[str, Mapping[str, object]], str]  # templates.Pages.render

    @property
    def root(self) -> str:
        """The path below which the page is reached, "" or "/desk"."""
        return urlsplit(self.policy.url).path.rstrip("/")

    @property
    def is_https(self) -> bool:
        return urlsplit(self.policy.url).scheme == "https"

    @property
    def address(self) -> str:
        """Where to write to the desk when no ticket says otherwise."""
        return self.policy.mailboxes[0].address.spec


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: who looks, and when."""

    viewer: Person | None
    calendar: words.Calendar

    @property
    def now(self) -> datetime:
        return self.calendar.now


async def visit(window: Window, request: Request) -> Visit:
    """Whose session the cookie names; nobody if it names none that is open."""
    now = window.clock()
    token = request.cookies.get(SESSION_COOKIE, "")
    limits = window.settings.sessions
    found = await window.store.read(sessions.by_hash, token_hash(token), now, limits) if token else None
    if found and now - found.seen_at >= sessions.noted_after(limits):
        request.scope[IN_USE] = token
    viewer = window.policy.viewer(found.person) if found else None
    return Visit(viewer, _calendar(window.policy, viewer, now))


async def find(window: Window, visit: Visit, number: int) -> TicketView | None:
    """The ticket of that number as the viewer sees it; None if there is none, or not for them."""
    if visit.viewer is None or number > LARGEST:
        return None
    view = await window.store.read(views.ticket, number, visit.viewer)
    match sight(visit.viewer, view):
        case Sight.ALL:
            return view
        case Sight.OWN if view:
            # Somebody wrote in the requester's or an agent's name, and could not prove it.
            return replace(view, entries=tuple(e for e in view.entries if not e.unverified))
        case _:
            return None


def nobody(window: Window) -> Visit:
    """A visit of which nothing is asked but the time."""
    return Visit(None, _calendar(window.policy, None, window.clock()))


def token_hash(token: str) -> str:
    """The form in which the store knows a session or a link: sha256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def _calendar(policy: Policy, viewer: Person | None, now: datetime) -> words.Calendar:
    # The words around the dates are English for now, so the dates are too.
    return words.calendar(now, (viewer.timezone if viewer else "") or policy.timezone, "en")
