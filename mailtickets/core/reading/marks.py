"""The words by which mail programs mark what was said before, in the languages that they speak. Tables only.

A new language or program is a word in one of these tables; what they mean is in `folding`.
"""

from __future__ import annotations

import re

# "On Monday Ann wrote:" — the verb of the line above a quote.
WROTE = (
    "wrote", "writes", "has written", "said", "schrieb", "geschrieben", "schreibt", "a écrit", "a ecrit",
    "écrivait", "escribió", "escribio", "ha escrito", "escribía", "ha scritto", "scrive", "scriveva", "escreveu",
    "escrito", "schreef", "geschreven", "het volgende geschreven", "napisał", "napisała", "napisał(a)", "pisze",
    "napsal", "napsala", "napsal(a)", "napsal/a", "napísal", "napísala", "napísal(a)", "skrev", "skrev følgende",
    "skrev følgjande", "skreiv", "följande", "kirjoitti", "ezt írta", "írta", "a scris", "написал", "написала",
    "написал(а)", "писал", "писал(а)", "пишет", "написав", "написала(в)", "пише", "написа", "şunu yazdı",
    "şunları yazdı", "yazdı", "yazmış", "έγραψε", "έγραψε τα εξής", "写道", "寫道", "さんは書きました", "は書きました",
    "のメール", "の送信", "님이 작성", "작성", "님이 쓴 메시지", "đã viết", "viết", "เขียนว่า", "เขียน", "menulis", "rašė",
    "parašė", "rakstīja", "kirjutas", "napisal", "napisala", "je napisal", "napisao", "napisala je", "je napisao/la",
    "је написао", "написао", "va escriure", "idatzi du", "skrifaði", "escribiu", "писали", "написала(а)", "је написао/ла", "написао/ла", "napisana przez", "提到", "提到：",
    "に書きました", "さんが書きました", "쓴 글", "님이 작성함", "đã ghi", "geschrieben hat", "Folgendes geschrieben", "folgendes geschrieben",
    "hat geschrieben", "כתב", "כתבה", "כתב/ה", "מאת", "كتب", "كتبت", "نوشت",
)  # fmt: skip

# How that line begins, where it does not begin with the date.
ON = (
    "On", "At", "Am", "Le", "El", "Il", "Il giorno", "Em", "Op", "Den", "W dniu", "Dnia", "Dne", "Dňa", "Στις", "În data de",
    "Pe", "Vào", "Pada", "Dana", "Dne", "El dia", "Kuupäeval", "Þann", "בתאריך", "ב-", "في", "в", "у", "在", "于", "mar", "tir",
    "ons", "tor", "fre", "lør", "søn", "man", "ma", "ti", "ke", "to", "pe", "la", "su", "pon", "wt", "śr", "czw", "pt", "sob", "niedz",
    "пн", "вт", "ср", "чт", "пт", "сб", "вс", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье",
)  # fmt: skip

# How it begins where the verb is first: "Quoting Ann <ann@example.org>:".
QUOTING = (
    "Quoting", "Zitat von", "Citando", "Citando a", "Mensaje citado por", "Citat från", "Citat av", "Citat de la", "Citat fra",
    "Citazione da", "Citation de", "Selon", "Cytowanie", "Quote from", "Originally posted by", "Цитирую", "Цитата от", "Quoted from",
)  # fmt: skip

