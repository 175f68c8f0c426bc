"""Words as the index knows them: no case, no accents, Chinese, Japanese and Korean in pairs of characters.

Pure. The law: a text and a question are folded by the same rule, whatever the database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import normalize

# Combining accents, which NFKD has put behind their letters.
_ACCENTS = re.compile("[\u0300-\u036f]+")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
# What is written without blanks between words: kana, Han, Hangul.
_RUN = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
_UNSPACED = re.compile(_RUN)
_PIECE = re.compile(rf"{_RUN}|(?:(?!{_RUN})[^\W_])+")
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that must stand one after the other; of the last one only its beginning if `is_prefix`."""

    terms: tuple[str, ...]
    is_prefix: bool = False


def folded(text: str) -> str:
    """A text for the index: its terms in order, parted by anything that is neither letter nor digit."""
    if text.isascii():
        return text.lower()
    return _UNSPACED.sub(_paired, _plain(text))


def spaced(text: str) -> str:
    """`folded`, with nothing but blanks between the terms."""
    return _BETWEEN.sub(" ", folded(text)).strip()


def phrase(typed: str) -> Phrase | None:
    """What a typed word asks for: `print*` anything that begins so. None if it holds no letter and no digit."""
    pieces = _PIECE.findall(_plain(typed))
    if not pieces:
        return None
    *before, last = pieces
    terms = [term for piece in before for term in folded(piece).split()]
    is_single = len(last) == 1 and _UNSPACED.fullmatch(last) is not None
    terms += _pairs(last) if _UNSPACED.fullmatch(last) and not is_single else [last]
    # One character alone is the first of some pair.
    return Phrase(tuple(terms), is_single or typed.rstrip('"').endswith("*"))


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    # Only the runs that need it: most of most texts is ASCII, and normalising it costs ten times as much.
    return _FOREIGN.sub(_unaccented, text.lower())


def _unaccented(run: re.Match[str]) -> str:
    # Together again at the end: NFKD takes the syllables of Hangul apart.
    return normalize("NFC", _ACCENTS.sub("", normalize("NFKD", run[0])).casefold())


def _paired(run: re.Match[str]) -> str:
    # The last character alone too, so that each is the beginning of some term.
    return f" {' '.join((*_pairs(run[0]), run[0][-1]))} "


def _pairs(run: str) -> list[str]:
    return [one + two for one, two in pairwise(run)]
