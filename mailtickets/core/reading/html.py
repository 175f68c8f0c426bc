"""HTML to text that reads as it looked, and what the sender's own program had marked as quoted or signed.

The only door to inscriptis and lxml. The law: nothing that was invisible to the reader becomes text, and no
style of the sender's costs more than its letters.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from html import unescape

import lxml.etree
import lxml.html
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig

from mailtickets.core.mail import SegmentKind
from mailtickets.core.reading.characters import clean_text

# Noncharacters (Unicode, section 23.7): no letter has them, so they can mark lines on their way through the text.
_OPEN = {SegmentKind.QUOTE: "\ufdd0", SegmentKind.SIGNATURE: "\ufdd1"}
_CLOSE = "\ufdd2"
_KIND = {mark: kind for kind, mark in _OPEN.items()}
_MARK = re.compile("[\ufdd0-\ufdd2]")
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")

# What mail programs put around what they quote, by class, id or name.
_QUOTES = frozenset(
    (
        "gmail_quote",
        "gmail_quote_container",
        "yahoo_quoted",
        "yahooquoted",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
        "moz-cite-prefix",
        "moz-forward-container",
        "moz-email-headers-table",
        "ms-outlook-ios-reference-expand",
        "messagereplysection",
        "mail-editor-reference-message-container",
        "reply-intro",
        "origbody",
        "quotedtext",
        "divrplyfwdmsg",
        "outlookmessageheader",
        "history_container",
        "x_gmail_quote",
        "x_divrplyfwdmsg",
        "x_yahoo_quoted",
        "x_moz-cite-prefix",
        "email_quote",
        "xam_msg_class",
        "quoted-text",
    )
)
# From these on all that follows is the other letter.
_QUOTES_TO_END = frozenset(
    (
        "divrplyfwdmsg",
        "appendonsend",
        "stopspelling",
        "outlookmessageheader",
        "x_divrplyfwdmsg",
        "x_appendonsend",
        "mail-editor-reference-message-container",
        "reply-intro",
        "ymailnoaction",
    )
)
_SIGNATURES = frozenset(
    (
        "gmail_signature",
        "gmail_signature_prefix",
        "moz-signature",
        "ms-outlook-mobile-signature",
        "ms-outlook-ios-signature",
        "signature",
        "protonmail_signature_block",
        "applemailsignature",
        "apple-mail-signature",
        "x_signature",
        "x_gmail_signature",
    )
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d])", re.I
)
_PREFORMATTED = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.I)
_SILENT = frozenset(
    ("script", "style", "title", "template", "noscript", "object", "embed", "iframe", "svg", "math")
)
_CONFIG = ParserConfig(css=STRICT_CSS_PROFILE, display_links=False, display_images=False)
MAX_TAGS = 50_000  # beyond that the layout is left out: only the words matter then
_TAG = re.compile(r"<[^<>]{0,5000}>")
_BLOCK_TAG = re.compile(
    r"<(?:/?(?:p|div|tr|li|h[1-6]|table|blockquote|pre)|br)\b[^<>]{0,5000}>", re.IGNORECASE
)
_SILENT_PART = re.compile(r"<(script|style|title)\b.{0,200000}?</\1\s*>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Marked:
    """Text, and for each line of it what it is by the sender's own marks: TYPED where there is none."""

    text: str
    kinds: tuple[SegmentKind, ...]


def rendered(html: str) -> Marked:
    """The text of an HTML part. Never raises: what lxml cannot read is freed of its tags."""
    source = _NONCHARACTERS.sub("", clean_text(html))
    text = ""
    if source.count("<") <= MAX_TAGS:
        # A tree that lxml or inscriptis cannot handle is read without its tags, as is one that is too big.
        with contextlib.suppress(
            lxml.etree.LxmlError, ValueError, AssertionError, IndexError, RecursionError
        ):
            text = _laid_out(source)
    # libxml2 gives up, silently, beyond 255 levels.
    return _unmarked(clean_text(text if text.strip() else _bared(source)))


