"""What both doors ask of a connection."""

from __future__ import annotations

import socket

from mailtickets import wire


def test_a_connection_is_kept_alive() -> None:
    with socket.socket() as sock:
        wire.keep_alive(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_connection_that_ends_while_it_opens_is_no_crash() -> None:
    sock = socket.socket()
    sock.close()
    wire.keep_alive(sock)
