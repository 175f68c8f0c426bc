"""Finds the commands in what somebody typed.

The law: a line is either a command or text, never both, and no line that was read as text
looks like a command of the sender's without being pointed out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mailtickets.core.case import Refusal
from mailtickets.core.commands.command import CUSTOMERS, Command
from mailtickets.core.commands.spelling import nearest
from mailtickets.core.commands.table import words
from mailtickets.core.person import Role
from mailtickets.core.workflow import folded


@dataclass(frozen=True, slots=True)
class Said:
    """One command as it was given."""

    command: Command
    value: str
    line: str


@dataclass(frozen=True, slots=True)
class Block:
    """What somebody typed, taken apart. With slips nothing of it may be done."""

    said: tuple[Said, ...] = ()
    rest: str = ""  # the text without the commands
    slips: tuple[Refusal, ...] = ()  # close to a command, or a command where none may stand
    lines: tuple[str, ...] = ()  # as they stood in the text, `#stop` too


Line: TypeAlias = Said | Refusal | None  # None: text

INDENTED = "The line is indented, as what we quote is; a command begins where the line does."
SIGNATURE_LINES = 4
SIGNATURE_WIDTH = 60
# Beyond so many lines that begin with "#" it is a program or a list; spelling each would take too long.
_SPELLED_LINES = 100

# "#word", "#word value", "#word: value", "#word=value"; a full stop after the word does no harm.
_LINE = re.compile(r"#(?P<word>[^\W\d_][\w-]{0,30})(?:[.,;!]*$|\s*[:=]\s*|\s+)(?P<value>.*)", re.DOTALL)
# What mail clients put into lines unseen: other blanks, and letters without width.
_UNSEEN = {ord("\u00a0"): " ", ord("\u202f"): " "} | dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u2060\ufeff"), ""
)
_QUOTE_MARKS = re.compile(r"^[\s>|]+")
_DELIMITER = re.compile(r"--\s?")
# Words of C that are close to ours.
_FOREIGN = frozenset({"line", "else", "define", "include", "pragma"})


def parse(text: str, role: Role, answered_text: str = "", names: Collection[str] = ()) -> Block:
    """The commands in a typed text, at its top or bottom; what else it says.

    `answered_text`: the message being answered, whose lines are nobody's commands. `names`: what the
    sender is called, to tell a signature below the commands from an answer.
    """
    if "#" not in text:
        return Block(rest=text.strip("\n"))  # nearly all letters: not worth looking at letter by letter
    lines = visible(text).splitlines()
    if not any(line.lstrip().startswith("#") for line in lines):
        return Block(rest=text.strip("\n"))
    answered = {_bare(line) for line in visible(answered_text).splitlines()}
    read = _read_lines(lines, role, answered)
    top, is_stopped = _top(lines, read)
    bottom = (len(lines), len(lines)) if is_stopped else _bottom(lines, read, top)
    inside = [*read[:top], *read[bottom[0] : bottom[1]]]
    outside = [] if is_stopped or role in CUSTOMERS else read[top : bottom[0]] + read[bottom[1] :]
    said = tuple(line for line in inside if isinstance(line, Said) and line.command.word != "stop")
    slips = (
        *(line for line in inside if isinstance(line, Refusal)),
        *(_misplaced(line) for line in outside if line is not None),
    )
    if not said and not slips and role not in CUSTOMERS:
        slips = _echoes(lines, role, answered)
    rest = _typed(lines[top : bottom[0]], lines[bottom[1] :])
    # Below commands that open a mail a name is a signature, not an answer.
    if said and not is_stopped and bottom[0] == bottom[1] and is_signature(rest.splitlines(), names):
        rest = ""
    taken = tuple(line.line for line in inside if isinstance(line, Said))
    return Block(said, rest, slips, taken)


def visible(text: str) -> str:
    """A text as its reader sees it."""
    return text.translate(_UNSEEN)


def _read_lines(lines: Sequence[str], role: Role, answered: Collection[str]) -> list[Line]:
    read: list[Line] = []
    spelled = 0
    for line in lines:
        found = None if _bare(line) in answered else _read_line(line, role, spelled < _SPELLED_LINES)
        spelled += line.lstrip().startswith("#")
        read.append(found)
    return read


def _read_line(line: str, role: Role, is_spelled: bool) -> Line:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        return None
    word, value = folded(found["word"]), " ".join(found["value"].split())
    command = words(role).get(word)
    if command is not None and _is_indented(line):
        return None if role in CUSTOMERS else Refusal(line.strip(), INDENTED, meant=line.strip())
    if command is not None:
        return Said(command, value, line.strip())
    meant = nearest(word, words(role)) if is_spelled and word not in _FOREIGN else None
    if meant is None:
        return None
    return Refusal(
        line=line.strip(),
        why=f"The desk does not know “#{found['word']}”.",
        meant=f"#{words(role)[meant].word} {value}".rstrip(),
    )


def _top(lines: Sequence[str], read: Sequence[Line]) -> tuple[int, bool]:
    """Where the block at the top ends, 0 if there is none; whether `#stop` ended it."""
    end = 0
    for i, line in enumerate(read):
        if line is None and lines[i].strip():
            break
        if line is not None:
            end = i + 1
        if isinstance(line, Said) and line.command.word == "stop":
            return end, True
    return end, False


def _bottom(lines: Sequence[str], read: Sequence[Line], top: int) -> tuple[int, int]:
    """Where the block at the bottom begins and ends; both the length if there is none."""
    none = (len(lines), len(lines))
    last = max((i for i in range(top, len(lines)) if read[i] is not None), default=-1)
    if last < 0 or not _may_follow(lines[last + 1 :]):
        return none
    begin = last
    for i in range(last, top - 1, -1):
        if read[i] is not None:
            begin = i
        elif lines[i].strip():
            break
    # Delimited or not, the signature stays outside: what is not cut off by its delimiter is kept as text.
    return begin, last + 1


def _may_follow(lines: Sequence[str]) -> bool:
    """Only a signature may stand below the block: delimited, or at most four short lines."""
    written = [line.strip() for line in lines if line.strip()]
    if written and _DELIMITER.fullmatch(written[0]):
        return True
    return len(written) <= SIGNATURE_LINES and all(len(line) <= SIGNATURE_WIDTH for line in written)


def is_signature(lines: Sequence[str], names: Collection[str]) -> bool:
    """A few short lines that begin with the sender's name, a greeting before it allowed."""
    written = [line.strip() for line in lines if line.strip()]
    if not written or not _may_follow(written):
        return False
    called = {folded(name) for name in names if name}
    head = written[1:2] if written[0].endswith(",") else written[:1]
    return any(folded(line.strip(".,-– ")) in called for line in head)


