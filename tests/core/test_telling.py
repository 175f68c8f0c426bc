"""What proves a sender, in one plain sentence."""

from __future__ import annotations

import pytest

from mailtickets.core import telling
from mailtickets.core.identity import CHECKED, Evidence
from mailtickets.core.tokens import Token
from tests.core.cases import ANN, BEN

NUMBERS = {40: 7}
PEOPLE = {ANN.id: ANN, BEN.id: BEN}
MINE, THEIRS, ELSEWHERE = Token(40, ANN.id, "a"), Token(40, BEN.id, "a"), Token(41, ANN.id, "a")

SENTENCES = {
    "nothing": (Evidence(), "Nothing proves it."),
    "a reply": (
        Evidence((MINE,)),
        "It answers a mail that the desk sent to this very person about ticket 7.",
    ),
    "a reply about another": (
        Evidence((ELSEWHERE,)),
        "It answers a mail that the desk sent to this very person, which is another one.",
    ),
    "the server": (
        Evidence((), "dmarc=pass"),
        "The desk's own mail server vouches for the domain: dmarc=pass.",
    ),
    "the desk": (
        Evidence((), f"dkim=pass header.d=x.example{CHECKED}"),
        "A valid signature vouches for the domain: dkim=pass header.d=x.example, checked by the desk.",
    ),
    "both, and another's id": (
        Evidence((MINE, THEIRS), "dmarc=pass"),
        "It answers a mail that the desk sent to this very person about ticket 7; the desk's own mail server vouches "
        f"for the domain: dmarc=pass. But it holds the id of a mail to {BEN.address.spec}: that proves nothing about "
        "this sender.",
    ),
    "another's id alone": (
        Evidence((THEIRS,)),
        f"Nothing proves it, and it holds the id of a mail to {BEN.address.spec}: that proves nothing about this "
        "sender.",
    ),
    "disregarded": (
        Evidence((), disregarded="dmarc=pass, but it can be read in two ways: it has more than one Subject header"),
        "Nothing proves it, and what vouches for it does not count: dmarc=pass, but it can be read in two ways: it has "
        "more than one Subject header.",
    ),
    "contrary": (Evidence((MINE,), "", "dmarc=fail"), "Doubtful: dmarc=fail."),
}  # fmt: skip


@pytest.mark.parametrize("case", SENTENCES)
def test_what_proves_a_sender_is_told_in_a_sentence(case: str) -> None:
    evidence, said = SENTENCES[case]
    assert telling.proven(evidence, ANN, 40, NUMBERS, PEOPLE) == f"Is it who it says? {said}"
