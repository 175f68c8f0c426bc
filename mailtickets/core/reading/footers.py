"""What programs and companies put around a letter: "Sent from my phone", disclaimers, meetings, warnings. Tables only.

A new program or language is a word here; what is done with such a line is in `folding`.
"""

from __future__ import annotations

import re

# A text with none of these has no line about getting an app.
APPS = (
    *(
        "outlook",
        "bluemail",
        "typeapp",
        "yahoo",
        "gmail",
        "proton",
        "spark",
        "mymail",
        "mail.ru",
        "nine",
        "aquamail",
    ),
    *("edison", "mailbird", "canary"),
)
_APPS = rf"(?:{'|'.join(map(re.escape, APPS))})"
_SYSTEMS = r"(?:android|ios|iphone|ipad|mac|windows)"
# Of a line in lower case.
SENT_FROM = re.compile(
    r"(?:(?:please )?(?:excuse|pardon|forgive) .{0,40})?(?:sent (?:from|via|with|by|using) (?:my |the |a |an )?(?:\S+ ?){1,8}|"
    r"(?:von|vom) mein\w*(?:/\w+)? \S.{0,40} gesendet|gesendet (?:von|mit|über|aus) .{2,60}|"
    r"diese nachricht wurde von mein\w* .{2,60} gesendet|provenance ?: .{2,40}|secured with tuta\b.{0,60}|"
    r"envoyé (?:de|depuis|avec|à partir d|par|via) ?.{2,60}|enviado (?:desde|do|da|de|a partir|via|con|com|por) .{2,60}|"
    r"inviato (?:da|con|dal|tramite) ?.{2,60}|(?:verzonden|verstuurd) (?:vanaf|vanuit|met|via|van) .{2,60}|"
    r"skickat från .{2,60}|skickades från .{2,60}|sendt fra .{2,60}|lähetetty .{2,60}(?:sta|stä|lla|llä)|"
    r"wysłan[eoya]+ z .{2,60}|odesláno (?:z|ze|pomocí) .{2,60}|odoslané z .{2,60}|отправлено (?:с|из|от) .{2,60}|"
    r"надіслано (?:з|із) .{2,60}|изпратено от .{2,60}|послато (?:са|из) .{2,60}|poslano (?:s|sa|z|iz) .{2,60}|"
    r"发自我的.{1,40}|发自 ?.{1,40}|发送自.{1,40}|從我的.{1,40}傳送|傳送自.{1,40}|送信元.{1,40}|στάλθηκε από .{2,60}|"
    r"trimis de pe .{2,60}|enviat (?:des|amb) .{2,60}|saadetud minu .{2,40}|nosūtīts no .{2,60}|išsiųsta iš .{2,60}|"
    r"(?:dikirim|dihantar) dari .{2,60}|(?:được |đã )?gửi từ .{2,60}|ส่งจาก.{2,60}|נשלח מ.{2,60}|"
    r"(?:نُشر|أُ?رسلت|مرسل|تم الإرسال) من .{2,60}|elküldve .{2,60}|ارسال شده از .{2,60}|भेजा गया .{2,60}|"
    r"yahoo mail for iphone|connected by .{2,40})[.!]?",
)
# "Get Outlook for Android": nothing but that, in the languages that say "get" first.
_GET = (
    "get", "download", "holen sie sich", "laden sie", "obtenir", "télécharger", "téléchargez", "obtener", "obtén", "descargar",
    "obter", "obter o", "transferir", "baixar", "scarica", "ottieni", "hämta", "ladda ned", "hent", "få", "skaff deg", "hanki",
    "pobierz", "pobierz program", "uzyskaj", "získat", "stáhnout", "získajte", "скачать", "получить", "завантажити", "отримати",
    "изтегляне на", "λήψη", "λήψη του", "dapatkan", "nhận", "tải", "获取", "下载", "取得", "下載", "preuzmi", "prenesite", "descarrega",
)  # fmt: skip
GET_APP = re.compile(
    rf"(?:{'|'.join(_GET)}) {_APPS}\b.{{0,30}}(?:{_SYSTEMS}\w{{0,8}}|outlook)\b.{{0,200}}", re.IGNORECASE
)
GET_APP_ENDS = re.compile(
    rf"(?=.{{0,40}}{_APPS})(?=.{{0,60}}{_SYSTEMS}).{{0,60}}(?:herunterladen|beziehen|downloaden|letöltése|edinin|を入手(?:する)?|"
    r"をダウンロード|다운로드|다운로드하기|取得.{0,20}outlook)\W{0,3}",
    re.IGNORECASE,
)
# The same in languages that say it last: "iPhone'umdan gönderildi".
SENT_FROM_ENDS = (
    "dan gönderildi",
    "den gönderildi",
    "から送信",
    "에서 보냄",
    "ról küldve",
    "ről küldve",
    "傳送",
)

