"""Letters made to cost much: each of them is read, or refused in one sentence, in less time than it takes to notice."""

from __future__ import annotations

import time

import pytest

from mailtickets.core import classify, reading
from mailtickets.core.mail import InboundMail, Unreadable

LETTER = b"From: a@b.example\n"
TEXT = LETTER + b"\n"
PAGE = LETTER + b"Content-Type: text/html; charset=utf-8\n\n"
# What each attacks is its name. Nothing here may cost more than its length does.
ADVERSARIES = {
    "1MB >": TEXT + b">" * 1_000_000,
    "1MB > lines": TEXT + b">\n" * 500_000,
    "1MB > sp": TEXT + b"> " * 500_000,
    "On x wrote 50k": TEXT + b"On x wrote\n" * 50_000,
    "On x wrote: one line": TEXT + b"On x wrote " * 50_000,
    "attrib": TEXT + b"On 1 May 2026 10:00 x@y wrote:\n> a\n" * 5_000,
    "attrib nl": TEXT + b"On 1 May 2026 10:00\n<x@y.example>\nwrote:\n\n" * 3_000,
    "colon lines": TEXT + b"ab: c\n" * 20_000,
    "mails lines": TEXT + b"<a@b.example>:\n" * 4_000,
    "fields": TEXT + b"From: a\nTo: b\n" * 10_000,
    "dashes": TEXT + b"--\nx\n" * 10_000,
    "ruled": TEXT + b"---\nx\n" * 10_000,
    "underscores": TEXT + (b"_" * 40 + b"\nmicrosoft teams\n") * 2_000,
    "disclaimer": TEXT + b"hi\n" + (b"this " * 120 + b"\n") * 500,
    "disclaimer2": TEXT + b"hi\n" + (b"this message " * 46 + b"\n") * 300,
    "caution": TEXT + (b"caution caution caution " * 20 + b"\n") * 500,
    "sent from": TEXT + b"sent from my a a a a a a a a a a a a a a a a\n" * 2_000,
    "encoded words 2.3k": LETTER + b"Subject: " + b"=?utf-8?q?a?= " * 2_300 + b"\n\nx",
    "encoded words 100k": LETTER
    + b"".join(b"X-%d: " % i + b"=?utf-8?q?a?= " * 2300 + b"\n" for i in range(8))
    + b"Subject: "
    + b"=?utf-8?q?a?= " * 100_000
    + b"\n\nx",
    "encoded words fold 100k": LETTER + b"Subject: " + b"=?utf-8?b?YQ==?=\n " * 13_000 + b"\n\nx",
    "encoded open": LETTER + b"Subject: " + b"=?utf-8?q?" * 3_000 + b"\n\nx",
    "1MB header line": LETTER + b"Subject: " + b"a" * 1_000_000 + b"\n\nx",
    "250k header line": LETTER + b"Subject: " + b"a" * 200_000 + b"\n\nx",
    "250k to": LETTER + b"To: " + b"a@b.example, " * 15_000 + b"\n\nx",
    "to lt": LETTER + b"To: " + b"<" * 30_000 + b"\n\nx",
    "to quotes": LETTER + b"To: " + b'"' * 30_000 + b"\n\nx",
    "to paren": LETTER + b"To: " + b"(" * 30_000 + b"\n\nx",
    "to paren2": LETTER + b"To: " + b"()" * 15_000 + b"\n\nx",
    "to group": LETTER + b"To: " + b"a:" * 15_000 + b"\n\nx",
    "to bs": LETTER + b"To: " + b"\\" * 30_000 + b"\n\nx",
    "from paren": b"From: " + b"(" * 30_000 + b"\n\nx",
    "from at": b"From: " + b"a@" * 15_000 + b"\n\nx",
    "from dots": b"From: " + b"a." * 15_000 + b"\n\nx",
    "from lt": b"From: " + b"<a" * 15_000 + b"\n\nx",
    "from atoms": b"From: " + b"a " * 15_000 + b"\n\nx",
    "refs": LETTER + b"References: " + b"<a@b> " * 5_000 + b"\n\nx",
    "refs lt": LETTER + b"References: " + b"<" * 30_000 + b"\n\nx",
    "50k parts": LETTER + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 50_000,
    "199 parts": LETTER
    + b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\n\nxxxxxxxxxxxxxxxxx\n" * 199,
    "199 html": LETTER
    + b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\nContent-Type: text/html\n\n<p>x</p><p>y</p>\n" * 199,
    "boundaries": LETTER + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * 300_000,
    "boundary mid": LETTER + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"x--b" * 300_000,
    "depth 1000": LETTER
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(1000)),
    "depth rfc822": LETTER + b"Content-Type: message/rfc822\n\n" * 1000,
    "msgs": LETTER
    + b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n" * 190,
    "tags": PAGE + b"<div>" * 200_000,
    "tags closed": PAGE + b"<p>hello</p>" * 100_000,
    "tags 49k": PAGE + b"<p>hi</p>" * 24_000,
    "a 49k": PAGE + b'<a href="https://x.example/y">hi</a> ' * 24_000,
    "blockquote": PAGE + b"<blockquote>a:1" * 20_000,
    "blockquote flat": PAGE + b"<div>On 1: <blockquote>a</blockquote></div>" * 8_000,
    "nested a": PAGE + b'<a href="https://x.example/y">x<b>' * 12_000,
    "cells": PAGE + b"<table>" + (b"<tr>" + b"<td>x" * 1000) * 500,
    "cells 40k": PAGE + b"<table>" + (b"<tr>" + b"<td>x" * 100) * 400,
    "colspan": PAGE + b"<table><tr><td colspan=1000000 rowspan=1000000>x</td></tr>" * 100,
    "tables nested": PAGE + b"<table><tr><td>" * 200 + b"x",
    "table wide": PAGE + b"<table><tr>" + b"<td>" + b"w" * 5000 + b"</td>" + (b"<tr><td>a<td>b" * 5000),
    "table wide2": PAGE + b"<table>" + b"".join(b"<tr>" + b"<td>" * i + b"w" * 500 for i in range(200)),
    "lists": PAGE + b"<ul><li>" * 10_000,
    "style": PAGE + b'<p style="' + b"height:0;" * 100_000 + b'">x</p>',
    "styles": PAGE + (b'<p style="' + b"overflow:hidden;" * 120 + b'">x</p>') * 2_000,
    "sheet": PAGE + b"<style>" + b"@a{x{}" * 200_000 + b"</style>x",
    "sheet2": PAGE + b"<style>" + b".a{display:none}" * 60_000 + b"</style>x",
    "attrs": PAGE + b"<p " + b"a=b " * 200_000 + b">x",
    "entities": PAGE + b"&amp;" * 200_000,
    "lt": PAGE + b"<" * 1_000_000,
    "comment": PAGE + b"<!--" * 200_000,
    "script": PAGE + b"<script>" * 100_000,
    "br": PAGE + b"<br>" * 49_000,
    "pre": PAGE + b"<pre>" + b"x\n" * 300_000,
    "padding": PAGE + b"<p style='margin-top:9999999em;padding-left:99999em'>x</p>" * 1000,
    "1MB text html": PAGE + b"word " * 200_000,
    "1MB text in one paragraph": PAGE + b"<p>" + b"word " * 200_000,
    "b64 25MB": LETTER
    + b"Content-Transfer-Encoding: base64\nContent-Type: application/octet-stream\n\n"
    + (b"QUJD" * 18 + b"\n") * 60_000,
    "b64 text 20MB": LETTER
    + b"Content-Transfer-Encoding: base64\nContent-Type: text/plain\n\n"
    + (b"QUJD" * 18 + b"\n") * 60_000,
    "b64 pad": LETTER + b"Content-Transfer-Encoding: base64\n\n" + b"QQ==" * 500_000,
    "qp soft": LETTER + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"a=\n" * 1_000_000,
    "qp soft sp": LETTER + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"a=" + b" " * 1_000_000,
    "qp eq": LETTER + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=" * 1_000_000,
    "qp eqsp": LETTER + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= " * 500_000,
    "uu": TEXT + b"begin 644 x\nM" + b"A" * 60 + b"\n" * 500_000,
    "uu begins": TEXT + b"begin 644 x\nMAA\n" * 20_000 + b"end",
    "pgp": TEXT + b"-----BEGIN PGP MESSAGE-----\n" * 10_000,
    "pgp signed": TEXT + b"-----BEGIN PGP SIGNED MESSAGE-----\n" * 10_000,
    "lines 10M": TEXT + b"x\n" * 300_000,
    "high bytes": TEXT + b"\xfc\xe4 " * 500_000,
    "utf16": LETTER + b"Content-Type: text/plain; charset=utf-16\n\n" + b"\xd8\x00" * 500_000,
    "utf7": LETTER + b"Content-Type: text/plain; charset=utf-7\n\n" + b"+AAA" * 300_000,
    "hz": LETTER + b"Content-Type: text/plain; charset=hz\n\n" + b"~{" * 300_000,
    "params": LETTER + b"Content-Type: text/plain" + b"; a=b" * 6_000 + b"\n\nx",
    "params2231": LETTER
    + b"Content-Disposition: attachment"
    + b"".join(b"; filename*%d*=%%41" % (i % 999) for i in range(1500))
    + b"\n\nx",
    "params q": LETTER + b'Content-Type: text/plain; a="' + b"\\a" * 15_000 + b"\n\nx",
    "ical": LETTER
    + b"Content-Type: text/calendar\n\nBEGIN:VEVENT\n"
    + b"A;B=c" * 10_000
    + b":\n"
    + b"SUMMARY:"
    + b"\\n" * 60_000,
    "ical2": LETTER + b"Content-Type: text/calendar\n\n" + b"BEGIN:VEVENT\n" * 10_000,
    "dsn": b"From: mailer-daemon@b.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n" * 15_000
    + b"--b--",
    "notice": b"From: mailer-daemon@b.example\nSubject: failure notice\n\n" + b"a" * 60_000,
    "notice2": b"From: mailer-daemon@b.example\nSubject: failure notice\n\n"
    + b"could not be delivered to a@b.example. " * 1_500,
    "notice3": b"From: mailer-daemon@b.example\nSubject: failure notice\n\n" + b"a@" * 30_000,
    "notice4": b"From: mailer-daemon@b.example\nSubject: failure notice\n\n" + b"delivery to " * 5_000,
    "notice5": b"From: mailer-daemon@b.example\nSubject: failure notice\n\n" + b"message-id: <" * 5_000,
    "subject fail": b"From: mailer-daemon@b.example\nSubject: " + b"delivery failed mail " * 1_500 + b"\n\nx",
    "p7m": LETTER + b"Content-Type: application/pkcs7-mime\n\n" + b"\x30\x80" * 100_000,
    "p7m2": LETTER + b"Content-Type: application/pkcs7-mime\n\n\x30\x80" + b"\x02\x00" * 1_000_000,
    "words 1MB": TEXT + b"the and is " * 90_000,
    "scripts": TEXT + "あ".encode() * 300_000,
    "amazon": TEXT + b'{"notificationType":' + b"[" * 100_000,
    "json2": TEXT
    + b'{"notificationType":"Bounce","bounce":{"bouncedRecipients":['
    + b'{"emailAddress":"a@b.example"},' * 5000
    + b"{}]}}",
    "blank lines": TEXT + b"\n" * 1_000_000 + b"x",
    "spaces": TEXT + b" " * 1_000_000 + b"x",
    "spaces lines": TEXT + (b" " * 5000 + b"x\n") * 200,
    "tabs": TEXT + (b"\t" * 500 + b":\n") * 2000,
    "nbsp": TEXT + ("\u00a0" * 500 + "\n").encode() * 900,
    "zwnj": PAGE + "\u200c\u00a0".encode() * 200_000,
    "one line 1MB @": TEXT + b"a@b " * 250_000,
    "joined": TEXT + b"x On 1 May 2026 a@b.example " * 30_000,
    "joined2": TEXT + (b"x On 1 " * 500 + b"\n") * 300,
    "fwd": TEXT + b"---------- Forwarded message ----------\n" * 20_000,
    "fwd blocks": LETTER
    + b"Subject: Fwd: x\n\n"
    + b"From: A <a@b.example>\nDate: 1 May 2026\nSubject: x\n\ny\n\n" * 10_000,
    "return dates": LETTER
    + b"Auto-Submitted: auto-replied\nSubject: out of office\n\n"
    + b"back on 1 May 2026 until " * 10_000,
}
SECONDS = 8  # of processor time, on a busy machine; each takes less than one on an idle one


def read(octets: bytes) -> InboundMail | Unreadable:
    try:
        return reading.read(octets)
    except reading.Broken as error:
        return Unreadable(str(error))


@pytest.mark.parametrize("octets", ADVERSARIES.values(), ids=ADVERSARIES)
def test_no_letter_is_slow(octets: bytes) -> None:
    begun = time.process_time()
    answer = read(octets)
    if isinstance(answer, InboundMail):
        classify.kind(answer, frozenset())
        assert "\n".join(segment.text for segment in answer.segments) == answer.text
    else:
        assert answer.error.endswith(".")
    assert time.process_time() - begun < SECONDS
