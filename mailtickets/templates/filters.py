"""Words put into shape for a mail: columns, quotes, paragraphs, names and sizes.

The law: no line that leaves begins with `#`. Some clients quote without `>`, and our own advice,
or a customer's own text, would come back as a command.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from urllib.parse import quote

from markupsafe import Markup, escape

WIDTH = 72
# Marks a line that is sent as it stands, unwrapped. No mail can hold this character: it is taken out below.
_AS_IT_IS = "\x01"
_GLUE = "\u00a0"
_LINK = re.compile(r"https?://[^\s<>\"]{1,2000}")
_LINK_STYLE = 'class="a" style="color:#1a4f9c"'
_MAILTO_LENGTH = 1800  # of a prefilled body, encoded: longer ones are cut by some mail programs


def finish(text: str) -> str:
    """A text twin, ready to send: 72 columns, one blank line at most; others' words as they are."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith(_AS_IT_IS):
            lines.append(_guarded(line[1:]))
        elif line == "-- ":  # RFC 3676 section 4.3: the space belongs to it
            lines.append(line)
        elif line.strip(" "):
            lines += map(_guarded, _wrapped(line.rstrip(" "), WIDTH))
        elif lines and lines[-1]:
            lines.append("")
    return "\n".join(lines).strip("\n") + "\n"


def verbatim(text: str) -> str:
    """Lines that are sent as they stand: somebody else's words, as typed."""
    return "\n".join(_AS_IT_IS + line.replace(_AS_IT_IS, "") for line in _lines(text))


def quoted(text: str) -> str:
    """Somebody's words with `>` before each line, wrapped."""
    return verbatim("\n".join(f"> {piece}".rstrip(" ") for piece in _pieces(text, WIDTH - 2)))


def indented(text: str, by: int = 2) -> str:
    """Somebody's words, wrapped, some columns to the right."""
    return verbatim("\n".join((" " * by + piece).rstrip(" ") for piece in _pieces(text, WIDTH - by)))


def columns(rows: str, indent: int = 2, widest: int = 38) -> str:
    """Lines of "left | right" as two columns, each wrapped within itself."""
    pairs = [
        tuple(side.strip() for side in row.partition(" | ")[::2]) for row in rows.splitlines() if row.strip()
    ]
    width = min(max((len(left) for left, _ in pairs), default=0), widest)
    cells = [(_pieces(left, width), _pieces(right, WIDTH - indent - width - 2)) for left, right in pairs]
    rows_told = [
        "\n".join(
            f"{'':{indent}}{before:{width}}  {after}".rstrip(" ")
            for before, after in zip_longest(lefts, rights, fillvalue="")
        )
        for lefts, rights in cells
    ]
    # Where a left side takes more than one line, only a gap tells where the next one begins.
    gap = "\n\n" if any(len(lefts) > 1 for lefts, _ in cells) else "\n"
    return verbatim(gap.join(rows_told)) + "\n"


def command(line: str) -> str:
    """A command inside a sentence of the text twin: no line is broken in it or before it."""
    return _GLUE + line.replace(" ", _GLUE)


def paragraphs(text: str, margin: int = 12, last: int = 0, mark: str = "» ") -> Markup:
    """Somebody's words as HTML: blank lines part paragraphs; breaks, indents and links stay.

    `mark` stands before lines that begin with `#`. Which way a paragraph runs, its own first letters say.
    """
    blocks: list[list[str]] = [[]]
    for line in _lines(text):
        if line.strip():
            blocks[-1].append(_html_line(line, mark))
        elif blocks[-1]:
            blocks.append([])
    told = ["<br>".join(block) for block in blocks if block]
    return Markup("").join(
        Markup(f'<p dir="auto" style="margin:0 0 {last if at == len(told) else margin}px">{block}</p>')  # noqa: S704 - `_html_line` has escaped the words
        for at, block in enumerate(told, 1)
    )


