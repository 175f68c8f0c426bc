"""What stands around every page: name, ways to other pages, who is signed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files

from starlette.responses import HTMLResponse

from mailtickets.web import mailto
from mailtickets.web.access import Room, Sight, sight
from mailtickets.web.window import Visit, Window


class Place(Enum):
    """The pages that the header leads to, and anything else."""

    OVERVIEW = "overview"
    TICKETS = "tickets"
    ELSEWHERE = ""


@dataclass(frozen=True, slots=True)
class NavLink:
    label: str
    href: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Frame:
    desk: str
    address: str
    language: str
    home: str
    stylesheet: str
    icon: str
    nav: tuple[NavLink, ...]
    viewer: str  # "" = nobody
    sign_in: str
    sign_out: str
    commands: str  # mails for the list of commands


def frame(window: Window, visit: Visit, place: Place = Place.ELSEWHERE) -> Frame:
    root = window.root
    return Frame(
        desk=window.policy.name,
        address=window.address,
        language="en",
        home=f"{root}/",
        stylesheet=f"{root}/static/page.css?v={_mark('page.css')}",
        icon=f"{root}/static/icon.svg?v={_mark('icon.svg')}",
        nav=_nav(window, visit, place),
        viewer=visit.viewer.shown if visit.viewer else "",
        sign_in=f"{root}/sign-in",
        sign_out=f"{root}/sign-out",
        commands=mailto.link(window.address, "Help", "#help"),
    )


def _nav(window: Window, visit: Visit, place: Place) -> tuple[NavLink, ...]:
    tickets = f"{window.root}/tickets"
    match sight(visit.viewer, Room.TICKETS):
        case Sight.ALL:
            return (
                NavLink("Overview", f"{window.root}/", place is Place.OVERVIEW),
                NavLink("Tickets", tickets, place is Place.TICKETS),
            )
        case Sight.OWN:
            return (
                NavLink(
                    "Tickets" if visit.viewer and visit.viewer.shares else "Your tickets",
                    tickets,
                    place is Place.TICKETS,
                ),
            )
        case _:
            return ()


def show(
    window: Window,
    visit: Visit,
    name: str,
    page: object,
    *,
    place: Place = Place.ELSEWHERE,
    status: int = 200,
) -> HTMLResponse:
    """A page as an answer. `page` is what its template calls `page`."""
    words = window.page(f"{name}.html", {"frame": frame(window, visit, place), "page": page})
    return HTMLResponse(words, status)


@cache
def static(name: str) -> bytes:
    """A file of ours. FileNotFoundError if there is none."""
    return files("mailtickets.web").joinpath("static", name).read_bytes()


@cache
def _mark(name: str) -> str:
    return hashlib.sha256(static(name)).hexdigest()[:12]
