"""The language that somebody writes in, learnt from their letters, for the mails that the desk writes to them.

The law: what is set counts before what is heard; one short line, a machine or a quote teaches nothing; and staff is
written to as the config says, since an agent answers customers in many languages.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from mailtickets.core.case import Case, with_person

_FEWEST = 8  # words that a letter needs
_FEWEST_TO_CHANGE = 20  # where another language was heard before
_WORD = re.compile(r"[^\W\d_]+")
# Written without blanks: some signs are a word.
_UNSPACED = frozenset({"ja", "zh", "th"})
_SIGNS = 2


def heard(case: Case) -> tuple[Case, str]:
    """The case with the sender's language as this letter tells it; and the language, "" if it is no news."""
    sender, mail = case.known.sender, case.mail
    if sender is None or sender.is_staff or not case.judgement.is_person or case.evidence.is_contrary:
        return case, ""
    if not mail.spoken or mail.spoken == sender.heard:
        return case, ""
    if not _has_words(mail.typed, mail.spoken, _FEWEST_TO_CHANGE if sender.heard else _FEWEST):
        return case, ""
    known = with_person(case.known, replace(sender, heard=mail.spoken))
    return replace(case, known=known), mail.spoken


def _has_words(text: str, language: str, fewest: int) -> bool:
    if language in _UNSPACED:
        return sum(map(len, _WORD.findall(text))) >= fewest * _SIGNS
    # A long letter is not read to its end for this.
    return sum(1 for _ in islice(_WORD.finditer(text), fewest)) == fewest
