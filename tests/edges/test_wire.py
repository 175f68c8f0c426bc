"""What both doors ask of a connection."""

from __future__ import annotations

import socket

import pytest

from mailtickets import strike, wire
from tests.house.canaries import forms


def test_a_connection_is_kept_alive() -> None:
    with socket.socket() as sock:
        wire.keep_alive(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_connection_that_ends_while_it_opens_is_no_crash() -> None:
    sock = socket.socket()
    sock.close()
    wire.keep_alive(sock)


SAID = 'canary "said\\ 5d0c7e'


@pytest.mark.parametrize("form", sorted(forms(SAID)))
def test_what_a_server_repeats_of_a_password_is_struck_out(
    form: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strike, "_settled", strike.forms([SAID], strike.SHORTEST_SAID))
    told = wire.one_line(f"535 5.7.8 {form.decode()} is wrong")
    assert form.decode() not in told
    assert told.endswith("is wrong")
    monkeypatch.setattr(strike, "_settled", ())  # the twin: who strikes nothing out tells it
    assert " ".join(form.decode().split()) in wire.one_line(f"535 5.7.8 {form.decode()} is wrong")
