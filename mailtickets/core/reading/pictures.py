"""Where the pictures of a letter stood in its text.

The law: the text stays as it is; only a picture that came with the letter has a place, never what a page would have
fetched from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mailtickets.core.mail import Attachment
from mailtickets.core.reading.html import Marked

# What our reader of HTML leaves at the place of a picture.
_LEFT = re.compile(r"\[image:cid:([^\[\]\s]{1,250})\]")
_SAMPLE = 40  # characters of the line above, white space left out, by which a place is found again
_MOST_LINES = 20_000

Places = Mapping[
    str, int
]  # by Content-ID in lower case: the line, counted from 0, below which the picture stood


def placed(
    body: Marked, formatted: Callable[[], Marked], files: Sequence[Attachment]
) -> tuple[Marked, tuple[Attachment, ...]]:
    """The text, and the files with the place of each picture. `formatted`: the HTML side of a plain text."""
    ids = {f.content_id.lower() for f in files if f.content_id and f.content_type.startswith("image/")}
    body, places = _taken_out(body)
    if ids - places.keys():
        places = {**_found_again(body, *_taken_out(formatted())), **places}
    return body, tuple(_seen(file, places, body.text) for file in files)


def without_places(text: Marked) -> Marked:
    """The text without what our reader of HTML left at the place of a picture."""
    return _taken_out(text)[0]


def _taken_out(text: Marked) -> tuple[Marked, dict[str, int]]:
    """The text without what marks the places; a line that held nothing else goes with it."""
    if "[image:cid:" not in text.text:
        return text, {}
    lines: list[str] = []
    kinds = []
    places: dict[str, int] = {}
    for line, kind in zip(text.text.split("\n"), text.kinds, strict=True):
        ids = _LEFT.findall(line)
        bare = _LEFT.sub("", line).rstrip() if ids else line
        if bare or not ids:
            lines.append(bare)
            kinds.append(kind)
        for id in ids:
            places.setdefault(id.lower(), max(len(lines) - 1, 0))
    return Marked("\n".join(lines), tuple(kinds)), places


def _found_again(plain: Marked, formatted: Marked, places: Places) -> dict[str, int]:
    """The same places in the plain text: below the line that ends with the same words."""
    bare = ["".join(line.split()) for line in plain.text.split("\n")[:_MOST_LINES]]
    above = ["".join(line.split())[-_SAMPLE:] for line in formatted.text.split("\n")]
    found: dict[str, int] = {}
    at = 0
    for id, line in sorted(places.items(), key=lambda item: item[1]):
        words = next((above[n] for n in range(line, -1, -1) if above[n]), "") if above else ""
        place = next((n for n in range(at, len(bare)) if words and bare[n].endswith(words)), None)
        if place is not None:
            found[id] = at = place
    return found


def _seen(file: Attachment, places: Places, text: str) -> Attachment:
    """Apple Mail calls every file inline: only a picture, or what has its place in the text, stands there."""
    place = places.get(file.content_id.lower()) if file.content_id else None
    is_picture = file.content_type.startswith("image/")
    is_named = bool(file.content_id) and f"[cid:{file.content_id}]" in text
    inline = place is not None or is_named or (file.inline and is_picture)
    return replace(file, inline=inline, place=place)
