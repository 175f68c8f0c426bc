"""The window's own process: it serves, outlives slow clients, and ends with whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from mailtickets.store.engine import make_current
from mailtickets.web import serve
from mailtickets.web.armour import ALWAYS

CONFIG = """
[desk]
name = "Example Support"
public_url = "http://127.0.0.1:{port}"
state_dir = "{state}"
preset = "simple"
[[mailbox]]
address = "support@example.org"
[mailbox.imap]
host = "127.0.0.1"
port = 1
tls = "none"
user = "support"
password_file = "there-is-no-such-file"
[smtp]
host = "127.0.0.1"
port = 1
tls = "none"
[web]
listen = "127.0.0.1:{port}"
[[agent]]
address = "ann@example.org"
name = "Ann Smith"
role = "admin"
"""
# A stand-in for the daemon: starts the window, says its number, and waits to be killed.
PARENT = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-m", "mailtickets", "window", "--config", sys.argv[1]]).pid, flush=True)
time.sleep(600)
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture
def port() -> int:
    return _free_port()


@pytest.fixture
def config(tmp_path: Path, port: int) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    make_current(f"sqlite:///{state / 'mailtickets.db'}", state)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(port=port, state=state))
    return path


@pytest.fixture
def window(config: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(
        [sys.executable, "-m", "mailtickets", "window", "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    _until_it_serves(port)
    yield started
    started.kill()
    started.communicate()


def _until_it_serves(port: int) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail("the window does not serve")


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_serves_without_the_passwords_of_the_mailboxes_and_logs_no_address(
    window: subprocess.Popen[bytes], port: int
) -> None:
    answer = httpx.get(f"http://127.0.0.1:{port}/sign-in/a-secret-token")
    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 303
    # No daemon listens: signing in says so, and the page stays up.
    assert httpx.post(f"http://127.0.0.1:{port}/sign-in/a-secret-token").status_code == 503
    window.terminate()
    said, _ = window.communicate(timeout=20)
    assert b"a-secret-token" not in said


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told(window: subprocess.Popen[bytes], told: signal.Signals) -> None:
    window.send_signal(told)
    said, _ = window.communicate(timeout=20)
    assert window.returncode == 0, said
    assert b"Traceback" not in said


def test_it_ends_when_its_parent_is_killed(config: Path, port: int) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(config)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    try:
        _until_it_serves(port)
        parent.kill()
        parent.wait()
        ends = time.monotonic() + 15
        while _is_there(pid) and time.monotonic() < ends:
            time.sleep(0.1)
        assert not _is_there(pid)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        parent.stdout.close()


def test_a_port_that_is_taken_is_said_in_a_sentence(config: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run(
            [sys.executable, "-m", "mailtickets", "window", "--config", str(config)],
            capture_output=True,
            timeout=60,
        )
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
    assert f"127.0.0.1:{port}".encode() in done.stderr


def test_it_listens_on_a_socket_in_a_folder_for_the_web_server_in_front(
    config: Path, tmp_path: Path, port: int
) -> None:
    path = tmp_path / "page.sock"
    config.write_text(config.read_text().replace(f'listen = "127.0.0.1:{port}"', f'listen = "unix:{path}"'))
    words = (sys.executable, "-m", "mailtickets", "window", "--config", str(config))
    for killed in (signal.SIGKILL, signal.SIGTERM):  # after the first its socket is left lying there
        started = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://desk") as web:
            ends = time.monotonic() + 60
            while time.monotonic() < ends:
                with suppress(httpx.TransportError):
                    if web.get("/healthz").status_code == 200:
                        break
                time.sleep(0.1)
            assert web.get("/tickets").headers["location"] == "/sign-in"
            assert "strict-transport-security" in web.get("/", headers={"X-Forwarded-Proto": "https"}).headers
        second = subprocess.run(words, capture_output=True, timeout=60)
        assert second.returncode != 0
        assert b"Traceback" not in second.stderr
        assert str(path).encode() in second.stderr
        started.send_signal(killed)
        started.communicate(timeout=20)


# Slow clients, against a server in this process with short patience


class Slow:
    """A server that answers with as many octets as the path says, and gives nobody more than half a second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, patience: float = 0.5) -> None:
        monkeypatch.setattr(serve, "HEAD_WITHIN", patience)
        monkeypatch.setattr(serve, "ANSWER_WITHIN", patience)
        self.sock = serve.listening("127.0.0.1:0")
        self.address = self.sock.getsockname()
        self.server = uvicorn.Server(serve.config(_octets))

    async def __aenter__(self) -> Slow:
        self.running = asyncio.create_task(self.server.serve(sockets=[self.sock]))
        while not self.server.started:
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.should_exit = True
        await self.running

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address)


