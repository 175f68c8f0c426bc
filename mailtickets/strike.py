"""Secrets are struck out of words, however a program has quoted or encoded them. Owns the list of what is one.

The law: what a server says goes through here before anything else of the desk sees it, and what the log says goes
through here last: a server may well repeat what it was told.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterable, Sequence
from urllib.parse import quote

SHORTEST = 8  # characters of a secret: striking out "demo" or "support" would leave nothing to read of a log
SHORTEST_SAID = 4  # the same for the words of a server
_LATE = 256  # secrets that came up while we run: enough for a day of renewed tokens of a few accounts
_settled: tuple[str, ...] = ()
_late: deque[str] = deque(maxlen=_LATE)  # each in every form


def settle(secrets: Sequence[str]) -> None:
    """These are the secrets of the settings."""
    global _settled
    _settled = forms(secrets, SHORTEST_SAID)


def hide(*secrets: str) -> None:
    """And these, from now on: what a provider has given while we run."""
    for form in forms(secrets, SHORTEST):
        if form not in _late:
            _late.append(form)


def out(words: str, shortest: int = SHORTEST) -> str:
    """The words without any secret of at least so many characters."""
    for form in (*_late, *_settled):
        if form in words and len(form) >= shortest:
            words = words.replace(form, "…")
    return words


def forms(secrets: Iterable[str], shortest: int) -> tuple[str, ...]:
    """As they may stand in a line, quoted once or twice, in a URL, in base64; the longest first."""
    worth = [one for one in secrets if len(one) >= shortest]
    once = {form for one in worth for form in (one, *_quoted(one))}
    encoded = {form for one in worth for form in _encoded(one)}
    twice = {form for one in once for form in (one, *_quoted(one))}
    return tuple(sorted(twice | encoded, key=len, reverse=True))


def _quoted(words: str) -> tuple[str, ...]:
    return json.dumps(words)[1:-1], repr(words)[1:-1], quote(words, safe="")


def _encoded(secret: str) -> tuple[str, ...]:
    """In hex, and in base64 (RFC 4648 section 4) behind whatever: without the digits that its neighbours share."""
    plain = secret.encode()
    moved = (base64.b64encode(b"\0" * lead + plain).decode() for lead in range(3))
    whole = (one[4 if lead else 0 : -4] for lead, one in enumerate(moved))
    return tuple(one for one in (*whole, plain.hex()) if len(one) >= SHORTEST)
