"""Ports on loopback: which one is free, and when somebody listens there."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

HOST = "127.0.0.1"


def free_port() -> int:
    """One that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
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
