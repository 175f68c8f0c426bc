"""The words of the mails: each as it was read by eye (golden files), and the laws that hold for all of them.

After a wanted change of words: REGOLD=1 pytest tests/edges/test_templates.py, and read the difference.
"""

from __future__ import annotations

import email
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

import inscriptis
import pytest

from mailtickets.core import compose, facts
from mailtickets.core.case import Reply, ReplyKind
from mailtickets.core.facts import ECHOES
from mailtickets.core.tokens import Secret
from mailtickets.templates import Pages, TemplateError, Templates, filters
from mailtickets.templates.reader import reader
from mailtickets.templates.sample import ANN, DESK, MARIA, NOW, POLICY, SAMPLES, Sample

GOLDEN = Path(__file__).parents[1] / "golden" / "mails"
SECRET = Secret((b"k" * 32,))
BY_NAME = {sample.name: sample for sample in SAMPLES}


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates.load()


def mail(templates: Templates, sample: Sample) -> EmailMessage:
    outgoing = compose.message(
        sample.reply, sample.about, DESK, "in:4711", POLICY, SECRET, templates.render, NOW
    )
    message = email.message_from_bytes(outgoing.octets, policy=modern)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def twins(message: EmailMessage) -> tuple[str, str]:
    bodies = [message.get_body((form,)) for form in ("plain", "html")]
    plain, html = (body.get_content().replace("\r\n", "\n") for body in bodies if body is not None)
    return plain, html


@pytest.mark.parametrize("name", BY_NAME)
def test_each_mail_is_as_it_was_read_by_eye(templates: Templates, name: str) -> None:
    message = mail(templates, BY_NAME[name])
    plain, html = twins(message)
    files = [f"[{file.get_content_type()}] {file.get_filename()}" for file in message.iter_attachments()]
    head = [f"{key}: {value}" for key, value in message.items() if key != "Content-Type"]
    got = {"txt": "\n".join([*head, "", plain, *files]).rstrip("\n") + "\n", "html": html}
    for form, words in got.items():
        path = GOLDEN / f"{name}.{form}"
        if os.environ.get("REGOLD"):
            path.write_text(words, "utf-8")
        assert words == path.read_text("utf-8")


def test_no_golden_file_outlives_its_mail() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(BY_NAME)


def test_every_kind_has_a_sample_and_each_that_answers_a_letter_one_for_the_unproven() -> None:
    assert {sample.reply.kind for sample in SAMPLES if sample.reply.is_proven} >= set(ReplyKind) - {
        ReplyKind.OVERSIZE
    }
    assert {sample.reply.kind for sample in SAMPLES if facts.is_guarded(sample.reply)} == ECHOES


@pytest.mark.parametrize("name", BY_NAME)
def test_no_line_begins_with_a_command(templates: Templates, name: str) -> None:
    plain, html = twins(mail(templates, BY_NAME[name]))
    as_text = inscriptis.get_text(re.sub("<style>.*?</style>", "", html, flags=re.DOTALL))
    lines = plain.splitlines() + as_text.splitlines()
    assert not [line for line in lines if line.lstrip(" \u00a0").startswith("#")]
    assert not re.search(r"<td[^>]*>(\s|&nbsp;|<[^>]*>)*#", html)


