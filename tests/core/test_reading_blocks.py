"""The fields of the letter below (From, Sent, To, Subject), in the languages that Outlook, Apple Mail and Notes speak."""

from __future__ import annotations

import pytest

from mailtickets.core.mail import Segment, SegmentKind
from mailtickets.core.reading import ReadingLimits, folding
from mailtickets.core.reading.html import Marked

TYPED, QUOTE, SIGNATURE, FORWARD = SegmentKind
LANGUAGES = """
English|From|Sent|To|Subject|Friday, November 20, 2026 4:18 PM
German|Von|Gesendet|An|Betreff|Freitag, 20. November 2026 16:18
French|De|Envoyé|À|Objet|vendredi 20 novembre 2026 16:18
French Canada|De|Envoyé|À|Objet|20 novembre 2026 16:18
Spanish|De|Enviado el|Para|Asunto|viernes, 20 de noviembre de 2026 16:18
Spanish OWA|De|Enviado|Para|Asunto|viernes, 20 de noviembre de 2026 16:18
Italian|Da|Inviato|A|Oggetto|venerdì 20 novembre 2026 16:18
Portuguese BR|De|Enviada em|Para|Assunto|sexta-feira, 20 de novembro de 2026 16:18
Portuguese PT|De|Enviado|Para|Assunto|20 de novembro de 2026 16:18
Dutch|Van|Verzonden|Aan|Onderwerp|vrijdag 20 november 2026 16:18
Swedish|Från|Skickat|Till|Ämne|den 20 november 2026 16:18
Danish|Fra|Sendt|Til|Emne|20. november 2026 16:18
Norwegian|Fra|Sendt|Til|Emne|fredag 20. november 2026 16:18
Finnish|Lähettäjä|Lähetetty|Vastaanottaja|Aihe|perjantai 20. marraskuuta 2026 16.18
Polish|Od|Wysłano|Do|Temat|piątek, 20 listopada 2026 16:18
Polish OWA|Od|Wysłane|Do|Temat|piątek, 20 listopada 2026 16:18
Czech|Od|Odesláno|Komu|Předmět|pátek 20. listopadu 2026 16:18
Slovak|Od|Odoslané|Komu|Predmet|piatok 20. novembra 2026 16:18
Hungarian|Feladó|Elküldve|Címzett|Tárgy|2026. november 20., péntek 16:18
Romanian|De la|Trimis|Către|Subiect|vineri, 20 noiembrie 2026 16:18
Romanian2|De la|Expediat|Către|Subiect|20 noiembrie 2026 16:18
Bulgarian|От|Изпратено|До|Относно|20 ноември 2026 г. 16:18
Bulgarian2|От|Изпратен|До|Тема|петък, 20 ноември 2026 г. 16:18
Russian|От|Отправлено|Кому|Тема|20 ноября 2026 г. 16:18
Ukrainian|Від|Надіслано|Кому|Тема|20 листопада 2026 р. 16:18
Greek|Από|Στάλθηκε|Προς|Θέμα|Παρασκευή, 20 Νοεμβρίου 2026 4:18 μμ
Greek2|Από|Εστάλη|Προς|Θέμα|Παρασκευή, 20 Νοεμβρίου 2026 16:18
Turkish|Kimden|Gönderildi|Kime|Konu|20 Kasım 2026 Cuma 16:18
Turkish2|Gönderen|Gönderilme Zamanı|Kime|Konu|20 Kasım 2026 Cuma 16:18
Hebrew|מאת|נשלח|אל|נושא|יום שישי 20 נובמבר 2026 16:18
Arabic|من|تم الإرسال|إلى|الموضوع|20 نوفمبر، 2026 04:18 م
Arabic2|من|تاريخ الإرسال|إلى|الموضوع|20/11/2026 04:18 م
Chinese simp|发件人|发送时间|收件人|主题|2026年11月20日 16:18
Chinese trad|寄件者|寄件日期|收件者|主旨|2026年11月20日 下午 04:18
Chinese trad2|寄件者|已傳送|收件者|主旨|2026年11月20日 下午 04:18
Japanese|差出人|送信日時|宛先|件名|2026年11月20日 16:18
Japanese Apple|差出人|日付|宛先|件名|2026年11月20日 16:18:00 JST
Korean|보낸 사람|보낸 날짜|받는 사람|제목|2026년 11월 20일 금요일 오후 4:18
Korean2|보낸 사람|보낸 시간|받는 사람|제목|2026년 11월 20일 금요일 오후 4:18
Vietnamese|Từ|Đã gửi|Đến|Chủ đề|20 Tháng Mười Một 2026 4:18 CH
Vietnamese2|Từ|Ngày gửi|Đến|Chủ đề|Thứ Sáu, 20 Tháng Mười Một 2026 4:18 CH
Thai|จาก|ส่ง|ถึง|เรื่อง|20 พฤศจิกายน 2569 16:18
Indonesian|Dari|Terkirim|Kepada|Perihal|20 November 2026 16:18
Indonesian2|Dari|Dikirim|Kepada|Subjek|Jumat, 20 November 2026 16.18
Malay|Daripada|Dihantar|Kepada|Subjek|Jumaat, 20 November 2026 16:18
Croatian|Šalje|Poslano|Prima|Predmet|20. studenog 2026. 16:18
Croatian2|Od|Poslano|Prima|Predmet|petak, 20. studenoga 2026. 16:18
Serbian|Od|Poslato|Za|Tema|petak, 20. novembar 2026. 16:18
Serbian Cyr|Од|Послато|За|Наслов|20. новембар 2026. 16:18
Slovenian|Od|Poslano|Za|Zadeva|petek, 20. november 2026 16:18
Estonian|Saatja|Saadetud|Adressaat|Teema|reede, 20. november 2026 16:18
Estonian2|Saatja|Saatmisaeg|Saaja|Teema|20. november 2026 16:18
Latvian|No|Nosūtīts|Kam|Tēma|piektdiena, 2026. gada 20. novembris 16:18
Lithuanian|Nuo|Išsiųsta|Kam|Tema|2026 m. lapkričio 20 d. 16:18
Lithuanian2|Siuntėjas|Išsiųsta|Kam|Tema|2026 m. lapkričio 20 d. 16:18
Catalan|De|Enviat el|Per a|Assumpte|divendres, 20 de novembre de 2026 16:18
Catalan2|De|Enviat|A|Tema|20 de novembre de 2026 16:18
Galician|De|Enviado|Para|Asunto|20 de novembro de 2026 16:18
Basque|Nork|Bidalia|Nori|Gaia|2026(e)ko azaroak 20 16:18
Icelandic|Frá|Sent|Til|Efni|20. nóvember 2026 16:18
Persian|از|ارسال شده|به|موضوع|20 نوامبر 2026 16:18
Hindi|से|भेजा गया|को|विषय|20 नवंबर 2026 16:18
Notes EN|From|Date|To|Subject|20/11/2026 16:18
Apple EN|From|Date|To|Subject|20 November 2026 at 16:18:00 CET
Apple DE|Von|Datum|An|Betreff|20. November 2026 um 16:18:00 MEZ
Apple FR|De|Date|À|Objet|20 novembre 2026 à 16:18:00 UTC+1
Apple ES|De|Fecha|Para|Asunto|20 de noviembre de 2026, 16:18:00 CET
Apple NL|Van|Datum|Aan|Onderwerp|20 november 2026 om 16:18:00 CET
Apple IT|Da|Data|A|Oggetto|20 novembre 2026 16:18:00 CET
Apple ZH|发件人|日期|收件人|主题|2026年11月20日 GMT+8 16:18:00
Apple KO|보낸 사람|날짜|받는 사람|제목|2026년 11월 20일 오후 4시 18분 0초 GMT+9
""".strip().splitlines()
FORMS = (
    "plain",
    "no address",
    "below a line",
    "stars",
    "more stars",
    "blank lines",
    "with Cc",
    "hard breaks",
    "quoted",
)
ORIGINALS = (
    """
-----Original Message-----
-------- Original Message --------
-------- Original message --------
------ Original Message ------
--- Original message ---
----- Original Message -----
-----Ursprüngliche Nachricht-----
-------- Ursprüngliche Nachricht --------
-------- Original-Nachricht --------
-----Message d'origine-----
-------- Message d'origine --------
-------- Message original --------
-----Mensaje original-----
-------- Mensaje original --------
-----Messaggio originale-----
-------- Messaggio originale --------
-----Mensagem original-----
-------- Mensagem original --------
-----Oorspronkelijk bericht-----
-------- Oorspronkelijk bericht --------
-----Ursprungligt meddelande-----
-------- Originalmeddelande --------
-----Oprindelig meddelelse-----
-----Opprinnelig melding-----
-----Alkuperäinen viesti-----
-----Wiadomość oryginalna-----
-------- Oryginalna wiadomość --------
-----Původní zpráva-----
-----Pôvodná správa-----
-----Eredeti üzenet-----
-------- Mesaj original --------
-----Исходное сообщение-----
-------- Исходное сообщение --------
-------- Оригинальное сообщение --------
-----Оригінальне повідомлення-----
-----Orijinal Mesaj-----
-----Özgün İleti-----
-----Αρχικό μήνυμα-----
------------------ 原始邮件 ------------------
------------------&nbsp;原始邮件&nbsp;------------------
-----邮件原件-----
-----原始郵件-----
-----元のメッセージ-----
-----원본 메시지-----
-----Original Message-----
-----הודעה מקורית-----
-----الرسالة الأصلية-----
----- Izvorna poruka -----
----- Reply message -----
----- Original Appointment -----
-----Ursprünglicher Termin-----
""".strip()
    .replace("&nbsp;", "\u00a0")
    .splitlines()
)
FORWARDS = """
---------- Forwarded message ----------
---------- Forwarded message ---------
-------- Forwarded Message --------
Begin forwarded message:
----- Forwarded Message -----
----- Forwarded by Lee/Customer on 20/11/2026 16:18 -----
------- Forwarded message -------
---------- Weitergeleitete Nachricht ---------
-------- Weitergeleitete Nachricht --------
Anfang der weitergeleiteten Nachricht:
----- Weitergeleitet von Lee/Customer am 20.11.2026 16:18 -----
---------- Message transféré ---------
-------- Message transféré --------
Début du message réexpédié :
Début du message transféré :
---------- Mensaje reenviado ----------
-------- Mensaje reenviado --------
Inicio del mensaje reenviado:
---------- Messaggio inoltrato ---------
-------- Messaggio Inoltrato --------
Inizio messaggio inoltrato:
---------- Mensagem encaminhada ---------
-------- Mensagem encaminhada --------
Início da mensagem encaminhada:
---------- Forwarded message ---------
---------- Doorgestuurd bericht ---------
-------- Doorgestuurd bericht --------
Begin doorgestuurd bericht:
---------- Vidarebefordrat meddelande ---------
-------- Vidarebefordrat meddelande --------
Vidarebefordrat brev:
---------- Videresendt meddelelse ---------
---------- Videresendt melding ---------
---------- Edelleenlähetetty viesti ---------
-------- Välitetty viesti --------
---------- Przekazana wiadomość ---------
-------- Przekazana wiadomość --------
Początek przekazanej wiadomości:
---------- Přeposlaná zpráva ---------
-------- Přeposlaná zpráva --------
---------- Preposlaná správa ---------
---------- Továbbított üzenet ---------
-------- Továbbított üzenet --------
---------- Mesaj redirecționat ---------
---------- Пересылаемое сообщение ---------
-------- Пересылаемое сообщение --------
-------- Перенаправленное сообщение --------
Начало переадресованного сообщения:
---------- Переслане повідомлення ---------
---------- Yönlendirilmiş ileti ---------
---------- İletilen mesaj ---------
---------- Προωθημένο μήνυμα ---------
---------- 转发的邮件 ---------
---------- 转发邮件信息 ----------
-------- 转发的消息 --------
---------- 轉寄郵件 ---------
---------- 転送メッセージ ---------
---------- Forwarded message ---------
---------- 전달된 메일 ---------
---------- הודעה שהועברה ---------
---------- رسالة معاد توجيهها ---------
""".strip().splitlines()


