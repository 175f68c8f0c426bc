"""Who is believed: the whole table, need by need and proof by proof."""

from __future__ import annotations

import itertools

import pytest

from mailtickets.core.authority import Need, Proof, Verdict, is_known, proof, verdict
from mailtickets.core.identity import Evidence
from mailtickets.core.tokens import Token

OBEY, REFUSE = Verdict.OBEY, Verdict.REFUSE

TABLE = {
    # need, strict: NONE, TOKEN, AUTHENTICATED, BOTH, CONTRARY
    (Need.NOTHING, False): (OBEY, OBEY, OBEY, OBEY, OBEY),
    (Need.NOTHING, True): (OBEY, OBEY, OBEY, OBEY, OBEY),
    (Need.ORDINARY, False): (REFUSE, OBEY, OBEY, OBEY, REFUSE),
    (Need.ORDINARY, True): (REFUSE, REFUSE, REFUSE, OBEY, REFUSE),
    (Need.GRAVE, False): (REFUSE, REFUSE, REFUSE, OBEY, REFUSE),
    (Need.GRAVE, True): (REFUSE, REFUSE, REFUSE, OBEY, REFUSE),
}


def test_the_table_has_every_row() -> None:
    assert set(TABLE) == set(itertools.product(Need, (False, True)))


@pytest.mark.parametrize(("need", "strict"), list(TABLE))
def test_what_is_needed_and_what_is_there_decide(need: Need, strict: bool) -> None:
    assert tuple(verdict(need, given, strict) for given in Proof) == TABLE[need, strict]


MINE = Token(ticket=40, person=1, nonce="abc")


@pytest.mark.parametrize(
    ("evidence", "proven"),
    [
        (Evidence(), Proof.NONE),
        (Evidence((MINE,)), Proof.TOKEN),
        (Evidence((Token(40, 2, "abc"),)), Proof.NONE),
        (Evidence((Token(41, 1, "abc"),)), Proof.NONE),
        (Evidence((Token(0, 1, "abc"),)), Proof.NONE),
        (Evidence((Token(40, 2, "abc"), MINE)), Proof.TOKEN),
        (Evidence((), "dmarc=pass"), Proof.AUTHENTICATED),
        (Evidence((MINE,), "dmarc=pass"), Proof.BOTH),
        (Evidence((MINE,), "dkim=pass", "dmarc=fail"), Proof.CONTRARY),
        (Evidence((), "", "two From headers"), Proof.CONTRARY),
    ],
)
def test_a_token_proves_only_its_own_person_and_ticket(evidence: Evidence, proven: Proof) -> None:
    assert proof(evidence, person=1, ticket=40) is proven


@pytest.mark.parametrize(
    ("evidence", "known"),
    [
        (Evidence(), False),
        (Evidence((Token(0, 1, "abc"),)), True),
        (Evidence((Token(7, 1, "abc"),)), True),
        (Evidence((Token(7, 2, "abc"),)), False),
        (Evidence((), "dmarc=pass"), True),
        (Evidence((MINE,), "dmarc=pass", "two From headers"), False),
    ],
)
def test_who_is_known_may_be_quoted(evidence: Evidence, known: bool) -> None:
    assert is_known(evidence, 1) is known
