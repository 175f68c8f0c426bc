"""Tells a bare "thank you" from words that want an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 20  # words
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Words that ask for nothing only in this company: "a problem again" does.
_WISHES = re.compile(r"\bhave a [^\W\d_]+ (?:day|weekend|evening)\b", re.IGNORECASE)
_AGAIN = re.compile(r"\b(thanks|thank you|works|working|fine) again\b", re.IGNORECASE)


def _folded(words: str) -> frozenset[str]:
    """As a letter's words are: "grüße" is "grüsse"."""
    return frozenset(words.casefold().split())


# Words that thank; the letter needs one of them.
_THANKS = _folded(
    " ".join(
        (
            "thanks thank thankyou thx tks ty cheers",
            "danke dank dankeschön vielen merci remercie gracias obrigado obrigada grazie",
            "bedankt dankjewel dankuwel dank tack takk tak kiitos aitäh paldies ačiū",
            "dziękuję dzięki děkuji díky ďakujem hvala köszönöm köszi mulțumesc mersi",
            "спасибо дякую благодаря ευχαριστώ ευχαριστούμε teşekkürler teşekkür sağolun",
            "ありがとう ありがとうございます ありがとうございました 谢谢 谢谢您 謝謝 감사합니다 תודה شكرا",
        )
    )
)
# Words that may stand beside them and ask for nothing. "Not", "but" and "still" are no part of it.
_POLITE = _folded(
    " ".join(
        (
            "you very much so many a lot for your the help quick fast answer reply support kind and to all",
            "regards best kindly sincerely yours great perfect super excellent awesome good nice ok okay fine cool it",
            "this that works worked working now well done problem issue solved resolved everything is was hi hello dear",
            "team sir madam everyone fixed did trick",
            "schön sehr für die ihre eure deine schnelle hilfe antwort viele liebe beste grüße gruß mit freundlichen",
            "hallo guten tag schöne schönen alles klar gut prima toll super und auch ihnen dir",
            "es das hat geklappt funktioniert geht läuft jetzt nun wieder",
            "beaucoup pour votre ton aide réponse rapide bien cordialement bonjour parfait bonne journée mille vous",
            "à et ça cela tout marche fonctionne maintenant",
            "muchas muchísimas por su tu ayuda respuesta saludos hola perfecto un todo y ya ahora funciona",
            "muito pela sua ajuda resposta tudo certo já agora",
            "mille molto per il tuo suo aiuto l'aiuto cordiali saluti ciao perfetto ora adesso funziona tutto",
            "u uw je jullie zeer hartelijk hulp voor de groet groeten vriendelijke met alvast het werkt nu weer",
            "så mycket för hjälpen med vänlig hälsning mange hilsen for hjælpen paljon avusta",
            "za pomoc bardzo pozdrawiam moc pozdrav большое вам за помощь велике çok ederim ederiz πολύ",
        )
    )
)


def is_thanks(text: str, names: Iterable[str] = ()) -> bool:
    """Whether a text thanks and says nothing else. `names`: of those who may be greeted, or who sign."""
    if "?" in text:
        return False
    words = [word.casefold() for word in _WORD.findall(_AGAIN.sub(r"\1", _WISHES.sub("", text[:500])))]
    if not words or len(words) > _LONGEST or len(text.strip()) > 200:
        return False
    called = {part.casefold() for name in names for part in _WORD.findall(name)}
    return any(w in _THANKS for w in words) and all(
        w in _THANKS or w in _POLITE or w in called for w in words
    )