def folded(text: str, subject: str = "Re: x") -> tuple[Segment, ...]:
    body = Marked(text, (TYPED,) * (text.count("\n") + 1))
    return folding.segments(body, lambda: Marked("", ()), subject, ReadingLimits())


def typed(text: str) -> str:
    return "\n".join(s.text for s in folded(text) if s.kind is TYPED).strip("\n")


def block(row: str, form: str) -> str:
    _, sender, sent, to, subject, moment = row.split("|")
    fields = [
        f"{sender}: Support <support@desk.example.org>",
        f"{sent}: {moment}",
        f"{to}: Lee",
        f"{subject}: Printer",
    ]
    match form:
        case "no address":
            fields[0] = f"{sender}: Support"
        case "below a line":
            fields.insert(0, "_" * 32)
        case "stars":
            fields = [f"*{field.replace(': ', ':* ', 1)}" for field in fields]
        case "more stars":
            fields = [f"*{field.replace(': ', '*: ', 1)}" for field in fields]
        case "blank lines":
            return "\n\n".join(fields)
        case "with Cc":
            fields.insert(
                3, "Cc: Kim <kim@customer.example>; Ann Long <ann@customer.example>;\n Bob <bob@x.example>"
            )
        case "hard breaks":
            fields = [f"{field}  " for field in fields]
        case "quoted":
            fields = [f"> {field}" for field in fields]
    return "\n".join(fields)


