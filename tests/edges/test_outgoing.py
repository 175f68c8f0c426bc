"""Every kind of mail that leaves, with every kind of name, subject and file, read by others than ourselves."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import policy as policies
from email.header import decode_header, make_header
from email.headerregistry import UniqueAddressHeader
from email.message import EmailMessage
from functools import cache
from urllib.parse import urlsplit

import mailparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from mailtickets.core import compose, mime, reading
from mailtickets.core.case import Reply, ReplyKind
from mailtickets.core.compose import About, Outgoing
from mailtickets.core.mail import Address, Attachment, InboundMail
from mailtickets.core.person import Person
from mailtickets.core.retry import Failed, Sent
from mailtickets.core.tokens import Secret
from mailtickets.smtp import Courier
from mailtickets.templates import Templates
from mailtickets.templates.sample import ANN, DESK, MARIA, NOW, POLICY, SAMPLES, TICKET, Sample
from tests.edges.conftest import relay_at
from tests.sink import Sink

SECRET = Secret((b"k" * 32,))
# Raises at whatever is not by the RFCs; linesep as SMTP has it.
STRICT = policies.strict.clone(utf8=True, linesep="\r\n", max_line_length=998)
ONCE = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")

NAMES = {
    "latin": "Zoë Ångström-Núñez",
    "cyrillic": "Мария Лопес",
    "chinese": "王小明",
    "japanese": "田中 太郎",
    "arabic": "محمد بن سلمان",
    "hebrew": "דוד כהן",
    "emoji": "Maria 🦊👩‍👩‍👧",
    "comma": 'Lopez, Maria "Mari" (home)',
    "encoded": "=?utf-8?q?Not_decoded?=",
    "address": "boss@example.com <ceo@example.com>",
    "long": "Wolfeschlegelsteinhausenbergerdorff" * 2,
    "none": "",
}
SUBJECTS = {
    "long": "Printer prints blank pages " * 11,
    "one word": "x" * 300,
    "cyrillic": "Принтер на втором этаже печатает пустые страницы, и это уже третий раз за неделю, помогите",
    "chinese": "二樓的打印機打印空白頁" * 9,
    "arabic": "الطابعة في الطابق الثاني تطبع صفحات فارغة",
    "emoji": "🖨️ broken 👩‍💻 " * 9,
    "encoded": "=?utf-8?q?Not_decoded?= at all",
    "break": "one\r\nBcc: everybody@example.com\r\n\r\ntwo",
    "none": "",
}
FILES = {
    "latin": "Zähler März.pdf",
    "cyrillic": "отчёт за март.pdf",
    "chinese": "二樓的打印機" * 9 + ".pdf",
    "arabic": "تقرير الطابعة.pdf",
    "emoji": "photo 🦊.jpg",
    "quotes": "a 'single' and; semicolon=1.pdf",
    "percent": "100%25 done.pdf",
}
BODY = """Hello,

Öl läuft aus. 油 и масло 🛢️

https://printer.example.com/manual?page=12&part=2&token={}
From the start of a line, and a dot:
.
> quoted
end""".format("a" * 300)


@cache
def templates() -> Templates:
    return Templates.load()


def composed(reply: Reply, about: About | None) -> Outgoing:
    return compose.message(reply, about, DESK, "in:4711", POLICY, SECRET, templates().render, NOW)


def strictly(octets: bytes) -> EmailMessage:
    """By the stdlib's reader, which raises at every defect."""
    message = email.message_from_bytes(octets, policy=STRICT)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert not part.defects
        for _, value in part.items():
            assert not value.defects
    return message