@pytest.mark.parametrize("name", BY_NAME)
def test_our_own_words_fit_72_columns_and_the_footer_comes_last(templates: Templates, name: str) -> None:
    plain, _ = twins(mail(templates, BY_NAME[name]))
    body, _, foot = plain.partition("\n-- \n")
    assert foot
    if BY_NAME[name].reply.kind is not ReplyKind.ANSWER:
        assert not [line for line in body.splitlines() if len(line) > 72 and " " in line.lstrip("> ")]
    assert "\n\n\n" not in plain
    assert not [line for line in body.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("name", BY_NAME)
def test_both_twins_say_the_same_numbers(templates: Templates, name: str) -> None:
    plain, html = twins(mail(templates, BY_NAME[name]))
    shown = re.sub("<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)
    # Addresses of pages stand in the HTML as links.
    words = re.sub(r"https?://\S+", "", plain)
    assert set(re.findall(r"\d{2,}", words)) <= set(re.findall(r"\d{2,}", shown))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_links_mail_is_tagged_and_filled_in(templates: Templates, name: str) -> None:
    _, html = twins(mail(templates, BY_NAME[name]))
    for link in re.findall(r'href="mailto:([^"]*)"', html):
        address, _, fields = link.partition("?")
        assert address == DESK.spec
        assert "+" not in fields
        assert re.fullmatch(
            r"subject=Re%3A%20%5B%231042%5D[^&]*&amp;in-reply-to=%3C[^&]*%3E&amp;body=%23[^&]*", fields
        )


def test_an_agents_answer_is_what_was_typed_and_a_footer(templates: Templates) -> None:
    text = "  #include <stdio.h>\n\n\n# Heading\nlong " + "word " * 40 + "\n-- \nAnn"
    reply = Reply(ReplyKind.ANSWER, MARIA, ANN, text=text, is_proven=True)
    plain, html = twins(mail(templates, Sample("typed", reply, "waiting")))
    typed, _, foot = plain.rpartition("\n\n-- \n")
    assert typed == text.replace("\n# Heading", "\n # Heading")
    assert foot == "1042 · Waiting for you · https://desk.example.org/ticket/1042\n"
    assert "#include &lt;stdio.h&gt;" in html


def test_words_of_others_are_never_markup_nor_template(templates: Templates) -> None:
    evil = '<script>alert(1)</script> {{ 7 * 7 }} {% raw %} \x01 https://a.example/"onclick=x'
    for kind in ReplyKind:
        reply = Reply(kind, replace(ANN, name=evil), MARIA, text=evil, reason=evil, is_proven=True)
        plain, html = twins(mail(templates, Sample("evil", reply)))
        assert "<script>" not in html
        assert "49" not in re.sub(r"<style>.*?</style>|1a4f9c|href=\S*", "", html, flags=re.DOTALL)
        assert 'onclick=x"' not in html
        assert "\x01" not in plain + html


# The operator's own files.


def override(folder: Path, name: str, words: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, "utf-8")
    return folder


def words_of(templates: Templates, name: str, language: str = "") -> compose.Rendered:
    sample = BY_NAME[name]
    reply = replace(sample.reply, to=replace(sample.reply.to, language=language))
    return templates.render(facts.of(reply, sample.about, DESK, DESK.spec, "a@b", POLICY, NOW))


def test_an_operators_file_replaces_ours_and_no_other(tmp_path: Path) -> None:
    own = override(
        tmp_path,
        "en/acknowledgement.txt",
        "Subject: We have it\n\nGot it, {{ given }}: {{ ticket.number }}.\n",
    )
    loaded = Templates.load(own)
    said = words_of(loaded, "acknowledgement")
    assert (said.subject, said.text) == ("We have it", "Got it, Maria: 1042.\n")
    assert said.html == words_of(Templates.load(), "acknowledgement").html


def test_an_operators_part_is_used_by_our_files_too(tmp_path: Path) -> None:
    own = override(tmp_path, "en/_foot.txt", "Example Ltd, Registered in Nowhere\n")
    assert words_of(Templates.load(own), "answer").text.endswith("Example Ltd, Registered in Nowhere\n")


def test_a_language_of_the_operators_own_is_spoken_where_it_has_words(tmp_path: Path) -> None:
    own = override(
        tmp_path, "fr/acknowledgement.txt", "Bonjour {{ given }}, le {{ reader.full(ticket.created_at) }}.\n"
    )
    loaded = Templates.load(own)
    assert (
        words_of(loaded, "acknowledgement", "fr").text == "Bonjour Maria, le jeudi 19 novembre 2026, 10:05.\n"
    )
    assert words_of(loaded, "acknowledgement", "fr-CA").text.startswith("Bonjour")
    assert words_of(loaded, "status-closed", "fr").text.startswith("Hello Maria")
    assert words_of(loaded, "acknowledgement", "sv").text.startswith("Hello Maria")


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("en/answer.txt", "one\n{{ tciket.number }}\n", "line 2: 'tciket' is undefined."),
        (
            "en/answer.txt",
            "{% if false %}\n{{ tciket }}{% endif %}",
            "line 2: there is no value called “tciket”. Did you mean “ticket”?",
        ),
        ("en/answer.html", "a\nb\n{{ ticket.nmber }}", "line 3:"),
        ("en/answer.html", "a\n{% if ticket %}", "line 2: Unexpected end of template."),
        ("en/answer.html", "{{ reply.__class__ }}", "line 1: access to attribute '__class__'"),
        ("en/answer.html", "{{ ''.join.__globals__ }}", "line 1:"),
        ("fr/answer.txt", "\n{{ ticket.number | sise }}", "line 2: No filter named 'sise'."),
        ("en/_foot.txt", "{{ desk.nmae }}", "line 1:"),
        ("pages/error.html", "{% block main %}", "line 1:"),
    ],
)
def test_a_broken_file_stops_the_start_and_says_where(
    tmp_path: Path, name: str, words: str, said: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        Templates.load(override(tmp_path, name, words))
    told = str(caught.value)
    assert str(tmp_path / name) in told
    assert said in told
    assert told.endswith("Correct it, or delete the file to use the one that comes with mailtickets.")


@pytest.mark.parametrize(
    ("name", "advice"), [("en/answr.txt", "“answer.txt”"), ("pages/tickts.html", "“tickets.html”")]
)
def test_a_mistyped_file_name_stops_the_start(tmp_path: Path, name: str, advice: str) -> None:
    with pytest.raises(
        TemplateError, match=f"there is no template of this name to replace. Did you mean {advice}"
    ):
        Templates.load(override(tmp_path, name, "x"))


def test_a_missing_part_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"_nothing\.txt"):
        Templates.load(override(tmp_path, "en/answer.txt", '{% include "_nothing.txt" %}'))