_THING = (
    r"(?:e-?mails?|email|messages?|communications?|transmission|correspondence|nachricht|courriels?|courrier|mensajes?|correo|"
    r"mensage(?:m|ns)|messaggi[oe]?|comunicazion[ei]|e-?mail\w*|bericht(?:en)?|meddelande|e-?post(?:en|meddelande)?|e-?brev|viesti|"
    r"sähköposti|wiadomo\w+|zpráv\w+|správ\w+|üzenet|mesaj\w*|сообщени\w+|письм\w+|повідомлен\w+|e-?posta\w*|邮件|郵件|メール|메일|메시지)"
)
_CLOSED = (
    r"(?:confidential|privileged|legally protected|intended (?:only|solely|exclusively|for)|intended recipient|(?:use|attention) of the "
    r"(?:addressee|individual|intended)|vertraulich|ausschlie(?:ß|ss)lich|rechtlich geschützt|confidentiel|usage exclusif|"
    r"(?:attention|intention) exclusive|confidencia|exclusivamente|esclusivamente|riservat|confidenzial|vertrouwelijk|uitsluitend|"
    r"konfidenti|konfidensi|fortrolig|luottamuksel|poufn|wyłącznie|důvěrn|výhradně|dôvern|bizalmas|confidențial|конфиденциальн|"
    r"конфіденці|gizli|保密|机密|機密|기밀)"
)
# The start of a paragraph that a company's server puts under every letter. Of a line in lower case.
DISCLAIMER = re.compile(
    r"[*_#\[\s\-]{0,20}(?:disclaimer|legal (?:notice|disclaimer)|confidential(?:ity)?(?: (?:notice|note|statement|information))?\s*[:.\-]|"
    r"privileged(?:/| (?:and|&) )confidential|aviso (?:legal|de confidencialidad)|avviso (?:legale|di riservatezza)|"
    r"avis de confidentialité|clause de confidentialité|haftungsausschluss|vertraulichkeitshinweis|"
    r"(?:notice|important|note|hinweis|wichtig|ai sensi del?)\b[^\n]{0,80}?"
    + _THING
    + r"\b[^\n]{0,160}?"
    + _CLOSED
    + r"|"
    r"(?:this|these|the|diese[rs]?|der inhalt|die (?:informationen|in diese[rm])|die|ces?|cet|le présent|este|el presente|el contenido|la información|"
    r"esta|as informações|o conteúdo|questo|questa|il presente|la presente|il contenuto|le informazioni|dit|deze|de (?:informatie|inhoud)|"
    r"det här|detta|denna|denne|dette|tämä|niniejsz[aey]|ta|treść|tato|tento|táto|az?|acest|это|данное|настоящее|цей|це|bu|本|이)"
    r"\b.{0,90}?" + _THING + r".{0,200}?" + _CLOSED + r"|"
    r"(?:本|此)(?:邮件|郵件|電子メール|メール).{0,60}" + _CLOSED + r"|"
    r"if you (?:are not the (?:intended|named|correct|proper)|(?:have )?received? this .{1,40} in error|received .{1,40} by mistake)|"
    r"(?:wenn|falls|sollten) sie nicht der (?:richtige|beabsichtigte|vorgesehene|bezeichnete|adressat|empfänger)|"
    r"sollten sie diese .{1,20} irrtümlich|si vous n.êtes pas (?:le|la|l.un) .{0,20}destinataire|si vous avez reçu ce .{1,20} par erreur|"
    r"si (?:usted )?no es (?:usted )?el destinatario|si (?:usted )?ha recibido este .{1,30} por error|se (?:você )?não (?:é|for) o destinatário|"
    r"se (?:avete|ha) ricevuto quest.{1,30} per errore|(?:qualora|se) non (?:siete|foste|è|sia) .{0,30}destinatari|"
    r"indien u niet de (?:beoogde|geadresseerde|bedoelde)|als u dit bericht (?:onterecht|ten onrechte)|"
    r"(?:please )?(?:consider|think|protect|save|respect)\b.{0,40}(?:environment|before (?:you )?print|printing|paper|tree)|"
    r"(?:bitte )?(?:denken|prüfen|schonen|schützen) sie\b.{0,60}(?:umwelt|ausdruck|ausgedruckt)|"
    r"(?:pensez|avant d.imprimer|n.imprimez|antes de imprimir|piense|prima di stampare|pense|denk aan het milieu|tänk på miljön|"
    r"tænk på miljøet|tenk på miljøet|перед (?:тем,? как )?распечат)\b.{0,100}|"
    r"informationen zum (?:datenschutz|umgang mit)\b.{0,100}https?:|"
    r"(?:this|cet?|diese|este|questo|deze?) (?:e-?mail|email|message|courriel|mensaje|messaggio|nachricht|correo\b.{0,14})\s?.{0,60}"
    r"(?:(?:has been|was) (?:scanned|checked|sent from a virus-free)|vérifié par|auf viren|viren geprüft|ha sido comprobado)|"
    r"(?:virus-free|virenfrei|garanti sans virus|sans virus|libre de virus|livre de vírus|privo di virus|virusvrij|virusfri|bez virů|"
    r"wolny od wirusów|без вирусов)[\s.].{0,60}|"
    r"you (?:are receiv(?:ing|ed)|received) this (?:e-?mail|message|notification) because|"
    r"to unsubscribe from this (?:group|list|e-?mail))",
)

