"""Octets to characters, whatever their maker claimed they are.

The law: nothing here raises, and what comes out can be shown, stored and sent: no NUL, no other control
character, no lone surrogate, no sign that turns the direction of what follows.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache

from charset_normalizer import from_bytes

# What is written is often the bigger relative of what is declared (WHATWG Encoding, section 4.2).
_RELATIVES = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "hz",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "iso2022_jp": "iso2022_jp_ext",
}
# Names that mail programs write and Python does not know.
_ALIASES = {
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "cp-850": "cp850",
    "windows-874": "cp874",
    "windows-31j": "cp932",
    "cp932": "cp932",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "ks_c_5601": "cp949",
    "x-windows-949": "cp949",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "ansi_x3.110-1983": "cp1252",
    "x-user-defined": "cp1252",
}
# Charsets of one octet a character that mail has by default, and so by mistake.
_SINGLE = frozenset(("cp1252", "iso8859-15", "cp1250", "iso8859-2", "cp1251", "koi8-r", "cp1254"))
# Python codecs that are no charsets of mail, some of them slow or with a meaning of their own.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "palmos"})
# What undeclared mail is written in, for the guess.
_LIKELY = [
    "cp1252",
    "cp1250",
    "cp1251",
    "koi8_r",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5hkscs",
    "cp949",
    "cp1255",
]
_FALLBACK = "cp1252"
_ACCENTS = 20
_HIGH = bytes(range(128, 256))
_GUESS_FROM = 2048  # octets; more costs much and tells little

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ufeff]")
_ASCII_CONTROLS = bytes(n for n in range(128) if _CONTROLS.match(chr(n)))
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNCLEAN = re.compile(f"{_CONTROLS.pattern[:-1]}{_SURROGATES.pattern[1:]}")
_LINE_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")
_LINE_BREAK = re.compile("\r\n?|[\u2028\u2029]")


def decoded(octets: bytes, charset: str = "") -> str:
    """The characters of some octets. A charset that is unknown or cannot be is replaced by a better guess."""
    codec = _codec(charset)
    if codec.startswith("utf-16") and b"\0" not in octets:
        codec = ""
    # Nobody writes "Ã¼" by chance: what is valid UTF-8 is that, whatever single octets it is called.
    likely = ("utf-8", codec) if codec in _SINGLE else (codec, "utf-8")
    for candidate in likely:
        if candidate:
            try:
                text = octets.decode(candidate)
                # Of all codecs UTF-7 alone lets halves of characters pass.
                return _SURROGATES.sub("\ufffd", text) if candidate == "utf-7" else text
            except (UnicodeError, ValueError):
                continue
    if codec and codec != "utf-8":
        return _SURROGATES.sub("\ufffd", octets.decode(codec, "replace"))
    return _guessed(octets)


def encoded(text: str, charset: str) -> bytes:
    """The octets that `text` was made of, if they were of that charset: for what has still to be decoded."""
    if text.isascii():
        return text.encode("ascii")
    try:
        return text.encode(_codec(charset) or "utf-8")
    except UnicodeError:
        return text.encode("utf-8", "replace")


def clean_text(text: str) -> str:
    r"""Text of several lines: line breaks are "\n", controls other than tab are gone."""
    if "\r" in text or "\u2028" in text or "\u2029" in text:
        text = _LINE_BREAK.sub("\n", text)
    if text.isascii():
        return text.encode("ascii").translate(None, _ASCII_CONTROLS).decode("ascii")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text)) if _UNCLEAN.search(text) else text


def clean_line(text: str) -> str:
    """Text of one line: every run of white space or controls is one space. Composed (NFC)."""
    line = _SURROGATES.sub("\ufffd", _LINE_CONTROLS.sub(" ", text))
    return unicodedata.normalize("NFC", " ".join(line.split()))


@lru_cache(maxsize=256)
def _codec(charset: str) -> str:
    """The name of the Python codec for a declared charset; "" if there is none."""
    name = charset.strip(" \t\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    if info.name in _NO_CHARSETS or not getattr(info, "_is_text_encoding", True):
        return ""
    return _RELATIVES.get(info.name, info.name)


def _guessed(octets: bytes) -> str:
    """By the look of it; Western European if that tells nothing."""
    sample = octets[:_GUESS_FROM]
    best = from_bytes(sample, cp_isolation=_LIKELY).best()
    codec = best.encoding if best else _FALLBACK
    # A handful of accents looks Central European as easily as Western, and Western mail is far more common.
    if codec == "cp1250" and len(sample) - len(sample.translate(None, _HIGH)) < _ACCENTS:
        codec = _FALLBACK
    return _SURROGATES.sub("\ufffd", octets.decode(codec, "replace"))
