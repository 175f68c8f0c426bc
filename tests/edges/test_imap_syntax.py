"""How things are written on an IMAP wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.imap import syntax


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("INBOX", '"INBOX"'),
        ("Processed mail", '"Processed mail"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("R&D", '"R&-D"'),
        ("Gelöscht", '"Gel&APY-scht"'),
        ("Entwürfe & mehr", '"Entw&APw-rfe &- mehr"'),
        # RFC 3501 section 5.1.3, its own example
        ("~peter/mail/台北/日本語", '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'),
        ("✓😀", '"&JxPYPd4A-"'),
    ],
)
def test_folder_in_modified_utf7(name: str, wire: str) -> None:
    assert syntax.folder(name) == wire


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_folder_is_printable_ascii_whatever_its_name(name: str) -> None:
    wire = syntax.folder(name)
    assert wire.isascii()
    assert wire.isprintable()


@pytest.mark.parametrize(
    ("uids", "wire"),
    [((1,), "1"), ((1, 2, 3, 7), "1:3,7"), ((5, 7, 8), "5,7:8"), (tuple(range(1, 201)), "1:200")],
)
def test_uid_set_is_short(uids: tuple[int, ...], wire: str) -> None:
    assert syntax.uid_set(uids) == wire


@given(st.sets(st.integers(1, 2**32 - 1), min_size=1))
def test_uid_set_names_each_and_no_other(uids: set[int]) -> None:
    ranges = [run.split(":") for run in syntax.uid_set(sorted(uids)).split(",")]
    assert {uid for run in ranges for uid in range(int(run[0]), int(run[-1]) + 1)} == uids


@given(st.lists(st.one_of(st.binary(), st.binary().map(bytearray))))
def test_fetch_answer_of_any_kind_is_survived(lines: list[bytes | bytearray]) -> None:
    for item in syntax.fetched(lines):
        assert item.uid >= 0
