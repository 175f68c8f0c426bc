"""What the sender typed, and what a program, a company or an earlier letter put around it.

The law: nothing is cut. All segments joined by a line break are the text, line for line; what stands between two
marked quotes is an answer and stays in view. Every rule looks at one line or a few, so the cost is linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from mailtickets.core.mail import Segment, SegmentKind
from mailtickets.core.reading import marks
from mailtickets.core.reading.html import Marked
from mailtickets.core.reading.limits import ReadingLimits

TYPED, QUOTE, SIGNATURE, FORWARD = SegmentKind

MAX_SIGNATURE = 25  # lines under two dashes; what is longer is text
MAX_ATTRIBUTION = 4  # lines that "On … wrote:" may be broken into
MAX_BLOCK = 14  # lines of a From:/Sent:/To:/Subject: block
_LOOK = 600  # characters of a line that a rule reads


def _any(words: tuple[str, ...]) -> str:
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)


_QUOTED = re.compile(r"[ \t]{0,3}[A-Za-z]{0,3}>")
_BLANK = re.compile(r"[\s\u200b\u200c\u00a0]*$")
_ENDS = re.compile(r"[:：]\s*\**\s*$")
_WROTE = re.compile(
    rf"(?:^|.*?[\s>(,\d])(?:{_any(marks.WROTE)})(?:[\s,(].{{0,160}})?\s?[:：]\s*\**\s*$", re.IGNORECASE
)
_DATED_MAILBOX = re.compile(r".{0,30}\d{4}.{0,160}<?[^\s<>@]{1,64}@[^\s<>]{1,120}>?\)?\s?[:：]\s*$")
_MAILBOX = re.compile(r"[^\s<>@]@[^\s<>@]|mailto:")
_MOMENT = re.compile(
    r"\d{1,2}\s?[:.h時点시]\s?\d{2}|(?:^|\D)(?:19|20)\d\d(?:\D|$)|\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}|\d\s?[年년月월]"
)
_LABEL = re.compile(r"[\s|*_]*([^\s:：*_|>][^:：*_|]{0,24}?)\s?[*_]{0,2}\s?[:：](?!//)[*_]{0,2}\s*(.*)")
_FIELD = {
    word.casefold(): kind
    for kind, words in (
        ("other", marks.OTHER),
        ("subject", marks.SUBJECT),
        ("to", marks.TO),
        ("date", marks.DATE),
        ("from", marks.FROM),
    )
    for word in words
}
_BETWEEN_DASHES = (
    r"[\s*]*(?:[-_=~*—–]\s?){{2,}}\s*[<\[(]?(?:{words})(?!\w)[^-_=~]{{0,80}}(?:[-_=~*—–>\])]\s?)*\s*$"
)
_ORIGINAL = re.compile(_BETWEEN_DASHES.format(words=_any(marks.ORIGINAL)), re.IGNORECASE)
_FORWARDED = re.compile(
    _BETWEEN_DASHES.format(words=_any(marks.FORWARDED))
    + rf"|[\s*>]*(?:{_any(marks.FORWARDED)})\s*[:：]?\s*\**$",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*(?:_{5,}|-{5,}|={5,}|\*{5,}|—{3,}|─{3,})\s*$")
_DASHES = re.compile(r"\s?(?:--|—|––|-\s-)[ \t]*$")
_LIST_FOOTER = re.compile(r"_{10,}\s*$|-{20,}\s*$|~{10,}\s*$|--~--~-.*$")
_LIST_WORDS = re.compile(
    r"mailing.?list|mailinglijst|lista de correo|liste de diffusion|unsubscribe", re.IGNORECASE
)


def segments(
    body: Marked, formatted: Marked | None, subject: str, limits: ReadingLimits
) -> tuple[Segment, ...]:
    """The text in stretches. `formatted`: the HTML side of the same text, whose marks are the program's own."""
    if not body.text:
        return ()
    lines = body.text.split("\n")
    seen = _within(lines, limits)
    kinds = _Fold(
        lines[:seen], list(body.kinds[:seen]), bool(marks.FORWARD_PREFIX.match(subject))
    ).kinds_of_lines()
    if formatted is not None and not {QUOTE, FORWARD} & set(kinds):
        _carry_over(formatted, lines[:seen], kinds)
    # What is too long to be searched is folded: a quote in it must not pass for the sender's words.
    kinds += [QUOTE] * (len(lines) - seen)
    return tuple(
        Segment(kind, "\n".join(line for line, _ in run))
        for kind, run in groupby(zip(lines, kinds, strict=True), key=lambda pair: pair[1])
    )


