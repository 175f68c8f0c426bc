"""A bare "thank you" in whatever language asks for nothing; any word that is not polite does."""

from __future__ import annotations

import pytest

from mailtickets.core.courtesy import is_thanks

NAMES = ("Lee Jones", "Ann Smith")


@pytest.mark.parametrize(
    "text",
    [
        "Thank you!",
        "Thanks, it works now!",
        "Perfect, that fixed it. Thanks!",
        "Thank you, Ann! :-)",
        "Thanks a lot for your quick help, everything works fine now.\nHave a nice day!",
        "Vielen Dank für die schnelle Hilfe!\n\nViele Grüße\nLee Jones",
        "Danke, hat geklappt!",
        "Merci, ça marche !",
        "Merci beaucoup pour votre aide. Bonne journée à vous",
        "Hartelijk dank voor uw hulp",
        "Grazie mille per l'aiuto",
        "Grazie, ora funziona.",
        "Muchas gracias, ya funciona.",
        "Obrigado, já funciona!",
        "Tack så mycket!",
        "Спасибо большое!",
        "ありがとうございました。",
        "thx 👍",
        "Thanks again!",
        "Thank you, all works again.",
    ],
)
def test_a_bare_thank_you(text: str) -> None:
    assert is_thanks(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Great.",
        "Thanks, but it is still broken.",
        "Thanks. Does it work for Kim too?",
        "Thanks, it does not work.",
        "Danke, geht aber nicht.",
        "Danke, es funktioniert immer noch nicht.",
        "Merci, mais ça ne marche pas.",
        "Gracias, no funciona.",
        "Grazie, non funziona.",
        "Bedankt, het werkt niet.",
        "Obrigado, não funciona.",
        "Thanks. When will it work again",
        "Thanks to you it is worse",
        "Thanks. I have the problem again.",
        "Thanks. The problem again",
        "Thank you " * 50,
    ],
)
def test_words_that_want_an_answer(text: str) -> None:
    assert not is_thanks(text, NAMES)