def test_a_page_is_filled_in_and_escaped(tmp_path: Path) -> None:
    own = override(tmp_path, "pages/error.html", "<p>{{ words }}</p>")
    assert Pages(own).render("error.html", {"words": "a < b"}) == "<p>a &lt; b</p>"


# The pieces.


@pytest.mark.parametrize(
    ("line", "width", "wanted"),
    [
        ("", 10, []),
        ("short", 10, ["short"]),
        ("one two three", 7, ["one two", "three"]),
        ("  one two three", 9, ["  one two", "  three"]),
        ("unbreakable-word", 5, ["unbreakable-word"]),
        ("reply #close and", 8, ["reply #close", "and"]),
        ("reply\u00a0#close and", 8, ["reply #close", "and"]),
    ],
)
def test_a_line_is_broken_where_it_may_be(line: str, width: int, wanted: list[str]) -> None:
    assert filters._wrapped(line, width) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Maria Lopez", "Maria"),
        ("Maria", "Maria"),
        ("Lopez, Maria", "Maria"),
        ("Maria del Carmen Lopez", "Maria del Carmen Lopez"),
        ("Dr. Smith", "Dr. Smith"),
        ("ACME Support", "ACME Support"),
        ("Example, Ltd Sales Team", "Example, Ltd Sales Team"),
        ("lee@example.org", "lee@example.org"),
        ("", ""),
    ],
)
def test_a_greeting_takes_the_first_name_only_where_there_is_one(name: str, wanted: str) -> None:
    assert filters.given(name) == wanted


@pytest.mark.parametrize(
    ("octets", "wanted"),
    [
        (1, "1 byte"),
        (800, "800 bytes"),
        (411_873, "412 kB"),
        (999_600, "1.0 MB"),
        (41_300_000, "41.3 MB"),
        (25 * 2**20, "25 MiB"),
    ],
)
def test_a_size_is_said_as_mail_programs_say_it(octets: int, wanted: str) -> None:
    assert filters.size(octets) == wanted


def test_a_preview_begins_after_the_greeting() -> None:
    assert filters.preview("Good morning,\n\nThe printer is blank.") == "The printer is blank."
    assert filters.preview("Good morning,") == "Good morning,"
    assert len(filters.preview("word " * 100)) <= 88


def test_paragraphs_keep_what_was_typed() -> None:
    html = filters.paragraphs("a\n  b\n\n\n# c <d>\nsee https://a.example/?x=1&y=2.", 12, 0)
    assert html == (
        '<p dir="auto" style="margin:0 0 12px">a<br>\u00a0\u00a0b</p><p dir="auto" style="margin:0 0 0px">» # c &lt;d&gt;<br>see '
        '<a class="a" style="color:#1a4f9c" href="https://a.example/?x=1&amp;y=2">https://a.example/?x=1&amp;y=2</a>.</p>'
    )


def test_columns_stand_in_line() -> None:
    assert filters.finish(filters.columns("Status | Open -> Closed\n | because\nTags | a | b\n")) == (
        "  Status  Open -> Closed\n          because\n  Tags    a | b\n"
    )


def test_a_mail_that_is_too_long_for_a_link_gets_none() -> None:
    assert filters.mailto(filters.way_back("a@b.example", "Re: x", "i@b"), "word " * 500) == ""


def test_moments_are_told_in_the_readers_zone_and_language() -> None:
    at = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    assert reader(NOW, "Europe/Paris", "en").full(at) == "Friday 20 November 2026, 00:30"
    assert reader(NOW, "UTC", "en").brief(at) == "Thu\u00a019\u00a0Nov,\u00a023:30"
    assert reader(NOW, "UTC", "en").brief(at.replace(year=2025)) == "19\u00a0Nov\u00a02025"
    assert reader(NOW, "UTC", "fr").names(("Ann", "Ben", "Chloé")) == "Ann, Ben et Chloé"
    assert reader(NOW, "UTC", "xx-nowhere").weekday() == "Friday"


@pytest.mark.parametrize("text", ["", "\n", " \n\n\t"])
def test_words_that_are_only_blanks_make_no_paragraph(text: str) -> None:
    assert filters.paragraphs(text) == ""