def _within(lines: list[str], limits: ReadingLimits) -> int:
    """How many lines are searched for quotes."""
    size = 0
    for number, line in enumerate(lines[: limits.fold_lines]):
        size += len(line) + 1
        if size > limits.fold:
            return number
    return min(len(lines), limits.fold_lines)


@dataclass(slots=True)
class _Fold:
    """One walk over the lines, from the top. `kinds` holds what the HTML said, and then what each line is."""

    lines: list[str]
    kinds: list[SegmentKind]
    forwards: bool  # the subject says that what is quoted is handed on

    def kinds_of_lines(self) -> list[SegmentKind]:
        at = 0
        signed_at = -1  # where the signature began that we are in
        while at < len(self.lines):
            if self.kinds[at] is not TYPED:
                at, signed_at = self._marked(at), -1
                continue
            line = self.lines[at][:_LOOK]
            if _BLANK.match(line):
                at += 1
                continue
            begun = self._quote(at, line)
            if begun > at:
                self._sign(signed_at, at)
                at, signed_at = begun, -1
                continue
            if signed_at < 0 and self._signs(at, line):
                signed_at = at
            at += 1
        self._sign(signed_at, len(self.lines))
        self._tidy()
        return self.kinds

    def _marked(self, start: int) -> int:
        """A stretch that the sender's program had marked. A forward is told by its first words."""
        end = start
        while end < len(self.lines) and self.kinds[end] is self.kinds[start]:
            end += 1
        head = [line for line in self.lines[start:end] if not _BLANK.match(line)][:2]
        if self.kinds[start] is QUOTE and (
            self.forwards or any(_FORWARDED.match(line[:_LOOK]) for line in head)
        ):
            self._set(start, end, FORWARD)
        return end

    def _quote(self, at: int, line: str) -> int:
        """Where the quote ends that begins here; `at` if none does."""
        end = len(self.lines)
        if _QUOTED.match(line):
            return self._set(at, at + 1, QUOTE)
        if _FORWARDED.match(line):
            return self._set(at, end, FORWARD)
        if marks.ABOVE.match(line):
            return self._set(at, end if self._typed_before(at) else at + 1, QUOTE)
        head = self._head(at, line)
        if not head:
            return at
        kind = FORWARD if self.forwards else QUOTE
        # Below a head either every line is marked, and answers may stand between, or none is.
        return self._set(at, head if self._is_quoted(self._next(head)) else end, kind)

    def _head(self, at: int, line: str) -> int:
        """Where the lines end that say who wrote what follows; 0 if there are none."""
        if _ORIGINAL.match(line):
            return max(at + 1, self._block(self._next(at + 1), after_rule=True))
        if _RULE.match(line):
            return self._block(self._next(at + 1), after_rule=True)
        return self._attribution(at) or self._block(at, after_rule=False)

    def _attribution(self, at: int) -> int:
        """ "On … wrote:", which may be broken into lines. The shortest that is whole is the one."""
        for end in range(at + 1, min(at + MAX_ATTRIBUTION, len(self.lines)) + 1):
            last = self.lines[end - 1][:_LOOK]
            if _BLANK.match(last) or _QUOTED.match(last):
                return 0
            if _ENDS.search(last):
                starts = [start for start in range(at, end) if self._says_who(start, end)]
                return end if starts and starts[-1] == at else 0
        return 0

    def _says_who(self, start: int, end: int) -> bool:
        joined = " ".join(line.strip() for line in self.lines[start:end])[:_LOOK]
        if _DATED_MAILBOX.match(joined):
            return True
        first = self.lines[start][:_LOOK]
        has_moment, has_mailbox = _MOMENT.search(joined), _MAILBOX.search(joined)
        if _WROTE.match(joined):
            is_followed = self._is_quoted(self._next(end))
            begins = _MOMENT.search(first) or _MAILBOX.search(first) or end - start == 1
            return bool(begins and (has_moment or has_mailbox or is_followed))
        return bool(has_moment and has_mailbox and self._is_quoted(self._next(end)))

    def _block(self, start: int, *, after_rule: bool) -> int:
        """The end of a From:/Sent:/To:/Subject: block that begins at a line; 0 if none does."""
        found: dict[str, str] = {}
        end = 0
        for at in range(start, min(start + MAX_BLOCK, len(self.lines))):
            line = self.lines[at][:_LOOK]
            label = _LABEL.match(line)
            kind = _FIELD.get(label[1].casefold()) if label else None
            if label and kind:
                found.setdefault(kind, label[2])
                end = at + 1
            elif at == start or at - end > 2:
                break
        return end if _is_block(found, after_rule=after_rule) else 0

    def _signs(self, at: int, line: str) -> bool:
        """Whether a signature, or what is put under letters, begins here."""
        if _DASHES.match(line) or _LIST_FOOTER.match(line):
            return self._typed_before(at) and self._is_short_below(at, footer=bool(_LIST_FOOTER.match(line)))
        if marks.SENT_FROM.fullmatch(line.strip(" *_<>\t")[:120]):
            return self._is_short_below(at, footer=False)
        return bool(marks.DISCLAIMER.match(line)) and self._typed_before(at)

    def _is_short_below(self, at: int, *, footer: bool) -> bool:
        """What is below is no longer than signatures are. A rule of a list must name the list, too."""
        below: list[str] = []
        for line in self.lines[at + 1 :]:
            if _QUOTED.match(line) or (_ENDS.search(line) and _WROTE.match(line[:_LOOK])):
                break
            if not _BLANK.match(line):
                below.append(line)
            if len(below) > MAX_SIGNATURE:
                return False
        return not footer or any(_LIST_WORDS.search(line[:_LOOK]) for line in below[:4])

    def _sign(self, start: int, end: int) -> None:
        if start >= 0:
            self._set(start, end, SIGNATURE)

    def _typed_before(self, at: int) -> bool:
        return any(
            kind is TYPED and not _BLANK.match(line)
            for line, kind in zip(self.lines[:at], self.kinds[:at], strict=True)
        )

    def _tidy(self) -> None:
        """Blank lines between two quotes are no answer."""
        typed_at = 0
        for at, line in enumerate(self.lines):
            if self.kinds[at] is not TYPED:
                if typed_at and self.kinds[at] is self.kinds[typed_at - 1]:
                    self._set(typed_at, at, self.kinds[at])
                typed_at = at + 1
            elif not _BLANK.match(line):
                typed_at = 0

    def _set(self, start: int, end: int, kind: SegmentKind) -> int:
        self.kinds[start:end] = [kind] * (end - start)
        return end

    def _next(self, at: int) -> int:
        """The next line that is not blank, at most three on."""
        for line in range(at, min(at + 4, len(self.lines))):
            if not _BLANK.match(self.lines[line]):
                return line
        return at

    def _is_quoted(self, at: int) -> bool:
        return at < len(self.lines) and bool(self.kinds[at] is QUOTE or _QUOTED.match(self.lines[at]))


