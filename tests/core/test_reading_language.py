"""Which language a letter is in: as declared, or as it clearly is."""

from __future__ import annotations

import pytest

from mailtickets.core import reading
from mailtickets.core.reading import language

SPOKEN = {
    "Hello, the printer does not print and I have no idea why. Can you help?": "en",
    "Guten Tag, der Drucker druckt nicht und ich weiß nicht, wie es weitergeht.": "de",
    "Bonjour, mon imprimante ne marche pas et je ne sais pas pourquoi. Merci pour votre aide": "fr",
    "Hola, la impresora no funciona y no sé por qué. Gracias por su ayuda": "es",
    "Buongiorno, la stampante non funziona e non ho capito che cosa fare con il foglio": "it",
    "Olá, a impressora não funciona e não sei o que fazer com o papel": "pt",
    "Hallo, de printer werkt niet en ik weet niet wat het is, graag hulp van u": "nl",
    "Hej, skrivaren fungerar inte och jag vet inte vad det är som är fel": "sv",
    "Dzień dobry, drukarka nie działa i nie wiem, czy to jest wina papieru": "pl",
    "Здравствуйте, принтер не печатает, и я не знаю, что с ним": "ru",
    "Добрий день, принтер не друкує, і я не знаю, що це з ним є": "uk",
    "プリンターが動きません。": "ja",
    "打印机坏了。": "zh",
    "프린터가 작동하지 않습니다": "ko",
    "Ο εκτυπωτής δεν λειτουργεί": "el",
    "המדפסת לא עובדת": "he",
    "الطابعة لا تعمل": "ar",
    "Printer 42 defekt!": "",
    "to: as@example.com, do@example.com, a@example.com a a a to to do do": "",
    "OK": "",
    "": "",
}


@pytest.mark.parametrize("text", SPOKEN)
def test_a_text_speaks_for_itself(text: str) -> None:
    assert language.spoken(text) == SPOKEN[text]


@pytest.mark.parametrize(
    ("fields", "found"),
    [("Content-Language: fr-CA\n", "fr"), ("Content-Language: ??\n", "en"), ("", "en")],
)
def test_what_is_declared_counts_first(fields: str, found: str) -> None:
    text = "Hello, the printer does not print and I have no idea why."
    assert reading.read(f"From: a@b.example\n{fields}\n{text}".encode()).language == found


def test_what_is_quoted_does_not_tell_the_language_of_the_answer() -> None:
    answer = "Ja, es ist der Drucker und ich habe ihn nicht repariert.\n\n"
    quote = "> Is it the printer that you have not repaired, and is it with you?\n" * 5
    assert reading.read(f"From: a@b.example\n\n{answer}{quote}".encode()).language == "de"
