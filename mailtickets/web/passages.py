"""The text of a letter as a page shows it: what was typed in view, quotes and signatures folded, addresses as links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mailtickets.core.mail import Segment, SegmentKind
from mailtickets.web import words

# Ends before what is more likely the sentence's than the address's. Linear: one class, no nesting.
_LINK = re.compile(r"https?://[^\s<>\"'“”«»]+", re.IGNORECASE)
_SENTENCE_END = ".,;:!?…"
_OPENED_BY = {")": "(", "]": "["}
_LONGEST_END = 4  # characters: "…?)."

_MARKER = re.compile(r"\[image: ([^\[\]\n]{1,250})\]")

_FOLDS = {
    SegmentKind.QUOTE: "Quoted text",
    SegmentKind.SIGNATURE: "Signature",
}


@dataclass(frozen=True, slots=True)
class Span:
    text: str
    href: str = ""
    is_file: bool = False  # a link that saves a file, and opens no page


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph; folded behind a summary if `fold` is not empty."""

    spans: tuple[Span, ...]
    fold: str = ""


def passages(segments: Sequence[Segment]) -> tuple[Passage, ...]:
    return tuple(passage for segment in segments for passage in _of(segment))


def with_files(passages: Sequence[Passage], hrefs: Mapping[str, str]) -> tuple[Passage, ...]:
    """Where a picture stood, a link that saves it. `hrefs`: of the message's own files, by name."""
    return tuple(
        replace(p, spans=tuple(part for span in p.spans for part in _linked(span, hrefs))) for p in passages
    )


def _linked(span: Span, hrefs: Mapping[str, str]) -> Iterator[Span]:
    at = 0
    for found in _MARKER.finditer(span.text) if not span.href else ():
        if found[1] in hrefs:
            if found.start() > at:
                yield Span(span.text[at : found.start()])
            yield Span(found[0], hrefs[found[1]], is_file=True)
            at = found.end()
    if at < len(span.text):
        yield replace(span, text=span.text[at:])


def plain(text: str) -> tuple[Passage, ...]:
    """A text without quotes: its paragraphs."""
    return tuple(Passage(spans(part)) for part in _paragraphs(text))


def _of(segment: Segment) -> tuple[Passage, ...]:
    fold = _FOLDS.get(segment.kind)
    text = segment.text.strip("\n")
    if not text.strip():
        return ()
    if fold is None:
        return plain(text)
    lines = words.count(text.count("\n") + 1, "line", "lines")
    return (Passage(spans(text), f"{fold}, {lines}"),)


def _paragraphs(text: str) -> Iterator[str]:
    """Runs of lines between blank ones, each without blank space at its end."""
    run: list[str] = []
    for line in (*text.splitlines(), ""):
        if line.strip():
            run.append(line.rstrip())
        elif run:
            yield "\n".join(run)
            run = []


def spans(text: str) -> tuple[Span, ...]:
    """The text cut at its web addresses. Nothing but http and https ever becomes a link."""
    found: list[Span] = []
    at = 0
    for match in _LINK.finditer(text):
        href = _trimmed(match[0])
        if match.start() > at:
            found.append(Span(text[at : match.start()]))
        found.append(Span(href, href))
        at = match.start() + len(href)
    if at < len(text):
        found.append(Span(text[at:]))
    return tuple(found)


def _trimmed(link: str) -> str:
    """Without the full stop of the sentence, and without a bracket that it did not open."""
    for _ in range(_LONGEST_END):
        last = link[-1]
        unopened = last in _OPENED_BY and link.count(last) > link.count(_OPENED_BY[last])
        if last not in _SENTENCE_END and not unopened:
            break
        link = link[:-1]
    return link
