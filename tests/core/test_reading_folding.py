"""Heads, quotes and signatures of the world's mail programs: each row is a family, not a letter."""

from __future__ import annotations

import pytest

from mailtickets.core import reading
from mailtickets.core.mail import Segment, SegmentKind
from mailtickets.core.reading import ReadingLimits, folding, html
from mailtickets.core.reading.html import Marked

TYPED, QUOTE, SIGNATURE, FORWARD = SegmentKind


def nothing() -> Marked:
    return Marked("", ())


def folded(text: str, subject: str = "Re: x", formatted: Marked | None = None) -> tuple[Segment, ...]:
    return folding.segments(
        Marked(text, (TYPED,) * (text.count("\n") + 1)),
        lambda: formatted or nothing(),
        subject,
        ReadingLimits(),
    )


def typed(text: str, subject: str = "Re: x") -> str:
    return "\n".join(s.text for s in folded(text, subject) if s.kind is TYPED).strip("\n")


ATTRIBUTIONS = (
    "On Fri, Nov 20, 2026 at 4:18 PM Support <support@desk.example.org> wrote:",
    "On 20/11/2026 16:18, Support wrote:",
    "On Nov 20, 2026, at 4:18 PM, Support <\nsupport@desk.example.org> wrote:",
    "On Fri, 20 Nov 2026 16:18:00 +0100\nSupport\n<support@desk.example.org> wrote:",
    "On Wed, 14 Nov 2018 08:14:43 -0200 Support <support@desk.example.org> wrote",
    "------On 12/29/2026 17:32 PM, Support wrote-----",
    "Am 20.11.2026 um 16:18 schrieb Support <support@desk.example.org>:",
    "Support <support@desk.example.org> schrieb am Fr., 20.\nNov. 2026 um 16:18 Uhr:",
    "Le ven. 20 nov. 2026 à 16:18, Support <support@desk.example.org> a\nécrit :",
    "El vie, 20 nov 2026 a las 16:18, Support (<support@desk.example.org>) escribió:",
    "Il giorno ven 20 nov 2026 alle ore 16:18 Support <support@desk.example.org>\nha scritto:",
    "Em sex., 20 de nov. de 2026 às 16:18, Support <support@desk.example.org> escreveu:",
    "Op vr 20 nov. 2026 om 16:18 schreef Support <support@desk.example.org>:",
    'Op 20 nov. 2026 16:18 schreef "Support" <support@desk.example.org> het\nvolgende geschreven:',
    "W dniu pt., 20.11.2026 o 16:18 Support <support@desk.example.org> napisał(a):",
    "pá 20. 11. 2026 v 16:18 odesílatel Support <support@desk.example.org> napsal:",
    "Den fre 20 nov. 2026 kl 16:18 skrev Support <support@desk.example.org>:",
    "fre. 20. nov. 2026 kl. 16:18 skrev Support <support@desk.example.org\n>:",
    "pe 20. marrask. 2026 klo 16.18 Support\n<support@desk.example.org> kirjoitti:",
    "Support <support@desk.example.org> ezt írta (időpont: 2026. nov. 20., P, 16:18):",
    "În vin., 20 nov. 2026 la 16:18, Support <support@desk.example.org> a scris:",
    "пт, 20 нояб. 2026 г. в 16:18, Support <support@desk.example.org>:",
    "20 ноября 2026 г., 16:18 пользователь Support <\nsupport@desk.example.org> написал:",
    "Support <support@desk.example.org>, 20 Kas 2026 Cum, 16:18 tarihinde şunu yazdı:",
    "Στις Παρ 20 Νοε 2026 στις 16:18, ο χρήστης Support <support@desk.example.org> έγραψε:",
    "2026年11月20日(金) 16:18 Support <support@desk.example.org>:",
    "Support <support@desk.example.org> 于2026年11月20日周五 16:18写道：",
    "2026년 11월 20일 (금) 오후 4:18, Support <support@desk.example.org>님이 작성:",
    "2013/7/20 Support <support@desk.example.org>",
    "2016-03-03 17:21 GMT+01:00 Support",
    "issue_tracker@desk.example.org wrote:",
    "Thu, 26 Jun 2026 14:00:51 +0400 от Support <support@desk.example.org>:",
)