def body(message: EmailMessage, form: str) -> str:
    part = message.get_body((form,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def ours(octets: bytes) -> InboundMail:
    return reading.read(octets)


def varied(
    sample: Sample, name: str, subject: str, files: tuple[Attachment, ...] = ()
) -> tuple[Reply, About | None]:
    """The same mail between other people, about something else."""
    reply = sample.reply
    to = replace(reply.to, name=name, address=Address(reply.to.address.spec, name))
    author = replace(reply.author, name=name) if reply.author else None
    text = BODY if reply.text else ""
    about = sample.about
    if about:
        ticket = replace(about.ticket, subject=mime.one_line(subject))
        about = replace(about, ticket=ticket, requester=replace(about.requester, name=name))
    return replace(reply, to=to, author=author, text=text, attachments=files or reply.attachments), about


def wire_laws(outgoing: Outgoing) -> None:
    """What every relay may count on (RFC 5322 section 2.1.1, RFC 5321 section 2.3.8)."""
    octets = outgoing.octets
    assert b"\0" not in octets
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", octets)
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    head, _, rest = octets.partition(b"\r\n\r\n")
    assert head.isascii()
    # A longer one has no place to be broken at.
    long = [line for line in head.split(b"\r\n") if len(line) > 78]
    assert not [line for line in long if b" " in re.sub(rb'^[\w-]+: |"[^"]*"', b"", line).strip()]
    plain = rest.split(b"Content-Type: text/html")[0]
    assert all(len(line) <= 78 for line in plain.split(b"\r\n"))


def header_laws(message: EmailMessage, outgoing: Outgoing) -> None:
    for name in ONCE:
        assert len(message.get_all(name, [])) == 1, name
    (sender,) = message["From"].addresses
    assert isinstance(message["From"], UniqueAddressHeader)
    assert (sender.addr_spec, message["To"].addresses[0].addr_spec) == (DESK.spec, outgoing.recipient.spec)
    assert message["Date"].datetime == NOW
    assert message["MIME-Version"] == "1.0"
    references = str(message["References"] or "").split()
    assert len(references) <= 3
    assert all(re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", one) for one in references)
    assert bool(message["Auto-Submitted"]) is outgoing.is_automatic
    assert message["Bcc"] is None
    assert not any(name.lower().startswith("list-") for name in message)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_each_mail_to_each_name_is_read_alike_by_three_readers(sample: Sample, name: str) -> None:
    subject = SUBJECTS[sorted(SUBJECTS)[(len(name) + len(sample.name)) % len(SUBJECTS)]]
    reply, about = varied(sample, NAMES[name], subject)
    outgoing = composed(reply, about)
    wire_laws(outgoing)
    message = strictly(outgoing.octets)
    header_laws(message, outgoing)
    mine, other = ours(outgoing.octets), mailparser.parse_from_bytes(outgoing.octets)
    assert other.defects == []
    assert str(message["Subject"]) == mine.subject == other.subject
    assert _name(outgoing.octets, "To") == other.to[0][0] == mine.to[0].name
    assert mine.sender is not None
    assert _name(outgoing.octets, "From") == other.from_[0][0] == mine.sender.name
    assert mine.message_id == outgoing.message_id
    assert mine.from_defects == ()
    # mail-parser gives the text as it is; our reader takes the blanks at the ends of lines away.
    text = body(message, "plain")
    assert _squeezed(mine.text) == _squeezed(text) == _squeezed("".join(other.text_plain))


def _name(octets: bytes, header: str) -> str:
    """By the stdlib's older reader: the newer one puts a blank between adjacent encoded words in a phrase,
    where RFC 2047 section 6.2 has none.
    """
    raw = email.message_from_bytes(octets, policy=policies.compat32)[header]
    phrase = raw.rpartition("<")[0].replace("\r\n", "").replace("\n", "").strip()
    name = str(make_header(decode_header(phrase)))
    if name.startswith('"') and phrase.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def _squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", NAMES)
def test_name_comes_back_as_it_went(name: str) -> None:
    wanted = NAMES[name]
    person = Person(7, Address("maria@example.org", wanted), wanted)
    outgoing = composed(Reply(ReplyKind.ACKNOWLEDGEMENT, person, is_proven=True), About(TICKET, person, ANN))
    message = strictly(outgoing.octets)
    assert message["To"].addresses[0].addr_spec == "maria@example.org"
    # A name that looks like an address may be another person's: it is left out.
    assert _name(outgoing.octets, "To") == ("" if "@" in wanted else wanted)


@pytest.mark.parametrize("name", SUBJECTS)
def test_subject_comes_back_as_it_went(name: str) -> None:
    wanted = mime.one_line(SUBJECTS[name])
    about = About(replace(TICKET, subject=wanted), MARIA, ANN)
    message = strictly(
        composed(Reply(ReplyKind.ANSWER, MARIA, ANN, text="Yes.", is_proven=True), about).octets
    )
    found = str(message["Subject"])
    assert found.startswith("Re: [#1042]")
    shown = found.removeprefix("Re: [#1042]").strip()
    assert shown == wanted or (len(wanted) > 200 and wanted.startswith(shown.removesuffix("…")))
    if wanted:
        # Outlook gathers by this: as it was written, whole.
        assert message["Thread-Topic"] == wanted


@pytest.mark.parametrize("name", FILES)
def test_file_comes_back_as_it_went(name: str) -> None:
    octets = bytes(range(256)) * 5
    file = Attachment(FILES[name], "application/pdf", len(octets), "aa", False, octets=octets)
    outgoing = composed(
        Reply(ReplyKind.ANSWER, MARIA, ANN, text=BODY, attachments=(file,)), About(TICKET, MARIA, ANN)
    )
    wire_laws(outgoing)
    (part,) = strictly(outgoing.octets).iter_attachments()
    assert (part.get_filename(), part.get_content()) == (FILES[name], octets)
    (other,) = mailparser.parse_from_bytes(outgoing.octets).attachments
    assert other["filename"] == FILES[name]
    (mine,) = ours(outgoing.octets).attachments
    assert (mine.name, mine.octets) == (FILES[name], octets)


def test_agents_words_come_back_as_they_were_typed() -> None:
    outgoing = composed(Reply(ReplyKind.ANSWER, MARIA, ANN, text=BODY), About(TICKET, MARIA, ANN))
    wire_laws(outgoing)
    text = body(strictly(outgoing.octets), "plain")
    assert text.startswith(BODY)
    # Broken on its way only, not for whoever reads it: a link stays a link.
    assert "token=" + "a" * 300 in text.splitlines()[4]


def test_long_line_of_plain_words_is_whole_for_its_reader_and_short_on_its_way() -> None:
    long = "word " * 150  # less than the 998 octets that a line may have
    outgoing = composed(Reply(ReplyKind.ANSWER, MARIA, ANN, text=long), About(TICKET, MARIA, ANN))
    wire_laws(outgoing)
    found = body(strictly(outgoing.octets), "plain").splitlines()
    assert long.strip() in [line.strip() for line in found]
    # Plain ASCII, too, which could go as it is.
    assert max(map(len, mime.letter((), mime.Text(long, ""), (), "b").split(b"\r\n"))) <= 78


def test_mail_to_an_unproven_sender_has_no_topic_of_theirs() -> None:
    reply = Reply(ReplyKind.ACKNOWLEDGEMENT, MARIA)
    assert strictly(composed(reply, About(TICKET, MARIA, ANN)).octets)["Thread-Topic"] is None
    to_staff = Reply(ReplyKind.OPENED, ANN, MARIA, text="x", is_proven=True)
    assert strictly(composed(to_staff, About(TICKET, MARIA, ANN)).octets)["Thread-Topic"] is None


@given(st.text(max_size=400), st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_no_words_break_a_header_and_all_come_back(name: str, subject: str) -> None:
    person = Person(7, Address("maria@example.org", name), name)
    about = About(replace(TICKET, subject=subject), person, ANN)
    outgoing = composed(Reply(ReplyKind.ANSWER, person, ANN, text="Yes.", is_proven=True), about)
    wire_laws(outgoing)
    message = strictly(outgoing.octets)
    header_laws(message, outgoing)
    wanted = "" if "@" in name else mime.one_line(name)
    found = _name(outgoing.octets, "To")
    assert found == wanted or (len(wanted) > 100 and wanted.startswith(found.removesuffix("…")))
    topic = str(message["Thread-Topic"] or "")
    assert topic == mime.one_line(subject)


async def test_international_address_is_written_where_the_relay_can_and_given_up_in_words_where_not() -> None:
    """RFC 6532: the local part as it is, the domain in its ASCII form."""
    person = Person(7, Address("jörg@bücher.example", "Jörg"), "Jörg")
    outgoing = composed(Reply(ReplyKind.HELP, person, is_proven=True), None)
    # The stdlib's reader knows RFC 5322 only, and calls every such address a defect.
    assert "<jörg@xn--bcher-kva.example>\r\n".encode() in outgoing.octets
    assert ours(outgoing.octets).to == (Address("jörg@xn--bcher-kva.example", "Jörg"),)
    with Sink() as sink:
        courier = Courier(relay_at(sink.port))
        assert isinstance(
            await courier.send(outgoing.recipient, outgoing.envelope_from, outgoing.octets), Sent
        )
        await courier.close()
        assert "SMTPUTF8" in sink.mails[0].options
        assert sink.mails[0].octets == outgoing.octets
    with Sink(utf8=False) as narrow:
        courier = Courier(relay_at(narrow.port))
        result = await courier.send(outgoing.recipient, outgoing.envelope_from, outgoing.octets)
        await courier.close()
    assert isinstance(result, Failed)
    assert "carries no addresses with letters outside ASCII" in result.text


# The HTML

OUR_LINKS = ("mailto:", POLICY.url)
SAFE_TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "table",
        "tr",
        "td",
        "p",
        "b",
        "br",
        "span",
        "a",
        "code",
    ),
    *("tbody", "th", "thead", "ul", "ol", "li", "strong", "em"),
}
EVERY = [(sample.name, sample) for sample in SAMPLES]


def rendered(sample: Sample) -> str:
    return body(strictly(composed(sample.reply, sample.about).octets), "html")


@pytest.mark.parametrize(("_name", "sample"), EVERY, ids=[name for name, _ in EVERY])
def test_html_is_what_another_parser_takes_without_a_complaint(_name: str, sample: Sample) -> None:
    parser = etree.HTMLParser(recover=False)
    root = html.document_fromstring(rendered(sample), parser=parser)
    assert [entry.message for entry in parser.error_log] == []
    found = {element.tag for element in root.iter() if isinstance(element.tag, str)}
    assert found <= SAFE_TAGS
    assert root.get("lang") == "en"


@pytest.mark.parametrize(("_name", "sample"), EVERY, ids=[name for name, _ in EVERY])
def test_html_fetches_nothing_and_leads_to_us_alone(_name: str, sample: Sample) -> None:
    text = rendered(sample)
    root = html.document_fromstring(text)
    assert not re.search(r"url\(|@import|expression\(|javascript:|data:", text, re.IGNORECASE)
    for element, attribute, link, _ in root.iterlinks():
        assert (element.tag, attribute) == ("a", "href")
        if not link.startswith(OUR_LINKS):
            # What somebody wrote may name a page: then it is the page that the words name.
            assert link == element.text_content()
            assert urlsplit(link).scheme in ("http", "https")
    for element in root.iter():
        assert not [
            name for name in element.attrib if name.lower().startswith("on") or name in ("src", "background")
        ]


# Colours (WCAG 2.2, 1.4.3 and 1.4.11)

WHITE, DARK = "#ffffff", "#1c1c1c"  # what clients put behind a mail that has no background of its own
TEXT, EDGE = 4.5, 3.0


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def styles(text: str) -> dict[str, str]:
    return {
        name.strip().lower(): value.replace("!important", "").strip()
        for name, _, value in (part.partition(":") for part in text.split(";") if ":" in part)
    }


def repainted(text: str) -> list[tuple[list[str], dict[str, str]]]:
    """The rules of the dark scheme: selectors, and what they set."""
    block = re.search(r"prefers-color-scheme: dark\) \{(.*?)\n\}", text, re.S)
    assert block is not None
    return [
        ([s.strip() for s in rule[0].split(",")], styles(rule[1]))
        for rule in re.findall(r"([^{}]+)\{([^}]*)\}", block[1])
    ]


def painted(element: html.HtmlElement, rules: list[tuple[list[str], dict[str, str]]]) -> dict[str, str]:
    """What an element sets for itself, in one scheme."""
    own = styles(element.get("style") or "")
    if element.get("bgcolor"):
        own.setdefault("background-color", element.get("bgcolor"))
    for selectors, values in rules:
        if any(_meets(element, selector) for selector in selectors):
            own |= values
    return own


def _meets(element: html.HtmlElement, selector: str) -> bool:
    *ancestors, last = selector.split()
    marks = (element.get("class") or "").split()
    is_it = last[1:] in marks if last.startswith(".") else element.tag == last
    return is_it and all(
        any(name.lstrip(".") in (up.get("class") or "").split() for up in element.iterancestors())
        for name in ancestors
    )


def seen(
    text: str, ground: str, rules: list[tuple[list[str], dict[str, str]]]
) -> Iterator[tuple[str, str, str]]:
    """(words, their colour, what is behind them) of all words that have a colour of their own or a ground."""
    root = html.document_fromstring(text)
    for element in root.body.iter():
        if not isinstance(element.tag, str) or not (element.text or "").strip():
            continue
        chain = [painted(one, rules) for one in (element, *element.iterancestors())]
        if any(one.get("display") == "none" for one in chain):
            continue
        # No colour: the client's own black or white, which it picks to be read.
        ink = next(
            (one["color"] for one in chain if "color" in one), "#000000" if ground == WHITE else "#ffffff"
        )
        behind = next((one["background-color"] for one in chain if "background-color" in one), ground)
        yield element.text.strip(), ink, behind


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("_name", "sample"), EVERY, ids=[name for name, _ in EVERY])
def test_every_word_can_be_read_in_both_schemes(_name: str, sample: Sample, scheme: str) -> None:
    text = rendered(sample)
    ground, rules = (WHITE, []) if scheme == "light" else (DARK, repainted(text))
    for words, ink, behind in seen(text, ground, rules):
        assert contrast(ink, behind) >= TEXT, (words, ink, behind)


@pytest.mark.parametrize(("_name", "sample"), EVERY, ids=[name for name, _ in EVERY])
def test_every_word_can_be_read_where_a_client_turns_all_colours_round(_name: str, sample: Sample) -> None:
    """Outlook.com and Gmail on iOS heed no media query: they turn ink and ground, lightness for lightness."""
    for words, ink, behind in seen(rendered(sample), WHITE, []):
        assert contrast(_turned(ink), _turned(behind)) >= TEXT, (words, ink, behind)


def _turned(colour: str) -> str:
    """The same hue at the opposite lightness (HSL), as those clients do."""
    import colorsys

    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    turned = colorsys.hls_to_rgb(hue, 1 - light, saturation)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in turned)


def test_contrast_is_measured_as_the_standard_does() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_date_does_not_depend_on_when_it_is_sent() -> None:
    later = compose.message(
        Reply(ReplyKind.HELP, ANN),
        None,
        DESK,
        "in:1",
        POLICY,
        SECRET,
        templates().render,
        NOW + timedelta(days=1),
    )
    assert strictly(later.octets)["Date"].datetime == NOW + timedelta(days=1)
