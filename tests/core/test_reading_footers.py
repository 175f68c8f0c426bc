"""What programs and companies put around a letter is folded, in the languages of the world's mail programs."""

from __future__ import annotations

import pytest

from mailtickets.core.mail import SegmentKind
from mailtickets.core.reading import ReadingLimits, folding
from mailtickets.core.reading.html import Marked

# A row is a footer; "\\n" in it is a line break.
FOOTERS = r"""
Sent from my iPhone
Sent from my iPad
Sent from my Galaxy
Sent from my Samsung Galaxy smartphone.
Sent from my Verizon, Samsung Galaxy smartphone
Sent from Mail for Windows
Sent from Mail for Windows 10
Sent from Outlook for Android
Sent from Outlook for iOS
Get Outlook for Android
Get Outlook for iOS
Sent from Yahoo Mail on Android
Sent from Yahoo Mail for iPhone
Sent from Proton Mail for iOS
Sent from Proton Mail mobile
Sent with Proton Mail secure email.
Sent from ProtonMail Mobile
Sent from my BlackBerry 10 smartphone.
Sent via BlackBerry by AT&T
Sent from my Windows Phone
Sent from my Huawei phone
Sent from my Xiaomi
Sent from Gmail Mobile
Sent with Spark
Sent via Superhuman
Sent from AOL Mobile Mail
Sent with Mailbird
Sent from Nine
Sent from BlueMail
Sent from TypeApp
Get BlueMail for Android
Sent from Boxer
Sent from MailDroid
Sent from Zoho Mail Mobile
Sent from myMail for iOS
Sent from Mailspring
Sent from Front
Sent from Mobile
Sent from Tutanota
Sent via the Samsung Galaxy S21, an AT&T 5G smartphone
Secured with Tuta Mail: https://tuta.com
Sent using Hushmail
Sent from my T-Mobile 5G Device
Sent from my mobile device.
Sent from a mobile device, please excuse typos
Please excuse brevity, sent from my phone
Please excuse typos, sent from my mobile
Sent from my phone, please excuse any typos.
Von meinem iPhone gesendet
Von meinem Samsung Galaxy Smartphone gesendet.
Von meinem/meiner Galaxy gesendet
Von meinem Mobiltelefon gesendet
Gesendet von meinem iPhone
Gesendet von Outlook für Android
Gesendet von Mail für Windows
Gesendet mit der GMX Mail App
Gesendet mit der WEB.DE Mail App
Gesendet mit der GMX iPhone App
Gesendet aus Outlook für iOS
Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.
Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.
Diese E-Mail wurde von Avast-Antivirussoftware auf Viren geprüft.
Gesendet von Yahoo Mail auf Android
Holen Sie sich Outlook für Android
Outlook für Android herunterladen
Outlook für iOS beziehen
Envoyé de mon iPhone
Envoyé depuis mon smartphone Samsung Galaxy.
Envoyé depuis mon appareil Galaxy
Envoyé depuis l'application Mail Orange
Envoyé à partir d'Outlook pour Android
Envoyé à partir de Courrier pour Windows
Obtenir Outlook pour Android
Télécharger Outlook pour iOS
Provenance : Courrier pour Windows 10
Enviado desde mi iPhone
Enviado desde mi Galaxy
Enviado desde Outlook para Android
Enviado desde Correo para Windows
Obtener Outlook para Android
Obtén Outlook para Android
Enviado do meu iPhone
Enviado do meu Galaxy
Enviado via iPhone
Enviado do Yahoo Mail no Android
Enviado do Email para Windows
Obter o Outlook para Android
Obter Outlook para Android
Inviato da iPhone
Inviato dal mio iPhone
Inviato dal mio dispositivo Android
Inviato da Outlook per Android
Inviato da Posta per Windows
Scarica Outlook per Android
Ottieni Outlook per Android
Verstuurd vanaf mijn iPhone
Verzonden vanaf mijn Galaxy
Verzonden vanuit Outlook voor Android
Verzonden via Outlook voor Android
Outlook voor Android downloaden
Skickat från min iPhone
Skickat från Outlook för Android
Skickat från E-post för Windows
Hämta Outlook för Android
Sendt fra min iPhone
Sendt fra min Galaxy
Sendt fra Outlook til Android
Hent Outlook til Android
Få Outlook for Android
Lähetetty iPhonesta
Lähetetty Outlookin Android-versiosta
Hanki Outlook Androidille
Wysłane z iPhone'a
Wysłano z iPhone'a
Wysłane z mojego Galaxy
Wysłane z programu Poczta dla systemu Windows
Pobierz program Outlook dla systemu Android
Odesláno z iPhonu
Odesláno z mého Galaxy
Získat Outlook pro Android
Odoslané z iPhonu
Iphone-omról küldve
iPhone-omról küldve
A(z) Outlook Androidhoz letöltése
Az Outlook Android-verziójának letöltése
Trimis de pe iPhone-ul meu
Отправлено с iPhone
Отправлено с моего iPhone
Отправлено из мобильной Почты Mail.ru
Отправлено из Mail.ru для Android
Отправлено из Яндекс.Почты для мобильных
Отправлено из Почты для Windows
Скачать Outlook для Android
Надіслано з iPhone
Надіслано з пристрою Galaxy
Изпратено от моя iPhone
Изпратено от Outlook за Android
iPhone'umdan gönderildi
Samsung Galaxy akıllı telefonumdan gönderildi.
Android için Outlook'u edinin
Android'de Yahoo Postadan gönderildi
Στάλθηκε από το iPhone μου
Στάλθηκε από την εφαρμογή Yahoo Mail σε Android
Λήψη του Outlook για Android
发自我的iPhone
发自我的 iPhone
发送自 Outlook for Android
发自我的小米手机
获取 Outlook for Android
從我的 iPhone 傳送
取得 Android 版 Outlook
iPhoneから送信
Android 版 Outlook を入手
Outlook for Android を入手する
나의 iPhone에서 보냄
내 Galaxy에서 보냄
iPhone에서 보냄
Android용 Outlook 다운로드
Đã gửi từ iPhone của tôi
Gửi từ iPhone của tôi
Nhận Outlook dành cho Android
ส่งจาก iPhone ของฉัน
Dikirim dari iPhone saya
Dapatkan Outlook untuk Android
נשלח מה-iPhone שלי
نُشر من الـ iPhone
أُرسلت من الـ iPhone
مرسل من الـ iPhone الخاص بي
Poslano s mog iPhonea
Poslano iz mojega iPhone-a
Enviat des del meu iPhone
Saadetud minu iPhone'ist
Nosūtīts no mana iPhone
Išsiųsta iš mano iPhone
Virus-free. www.avast.com
Virus-free.www.avast.com
Virenfrei. www.avast.com
Garanti sans virus. www.avast.com
Libre de virus. www.avast.com
This email has been checked for viruses by Avast antivirus software.
Cet e-mail a été vérifié par le logiciel antivirus d'Avast.
CONFIDENTIALITY NOTICE: This e-mail is for the sole use of the intended recipient.
This e-mail may contain confidential and/or privileged information. If you are not the intended recipient please notify the sender.
The information contained in this communication is confidential and may be legally privileged.
This message and any attachments are intended only for the use of the addressee and may contain information that is privileged.
This message contains confidential information and is intended only for the individual named.
This communication is intended for the addressee only.
If you are not the intended recipient, please delete this message and notify the sender.
If you have received this email in error please notify the sender immediately.
NOTICE: This email and any attachments may be confidential.
IMPORTANT: The contents of this email and any attachments are confidential.
DISCLAIMER
Please consider the environment before printing this email.
Think before you print.
Save paper - think before you print
Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen.
Diese Nachricht ist vertraulich.
Der Inhalt dieser E-Mail ist vertraulich und ausschließlich für den Adressaten bestimmt.
Der Inhalt dieser Nachricht ist ausschließlich für den bezeichneten Adressaten bestimmt.
Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte sofort den Absender.
Informationen zum Datenschutz finden Sie unter https://example.org/datenschutz
Bitte prüfen Sie, ob diese Mail wirklich ausgedruckt werden muss!
Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken.
Ce message et toutes les pièces jointes sont confidentiels et établis à l'intention exclusive de ses destinataires.
Ce courriel et ses pièces jointes sont confidentiels.
Pensez à l'environnement avant d'imprimer ce message.
Avant d'imprimer cet e-mail, réfléchissez à l'impact sur l'environnement.
Este mensaje y sus archivos adjuntos van dirigidos exclusivamente a su destinatario y pueden contener información confidencial.
AVISO LEGAL: Este mensaje va dirigido exclusivamente a su destinatario.
AVISO DE CONFIDENCIALIDAD
Antes de imprimir este mensaje, piense en el medio ambiente.
Esta mensagem pode conter informação confidencial.
As informações contidas nesta mensagem são confidenciais.
AVISO LEGAL
Le informazioni contenute in questa comunicazione sono riservate e destinate esclusivamente al destinatario.
Questo messaggio e i suoi allegati sono indirizzati esclusivamente alle persone indicate.
Ai sensi del Regolamento UE 2016/679 si precisa che le informazioni contenute in questo messaggio sono riservate
Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.
De informatie verzonden met dit e-mailbericht is uitsluitend bestemd voor de geadresseerde.
Detta meddelande kan innehålla konfidentiell information.
Denna e-post är konfidentiell och avsedd endast för mottagaren.
Denne e-mail kan indeholde fortrolige oplysninger.
Denne e-posten er konfidensiell.
Tämä viesti on luottamuksellinen.
Niniejsza wiadomość zawiera informacje poufne przeznaczone wyłącznie dla adresata.
Ta wiadomość jest poufna.
Tato zpráva je důvěrná.
Tento e-mail je důvěrný a je určen výhradně adresátovi.
Az üzenet bizalmas információkat tartalmazhat.
Acest mesaj este confidențial.
Это сообщение содержит конфиденциальную информацию.
Настоящее сообщение и любые приложения к нему являются конфиденциальными
Bu e-posta ve ekleri gizlidir.
Bu mesaj ve ekleri, mesajda gönderildiği belirtilen kişi/kişilere özeldir ve gizlidir.
本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。
本メールには機密情報が含まれている場合があります。
이 메일은 기밀 정보를 포함할 수 있습니다.
________________________________________________________________________________\nMicrosoft Teams Need help?\nJoin the meeting now\nMeeting ID: 123 456 789
________________________________________________________________________________\nMicrosoft Teams meeting\nJoin on your computer or mobile app\nClick here to join the meeting
________________________________________________________________________________\nMicrosoft Teams-Besprechung\nNehmen Sie auf Ihrem Computer teil
________________________________________________________________________________\nRéunion Microsoft Teams\nRejoignez sur votre ordinateur
Join Zoom Meeting\nhttps://zoom.example/j/1
Lee is inviting you to a scheduled Zoom meeting.\n\nJoin Zoom Meeting\nhttps://zoom.example/j/1
Join with Google Meet\nhttps://meet.example/abc
-::~:~::~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~::~:~::-\nJoin with Google Meet: https://meet.example/abc
To unsubscribe from this group and stop receiving emails from it, send an email to x@example.org.
You received this message because you are subscribed to the Google Groups "x" group.
--~--~---------~--~----~------------~-------~--~----~\nYou received this message because you are subscribed to the Google Groups
_______________________________________________\nprinters mailing list -- printers@lists.example\nTo unsubscribe send an email to printers-leave@lists.example
-- \nLee
--\nLee
---\nLee
__\nLee
____\nLee Smith
***\nLee Smith
""".strip().splitlines()
BANNERS = (
    "CAUTION: This email originated from outside of the organization. Do not click links or open attachments\n"
    "unless you recognize the sender and know the content is safe.",
    "[EXTERNAL]",
    "*** EXTERNAL EMAIL: Do not click any links ***",
    "WARNING: The sender of this email could not be validated. It was sent from outside your company.",
    "ACHTUNG: Diese E-Mail stammt von einem externen Absender.",
    "ATTENTION : ce courriel provient de l'extérieur de l'organisation.",
    "ATENCIÓN: Este correo procede de fuera de la organización.",
    "You don't often get email from lee@customer.example. Learn why this is important",
    "Sie erhalten nicht häufig E-Mails von lee@customer.example. Erfahren Sie, warum dies wichtig ist",
    "Vous n'obtenez pas souvent d'e-mail à partir de lee@customer.example. Découvrez pourquoi cela est important",
)
OWN_WORDS = (
    "Outlook for Android crashes.",
    "I use Outlook for Android",
    "Please get Outlook for Android to work again, it is urgent",
    "I cannot download the manual for Windows",
    "The mail was sent from the wrong account. What now?",
    "Confidential files are missing.",
    "Microsoft Teams",
    "Microsoft Teams does not start any more:\nit shows a white window.",
    "This message comes up: paper jam",
    "Is the message that I got about the printer right?",
    "Warning: paper jam in tray 2",
    "Attention: the room is locked after 18:00.",
    "Attention Ann Smith,\nplease call me.",
    "External drive is broken",
    "If you are not in the office, please tell me.",
    "Steps to do:\n---\nSwitch it on.\nWait for the light.",
    "Name\n----\nThe first column; it is empty.",
    "Die Nachricht ist nicht angekommen.",
    "Este mensaje no llega.",
    "The printer is virus-free, I hope",
    "Bitte denken Sie an mich.",
)


