"""HTML to text that reads as it looked, and what the sender's own program had marked as quoted or signed.

The only door to inscriptis and lxml. The law: nothing that was invisible to the reader becomes text, and no
style of the sender's costs more than its letters.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

import lxml.etree
import lxml.html
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig

from mailtickets.core.mail import SegmentKind
from mailtickets.core.reading import structure
from mailtickets.core.reading.characters import clean_text

# Noncharacters (Unicode, section 23.7): no letter has them, so they can mark lines on their way through the text.
_OPEN = {SegmentKind.QUOTE: "\ufdd0", SegmentKind.SIGNATURE: "\ufdd1"}
_CLOSE = "\ufdd2"
_KIND = {mark: kind for kind, mark in _OPEN.items()}
_MARK = re.compile("[\ufdd0-\ufdd2]")
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")

_PREFORMATTED = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.I)
_CONFIG = ParserConfig(css=STRICT_CSS_PROFILE, display_links=False, display_images=False)
MAX_TABLE = 4_000_000  # characters, blanks included
_NO_NAMES: frozenset[str] = frozenset()
_LONGEST_STYLE = 1000
_MAX_SHEETS = 10
_MAX_SHEET = 20_000  # characters of a style sheet that are read
_AT_RULE = re.compile(r"@[^{};]{1,300}\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_RULE = re.compile(r"([^{}]{1,500})\{([^{}]{0,1000})\}")
_SIMPLE = re.compile(r"[.#][\w\-]{1,60}")
_TARGET = re.compile(r"(?:https?://|ftp://|mailto:)[^\s<>]{3,}$", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?://|ftp://|mailto:)?(?:www\.)?", re.IGNORECASE)
_WRAPPED = re.compile(
    r"(?:safelinks\.protection\.outlook\.com/[^?]{0,40}\?url=|google\.com/url\?q=)([^&]{1,2000})"
)
_LONGEST_TARGET = 1000
_CID = re.compile(r"[^\[\]\s]{1,250}")
_LONGEST_FACE = 12  # characters of one emoji, with what joins and colours it
_FIELD = re.compile(r"(?:^|\s)[^\s:：][^:：\n]{0,24}[:：]")
_FEWEST_FIELDS = 2
# What preview lines are filled up with, and marks for a hyphen that was not needed.
_FILLER = re.compile("(?:[\u034f\u200b-\u200d\u2007\u2060\ufeff][\u00a0 ]{0,3}){3,}|\u00ad")
MAX_TAGS = 20_000  # beyond that the layout is left out: only the words matter then
_TAG = re.compile(r"<[^<>]{0,5000}>")
_BLOCK_TAG = re.compile(
    r"<(?:/?(?:p|div|tr|li|h[1-6]|table|blockquote|pre)|br)\b[^<>]{0,5000}>", re.IGNORECASE
)
_SILENT_TAG = re.compile(r"<(/?)(script|style|title)\b[^<>]{0,2000}>", re.IGNORECASE)
_QUOTING_TAG = re.compile(
    r"<[a-z]{1,12}\s[^<>]{0,500}(?:gmail_quote|divRplyFwdMsg|appendonsend|moz-cite-prefix|yahoo_quoted|protonmail_quote|"
    r"zmail_extra|type=[\"']?cite)[^<>]{0,500}>",
    re.IGNORECASE,
)


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
    return _unmarked(_FILLER.sub("", clean_text(text if text.strip() else _bared(source))))


def nested(html: str) -> str:
    """The same page with every element closed where libxml2 sees its end, and a word for each picture; "" if it sees nothing.

    A browser's rules repeat what was left open in whatever comes after: of 20 kB they make megabytes.
    """
    source = _NONCHARACTERS.sub("", clean_text(html))
    if source.count("<") > MAX_TAGS:
        return ""
    with contextlib.suppress(lxml.etree.LxmlError, ValueError, AssertionError):
        tree = _tree(source)
        for picture in list(tree.iter("img")):
            alt = " ".join(str(picture.get("alt", "")).split())
            picture.tail = (f"[image: {alt}]" if alt else "") + (picture.tail or "")
            if picture.getparent() is not None:
                picture.drop_tree()
        return str(lxml.html.tostring(tree, encoding="unicode"))
    return ""


def unescaped(source: str) -> str:
    """Text that was called HTML and has no tag: its line breaks are its own."""
    return clean_text(unescape(source))


def _bared(source: str) -> str:
    """The words between the tags, a line for each block. From the first quote on all is quoted."""
    heard = _without_silent(source)
    if found := _QUOTING_TAG.search(heard):
        heard = f"{heard[: found.start()]}<p>{_OPEN[SegmentKind.QUOTE]}<p>{heard[found.end() :]}"
    lines = (
        " ".join(line.split()) for line in unescape(_TAG.sub(" ", _BLOCK_TAG.sub("\n", heard))).split("\n")
    )
    return "\n".join(line for line in lines if line)


def _without_silent(source: str) -> str:
    """Without scripts, styles and titles; one that is never closed hides nothing."""
    out: list[str] = []
    end, opened, name = 0, -1, ""
    for found in _SILENT_TAG.finditer(source):
        if opened < 0 and not found[1]:
            opened, name = found.start(), found[2].lower()
        elif opened >= 0 and found[1] and found[2].lower() == name:
            out += (source[end:opened], " ")
            end, opened = found.end(), -1
    return "".join((*out, source[end:]))


def _laid_out(source: str) -> str:
    tree = _tree(source)
    if _is_too_wide(tree):
        return ""
    unseen = _unseen(tree)
    for element in list(tree.iter(lxml.etree.Element)):
        if element.attrib or element.tag in structure.SILENT:
            _prepare(element, unseen)
        elif element.tag == "blockquote" and _is_introduced(element):
            _mark(element, SegmentKind.QUOTE, to_end=False)
    return str(Inscriptis(tree, _CONFIG).get_text())


def _tree(source: str) -> lxml.html.HtmlElement:
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return lxml.html.document_fromstring(source.encode("utf-8"), parser=parser)


def _is_too_wide(tree: lxml.html.HtmlElement) -> bool:
    """Whether a table would be mostly blanks: every row is filled up to the longest cell of each column."""
    cells = list(tree.iter("td", "th"))
    longest = max((len(text) for table in tree.iter("table") for text in table.itertext()), default=0)
    return len(cells) * longest > MAX_TABLE


def _unseen(tree: lxml.html.HtmlElement) -> frozenset[str]:
    """The classes and ids that the letter's own style sheet hides, whatever the screen."""
    found: set[str] = set()
    for sheet in itertools.islice(tree.iter("style"), _MAX_SHEETS):
        rules = _AT_RULE.sub("", (sheet.text or "")[:_MAX_SHEET])
        for selectors, said in _RULE.findall(rules):
            if _is_hidden(said):
                names = (selector.strip() for selector in selectors.split(","))
                found.update(name[1:].lower() for name in names if _SIMPLE.fullmatch(name))
    return frozenset(found)


