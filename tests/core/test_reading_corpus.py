"""What is made of each letter of the corpus: tests/corpus/README.md says why each exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mailtickets.core import classify, reading
from mailtickets.core.classify import Kind
from mailtickets.core.mail import Address, Bounce, Forwarded, InboundMail, Report

CORPUS = Path(__file__).parent.parent / "corpus"
LETTERS = sorted(path.stem for path in CORPUS.glob("*.eml"))


def letter(name: str) -> InboundMail:
    return reading.read((CORPUS / f"{name}.eml").read_bytes())


def test_each_letter_of_the_corpus_says_why_it_exists() -> None:
    noted = re.findall(r"^\| `([^`]+)\.eml` \| \S", (CORPUS / "README.md").read_text(), re.MULTILINE)
    assert sorted(noted) == LETTERS


@pytest.mark.parametrize("name", LETTERS)
def test_segments_joined_are_the_text(name: str) -> None:
    mail = letter(name)
    assert "\n".join(segment.text for segment in mail.segments) == mail.text


@pytest.mark.parametrize("name", LETTERS)
def test_no_letter_lets_a_control_character_through(name: str) -> None:
    mail = letter(name)
    shown = (
        mail.subject,
        mail.sender.shown if mail.sender else "",
        *(file.name for file in mail.attachments),
    )
    assert all(text.isprintable() for text in shown)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", mail.text)


TYPED = {
    "a-form-is-no-quote": "Please book this:\n\nFrom: Berlin\nTo: Paris\nDate: 12 May\n\nThank you",
    "base64-damaged": "Hello world",
    "cr-only": "first\nsecond",
    "calendar-invitation": (
        "Invitation: Printer, again\nWhen: Tuesday 24 November 2026, 10:00 to 11:30 (Europe/Berlin)\n"
        "Where: Room 1\n\nLet us meet."
    ),
    "empty": "",
    "encrypted": "This mail is encrypted: open its attachment with the key it was made for, or ask for a plain mail.",
    "flowed": "This is one paragraph that was broken for the way.",
    "forty-nested-messages": "",
    "forward-gmail": "#for kim\nCan you take this?",
    "forward-outlook": "Bitte übernehmen.",
    "header-without-end": "Hello, this is the text already.\nIt goes on.",
    "html-lists-and-tables": (
        "It fails:\n\n 1. switch on\n 2. wait\n  * a\n  * b\nModel   X1\nSerial  77\n\nline 1\n  line 2"
    ),
    "invisible-text": "Hello\n\nBye",
    "latin1-called-utf8": "Grüße aus Köln",
    "missing-last-boundary": "Hello",
    "nested-message": "Please look.",
    "no-parts": "Just text.",
    "nul": "ab",
    "only-a-colon": ":",
    "quote-marks-in-a-line": "Visit us now.\n>>> https://example.org <<<\nThe link above helps.",
    "reply-above": "It works.",
    "reply-apple-mail": "It works.",
    "reply-gmail": "Yes, it works now.",
    "reply-japanese": "動きました。",
    "reply-outlook-html": "Ja, danke.",
    "reply-outlook-web": "It works.",
    "reply-phone": "Works.",
    "reply-russian": "Работает.",
    "reply-thunderbird-interleaved": "Yes.\n\n\nOh.",
    "signature-and-disclaimer": "It smokes.\n\nBest regards\nLee",
    "signed": "It smokes.",
    "undeclared-koi8": (
        "Здравствуйте, принтер не печатает со вчерашнего дня. Помогите, пожалуйста, разобраться с этой проблемой."
    ),
    "unknown-charset": "été au café, déjà vu",
    "utf8-called-latin1": "“quotes” – dashes",
}


@pytest.mark.parametrize(("name", "typed"), TYPED.items(), ids=TYPED)
def test_what_was_typed(name: str, typed: str) -> None:
    assert letter(name).typed == typed


def test_a_forward_stays_in_view_though_nothing_of_it_was_typed() -> None:
    assert letter("forward-gmail").reply.endswith("#close\nIt smokes.")
    assert letter("forward-outlook").reply.endswith("Er raucht.")


SUBJECTS = {
    "bidi-subject": "invoice fdp.exe",
    "encoded-word-cut-in-two": "übergröße",
    "nul": "nulhere",
    "subject-of-10-kb": " ".join(["long"] * 2000),
}


@pytest.mark.parametrize(("name", "subject"), SUBJECTS.items(), ids=SUBJECTS)
def test_subject_is_one_decoded_line(name: str, subject: str) -> None:
    assert letter(name).subject == subject


SENDERS = {
    "from-hides-another": ("mallory@evil.example", ("a From that can be read in two ways",)),
    "from-is-two-people": ("ann@desk.example.org", ("several mailboxes in From",)),
    "from-quoted-address": ("lee@customer.example", ()),
    "no-from": (None, ("no From",)),
    "two-froms": ("lee@customer.example", ("two From headers",)),
}


@pytest.mark.parametrize(("name", "expected"), SENDERS.items(), ids=SENDERS)
def test_who_wrote_it_and_why_not_to_believe_so(
    name: str, expected: tuple[str | None, tuple[str, ...]]
) -> None:
    mail = letter(name)
    assert (mail.sender.spec if mail.sender else None, mail.from_defects) == expected


FILES = {
    "attachment-path": ["x", "_con"],
    "attachment-rfc2231": ["Résumé de Lee.pdf", "Bild größe.png"],
    "calendar-invitation": ["attachment-1.ics"],
    "encrypted": ["attachment-1.asc", "encrypted.asc"],
    "forty-nested-messages": ["attachment-1.eml"],
    "missing-last-boundary": ["a.pdf"],
    "nested-message": ["the inner one.eml"],
    "signed": ["signature.asc"],
}


@pytest.mark.parametrize("name", LETTERS)
def test_names_of_files_are_safe_and_said(name: str) -> None:
    names = [file.name for file in letter(name).attachments]
    assert not any(part in file for file in names for part in ("/", "\\", "\0")), names
    if name in FILES:
        assert names == FILES[name]


KINDS = {
    "automatic-answer": Kind.AUTOREPLY,
    "bounce-delayed": Kind.DELAY,
    "bounce-delivered": Kind.RECEIPT,
    "bounce-exim": Kind.BOUNCE,
    "bounce-qmail": Kind.BOUNCE,
    "bounce-rfc3464": Kind.BOUNCE,
    "report-without-words": Kind.BOUNCE,
    "challenge": Kind.CHALLENGE,
    "feedback-report": Kind.COMPLAINT,
    "mailing-list": Kind.LIST,
    "monitoring-alarm": Kind.AUTOMATIC,
    "read-receipt": Kind.RECEIPT,
    "servicenow": Kind.AUTOMATIC,
    "vacation": Kind.VACATION,
    "vacation-day": Kind.VACATION,
    "vacation-without-headers": Kind.VACATION,
}


@pytest.mark.parametrize("name", LETTERS)
def test_what_wrote_it(name: str) -> None:
    judgement = classify.kind(letter(name), frozenset())
    assert judgement.kind is KINDS.get(name, Kind.PERSON), judgement.reason


OURS = "mt.5.2.abc.def@desk.example.org"
BOUNCES = {
    "report-without-words": Bounce("failed", ("lee@customer.example",), "5.1.1", "", ""),
    "bounce-rfc3464": Bounce("failed", ("lee@customer.example",), "5.2.2", "552 5.2.2 Mailbox full", OURS),
    "bounce-delayed": Bounce("delayed", ("lee@customer.example",), "4.4.1", "connection timed out", OURS),
    "bounce-delivered": Bounce("delivered", ("lee@customer.example",), "2.0.0", "250 ok", OURS),
    "bounce-qmail": Bounce(
        "failed", ("lee@customer.example",), "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)", OURS
    ),
    "bounce-exim": Bounce("failed", ("lee@customer.example",), "5.1.1", "550 5.1.1 No such user", ""),
}


@pytest.mark.parametrize("name", LETTERS)
def test_which_address_failed_and_why(name: str) -> None:
    assert letter(name).bounce == BOUNCES.get(name)


REPORTS = {
    "feedback-report": Report("complaint", "abuse", "lee@customer.example", OURS),
    "read-receipt": Report("receipt", "displayed", "lee@customer.example", OURS),
}


@pytest.mark.parametrize("name", LETTERS)
def test_which_of_our_mails_a_receipt_or_a_complaint_is_about(name: str) -> None:
    assert letter(name).report == REPORTS.get(name)


KIM = Address("kim@customer.example", "Kim")
FORWARDS = {
    "forward-apple-french": (Forwarded(KIM, "Imprimante", "Elle fume."),),
    "forward-attached": (Forwarded(KIM, "Printer", "It smokes.", "first@customer.example", True),),
    "forward-gmail": (Forwarded(KIM, "Printer", "#close\nIt smokes."),),
    "forward-outlook": (Forwarded(KIM, "Drucker", "Er raucht."),),
    "forward-without-address": (),
    "nested-message": (Forwarded(Address("mallory@evil.example"), "the inner one", "#close", "", True),),
}


@pytest.mark.parametrize("name", LETTERS)
def test_whose_letter_was_handed_on(name: str) -> None:
    assert letter(name).forwards == FORWARDS.get(name, ())


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("", "This mail is encrypted"),
        ("; smime-type=enveloped-data", "This mail is encrypted"),
        ("; smime-type=signed-data", "This mail is sealed by its signature"),
        ("; smime-type=certs-only", ""),
    ],
)
def test_a_letter_that_cannot_be_read_says_so(parameter: str, said: str) -> None:
    mail = _notice("lee@customer.example", "Secret", "MIIB", f"application/pkcs7-mime{parameter}")
    assert mail.typed.startswith(said)
    assert bool(mail.typed) == bool(said)
    assert [file.content_type for file in mail.attachments] == ["application/pkcs7-mime"]


def test_one_attachment_can_be_had_alone() -> None:
    octets = (CORPUS / "attachment-rfc2231.eml").read_bytes()
    assert reading.attachment(octets, 0) == b"%PDF-"
    with pytest.raises(IndexError):
        reading.attachment(octets, 2)


def _notice(sender: str, subject: str, body: str, kind: str = "text/plain") -> InboundMail:
    return reading.read(
        f"From: {sender}\nTo: desk@desk.example.org\nSubject: {subject}\nContent-Type: {kind}\n\n{body}".encode()
    )


REPORT = (
    "Content-Type: multipart/report; report-type=delivery-status; boundary=i\n\n--i\n"
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
    "Final-Recipient: rfc822; lee@customer.example\nAction: failed\nStatus: 5.1.1\n\n--i--\n"
)
WRAPPED = f"--o\nContent-Type: message/rfc822\n\nSubject: Undeliverable\n{REPORT}\n--o--\n"


def test_a_report_that_a_gateway_wrapped_names_its_address() -> None:
    mail = _notice("postmaster@gateway.example", "Delivery failure", WRAPPED, "multipart/mixed; boundary=o")
    assert mail.bounce is not None
    assert mail.bounce.recipients == ("lee@customer.example",)


def test_a_report_that_a_person_hands_on_is_none() -> None:
    assert _notice("kim@desk.example.org", "Look", WRAPPED, "multipart/mixed; boundary=o").bounce is None


AMAZON = (
    '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":'
    '"lee@customer.example","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]}}'
)


@pytest.mark.parametrize("body", [AMAZON, f"{AMAZON}\n\n--\nfooter", json.dumps({"Message": AMAZON})])
def test_a_notification_of_amazons_is_a_bounce(body: str) -> None:
    mail = _notice("no-reply@sns.example", "AWS Notification Message", body)
    assert mail.bounce == Bounce("failed", ("lee@customer.example",), "5.1.1", "550 5.1.1 user unknown", "")


def test_whom_to_try_instead_has_not_bounced() -> None:
    mail = _notice(
        "mailer-daemon@mx.example",
        "Returned mail",
        "Could not be delivered: lee@customer.example is unknown.\n"
        "If that fails, try sending to lee.smith@customer.example. We take no mail from x@desk.example.org\n",
    )
    assert mail.bounce is not None
    assert mail.bounce.recipients == ("lee@customer.example",)


def test_a_providers_complaint_of_before_the_standard_is_one() -> None:
    body = "--o\nContent-Type: message/rfc822\n\nSubject: Offer\n\nBuy\n--o--\n"
    mail = _notice(
        "staff@provider.example",
        "complaint about message from 192.0.2.2",
        body,
        "multipart/mixed; boundary=o",
    )
    assert classify.kind(mail, frozenset()).kind is Kind.COMPLAINT
