"""Where templates lie, and what they can do there: Jinja2, sandboxed and strict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2.environment import TemplateModule
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailtickets.core.case import Difference, Figure, HelpLine, Refusal, Reply
from mailtickets.core.facts import DeedFacts, DeskFacts, PostFacts, StoryFacts, TicketFacts
from mailtickets.core.mail import Address, Attachment
from mailtickets.core.person import Person
from mailtickets.templates import filters
from mailtickets.templates.reader import Reader

FALLBACK = "en"
PAGES = "pages"
PARTS = "_parts.html"
_FILTERS = (
    filters.verbatim,
    filters.quoted,
    filters.indented,
    filters.columns,
    filters.command,
    filters.paragraphs,
    filters.size,
    filters.given,
    filters.preview,
)
# What we hand to a template. Jinja2's own look at each attribute costs half of the time of a mail.
_OURS = frozenset(
    {
        Address,
        Attachment,
        DeedFacts,
        DeskFacts,
        Difference,
        Figure,
        HelpLine,
        Person,
        PostFacts,
        Reader,
        Refusal,
        Reply,
        StoryFacts,
        TemplateModule,
        TicketFacts,
    }
)


class TemplateError(Exception):
    """A template that cannot be sent: which file and line, why, and what to do."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, quick with the values that we hand it: their public names are all harmless."""

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        kind: type[Any] = type(obj)
        if kind in _OURS or _is_value(kind):
            return not attr.startswith("_")
        return super().is_safe_attribute(obj, attr, value)


_values: dict[type[Any], bool] = {}  # what `_is_value` has found


def _is_value(kind: type[Any]) -> bool:
    """A frozen value of the pages: it has nothing that a template could change."""
    if kind not in _values:
        frozen = getattr(kind.__dict__.get("__dataclass_params__"), "frozen", False)
        _values[kind] = kind is LoopContext or (frozen and kind.__module__.startswith("mailtickets.web."))
    return _values[kind]


def packaged() -> Path:
    """Our own templates: in the wheel they lie in the package, in a checkout beside it."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "letters", package.parent / "templates"):
        if (folder / FALLBACK).is_dir():
            return folder
    raise TemplateError(f"There are no templates in {package / 'letters'}. Install mailtickets again.")


def for_mails(roots: Sequence[Path], language: str) -> jinja2.Environment:
    """The templates of one language; what it has not is taken from English."""
    env = _environment([root / folder for folder in dict.fromkeys((language, FALLBACK)) for root in roots])
    env.filters.update({function.__name__: function for function in _FILTERS})
    env.globals["part"] = env.get_template(PARTS).module
    return env


def for_pages(roots: Sequence[Path]) -> jinja2.Environment:
    return _environment([root / PAGES for root in roots])


def languages(roots: Sequence[Path]) -> tuple[str, ...]:
    """Each folder but that of the pages is a language."""
    found = {path.name for root in roots if root.is_dir() for path in root.iterdir() if path.is_dir()}
    return tuple(sorted(found - {PAGES}))


def _environment(folders: Sequence[Path]) -> jinja2.Environment:
    return _Sandbox(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
    )