def unescaped(source: str) -> str:
    """Text that was called HTML and has no tag: its line breaks are its own."""
    return clean_text(unescape(source))


def _bared(source: str) -> str:
    """The words between the tags, a line for each block."""
    broken = _BLOCK_TAG.sub("\n", _SILENT_PART.sub(" ", source))
    lines = (" ".join(line.split()) for line in unescape(_TAG.sub(" ", broken)).split("\n"))
    return "\n".join(line for line in lines if line)


def _laid_out(source: str) -> str:
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    tree = lxml.html.document_fromstring(source.encode("utf-8"), parser=parser)
    for element in list(tree.iter(lxml.etree.Element)):
        _prepare(element)
    return str(Inscriptis(tree, _CONFIG).get_text())


def _prepare(element: lxml.html.HtmlElement) -> None:
    """Take out what nobody saw, mark what is not the sender's, drop what only costs."""
    style = element.get("style", "")
    if element.tag in _SILENT or (style and _HIDDEN.search(style)) or "hidden" in element.attrib:
        if element.getparent() is not None:
            element.drop_tree()
        return
    names = _names(element)
    kind = _kind(element, names)
    if kind is not None:
        _mark(element, kind, to_end=bool(names & _QUOTES_TO_END))
    # Widths and margins come from the sender: "margin-top: 9999999em" would be as many lines.
    for attribute in ("style", "align", "valign"):
        element.attrib.pop(attribute, None)
    if style and _PREFORMATTED.search(style):
        element.set("style", "white-space: pre")


def _names(element: lxml.html.HtmlElement) -> frozenset[str]:
    """All that it is called, in lower case."""
    called = " ".join((element.get("class", ""), element.get("id", ""), element.get("name", "")))
    return frozenset(called.lower().split())


def _kind(element: lxml.html.HtmlElement, names: frozenset[str]) -> SegmentKind | None:
    if names & _QUOTES or names & _QUOTES_TO_END:
        return SegmentKind.QUOTE
    if element.tag == "blockquote" and (element.get("type", "").lower() == "cite" or _is_introduced(element)):
        return SegmentKind.QUOTE
    return SegmentKind.SIGNATURE if names & _SIGNATURES else None


def _is_introduced(element: lxml.html.HtmlElement) -> bool:
    """Whether the words right before an element end in a colon, as "Ann wrote:" does."""
    before = element.getprevious()
    said = element.getparent().text if before is None and element.getparent() is not None else None
    while before is not None and said is None:
        said = (before.tail or "").strip() or before.text_content()[-80:].strip() or None
        before = before.getprevious()
    return (said or "").rstrip().endswith((":", "：")) and re.search(r"\d|@", said or "") is not None


def _mark(element: lxml.html.HtmlElement, kind: SegmentKind, *, to_end: bool) -> None:
    """Lines of marks before and after an element; only before if the quote goes on to the end."""
    parent = element.getparent()
    if parent is None:
        return
    place = parent.index(element)
    if not to_end:
        after = lxml.html.Element("div")
        after.text, after.tail, element.tail = _CLOSE, element.tail, None
        parent.insert(place + 1, after)
    before = lxml.html.Element("div")
    before.text = _OPEN[kind]
    parent.insert(place, before)


def _unmarked(text: str) -> Marked:
    """The lines without the marks, each with what the marks around it say."""
    lines: list[str] = []
    kinds: list[SegmentKind] = []
    open_kinds: list[SegmentKind] = []
    for line in text.strip("\n").split("\n"):
        marks = _MARK.findall(line)
        inside = open_kinds[0] if open_kinds else SegmentKind.TYPED
        for mark in marks:
            if mark != _CLOSE:
                open_kinds.append(_KIND[mark])
            elif open_kinds:
                open_kinds.pop()
        rest = _MARK.sub("", line).rstrip()
        if not marks or rest:
            lines.append(rest)
            kinds.append(inside if not marks else (open_kinds[0] if open_kinds else inside))
    return Marked("\n".join(lines), tuple(kinds))
