"""The page beside a daemon that works: signing in for real, and what it does when hundreds hold it up."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.dovecot import Dovecot
from tests.house.house import ANN, LEE, House
from tests.loopback import HOST, wait_until
from tests.postfix import Postfix

DRIBBLERS = 200


@pytest.fixture
def house(tmp_path: Path, server: Dovecot, relay: Postfix) -> Iterator[House]:
    with House(tmp_path, server, relay, page=True) as built:
        built.start()
        yield built


@pytest.fixture
def web(house: House) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{HOST}:{house.page}", timeout=20) as client:
        wait_until(lambda: _serves(client), "the page", 60)
        yield client


def _serves(web: httpx.Client) -> bool:
    try:
        return web.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_mailed_link_signs_in_until_the_operator_ends_it(house: House, web: httpx.Client) -> None:
    assert web.post("/sign-in", data={"address": ANN}).status_code == 200
    (letter,) = house.read(ANN)
    found = re.search(r"http://\S+(/sign-in/[\w-]+)", letter.text)
    assert found
    path = found[1]
    # What a mail filter does with each link that it sees.
    for method in ("HEAD", "GET", "GET"):
        assert web.request(method, path).status_code == 200
        assert not web.cookies
    assert web.post(path).headers["location"] == "/"
    assert web.get("/").status_code == 200
    (row,) = house.rows("sessions", "list")
    assert (row["address"], row["role"]) == (ANN, "admin")
    assert b"1 session is ended." in house.run("sessions", "revoke", str(row["id"])).stdout
    assert web.get("/").headers["location"] == "/sign-in"
    assert web.post(path).status_code == 410


# A request of which only the beginning comes, and a form.
BEGINNINGS = (b"GET /", b"POST /sign-in HTTP/1.1\r\nHost: desk\r\nContent-Length: 2000\r\n\r\n")


def test_two_hundred_who_dribble_cost_intake_nothing_and_the_page_answers(
    house: House, web: httpx.Client
) -> None:
    enough = threading.Event()
    with ExitStack() as stack:

        def knock(k: int) -> socket.socket:
            sock = stack.enter_context(socket.create_connection((HOST, house.page)))
            sock.sendall(BEGINNINGS[k % 2])
            return sock

        held = [knock(k) for k in range(DRIBBLERS)]

        def dribble() -> None:
            while not enough.wait(0.5):
                for k, sock in enumerate(held):
                    try:
                        sock.sendall(b"a")
                    except OSError:  # the page has lost patience
                        held[k] = knock(k)

        dribbling = threading.Thread(target=dribble)
        dribbling.start()
        try:
            house.write(LEE, "Printer", "It prints blank pages.")
            assert "[#1]" in house.read(LEE, timeout=15)[0].subject
            for _ in range(5):
                assert web.get("/sign-in").status_code == 200
        finally:
            enough.set()
            dribbling.join()
    assert '"event":"window_restarted"' not in house.log
