"""Who is believed: the whole table, order by order, role by role and proof by proof."""

from __future__ import annotations

import itertools

import pytest

from mailtickets.core import commands
from mailtickets.core.authority import Need, Proof, Verdict, is_known, proof, worst
from mailtickets.core.commands import Command, asks
from mailtickets.core.identity import Evidence
from mailtickets.core.person import Role
from mailtickets.core.tokens import Token

OBEY, CONFIRM, REFUSE = Verdict.OBEY, Verdict.CONFIRM, Verdict.REFUSE

# need, strict: NONE, TOKEN, AUTHENTICATED, BOTH; a proof that speaks against the sender is apart, since the role decides.
TABLE = {
    (Need.NOTHING, False): (OBEY, OBEY, OBEY, OBEY),
    (Need.NOTHING, True): (OBEY, OBEY, OBEY, OBEY),
    (Need.ORDINARY, False): (CONFIRM, OBEY, OBEY, OBEY),
    (Need.ORDINARY, True): (CONFIRM, CONFIRM, CONFIRM, OBEY),
    (Need.GRAVE, False): (CONFIRM, CONFIRM, CONFIRM, OBEY),
    (Need.GRAVE, True): (CONFIRM, CONFIRM, CONFIRM, OBEY),
}
CONTRADICTED = {Role.REQUESTER: REFUSE, Role.AGENT: CONFIRM, Role.ADMIN: CONFIRM}
# One that is in no table yet: what only admins may order, and only with two proofs.
HIRE = Command(
    "agent", (), frozenset({Role.ADMIN}), Need.GRAVE, "#agent add who", "Hires.", asks.helping, False
)


def test_the_table_has_every_row() -> None:
    assert set(TABLE) == set(itertools.product(Need, (False, True)))
    assert set(CONTRADICTED) == set(Role)


def _wanted(order: Command, role: Role, given: Proof, strict: bool) -> Verdict:
    if role not in order.roles:
        return REFUSE
    if given is Proof.CONTRARY:
        return OBEY if order.need is Need.NOTHING else CONTRADICTED[role]
    return TABLE[order.need, strict][list(Proof).index(given)]


@pytest.mark.parametrize(
    "order", [*commands.TABLE, commands.RELAY, HIRE], ids=lambda row: row.word or "(words)"
)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("strict", [False, True])
def test_every_order_in_every_role_with_every_proof(order: Command, role: Role, strict: bool) -> None:
    for given in Proof:
        assert commands.ruling(order, role, given, strict) is _wanted(order, role, given, strict), given


def test_the_words_of_an_agent_are_an_order_and_those_of_a_customer_are_none() -> None:
    assert commands.RELAY.need is Need.ORDINARY
    assert commands.RELAY.roles == {Role.AGENT, Role.ADMIN}
    assert commands.RELAY not in commands.TABLE


def test_what_is_ordered_together_is_done_together() -> None:
    assert worst([]) is OBEY
    assert worst([OBEY, CONFIRM, OBEY]) is CONFIRM
    assert worst([CONFIRM, REFUSE, OBEY]) is REFUSE


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
        (Evidence((), spent=(MINE,)), Proof.NONE),
        (Evidence((MINE,), "dmarc=pass", stale="it has no Date"), Proof.NONE),
        (Evidence(confirmed="letter 17"), Proof.BOTH),
        (Evidence(confirmed="letter 17", stale="it has no Date"), Proof.BOTH),
        (Evidence(confirmed="letter 17", contrary="dmarc=fail"), Proof.CONTRARY),
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
        (Evidence((), spent=(Token(7, 1, "abc"),)), False),
        (Evidence(confirmed="letter 17"), True),
    ],
)
def test_who_is_known_may_be_quoted(evidence: Evidence, known: bool) -> None:
    assert is_known(evidence, 1) is known