FROM = (
    "From", "Von", "De", "Da", "Van", "Från", "Fra", "Frá", "Lähettäjä", "Od", "Nadawca", "Odesílatel", "Odosielateľ",
    "От", "От кого", "Від", "Від кого", "Kimden", "Gönderen", "Από", "发件人", "發件人", "寄件者", "寄件人", "差出人",
    "送信者", "보낸 사람", "보낸사람", "Feladó", "De la", "Expéditeur", "Expediteur", "Remitente", "Remetente", "Mittente",
    "Afzender", "Absender", "Avsändare", "Afsender", "Avsender", "Saatja", "Kellelt", "No", "Nuo", "Pošiljatelj",
    "Šalje", "Prima od", "מאת", "من", "Từ", "จาก", "Dari", "Emisor",
    "Daripada", "Od koga", "От кога", "Nork", "از", "فرستنده", "से", "Siuntėjas", "Avsändare", "Remitent",  "Sender", "Пошиљалац", "Испраќач", "Nga", "Expeditor", "Küldő", "Pengirim", "Người gửi", "ผู้ส่ง", "ส่งจาก", 
    "Од",
)  # fmt: skip
# "Sent: Tuesday …" is said of nothing but a letter; "Date: …" stands in forms and orders, too.
SENT = (
    "Sent", "Sent on", "Gesendet", "Gesendet am", "Envoyé", "Envoyé le", "Envoyée", "Enviado", "Enviado el", "Enviado em",
    "Enviada", "Enviada em", "Date d'envoi", "Inviato", "Inviata", "Data invio", "Verzonden", "Verstuurd", "Skickat", "Sendt",
    "Sendt den", "Lähetetty", "Wysłano", "Wysłane", "Data wysłania", "Odesláno", "Odoslané", "Отправлено", "Отправлен",
    "Надіслано", "Gönderildi", "Gönderilme", "Gönderme Tarihi", "Στάλθηκε", "发送时间", "發送時間", "发送日期", "寄件日期",
    "送信日時", "보낸 날짜", "Elküldve", "Küldve", "Küldés ideje", "Trimis", "Saadetud", "Nosūtīts", "Išsiųsta", "Poslano",
    "Poslato", "נשלח", "تم الإرسال", "ส่งเมื่อ", "Đã gửi", "Dikirim", "Terkirim",
    "Изпратено", "Изпратен", "Изпратени", "Dihantar", "Послато", "Enviat el", "Enviat", "Bidalia", "ارسال شده", "भेजा गया", "Expediat", "Εστάλη", "Gönderilme Zamanı", "Gönderilen", "تاريخ الإرسال", "已傳送", "已发送", "보낸 시간", "Ngày gửi", "ส่ง", "ส่งแล้ว", "Saatmisaeg", "Dërguar", "Poslané", "Odesláno dne", "Data e ora", "Sendedato", "送信日", "Gesendet von",
)  # fmt: skip
DATE = (
    "Date", "Datum", "Fecha", "Data", "Dato", "Päivämäärä", "Päiväys", "Dátum", "Дата", "Tarih", "Ημερομηνία", "日期", "时间",
    "日時", "日付", "날짜", "Kuupäev", "Datums", "Датум", "תאריך", "تاريخ", "التاريخ", "วันที่", "Ngày", "Tanggal",
    "Fecha y hora", "Zeit", "Uhrzeit",  "Datë", "तारीख", "날짜 및 시간", "Quando", 
)  # fmt: skip
TO = (
    "To", "An", "À", "A", "Pour", "Para", "Aan", "Till", "Til", "Vastaanottaja", "Do", "Komu", "Pro", "Adresat", "Кому",
    "До", "Kime", "Alıcı", "Προς", "收件人", "收件者", "宛先", "받는 사람", "받는사람", "Címzett", "Către", "Destinatario",
    "Destinataire", "Destinatário", "Empfänger", "Saaja", "Kellele", "Kam", "Za", "Prima", "Kam", "Mottagare", "Modtager",
    "Mottaker", "אל", "إلى", "ถึง", "Đến", "Tới", "Kepada", "Untuk", "Ke",
    "Per a", "Nori", "به", "को", "Adressaat", "За", "А", "До кого", "Do koho", "Mottagarna", "Penerima", "Người nhận", "ผู้รับ", "Kwa",  "Příjemce", "Príjemca", "Primatelj", "Prejemnik", "Destinataires", "Empfänger*in",
)  # fmt: skip
SUBJECT = (
    "Subject", "Betreff", "Objet", "Sujet", "Oggetto", "Asunto", "Assunto", "Onderwerp", "Ämne", "Emne", "Efni", "Aihe",
    "Temat", "Předmět", "Predmet", "Тема", "Тема письма", "Konu", "Θέμα", "主题", "主旨", "主題", "件名", "제목", "Tárgy",
    "Subiect", "Teema", "Temats", "Tema", "Zadeva", "Naslov", "Предмет", "Assumpte", "Gaia", "נושא", "الموضوع", "موضوع",
    "หัวข้อ", "เรื่อง", "Chủ đề", "Tiêu đề", "Perihal", "Subjek",
    "Относно", "Tēma", "विषय", "Наслов", "Rubrik", "Titill", "Perkara", "Subjekts", "Przedmiot", "Asia", "Sujeto", "Titel",
)  # fmt: skip
OTHER = (
    "Cc", "CC", "Bcc", "Kopie", "Kopie (CC)", "Copie", "Copie à", "Kopia", "Kópia", "Kopi", "Копия", "Копія", "Copia",
    "抄送", "副本", "参照", "참조", "Bilgi", "Κοιν", "Κοινοποίηση", "Másolatot kap", "Másolat", "Reply-To", "Reply To",
    "Antwort an", "Responder a", "Répondre à", "Rispondi a", "Risposta", "Antwoord aan", "Organization", "Organisation",
    "Importance", "Priority", "Wichtigkeit", "Attachments", "Anlagen", "Newsgroups", "Newsgroup", "Mailing list",
    "Reply", "Pièces jointes",
     "Kopie an", "Cópia", "Kopija", "Копие", "נמען", "עותק", "نسخة", "كربونية", "抄送人", "密件抄送", "密件副本", "CCi", "Cci", "Blindkopie", "Skjult kopi", "Dodatno", "Sajátmásolat", "Alıcılar", "Cópia oculta", "Prilozi", "Загрузки", "Anhänge", "Adjuntos", "Allegati", "Bijlagen", "Bilagor", "Załączniki", "Вложения", "附件", "添付ファイル", "첨부",
)  # fmt: skip

