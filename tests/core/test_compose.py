"""What leaves the desk as octets: whose it is, what it answers, and that no word of a stranger bends it."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import parsedate_to_datetime

import mailparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.core import compose, facts, mime, tokens
from mailtickets.core.case import Difference, Refusal, Reply, ReplyKind
from mailtickets.core.compose import About, Outgoing, Rendered
from mailtickets.core.facts import Facts
from mailtickets.core.identity import Trust
from mailtickets.core.mail import Address, Attachment
from mailtickets.core.policy import Policy
from mailtickets.core.tokens import Secret, Token
from mailtickets.templates.sample import ANN, BEN, DESK, MARIA, NOW, POLICY, TICKET

SECRET = Secret((b"k" * 32,))
ABOUT = About(TICKET, MARIA, ANN)


def plainly(known: Facts) -> Rendered:
    """Words enough to see what a template would have been given."""
    return Rendered("", f"{known.reply.text}\n-- \n{known.ticket}\n", f"<p>{known.reply.text}</p>\n")


def composed(reply: Reply, about: About | None = ABOUT, policy: Policy = POLICY) -> Outgoing:
    return compose.message(reply, about, DESK, "in:4711", policy, SECRET, plainly, NOW)


def parsed(outgoing: Outgoing) -> EmailMessage:
    message = email.message_from_bytes(outgoing.octets, policy=modern)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    for part in message.walk():
        assert not part.defects
    return message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content


def test_composed_twice_gives_the_same_octets() -> None:
    reply = Reply(ReplyKind.ANSWER, MARIA, ANN, text="Überall Öl")
    assert composed(reply) == composed(reply)


def test_another_cause_kind_or_recipient_is_another_message() -> None:
    reply = Reply(ReplyKind.OPENED, ANN, MARIA)
    others = (
        replace(reply, to=BEN),
        replace(reply, kind=ReplyKind.REPLY),
        replace(reply, once="digest:today"),
    )
    ids = {composed(r).message_id for r in (reply, *others)}
    assert len(ids) == 4


def test_a_message_id_tells_person_and_ticket() -> None:
    outgoing = composed(Reply(ReplyKind.OPENED, ANN, MARIA))
    token = tokens.read(SECRET, outgoing.message_id)
    assert token is not None
    assert (token.ticket, token.person) == (TICKET.id, ANN.id)
    assert parsed(outgoing)["Message-ID"] == f"<{outgoing.message_id}>"


@pytest.mark.parametrize(
    ("kind", "auto_submitted", "envelope_from"),
    [
        (ReplyKind.ACKNOWLEDGEMENT, "auto-replied", ""),
        (ReplyKind.ANSWER, None, DESK.spec),
        (ReplyKind.STATUS, "auto-generated", DESK.spec),
        (ReplyKind.OPENED, "auto-generated", DESK.spec),
        (ReplyKind.REPLY, "auto-generated", DESK.spec),
        (ReplyKind.ANSWERED, "auto-generated", DESK.spec),
        (ReplyKind.NOTE, "auto-generated", DESK.spec),
        (ReplyKind.CHANGED, "auto-generated", DESK.spec),
        (ReplyKind.ASSIGNED, "auto-generated", DESK.spec),
        (ReplyKind.UNDELIVERED, "auto-generated", ""),
        (ReplyKind.RECEIPT, "auto-replied", ""),
        (ReplyKind.REFUSED, "auto-replied", ""),
        (ReplyKind.SUGGESTION, "auto-replied", ""),
        (ReplyKind.UNPROVEN, "auto-replied", ""),
        (ReplyKind.HELP, "auto-replied", ""),
        (ReplyKind.LIST, "auto-replied", ""),
        (ReplyKind.SHOW, "auto-replied", ""),
        (ReplyKind.LOGIN, "auto-replied", ""),
        (ReplyKind.OVERSIZE, "auto-replied", ""),
        (ReplyKind.ALARM, "auto-generated", ""),
        (ReplyKind.DIGEST, "auto-generated", ""),
    ],
)
def test_what_no_person_wrote_says_so_and_what_may_fail_alone_is_from_nobody(
    kind: ReplyKind, auto_submitted: str | None, envelope_from: str
) -> None:
    outgoing = composed(Reply(kind, MARIA))
    assert parsed(outgoing)["Auto-Submitted"] == auto_submitted
    assert outgoing.is_automatic is (auto_submitted is not None)
    assert outgoing.envelope_from == envelope_from
    assert not [name for name in parsed(outgoing) if name.lower().startswith("list-")]


def test_a_status_mail_with_an_agents_words_is_no_automatic_mail() -> None:
    outgoing = composed(Reply(ReplyKind.STATUS, MARIA, ANN, text="It was the drum."))
    assert parsed(outgoing)["Auto-Submitted"] is None
    assert not outgoing.is_automatic


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        (Reply(ReplyKind.ANSWER, MARIA, ANN), "Ann Smith, Example Support"),
        (Reply(ReplyKind.STATUS, MARIA, ANN), "Ann Smith, Example Support"),
        (Reply(ReplyKind.STATUS, MARIA, MARIA), "Example Support"),
        (Reply(ReplyKind.ACKNOWLEDGEMENT, MARIA), "Example Support"),
        (Reply(ReplyKind.OPENED, ANN, MARIA), "Maria Lopez, via Example Support"),
        (
            Reply(ReplyKind.REPLY, ANN, replace(MARIA, address=Address("lee@example.org"))),
            "lee, via Example Support",
        ),
        (Reply(ReplyKind.NOTE, ANN, BEN), "Ben Weber, via Example Support"),
        (Reply(ReplyKind.RECEIPT, ANN, ANN), "Example Support"),
    ],
)
def test_the_sender_is_the_desk_and_bears_the_name_of_whose_words_it_brings(reply: Reply, name: str) -> None:
    sender = parsed(composed(reply))["From"].addresses
    assert [(a.display_name, a.addr_spec) for a in sender] == [(name, DESK.spec)]


def test_the_thread_has_a_root_of_the_recipients_own() -> None:
    to_maria, to_ann = (
        parsed(composed(Reply(k, p))) for k, p in ((ReplyKind.ANSWER, MARIA), (ReplyKind.OPENED, ANN))
    )
    roots = [tokens.read(SECRET, str(m["References"]).split()[-1]) for m in (to_maria, to_ann)]
    assert roots == [Token(TICKET.id, MARIA.id, "root"), Token(TICKET.id, ANN.id, "root")]
    assert f"<{TICKET.origin_id}>" in to_maria["References"]
    assert TICKET.origin_id not in composed(Reply(ReplyKind.OPENED, ANN)).octets.decode()


def test_an_answer_names_the_letter_that_it_answers_and_nothing_that_is_no_id() -> None:
    good = parsed(composed(Reply(ReplyKind.RECEIPT, ANN, answers="abc@ann.example")))
    assert good["In-Reply-To"] == "<abc@ann.example>"
    assert str(good["References"]).split()[-1] == "<abc@ann.example>"
    bad = parsed(composed(Reply(ReplyKind.RECEIPT, ANN, answers="x>\r\nBcc: eve@example.com")))
    assert bad["Bcc"] is None
    assert bad["In-Reply-To"] is None


def test_no_id_in_a_mail_was_made_for_another_person() -> None:
    for kind in ReplyKind:
        for person in (MARIA, ANN):
            message = parsed(composed(Reply(kind, person, BEN, is_proven=True)))
            named = " ".join(
                str(message[h] or "") for h in ("Message-ID", "References", "In-Reply-To")
            ).split()
            found = [tokens.read(SECRET, i) for i in named]
            assert {t.person for t in found if t} == {person.id}


def test_no_word_and_no_file_brings_an_id_that_was_made_for_another_person() -> None:
    anns = composed(Reply(ReplyKind.REPLY, ANN, MARIA, text="Hello", is_proven=True))
    text = f"Message-ID: <{anns.message_id}>\nReferences: <other@birch.example>\n\nHello"
    attached = Attachment("mail.eml", "message/rfc822", len(anns.octets), "aa", False, octets=anns.octets)
    other = Attachment("mt.txt", "text/plain", 9, "bb", False, octets=b"mt. mt.1.2")
    for to, brings in ((MARIA, False), (BEN, False), (ANN, True)):
        reply = Reply(ReplyKind.ANSWER, to, ANN, text=text, attachments=(attached, other), is_proven=True)
        message = parsed(composed(reply))
        files = [part.get_filename() for part in message.iter_attachments()]
        assert (anns.message_id in text_of(message), "mail.eml" in files) == (brings, brings)
        assert "mt.txt" in files
        assert "other@birch.example" in text_of(message)


def test_reply_to_leads_back_to_the_ticket_where_subaddresses_work() -> None:
    with_plus = replace(POLICY, trust=Trust(subaddress="+"))
    back = parsed(composed(Reply(ReplyKind.OPENED, ANN, MARIA), policy=with_plus))["Reply-To"].addresses[0]
    desk, _, extension = back.username.partition("+")
    assert f"{desk}@{back.domain}" == DESK.spec
    token = tokens.read_subaddress(SECRET, extension)
    assert token is not None
    assert (token.ticket, token.person) == (TICKET.id, ANN.id)
    plain = parsed(composed(Reply(ReplyKind.OPENED, ANN, MARIA)))["Reply-To"].addresses[0]
    assert plain.addr_spec == DESK.spec


@pytest.mark.parametrize(
    ("subject", "kind", "wanted"),
    [
        ("Printer", ReplyKind.ANSWER, "Re: [#1042] Printer"),
        ("Printer", ReplyKind.OPENED, "[#1042] Printer"),
        ("Re: [#1042] AW: RE: Printer", ReplyKind.ANSWER, "Re: [#1042] Printer"),
        ("", ReplyKind.ANSWER, "Re: [#1042]"),
        (
            "Drucker: größer\r\nBcc: eve@example.com",
            ReplyKind.ANSWER,
            "Re: [#1042] Drucker: größer Bcc: eve@example.com",
        ),
        ("=?utf-8?q?hidden?=", ReplyKind.ANSWER, "Re: [#1042] =?utf-8?q?hidden?="),
        (
            "プリンターが白紙を印刷します" * 9,
            ReplyKind.ANSWER,
            "Re: [#1042] " + "プリンターが白紙を印刷します" * 9,
        ),
        ("\u202efdp.exe\u0000\u0085\ud800", ReplyKind.ANSWER, "Re: [#1042] fdp.exe"),
        ("x" * 10_000, ReplyKind.ANSWER, "Re: [#1042] " + "x" * 199 + "…"),
    ],
)
def test_a_subject_bears_the_tag_once(subject: str, kind: ReplyKind, wanted: str) -> None:
    outgoing = composed(Reply(kind, ANN), replace(ABOUT, ticket=replace(TICKET, subject=subject)))
    assert parsed(outgoing)["Subject"] == wanted
    assert outgoing.octets.count(b"[#1042]") >= 1


MARK = "Zebra77"


@pytest.mark.parametrize("kind", sorted(facts.ECHOES))
def test_to_an_unproven_sender_goes_nothing_that_he_wrote(kind: ReplyKind) -> None:
    forged = replace(MARIA, name=MARK, address=Address("victim@birch.example.org", MARK))
    reply = Reply(
        kind,
        to=forged,
        author=forged,
        text=MARK,
        attachments=(Attachment(f"{MARK}.txt", "text/plain", 3, "00", False, octets=b"abc"),),
        differences=(Difference("Subject", "", MARK),),
        mailed=(MARK,),
        not_mailed=(MARK,),
        refusals=(Refusal(f"#{MARK}", MARK, (), MARK),),
        held_back=(MARK,),
        remarks=(MARK,),
    )
    about = About(replace(TICKET, subject=MARK, tags=(MARK.lower(),)), forged, None)
    outgoing = compose.message(reply, about, DESK, "in:1", POLICY, SECRET, _everything, NOW)
    message = parsed(outgoing)
    said = [f"{name}: {value}" for name, value in message.items()]
    said += [str(part.get_content()) for part in message.walk() if not part.is_multipart()]
    assert MARK.lower() not in "\n".join(said).lower()
    assert outgoing.is_unproven
    assert not compose.message(
        replace(reply, is_proven=True), about, DESK, "in:1", POLICY, SECRET, _everything, NOW
    ).is_unproven


def _everything(known: Facts) -> Rendered:
    return Rendered("", repr(known), f"<p>{known.resend}</p>")


def test_the_agents_words_reach_an_unproven_customer() -> None:
    outgoing = composed(Reply(ReplyKind.ANSWER, MARIA, ANN, text="Open the lid."))
    assert text_of(parsed(outgoing)).startswith("Open the lid.")
    assert not outgoing.is_unproven


def test_a_mail_apart_tells_nothing_of_the_ticket() -> None:
    outgoing = composed(Reply(ReplyKind.HELP, MARIA, is_proven=True, is_apart=True))
    assert b"1042" not in outgoing.octets
    assert outgoing.ticket == 0
    assert tokens.read(SECRET, outgoing.message_id) is not None


def test_an_agents_outward_words_wait() -> None:
    assert (
        composed(Reply(ReplyKind.ANSWER, MARIA, ANN, after_undo_window=True)).due_at
        == NOW + POLICY.undo_window
    )
    assert composed(Reply(ReplyKind.ANSWERED, BEN, ANN)).due_at == NOW + timedelta()


def test_the_date_is_the_moment_of_the_decision() -> None:
    assert parsedate_to_datetime(str(parsed(composed(Reply(ReplyKind.ANSWER, MARIA)))["Date"])) == NOW


FILES = (
    ("plain.txt", "text/plain", "plain.txt", "text/plain"),
    ("Zähler <März>.pdf", "application/pdf", "Zähler <März>.pdf", "application/pdf"),
    ("../../etc/passwd", "application/x-sh", ".._.._etc_passwd", "application/x-sh"),
    ('a"b\r\nX-Evil: 1.txt', "text/plain\r\nX-Evil: 1", "a_b X-Evil: 1.txt", "application/octet-stream"),
    ("forwarded.eml", "message/rfc822", "forwarded.eml", "application/octet-stream"),
    ("報告書" * 40 + ".pdf", "application/pdf", "報告書" * 40 + ".pdf", "application/pdf"),
    ("x" * 300 + ".docx", "multipart/mixed", "x" * 150 + ".docx", "application/octet-stream"),
    ("", "", "file", "application/octet-stream"),
)


@pytest.mark.parametrize(("name", "content_type", "shown", "kind"), FILES)
def test_files_arrive_whole_whatever_they_are_called(
    name: str, content_type: str, shown: str, kind: str
) -> None:
    octets = bytes(range(256)) * 5
    file = Attachment(name, content_type, len(octets), "00", False, octets=octets)
    message = parsed(composed(Reply(ReplyKind.ANSWER, MARIA, ANN, text="See there.", attachments=(file,))))
    (got,) = message.iter_attachments()
    assert got.get_filename() == shown
    assert got.get_content_type() == kind
    assert got.get_payload(decode=True) == octets


def test_a_file_that_is_too_big_is_not_sent() -> None:
    file = Attachment("scan.tiff", "image/tiff", 40_000_000, "00", False)
    message = parsed(composed(Reply(ReplyKind.ANSWER, MARIA, ANN, text="See there.", attachments=(file,))))
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [("lee@bücher.example", "lee@xn--bcher-kva.example"), ("jörg@example.org", "jörg@example.org")],
)
def test_an_international_address_stands_in_the_form_that_servers_take(spec: str, wanted: str) -> None:
    outgoing = composed(Reply(ReplyKind.ANSWER, replace(MARIA, address=Address(spec)), ANN))
    assert f"\r\nTo: {wanted}\r\n".encode() in outgoing.octets


WORDS = st.text(st.characters(), max_size=300)


@given(name=WORDS, subject=WORDS, text=WORDS, file_name=WORDS)
@settings(max_examples=300, deadline=None)
def test_no_word_of_anybody_makes_a_header_a_part_or_a_line_too_long(
    name: str, subject: str, text: str, file_name: str
) -> None:
    reply = Reply(
        ReplyKind.ANSWER,
        to=replace(MARIA, name=name),
        author=replace(ANN, name=name),
        text=text * 20,
        attachments=(Attachment(file_name, "text/plain", 3, "00", False, octets=b"abc"),),
        is_proven=True,
    )
    outgoing = composed(reply, replace(ABOUT, ticket=replace(TICKET, subject=subject)))
    assert not [line for line in outgoing.octets.split(b"\r\n") if len(line) > 998]
    assert outgoing.octets.count(b"\r") == outgoing.octets.count(b"\n") == outgoing.octets.count(b"\r\n")
    message = email.message_from_bytes(outgoing.octets, policy=modern)
    topic = ["Thread-Topic"] if mime.one_line(subject) else []
    assert list(message.keys()) == [
        "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", *topic, "MIME-Version",
        "Content-Type",
    ]  # fmt: skip
    assert [p.get_content_type() for p in message.walk() if not p.is_multipart()] == [
        "text/plain", "text/html", "text/plain",
    ]  # fmt: skip
    assert message["To"].addresses[0].addr_spec == MARIA.address.spec
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1, max_size=400))
@settings(max_examples=200, deadline=None)
def test_a_subject_comes_back_as_it_went(subject: str) -> None:
    wanted = mime.one_line(subject)
    raw = email.message_from_bytes(
        f"Subject: {mime.tagged('Re: [#1]', subject)}\r\n\r\n".encode(), policy=modern
    )
    said = str(raw["Subject"])
    assert (
        said == f"Re: [#1] {wanted[:199].rstrip()}…"
        if len(wanted) > 200
        else said == f"Re: [#1] {wanted}".rstrip()
    )


@given(
    st.text(
        st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u202d\u202e\ufffe\uffff"),
        max_size=3000,
    )
)
@settings(max_examples=200, deadline=None)
def test_a_text_comes_back_as_it_went(text: str) -> None:
    octets = mime.letter((), mime.Text(text, text), (), "b")
    message = email.message_from_bytes(octets, policy=modern)
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    assert [part.decode().replace("\r\n", "\n") for part in parts if isinstance(part, bytes)] == [text, text]


def test_another_reader_sees_the_same() -> None:
    octets = composed(Reply(ReplyKind.ANSWER, MARIA, ANN, text="Öffnen Sie den Deckel.")).octets
    mail = mailparser.parse_from_bytes(octets)
    assert mail.subject == "Re: [#1042] Printer on the second floor prints blank pages"
    assert mail.from_ == [("Ann Smith, Example Support", DESK.spec)]
    assert mail.to == [("Maria Lopez", MARIA.address.spec)]
    assert mail.text_plain[0].startswith("Öffnen Sie den Deckel.")
    assert len(mail.text_html) == 1
    assert mail.defects == []


SIGNED_HEAD = (
    b"From: Desk <support@example.org>\r\nSubject: [#1] long\r\n words\r\nX-Own: 1\r\nMIME-Version: 1.0\r\n"
)


def test_a_signed_message_is_the_same_message_and_wrapped_alike_each_time() -> None:
    body = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\nOne.\r\n"
    seen: list[bytes] = []

    def sign(octets: bytes) -> tuple[bytes, str]:
        seen.append(octets)
        return b"-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n", "pgp-sha512"

    one, two = (mime.signed(SIGNED_HEAD + body, "b-s", sign) for _ in range(2))
    assert one == two
    assert one.startswith(SIGNED_HEAD + b"Content-Type: multipart/signed;\r\n micalg=pgp-sha512;")
    assert one.count(seen[0]) == 1
    assert b'Content-Type: text/plain;\r\n protected-headers="v1"\r\n' in seen[0]
    assert b"Subject: [#1] long\r\n words\r\n" in seen[0]
    assert b"X-Own" not in seen[0]
    assert b"\n" not in one.replace(b"\r\n", b"")


def test_no_line_of_a_text_can_be_changed_on_its_way_without_being_noticed() -> None:
    text = mime.Text("From me\nblanks  \n-- \nAnn", "<p>x</p>")
    octets = mime.letter((("From", "a@example.org"),), text, (), "b")
    assert not [line for line in octets.split(b"\r\n") if line.startswith(b"From ") or line != line.rstrip()]
    (plain, _) = email.message_from_bytes(octets, policy=modern).iter_parts()
    assert plain.get_payload(decode=True) == b"From me\r\nblanks  \r\n-- \r\nAnn"