def _is_block(found: dict[str, str], *, after_rule: bool) -> bool:
    """Enough fields to be a letter's head; "From: Berlin, To: Paris, Date: …" is a customer's own text."""
    kinds = set(found) - {"other"}
    if after_rule:
        return len(kinds) >= 2
    is_letter = "subject" in kinds or any(_MAILBOX.search(value) for value in found.values())
    return is_letter and (len(kinds) >= 3 or {"from", "date"} <= kinds)


_SAMPLE = 60  # characters, white space left out, by which a place is found again


def _carry_over(formatted: Marked, lines: list[str], kinds: list[SegmentKind]) -> None:
    """Mark in the plain text what is marked in the HTML: from where the same words stand, to the end."""
    quoted = "".join(
        line for line, kind in zip(formatted.text.split("\n"), formatted.kinds, strict=True) if kind is QUOTE
    )
    sample = "".join(quoted.split())[:_SAMPLE]
    if len(sample) < _SAMPLE // 2:
        return
    bare = ["".join(line.split()) for line in lines]
    place = "".join(bare).find(sample)
    for at, line in enumerate(bare):
        if 0 <= place < len(line):
            kinds[at:] = [kind if kind is SIGNATURE else QUOTE for kind in kinds[at:]]
            return
        place -= len(line)
