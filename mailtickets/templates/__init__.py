"""The words of every mail and page: a folder per language, the operator's files before ours.

The law: what loads can be sent. Every mail is rendered with a sample at start, so that a mistake in
a template stops the start and not a customer's answer. Texts of mails are values, never templates.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailtickets.core.case import Reply, ReplyKind
from mailtickets.core.compose import Rendered
from mailtickets.core.facts import DeedFacts, DeskFacts, Facts, PostFacts, TicketFacts
from mailtickets.core.person import Person
from mailtickets.templates import filters
from mailtickets.templates.reader import Reader, reader
from mailtickets.templates.sample import samples

FALLBACK = "en"
_PAGES = "pages"
_SUBJECT = "Subject:"
_OURS = frozenset({Reply, Person, DeskFacts, TicketFacts, PostFacts, DeedFacts, Reader})
_IN_MACROS = frozenset({"caller", "varargs", "kwargs"})
_HERE = Path(__file__).resolve()
# In the wheel the templates lie in the package, in a checkout beside it.
_PACKAGED = next(
    path for path in (_HERE.parents[1] / "letters", _HERE.parents[2] / "templates") if path.is_dir()
)


class TemplateError(Exception):
    """A template that cannot be sent: which file and line, why, and what to do."""


class Templates:
    """All templates, compiled."""

    def __init__(self, languages: dict[str, jinja2.Environment], pages: jinja2.Environment) -> None:
        self._languages = languages
        self._pages = pages
        self._compiled = {
            (language, kind, form): env.get_template(f"{kind}.{form}")
            for language, env in languages.items()
            for kind in ReplyKind
            for form in ("txt", "html")
        }

    @classmethod
    def load(cls, overrides: Path | None = None) -> Templates:
        """Ours, with the operator's files in place of those of the same name. TemplateError if one is wrong."""
        if overrides is not None:
            _must_replace_something(overrides)
        roots = [root for root in (overrides, _PACKAGED) if root is not None]
        try:
            templates = cls(
                {language: _environment(roots, language) for language in _languages(roots)},
                _environment(roots, _PAGES),
            )
            templates._try_all()
            if overrides is not None:
                templates._must_know_its_names(overrides)
        except jinja2.TemplateSyntaxError as error:
            raise _told(error, error.filename or error.name or "", error.lineno) from error
        except jinja2.TemplateNotFound as error:
            raise TemplateError(
                f"There is no template “{error.name}”. Correct the name, or reinstall mailtickets."
            ) from error
        return templates

    def render(self, facts: Facts) -> Rendered:
        """The words of one mail, in the reader's language if there is a folder for it."""
        language = facts.language.lower()
        if language not in self._languages:
            language = (
                language.partition("-")[0] if language.partition("-")[0] in self._languages else FALLBACK
            )
        values = _values(facts)
        text = self._compiled[language, facts.reply.kind, "txt"].render(values)
        html = self._compiled[language, facts.reply.kind, "html"].render(values)
        subject = ""
        if text.startswith(_SUBJECT):
            subject, _, text = text.removeprefix(_SUBJECT).partition("\n")
        return Rendered(subject.strip(), filters.finish(text), html)

    def page(self, name: str, values: Mapping[str, object]) -> str:
        """A page of the window, from `pages/`."""
        return self._pages.get_template(name).render(values)

    def _must_know_its_names(self, overrides: Path) -> None:
        """A sample does not pass through every branch: a mistyped name must not wait for the mail that does."""
        known = set(_values(next(iter(samples(FALLBACK))))) | _IN_MACROS
        for language, env in self._languages.items():
            for path in sorted((overrides / language).glob("*.*")):
                tree = env.parse(path.read_text("utf-8"), path.name, str(path))
                for name in sorted(meta.find_undeclared_variables(tree) - known - set(env.globals)):
                    line = min(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
                    near = difflib.get_close_matches(name, sorted(known), 1)
                    raise _told(
                        jinja2.UndefinedError(f"there is no value called “{name}”"),
                        str(path),
                        line,
                        f"Did you mean “{near[0]}”?"
                        if near
                        else f"The values are: {', '.join(sorted(known))}.",
                    )

    def _try_all(self) -> None:
        for language in self._languages:
            for sample in samples(language):
                try:
                    self.render(sample)
                except jinja2.TemplateNotFound:
                    raise
                except Exception as error:
                    raise _told(error, *_place(error)) from error
        for name in self._pages.list_templates():
            self._pages.get_template(name)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, quick with the values that we hand it: their public names are all harmless."""

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        if type(obj) in _OURS:
            return not attr.startswith("_")
        return super().is_safe_attribute(obj, attr, value)


def _environment(roots: list[Path], folder: str) -> jinja2.Environment:
    folders = [root / folder for root in roots]
    if folder != _PAGES:
        folders += [root / FALLBACK for root in roots]
    env = _Sandbox(
        loader=jinja2.FileSystemLoader(list(dict.fromkeys(folders))),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
    )
    env.filters.update(
        verbatim=filters.verbatim,
        quoted=filters.quoted,
        indented=filters.indented,
        columns=filters.columns,
        command=filters.command,
        paragraphs=filters.paragraphs,
        size=filters.size,
        given=filters.given,
        preview=filters.preview,
    )
    return env


def _values(facts: Facts) -> dict[str, object]:
    """What the names in a template mean."""
    reply, ticket = facts.reply, facts.ticket
    subject = f"Re: {ticket.tag} {ticket.subject}".rstrip() if ticket else ""
    author = reply.author
    return {
        "reply": reply,
        "to": reply.to,
        "author": author,
        "desk": facts.desk,
        "ticket": ticket,
        "listed": facts.listed,
        "story": facts.story,
        "resend": facts.resend,
        "guarded": facts.is_guarded,
        "staff": reply.to.is_staff,
        "given": filters.given(reply.to.name or reply.to.address.name),
        "who": author.shown if author else ticket.requester if ticket else "",
        "left_behind": tuple(file for file in reply.attachments if not file.octets),
        "reader": reader(facts.now, facts.timezone, facts.language),
        "language": facts.language,
        "mailto": partial(filters.mailto, facts.reply_to, subject, facts.message_id),
    }


def _languages(roots: list[Path]) -> list[str]:
    found = {path.name for root in roots if root.is_dir() for path in root.iterdir() if path.is_dir()}
    return sorted(found - {_PAGES})


def _must_replace_something(overrides: Path) -> None:
    """A file that replaces none of ours is a mistyped name: it would silently do nothing."""
    known = {path.name for path in (_PACKAGED / FALLBACK).iterdir()}
    pages = {path.name for path in (_PACKAGED / _PAGES).iterdir()}
    for path in sorted(overrides.rglob("*.txt")) + sorted(overrides.rglob("*.html")):
        names = pages if path.parent.name == _PAGES else known
        # What begins with an underscore is a part that only the operator's own files include.
        if path.name in names or path.name.startswith("_"):
            continue
        near = difflib.get_close_matches(path.name, sorted(names), 1)
        advice = f"Did you mean “{near[0]}”?" if near else f"The names are: {', '.join(sorted(names))}."
        raise TemplateError(f"{path}: there is no template of this name to replace. {advice}")


def _place(error: Exception) -> tuple[str, int]:
    """Where in a template an error arose: Jinja2 puts the template's own lines into the traceback."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.endswith((".txt", ".html"))
    ]
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)


def _told(error: Exception, file: str, line: int, hint: str = "") -> TemplateError:
    remedy = "Correct it, or delete the file to use the one that comes with mailtickets."
    return TemplateError(
        " ".join((f"{file}, line {line}: {str(error).rstrip('.')}.", *([hint] if hint else []), remedy))
    )
