"""The words of every mail and page: a folder per language, the operator's files before ours.

The law: what loads can be sent. Every mail is rendered with a sample at start, so that a mistake in
a template stops the start and not a customer's answer. Texts of mails are values, never templates.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import jinja2
from jinja2 import meta, nodes

from mailtickets.core.case import ReplyKind
from mailtickets.core.compose import Rendered
from mailtickets.core.facts import Facts
from mailtickets.templates import environment, filters
from mailtickets.templates.environment import FALLBACK, PAGES, TemplateError
from mailtickets.templates.reader import reader
from mailtickets.templates.sample import samples

__all__ = ["Pages", "TemplateError", "Templates"]

_SUBJECT = "Subject:"
_FORMS = ("txt", "html")
_IN_MACROS = frozenset({"caller", "varargs", "kwargs"})


class Pages:
    """The templates of the window alone. The daemon has tried them all when it started."""

    def __init__(self, overrides: Path | None = None) -> None:
        self._pages = environment.for_pages(_roots(overrides))

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """A page of the window, from `pages/`."""
        return self._pages.get_template(name).render(values)


class Templates:
    """The templates of all mails, compiled."""

    def __init__(self, languages: Mapping[str, jinja2.Environment], pages: jinja2.Environment) -> None:
        self._languages = languages
        self._pages = pages
        self._mails = {
            (language, kind, form): env.get_template(f"{kind}.{form}")
            for language, env in languages.items()
            for kind in ReplyKind
            for form in _FORMS
        }

    @classmethod
    def load(cls, overrides: Path | None = None) -> Templates:
        """Ours, with the operator's files in place of those of the same name. TemplateError if one is wrong."""
        roots = _roots(overrides)
        if overrides is not None:
            _must_replace_something(overrides)
        try:
            languages = environment.languages(roots)
            templates = cls(
                {language: environment.for_mails(roots, language) for language in languages},
                environment.for_pages(roots),
            )
            templates._try_all()
        except jinja2.TemplateSyntaxError as error:
            raise _told(str(error.message), error.filename or str(error.name), error.lineno) from error
        except jinja2.TemplateNotFound as error:
            raise TemplateError(
                f"A template names “{error.name}”, and there is no such file. Correct the name, or add the file."
            ) from error
        if overrides is not None:
            templates._must_know_all_names(overrides)
        return templates

    def render(self, facts: Facts) -> Rendered:
        """The words of one mail, in the reader's language if there is a folder for it."""
        language = self._spoken(facts.language) or self._spoken(facts.fallback) or FALLBACK
        # A day in French inside an English sentence helps nobody.
        values = _values(facts if _speaks(language, facts.language) else replace(facts, language=language))
        text, html = (self._mails[language, facts.reply.kind, form].render(values) for form in _FORMS)
        subject = ""
        if text.startswith(_SUBJECT):
            subject, _, text = text.removeprefix(_SUBJECT).partition("\n")
        return Rendered(subject.strip(), filters.finish(text), html)

    def _spoken(self, language: str) -> str:
        """The folder for a language, "" if there is none. `fr-CA` is spoken by whoever speaks `fr`."""
        known = (language, language.lower(), language.lower().partition("-")[0])
        return next((name for name in known if name in self._languages), "")

    def _try_all(self) -> None:
        for language in self._languages:
            for sample in samples(language):
                try:
                    self.render(sample)
                except jinja2.TemplateNotFound:
                    raise
                except Exception as error:
                    raise _told(str(error), *_place(error)) from error
        for name in self._pages.list_templates():
            self._pages.get_template(name)

    def _must_know_all_names(self, overrides: Path) -> None:
        """A sample does not pass through every branch: a mistyped name must not wait for the mail that does."""
        values = set(_values(next(iter(samples(FALLBACK)))))
        for language, env in self._languages.items():
            for path in sorted((overrides / language).glob("*.*")):
                tree = env.parse(path.read_text("utf-8"))
                for name in sorted(
                    meta.find_undeclared_variables(tree) - values - _IN_MACROS - set(env.globals)
                ):
                    line = min(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
                    said = f"there is no value called “{name}”. {_nearest(name, values)}"
                    raise _told(said, str(path), line)


def _roots(overrides: Path | None) -> list[Path]:
    return [*([overrides] if overrides else []), environment.packaged()]


def _speaks(folder: str, language: str) -> bool:
    return language.lower().partition("-")[0] == folder.lower().partition("-")[0]


def _values(facts: Facts) -> dict[str, object]:
    """What the names in a template mean."""
    reply, ticket = facts.reply, facts.ticket
    subject = f"Re: {ticket.tag} {ticket.subject}".rstrip() if ticket else ""
    way_back = filters.way_back(facts.reply_to, subject, facts.message_id)
    return {
        "reply": reply,
        "to": reply.to,
        "author": reply.author,
        "desk": facts.desk,
        "ticket": ticket,
        "listed": facts.listed,
        "story": facts.story,
        "resend": facts.resend,
        "guarded": facts.is_guarded,
        "staff": reply.to.is_staff,
        "given": filters.given(reply.to.name or reply.to.address.name),
        "who": reply.author.shown if reply.author else ticket.requester if ticket else "",
        "left_behind": tuple(file for file in reply.attachments if not file.octets),
        "reader": reader(facts.now, facts.timezone, facts.language),
        "language": facts.language,
        "mailto": partial(filters.mailto, way_back),
    }


def _must_replace_something(overrides: Path) -> None:
    """A file that replaces none of ours is a mistyped name: it would silently do nothing."""
    ours = environment.packaged()
    for path in sorted((*overrides.rglob("*.txt"), *overrides.rglob("*.html"))):
        folder = PAGES if path.parent.name == PAGES else FALLBACK
        names = {file.name for file in (ours / folder).iterdir()}
        # What begins with an underscore may be a part that only the operator's own files include.
        if path.name not in names and not path.name.startswith("_"):
            raise TemplateError(
                f"{path}: there is no template of this name to replace. {_nearest(path.name, names)}"
            )


def _nearest(name: str, known: Collection[str]) -> str:
    near: Sequence[str] = difflib.get_close_matches(name, sorted(known), 1)
    return f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(sorted(known))}."


def _place(error: Exception) -> tuple[str, int]:
    """Where in a template an error arose: Jinja2 puts the template's own lines into the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame for frame in frames if frame.filename.endswith(_FORMS)]
    return (lines[-1].filename, lines[-1].lineno or 0) if lines else ("", 0)


def _told(said: str, file: str, line: int) -> TemplateError:
    end = "" if said.endswith((".", "?")) else "."
    remedy = "Correct it, or delete the file to use the one that comes with mailtickets."
    return TemplateError(f"{file}, line {line}: {said}{end} {remedy}")
