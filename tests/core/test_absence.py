"""Until when somebody is away: notices in the languages that they come in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mailtickets.core import absence

SENT_AT = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)  # a Thursday
NOTICES: dict[str, tuple[str, date | None]] = {
    "I am away until Monday.": ("until Monday", date(2026, 11, 23)),
    "I will be back in the office on Tuesday, 24 November 2026 and": (
        "back in the office on Tuesday, 24 November 2026",
        date(2026, 11, 24),
    ),
    "returning on June 3rd, 2027": ("returning on June 3rd, 2027", date(2027, 6, 3)),
    "I am back on 3/4/27.": ("back on 3/4/27", None),  # March to some, April to others
    "I am back on 28/11": ("back on 28/11", date(2026, 11, 28)),
    "I am away until 2026-02-30": ("until 2026-02-30", None),
    "I am away until 12 May 1999": ("until 12 May 1999", None),
    "Ich bin bis zum 24. November 2026 nicht da": ("bis zum 24. November 2026", date(2026, 11, 24)),
    "Ich bin ab dem 07.12. wieder da": ("ab dem 07.12", date(2026, 12, 7)),
    "Ab dem 7.1. wieder": ("Ab dem 7.1", date(2027, 1, 7)),
    "Je suis absent jusqu'au 3 mars 2027": ("jusqu'au 3 mars 2027", date(2027, 3, 3)),
    "Absente jusqu’au lundi 1 février 2027": ("jusqu’au lundi 1 février 2027", date(2027, 2, 1)),
    "Estaré fuera hasta el 12 de marzo de 2027": ("hasta el 12 de marzo de 2027", date(2027, 3, 12)),
    "Sono assente fino al 2026-12-01": ("fino al 2026-12-01", date(2026, 12, 1)),
    "Estou de férias até 3 de dezembro": ("até 3 de dezembro", date(2026, 12, 3)),
    "Ik ben afwezig tot en met 1 december 2026": ("tot en met 1 december 2026", date(2026, 12, 1)),
    "Jag är tillbaka 30 november": ("tillbaka 30 november", date(2026, 11, 30)),
    "Jestem na urlopie do 5 grudnia 2026": ("do 5 grudnia 2026", date(2026, 12, 5)),
    "Do 24.11.2026 na dovolené": ("Do 24.11.2026", date(2026, 11, 24)),
    "Я в отпуске до 30 ноября": ("до 30 ноября", date(2026, 11, 30)),
    "Olen lomalla 24.11. asti": ("24.11. asti", date(2026, 11, 24)),
    "24 Kasım 2026'a kadar izindeyim": ("24 Kasım 2026'a kadar", date(2026, 11, 24)),
    "11月24日まで休暇をいただきます": ("11月24日まで", date(2026, 11, 24)),
}


@pytest.mark.parametrize("notice", NOTICES)
def test_the_day_is_told_where_it_can_mean_one_day(notice: str) -> None:
    found = absence.until(notice, SENT_AT)
    assert found is not None
    assert (found.words, found.day) == NOTICES[notice]


@pytest.mark.parametrize("notice", ["Away.", "Wait until 3 people come.", "Bis dann", "12 до 14"])
def test_what_names_no_day_tells_none(notice: str) -> None:
    assert absence.until(notice, SENT_AT) is None


AWAY = (
    "I am currently out of the office.", "I'm on annual leave.", "Ich bin derzeit im Urlaub.", "Je suis en congés.",
    "Estoy de vacaciones.", "Sono in ferie.", "Estou ausente.", "Ik ben niet op kantoor.", "Jag är på semester.",
    "Jeg er på ferie.", "Olen lomalla.", "Jestem na urlopie.", "Jsem na dovolené.", "Я в отпуске.", "Izindeyim.", "休暇中です。",
)  # fmt: skip


@pytest.mark.parametrize("text", AWAY)
def test_words_of_absence_are_known(text: str) -> None:
    assert absence.is_absence("", text)


def test_a_desk_that_has_got_a_mail_is_not_away() -> None:
    assert not absence.is_absence("Request received: Printer", "We have received your request 99.")
