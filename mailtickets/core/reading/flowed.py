"""format=flowed (RFC 3676): lines that the sender's program broke are put together again."""

from __future__ import annotations


def unflowed(text: str, *, delete_space: bool) -> str:
    """The paragraphs as they were typed. `delete_space`: the DelSp parameter said yes (section 4)."""
    out: list[str] = []
    pending = ""
    depth = 0
    flows = False
    for line in text.split("\n"):
        level = len(line) - len(line.lstrip(">"))
        # Section 4.4: one space was stuffed before what would otherwise have been misread.
        content = line[level:].removeprefix(" ")
        # Section 4.3: the signature mark ends with a space and yet is never part of a paragraph.
        is_mark = content == "-- "
        if flows and (level != depth or is_mark):
            out.append(_quoted(pending, depth))
            flows = False
        pending, depth = (pending + content if flows else content), level
        flows = content.endswith(" ") and not is_mark
        if flows:
            pending = pending[:-1] if delete_space else pending
        else:
            out.append(_quoted(pending, depth))
    if flows:
        out.append(_quoted(pending, depth))
    return "\n".join(out)


def _quoted(content: str, depth: int) -> str:
    if not depth:
        return content if content == "-- " else content.rstrip(" ")
    return ">" * depth + (" " + content if content else "")
