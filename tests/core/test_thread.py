"""Which ticket a letter names, and what its subject is without what clients put before it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core import thread, tokens
from mailtickets.core.mail import Address, Bounce
from mailtickets.core.tokens import Secret, Token
from tests.core.cases import DESK, MARIA, letter

SECRET = Secret((b"a" * 32,))
TAG = "[#{number}]"
OWN = frozenset({DESK.key})


def ours(ticket: int, person: int = 1, nonce: str = "abc") -> str:
    return tokens.mint(SECRET, ticket, person, nonce, "desk.example.org")


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Blank pages", "Blank pages"),
        ("Re: Blank pages", "Blank pages"),
        ("RE: Re: re : Blank pages", "Blank pages"),
        ("AW: [#12] Blank pages", "Blank pages"),
        ("[#12] Re: Blank pages", "Blank pages"),
        ("[Fwd: Re: [Fwd: Blank pages]]", "Blank pages"),
        ("Re: [#12] [Fwd: Blank pages] ", "Blank pages"),
        ("[urgent] Re: Blank pages", "[urgent] Re: Blank pages"),
        ("Re: [#12] AW: [#12] Blank pages [#12]", "Blank pages"),
        ("Antwort: Sv: VS: Blank pages", "Blank pages"),
        ("RÉF : TR : Blank pages", "Blank pages"),
        ("RE\u0301F: Blank pages", "Blank pages"),
        ("Re[2]: Re^3: AW (4): Blank pages", "Blank pages"),
        ("WG: Fwd: FW: Blank pages", "Blank pages"),
        ("İLT: YNT: İstanbul", "İstanbul"),
        ("回复：转发: 你好", "你好"),
        ("Отв: Пересл: Привет", "Привет"),
        ("ΑΠ: ΠΡΘ: Καλημέρα", "Καλημέρα"),
        ("R: I: RIF: Pagine bianche", "Pagine bianche"),
        ("Re-order: five chairs", "Re-order: five chairs"),
        ("Information: closed on Monday", "Information: closed on Monday"),
        ("Regarding: my order", "Regarding: my order"),
        ("Re:", ""),
        ("  [#1]  ", ""),
        ("", ""),
    ],
)
def test_prefixes_and_tags_never_pile_up(subject: str, bare: str) -> None:
    assert thread.bare_subject(subject, TAG) == bare


@given(st.text(max_size=80))
def test_a_bare_subject_is_bare(subject: str) -> None:
    bare = thread.bare_subject(subject, TAG)
    assert thread.bare_subject(f"Re: [#12] AW: {bare}", TAG) == thread.bare_subject(bare, TAG)


@pytest.mark.parametrize(
    ("subject", "tag", "number"),
    [
        ("Re: [#12] Blank pages", TAG, 12),
        ("[#12] [#13]", TAG, 12),
        ("#12 Blank pages", TAG, None),
        ("[# 12]", TAG, None),
        ("[#١٢]", TAG, None),
        ("[#" + "9" * 19 + "]", TAG, None),
        ("Case 12: pages", "Case {number}:", 12),
        ("#123", "#{number}", 123),
        ("", TAG, None),
    ],
)
def test_the_tag_is_found_whatever_its_form(subject: str, tag: str, number: int | None) -> None:
    found = thread.clues(letter(MARIA, subject=subject), SECRET, tag, OWN)
    assert found.tag == number


def test_parents_come_nearest_first() -> None:
    mail = replace(
        letter(MARIA),
        in_reply_to=(ours(3), "near@x.example"),
        references=("root@x.example", ours(1), ours(2), "near@x.example", ours(3)),
    )
    found = thread.clues(mail, SECRET, TAG, OWN)
    assert found.own == (3, 2, 1)
    assert found.ids == ("near@x.example", "root@x.example")
    assert [t.ticket for t in found.tokens] == [3, 2, 1]


def test_blank_ids_never_match() -> None:
    mail = replace(letter(MARIA), in_reply_to=("", " ", "<>"), references=("\t",))
    assert thread.clues(mail, SECRET, TAG, OWN).ids == ()


def test_a_forged_id_of_ours_is_only_an_id_like_any_other() -> None:
    forged = ours(3).replace("mt.3.", "mt.4.")
    found = thread.clues(replace(letter(MARIA), references=(forged,)), SECRET, TAG, OWN)
    assert (found.own, found.tokens, found.ids) == ((), (), (forged,))


def test_an_id_about_no_ticket_proves_the_sender_and_leads_nowhere() -> None:
    found = thread.clues(replace(letter(MARIA), in_reply_to=(ours(0),)), SECRET, TAG, OWN)
    assert found.own == ()
    assert found.tokens == (Token(0, 1, "abc"),)


def test_a_delivery_report_leads_to_what_it_reports() -> None:
    report = Bounce("failed", ("lee@birch.example",), "5.2.2", "mailbox full", ours(7))
    assert thread.clues(letter(None, bounce=report), SECRET, TAG, OWN).own == (7,)


@pytest.mark.parametrize(
    ("base", "header"),
    [
        ("support@desk.example.org", ""),
        ("Support@Desk.Example.org", ""),
        ("support@desk.example.org", "delivered-to"),
    ],
)
def test_the_address_that_was_written_to_leads_back_too(base: str, header: str) -> None:
    local, _, domain = base.partition("@")
    spec = f"{local}+{tokens.subaddress(SECRET, 5, 1)}@{domain}"
    mail = letter(MARIA, to=(DESK,) if header else (Address(spec),))
    mail = replace(mail, headers=((header, f"<{spec}>"),))
    assert thread.clues(mail, SECRET, TAG, OWN, "+").own == (5,)
    assert thread.clues(mail, SECRET, TAG, OWN, "").own == ()


def test_somebody_elses_address_with_our_token_leads_nowhere() -> None:
    spec = f"other+{tokens.subaddress(SECRET, 5, 1)}@desk.example.org"
    assert thread.clues(letter(MARIA, to=(Address(spec),)), SECRET, TAG, OWN, "+").own == ()
