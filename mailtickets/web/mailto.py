"""Links that open the reader's mail program with the words filled in (RFC 6068)."""

from __future__ import annotations

from urllib.parse import quote


def link(address: str, subject: str = "", body: str = "", answers: str = "") -> str:
    """A `mailto:` URL; `body` has plain line breaks, `answers` is the Message-ID of a mail that it replies to.

    RFC 6068 section 5: spaces are %20, never +, and lines break with %0D%0A. `+` may stand in an
    address but is encoded in the words, since some programs read it there as a space. In-Reply-To is
    one of the fields that section 4 calls harmless; a program that does not know it leaves it out.
    """
    fields = [
        f"{name}={quote(words.replace(chr(10), chr(13) + chr(10)), safe='')}"
        for name, words in (
            ("subject", subject),
            ("in-reply-to", f"<{answers}>" if answers else ""),
            ("body", body),
        )
        if words
    ]
    return f"mailto:{quote(address, safe='@+')}" + ("?" + "&".join(fields) if fields else "")
