"""Behind a web server: who asks and how is believed from those whom the operator named, and from nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from mailtickets.config import WebSettings
from mailtickets.web.proxies import Proxies, household
from tests import day as days
from tests.day import ANN, Day

FRONT, CLIENT, FORGED = "192.0.2.80", "198.51.100.7", "203.0.113.66"


class Seen:
    """An app that keeps who asked, and how."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.client, self.scheme = scope["client"][0], scope["scheme"]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        # Nobody is believed by default, not even this machine.
        ((), "127.0.0.1", CLIENT, "127.0.0.1"),
        ((), FRONT, CLIENT, FRONT),
        ((FRONT,), FRONT, CLIENT, CLIENT),
        ((FRONT,), FORGED, CLIENT, FORGED),
        (("192.0.2.0/24",), FRONT, CLIENT, CLIENT),
        # What the client itself wrote stands before what the web server added.
        ((FRONT,), FRONT, f"{FORGED}, {CLIENT}", CLIENT),
        ((FRONT,), FRONT, f"{FRONT}, {CLIENT}", CLIENT),
        # Two servers in a row.
        ((FRONT, "192.0.2.81"), FRONT, f"{FORGED}, {CLIENT}, 192.0.2.81", CLIENT),
        ((FRONT,), FRONT, f"{CLIENT}, 192.0.2.81", "192.0.2.81"),
        ((FRONT,), FRONT, None, FRONT),
        ((FRONT,), FRONT, "", FRONT),
        # Over a socket in a folder only a web server comes in.
        ((), None, f"{FORGED}, {CLIENT}", CLIENT),
        ((), None, None, "unix"),
    ],
)
async def test_the_client_is_whom_a_trusted_server_names(
    trusted: tuple[str, ...], peer: str | None, forwarded: str | None, client: str
) -> None:
    seen = Seen()
    scope = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 1234) if peer else None,
        "headers": [(b"x-forwarded-for", forwarded.encode())] if forwarded is not None else [],
    }

    async def nothing() -> dict[str, object]:
        return {"type": "http.request"}

    async def sent(message: object) -> None:
        pass

    await Proxies(seen, trusted=trusted)(scope, nothing, sent)
    assert seen.client == client


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("unix", ""),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_who_has_a_whole_network_is_counted_as_one(client: str, counted: str) -> None:
    assert household(client) == counted


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    day = days.open_day(tmp_path)
    yield day
    day.store.close_sync()


def _asking(day: Day, peer: str, *trusted: str) -> httpx.AsyncClient:
    settings = WebSettings("", public_counts=False, trusted_proxies=trusted)
    transport = httpx.ASGITransport(days.window(day, settings=settings), client=(peer, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://desk.example.org")


@pytest.mark.parametrize(
    ("peer", "proto", "is_https"),
    [(FRONT, "https", True), (FRONT, "http", False), (FORGED, "https", False), (FRONT, "wss://x", False)],
)
async def test_what_came_over_tls_to_the_server_in_front_gets_a_secure_cookie(
    day: Day, peer: str, proto: str, is_https: bool
) -> None:
    async with _asking(day, peer, FRONT) as web:
        answer = await web.post(
            httpx.URL(days.link(day, ANN)).path,
            headers={"X-Forwarded-Proto": proto, "X-Forwarded-For": CLIENT},
        )
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("mailtickets="))
    assert ("Secure" in cookie) is is_https
    assert ("strict-transport-security" in answer.headers) is is_https


@pytest.mark.parametrize(("trusted", "wanted"), [((FRONT,), [200] * 7), ((), [200] * 5 + [429] * 2)])
async def test_visitors_behind_one_server_have_limits_of_their_own(
    day: Day, trusted: tuple[str, ...], wanted: list[int]
) -> None:
    async with _asking(day, FRONT, *trusted) as web:
        answers = [
            await web.post(
                "/sign-in",
                data={"address": f"a{n}@nowhere.example"},
                headers={"X-Forwarded-For": f"198.51.100.{n}"},
            )
            for n in range(7)
        ]
    assert [answer.status_code for answer in answers] == wanted


async def test_a_visitor_cannot_write_a_new_limit_for_each_try(day: Day) -> None:
    async with _asking(day, FRONT, FRONT) as web:
        answers = [
            await web.post(
                "/sign-in",
                data={"address": "a@nowhere.example"},
                headers={"X-Forwarded-For": f"203.0.113.{n}, {CLIENT}"},
            )
            for n in range(7)
        ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2


@pytest.mark.parametrize("path", ["/tickets/", "/sign-in/", "//evil.example", "/\\evil.example"])
async def test_the_name_that_a_request_bears_leads_nowhere(day: Day, path: str) -> None:
    async with _asking(day, FRONT) as web:
        answer = await web.get(path, headers={"Host": "evil.example"})
    assert "evil.example" not in answer.headers.get("location", "")