@pytest.mark.parametrize("below", ["> Did it help?", "Did it help?"], ids=["marked", "unmarked"])
@pytest.mark.parametrize("head", ATTRIBUTIONS)
def test_an_attribution_in_any_language_is_folded_with_its_quote(head: str, below: str) -> None:
    assert typed(f"It works.\n\n{head}\n\n{below}") == "It works."


@pytest.mark.parametrize("head", ATTRIBUTIONS)
def test_the_line_right_above_an_attribution_is_the_senders(head: str) -> None:
    assert typed(f"It works.\nSee you at 10:30.\n{head}\n> Did it help?") == "It works.\nSee you at 10:30."


BLOCKS = {
    "Outlook": "From: Support <support@desk.example.org>\nSent: Friday, 20 November 2026 16:18\nTo: Lee\nSubject: x",
    "Outlook, below a line": "________________________________\nFrom: Support\nSent: Friday, 20 November 2026\nTo: Lee",
    "Outlook, stars": "*From:* Support\n*Sent:* Friday, 20 November 2026 16:18\n*To:* Lee\n*Subject:* x",
    "German": "Von: Support\nGesendet: Freitag, 20. November 2026 16:18\nAn: Lee\nBetreff: x",
    "French": "De : Support\nEnvoyé : vendredi 20 novembre 2026 16:18\nÀ : Lee\nObjet : x",
    "Dutch": "Van: Support [mailto:support@desk.example.org]\nVerzonden: vrijdag 20 november 2026\nAan: Lee\nOnderwerp: x",
    "Italian": "Da: Support\nInviato: venerdì 20 novembre 2026 16:18\nA: Lee\nOggetto: x",
    "Russian, without a subject": "От: Support\nОтправлено: пятница, 20 ноября 2026 г. 16:18\nКому: Lee",
    "Chinese": "发件人: Support\n发送时间: 2026年11月20日 16:18\n收件人: Lee\n主题: x",
    "Japanese": "差出人: Support\n送信日時: 2026年11月20日 16:18\n宛先: Lee\n件名: x",
    "date first": "Date: Fri, 20 Nov 2026 16:18:00 +0100\nTo: lee@customer.example",
    "one line": "From: support@desk.example.org Date: Fri, 20 Nov 2026 16:18:00 +0100",
    "original message": "-----Original Message-----\nFrom: Support\nSubject: x",
    "Ursprüngliche Nachricht": "-------- Ursprüngliche Nachricht --------",
    "any message between dashes": "-----Antwort Nachricht-----",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_block_of_fields_is_folded_with_all_below(block: str) -> None:
    assert typed(f"It works.\n\n{block}\n\nDid it help?") == "It works."


@pytest.mark.parametrize("block", list(BLOCKS.values())[:10], ids=list(BLOCKS)[:10])
def test_the_same_block_under_the_subject_of_a_forward_is_kept_in_view(block: str) -> None:
    segments = folded(f"Please look.\n\n{block}\n\nIt smokes.", "Fwd: x")
    assert [segment.kind for segment in segments] == [TYPED, FORWARD]


FORWARDS = (
    "---------- Forwarded message ----------",
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
    "-------- Weitergeleitete Nachricht --------",
    "Anfang der weitergeleiteten Nachricht:",
    "---------- Message transféré ---------",
    "Début du message réexpédié :",
    "-------- Пересылаемое сообщение --------",
)


@pytest.mark.parametrize("mark", FORWARDS)
def test_a_forwarded_message_stays_in_view_and_is_nobodys_word(mark: str) -> None:
    segments = folded(f"Please look.\n\n{mark}\n\n> #close\nIt smokes.")
    assert [segment.kind for segment in segments] == [TYPED, FORWARD]


OWN_WORDS = (
    "From: Berlin\nTo: Paris\nDate: 12 May",
    "He wrote: I will come.",
    "In 2026 he wrote a book about printers:\n- one\n- two",
    "In 2026 he wrote:\nhello",
    "Note: the printer is at support@desk.example.org",
    "Name: Lee\nSubject: printer",
    "a\n----------\nb",
    "Steps:\n- switch on\n- wait",
    "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
    "Error at 10:30:\n  file not found",
    "My message to Ann at 10:30 was:\nhello",
)


@pytest.mark.parametrize("text", OWN_WORDS)
def test_what_only_looks_like_a_head_is_the_senders(text: str) -> None:
    assert typed(f"Hello\n\n{text}\n\nBye") == f"Hello\n\n{text}\n\nBye"


SIGNATURES = (
    "-- \nLee\nCustomer Ltd.",
    "--\nLee",
    "--\u00a0\nLee",
    "—\nLee",
    "Sent from my iPhone",
    "Get Outlook for iOS<https://aka.example>",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "发自我的iPhone",
    "_______________________________________________\nprinters mailing list\nprinters@lists.example",
    "This e-mail and its attachments are confidential and intended solely for the addressee.",
    "Diese E-Mail enthält vertrauliche Informationen.",
)


@pytest.mark.parametrize(
    "below", ["", "\n\nOn 20/11/2026 16:18, Support wrote:\n> x"], ids=["alone", "with a quote"]
)
@pytest.mark.parametrize("signature", SIGNATURES)
def test_what_stands_under_a_letter_is_folded(signature: str, below: str) -> None:
    assert typed(f"It works.\n\n{signature}{below}") == "It works."


def test_two_dashes_over_a_long_text_are_no_signature() -> None:
    text = "Hello\n--\n" + "\n".join(f"line {number}" for number in range(30))
    assert typed(text) == text


def test_the_end_of_a_quoted_line_that_a_program_broke_is_quoted() -> None:
    long = "> In efficitur augue ac tristique ullamcorper. Aenean tincidunt ornare diam,"
    assert typed(f"It works.\n\n{long}\neget accumsan est\n> viverra quis.") == "It works."
    assert typed(f"It works.\n\n{long}\nNo.\n> viverra quis.") == "It works.\n\nNo."
    assert typed(f"It works.\n\n{long[:40]}\nyes\n> viverra quis.") == "It works.\n\nyes"


def test_a_name_under_a_greeting_is_the_senders() -> None:
    assert typed("It works.\n\nBest regards\nLee") == "It works.\n\nBest regards\nLee"


@pytest.mark.parametrize(
    "line",
    [
        "-- REPLY ABOVE THIS LINE --",
        "##- Bitte schreiben Sie Ihre Antwort über dieser Zeile -##",
        "> --- Reply above this line ---",
    ],
)
def test_what_is_below_the_line_to_answer_above_is_folded(line: str) -> None:
    assert typed(f"It works.\n\n{line}\n\nDid it help?\nHey!") == "It works."


def test_the_sentence_about_that_line_is_no_such_line_when_nothing_stands_above() -> None:
    assert typed("-- reply above this line --\nIt works.") == "It works."


def test_an_attribution_whose_quote_was_taken_out_hides_nothing() -> None:
    assert typed("On 20/11/2026 16:18, Support <s@desk.example.org> wrote:\n\nIt works.") == "It works."


HTML_QUOTES = {
    "gmail": '<div class="gmail_quote">On x, A wrote:<blockquote>Q</blockquote></div>',
    "cite": '<blockquote type="cite">Q</blockquote>',
    "yahoo": '<div class="yahoo_quoted">Q</div>',
    "proton": '<div class="protonmail_quote">Q</div>',
    "thunderbird": '<div class="moz-cite-prefix">A wrote:</div><blockquote type="cite">Q</blockquote>',
    "outlook web": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> A</div><div>Q</div>',
    "hotmail": '<hr id="stopSpelling">Q',
    "quoted by Outlook": '<div class="x_gmail_quote">Q</div>',
    "quoted by Yahoo": '<div class="yiv0123456789gmail_quote">Q</div>',
    "quoted by Gmail": '<div class="m_-1234567890gmail_quote">Q</div>',
    "mobile Outlook": '<hr tabindex="-1" style="width:98%"><div><b>From:</b> A</div><div>Q</div>',
    "desktop Outlook": '<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
    "<p>From: A<br>Sent: x<br>To: B</p></div><p>Q</p>",
    "Zimbra": '<hr id="zwchr"><div>From: A</div><div>Q</div>',
    "Zoho": '<div class="zmail_extra">Q</div>',
    "163": '<blockquote id="isReplyContent">Q</blockquote>',
    "eM Client": '<div id="origbody">Q</div>',
    "Spark": '<div name="messageReplySection">Q</div>',
    "Mailbird": '<blockquote class="history_container">Q</blockquote>',
    "Roundcube": '<p id="reply-intro">A wrote</p><blockquote>Q</blockquote>',
    "mail.ru": '<div>20 ноября 2026, 16:18 от A &lt;a@b.example&gt;:</div><blockquote style="border-left:1px solid #0857A6">Q</blockquote>',
    "introduced": "On 20 Nov 2026, A wrote:<blockquote>Q</blockquote>",
}


@pytest.mark.parametrize("quote", HTML_QUOTES.values(), ids=HTML_QUOTES)
def test_what_the_program_marked_in_html_is_folded(quote: str) -> None:
    marked = html.rendered(f"<html><body><p>It works.</p>{quote}</body></html>")
    segments = folding.segments(marked, nothing, "Re: x", ReadingLimits())
    assert "\n".join(s.text for s in segments if s.kind is TYPED).strip() == "It works."
    assert any("Q" in s.text for s in segments if s.kind is QUOTE)


def test_a_quote_of_the_senders_own_in_html_is_the_senders() -> None:
    marked = html.rendered("<p>The sign says</p><blockquote>No smoking</blockquote><p>But it smokes.</p>")
    assert all(kind is TYPED for kind in marked.kinds)


def test_a_marked_line_in_html_never_becomes_the_senders() -> None:
    marked = html.rendered('<div>a<blockquote type="cite">#close</blockquote>b</div>')
    segments = folding.segments(marked, nothing, "Re: x", ReadingLimits())
    assert "#close" not in "".join(s.text for s in segments if s.kind is TYPED)


def test_the_marks_of_the_html_side_help_where_the_plain_side_has_none() -> None:
    quoted = "Did it help? Please tell us whether the printer prints again since you switched it on."
    formatted = html.rendered(f'<p>It works.</p><div class="protonmail_quote">{quoted}</div>')
    segments = folded(f"It works.\n\n{quoted}", formatted=formatted)
    assert [(s.kind, s.text.strip()) for s in segments] == [(TYPED, "It works."), (QUOTE, quoted)]


JOINED = {
    "Yes. On 12 May 2026 10:00, Ann <ann@example.org> wrote:\n> Does it?": "Yes.",
    "Yes On Tue, May 12, 2026 at 10:00 AM, ann@example.org wrote:\n> Does it?": "Yes",
    "Yes. On 12 May 2026, Ann <ann@example.org> wrote: Does it work?": "Yes.",
    "Oui. Le mar. 12 mai 2026 à 10:00, Ann <ann@example.org> a écrit :\n> Bon ?": "Oui.",
    "Sí.\n\nEl mar, 12 may 2026 a las 10:00, Ann <ann@example.org> escribió:\n> Bien": "Sí.",
    "Tak.\n\nW dniu pon., 11 maj 2026 o 10:00 Ann <ann@example.org> napisał(a):\n> Dobrze": "Tak.",
}


@pytest.mark.parametrize("text", JOINED)
def test_an_attribution_on_the_line_of_the_answer_is_taken_apart(text: str) -> None:
    mail = reading.read(f"From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\n{text}".encode())
    assert mail.reply == JOINED[text]


def test_a_sentence_on_what_somebody_wrote_stays_whole() -> None:
    text = "I read that on 12 May 2026 Ann <ann@example.org> wrote: Does it work? I think so."
    assert reading.read(f"From: a@b.example\n\n{text}".encode()).reply == text
