"""Laws of the reader that hold for any octets, lines and addresses whatever."""

from __future__ import annotations

import itertools
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.core import classify, identity, reading
from mailtickets.core.identity import Trust
from mailtickets.core.mail import SegmentKind
from mailtickets.core.reading import (
    ReadingLimits,
    addresses,
    armour,
    characters,
    flowed,
    folding,
    headers,
    html,
    mime,
    names,
    phrases,
    sealed,
    texts,
    words,
)
from mailtickets.core.reading.html import Marked

# Pieces that letters are made of: whole ones for speed, broken ones for luck.
PIECES = st.sampled_from(
    (
        *(b"From: ", b"To: ", b"Subject: ", b"Content-Type: ", b"multipart/mixed; boundary=b", b"text/html"),
        *(
            b"message/rfc822",
            b"Content-Transfer-Encoding: base64",
            b"quoted-printable",
            b"x-uuencode",
            b"begin 644 x",
        ),
        *(
            b"\r\n",
            b"\n",
            b"\n\n",
            b"\r",
            b" ",
            b"\t",
            b"--b",
            b"--b--",
            b"a@b.example",
            b"<",
            b">",
            b'"',
            b"(",
            b"\\",
        ),
        *(
            b"=?utf-8?q?=C3?=",
            b"=?utf-8?B?w7w=?=",
            b"=?x?b?!?=",
            b"=C3=BC",
            b"\xff\xfe",
            b"\x00",
            b"\xc3\xbc",
        ),
        *(
            b"filename*0*=utf-8''%C3",
            b"; filename*1=x",
            b"; charset=utf-16",
            b"<div class=gmail_quote>",
            b"</div>",
        ),
        *(
            b"> quoted",
            b"On 1 May 2026 10:00 a@b.example wrote:",
            b"-- ",
            b"Final-Recipient: rfc822; a@b.example",
        ),
        *(
            b"Status: 5.1.1",
            b"Action: failed",
            b"message/delivery-status",
            b"multipart/report",
            b"Auto-Submitted: x",
        ),
        *(
            b"Authentication-Results: mx; dmarc=",
            b"pass",
            b"fail",
            b"Date: ",
            b"Fri, 32 Feb 0000 25:61 +9999",
        ),
    )
)
OCTETS = st.lists(PIECES | st.binary(max_size=20), max_size=60).map(b"".join)


@given(OCTETS)
@settings(max_examples=500)
def test_any_octets_are_a_letter_or_cleanly_refused(octets: bytes) -> None:
    try:
        mail = reading.read(octets)
    except reading.Broken:
        return
    assert "\n".join(segment.text for segment in mail.segments) == mail.text
    assert "\0" not in mail.text + mail.subject
    mail.text.encode("utf-8")
    assert all(f"{file.content_type}{file.content_id}".isprintable() for file in mail.attachments)
    repr(mail).encode("utf-8")
    classify.kind(mail, frozenset())
    identity.evidence(mail, Trust(authserv_id="mx", own_hosts=("mx",)), ())


@given(OCTETS)
def test_line_breaks_and_trace_fields_of_the_way_change_no_fingerprint(body: bytes) -> None:
    octets = b"From: a@b.example\nSubject: x\n\n" + body.replace(b"\r", b"").replace(b"\0", b"")
    came_by_lmtp = b"Received: by mx.example.org\r\n" + octets.replace(b"\n", b"\r\n")
    try:
        first = reading.read(octets)
    except reading.Broken:
        return
    assert reading.read(came_by_lmtp).fingerprint == first.fingerprint


@given(st.text(max_size=400))
def test_what_the_strict_reader_accepts_holds_one_address_that_is_written_there(value: str) -> None:
    found = addresses.mailbox(value)
    if found is not None:
        assert addresses.is_spec(found.spec)
        assert found.spec in value


@given(
    st.lists(
        st.sampled_from(("a@b.example", "c@d.example", "<", ">", ",", '"', "(", ")", " ", "x", ";", ":"))
    )
)
def test_two_addresses_outside_of_quotes_and_comments_are_nobody(pieces: list[str]) -> None:
    value = "".join(pieces)
    if addresses.mailbox(value) is not None and not set('"()') & set(value):
        assert value.count("@") == 1


LINES = st.sampled_from(
    (
        *(
            "",
            "Hello",
            "> quoted",
            ">> twice",
            "-- ",
            "--",
            "Lee",
            "On 1 May 2026 at 10:00, Ann <a@b.example> wrote:",
        ),
        *(
            "From: Ann <a@b.example>",
            "Sent: 1 May 2026 10:00",
            "To: Lee",
            "Subject: x",
            "-----Original Message-----",
        ),
        *(
            "---------- Forwarded message ----------",
            "________________________________",
            "Sent from my iPhone",
        ),
        *(
            "This e-mail is confidential and intended solely for you.",
            "##- reply above this line -##",
            "wrote:",
            "#close",
        ),
    )
)


@given(
    st.lists(LINES | st.text("ab>:-_ \n", max_size=20), max_size=40), st.sampled_from(("Re: x", "Fwd: x", ""))
)
@settings(max_examples=400)
def test_folding_cuts_nothing(lines: list[str], subject: str) -> None:
    body = plain("\n".join(lines))
    segments = folding.segments(body, nothing, subject, ReadingLimits())
    assert "\n".join(segment.text for segment in segments) == body.text
    assert all(one.kind is not two.kind for one, two in itertools.pairwise(segments))