def _typed(*parts: Sequence[str]) -> str:
    """What is left as text, without a delimited signature."""
    kept = []
    for lines in parts:
        end = next((i for i, line in enumerate(lines) if _DELIMITER.fullmatch(line.strip(" "))), len(lines))
        kept.append("\n".join(line.rstrip() for line in lines[:end]).strip("\n"))
    return "\n\n".join(part for part in kept if part)


def _echoes(lines: Sequence[str], role: Role, answered: Collection[str]) -> tuple[Refusal, ...]:
    """Commands that are none because they stand in the answered message, where nothing else was typed."""
    written = [line.strip() for line in lines if line.strip()]
    if not all(_bare(line) in answered for line in written):
        return ()
    said = (_read_line(line, role, False) for line in written)
    return tuple(
        Refusal(
            line.line,
            f"“{line.line}” also stands in the message that you answer, so nobody can tell who said it.",
            meant=" ".join((f"#{line.command.synonyms[0]}", line.value)).rstrip()
            if line.command.synonyms
            else "",
        )
        for line in said
        if isinstance(line, Said)
    )


def _misplaced(line: Said | Refusal) -> Refusal:
    if isinstance(line, Refusal):
        return line
    return Refusal(
        line=line.line,
        why=f"“#{line.command.word}” stands in the middle of the text; "
        "commands stand on lines of their own, above the text or below it.",
    )


def _is_indented(line: str) -> bool:
    # Our own mails indent what they quote, so that an unmarked quote of them orders nothing.
    return len(line) - len(line.lstrip()) > 1


def _bare(line: str) -> str:
    """A line in the form in which two are the same, quoted or not."""
    return " ".join(_QUOTE_MARKS.sub("", line).casefold().split())