# A meeting that a calendar program wrote into the letter. It counts with a link or a number below.
# A text with none of these has no line that invites to a meeting.
MEETING_WORDS = (
    *("teams", "webex", "join", "zoom", "meet", "besprechung", "réunion", "reunión", "reunião", "riunione"),
    "vergadering",
)
MEETING = re.compile(
    r"(?:.{0,20}\b(?:microsoft teams|teams-(?:besprechung|vergadering|møde|møte|möte)|webex)\b.{0,24}|join (?:zoom|the|with|your|on|our)\b.{0,40}"
    r"|.{1,60} is inviting you to a scheduled zoom meeting\.?|google meet|join with google meet\b.{0,80}|zoom[- ]meeting.{0,10}|"
    r".{0,30}(?:zoom-meeting beitreten|participer à la réunion|rejoindre la réunion|unirse a la reunión|entrar na reunião|"
    r"an der besprechung teilnehmen|partecipa alla riunione|deelnemen aan de vergadering).{0,40})\s*$",
    re.IGNORECASE,
)
MEETING_BELOW = re.compile(r"https?://|\bID\b|passcode|kenncode|\+\d{2}", re.IGNORECASE)
MEETING_RULE = re.compile(r"[_\-.·]{20,}\s*$|-::~:~.*")

# What a server puts on top of letters that come from outside.
BANNER = re.compile(
    r"[\[(*#<!\s⚠️]{0,20}(?:(?:caution|warning|attention|alert|notice|external|extern\w{0,2}|achtung|vorsicht|hinweis|atención|"
    r"precaución|atenção|cuidado|attenzione|let op|waarschuwing|varning|advarsel|uwaga|внимание)\b)[^\n]{0,40}?"
    r"(?:$|[:!.\-\])*]|external|e-?mail|sender|mail|absender|expéditeur|remitente|mittente)",
    re.IGNORECASE,
)
BANNER_SAYS = re.compile(
    r"(?:originat|com(?:es|ing)|sent|received|was)\w*\b.{0,30}(?:outside|external)|outside (?:of )?(?:the |your |our |this )?\w{0,20} ?"
    r"(?:organi[sz]ation|company|network)|external (?:e-?mail|sender|source|message)|(?:do not|don.t|never) (?:click|open)|unless you (?:recogni|trust|know)|"
    r"extern\w* (?:absender|e-?mail|quelle|mail|nachricht)|außerhalb (?:der|unserer|des|von)|(?:expéditeur|courriel|mail|message) externe|"
    r"(?:extérieur|dehors) (?:de|à)|(?:fuera|ajeno) (?:de|a) |remitente externo|fora d[ae] |remetente externo|mittente esterno|estern[oa] all|"
    r"buiten (?:de|uw|onze) organisatie|externe afzender|utanför (?:din|vår|organisationen)|spoza organizacji|вне организации|внешн\w+ отправител",
    re.IGNORECASE | re.DOTALL,
)
STRANGER = re.compile(
    r"[\[\s|]{0,10}(?:some people who received this message don.t often get email from|you don.t often get e-?mail from|"
    r"sie erhalten nicht (?:häufig|oft) e-?mails? von|vous n.obtenez pas souvent d.e-?mail|vous ne recevez pas souvent|"
    r"no suele recibir correo|u ontvangt niet vaak e-?mail|non si ricevono spesso messaggi|você não costuma receber|"
    r"du får inte ofta e-?post|nie otrzymujesz często wiadomości|вы нечасто получаете)\b",
    re.IGNORECASE,
)