async def _octets(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * int(scope["path"][1:])})


@pytest.mark.parametrize("said", [b"", b"GET /1 HTTP/1.1\r\n", b"GET /1 HTTP/1.1\r\nHost: a\r\nX: "])
async def test_a_request_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    async with Slow(monkeypatch) as slow:
        reader, writer = await slow.connect()
        writer.write(said)
        assert await asyncio.wait_for(_all(reader), 5) == b""
        writer.close()


async def test_a_request_that_dribbles_in_is_not_waited_for_either(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Slow(monkeypatch) as slow:
        reader, writer = await slow.connect()

        async def dribble() -> None:
            with suppress(ConnectionError):
                for octet in b"GET /1 HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 100:
                    writer.write(bytes([octet]))
                    await writer.drain()
                    await asyncio.sleep(0.05)

        dribbling = asyncio.create_task(dribble())
        assert await asyncio.wait_for(_all(reader), 5) == b""
        dribbling.cancel()
        writer.close()


async def test_a_reader_who_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Slow(monkeypatch) as slow:
        reader, writer = await slow.connect()
        writer.write(b"GET /50000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(2)  # reads nothing meanwhile: the socket's buffers fill up
        assert not slow.server.server_state.connections
        got = await asyncio.wait_for(_all(reader), 5)
        assert len(got) < 50_000_000
        writer.close()


async def test_one_connection_may_ask_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Slow(monkeypatch) as slow:
        reader, writer = await slow.connect()
        for _ in range(5):
            writer.write(b"GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"xxx" in await asyncio.wait_for(reader.read(1000), 5)
            await asyncio.sleep(0.3)
        writer.write(b"GET /3 HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        assert (await asyncio.wait_for(_all(reader), 5)).count(b"xxx") == 3
        writer.close()


@pytest.mark.parametrize(
    "said", [b"GET /1 HTTP/1.1\r\n", b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"]
)
async def test_two_hundred_who_dribble_keep_nobody_else_waiting(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    async with Slow(monkeypatch, patience=60) as slow:
        many = [await slow.connect() for _ in range(200)]
        for _, writer in many:
            writer.write(said)
        for octet in b"ABCDE":
            for _, writer in many:
                writer.write(bytes([octet]))
            reader, writer = await slow.connect()
            writer.write(b"GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert b"xxx" in await asyncio.wait_for(_all(reader), 5)
            writer.close()
        assert len(slow.server.server_state.connections) >= 200
        for _, writer in many:
            writer.close()


async def test_of_too_many_who_wait_the_oldest_is_cut_and_the_newest_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "WAITING", 20)
    async with Slow(monkeypatch, patience=60) as slow:
        many = []
        for _ in range(60):
            many.append(await slow.connect())
            many[-1][1].write(b"GET /1")
            await asyncio.sleep(0)
        reader, writer = await slow.connect()
        writer.write(b"GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"xxx" in await asyncio.wait_for(_all(reader), 5)
        assert len(slow.server.server_state.connections) <= 20
        assert await asyncio.wait_for(_all(many[0][0]), 5) == b""
        for _, other in many:
            other.close()


async def test_what_is_no_http_is_refused_with_the_headers_of_every_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Slow(monkeypatch) as slow:
        reader, writer = await slow.connect()
        writer.write(b"\x16\x03\x01\r\n\r\n")
        said = (await asyncio.wait_for(_all(reader), 5)).decode()
        assert said.startswith("HTTP/1.1 400 ")
        for name, value in ALWAYS.items():
            assert f"\r\n{name.lower()}: {value}\r\n" in said.replace(name, name.lower())
        writer.close()


async def test_headers_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Slow(monkeypatch) as slow:
        reader, writer = await slow.connect()
        writer.write(b"GET /1 HTTP/1.1\r\n" + b"X: " + b"y" * 100_000)
        assert b" 400 " in await asyncio.wait_for(_all(reader), 5)
        writer.close()


async def _all(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side hangs up."""
    octets = b""
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            octets += piece
    return octets