@pytest.mark.parametrize("row", LANGUAGES)
def test_a_block_of_fields_is_folded_with_all_below(row: str) -> None:
    for form in FORMS[:-1]:
        assert typed(f"It works.\n\n{block(row, form)}\n\nDid it help?") == "It works.", form
    assert typed(f"It works.\n\n{block(row, 'quoted')}\n> Did it help?") == "It works."


@pytest.mark.parametrize("row", LANGUAGES)
def test_under_the_subject_of_a_forward_it_is_kept_in_view(row: str) -> None:
    for form in FORMS[:-1]:
        segments = folded(f"Please look.\n\n{block(row, form)}\n\nIt smokes.", "Fwd: x")
        assert [segment.kind for segment in segments] == [TYPED, FORWARD], form


@pytest.mark.parametrize("mark", ORIGINALS)
def test_an_original_message_is_folded(mark: str) -> None:
    assert typed(f"It works.\n\n{mark}\n\nDid it help?") == "It works."
    fields = "From: Support\nTo: Lee\nSubject: Printer"
    assert typed(f"It works.\n\n{mark}\n{fields}\n\nDid it help?") == "It works."


@pytest.mark.parametrize("mark", FORWARDS)
def test_a_forwarded_message_is_kept_in_view_and_is_nobodys_word(mark: str) -> None:
    for below in ("It smokes.\n#close", "> It smokes.\n> #close", "From: Ann <ann@example.org>\n\n#close"):
        segments = folded(f"Please look.\n\n{mark}\n\n{below}")
        assert [segment.kind for segment in segments] == [TYPED, FORWARD], below