# "-----Original Message-----": between dashes, or alone on a line.
ORIGINAL = (
    "Original Message", "Original E-Mail", "Original Mail", "Original", "Original Appointment", "Reply message",
    "Original Nachricht", "Originalnachricht", "Original-Nachricht", "Ursprüngliche Nachricht",
    "Ursprüngliche Mitteilung", "Ursprünglicher Termin", "Message d'origine", "Message original", "Message initial",
    "Messaggio originale", "Messaggio Originale", "Mensaje original", "Mensagem original", "Mensagem Original",
    "Oorspronkelijk bericht", "Oorspronkelijke bericht", "Origineel bericht", "Oprindelig meddelelse",
    "Original meddelelse", "Opprinnelig melding", "Opprinnelig beskjed", "Ursprungligt meddelande", "Originalmeddelande",
    "Alkuperäinen viesti", "Oryginalna wiadomość", "Wiadomość oryginalna", "Wiadomość pierwotna", "Původní zpráva",
    "Původní e-mail", "Pôvodná správa", "Eredeti üzenet", "Исходное сообщение", "Оригинальное сообщение",
    "Оригінальне повідомлення", "Вихідне повідомлення", "Orijinal Mesaj", "Orijinal İleti", "Özgün İleti", "Αρχικό μήνυμα",
    "原始邮件", "原始郵件", "原邮件", "原始消息", "元のメッセージ", "オリジナルメッセージ", "원본 메시지", "원본 메일", "Mesaj original",
    "Mesajul original", "Izvorna poruka", "Izvirno sporočilo", "Originalna poruka", "Algne kiri", "Algsõnum", "Sākotnējais ziņojums",
    "Originalus laiškas", "Missatge original", "Tin nhắn gốc", "Thư gốc", "Pesan asli", "הודעה מקורית", "الرسالة الأصلية",
    "邮件原件", "原郵件", "원본 이메일", "元メッセージ", "Původní mail", "Originalmail",
)  # fmt: skip
FORWARDED = (
    "Forwarded message", "Forwarded Message", "Begin forwarded message", "Forwarded by", "Forwarded mail", "Forwarded email",
    "Begin forwarded mail", "Start of forwarded message", "Weitergeleitete Nachricht", "Weitergeleitete E-Mail",
    "Anfang der weitergeleiteten Nachricht", "Anfang der weitergeleiteten E-Mail", "Weitergeleitet von", "Message transféré",
    "Message transmis", "Message réexpédié", "Début du message réexpédié", "Début du message transféré", "Début du message transmis",
    "Mensaje reenviado", "Inicio del mensaje reenviado", "Messaggio inoltrato", "Inizio messaggio inoltrato",
    "Doorgestuurd bericht", "Begin doorgestuurd bericht", "Mensagem encaminhada", "Mensagem reencaminhada",
    "Início da mensagem encaminhada", "Início da mensagem reencaminhada", "Vidarebefordrat meddelande", "Vidarebefordrat brev",
    "Vidarebefordrat mail", "Videresendt meddelelse", "Videresendt melding", "Videresendt besked",
    "Start på videresendt meddelelse", "Start på videresendt besked", "Starten på videresendt melding", "Välitetty viesti",
    "Edelleenlähetetty viesti", "Välitetty viesti alkaa", "Przekazana wiadomość", "Wiadomość przekazana",
    "Treść przekazanej wiadomości", "Początek przekazanej wiadomości", "Přeposlaná zpráva", "Přeposlaný e-mail",
    "Preposlaná správa", "Továbbított üzenet", "Továbbított levél", "Пересылаемое сообщение", "Пересланное сообщение",
    "Перенаправленное сообщение", "Начало переадресованного сообщения", "Начало пересылаемого сообщения",
    "Переслане повідомлення", "Пересилання повідомлення", "Yönlendirilmiş mesaj", "Yönlendirilen mesaj", "İletilmiş ileti",
    "İletilen mesaj", "Προωθημένο μήνυμα", "转发的邮件", "转发邮件", "已转发邮件", "轉寄郵件", "轉寄的郵件", "転送メッセージ",
    "転送されたメッセージ", "전달된 메시지", "전달된 메일", "Mesaj redirecționat", "Mesaj redirectat", "Proslijeđena poruka",
    "Posredovano sporočilo", "Edastatud kiri", "Pārsūtīts ziņojums", "Persiųstas laiškas", "Missatge reenviat",
    "Tin nhắn được chuyển tiếp", "Pesan terusan", "הודעה שהועברה", "רسالة معاد توجيهها", "رسالة تم تحويلها",
    "Yönlendirilmiş ileti", "Yönlendirilen ileti", "转发邮件信息", "转发的消息", "已轉寄郵件", "轉寄訊息", "رسالة معاد توجيهها", "پیام هدایت شده", "Препратено съобщение", "Прослеђена порука", "Prosleđena poruka", "Missatge reenviat", "Birzalitako mezua", "Mensaxe reenviada", "अग्रेषित संदेश", "ข้อความที่ส่งต่อ", "Mesej dimajukan",
)  # fmt: skip
# What a letter is called between dashes, whatever is said of it: "-----Nachricht von Ann-----".
MESSAGE = (
    "message", "messaggio", "mensaje", "mensagem", "nachricht", "bericht", "meddelande", "meddelelse", "melding", "viesti",
    "wiadomość", "zpráva", "správa", "üzenet", "levél", "сообщение", "сообщения", "повідомлення", "mesaj", "ileti", "μήνυμα", "邮件", "郵件",
    "メッセージ", "메시지", "poruka", "sporočilo", "laiškas", "ziņojums", "missatge", "tin nhắn", "pesan", "הודעה", "رسالة",
)  # fmt: skip
# The first word of the subject of a forward.
FORWARD_PREFIX = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|i|vl|vb|doorst|pd|fs|ilt|továbbítás|пересл(?:ано)?|转发|轉寄|轉發|転送|전달|vidarebef|"
    r"videres|prosl|posr|reenv|redir|weitergeleitet|inoltro|transf)\s?[:：]",
    re.IGNORECASE,
)