@given(st.lists(st.sampled_from(("Yes.", "No, thanks.", "", "Here it is")), min_size=1, max_size=6))
def test_an_answer_between_quotes_is_never_cut(answers: list[str]) -> None:
    lines = ["On 1 May 2026 at 10:00, Ann <a@b.example> wrote:"]
    for number, answer in enumerate(answers):
        lines += [f"> question {number}", "> and more of it", "", answer, ""]
    segments = folding.segments(plain("\n".join((*lines, "> the end"))), nothing, "Re: x", ReadingLimits())
    typed = [line for s in segments if s.kind is SegmentKind.TYPED for line in s.text.split("\n") if line]
    assert typed == [answer for answer in answers if answer]


@given(st.text(max_size=300))
def test_no_name_is_a_path(name: str) -> None:
    safe = names.safe(name, "application/pdf", 1)
    assert safe == safe.strip()
    assert safe not in ("", ".", "..")
    assert not set(safe) & set('/\\<>:"|?*\0\n')
    assert len(safe.encode()) <= names.MAX_OCTETS


@given(
    st.binary(max_size=200),
    st.text(max_size=20) | st.sampled_from(("utf-7", "utf-16", "idna", "rot13", "punycode")),
)
def test_any_octets_in_any_charset_are_some_text(octets: bytes, charset: str) -> None:
    characters.decoded(octets, charset).encode("utf-8")


@given(st.text(max_size=300))
def test_any_html_is_some_text_with_a_kind_for_each_line(source: str) -> None:
    marked = html.rendered(f"<p>{source}")
    assert len(marked.kinds) == (marked.text.count("\n") + 1 if marked.kinds else 0)


@given(st.text(max_size=300), st.booleans())
def test_unflowing_keeps_every_letter(text: str, delete_space: bool) -> None:
    assert (
        "".join(flowed.unflowed(text, delete_space=delete_space).split()).strip(">")
        == "".join(text.split()).strip(">")
        or ">" in text
    )


@given(st.text(max_size=200))
def test_words_that_are_not_encoded_stay_as_they_are(text: str) -> None:
    if "=?" not in text:
        assert words.decode_words(text) == text


@given(st.binary(max_size=300))
def test_any_octets_are_an_envelope_or_none(octets: bytes) -> None:
    seal, letter = sealed.opened(octets)
    assert seal is not None or letter == b""


@given(OCTETS)
def test_any_octets_come_apart_into_parts_that_are_read_the_same_each_time(octets: bytes) -> None:
    try:
        root = mime.take_apart(octets, ReadingLimits())
    except reading.Broken:
        return
    for part in root.walk():
        assert isinstance(part.octets, bytes)
        assert texts.Text(part).marked.text == texts.Text(part).marked.text


ARMOUR = st.sampled_from(
    (
        *(
            "-----BEGIN PGP SIGNED MESSAGE-----",
            "Hash: SHA256",
            "",
            "- -- x",
            "-----BEGIN PGP SIGNATURE-----",
        ),
        *(
            "-----END PGP SIGNATURE-----",
            "-----BEGIN PGP MESSAGE-----",
            "-----END PGP MESSAGE-----",
            "begin 644 x",
        ),
        *("&<VUO:V4*", "`", "end", "Hello"),
    )
)


@given(st.lists(ARMOUR | st.text("ab -`", max_size=10), max_size=25))
def test_armour_is_folded_and_no_line_of_it_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    marked = armour.marked(text)
    kept = [line for line in marked.text.split("\n") if line != armour.ENCRYPTED]
    assert len(kept) == len(text.split("\n"))
    assert all(line in (was, was[2:]) for line, was in zip(kept, text.split("\n"), strict=True))
    assert len(marked.kinds) == marked.text.count("\n") + 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("from", "to", "cc", "date", "subject", "references", "reply-to", "return-path")),
            st.text(max_size=120)
            | st.sampled_from(
                ("a@b.example", "<a@b.example>, (x", "=?utf-8?q?=C3?=", "Fri, 32 Feb 0000 25:61 +9999")
            ),
        ),
        max_size=8,
    )
)
def test_any_fields_are_an_envelope(fields: list[tuple[str, str]]) -> None:
    said = headers.envelope(tuple(fields))
    assert said.sender is None or addresses.is_spec(said.sender.spec)
    assert all(addresses.is_spec(one.spec) for one in (*said.to, *said.cc, *said.reply_to))
    # Unassigned code points may come: tomorrow they are letters.
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in said.subject)


@given(st.from_regex(r"[a-z.]{1,12}@[a-z]{1,8}\.example", fullmatch=True))
def test_an_address_is_read_as_itself_with_and_without_a_name(spec: str) -> None:
    if addresses.is_spec(spec):
        for value in (spec, f"<{spec}>", f"Lee <{spec}>", f'"Lee, X" <{spec}>', f"{spec} (Lee)"):
            found = addresses.mailbox(value)
            assert found is not None
            assert found.spec == spec


@given(st.text(max_size=200))
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    for clean in (characters.clean_text, characters.clean_line):
        assert clean(clean(text)) == clean(text)
    name = names.safe(text, "text/plain", 1)
    assert names.safe(name, "text/plain", 1) == name


@given(st.text(max_size=400))
def test_any_notice_is_read_up_to_its_letter(text: str) -> None:
    assert text.startswith(phrases.notice(text))
    phrases.without_advice(text)


WORDS = st.text(st.characters(categories=("L", "N"), max_codepoint=0x2FF), min_size=1, max_size=12)


@given(st.lists(WORDS, min_size=1, max_size=20))
def test_words_come_out_of_html_as_they_went_in(said: list[str]) -> None:
    page = html.rendered("".join(f"<p>{word}</p>" for word in said))
    assert page.text.split() == said


def nothing() -> Marked:
    return Marked("", ())


def plain(text: str) -> Marked:
    return Marked(text, (SegmentKind.TYPED,) * (text.count("\n") + 1))
