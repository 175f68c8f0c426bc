"""A ticket is found by its words, in any language and on either database, and by nobody who may not read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtickets.core.case import MessageKind
from mailtickets.core.mail import Address, Attachment
from mailtickets.core.person import Person
from mailtickets.core.query.words import Phrase, folded, phrase, spaced
from mailtickets.core.ticket import Changed, Field, Ticket
from mailtickets.store import search, views
from mailtickets.store.search import question
from mailtickets.store.views import Sort
from tests.store.asking import asked
from tests.store.desk import Desk
from tests.store.letters import ANN, LEE, letter

BOB = Address("bob@customer.example", "Bob")


def found(desk: Desk, *words: str, viewer: Person | None = None, sort: Sort = Sort.BEST) -> list[int]:
    """Numbers of tickets, in their order."""
    while desk.store.write_sync(search.write_cards, 50):
        pass
    page = desk.store.read_sync(views.tickets, viewer, asked(*words, sort=sort))
    return [row.ticket.number for row in page.rows]


SAID = {
    "German": "Die Straße nach Zürich: der Größenwahn der Trommel",
    "French": "L'imprimante de l'élève a échoué à Noël",
    "Russian": "Принтер не печатает, ёлка и счёт №5",
    "Chinese": "打印机无法打印HP墨盒",
    "Japanese": "プリンターの電源が入らない",
    "Korean": "프린터가 작동하지 않습니다",
    "codes": "It says E-4711 in /var/log/cups.log, see drum_unit",
}
ASKED = [
    ("strasse", "German"),
    ("STRASSE", "German"),
    ("zurich", "German"),
    ("Größenwahn", "German"),
    ("eleve", "French"),
    ("ÉCHOUÉ", "French"),
    ("noel", "French"),
    ("принтер", "Russian"),
    ("ЕЛКА", "Russian"),
    ("счет", "Russian"),
    ("打印", "Chinese"),
    ("无法打印", "Chinese"),
    ("墨", "Chinese"),
    ("盒", "Chinese"),
    ("打印HP", "Chinese"),
    ("電源", "Japanese"),
    ("프린터", "Korean"),
    ("e-4711", "codes"),
    ("cups.log", "codes"),
    ("drum unit", "codes"),
    ("Größen*", "German"),
    ("прин*", "Russian"),
    ("打机", ""),
    ("unit drum", ""),
    ("Größen", ""),
    ('"', ""),
    ("*", ""),
    ("AND", ""),
    ("strasse OR", ""),
    ("head:strasse", ""),
    ("NEAR(strasse", ""),
    ("'strasse' & !eleve", ""),
    ("strasse:*", "German"),
]


@pytest.fixture
def languages(desk: Desk) -> dict[str, int]:
    """Numbers of tickets, by the language that was spoken on them."""
    return {name: desk.opens(letter(f"{name}@x", says)).number for name, says in SAID.items()}


def test_words_are_found_whatever_their_case_and_accents(desk: Desk, languages: dict[str, int]) -> None:
    names = dict(zip(languages.values(), languages, strict=True))
    told = [(word, "".join(names[number] for number in found(desk, word))) for word, _ in ASKED]
    assert told == ASKED


def test_all_words_must_stand_on_one_ticket(desk: Desk, languages: dict[str, int]) -> None:
    assert found(desk, "zürich", "trommel") == [languages["German"]]
    assert found(desk, "zürich", "принтер") == []
    assert found(desk, "zürich", "lee", "printer", f"#{languages['German']}") == [languages["German"]]
    assert found(desk, "zürich", "%") == []


def test_words_of_two_messages_are_found_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = desk.opens(letter("m@x", "the drum is worn"))
    desk.says(ticket, letter("r@x", "the serial is 4711"))
    other = desk.opens(letter("o@x", "the drum again"))
    assert found(desk, "drum", "4711") == [ticket.number]
    assert found(desk, "drum", "the") == [other.number, ticket.number]
    # Of a word that is too common to fetch, the tickets of the other one are asked.
    monkeypatch.setattr(question, "LOOKED_AT", 2)
    assert found(desk, "drum", "4711") == [ticket.number]
    assert found(desk, "serial", "drum") == [ticket.number]


def test_names_of_files_are_found(desk: Desk) -> None:
    file = Attachment("Prüfbericht-2026.pdf", "application/pdf", 4, "0" * 64, False, "")
    ticket = desk.opens()
    desk.says(ticket, letter("f@x", attachments=(file, replace(file, name="logo.png", inline=True))))
    # The tests' desk files a message without the letter's attachments.
    assert found(desk, "prufbericht") == []


def test_what_stands_in_the_subject_comes_first_then_what_is_said_often_then_the_newest(desk: Desk) -> None:
    subject, often, old, new = (desk.opens(letter(f"{k}@x", "the drum" if k else "x")) for k in range(4))
    desk.says(subject, letter("s@x", "y"), Changed(Field.SUBJECT, "Printer", "Drum worn"))
    desk.says(often, letter("o@x", "the drum again"))
    assert found(desk, "drum") == [t.number for t in (subject, often, new, old)]
    assert found(desk, "drum", sort=Sort.NUMBER) == [t.number for t in (new, old, often, subject)]


def test_a_ticket_is_found_by_its_new_subject_and_its_old_one(desk: Desk) -> None:
    ticket = desk.opens()
    assert found(desk, "printer") == [ticket.number]
    desk.says(ticket, letter("s@x"), Changed(Field.SUBJECT, "Printer", "Scanner"))
    assert found(desk, "scanner") == found(desk, "printer") == [ticket.number]


def test_only_ones_own_tickets_are_found(desk: Desk) -> None:
    desk.hire(ANN, "sales")
    mine = desk.opens(letter("m@x", "the drum"))
    desk.opens(letter("b@x", "the drum", sender=BOB))
    assert found(desk, "drum", viewer=desk.person(LEE)) == [mine.number]
    assert found(desk, "drum", viewer=desk.person(ANN)) == []
    ann = desk.hire(ANN, "sales", "support")
    assert len(found(desk, "drum", viewer=ann)) == 2
    # A term of the index that no word may reach.
    assert found(desk, f"r{desk.person(LEE).id}", viewer=desk.person(LEE)) == []


@pytest.mark.parametrize(
    ("kind", "sender"), [(MessageKind.NOTE, ANN), (MessageKind.AUTOMATIC, LEE), (MessageKind.PUBLIC, BOB)]
)
def test_no_requester_finds_what_they_may_not_read(desk: Desk, kind: MessageKind, sender: Address) -> None:
    ann = desk.hire()
    ticket = desk.opens()
    desk.says(ticket, letter("n@x", "secret", sender=sender), kind=kind)
    assert found(desk, "secret", viewer=ann) == [ticket.number]
    assert found(desk, "secret", viewer=desk.person(LEE)) == []
    assert found(desk, "blank", viewer=desk.person(LEE)) == [ticket.number]


def test_a_common_word_shows_the_newest_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = [desk.opens(letter(f"{k}@x", "the drum")) for k in range(4)]
    monkeypatch.setattr(question, "LOOKED_AT", 2)
    assert found(desk, "drum") == [tickets[3].number, tickets[2].number]
    page = desk.store.read_sync(views.tickets, None, asked("drum"))
    assert (page.total, page.is_whole) == (2, False)


def test_what_cannot_be_found_yet_is_counted(desk: Desk) -> None:
    ticket = desk.opens(letter("m@x", "the drum"))
    page = desk.store.read_sync(views.tickets, None, asked("drum"))
    assert (page.total, page.lag) == (0, 1)
    assert found(desk, "drum") == [ticket.number]
    assert desk.store.read_sync(views.tickets, None, asked("drum")).lag == 0


def test_the_index_can_be_written_anew(desk: Desk, languages: dict[str, int]) -> None:
    assert found(desk, "eleve") == [languages["French"]]
    desk.store.write_sync(search.rebuild)
    assert desk.store.read_sync(search.lag) == len(SAID)
    assert found(desk, "eleve") == [languages["French"]]
    assert found(desk, "printer") == sorted(languages.values(), reverse=True)


def test_a_message_of_a_megabyte_breaks_nothing(desk: Desk) -> None:
    words = " ".join(f"w{k:x}ü" for k in range(200_000))
    ticket = desk.opens(letter("m@x", f"begins {words}"))
    desk.later(timedelta(minutes=1))
    long: Ticket = desk.opens(letter("l@x", "x" * 3_000_000 + " tail"))
    assert found(desk, "begins") == [ticket.number]
    assert found(desk, "printer") == [long.number, ticket.number]


FOLDED = [
    ("Paper JAM", "paper jam"),
    ("café_au-lait", "cafe au lait"),
    ("ﬁne Ⅳ ½", "fine iv 1 2"),
    ("打印机", "打印 印机 机"),
    ("机", "机"),
    ("한국", "한국 국"),
]


@pytest.mark.parametrize(("text", "terms"), FOLDED)
def test_texts_are_folded(text: str, terms: str) -> None:
    assert spaced(text) == terms
    assert terms.split()[0] in folded(text)


PHRASES = [
    ("Print*", Phrase(("print",), True)),
    ("paper jam", Phrase(("paper", "jam"))),
    ("打印机", Phrase(("打印", "印机"))),
    ("机", Phrase(("机",), True)),
    ("打印机HP", Phrase(("打印", "印机", "机", "hp"))),
    ("-zebra", Phrase(("zebra",))),
    ("“”", None),
    ("", None),
]


@pytest.mark.parametrize(("typed", "asked"), PHRASES)
def test_a_typed_word_becomes_terms(typed: str, asked: Phrase | None) -> None:
    assert phrase(typed) == asked
