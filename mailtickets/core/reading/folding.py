"""What the sender typed, and what a program, a company or an earlier letter put around it.

The law: nothing is cut. All segments joined by a line break are the text, line for line; what stands between two
marked quotes is an answer and stays in view. The cost is linear in the lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby

from mailtickets.core.mail import Segment, SegmentKind
from mailtickets.core.reading import footers, marks
from mailtickets.core.reading.heads import BLANK, LOOK, Heads, forwards
from mailtickets.core.reading.html import Marked
from mailtickets.core.reading.limits import ReadingLimits

TYPED, QUOTE, SIGNATURE, FORWARD = SegmentKind

MAX_SIGNATURE = 25  # lines under two dashes; what is longer is text

_QUOTED = re.compile(r"[ \t]{0,3}[A-Za-z]{0,3}>(?!\s?[:：]\s*$)")  # not the rest of "<ann@example.org\n>:"
_LONGEST_DASHES = 8
_DASHES = re.compile(r"\s?(?:--|—|––|-\s-)\s*$")
_RULED = re.compile(r"\s?(?:-{3,6}|_{2,6}|\*{3,6}|={3,6})\s*$")
_BROKEN = re.compile(r"[ \t]{0,3}[A-Za-z]{0,3}>.{64,}[^\s.?!:;]\s*$")  # a full line that ends no sentence
MAX_CARD = 6  # lines of a visiting card
_LONGEST_OF_CARD = 60  # characters
MAX_BANNER = 8  # lines
_SHORTEST_RULE = 8
_LONGEST_SENT_FROM = 100
_LIST_FOOTER = re.compile(r"_{10,}\s*$|-{20,}\s*$|~{10,}\s*$|--~--~-.*$")
_LIST_WORDS = re.compile(
    r"mailing.?list|mailinglijst|lista de correo|liste de diffusion|unsubscribe|subscribed to|google groups",
    re.IGNORECASE,
)


def segments(
    body: Marked, formatted: Callable[[], Marked], subject: str, limits: ReadingLimits
) -> tuple[Segment, ...]:
    """The text in stretches. `formatted` gives the HTML side of the same text, whose marks are the program's own.

    It costs more than all the rest, and is asked for only where the text itself has no mark.
    """
    if not body.text:
        return ()
    lines = body.text.split("\n")
    seen = _within(lines, limits)
    kinds = _Fold(
        lines[:seen], list(body.kinds[:seen]), forwards=bool(marks.FORWARD_PREFIX.match(subject))
    ).kinds_of_lines()
    if not {QUOTE, FORWARD} & set(kinds):
        _carry_over(formatted(), lines[:seen], kinds)
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


class _Fold:
    """One walk over the lines, from the top. `kinds` holds what the HTML said, and then what each line is."""

    def __init__(self, lines: list[str], kinds: list[SegmentKind], *, forwards: bool) -> None:
        self.lines = lines
        self.kinds = kinds
        self.quote = FORWARD if forwards else QUOTE  # the subject says whether what is quoted was handed on
        self.heads = Heads(lines, self._is_quoted)
        self.has_typed = False
        whole = "\n".join(line[:LOOK] for line in lines)
        self.lows = whole.lower().split("\n")  # with IGNORECASE the longest patterns take twice as long
        whole = whole.casefold()
        # What no line can be, since the words for it stand nowhere, is not looked for line by line.
        self.has_above = any(word in whole for word in marks.ABOVE_WORDS)
        self.has_app = any(word in whole for word in footers.APPS)
        self.has_meeting = any(word in whole for word in footers.MEETING_WORDS)

    def kinds_of_lines(self) -> list[SegmentKind]:
        at = 0
        signed_at = -1  # where the signature began that we are in
        while at < len(self.lines):
            if BLANK.match(self.lines[at]):
                at += 1
                continue
            if self.kinds[at] is not TYPED:
                end = self._marked(at)
            elif not self.has_typed and signed_at < 0 and (end := self._banner(at)):
                pass
            else:
                end = 0 if self.heads.is_plain(at) and not self.has_above else self._quote(at)
            if end:
                self._sign(signed_at, at)
                at, signed_at = end, -1
                continue
            if signed_at < 0 and self._signs(at):
                signed_at = at
            self.has_typed = self.has_typed or signed_at < 0
            at += 1
        self._sign(signed_at, len(self.lines))
        self._unquote_lone_lines()
        self._requote_ends()
        self._tidy()
        return self.kinds

    def _marked(self, start: int) -> int:
        """The end of a stretch that the sender's program had marked. A forward is told by its first words."""
        end = start
        while end < len(self.lines) and self.kinds[end] is self.kinds[start]:
            end += 1
        if self.kinds[start] is SIGNATURE:
            above = next(
                (at for at in range(start - 1, max(start - 4, -1), -1) if not BLANK.match(self.lines[at])),
                start,
            )
            if self.kinds[above] is TYPED and _DASHES.match(self.lines[above]):
                self._set(above, start, SIGNATURE)
        elif self.quote is FORWARD or any(forwards(line) for line in self.lines[start : min(start + 3, end)]):
            self._set(start, end, FORWARD)
        return end

    def _quote(self, at: int) -> int:
        """Where the quote ends that begins here; 0 if none does."""
        line, end = self.lines[at][:LOOK], len(self.lines)
        if self.has_above and marks.ABOVE.match(line):
            return self._set(at, end if self.has_typed else at + 1, QUOTE)
        if self._is_quoted(at):
            return self._set(at, at + 1, QUOTE)
        if forwards(line):
            return self._set(at, end, FORWARD)
        attribution = self.heads.attribution(at)
        head = attribution or self.heads.separator(at)
        if not head:
            return 0
        # Below a head either every line is marked, and answers may stand between, or none is. An attribution on
        # top of it all, with nothing marked below, stands over a quote that the sender took out.
        lines_are_marked = self._is_quoted(self.heads.next(head)) or (attribution and not self.has_typed)
        return self._set(at, head if lines_are_marked else end, self.quote)

    def _signs(self, at: int) -> bool:
        """Whether a signature, or what is put under letters, begins here."""
        line, low = self.lines[at][:LOOK], self.lows[at]
        if not low[0].isalnum() and (is_below := self._is_ruled_off(at, line)) is not None:
            return is_below
        if len(line) < _LONGEST_SENT_FROM and self._is_sent_from(low.strip(" *_<>\t")):
            return self._below(at) is not None
        return self.has_typed and (footers.DISCLAIMER.match(low) is not None or self._is_meeting(at, line))

    def _is_ruled_off(self, at: int, line: str) -> bool | None:
        """Whether what stands below dashes or a rule is a signature; None if the line is neither."""
        if len(line) <= _LONGEST_DASHES:
            if _DASHES.match(line):
                return self.has_typed and self._below(at) is not None
            if _RULED.match(line):
                return self.has_typed and self._is_card(self._below(at))
        if len(line) >= _SHORTEST_RULE and _LIST_FOOTER.match(line):
            below = self._below(at) or []
            is_list = any(_LIST_WORDS.search(text[:LOOK]) for text in below[:4])
            return self.has_typed and (is_list or self._is_meeting(at, line))
        return None

    def _is_card(self, below: list[str] | None) -> bool:
        """A name, a company, a number: few short lines that are no sentences."""
        return (
            below is not None
            and 0 < len(below) <= MAX_CARD
            and all(
                len(line) <= _LONGEST_OF_CARD and not line.rstrip().endswith((".", "?", "!", ":", ";"))
                for line in below
            )
        )

    def _is_meeting(self, at: int, line: str) -> bool:
        """A rule over "Microsoft Teams", or such words alone, and a link or a number below."""
        if not self.has_meeting:
            return False
        if footers.MEETING_RULE.match(line):
            following = self.lines[at + 1 : at + 4]
            return any(footers.MEETING.match(text[:LOOK]) for text in following)
        return footers.MEETING.match(line) is not None and any(
            footers.MEETING_BELOW.search(text[:LOOK]) for text in self.lines[at : at + 5]
        )

    def _banner(self, at: int) -> int:
        """The end of a paragraph in which a server warns of what follows; 0 if none begins here."""
        line = self.lines[at][:LOOK]
        is_stranger = footers.STRANGER.match(line) is not None
        if not is_stranger and not footers.BANNER.match(line):
            return 0
        end = at
        while end < min(at + MAX_BANNER, len(self.lines)) and not BLANK.match(self.lines[end]):
            end += 1
        said = "\n".join(text[:LOOK] for text in self.lines[at:end])
        is_mark = end - at == 1 and line.strip(" *[]()").casefold() in (
            "external",
            "external email",
            "extern",
            "externe",
        )
        return (
            self._set(at, end, SIGNATURE) if is_stranger or is_mark or footers.BANNER_SAYS.search(said) else 0
        )

    def _below(self, at: int) -> list[str] | None:
        """The lines down to the next quote, blank ones left out; None if they are more than a signature has."""
        below: list[str] = []
        for number in range(at + 1, len(self.lines)):
            if self._is_quoted(number):
                break
            if not BLANK.match(self.lines[number]):
                if self.heads.any(number):
                    break
                below.append(self.lines[number])
            if len(below) > MAX_SIGNATURE:
                return None
        return below

    def _sign(self, start: int, end: int) -> None:
        if start >= 0:
            self._set(start, end, SIGNATURE)

    def _unquote_lone_lines(self) -> None:
        """One line that begins with ">", in the middle of a paragraph, is ">>> the sender's own >>>"."""
        for at in range(1, len(self.lines) - 1):
            if (
                self.kinds[at] is QUOTE
                and _QUOTED.match(self.lines[at])
                and all(
                    self.kinds[line] is TYPED and not BLANK.match(self.lines[line])
                    for line in (at - 1, at + 1)
                )
            ):
                self.kinds[at] = TYPED

    def _requote_ends(self) -> None:
        """The end of a quoted line that a program broke without a mark: nobody answers in the middle of a word."""
        for at in range(1, len(self.lines) - 1):
            if (
                self.kinds[at] is TYPED
                and self.kinds[at - 1] is QUOTE is self.kinds[at + 1]
                and _BROKEN.match(self.lines[at - 1][:LOOK])
                and self.lines[at][:1].islower()
            ):
                self.kinds[at] = QUOTE

    def _tidy(self) -> None:
        """Blank lines between two stretches of one kind are no answer."""
        since = -1  # the first of some blank lines
        for at, line in enumerate(self.lines):
            if self.kinds[at] is TYPED and BLANK.match(line):
                since = at if since < 0 else since
                continue
            if since > 0 and self.kinds[since - 1] is self.kinds[at]:
                self._set(since, at, self.kinds[at])
            since = -1

    def _set(self, start: int, end: int, kind: SegmentKind) -> int:
        self.kinds[start:end] = [kind] * (end - start)
        return end

    def _is_sent_from(self, line: str) -> bool:
        if line.rstrip(".").endswith(footers.SENT_FROM_ENDS) or footers.SENT_FROM.fullmatch(line):
            return True
        found = self.has_app and (footers.GET_APP.fullmatch(line) or footers.GET_APP_ENDS.fullmatch(line))
        return bool(found)

    def _is_quoted(self, at: int) -> bool:
        if at >= len(self.lines):
            return False
        return self.kinds[at] is QUOTE or _QUOTED.match(self.lines[at]) is not None


_SAMPLE = 60  # characters, white space left out, by which a place is found again


def _carry_over(formatted: Marked, lines: list[str], kinds: list[SegmentKind]) -> None:
    """Mark in the plain text what is marked in the HTML: from where the same words stand, to the end."""
    if QUOTE not in formatted.kinds:
        return
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
