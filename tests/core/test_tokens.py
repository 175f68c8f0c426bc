"""Ids that prove something, and what must prove nothing."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailtickets.core import tokens
from mailtickets.core.tokens import Secret, Token

SECRET = Secret((b"a" * 32,))
OTHER = Secret((b"b" * 32,))
IDS = st.integers(min_value=0, max_value=2**63 - 1)
NONCES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=24)


@given(IDS, IDS, NONCES)
@example(0, 0, "root")
@example(2**63 - 1, 2**63 - 1, "z" * 24)
def test_what_was_minted_reads_back(ticket: int, person: int, nonce: str) -> None:
    minted = tokens.mint(SECRET, ticket, person, nonce, "desk.example.org")
    assert tokens.read(SECRET, minted) == Token(ticket, person, nonce)
    assert minted == minted.lower()


@given(IDS, IDS)
def test_what_an_address_carries_reads_back(ticket: int, person: int) -> None:
    extension = tokens.subaddress(SECRET, ticket, person)
    found = tokens.read_subaddress(SECRET, extension)
    assert found is not None
    assert (found.ticket, found.person) == (ticket, person)


def test_an_id_is_short_enough_to_survive_every_relay() -> None:
    minted = tokens.mint(SECRET, 10**7, 10**6, "n" * 24, "support.customer-relations.example.org")
    assert len(minted) <= 110
    # RFC 5321 section 4.5.3.1.1
    assert len(f"support+{tokens.subaddress(SECRET, 10**7, 10**6)}") <= 64


@pytest.mark.parametrize("nonce", ["", "Root", "a.b", "in:4711/answer/7", "é", "n" * 25, "a@b"])
def test_a_nonce_that_an_id_cannot_hold_stands_in_it_as_its_hash(nonce: str) -> None:
    minted = tokens.mint(SECRET, 7, 8, nonce, "desk.example.org")
    found = tokens.read(SECRET, minted)
    assert found is not None
    assert (found.ticket, found.person) == (7, 8)
    assert minted == tokens.mint(SECRET, 7, 8, nonce, "desk.example.org")
    assert minted != tokens.mint(SECRET, 7, 8, nonce + "x", "desk.example.org")


def test_systems_that_change_case_or_wrap_the_id_do_no_harm() -> None:
    minted = tokens.mint(SECRET, 7, 8, "root", "desk.example.org")
    for id in (minted.upper(), f"<{minted}>", f" {minted} ", minted.replace("example", "Example")):
        assert tokens.read(SECRET, id) == Token(7, 8, "root")


@given(st.integers(min_value=0, max_value=200), st.sampled_from(string.ascii_lowercase + string.digits))
def test_no_letter_of_the_signed_part_can_be_changed(at: int, letter: str) -> None:
    minted = tokens.mint(SECRET, 1234, 5678, "abcdef", "desk.example.org")
    local, _, domain = minted.partition("@")
    at %= len(local)
    changed = f"{local[:at]}{letter}{local[at + 1 :]}@{domain}"
    found = tokens.read(SECRET, changed)
    assert found is None if changed != minted else found is not None


@given(st.text(max_size=300))
@example("mt.1.1.root." + "a" * 26 + "@x")
@example("mt.١.1.root." + "a" * 26 + "@x")
@example("a" * 300)
def test_whatever_is_not_ours_is_read_as_nothing(text: str) -> None:
    assert tokens.read(SECRET, text) is None
    assert tokens.read_subaddress(SECRET, text) is None


def test_a_new_key_signs_and_the_old_one_still_verifies() -> None:
    rotated = Secret((*OTHER.keys, *SECRET.keys))
    old = tokens.mint(SECRET, 7, 8, "root", "desk.example.org")
    new = tokens.mint(rotated, 7, 8, "root", "desk.example.org")
    assert tokens.read(rotated, old) == tokens.read(rotated, new) == Token(7, 8, "root")
    assert tokens.read(SECRET, new) is None
    assert tokens.read(OTHER, old) is None
    assert tokens.read_subaddress(rotated, tokens.subaddress(SECRET, 7, 8)) is not None


def test_an_address_and_an_id_cannot_stand_for_each_other() -> None:
    extension = tokens.subaddress(SECRET, 7, 8)
    mac = extension.rpartition("-")[2]
    assert tokens.read(SECRET, f"mt.7.8.address.{mac}aaaaaa@desk.example.org") is None
    minted = tokens.mint(SECRET, 7, 8, "address", "desk.example.org")
    assert tokens.read_subaddress(SECRET, f"7-8-{minted.split('.')[4][:20]}") is None


def test_the_secret_does_not_show() -> None:
    assert "a" * 8 not in repr(SECRET)


def test_ids_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="never below 0"):
        tokens.mint(SECRET, -1, 0, "root", "desk.example.org")
