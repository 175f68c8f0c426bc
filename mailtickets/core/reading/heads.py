"""Lines that say who wrote what follows: "On … wrote:", "-----Original Message-----", a From:/Sent:/To: block.

The law: what people write of themselves ("From: Berlin, To: Paris") is no head, so each rule wants a moment, an
address, or a quote below. Every rule looks at a few lines, each cut to a few hundred characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mailtickets.core.reading import marks

MAX_ATTRIBUTION = 4  # lines that "On … wrote:" may be broken into
MAX_BLOCK = 14  # lines of a From:/Sent:/To:/Subject: block
LOOK = 600  # characters of a line that a rule reads


def _any(words: tuple[str, ...]) -> str:
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)


BLANK = re.compile(r"[\s\u200b\u200c\u00a0]*$")
_TRAILER = " \t\u00a0*_-–—"
_ENDINGS = (":", "：", ">", *(word.casefold() for word in marks.WROTE))
_LAST_LETTERS = frozenset(ending[-1] for ending in _ENDINGS)
_LONGEST_MARK = 8  # characters of "   ann> "
_COLON = re.compile(r"[:：][\s*_\-–—]*$|\w-{3,}\s*$")
_WROTE = re.compile(
    rf"(?:^|(?<=[\s>(,\d]))(?:{_any(marks.WROTE)})(?:(?=[\s,(])(?P<more>.*)|\s?[:：]?[\s*_\-–—]*$)",
    re.IGNORECASE,
)
_MAX_MORE = 160  # characters between the verb and the colon: "schrieb Ann am Montag um 10:30 Uhr:"
_OPENS = re.compile(
    rf"(?=.{{0,40}}\d)[\s*_\-–—\"“]*(?:(?:{_any(marks.ON)})[\s.,]|\d{{1,4}}[\s./\-:年])", re.IGNORECASE
)
# Gmail in some languages, and of old, has no verb: "2016-03-03 17:21 GMT+01:00 Ann <ann@example.org>:"
_DATED = re.compile(
    r"\s*(?:\d{4}\s?[-/.年년]\s?\d{1,2}\s?[-/.月월]\s?\d{1,2}.{0,160}<[^\s<>@]{1,64}@[^\s<>]{1,120}>"
    r"|\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+\-]\d{1,2}:\d\d .{2,80})\s?[:：]?\s*$"
)
_TO_MAILBOX = re.compile(
    r"<[^\s<>@]{1,64}@[^\s<>@]{1,255}>\s?[:：]\s*$"
)  # "…, 15:19, Ann <ann@example.org>:"
_MAILBOX = re.compile(r"[^\s<>@]@[^\s<>@]|mailto:")
_TIME = re.compile(r"\d{1,2}\s?[:.h時点시]\s?\d{2}")
# A time of day, or a day of a year; a year alone stands in many a sentence.
_MOMENT = re.compile(
    r"\d{1,2}\s?[:.h時点시]\s?\d{2}|\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}"
    r"|(?:^|\D)\d{1,2}\D{1,20}(?:19|20)\d\d(?:\D|$)|(?:^|\D)(?:19|20)\d\d\D{1,12}\d{1,2}"
)
_DAY = re.compile(
    r"\d{1,4}\s?[/.\-年년]\s?\d{1,2}\s?[/.\-月월]\s?\d{1,4}|(?:^|\D)\d{1,2}(?:\D|\d{1,2}:\d\d){1,24}(?:19|20)\d\d(?:\D|$)"
    r"|(?:^|\D)(?:19|20)\d\d\D{1,14}\d{1,2}(?:\D|$)"
)
_CLUE = re.compile(r"[\d@]")
_BRACKETED = re.compile(r"[<(\[]\s?(?:mailto:)?[^\s<>()@]{1,64}@[^\s<>()]{1,255}[>)\]]")
_CUT = re.compile(r"<|\((?!\w\))")  # a name, and here its address
_WHO_CUT = re.compile(r"^.{0,80}[<(][^\s<>()@]{1,64}@[^\s<>()]{1,255}[>)],?[^.!?:]{0,24}$")
# A line that a person has ended: "See you at 10:30.", but not "20 nov." or "20. stu 2026."
_SENTENCE = re.compile(r"[!?…]\s*$|(?:^|\s)(?!\d{4}\.)(?:\S{5,}|\d{1,2}[:.]\d\d)\.\s*$|[:：]\s*$")
_VERB_ALONE = re.compile(rf"\W{{0,10}}(?:{_any(marks.WROTE)})[\s:：*_\-–—]*$", re.IGNORECASE)
_QUOTING = re.compile(rf"[\s*_]{{0,10}}(?:{_any(marks.QUOTING)})[\s:]", re.IGNORECASE)
_NO_MARKS = dict.fromkeys((0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_MARK = re.compile(f"[{''.join(map(chr, _NO_MARKS))}]")
_DIGITS = {0x0660 + digit: str(digit) for digit in range(10)} | {
    0x06F0 + digit: str(digit) for digit in range(10)
}
_LABEL = re.compile(r"[\s|*_]*([^\s:：*_|>][^:：*_|]{0,24}?)\s?[*_]{0,2}\s?[:：](?!//)[*_]{0,2}\s*(.*)")
_HAS_COLON = re.compile("[:：]")
_LONGEST_LABEL = 60  # characters, with what stands before it
_INNER_LABEL = re.compile(r"\s([^\W\d_][\w\-]{1,15})\s?[:：]\s")
_FIELD = {
    word.casefold(): kind
    for kind, words in (
        ("other", marks.OTHER),
        ("subject", marks.SUBJECT),
        ("to", marks.TO),
        ("date", marks.DATE),
        ("sent", marks.SENT),
        ("from", marks.FROM),
    )
    for word in words
}
_BETWEEN_DASHES = (
    r"[\s*]*(?:[-_=~*—–]\s?){{2,}}\s*[<\[(]?(?:{words})(?!\w)[^-_=~]{{0,80}}(?:[-_=~*—–>\])]\s?)*\s*$"
)
_ORIGINAL = re.compile(
    _BETWEEN_DASHES.format(words=_any(marks.ORIGINAL))
    + rf"|[\s*]*-{{4,}}\s?(?!BEGIN|END)[^-]{{0,40}}\b(?:{_any(marks.MESSAGE)})\b[^-]{{0,60}}-{{4,}}\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(_BETWEEN_DASHES.format(words=_any(marks.FORWARDED)), re.IGNORECASE)
_LONGEST_FORWARD = 160  # characters
_FORWARDED_BARE = frozenset(words.casefold() for words in marks.FORWARDED)
_DRAWN = re.compile(r"[\s*]*[-_=~*—–─]")
_RULE = re.compile(r"\s*(?:_{5,}|-{5,}|={5,}|\*{5,}|—{3,}|─{3,})\s*$")


# "Yes. On 12 May 2026 10:00, Ann <ann@example.org> wrote: > Does it work?" — where a program lost the line breaks.
_WITHIN = re.compile(
    rf"(?<=\S)[ \t]+(?=(?:{_any(tuple(word for word in marks.ON if word[0].isupper()))})[\s.,](?=.{{0,40}}\d)"
    rf"[^\n<>]{{4,160}}[\s<][^\s<>@]{{1,64}}@[^\s<>@]{{1,255}}>?,?\s(?:{_any(marks.WROTE)})\s?[:：])"
)
_AFTER = re.compile(rf"(?<=\S) (?:{_any(marks.WROTE)})\s?[:：]")
_LONGEST_JOINED = 4000  # characters of a line that is looked at


def apart(line: str) -> list[str]:
    """The line, broken before and after an attribution that stands within it."""
    if "@" not in line or len(line) > _LONGEST_JOINED or line.startswith(">") or _OPENS.match(line):
        return [line]
    found = _WITHIN.search(line)
    if found is None:
        return [line]
    end = _AFTER.search(line, found.end())
    rest = line[end.end() :].strip() if end else ""
    head = line[found.end() : end.end() if end else len(line)]
    return [line[: found.start()], head, *([rest] if rest else [])]


class Heads:
    """The heads among some lines. `is_quoted`: whether a line carries a mark of its own, like ">".

    Most lines are plain words, and lines are looked at from several sides: what is cheap to see is seen once and
    first, and no line is weighed twice.
    """

    def __init__(self, lines: Sequence[str], is_quoted: Callable[[int], bool]) -> None:
        # Marks of direction stand within and around the names in right-to-left heads.
        whole = "\n".join(lines)
        has_marks = not whole.isascii() and _MARK.search(whole) is not None
        self.lines = [line.translate(_NO_MARKS) for line in lines] if has_marks else list(lines)
        self.is_quoted = is_quoted
        self._may_end = [_may_end(line) for line in self.lines]
        self._heads: dict[int, int] = {}
        self._says: dict[tuple[int, int], bool] = {}

    def is_plain(self, at: int) -> bool:
        """Whether a line cannot be, or begin, a head, a quote or a forward: true of most, and cheap to see."""
        line = self.lines[at]
        return (
            line[0].isalpha()
            and ":" not in line
            and "：" not in line
            and ">" not in line[:_LONGEST_MARK]
            and True not in self._may_end[at : at + MAX_ATTRIBUTION]
            and line.strip().casefold() not in _FORWARDED_BARE
        )

    def any(self, at: int) -> int:
        """The end of whatever head begins at a line; 0 if none does."""
        if at not in self._heads:
            self._heads[at] = self.attribution(at) or self.separator(at)
        return self._heads[at]

    def next(self, at: int) -> int:
        """The next line that is not blank, at most three on."""
        for line in range(at, min(at + 4, len(self.lines))):
            if not BLANK.match(self.lines[line]):
                return line
        return at

    def separator(self, at: int) -> int:
        """The end of a rule, of "-----Original Message-----", or of a block of fields; 0 if none begins here."""
        line = self.lines[at][:LOOK]
        if _DRAWN.match(line):
            if _ORIGINAL.match(line):
                return max(at + 1, self._block(self.next(at + 1), after_rule=True))
            if _RULE.match(line):
                return self._block(self.next(at + 1), after_rule=True)
        return self._block(at, after_rule=False)

    def attribution(self, at: int) -> int:
        """The end of "On … wrote:" if it begins at this line; 0 if not. It may be broken into lines."""
        if _DATED.match(self.lines[at][:LOOK]):
            return at + 1
        if True not in self._may_end[at : at + MAX_ATTRIBUTION]:
            return 0
        for end in range(at + 1, min(at + MAX_ATTRIBUTION, len(self.lines)) + 1):
            if BLANK.match(self.lines[end - 1]) or self.is_quoted(end - 1):
                return 0
            if not self._may_end[end - 1] or not self._has_clue(at, end):
                continue
            if (start := self._start(at, end)) is not None:
                return end if start == at else 0
        return 0

    def _has_clue(self, at: int, end: int) -> bool:
        """Whether there is anything that makes these lines an attribution: a number, an address, a quote below."""
        return any(_CLUE.search(line) for line in self.lines[at:end]) or self.is_quoted(self.next(end))

    def _start(self, first: int, end: int) -> int | None:
        """The line on which the attribution begins that ends before `end`; all above it is the sender's.

        The nearest from which it names a day and an address, or a day and begins like one; else the nearest of all.
        """
        nearest: int | None = None
        for start in range(end - 1, first - 1, -1):
            if start < end - 1 and _SENTENCE.search(self.lines[start]):
                break
            if not self._says_who_once(start, end):
                continue
            joined = self._joined(start, end)
            if _DAY.search(joined):
                has_mailbox = _MAILBOX.search(joined) is not None
                if has_mailbox and not self._goes_on(start, first, end):
                    return start
                if not has_mailbox and _OPENS.match(joined) and not self._has_who_above(start, first):
                    return start
            is_verb_alone = end - start == 1 and _VERB_ALONE.match(self.lines[start])
            nearest = start if nearest is None and not is_verb_alone else nearest
        return nearest

    def _goes_on(self, start: int, first: int, end: int) -> bool:
        r"""Whether it is the second half of "Ann <\nann@example.org>", or of a name that is cut off from it."""
        above = self.lines[start - 1].rstrip() if start > first else ""
        is_cut = above.endswith(("<", ",")) or _CUT.match(self.lines[start]) is not None
        return bool(above) and is_cut and not _SENTENCE.search(above) and self._says_who_once(start - 1, end)

    def _has_who_above(self, start: int, first: int) -> bool:
        """Whether the line above ends in the middle of "Ann <ann@example.org> wrote"."""
        return start > first and _WHO_CUT.search(self.lines[start - 1]) is not None

    def _joined(self, start: int, end: int) -> str:
        joined = " ".join(line[:LOOK].strip() for line in self.lines[start:end])[:LOOK]
        return joined if joined.isascii() else joined.translate(_DIGITS)

    def _says_who_once(self, start: int, end: int) -> bool:
        if (start, end) not in self._says:
            self._says[start, end] = self._says_who(start, end)
        return self._says[start, end]

    def _says_who(self, start: int, end: int) -> bool:
        joined = self._joined(start, end)
        if _DATED.match(joined) or (_TO_MAILBOX.search(joined) and _TIME.search(joined)):
            return True
        has_moment, has_mailbox = bool(_MOMENT.search(joined)), bool(_MAILBOX.search(joined))
        is_followed = self.is_quoted(self.next(end))
        if not (has_moment or has_mailbox or is_followed):
            return False
        has_colon = _COLON.search(joined) is not None
        if has_colon and has_mailbox and (_QUOTING.match(joined) or _says_all(joined)):
            return True
        is_clear = has_colon or (has_moment and has_mailbox and _OPENS.match(joined) is not None)
        if _has_verb(joined.rstrip(_TRAILER), has_colon=is_clear):
            first = self.lines[start][:LOOK]
            begins = (
                end - start == 1
                or any(sign.search(first) for sign in (_MOMENT, _MAILBOX, _WROTE))
                or _OPENS.match(first)
            )
            return bool(begins) and (is_followed or has_colon or (has_moment and has_mailbox))
        return has_moment and has_mailbox and is_followed

    def _block(self, start: int, *, after_rule: bool) -> int:
        """The end of a From:/Sent:/To:/Subject: block that begins at a line; 0 if none does."""
        found: dict[str, str] = {}
        end = 0
        for at in range(start, min(start + MAX_BLOCK, len(self.lines))):
            if at == start and not _HAS_COLON.search(self.lines[at], 0, _LONGEST_LABEL):
                return 0
            label = _LABEL.match(self.lines[at][:LOOK])
            kind = _FIELD.get(label[1].casefold()) if label else None
            if label and kind:
                found.setdefault(kind, label[2])
                for inner in _INNER_LABEL.finditer(label[2]):  # in one line, as when HTML was flattened
                    if also := _FIELD.get(inner[1].casefold()):
                        found.setdefault(also, label[2][inner.end() :])
                end = at + 1
            elif at == start or at - end > 2:
                break
        return end if _is_block(found, after_rule=after_rule) else 0


def _says_all(joined: str) -> bool:
    """An address in brackets, a day and a time before a colon: whatever the language, that is an attribution."""
    return all(sign.search(joined) for sign in (_BRACKETED, _DAY, _TIME))


def _has_verb(joined: str, *, has_colon: bool) -> bool:
    """Whether it ends in "wrote", or in "wrote" and a few words and a colon."""
    found = _WROTE.search(joined)
    if found is None or found["more"] is None:
        return found is not None
    return has_colon and (
        len(found["more"]) <= _MAX_MORE or _WROTE.search(joined, found.end("more") - _MAX_MORE) is not None
    )


def _may_end(line: str) -> bool:
    """Whether an attribution may end with this line."""
    end = line[-LOOK:].rstrip(_TRAILER)
    return end[-1:].casefold() in _LAST_LETTERS and end.casefold().endswith(_ENDINGS)


def label(line: str) -> tuple[str, str] | None:
    """A line of a block of fields: which one ("from", "date", "sent", "to", "subject", "other") and its value."""
    found = _LABEL.match(line[:LOOK])
    kind = _FIELD.get(found[1].casefold()) if found else None
    return (kind, found[2]) if found and kind else None


def forwards(line: str) -> bool:
    """ "---------- Forwarded message ----------", or the same words alone: what follows was handed on."""
    if len(line) > _LONGEST_FORWARD:
        return False
    bare = line.strip(" \t*>\u00a0").rstrip(":： *").casefold()
    return bare in _FORWARDED_BARE or (_DRAWN.match(line) is not None and _FORWARDED.match(line) is not None)


def _is_block(found: dict[str, str], *, after_rule: bool) -> bool:
    kinds = {"date" if kind == "sent" else kind for kind in found} - {"other"}
    if after_rule and len(kinds) >= 2:
        return True
    has_mailbox = any(_MAILBOX.search(value) for value in found.values())
    has_time = any(_TIME.search(found.get(kind, "").replace("\u200e", "")) for kind in ("date", "sent"))
    if len(kinds) >= 3 or {"from", "date"} <= kinds:
        return "subject" in kinds or has_mailbox or ("sent" in found and has_time)
    return len(kinds) == 2 and has_mailbox and has_time
