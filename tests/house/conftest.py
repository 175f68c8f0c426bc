"""Servers that all house tests share: starting a Dovecot and a Postfix for each would cost more than the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import dovecot, postfix
from tests.dovecot import Dovecot
from tests.house.house import EVERYBODY, House
from tests.postfix import Postfix


@pytest.fixture
def server() -> Iterator[Dovecot]:
    if why := dovecot.missing():
        pytest.skip(why)
    with Dovecot(*EVERYBODY) as running:
        yield running


@pytest.fixture
def relay(server: Dovecot) -> Iterator[Postfix]:
    if why := postfix.missing():
        pytest.skip(why)
    with Postfix(server) as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, server: Dovecot, relay: Postfix) -> Iterator[House]:
    with House(tmp_path, server, relay) as built:
        yield built
