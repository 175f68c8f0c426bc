"""HTML that a stranger sent, freed of all but its looks. The only door to nh3.

The law: what comes out has no script, no form, and no address that a browser fetches by itself. The frame that shows it
forbids all three again.
"""

from __future__ import annotations

import re

import nh3

# What lays out text. No picture, map, form, frame, style sheet or script, and nothing that plays.
_TAGS = (nh3.ALLOWED_TAGS | {"font", "big", "tfoot"}) - {"area", "details", "img", "map", "summary"}
_TABLE = {"align", "valign", "bgcolor", "width"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang"},
    "a": {"href"},
    "blockquote": {"type"},
    "col": {"span", "width"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "table": _TABLE | {"border", "cellpadding", "cellspacing"},
    "td": _TABLE | {"colspan", "rowspan"},
    "th": _TABLE | {"colspan", "rowspan", "scope"},
    "tr": _TABLE,
}
# Each takes words, figures and colours. What names an address or leaves its place is not among them.
_STYLES = {
    *(
        "color",
        "background-color",
        "text-align",
        "text-decoration",
        "text-indent",
        "vertical-align",
        "white-space",
    ),
    *(
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "line-height",
        "letter-spacing",
        "direction",
    ),
    *(
        "border",
        "border-top",
        "border-right",
        "border-bottom",
        "border-left",
        "border-collapse",
        "border-color",
    ),
    *("padding", "padding-top", "padding-right", "padding-bottom", "padding-left", "width", "max-width"),
    *("margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "list-style-type"),
}
_GONE = {
    "script",
    "style",
    "title",
    "template",
    "noscript",
    "iframe",
    "object",
    "textarea",
    "select",
    "svg",
    "math",
}

# Functions of a style that only say a colour or a length.
_PLAIN = frozenset({"rgb", "rgba", "hsl", "hsla", "calc"})
_FUNCTION = re.compile(r"([\w-]*)\s*\(")


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    """A style that could name an address, or hide that it does, is none."""
    if attribute != "style":
        return value
    is_plain = "\\" not in value and {name.lower() for name in _FUNCTION.findall(value)} <= _PLAIN
    return value if is_plain else None


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_GONE,
    attributes=_ATTRIBUTES,
    attribute_filter=_harmless,
    generic_attribute_prefixes=set(),
    filter_style_properties=_STYLES,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def cleaned(html: str) -> str:
    """What may be shown of it."""
    return _CLEANER.clean(html)