def _prepare(element: lxml.html.HtmlElement, unseen: frozenset[str]) -> None:
    """Take out what nobody saw, mark what is not the sender's, drop what only costs."""
    style = element.get("style", "")[:_LONGEST_STYLE]
    names = _names(element)
    if element.tag in structure.SILENT or "hidden" in element.attrib or names & unseen or _is_hidden(style):
        if element.getparent() is not None:
            element.drop_tree()
        return
    if element.tag == "a":
        _tell_target(element)
    elif element.tag == "img":
        _tell_face(element)
    kind = _kind(element, names, style)
    if kind is not None:
        _mark(element, kind, to_end=bool(names & structure.QUOTES_TO_END) or _is_line(element, style))
    # Widths and margins come from the sender: "margin-top: 9999999em" would be as many lines.
    for attribute in ("style", "align", "valign"):
        element.attrib.pop(attribute, None)
    if style and _PREFORMATTED.search(style):
        element.set("style", "white-space: pre")


def _is_hidden(style: str) -> bool:
    if not style:
        return False
    if structure.HIDDEN.search(style) or (structure.FLAT.search(style) and structure.CUT_OFF.search(style)):
        return True
    ink, paper = structure.INK.search(style), structure.PAPER.search(style)
    return ink is not None and paper is not None and ink[1].lower() == paper[1].lower()


