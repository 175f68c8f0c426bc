"""Names of attachments, in every encoding that programs write, safe to show and to save under."""

from __future__ import annotations

import pytest

from mailtickets.core import reading

NAMES: dict[str, str] = {
    'filename="plain.pdf"': "plain.pdf",
    "filename=plain.pdf": "plain.pdf",
    "filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf": "Größe.pdf",
    "filename*=iso-8859-1'en'%A3%20rates.txt": "£ rates.txt",
    "filename*0=first; filename*1=second.txt": "firstsecond.txt",
    "filename*1*=%C3%B6.txt; filename*0*=utf-8''a": "aö.txt",
    "filename*0*=utf-8''Gr%C3; filename*1*=%B6.txt": "Grö.txt",
    "filename*0='a b'; filename*1='.txt'": "'a b''.txt'",
    'filename="=?utf-8?B?R3LDtsOfZS5wZGY=?="': "Größe.pdf",
    "filename==?utf-8?Q?Gr=C3=B6=C3=9Fe=2Epdf?=": "Größe.pdf",
    'filename="=?utf-8?Q?Gr=C3?= =?utf-8?Q?=B6=C3=9Fe.pdf?="': "Größe.pdf",
    'filename="=?iso-2022-jp?B?GyRCRnxLXBsoQi50eHQ=?="': "日本.txt",
    'filename="=?utf-7?Q?Gr+APY-.txt?="': "Grö.txt",
    'filename="Größe.pdf"': "Größe.pdf",
    'filename="a;b.txt"': "a;b.txt",
    'filename="say \\"hi\\".txt"': "say _hi_.txt",
    'filename="..\\..\\windows\\evil.exe"': "evil.exe",
    'filename="../../etc/passwd"': "passwd",
    'filename="C:/temp/report.doc"': "report.doc",
    'filename="report.doc/"': "report.doc",
    'filename="/"': "attachment-1.txt",
    'filename="."': "attachment-1.txt",
    'filename=""': "attachment-1.txt",
    'filename="invoice\u202efdp.exe"': "invoice fdp.exe",
    'filename="in\u200bvoice.pdf"': "invoice.pdf",
    'filename="a\tb.txt"': "a b.txt",
    'filename="CON"': "_CON",
    'filename="nul.txt"': "_nul.txt",
    'filename="com1.pdf"': "_com1.pdf",
    'filename="COM\u00b9.pdf"': "_COM\u00b9.pdf",
    'filename="CONIN$"': "_CONIN$",
    'filename="console.txt"': "console.txt",
    'filename="what?*<>|:.txt"': "what______.txt",
    'filename="trailing. . "': "trailing",
    'filename=".htaccess"': "htaccess",
}


@pytest.mark.parametrize("parameter", NAMES)
def test_a_name_is_read_and_made_safe(parameter: str) -> None:
    octets = f"From: a@b.example\nContent-Type: text/plain\nContent-Disposition: attachment; {parameter}\n\nx"
    (file,) = reading.read(octets.encode()).attachments
    assert file.name == NAMES[parameter]


def test_a_long_name_keeps_its_extension() -> None:
    octets = f'From: a@b.example\nContent-Type: x/y\nContent-Disposition: attachment; filename="{"ö" * 300}.pdf"\n\nx'
    (file,) = reading.read(octets.encode()).attachments
    assert file.name.endswith("ö.pdf")
    assert len(file.name.encode()) <= 200


def test_a_name_of_many_pieces_costs_little() -> None:
    pieces = "; ".join(f"filename*{n}=a" for n in range(900))
    octets = f"From: a@b.example\nContent-Type: x/y\nContent-Disposition: attachment; {pieces}\n\nx"
    (file,) = reading.read(octets.encode()).attachments
    assert file.name == "a" * 200