# "Reply above this line": a desk's own mark, ours or another's. A line must have one of the words to be looked at.
ABOVE_WORDS = (
    "above", "dieser zeile", "dieser linie", "cette ligne", "esta línea", "esta linha", "deste linha", "questa linea",
    "questa riga", "deze regel", "deze lijn", "denna rad", "denne linje", "этой строк", "этой лини", "tej linii",
)  # fmt: skip
ABOVE = re.compile(
    r".{0,60}(?:(?:reply|respond|write|type|answer|response).{0,40}above (?:this|the) line|"
    r"add (?:your )?(?:reply|response|comment).{0,20}above|"
    r"(?:antwort|schreiben|antworten).{0,40}(?:über|oberhalb) dieser (?:zeile|linie)|"
    r"répond\w*.{0,40}(?:au.dessus|plus haut) de cette ligne|"
    r"(?:responda|escriba|respuesta).{0,40}encima de esta línea|"
    r"(?:respond\w*|escrev\w*|resposta).{0,40}acima dest[ae] linha|"
    r"(?:rispond\w*|scriv\w*|risposta).{0,40}(?:sopra|al di sopra di) questa (?:linea|riga)|"
    r"(?:antwoord|reageer|typ).{0,40}boven deze (?:regel|lijn)|"
    r"(?:svara|skriv|svar).{0,40}(?:ovanför|ovenfor|over) den(?:na|ne) (?:rad|linje)\w*|"
    r"(?:ответ|пишите).{0,40}выше этой (?:строки|линии)|odpowied\w+.{0,40}(?:powyżej|nad) tej linii).{0,60}",
    re.IGNORECASE,
)
