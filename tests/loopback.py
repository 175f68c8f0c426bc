"""Ports on loopback: which one is free, and when somebody listens there."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress

HOST = "127.0.0.1"


def free_port() -> int:
    """One that nobody listens at, and that no outgoing connection will be given while its server is away."""
    while True:
        port = random.randrange(10_000, 32_000)  # below what Linux and others hand out by themselves
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


def listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(claim: Callable[[], bool], what: str, timeout: float = 10.0) -> None:
    """Return as soon as the claim holds; TimeoutError names `what` never came."""
    until = time.monotonic() + timeout
    while not claim():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {timeout:g} s for {what}")
        time.sleep(0.02)
