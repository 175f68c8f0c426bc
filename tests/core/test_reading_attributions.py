"""The line above a quote, as the world's mail programs write it: each row is a program in one language."""

from __future__ import annotations

import textwrap

import pytest

from mailtickets.core.mail import SegmentKind
from mailtickets.core.reading import ReadingLimits, folding
from mailtickets.core.reading.html import Marked

# Gmail, Outlook, Apple Mail, Thunderbird, Yahoo, Proton, Zoho, GMX, Notes, Evolution, KMail, mutt, The Bat!, QQ, 163, mail.ru …
ATTRIBUTIONS = """\
On Fri, Nov 20, 2026 at 4:18 PM Support <support@desk.example.org> wrote:
On Friday, November 20, 2026 at 04:18:00 PM GMT+1, Support <support@desk.example.org> wrote:
On Friday, November 20th, 2026 at 4:18 PM, Support <support@desk.example.org> wrote:
On 20 Nov 2026, at 16:18, Support <support@desk.example.org> wrote:
On 11/20/26 4:18 PM, Support wrote:
On 2026-11-20 16:18, Support wrote:
On 20.11.26 16:18, Support via Helpdesk wrote:
On Friday 20 November 2026 16:18:00 Support wrote:
On Fri, 2026-11-20 at 16:18 +0100, Support wrote:
On Nov 20 2026, at 4:18 pm, Support <support@desk.example.org> wrote:
On Fri, 20 Nov 2026 at 16:18, 'Support' via Helpdesk <support@desk.example.org> wrote:
On November 20, 2026 4:18:00 PM GMT+01:00, Support <support@desk.example.org> wrote:
On Fri, Nov 20, 2026 at 16:18 "Support" <support@desk.example.org> wrote:
At 2026-11-20 16:18:00, "Support" <support@desk.example.org> wrote:
---- On Fri, 20 Nov 2026 16:18:00 +0100 Support <support@desk.example.org> wrote ----
---- On Fri, 20 Nov 2026 16:18:00 +0100 Support<support@desk.example.org> wrote ---
Support <support@desk.example.org> wrote on 11/20/2026 04:18:00 PM:
Support <support@desk.example.org> writes:
Quoting Support <support@desk.example.org>:
Support <support@desk.example.org> wrote (20 Nov 2026 16:18):
On 20 November 2026 16:18:00 CET, Support <support@desk.example.org> wrote:
On Fri, Nov 20, 2026, 4:18 PM Support <support@desk.example.org> wrote:
Am Fr., 20. Nov. 2026 um 16:18 Uhr schrieb Support <support@desk.example.org>:
Am 20.11.2026 um 16:18 schrieb Support:
Am Freitag, 20. November 2026 um 16:18:00 MEZ hat Support <support@desk.example.org> Folgendes geschrieben:
Am Freitag, dem 20.11.2026 um 16:18 +0100 schrieb Support:
Am 20.11.26, 16:18 schrieb "Support" <support@desk.example.org>:
Am 20. November 2026 16:18:00 MEZ schrieb Support <support@desk.example.org>:
Am 20.11.2026 16:18, schrieb Support:
Support <support@desk.example.org> hat am 20.11.2026 16:18 geschrieben:
Support schrieb am 20.11.2026 um 16:18:
20.11.2026 16:18, Support schrieb:
Zitat von Support <support@desk.example.org>:
Le ven. 20 nov. 2026 à 16:18, Support <support@desk.example.org> a écrit :
Le 20 nov. 2026 à 16:18, Support <support@desk.example.org> a écrit :
Le 20/11/2026 à 16:18, Support a écrit :
Le vendredi 20 novembre 2026 à 16:18:00 UTC+1, Support <support@desk.example.org> a écrit :
Le 20 novembre 2026 16:18:00 GMT+01:00, Support <support@desk.example.org> a écrit :
Le vendredi 20 novembre 2026, 16:18:00 CET Support a écrit :
El vie, 20 nov 2026 a las 16:18, Support (<support@desk.example.org>) escribió:
El 20 nov 2026, a las 16:18, Support <support@desk.example.org> escribió:
El 20/11/26 a las 16:18, Support escribió:
El viernes, 20 de noviembre de 2026, 16:18:00 CET, Support <support@desk.example.org> escribió:
El 20 de noviembre de 2026, 16:18, Support <support@desk.example.org> escribió:
Il giorno ven 20 nov 2026 alle ore 16:18 Support <support@desk.example.org> ha scritto:
Il 20/11/2026 16:18, Support ha scritto:
Il venerdì 20 novembre 2026 alle ore 16:18:00 CET, Support <support@desk.example.org> ha scritto:
Il giorno 20 nov 2026, alle ore 16:18, Support <support@desk.example.org> ha scritto:
Em sex., 20 de nov. de 2026 às 16:18, Support <support@desk.example.org> escreveu:
Em 20 de nov. de 2026, à(s) 16:18, Support <support@desk.example.org> escreveu:
Em 20/11/2026 16:18, Support escreveu:
Em sexta-feira, 20 de novembro de 2026 16:18:00 BRT, Support <support@desk.example.org> escreveu:
Support <support@desk.example.org> escreveu no dia sexta, 20/11/2026 à(s) 16:18:
A sexta, 20/11/2026, 16:18, Support <support@desk.example.org> escreveu:
Op vr 20 nov 2026 om 16:18 schreef Support <support@desk.example.org>:
Op 20-11-2026 om 16:18 schreef Support:
Op 20 nov 2026, om 16:18 heeft Support <support@desk.example.org> het volgende geschreven:
Op vrijdag 20 november 2026 16:18:00 CET schreef Support <support@desk.example.org>:
Support schreef op 2026-11-20 16:18:
W dniu pt., 20 lis 2026 o 16:18 Support <support@desk.example.org> napisał(a):
W dniu 20.11.2026 o 16:18, Support pisze:
Dnia 20 listopada 2026 16:18 Support <support@desk.example.org> napisał(a):
Wiadomość napisana przez Support <support@desk.example.org> w dniu 20.11.2026, o godz. 16:18:
pt., 20 lis 2026 o 16:18 Support <support@desk.example.org> napisał(a):
pá 20. 11. 2026 v 16:18 odesílatel Support <support@desk.example.org> napsal:
Dne 20. 11. 26 v 16:18 Support napsal(a):
20. 11. 2026 v 16:18, Support <support@desk.example.org>:
Dňa 20. 11. 2026 o 16:18 Support napísal(a):
pi 20. 11. 2026 o 16:18 Support <support@desk.example.org> napísal(a):
Den fre 20 nov. 2026 kl 16:18 skrev Support <support@desk.example.org>:
Den 2026-11-20 kl. 16:18, skrev Support:
20 nov. 2026 kl. 16:18 skrev Support <support@desk.example.org>:
Den fredag 20 november 2026 16:18:00 CET skrev Support <support@desk.example.org>:
Den fre. 20. nov. 2026 kl. 16.18 skrev Support <support@desk.example.org>:
fre. 20. nov. 2026 kl. 16:18 skrev Support <support@desk.example.org>:
Den 20.11.2026 16:18, skrev Support:
Den 20. nov. 2026 kl. 16.18 skrev Support <support@desk.example.org>:
20. nov. 2026 kl. 16:18 skrev Support <support@desk.example.org>:
pe 20. marrask. 2026 klo 16.18 Support (support@desk.example.org) kirjoitti:
Support <support@desk.example.org> kirjoitti 20.11.2026 kello 16.18:
20.11.2026 16.18, Support kirjoitti:
Support kirjoitti 20.11.2026 klo 16:18:
Support <support@desk.example.org> ezt írta (időpont: 2026. nov. 20., P, 16:18):
2026. 11. 20. 16:18 keltezéssel, Support írta:
2026. nov. 20. dátummal, 16:18 időpontban Support <support@desk.example.org> írta:
În vin., 20 nov. 2026 la 16:18, Support <support@desk.example.org> a scris:
Pe 20.11.2026 16:18, Support a scris:
Pe 20 nov. 2026, la 16:18, Support <support@desk.example.org> a scris:
пт, 20 нояб. 2026 г. в 16:18, Support <support@desk.example.org>:
20.11.2026 16:18, Support пишет:
20 нояб. 2026 г., в 16:18, Support <support@desk.example.org> написал(а):
Пятница, 20 ноября 2026, 16:18 +03:00 от Support <support@desk.example.org>:
20.11.2026, 16:18, "Support" <support@desk.example.org>:
20 ноября 2026 г. 16:18:00 GMT+03:00, Support <support@desk.example.org> пишет:
Вы писали 20 ноября 2026 г., 16:18:00:
пт, 20 лист. 2026 р. о 16:18 Support <support@desk.example.org> пише:
20.11.26 16:18, Support пише:
20 листопада 2026 16:18:00, від "Support" <support@desk.example.org>:
На пт, 20.11.2026 г. в 16:18 Support <support@desk.example.org> написа:
На 20.11.26 г. в 16:18, Support написа:
Support <support@desk.example.org>, 20 Kas 2026 Cum, 16:18 tarihinde şunu yazdı:
20.11.2026 16:18 tarihinde Support yazdı:
Support <support@desk.example.org> şunları yazdı (20 Kas 2026 16:18):
On 20 Kas 2026 Cum at 16:18, Support <support@desk.example.org> wrote:
Στις Παρ, 20 Νοε 2026 στις 4:18 μ.μ., ο/η Support <support@desk.example.org> έγραψε:
Στις 20/11/26 16:18, ο/η Support έγραψε:
2026年11月20日(金) 16:18 Support <support@desk.example.org>:
2026/11/20 16:18、Support <support@desk.example.org>のメール:
2026年11月20日 16:18、Support <support@desk.example.org>のメール:
On 2026/11/20 16:18, Support wrote:
Support さんは 2026/11/20 16:18 に書きました:
Support <support@desk.example.org> 于2026年11月20日周五 16:18写道：
在 2026-11-20 16:18:00，"Support" <support@desk.example.org> 写道：
在 2026年11月20日，16:18，Support <support@desk.example.org> 写道：
在 2026/11/20 16:18, Support 写道:
Support <support@desk.example.org> 於 2026年11月20日 週五 下午4:18寫道：
於 2026/11/20 16:18, Support 提到:
2026년 11월 20일 (금) 오후 4:18, Support <support@desk.example.org>님이 작성:
2026. 11. 20. 오후 4:18, Support <support@desk.example.org> 작성:
2026. 11. 20. 16:18, Support 이(가) 쓴 글:
Vào Th 6, 20 thg 11, 2026 vào lúc 16:18 Support <support@desk.example.org> đã viết:
Vào lúc 16:18, 20 thg 11, 2026, Support <support@desk.example.org> đã viết:
ในวันที่ ศ. 20 พ.ย. 2026 เวลา 16:18 Support <support@desk.example.org> เขียนว่า:
Pada tanggal Jum, 20 Nov 2026 pukul 16.18 Support <support@desk.example.org> menulis:
Pada Jum, 20 Nov 2026 pukul 16.18 Support <support@desk.example.org> menulis:
‫בתאריך יום ו׳, 20 בנוב׳ 2026 ב-16:18 מאת ‪Support‬‏ <‪support@desk.example.org‬‏>:‬
בתאריך 20/11/2026 16:18, Support כתב/ה:
في الجمعة، 20 نوفمبر 2026 في 4:18 م تمت كتابة ما يلي بواسطة Support <support@desk.example.org>:
في ٢٠‏/١١‏/٢٠٢٦ ٤:١٨ م، كتب Support:
در تاریخ جمعه ۲۰ نوامبر ۲۰۲۶،‏ ۱۶:۱۸ Support <support@desk.example.org> نوشت:
pet, 20. stu 2026. u 16:18 Support <support@desk.example.org> napisao je:
Dana 20. 11. 2026. u 16:18, Support je napisao/la:
V pet., 20. nov. 2026 ob 16:18 je oseba Support <support@desk.example.org> napisala:
Dne 20. 11. 2026 ob 16:18 je Support napisal(a):
пет, 20. нов 2026. у 16:18 Support <support@desk.example.org> је написао/ла:
2026-11-20, pn, 16:18 Support <support@desk.example.org> rašė:
Support <support@desk.example.org> rakstīja (piektd., 2026. g. 20. nov., plkst. 16:18):
piektd., 2026. g. 20. nov., plkst. 16:18 — lietotājs Support (<support@desk.example.org>) rakstīja:
Kontakt Support (<support@desk.example.org>) kirjutas kuupäeval R, 20. november 2026 kell 16:18:
El dv., 20 de nov. 2026, 16:18, Support <support@desk.example.org> va escriure:
Missatge de Support <support@desk.example.org> del dia dv., 20 de nov. 2026 a les 16:18:
(e)k erabiltzaileak hau idatzi du (Support <support@desk.example.org>), 2026(e)ko aza. 20(a), or. (16:18):
O Ven, 20 de nov. de 2026 ás 16:18, Support (<support@desk.example.org>) escribiu:
Þann fös., 20. nóv. 2026 kl. 16:18 skrifaði Support <support@desk.example.org>:
On Fri, 20 Nov 2026, 16:18 Support, <support@desk.example.org> wrote:
El El vie, 20 nov 2026 a las 16:18, Support <support@desk.example.org> escribió:
Op vr 20 nov. 2026 16:18 schreef Support <support@desk.example.org>
From Support <support@desk.example.org> on 20 Nov 2026 16:18:
Mensaje citado por Support <support@desk.example.org>:
Citando Support <support@desk.example.org>:
Support skrev 2026-11-20 16:18:
""".splitlines()
OWN_LINES = (
    "See you at 10:30.",
    "It works now, and it did on 20.11.2026!",
    "My colleague is kim@desk.example.org.",
    "Ann, Lee and Kim say so, too",
)


