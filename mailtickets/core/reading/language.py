"""In which language a letter says it was written."""

from __future__ import annotations

import re

from mailtickets.core.reading.headers import Fields, first_of

_TAG = re.compile(r"([A-Za-z]{2,3})(?:-[A-Za-z0-9]{1,8})*")


def declared(fields: Fields, body: str) -> str:
    """The primary tag ("en") of Content-Language (RFC 3282), else of the text's own mark; "" if neither says."""
    for value in (first_of(fields, "content-language").split(",")[0].strip(), body):
        found = _TAG.fullmatch(value)
        if found:
            return found[1].lower()
    return ""
