"""In which language a letter says it was written, or seems to be.

The law: what is declared counts before what is guessed, and a guess that is not clear is none.
"""

from __future__ import annotations

import re
from collections import Counter

from mailtickets.core.reading.headers import Fields, first_of

_TAG = re.compile(r"([A-Za-z]{2,3})(?:-[A-Za-z0-9]{1,8})*")
# No part of an address or a file's name, and no single Latin letter: lists and tables are full of them.
_WORD = re.compile(r"(?<![\w.@/])(?:[^\W\d_]{2,}|[^\W\d_a-z])(?![\w@/]|\.\w)")
_MAX_TEXT = 2000  # characters that are looked at
_FEWEST = 3  # different small words that a guess needs
# Scripts that one language alone is commonly written in.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0620-\u064a]")),
    ("th", re.compile("[\u0e01-\u0e4e]")),
)
# The small words of the others: those that no text of some lines does without.
_SMALL = {
    "en": "the and is are was you your for with this that have has not it of to in we please can",
    "de": "der die das und ist nicht ich sie wir ein eine mit für auf zu den dem haben bitte wie auch es von",
    "fr": "le la les des et est pas je vous nous une un pour avec que qui dans ce sur merci du mon votre ne",
    "es": "el la los las y es no que de por para con una un mi su usted en se me gracias está pero",
    "it": "il lo gli di che non è e per con una un mi sono ho della nel grazie del ma la",
    "pt": "o os as e não que de para com uma um meu por em se obrigado está da do no na você",
    "nl": "de het een en is niet ik u wij van voor met dat op te zijn heb bij aan graag wordt",
    "sv": "och att det är inte jag som en ett för med på av har till vi den kan om",
    "da": "og at det er ikke jeg som en et for med på af har til vi den kan om jer",
    "nb": "og at det er ikke jeg som en et for med på av har til vi den kan om dere",
    "fi": "ja on ei en se että mutta kun ole hän minun kanssa mitä tämä voi olen",
    "pl": "i w nie na jest się z do że to jak czy mam proszę dla po od za ale",
    "cs": "a je se na že to v s z do jsem jak ale pro prosím by o mám nebo",
    "hu": "a az és nem hogy is egy van kérem meg de ha ez volt már csak",
    "ro": "și în nu este pe cu la de o un să pentru care mai sunt am",
    "tr": "ve bir bu için ile de da ne çok var değil olarak mi ben lütfen",
    "ru": "и в не на я что с как это по у мы для из но вы он за",
    "uk": "і в не на я що з як це по у ми для але ви він за та є",
}
_SPEAKERS: dict[str, tuple[str, ...]] = {
    word: tuple(tag for tag, words in _SMALL.items() if word in words.split())
    for all_words in _SMALL.values()
    for word in all_words.split()
}


def language(fields: Fields, body: str, typed: str) -> str:
    """The primary tag ("en"), "" if unknown. `body`: what the text's own mark declares; `typed`: the text.

    Content-Language (RFC 3282) counts first. HTML's mark is what a program is set to: it counts last.
    """
    return _tag(first_of(fields, "content-language").split(",")[0].strip()) or spoken(typed) or _tag(body)


def _tag(value: str) -> str:
    found = _TAG.fullmatch(value)
    return found[1].lower() if found else ""


def spoken(text: str) -> str:
    """The language that a text is clearly in, by its script or its small words; "" if it is not clear."""
    start = text[:_MAX_TEXT].lower()
    words = _WORD.findall(start)
    letters = sum(map(len, words))
    for tag, script in () if start.isascii() else _SCRIPTS:
        # Japanese and Korean mix their own signs with Chinese ones.
        if len(script.findall(start)) * 5 > letters:
            return tag
    heard = Counter(tag for word in set(words) for tag in _SPEAKERS.get(word, ()))
    best = [*heard.most_common(2), ("", 0), ("", 0)]
    (tag, most), (_, second) = best[0], best[1]
    return tag if most >= _FEWEST and most * 4 >= second * 5 else ""