def _tell_target(link: lxml.html.HtmlElement) -> None:
    """Where a link leads, behind its words, if they do not say so themselves."""
    target = (link.get("href") or "").strip()
    if not _TARGET.match(target) or len(target) > _LONGEST_TARGET:
        return
    said = " ".join(link.text_content().split())
    if not said or _bare(said) in (_bare(target), _bare(_within_wrapper(target))):
        return
    shown = f" <{target.removeprefix('mailto:')}>"
    if len(link):
        link[-1].tail = f"{(link[-1].tail or '').rstrip()}{shown}"
    else:
        link.text = f"{(link.text or '').rstrip()}{shown}"


def _bare(target: str) -> str:
    """What is left of an address or a link for a person who compares two of them."""
    scheme = _SCHEME.match(target)
    return target[scheme.end() if scheme else 0 :].partition("?subject=")[0].rstrip("/.,").casefold()


def _within_wrapper(target: str) -> str:
    """The link that a mail service's guard has wrapped: the sender typed that one."""
    found = _WRAPPED.search(target)
    return unquote(found[1]) if found else target


def _tell_face(image: lxml.html.HtmlElement) -> None:
    """An emoji that a program sent as a picture is the character again."""
    face = (image.get("data-emoji") or image.get("alt") or "").strip()
    if face and len(face) <= _LONGEST_FACE and not any(char.isalnum() or char < "\u00a9" for char in face):
        image.tail = f"{face}{image.tail or ''}"
    source = (image.get("src") or "").strip()
    is_pixel = {image.get("width"), image.get("height")} & {"0", "1"}
    if source[:4].lower() == "cid:" and _CID.fullmatch(source, 4) and not is_pixel:
        # `pictures` knows whether there is such a picture, and what it is called.
        image.tail = f"[image:{source[:4].lower()}{unquote(source[4:])}]{image.tail or ''}"


def _names(element: lxml.html.HtmlElement) -> frozenset[str]:
    """All that it is called, in lower case, without the prefixes of programs that quoted it."""
    called = " ".join(filter(None, (element.get("class"), element.get("id"), element.get("name"))))
    return (
        frozenset(structure.PREFIX.sub("", name) for name in called.lower().split()) if called else _NO_NAMES
    )


def _kind(element: lxml.html.HtmlElement, names: frozenset[str], style: str) -> SegmentKind | None:
    if names & structure.QUOTES or names & structure.QUOTES_TO_END:
        return SegmentKind.QUOTE
    if element.tag == "blockquote" and (element.get("type", "").lower() == "cite" or _is_introduced(element)):
        return SegmentKind.QUOTE
    if element.get("name") == "quote" or _is_line(element, style):  # GMX and WEB.DE; Outlook
        return SegmentKind.QUOTE
    return SegmentKind.SIGNATURE if names & structure.SIGNATURES else None


def _is_line(element: lxml.html.HtmlElement, style: str) -> bool:
    """Whether this is the line that Outlook draws above a quoted letter, or its fields right below that line."""
    if element.tag == "hr":
        return bool(element.get("tabindex") == "-1")
    return (
        element.tag == "div"
        and structure.SEPARATOR.search(style) is not None
        and len(_FIELD.findall(element.text_content()[:600])) >= _FEWEST_FIELDS
    )


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
