"""What an absence notice says: that somebody is away, and until when, in the languages that such notices come in.

The law: the words are kept as they were written; a day is only told where it can mean one day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_MAX_NOTICE = 4000  # characters in which the day of return is looked for
_LONGEST_ABSENCE = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Absence:
    words: str  # "back in the office on Tuesday, 24 November 2026", as written, one line
    day: date | None  # None: it can be read in two ways, or names no day


def is_absence(subject: str, text: str) -> bool:
    """Whether somebody says that they are away."""
    start = text[:_MAX_NOTICE]
    return bool(SUBJECT.match(subject) or _AWAY.search(start) or _UNTIL.search(start))


def until(text: str, sent_at: datetime | None) -> Absence | None:
    """Until when somebody is away, or from when they are back; None if the notice does not say."""
    found = _UNTIL.search(text[:_MAX_NOTICE])
    if found is None:
        return None
    words = " ".join(found[0].split()).rstrip(".")
    return Absence(words, _day(words, sent_at))


def _day(words: str, sent_at: datetime | None) -> date | None:
    days = {day for day in _readings(words, sent_at) if _is_likely(day, sent_at)}
    return days.pop() if len(days) == 1 else None


def _readings(words: str, sent_at: datetime | None) -> Iterator[date]:
    """Every day that the words can mean."""
    if (found := re.search(r"(\d{4})-(\d\d)-(\d\d)", words)) or (
        found := re.search(r"(\d{4})[年/.\s]\s?(\d{1,2})[月/.]\s?(\d{1,2})", words)
    ):
        yield from _dated(int(found[1]), int(found[2]), int(found[3]))
    elif found := re.search(r"(\d{1,2})月\s?(\d{1,2})", words):
        yield from _yearless(int(found[1]), int(found[2]), sent_at)
    elif found := re.search(r"\b(\d{1,2})([./\-])(\d{1,2})(?:[./\-](\d{4}|\d\d))?", words):
        one, two = int(found[1]), int(found[3])
        # "24.11." is the twenty-fourth wherever it is written; 3/4 is March to some and April to others.
        orders = ((two, one),) if found[2] == "." else ((two, one), (one, two))
        for month, day in orders:
            if found[4]:
                yield from _dated(int(found[4]) + (2000 if len(found[4]) == 2 else 0), month, day)
            else:
                yield from _yearless(month, day, sent_at)
    elif re.search(r"\d", words):
        yield from _in_words(words, sent_at)
    else:
        yield from _next(words, sent_at)


def _next(words: str, sent_at: datetime | None) -> Iterator[date]:
    """ "until Monday": the next one."""
    named = next(iter(re.findall(rf"{_WEEKDAY}", words.lower())), "")
    number = next((n for n, names in enumerate(_WEEKDAYS) if named in names.split()), None)
    if sent_at is not None and number is not None:
        yield sent_at.date() + timedelta(days=(number - sent_at.weekday() - 1) % 7 + 1)


def _in_words(words: str, sent_at: datetime | None) -> Iterator[date]:
    """ "24 November 2026", "November 24th"."""
    month = next((_MONTHS[m[0].lower()[:4]] for m in _NAME.finditer(words) if m[0].lower()[:4] in _MONTHS), 0)
    month = month or next(
        (_MONTHS[m[0].lower()[:3]] for m in _NAME.finditer(words) if m[0].lower()[:3] in _MONTHS), 0
    )
    year = re.search(r"(?<!\d)([12]\d\d\d)(?!\d)", words)
    day = re.search(r"(?<!\d)(\d{1,2})(?!\d)", words)
    if month and day:
        if year:
            yield from _dated(int(year[1]), month, int(day[1]))
        else:
            yield from _yearless(month, int(day[1]), sent_at)


def _dated(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _yearless(month: int, day: int, sent_at: datetime | None) -> Iterator[date]:
    """The next day of that name."""
    if sent_at is None:
        return
    today = sent_at.date()
    for year in (today.year, today.year + 1):
        for found in _dated(year, month, day):
            if found >= today - timedelta(days=1):
                yield found
                return


def _is_likely(day: date, sent_at: datetime | None) -> bool:
    return sent_at is None or abs(day - sent_at.date()) <= _LONGEST_ABSENCE


# What a program puts first. A person who writes "automatic reply does not work" does not write the colon.
SUBJECT = re.compile(
    r"\s*\[?(?:auto(?:matic|mated|mat)?[ \-]?(?:reply|response|responder|antwort)|out of (?:the )?office(?: auto-?reply)?|"
    r"vacation (?:reply|response|message)|automatische antwort(?: bei abwesenheit)?|abwesenheitsnotiz|abwesend|abwesenheit|"
    r"réponse automatique(?: d['’]absence du bureau)?|absence du bureau|respuesta automática|ausencia de la oficina|"
    r"fuera de (?:la )?oficina|resposta automática|ausência temporária|risposta automatica|fuori sede|"
    r"automatisch antwoord|afwezigheidsbericht|afwezig|automatiskt svar|autosvar|automatisk svar|frånvarande|fravær|"
    r"automaattinen vastaus|poissaoloviesti|odpowiedź automatyczna|autoodpowiedź|automatická odpověď|automatická odpoveď|"
    r"automatikus válasz|răspuns automat|автоматический ответ|автоответ|автовідповідь|автоматична відповідь|"
    r"otomatik yanıt|αυτόματη απάντηση|自动答复|自动回复|自動回覆|自動返信|不在通知|자동 회신|부재 중|trả lời tự động|"
    r"balasan otomatis|automatski odgovor|samodejni odgovor|automātiskā atbilde|automatinis atsakymas)\]?\s*[:：]",
    re.IGNORECASE,
)
# Words that say so in the text itself.
_AWAY = re.compile(
    r"\bout of (?:the )?office\b|\b(?:on|from) (?:vacation|holiday|leave|annual leave|parental leave)\b|\baway from (?:my|the) (?:desk|office|mail|e-mail)|"
    r"\b(?:i am|i'm|i will be|i’m) (?:currently )?(?:away|absent|unavailable|travell?ing)\b|\bnot in the office\b|\blimited access to (?:my )?e-?mail|"
    r"nicht (?:im (?:büro|haus)|am arbeitsplatz)|(?:bin|befinde mich) [^.]{0,60}\b(?:abwesend|urlaub|außer haus|nicht da|nicht erreichbar)|"
    r"absent(?:e)? du bureau|je suis (?:actuellement )?(?:absent|en congé)|en (?:congés?|vacances|déplacement)|"
    r"fuera de la oficina|de vacaciones|estaré (?:fuera|ausente)|fuori (?:ufficio|sede)|sono (?:assente|in ferie)|in ferie|"
    r"fora do escritório|de férias|estou ausente|niet op kantoor|met vakantie|\bafwezig\b|på semester|\bfrånvarande\b|på ferie|ikke på kontoret|"
    r"lomalla|poissa toimistosta|na urlopie|poza biurem|na dovolené|nejsem v kanceláři|na dovolenke|szabadságon|în concediu|"
    r"в отпуске|нет на рабочем месте|у відпустці|izindeyim|ofis dışında|σε άδεια|εκτός γραφείου|"
    r"休暇|不在にして|外出して|休假|不在办公室|不在辦公室|부재중|휴가",
    re.IGNORECASE,
)

_WEEKDAYS = (
    "monday montag lundi lunes lunedi lunedì segunda segunda-feira maandag måndag mandag",
    "tuesday dienstag mardi martes martedi martedì terça terça-feira dinsdag tisdag tirsdag",
    "wednesday mittwoch mercredi miércoles mercoledi mercoledì quarta quarta-feira woensdag onsdag",
    "thursday donnerstag jeudi jueves giovedi giovedì quinta quinta-feira donderdag torsdag",
    "friday freitag vendredi viernes venerdi venerdì sexta sexta-feira vrijdag fredag",
    "saturday samstag sonnabend samedi sábado sabato zaterdag lördag lørdag",
    "sunday sonntag dimanche domingo domenica zondag söndag søndag",
)
_WEEKDAY = "(?:" + "|".join(sorted(" ".join(_WEEKDAYS).split(), key=lambda day: (-len(day), day))) + ")"
_MONTHS = {
    stem: number
    for number, stems in enumerate(
        (
            "jan ene gen sty led янв січ oca", "feb fév feb lut úno fev фев лют şub", "mar mär mrt maa mars bře бер",
            "apr avr abr kwi dub апр кві nis", "may mai mei mag maj май мая тра kvě may", "jun juin giu czer červ июн чер haz",
            "jul juil lug lip červenc июл лип tem", "aug aoû ago sie srp авг сер ağu", "sep set wrz zář сен вер eyl",
            "oct okt ott out paź říj окт жов eki", "nov lis ноя лис kas", "dec dez déc dic dez gru pro дек гру ara",
        ),
        1,
    )
    for stem in stems.split()
    if len(stem) in (3, 4)
}  # fmt: skip
_NAME = re.compile(r"[^\W\d_]{3,}")
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=lambda stem: (-len(stem), stem)))})\w{{0,8}}\.?"
_DAY = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{4}}年\s?\d{{1,2}}月\s?\d{{1,2}}日|\d{{1,2}}[./\-]\d{{1,2}}\b(?:[./\-](?:\d{{4}}|\d\d)\b)?|"
    rf"\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?\s(?:of\s|de\s)?{_MONTH}(?:,?\s(?:de\s)?\d{{4}})?|"
    rf"{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}})?)"
)
_BEFORE = (
    r"\b(?:until|till|through|back (?:in (?:the )?office )?(?:on|at|by)|return(?:ing)?(?: to (?:the )?(?:office|work))? on|"
    r"bis(?: zum| einschließlich| inkl\.)?|(?:wieder|zurück|erreichbar)(?: da)? (?:am|ab)(?: dem)?|ab(?: dem)?|"
    r"jusqu['’]au|de retour (?:le|au bureau le)|à partir du|hasta el|regreso el|vuelvo el|a partir del|fino al?|rientro il|"
    r"até(?: ao?)?|regresso (?:a|em)|tot(?: en met)?|t/m|weer aanwezig op|till och med|t\.o\.m\.|til(?: og med)?|tillbaka(?: den)?|tilbage(?: d\.| den)?|tilbake(?: den)?|"
    r"do(?: dnia)?|od(?: dnia)?|wracam|vrátím se|по|до|с)"
)
# The day stands before the word: "24.11. asti", "24 Kasım'a kadar", "11月24日まで".
_AFTER = r"\.?\s?(?:asti|saakka|kadar|['’]?[aey]{1,2} kadar|-ig\b|まで|から|为止|之前|까지)"
_UNTIL = re.compile(
    rf"{_BEFORE}\s(?:the\s)?(?:(?:{_WEEKDAY})\b(?:,?\s(?:the\s|den\s|dem\s|le\s|el\s)?{_DAY})?|{_DAY})|"
    rf"{_DAY}{_AFTER}|(?:至|到)\s?{_DAY}|\d{{1,2}}月\s?\d{{1,2}}日{_AFTER}|\d{{4}}년 \d{{1,2}}월 \d{{1,2}}일{_AFTER}",
    re.IGNORECASE,
)