def typed(text: str) -> str:
    body = Marked(text, (SegmentKind.TYPED,) * (text.count("\n") + 1))
    segments = folding.segments(body, lambda: Marked("", ()), "Re: x", ReadingLimits())
    return "\n".join(s.text for s in segments if s.kind is SegmentKind.TYPED).strip("\n")


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_an_attribution_is_folded_with_its_quote(line: str) -> None:
    for below in ("> Did it help?", "Did it help?", ">Did it help?\n>\n>> Maybe."):
        assert typed(f"It works.\n\n{line}\n\n{below}") == "It works."


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_an_attribution_may_be_broken_into_three_lines_wherever_there_is_room(line: str) -> None:
    for width in (40, 55, 72, 78):
        pieces = textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
        whole = "\n".join(pieces) if len(pieces) <= 3 else line
        assert typed(f"It works.\n\n{whole}\n\n> Did it help?") == "It works.", whole


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_the_line_right_above_is_the_senders(line: str) -> None:
    for own in OWN_LINES:
        assert typed(f"It works.\n{own}\n{line}\n> Did it help?") == f"It works.\n{own}"


@pytest.mark.parametrize(
    "text",
    [
        "I wrote to Ann <ann@example.org> on 20.11.2026, and she wrote back.",
        "On Monday I wrote a letter. It said:\nthe printer smokes",
        "Please call Lee (lee@example.org) on 20.11.2026",
        "The log of 2026-11-20 16:18 says:\nno paper",
        "Quoting the manual:\nswitch it on",
        "At 16:18 on 20 November it stopped.\nSince then:\n- nothing",
        "The following was written on 20/11/2026\nby the device",
    ],
)
def test_what_people_write_of_themselves_is_no_attribution(text: str) -> None:
    assert typed(f"Hello\n\n{text}\n\nBye") == f"Hello\n\n{text}\n\nBye"