def typed(text: str) -> str:
    body = Marked(text, (SegmentKind.TYPED,) * (text.count("\n") + 1))
    segments = folding.segments(body, lambda: Marked("", ()), "Re: x", ReadingLimits())
    return "\n".join(s.text for s in segments if s.kind is SegmentKind.TYPED).strip("\n")


@pytest.mark.parametrize("row", FOOTERS)
def test_what_stands_under_a_letter_is_folded(row: str) -> None:
    footer = row.replace("\\n", "\n")
    assert typed(f"It works.\n\n{footer}") == "It works."
    quote = "On 20/11/2026 16:18, Support wrote:\n> Did it help?"
    assert typed(f"It works.\n\n{footer}\n\n{quote}") == "It works."


@pytest.mark.parametrize("banner", BANNERS)
def test_what_a_server_puts_on_top_is_folded_and_what_is_below_is_not(banner: str) -> None:
    assert typed(f"{banner}\n\nIt works.") == "It works."


@pytest.mark.parametrize("text", OWN_WORDS)
def test_what_people_write_of_themselves_is_no_footer(text: str) -> None:
    assert typed(f"Hello\n\n{text}\n\nBye") == f"Hello\n\n{text}\n\nBye"
    assert typed(f"{text}\n\nBye") == f"{text}\n\nBye"
