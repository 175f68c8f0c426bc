"""A strict reader of mailboxes (RFC 5322 section 3.4), for the one address that others stake their trust on.

The law: what could be read in two ways is not read at all. `alice@example.org<bob@evil.example>` is nobody.
"""

from __future__ import annotations

import re

from mailtickets.core.mail import Address
from mailtickets.core.reading import words
from mailtickets.core.reading.characters import clean_line

# RFC 5322 section 3.2.3 with the characters of RFC 6531 (SMTPUTF8) that are letters, marks or digits.
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]"
_DOT_ATOM = rf"{_ATEXT}+(?:\.{_ATEXT}+)*"
_QUOTED = r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"'
_LABEL = r"[A-Za-z0-9\u00a1-\U0010ffff](?:[A-Za-z0-9\-_\u00a1-\U0010ffff]{0,61}[A-Za-z0-9\u00a1-\U0010ffff])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*\.?|\[[^\[\]\\\x00-\x20\x7f]{{1,100}}\]"
_SPEC = re.compile(rf"(?:{_DOT_ATOM}|{_QUOTED})@(?:{_DOMAIN})")
_QUOTED_STRING = re.compile(_QUOTED)
# Of a name only: "Support [Acme]" breaks RFC 5322 for brackets without quotes, and cannot mean two things.
_ATOM = re.compile(rf"(?:{_ATEXT}|[.\[\]])+")
# Where an address is wanted but the grammar is broken: the last thing in angle brackets, or that looks like one.
_ANGLE = re.compile(r"<([^<>\s]{1,320})>")
_LIKENESS = re.compile(r"[^\s<>()\[\]:;,\"']{1,64}@[^\s<>()\[\]:;,\"'@]{1,255}")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff0-\uffff]")

MAX_SPEC = 254  # RFC 5321 section 4.5.3.1.3, erratum 1690


def is_spec(text: str) -> bool:
    """Whether this is one addr-spec and nothing else."""
    return len(text) <= MAX_SPEC and _SPEC.fullmatch(text) is not None and not _INVISIBLE.search(text)


def mailbox(value: str) -> Address | None:
    """The one mailbox of a field, read strictly; None if there are more, fewer, or doubts."""
    tokens = _tokens(value)
    if tokens is None:
        return None
    match [kind for kind, _ in tokens]:
        case ["spec"]:
            spec, name = tokens[0][1], ""
        case [*phrase, "angle"] if set(phrase) <= {"atom", "quoted"}:
            spec, name = tokens[-1][1], _name(tokens[:-1])
        case _:
            return None
    return Address(spec, name) if is_spec(spec) else None


def likeness(value: str) -> Address | None:
    """The address that a broken field most likely means: good enough to file a letter by, never to believe."""
    for candidate in (*reversed(_ANGLE.findall(value)), *_LIKENESS.findall(value)):
        spec = candidate.strip(" .'\"")
        if is_spec(spec):
            return Address(
                spec, clean_line(words.line(value.partition("<")[0]).strip(" \"'")) if "<" in value else ""
            )
    return None


def _tokens(value: str) -> list[tuple[str, str]] | None:
    """What the value consists of, comments left out; None where the grammar ends."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(value):
        char = value[at]
        if char in " \t\r\n":
            at += 1
        elif char == "(":
            at = _after_comment(value, at)
        elif char == "<":
            end = value.find(">", at)
            tokens.append(("angle", value[at + 1 : end].strip(" \t")))
            at = end + 1 if end > 0 else -1
        elif found := _SPEC.match(value, at):
            tokens.append(("spec", found[0]))
            at = found.end()
        elif found := _QUOTED_STRING.match(value, at):
            tokens.append(("quoted", re.sub(r"\\(.)", r"\1", found[0][1:-1])))
            at = found.end()
        elif found := _ATOM.match(value, at):
            tokens.append(("atom", found[0]))
            at = found.end()
        else:
            return None
        if at < 0:
            return None
    return tokens


def _after_comment(value: str, start: int) -> int:
    """Where the comment that opens here has closed; -1 if it never does."""
    depth = 0
    at = start
    while at < len(value):
        match value[at]:
            case "\\":
                at += 1
            case "(":
                depth += 1
            case ")":
                depth -= 1
        at += 1
        if depth == 0:
            return at
    return -1


def _name(tokens: list[tuple[str, str]]) -> str:
    """RFC 2047 section 5: encoded words count in atoms only, a quoted one is to be shown as it stands."""
    runs: list[str] = []
    atoms: list[str] = []
    for kind, text in (*tokens, ("end", "")):
        if kind == "atom":
            atoms.append(text)
            continue
        runs.append(words.line(" ".join(atoms)))
        runs.append(clean_line(text))
        atoms = []
    return " ".join(run for run in runs if run)