def size(octets: int) -> str:
    """ "800 bytes", "412 kB", "1.2 MB"; "25 MiB" for what is set so."""
    if octets >= 2**20 and octets % 2**20 == 0:
        return f"{octets // 2**20} MiB"
    if octets < 1000:
        return f"{octets} bytes" if octets != 1 else "1 byte"
    return f"{octets / 1000:.0f} kB" if octets < 999_500 else f"{octets / 1_000_000:.1f} MB"


def given(name: str) -> str:
    """What to call somebody in a greeting: the first name where there plainly is one, else the whole name."""
    last, comma, first = (part.strip() for part in name.partition(","))
    parts = (first if comma else last).split()
    plain = all(part[0].isupper() and not part.isupper() and "." not in part for part in parts)
    if comma:
        return parts[0] if len(parts) in (1, 2) and plain and len(last.split()) == 1 else name.strip()
    return parts[0] if len(parts) in (1, 2, 3) and plain else name.strip()


def preview(text: str, length: int = 88) -> str:
    """The first words of a text after its greeting, for the line that mail programs show beside the subject."""
    greeting, _, rest = text.strip().partition("\n")
    is_greeting = len(greeting) <= 40 and greeting.rstrip().endswith((",", "!")) and rest.strip()
    line = " ".join((rest if is_greeting else text).split())
    if len(line) <= length:
        return line
    return line[:length].rpartition(" ")[0].rstrip(",;:") or line[:length]


def way_back(address: str, subject: str, in_reply_to: str) -> str:
    """The beginning of a link that opens a mail with everything filled in (RFC 6068); `mailto` adds the words."""
    # RFC 6068 section 4 has In-Reply-To among the harmless fields. A mail program that heeds it makes
    # the answer prove who sends it.
    fields = {"subject": subject, "in-reply-to": f"<{in_reply_to}>"}
    filled = "".join(f"{name}={quote(words, safe='')}&" for name, words in fields.items() if words)
    return f"mailto:{quote(address, safe='@+')}?{filled}body="


def mailto(way: str, words: str) -> str:
    """A link that opens a mail with these words; "" if they are so many that some program would cut them.

    Spaces are %20, never +, and lines break with %0D%0A (RFC 6068 section 5).
    """
    filled = quote(words.replace("\n", "\r\n"), safe="")
    return way + filled if len(filled) <= _MAILTO_LENGTH else ""


def _lines(text: str) -> list[str]:
    return text.strip("\r\n").splitlines() or [""]


def _pieces(text: str, width: int) -> list[str]:
    return [piece for line in _lines(text) for piece in (_wrapped(line.rstrip(), width) or [""])]


def _wrapped(line: str, width: int) -> list[str]:
    """A line broken at spaces, its indent kept. What has no space stays whole; no piece begins with `#`."""
    if len(line) <= width:
        return [line.replace(_GLUE, " ")] if line else []
    indent = line[: len(line) - len(line.lstrip(" "))]
    pieces: list[str] = []
    for word in line.split(" "):
        if not word:
            continue
        fits = pieces and len(pieces[-1]) + 1 + len(word) <= width
        if pieces and (fits or word.startswith("#")):
            pieces[-1] += f" {word}"
        else:
            pieces.append(indent + word)
    return [piece.replace(_GLUE, " ") for piece in pieces]


def _guarded(line: str) -> str:
    return f" {line}" if line.startswith("#") else line


def _html_line(line: str, mark: str) -> str:
    bare = line.lstrip(" \t\u00a0")
    indent = line[: len(line) - len(bare)].expandtabs(4).replace(" ", _GLUE)
    return indent + (mark if bare.startswith("#") else "") + _linked(bare)


def _linked(line: str) -> str:
    """Escaped, and addresses of pages are links."""
    told, end = [], 0
    for found in _LINK.finditer(line):
        url = found.group().rstrip(".,;:!?)'*")
        told += [
            escape(line[end : found.start()]),
            f'<a {_LINK_STYLE} href="{escape(url)}">{escape(url)}</a>',
        ]
        end = found.start() + len(url)
    return "".join((*told, escape(line[end:])))
